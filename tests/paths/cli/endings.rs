//! How a run ends when somebody ends it: a reader that has read enough, Ctrl-C.

use super::{BINARY, Folder, wirelat};
use crate::common::fixture;
use crate::common::synthetic::busy;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use synth::{Dirt, Options};

/// What 128 and the number of SIGINT make, as shells report it.
const INTERRUPTED: i32 = 130;
/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for the end, but not for ever.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn stderr(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let folder = Folder::new();
    let large = folder.large();
    for more in [&["--transactions=-"][..], &["--connections=-"], &["--format=json"], &[]] {
        for lines in [0, 1] {
            let mut command = wirelat(["replay"]);
            command.arg(&large).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let output = BufReader::new(child.stdout.take().unwrap());
            assert_eq!(output.lines().take(lines).count(), lines, "{more:?}");
            let status = wait(&mut child).expect("it must end");
            let stderr = stderr(&mut child);
            assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{more:?}");
        }
    }
}

/// Sends what Ctrl-C sends.
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// Waits until a process waits for its input, with all that it got read.
fn wait_until_asleep(child: &Child) {
    let stat = format!("/proc/{}/stat", child.id());
    let began = Instant::now();
    let mut asleep = 0;
    while asleep < 20 {
        assert!(began.elapsed() < PATIENCE, "it does not come to rest");
        let is_asleep = std::fs::read_to_string(&stat).unwrap().contains(") S ");
        asleep = if is_asleep { asleep + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// More than anybody waits for.
fn endless() -> Options {
    Options { transactions: u64::MAX >> 20, ..busy(0, 1, Dirt::default()) }
}

#[test]
fn ctrl_c_in_the_middle_of_a_pipe_says_what_was_found() {
    let mut command = Command::new(BINARY);
    command.args(["replay", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        let (passed, has_passed) = std::sync::mpsc::channel();
        scope.spawn(move || {
            let counted = Counted { inner: input, written: 0, passed: Some(passed) };
            // Ends with a broken pipe.
            synth::generate(&endless(), BufWriter::new(counted), None::<Vec<u8>>).unwrap_err();
        });
        has_passed.recv().unwrap();
        interrupt(&child);
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let status = wait(&mut child).expect("Ctrl-C must end it");
        assert_eq!(status.code(), Some(INTERRUPTED));
        assert!(stdout.contains("http:80"), "{stdout}");
        assert!(stdout.contains("interrupted"), "{stdout}");
    });
    let stderr = stderr(&mut child);
    assert!(!stderr.contains("panicked") && stderr.lines().count() <= 1, "{stderr}");
}

/// Says when so much was read that the reader is at work.
struct Counted<W> {
    inner: W,
    written: usize,
    passed: Option<std::sync::mpsc::Sender<()>>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.written += written;
        if self.written > 4 << 20
            && let Some(passed) = self.passed.take()
        {
            passed.send(()).unwrap();
        }
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// An idle wire's pipe gives nothing for hours: Ctrl-C must not wait for the next packet.
#[test]
fn ctrl_c_ends_a_replay_whose_pipe_is_silent() {
    let mut command = Command::new(BINARY);
    command.args(["replay", "-", "--transactions=-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let capture = std::fs::read(fixture("keepalive")).unwrap();
    input.write_all(&capture).unwrap();
    input.flush().unwrap();
    wait_until_asleep(&child);
    interrupt(&child);
    let status = wait(&mut child);
    drop(input);
    let status = status.expect("Ctrl-C must end a run that waits for its input");
    assert_eq!(status.code(), Some(INTERRUPTED));
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(stdout.lines().count(), 8, "what was read counts: {stdout}");
    assert!(!stderr(&mut child).contains("panicked"));
}
