//! Nothing accepted is lost: a collector that goes away and comes back, one that forgets to acknowledge, an observer that is
//! killed.

use crate::common::{Asked, Observer, PATIENCE, ask, folder, is_root, now_ns, serve, text};
use model::batch::{Batch, BatchId, Value, wire_form};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token";

/// What a collector keeps: of each batch the highest revision.
#[derive(Default)]
struct Kept {
    batches: BTreeMap<BatchId, Batch>,
    requests: usize,
}

/// Stands in for the collector.
struct Receiver {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Receiver {
    fn new() -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        Self { address, kept: Arc::default(), running: None }
    }

    fn start(&mut self) {
        let listener = TcpListener::bind(self.address).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (kept, stopped) = (Arc::clone(&self.kept), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A sender that goes away in the middle is nobody's fault.
                let _ = receive(stream.unwrap(), &kept);
            }
        });
        self.running = Some((stop, thread));
    }

    fn stop(&mut self) {
        let (stop, thread) = self.running.take().unwrap();
        stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        thread.join().unwrap();
    }

    /// Requests that were answered, over everything that was received.
    fn answered(&self) -> u64 {
        let kept = self.kept.lock().unwrap();
        let values = kept.batches.values().flat_map(|batch| &batch.values);
        let answered = values.filter(|(series, _)| {
            series.metric() == "ledger.requests" && series.tag("entry") == Some("answered")
        });
        answered.map(|(_, value)| if let Value::Delta(count) = value { *count } else { 0 }).sum()
    }

    /// From when to when nothing was watched after a crash, and that the windows say the same in all.
    fn not_watched(&self) -> (u64, u64) {
        let began = Instant::now();
        loop {
            let kept = self.kept.lock().unwrap();
            let values = || kept.batches.values().flat_map(|batch| &batch.values);
            let crash = values().find(|(series, _)| series.metric() == "observer.crashed");
            if let Some((_, Value::Text(span))) = crash {
                let (since, to) = span.split_once(' ').unwrap();
                let (since, to) = (since.parse::<u64>().unwrap(), to.parse::<u64>().unwrap());
                let parts = values().filter(|(it, _)| it.metric() == "observer.not_watched_ns");
                let sum: u64 = parts
                    .map(|(_, part)| if let Value::Delta(part) = part { *part } else { 0 })
                    .sum();
                assert_eq!(sum, to - since);
                return (since, to);
            }
            drop(kept);
            assert!(began.elapsed() < PATIENCE, "no crash was told of");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until so many are there, or for what there is in the end.
    fn await_answered(&self, count: u64) -> u64 {
        let began = Instant::now();
        while self.answered() < count && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.answered()
    }
}

fn receive(mut stream: TcpStream, kept: &Mutex<Kept>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut length, mut is_known, mut line) = (0, false, String::new());
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        is_known |= lower.trim() == format!("authorization: bearer {TOKEN}");
        line.clear();
    }
    assert!(is_known, "the token is sent");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let batches = wire_form::decode(&zstd::decode_all(&*body)?).unwrap();
    let mut kept = kept.lock().unwrap();
    kept.requests += 1;
    for batch in batches {
        let known = kept.batches.get(&batch.id).map(|known| known.revision);
        if known.is_none_or(|known| known < batch.revision) {
            kept.batches.insert(batch.id.clone(), batch);
        }
    }
    // Now and then it forgets to say that it has them: they come again, and change nothing.
    let status = if kept.requests.is_multiple_of(3) { "503 Busy" } else { "204 Kept" };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes())
}

fn start(receiver: &Receiver, wire: &str, folder: &Path) -> Observer {
    let token = folder.join("token");
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let url = format!("http://{}", receiver.address);
    let spool = folder.join("spool");
    let arguments = ["--interface", "lo", "--wire", wire, "--window", "1s", "--push", &url];
    let more = ["--spool", text(&spool), "--token-file", text(&token)];
    Observer::start(&[&arguments[..], &more].concat())
}

/// Asks all the time, until it is told to stop.
fn load(server: SocketAddr) -> (Arc<AtomicBool>, JoinHandle<Vec<Asked>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let (mut asked, mut stream) = (Vec::new(), TcpStream::connect(server).unwrap());
        while !stopped.load(Ordering::Relaxed) {
            asked.push(ask(&mut stream, "/fast"));
            std::thread::sleep(Duration::from_millis(2));
        }
        asked
    });
    (stop, thread)
}

#[test]
fn a_collector_that_goes_away_gets_everything_when_it_is_back() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server, mut receiver) = (folder(), serve(), Receiver::new());
    receiver.start();
    let observer = start(&receiver, &format!("http:{}", server.port()), folder.path());
    let (stop, load) = load(server);
    std::thread::sleep(Duration::from_secs(3));
    receiver.stop();
    std::thread::sleep(Duration::from_secs(4));
    receiver.start();
    std::thread::sleep(Duration::from_secs(3));
    stop.store(true, Ordering::Relaxed);
    let asked = load.join().unwrap();
    let count = asked.len() as u64;
    assert_eq!(receiver.await_answered(count), count);
    observer.stop();
    assert_eq!(receiver.answered(), count, "the last windows change nothing");
    let kept = receiver.kept.lock().unwrap();
    let mut starts: Vec<_> = kept.batches.keys().map(|id| id.window.start.as_seconds()).collect();
    starts.sort_unstable();
    let all: Vec<u64> = (starts[0]..=*starts.last().unwrap()).collect();
    assert_eq!(starts, all, "every window has a batch");
    let values = kept.batches.values().flat_map(|batch| &batch.values);
    let spooled = values.filter_map(|(series, value)| match value {
        Value::Gauge(gauge) if series.metric() == "observer.spool_batches" => Some(gauge.last),
        _ => None,
    });
    assert!(spooled.fold(0.0, f64::max) >= 2.0, "it says what waited while nobody took it");
}

#[test]
fn an_observer_that_is_killed_loses_a_second() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let (folder, server, mut receiver) = (folder(), serve(), Receiver::new());
    let wire = format!("http:{}", server.port());
    // Nobody receives what the first run saw: it is all in its spool.
    let mut first = start(&receiver, &wire, folder.path());
    let (stop, load) = load(server);
    std::thread::sleep(Duration::from_millis(4_500));
    let killed_ns = now_ns();
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    receiver.start();
    let again_ns = now_ns();
    let second = start(&receiver, &wire, folder.path());
    let restarted_ns = now_ns();
    std::thread::sleep(Duration::from_secs(2));
    stop.store(true, Ordering::Relaxed);
    let asked = load.join().unwrap();
    // What the kernel still holds is read before the end.
    second.stop();
    // What is partial is a second old, and what the kernel, the queue and the disk add; a slow machine's disk adds much.
    const PARTIAL_AGE_NS: u64 = 2_500_000_000;
    let (since, to) = receiver.not_watched();
    assert!((killed_ns - PARTIAL_AGE_NS..=killed_ns).contains(&since), "{since} of {killed_ns}");
    assert!((again_ns..=restarted_ns).contains(&to), "{to} is not {again_ns} to {restarted_ns}");
    let certain = |asked: &&Asked| asked.ended_ns < since || asked.began_ns > restarted_ns;
    let possible = |asked: &&Asked| asked.began_ns < since || asked.ended_ns > again_ns;
    let certain = asked.iter().filter(certain).count() as u64;
    let possible = asked.iter().filter(possible).count() as u64;
    let received = receiver.await_answered(certain);
    assert!(received >= certain, "{received} received, {certain} must have been");
    assert!(received <= possible, "{received} received, {possible} could have been");
}
