//! `wirelat observe` on loopback, as its user runs it: what a client did is what is reported, kept and scraped. Needs root.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test may stop, and says why it did nothing.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the observer may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running observer; ended with the test.
struct Observer(Child);

impl Observer {
    /// Starts it, and waits until it has attached.
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wirelat"))
            .arg("observe")
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        lines.read_line(&mut said).unwrap();
        assert!(said.contains("watching"), "{said}");
        Self(child)
    }

    /// Ends it as a service manager does; what it said since.
    fn stop(mut self) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
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

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Answers every request of every connection, the slow ones after 30 ms.
fn serve() -> SocketAddr {
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
struct Asked {
    path: String,
    began_ns: u64,
    ended_ns: u64,
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos().try_into().unwrap()
}

fn ask(stream: &mut TcpStream, path: &str) -> Asked {
    let began_ns = now_ns();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut answer = [0; 43];
    stream.read_exact(&mut answer).unwrap();
    Asked { path: path.to_owned(), began_ns, ended_ns: now_ns() }
}

fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Scrapes until the text says it all.
fn scraped(address: SocketAddr, is_all: impl Fn(&str) -> bool) -> String {
    let began = Instant::now();
    loop {
        let text = scrape(address);
        if is_all(&text) || began.elapsed() > PATIENCE {
            return text;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn report(store: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_wirelat"))
        .args(["report", "sla", "--format", "json", "--store"])
        .arg(store)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_a_client_did_is_what_is_reported() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (lines, store) = (folder.path().join("lines"), folder.path().join("store"));
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let (server, metrics) = (serve(), free_address());
    let wire = format!("http:{}", server.port());
    let observer = Observer::start(&[
        "--interface",
        "lo",
        "--wire",
        &wire,
        "--window",
        "1s",
        "--transactions",
        lines.to_str().unwrap(),
        "--store",
        store.to_str().unwrap(),
        "--prometheus",
        &metrics.to_string(),
    ]);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server).unwrap();
        for number in 0..50 {
            let path = if number % 10 == 9 { "/slow" } else { "/fast" };
            asked.push(ask(&mut stream, path));
        }
    }
    // An idle wire's windows close too.
    let total = format!("wirelat_ledger_requests_total{{entry=\"answered\",wire=\"{wire}\"}} 150");
    let text = scraped(metrics, |text| text.contains(&total));
    assert!(text.contains(&total), "{text}");
    let slow = format!(
        "{{method=\"GET\",route=\"/slow\",status=\"2xx\",wire=\"{wire}\",le=\"0.025\"}} 0\n"
    );
    assert!(text.contains(&slow), "none of the slow ones took less than 25 ms:\n{text}");
    let user = std::fs::read_to_string(format!("/proc/{}/status", observer.0.id())).unwrap();
    let right = |name: &str| user.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(right("CapEff:"), "CapEff:\t0000000000000000", "no right is left");
    assert!(!right("Uid:").split_whitespace().any(|id| id == "0"), "{}", right("Uid:"));
    observer.stop();

    let text = std::fs::read_to_string(&lines).unwrap();
    let found: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(found.len(), asked.len());
    for (line, asked) in found.iter().zip(&asked) {
        let at = |name: &str| line[name].as_u64().unwrap();
        assert_eq!(
            (line["name"].as_str(), line["code"].as_str()),
            (Some(&*asked.path), Some("200"))
        );
        let is_inside =
            asked.began_ns <= at("request_first_ns") && at("response_last_ns") <= asked.ended_ns;
        assert!(is_inside, "{line} is not within {} to {}", asked.began_ns, asked.ended_ns);
    }
    let kept = report(&store);
    let ledger = &kept["wires"][0]["ledger"]["requests"];
    assert_eq!(
        (ledger["started"].as_u64(), ledger["answered"].as_u64()),
        (Some(150), Some(150)),
        "{kept}"
    );
}
