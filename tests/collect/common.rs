//! A running collector, and somebody who pushes.

use futures_util::StreamExt;
use model::batch::{Batch, BatchId, Value, wire_form};
use model::histogram::{CompactHistogram, Histogram};
use model::series::{Select, Series};
use model::units::CaptureTime;
use model::window::WindowLength;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::embedded::EmbeddedStore;

/// A running collector; killed with the test.
pub(crate) struct Collector {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Collector {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(data: &Path, listen: SocketAddr, more: &[&str]) -> Self {
        let child = command(data, listen, more).stderr(Stdio::piped()).spawn().unwrap();
        let mut collector = Self { child, address: listen };
        let mut lines = BufReader::new(collector.child.stderr.take().unwrap()).lines();
        let mut said = lines.by_ref().map_while(Result::ok).inspect(|line| println!("{line}"));
        assert!(said.any(|line| line.contains("collecting on")), "it ended early");
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
        collector
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// As a power cut does, but for the disk.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `wirelat collect`, not started yet.
pub(crate) fn command(data: &Path, listen: SocketAddr, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelat"));
    command.args(["collect", "--listen", &listen.to_string(), "--data"]).arg(data).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Another of its commands, with the data directory as its last argument.
pub(crate) fn wirelat(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirelat"));
    command.args(arguments).arg(data).stdin(Stdio::null()).output().unwrap()
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A port that nobody has.
pub(crate) fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// A client that gives up after a while, and takes every status for an answer.
pub(crate) fn client() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(20)))
        .http_status_as_error(false);
    config.build().into()
}

/// The status and the text of a push.
pub(crate) fn push(client: &ureq::Agent, url: &str, batches: &[Batch]) -> Result<u16, ureq::Error> {
    let body = zstd::encode_all(&*wire_form::encode(batches), 1).unwrap();
    let request = client.post(url).header("content-type", "application/x-protobuf");
    let answer = request.header("content-encoding", "zstd").send(&body[..])?;
    Ok(answer.status().as_u16())
}

/// Ten seconds of a source: a counter and a histogram of `number % 50 + 1` values in each of a few routes.
pub(crate) fn batch(source: &str, number: u64) -> Batch {
    let at = CaptureTime::from_parts(1_700_000_000 + 10 * number, 0);
    let count = number % 50 + 1;
    let mut values = vec![(series("requests", source, "all"), Value::Delta(count))];
    for route in ["/login", "/users/{id}", "/orders"] {
        let mut histogram = Histogram::new();
        (0..count).for_each(|place| histogram.record_nanos((number + place) * 1_000_003));
        let histogram = Value::Histogram(CompactHistogram::from(&histogram));
        values.push((series("http.total", source, route), histogram));
    }
    let window = WindowLength::DEFAULT.window_of(at);
    let id = BatchId { source: source.into(), run: 7, pipeline: 0, window };
    Batch { id, revision: 1, values }
}

fn series(metric: &str, host: &str, route: &str) -> Arc<Series> {
    Arc::new(Series::new(metric, &[("host", host), ("route", route)]))
}

/// Every row of a store whose collector has ended.
pub(crate) fn rows(data: &Path) -> Vec<(Arc<Series>, CaptureTime, Value)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = EmbeddedStore::open(data.join("store")).unwrap();
        let ever = CaptureTime::ZERO..CaptureTime::MAX;
        let mut rows = Vec::new();
        let all = Select::default();
        let mut blocks = store.scan(&all, ever, WindowLength::DEFAULT).await.unwrap();
        while let Some(block) = blocks.next().await {
            let block = block.unwrap();
            let of = |(at, value)| (Arc::clone(&block.series), at, value);
            rows.extend(block.rows.into_iter().map(of));
        }
        rows
    })
}
