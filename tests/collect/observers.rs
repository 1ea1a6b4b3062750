//! A real observer pushes what it sees while the collector is killed under it: in the end every request is there, once.

use crate::common::{Collector, free_port, rows};
use crate::observing::{Observer, ask, folder, is_root, serve, text};
use model::batch::Value;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Kills; `WIRELAT_CRASH_ROUNDS` for more.
const ROUNDS: u64 = 4;
/// How often the observer is started again to send what it had not sent when it ended.
const LAST_STARTS_MAX: u32 = 5;

/// Requests that were answered, over all windows.
fn answered(data: &Path) -> u64 {
    let of_requests = rows(data).into_iter().filter(|(series, _, _)| {
        series.metric() == "ledger.requests" && series.tag("entry") == Some("answered")
    });
    of_requests.map(|(_, _, value)| if let Value::Delta(count) = value { count } else { 0 }).sum()
}

/// Asks until it is told to stop; how often it did.
fn load(server: SocketAddr, stop: &AtomicBool) -> u64 {
    let (mut stream, mut count) = (TcpStream::connect(server).unwrap(), 0);
    while !stop.load(Ordering::Relaxed) {
        ask(&mut stream, "/fast");
        count += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    count
}

#[test]
fn what_an_observer_saw_is_there_however_often_the_collector_is_killed() {
    if !is_root() {
        println!("not root: nothing can be captured, and nothing was tested");
        return;
    }
    let rounds = std::env::var("WIRELAT_CRASH_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let (folder, data) = (folder(), tempfile::tempdir().unwrap());
    let (address, server, stop) = (free_port(), serve(), AtomicBool::new(false));
    let (wire, url) = (format!("http:{}", server.port()), format!("http://{address}"));
    let spool = folder.path().join("spool");
    let arguments = ["--interface", "lo", "--wire", &wire, "--push", &url, "--spool", text(&spool)];
    let observer = Observer::start(&arguments);
    let asked = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(server, &stop));
        for round in 0..rounds {
            let collector = Collector::start(data.path(), address, &[]);
            // The moment of the crash is what this test varies.
            std::thread::sleep(Duration::from_millis(500 + round * 377 % 1_500));
            collector.kill();
        }
        stop.store(true, Ordering::Relaxed);
        load.join().unwrap()
    });
    let collector = Collector::start(data.path(), address, &[]);
    observer.stop();
    for _ in 0..LAST_STARTS_MAX {
        if fs::read_dir(&spool).unwrap().next().is_none() {
            break;
        }
        Observer::start(&arguments).stop();
    }
    collector.stop();
    assert_eq!(answered(data.path()), asked);
}
