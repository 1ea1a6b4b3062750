//! A running observer, and something to observe.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long the observer may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running observer; ended with the test.
pub(crate) struct Observer(pub(crate) Child, Receiver<String>);

impl Observer {
    /// Starts it, and waits until it has attached.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_wirelat"))
            .arg("observe")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, said) = channel();
        let mut observer = Self(child, said);
        let lines = BufReader::new(observer.0.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Whatever it says shows in the test's output.
                println!("{line}");
                let _ = sender.send(line);
            }
        });
        observer.await_said("watching");
        observer
    }

    /// Waits until it says something with these words in it.
    pub(crate) fn await_said(&self, words: &str) -> String {
        loop {
            let line = self.1.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("nothing said `{words}`: {error}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Ends it as a service manager does; what it said since.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let status = self.0.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A directory that the observer may enter once it is nobody.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Answers every request of every connection, the slow ones after 30 ms.
pub(crate) fn serve() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(stream.unwrap()));
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let mut is_slow = false;
    while reader.read_line(&mut line).unwrap_or(0) > 0 {
        is_slow |= line.contains("/slow");
        if line == "\r\n" {
            if std::mem::take(&mut is_slow) {
                std::thread::sleep(Duration::from_millis(30));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        }
        line.clear();
    }
}

/// What the client knows of one request.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) began_ns: u64,
    pub(crate) ended_ns: u64,
}

pub(crate) fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

pub(crate) fn ask(stream: &mut TcpStream, path: &str) -> Asked {
    let began_ns = now_ns();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = [0; 43];
    stream.read_exact(&mut answer).unwrap();
    Asked { path: path.to_owned(), began_ns, ended_ns: now_ns() }
}
