//! Nothing acknowledged is lost, and nothing counts twice: the collector is killed again and again while observers push.

use crate::common::{Collector, batch, client, free_port, push, rows};
use model::batch::Batch;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Kills; `WIRELAT_CRASH_ROUNDS` for more.
const ROUNDS: u32 = 12;
const SOURCES: usize = 4;

/// How many batches of a source were acknowledged: all up to this one.
type Acknowledged = Mutex<BTreeMap<String, u64>>;

#[test]
fn what_was_acknowledged_survives_being_killed() {
    let rounds = std::env::var("WIRELAT_CRASH_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let (folder, address) = (tempfile::tempdir().unwrap(), free_port());
    let (acknowledged, stop) = (Acknowledged::default(), AtomicBool::new(false));
    let mut seed = std::process::id().wrapping_mul(2_654_435_761);
    std::thread::scope(|scope| {
        let sources: Vec<_> = (0..SOURCES)
            .map(|number| {
                let (acknowledged, stop) = (&acknowledged, &stop);
                scope.spawn(move || observe(&format!("web-{number}"), address, acknowledged, stop))
            })
            .collect();
        for round in 0..rounds {
            let collector = Collector::start(folder.path(), address, &[]);
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // The moment of the crash is what this test varies.
            std::thread::sleep(Duration::from_millis((seed % 500).into()));
            let before = acknowledged.lock().unwrap().clone();
            collector.kill();
            // With many kills not each is looked behind: what is lost stays lost.
            if round % (rounds / ROUNDS).max(1) != 0 {
                continue;
            }
            let found = check(folder.path(), &before);
            println!("round {round}: {before:?} were acknowledged, {found} batches are there");
        }
        let collector = Collector::start(folder.path(), address, &[]);
        stop.store(true, Ordering::Relaxed);
        sources.into_iter().for_each(|source| source.join().unwrap());
        collector.stop();
    });
    let sent = acknowledged.into_inner().unwrap();
    let found = check(folder.path(), &sent);
    assert_eq!(found as u64, sent.values().sum::<u64>(), "there is more than was sent");
    assert!(sent.values().all(|&count| count > 0), "nothing was tested: {sent:?}");
}

/// Sends batch after batch, each request until it is acknowledged.
fn observe(source: &str, address: SocketAddr, acknowledged: &Acknowledged, stop: &AtomicBool) {
    let (client, url) = (client(), format!("http://{address}/api/v1/batches"));
    let mut next = 0;
    // The end, too, comes behind an acknowledgement: whatever a crash interrupted is sent again.
    loop {
        let batches: Vec<Batch> =
            (next..next + 1 + next % 4).map(|number| batch(source, number)).collect();
        match push(&client, &url, &batches) {
            Ok(204) => {
                next += batches.len() as u64;
                acknowledged.lock().unwrap().insert(source.to_owned(), next);
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
            Ok(status) => panic!("{status}"),
            // It was killed, and comes back.
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Every acknowledged batch is there, and every one that is there is there whole, once. Says how many are there.
fn check(data: &Path, acknowledged: &BTreeMap<String, u64>) -> usize {
    let mut found: BTreeMap<(String, u64), Vec<_>> = BTreeMap::new();
    for (series, at, value) in rows(data) {
        let number = (at.as_seconds() - 1_700_000_000) / 10;
        let host = series.tag("host").unwrap().to_owned();
        found.entry((host, number)).or_default().push((series, value));
    }
    for ((source, number), values) in &mut found {
        let mut expected = batch(source, *number).values;
        expected.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(*values, expected, "{source} {number} is not what was sent");
    }
    for (source, count) in acknowledged {
        for number in 0..*count {
            let key = (source.clone(), number);
            assert!(found.contains_key(&key), "{source} {number} was acknowledged and is lost");
        }
    }
    found.len()
}
