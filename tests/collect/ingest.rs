//! What is taken, and what is refused and changes nothing.

use crate::common::{Collector, batch, client, command, free_port, push, rows, text};
use model::batch::{Value, wire_form};
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

#[test]
fn batches_are_taken_once_and_bad_ones_change_nothing() {
    let (folder, client) = (tempfile::tempdir().unwrap(), client());
    let collector = Collector::start(folder.path(), free_port(), &[]);
    let url = collector.url("/api/v1/batches");
    let good = batch("a", 1);
    assert_eq!(push(&client, &url, &[good.clone(), batch("a", 2)]).unwrap(), 204);
    assert_eq!(
        push(&client, &url, std::slice::from_ref(&good)).unwrap(),
        204,
        "twice changes nothing"
    );
    let send = |kind: &str, packing: &str, body: &[u8]| {
        let request = client.post(&url).header("content-type", kind);
        let mut answer = request.header("content-encoding", packing).send(body).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        answer.status().as_u16()
    };
    const PROTOBUF: &str = "application/x-protobuf";
    let mut nameless = batch("", 3);
    nameless.values.clear();
    let mut huge = batch("a", 3);
    let long = model::series::Series::new("m", &[("t", &"x".repeat(40_000))]);
    huge.values.push((Arc::new(long), Value::Delta(1)));
    let bomb = zstd::encode_all(&*vec![0; 65 << 20], 1).unwrap();
    for (status, kind, packing, body) in [
        (415, "text/plain", "identity", wire_form::encode([&batch("a", 3)])),
        (415, PROTOBUF, "br", wire_form::encode([&batch("a", 3)])),
        (400, PROTOBUF, "identity", b"rubbish".to_vec()),
        (400, PROTOBUF, "zstd", b"rubbish".to_vec()),
        (422, PROTOBUF, "identity", wire_form::encode([&batch("a", 3), &nameless])),
        (413, PROTOBUF, "identity", wire_form::encode([&batch("a", 3), &huge])),
        (413, PROTOBUF, "zstd", bomb),
    ] {
        assert_eq!(send(kind, packing, &body), status, "{kind} {packing}");
    }
    let metrics = client.get(collector.url("/metrics")).call().unwrap();
    let metrics = metrics.into_body().read_to_string().unwrap();
    for line in [
        "wirelat_collector_requests_acknowledged_total{by=\"batches\"} 2",
        "wirelat_collector_requests_refused_total{reason=\"malformed\"} 2",
        "wirelat_collector_batches_total{became=\"already_there\"} 1",
        "wirelat_collector_in_flight_bytes 0",
    ] {
        assert!(metrics.lines().any(|said| said == line), "{line}\n{metrics}");
    }
    collector.stop();
    let mut expected = [good.values.len(), batch("a", 2).values.len()].iter().sum::<usize>();
    expected -= rows(folder.path()).len();
    assert_eq!(expected, 0);
}

#[test]
fn a_damaged_store_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::start(folder.path(), free_port(), &[]);
    assert_eq!(push(&client(), &collector.url("/api/v1/batches"), &[batch("a", 1)]).unwrap(), 204);
    collector.stop();
    std::fs::remove_file(folder.path().join("store/data/version")).unwrap();
    let refused = command(folder.path(), free_port(), &[]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("is damaged") && said.lines().count() == 1, "{said}");
}

/// A file system of 320 MiB in memory; gone with the test.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=320m", "tmpfs", text(folder.path())];
        let done = Command::new("mount").args(mount).output().ok()?;
        done.status.success().then(|| Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", text(self.0.path())]).status();
    }
}

#[test]
fn a_full_disk_stops_what_comes_and_loses_nothing() {
    let Some(disk) = Disk::mount() else {
        println!("nothing can be mounted here: a full disk was not tested");
        return;
    };
    let (client, data) = (client(), disk.0.path().join("data"));
    let collector = Collector::start(&data, free_port(), &[]);
    let url = collector.url("/api/v1/batches");
    assert_eq!(push(&client, &url, &[batch("a", 1)]).unwrap(), 204);
    let filler = disk.0.path().join("filler");
    let fill = |mib: usize| std::fs::write(&filler, vec![0; mib << 20]).unwrap();
    fill(150);
    let until = |number: u64, status: u16| {
        let began = Instant::now();
        loop {
            let answered = push(&client, &url, &[batch("a", number)]).unwrap();
            if answered == status {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{answered}, not {status}");
            sleep(Duration::from_millis(20));
        }
    };
    until(2, 503);
    let said = client.post(&url).header("content-type", "application/x-protobuf");
    let mut said = said.send(&wire_form::encode([&batch("a", 3)])[..]).unwrap();
    assert_eq!(said.headers()["retry-after"], "2");
    let said = said.body_mut().read_to_string().unwrap();
    assert!(said.contains("make room there"), "{said}");
    let series = client.get(collector.url("/api/v1/series")).call().unwrap();
    assert_eq!(series.status(), 200, "reading goes on");
    std::fs::remove_file(&filler).unwrap();
    until(4, 204);
    collector.stop();
    let collector = Collector::start(&data, free_port(), &[]);
    collector.stop();
    let seconds = |number: u64| 1_700_000_000 + 10 * number;
    let mut starts: Vec<u64> = rows(&data).iter().map(|(_, at, _)| at.as_seconds()).collect();
    starts.dedup();
    starts.sort_unstable();
    starts.dedup();
    // The second may have been taken before the disk was found full.
    starts.retain(|start| *start != seconds(2));
    assert_eq!(starts, [seconds(1), seconds(4)]);
}
