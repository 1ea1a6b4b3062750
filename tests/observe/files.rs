//! Lines of JSON, a store, and Prometheus.

use crate::common::{Observer, PATIENCE, ask, folder, free_address, is_root, serve, text};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

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
    reports_what_a_client_did(&["--capture", "ring"]);
}

#[test]
fn libpcap_gives_the_same() {
    reports_what_a_client_did(&["--capture", "libpcap"]);
}

#[test]
fn rings_that_share_the_connections_give_the_same() {
    reports_what_a_client_did(&["--capture", "ring", "--pipelines", "3"]);
}

#[test]
fn engines_behind_one_reader_give_the_same() {
    reports_what_a_client_did(&["--capture", "libpcap", "--pipelines", "3"]);
}

fn reports_what_a_client_did(how: &[&str]) {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let folder = folder();
    let (lines, store) = (folder.path().join("lines"), folder.path().join("store"));
    let (server, metrics) = (serve(), free_address());
    let wire = format!("http:{}", server.port());
    let metrics_text = metrics.to_string();
    let what = ["--interface", "lo", "--wire", &wire, "--window", "1s"];
    let (lines_text, store_text) = (text(&lines), text(&store));
    let whither =
        ["--transactions", lines_text, "--store", store_text, "--prometheus", &metrics_text];
    let observer = Observer::start(&[how, &what, &whither].concat());
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
    let page = scraped(metrics, |text| text.contains(&total));
    assert!(page.contains(&total), "{page}");
    let slow = format!(
        "{{method=\"GET\",route=\"/slow\",status=\"2xx\",wire=\"{wire}\",le=\"0.025\"}} 0\n"
    );
    assert!(page.contains(&slow), "none of the slow ones took less than 25 ms:\n{page}");
    let user = std::fs::read_to_string(format!("/proc/{}/status", observer.0.id())).unwrap();
    let right = |name: &str| user.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(right("CapEff:"), "CapEff:\t0000000000000000", "no right is left");
    assert_eq!(right("Seccomp:"), "Seccomp:\t2", "system calls are filtered");
    assert!(!right("Uid:").split_whitespace().any(|id| id == "0"), "{}", right("Uid:"));
    observer.stop();

    let said = std::fs::read_to_string(&lines).unwrap();
    let found: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
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
