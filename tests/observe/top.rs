//! Terminals on this host: `wirelat top` says what clients did, and nobody who reads holds the observer up.

use crate::common::{Observer, PATIENCE, ask, folder, is_root, serve, text};
use model::batch::stream;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn top(socket: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelat"));
    command.args(["top", "--socket", text(socket)]).args(arguments).output().unwrap()
}

fn observe(server: SocketAddr, window: &str, socket: &Path) -> Observer {
    let wire = format!("http:{}", server.port());
    let arguments = ["--interface", "lo", "--wire", &wire, "--window", window];
    Observer::start(&[&arguments[..], &["--socket", text(socket)]].concat())
}

/// One picture; again until it says what is expected.
fn picture(socket: &Path, expected: &str) -> String {
    let began = Instant::now();
    loop {
        let output = top(socket, &["--once", "--objective", "30ms"]);
        let said = String::from_utf8(output.stdout).unwrap();
        if said.contains(expected) || began.elapsed() > PATIENCE {
            return said;
        }
    }
}

/// The cells of the row with this name.
fn cells<'s>(picture: &'s str, name: &str) -> Vec<&'s str> {
    let row = picture.lines().find(|line| line.contains(name)).unwrap();
    row.split_whitespace().collect()
}

#[test]
fn a_terminal_sees_what_a_client_did() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server) = (folder(), serve());
    let socket = folder.path().join("run/observe.sock");
    // Windows are long: what is seen at once is what is known of one that is not over.
    let observer = observe(server, "60s", &socket);
    let found = std::fs::metadata(&socket).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o600, "nobody else may connect");
    assert_ne!(found.uid(), 0, "it belongs to the user that observes");

    let mut stream = TcpStream::connect(server).unwrap();
    for number in 0..50 {
        ask(&mut stream, if number % 10 == 9 { "/slow" } else { "/fast" });
    }
    let said = picture(&socket, " 50 ok");
    let slow = cells(&said, "GET /slow");
    assert_eq!(slow.get(7), Some(&"5"), "all of them took 30 ms or longer:\n{said}");
    let fast = cells(&said, "GET /fast");
    assert_eq!(fast.get(7), Some(&"0"), "{said}");
    assert!(said.contains("coverage 100 %"), "{said}");
    assert!(said.bytes().all(|byte| byte == b'\n' || byte >= b' '), "nothing steers a terminal");

    let other = folder.path().join("nobody.sock");
    let output = top(&other, &["--once"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("no observer at") && said.lines().count() == 1, "{said}");
    observer.stop();
    let output = top(&socket, &["--once"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("no observer at"));
}

#[test]
fn so_many_may_read_and_there_is_room_again_when_one_goes() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server) = (folder(), serve());
    let socket = folder.path().join("observe.sock");
    let observer = observe(server, "1s", &socket);
    // So many may read; the next one is told nothing.
    let mut readers: Vec<UnixStream> =
        (0..8).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    for reader in &mut readers {
        reader.set_read_timeout(Some(PATIENCE)).unwrap();
        reader.read_exact(&mut [0]).unwrap();
    }
    let mut ninth = UnixStream::connect(&socket).unwrap();
    ninth.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(ninth.read(&mut [0]).unwrap(), 0);

    // One of them goes; there is room for another, once that was noticed.
    drop(readers.pop());
    let began = Instant::now();
    let mut known = loop {
        let mut late = UnixStream::connect(&socket).unwrap();
        late.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bytes = vec![0; 1];
        if late.read(&mut bytes).unwrap() > 0 {
            break (late, bytes);
        }
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    };
    // The others never read again, and he hears of every window.
    let mut stream = TcpStream::connect(server).unwrap();
    ask(&mut stream, "/fast");
    let (mut windows, mut buffer) = (Vec::new(), [0; 4096]);
    while windows.len() < 3 {
        let read = known.0.read(&mut buffer).unwrap();
        assert!(read > 0);
        known.1.extend_from_slice(buffer.get(..read).unwrap());
        while let Some((batches, used)) = stream::read(&known.1).unwrap() {
            known.1.drain(..used);
            windows.extend(batches.into_iter().map(|batch| batch.id.window.start));
            windows.dedup();
        }
    }
    drop((readers, known));
    let said = picture(&socket, "% CPU");
    assert!(said.contains("% CPU") && said.contains("nothing lost"), "{said}");
    observer.stop();
}

/// Enters and leaves the screen beside the one with the shell's lines (xterm, "Control Sequences", mode 1049).
const ENTER: &str = "\u{1b}[?1049h";
const LEAVE: &str = "\u{1b}[?1049l";

#[test]
fn the_terminal_is_left_as_it_was_found() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server) = (folder(), serve());
    let (socket, process) = (folder.path().join("observe.sock"), folder.path().join("process"));
    let observer = observe(server, "1s", &socket);
    for is_told in [true, false] {
        // script(1) makes a terminal; what it is told is typed there.
        let top = format!("{} top --socket {}", env!("CARGO_BIN_EXE_wirelat"), text(&socket));
        let inner = format!("stty rows 24 columns 80; echo $$ > {}; exec {top}", text(&process));
        let mut script = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command", &inner, "/dev/null"])
            .env("TERM", "xterm-256color")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut typed, mut shown) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let (mut said, mut buffer) = (String::new(), [0; 4096]);
        let began = Instant::now();
        while !said.contains("wirelat") && began.elapsed() < PATIENCE {
            let read = shown.read(&mut buffer).unwrap();
            assert!(read > 0, "it ended early: {said:?}");
            said.push_str(&String::from_utf8_lossy(buffer.get(..read).unwrap()));
        }
        if is_told {
            typed.write_all(b"q").unwrap();
        } else {
            let id = std::fs::read_to_string(&process).unwrap();
            assert!(Command::new("kill").args(["-TERM", id.trim()]).status().unwrap().success());
        }
        let mut rest = Vec::new();
        shown.read_to_end(&mut rest).unwrap();
        assert!(script.wait().unwrap().success());
        said.push_str(&String::from_utf8_lossy(&rest));
        let (entered, left) = (said.find(ENTER).unwrap(), said.rfind(LEAVE).unwrap());
        assert!(entered < left, "{said:?}");
        drop(typed);
    }
    observer.stop();
}
