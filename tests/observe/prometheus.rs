//! A real Prometheus scrapes the observer, with native histograms and without, and answers for itself.

use crate::common::{Asked, Observer, PATIENCE, ask, folder, free_address, is_root, serve, text};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running Prometheus; ended with the test.
struct Prometheus {
    process: Child,
    address: SocketAddr,
}

impl Prometheus {
    /// Scrapes `target` every second. Only with native histograms on does it ask for Protocol Buffers; of families that
    /// have both it then takes the native buckets alone.
    fn start(folder: &Path, target: SocketAddr, native: bool) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let (config, address) = (folder.join("prometheus.yml"), free_address());
        let job = format!("job_name: observer, static_configs: [{{targets: ['{target}']}}]");
        let told = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs: [{{{job}}}]\n"
        );
        std::fs::write(&config, told).unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", text(&config)))
            .arg(format!("--storage.tsdb.path={}", text(&folder.join("data"))))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=warn")
            .args(native.then_some("--enable-feature=native-histograms"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // `scripts/install-packages.sh test` installs it.
        let process = command.spawn().unwrap();
        Self { process, address }
    }

    /// What it answers to a query: a number where there is one series.
    fn ask(&self, query: &str) -> Option<f64> {
        let quoted = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        let quoted: String = query.bytes().map(quoted).collect();
        let mut stream = TcpStream::connect(self.address).ok()?;
        // Version 1.0: the answer is not cut into chunks.
        stream
            .write_all(format!("GET /api/v1/query?query={quoted} HTTP/1.0\r\n\r\n").as_bytes())
            .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let answer: Value = serde_json::from_str(body).ok()?;
        let result = answer.pointer("/data/result")?.as_array()?;
        assert!(result.len() < 2, "{query}: {answer}");
        result.first()?.pointer("/value/1")?.as_str()?.parse().ok()
    }

    /// Asks until that is the answer.
    fn await_answer(&self, query: &str, expected: f64) {
        let (began, mut answer) = (Instant::now(), None);
        while answer != Some(expected) && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(100));
            answer = self.ask(query);
        }
        assert_eq!(answer, Some(expected), "{query}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The longest and the shortest that a client waited for a path, in seconds.
fn waited(asked: &[Asked], path: &str) -> (f64, f64) {
    let spans = asked.iter().filter(|asked| asked.path == path);
    let spans = spans.map(|asked| (asked.ended_ns - asked.began_ns) as f64 / 1e9);
    spans.fold((f64::INFINITY, 0.0), |(low, high), span| (low.min(span), high.max(span)))
}

#[test]
fn prometheus_answers_as_the_client_would() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server, metrics) = (folder(), serve(), free_address());
    let wire = format!("http:{}", server.port());
    let metrics_text = metrics.to_string();
    let arguments = ["--interface", "lo", "--wire", &wire, "--window", "1s"];
    let observer = Observer::start(&[&arguments[..], &["--prometheus", &metrics_text]].concat());
    let native = Prometheus::start(&folder.path().join("native"), metrics, true);
    let classic = Prometheus::start(&folder.path().join("classic"), metrics, false);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server).unwrap();
        for number in 0..50 {
            let path = if number % 10 == 9 { "/slow" } else { "/fast" };
            asked.push(ask(&mut stream, path));
        }
    }
    let sent = asked.len() as f64;
    let total = "wirelat_http_total_seconds";
    native.await_answer(&format!("histogram_count(sum({total}))"), sent);
    classic.await_answer(&format!("sum({total}_count)"), sent);
    for prometheus in [&native, &classic] {
        prometheus.await_answer("sum(wirelat_http_requests_total)", sent);
        prometheus.await_answer("wirelat_observer_waiting_windows{taker=\"prometheus\"}", 0.0);
    }
    assert_eq!(native.ask(&format!("sum({total}_count)")), None, "these are native");

    for path in ["/slow", "/fast"] {
        let (low, high) = waited(&asked, path);
        let route = format!("{{route=\"{path}\"}}");
        let native_p99 = native.ask(&format!("histogram_quantile(0.99, {total}{route})")).unwrap();
        let classic_p99 =
            classic.ask(&format!("histogram_quantile(0.99, {total}_bucket{route})")).unwrap();
        // The wire's time is shorter than the client's by what its own calls take.
        let at_least = if path == "/slow" { 0.03 } else { 0.0 };
        assert!(low >= at_least);
        assert!(
            (at_least * 0.91..=high * 1.1).contains(&native_p99),
            "{path}: {native_p99} is not within {at_least} and {high}"
        );
        // Buckets end at most two and a half times, for the shortest at 100 µs, above what they hold.
        assert!(
            (at_least / 2.5..=(high * 2.5).max(1e-4)).contains(&classic_p99),
            "{path}: {classic_p99} is not within {at_least} and {high}"
        );
        let under = format!("histogram_fraction(0, 0.02, {total}{route})");
        let expected = if path == "/slow" { 0.0..=0.0 } else { 0.5..=1.0 };
        assert!(expected.contains(&native.ask(&under).unwrap()), "{path}");
    }
    observer.stop();
}
