//! The whole replay against two bare loops over the same capture, in turn, in one process.
//!
//! `cargo bench --bench whole_run [-- PROTOCOL|CAPTURE]`. Without a capture one of 1,000,000 requests is synthesized, of
//! each protocol or the one that is named. The floors
//! use none of the product's code: one walks the record headers, the other also parses Ethernet, IP and TCP with
//! etherparse and looks the flow up. Ratios are of CPU seconds, pair by pair; the median counts.

#![allow(clippy::print_stdout, clippy::indexing_slicing, clippy::expect_used)] // A bench prints, and may stop.

use decoders::engine::EngineConfig;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::ledger::Packets;
use model::protocol::Protocol;
use model::units::CaptureTime;
use observer::capture::{CaptureWarning, FileSource, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{self, Sink, SinkError};
use observer::windows::{Identity, Length, Windows};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

const ROUNDS: usize = 7;
const TRANSACTIONS: u64 = 1_000_000;
const BUFFER_BYTES: usize = 256 << 10;

/// What is replayed, and what it may cost: times the loop that parses headers and looks up the flow.
const BARS: [(Protocol, f64); 4] = [
    (Protocol::Http, 2.0),
    (Protocol::Postgres, 2.0),
    (Protocol::Cassandra, 1.7),
    (Protocol::Kafka, 1.7),
];

fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    match given {
        Some(text) => match Protocol::from_name(&text) {
            Some(protocol) => compare(&synthesized(protocol)?)?,
            None => compare(Path::new(&text))?,
        },
        None => {
            for (protocol, bar) in BARS {
                println!("{protocol}: at most {bar} times parse and look up");
                compare(&synthesized(protocol)?)?;
            }
        }
    }
    println!("peak memory: {} KiB", peak_memory_kib());
    Ok(())
}

fn compare(path: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::metadata(path)?.len();
    let mut rounds: Vec<[Round; 3]> = Vec::new();
    for round in 0..=ROUNDS {
        let row = [measure(|| walk(path))?, measure(|| look_up(path))?, measure(|| replay(path))?];
        // The first fills the page cache.
        if round > 0 {
            rounds.push(row);
        }
    }
    println!("{}: {} packets, {:.2} GB", path.display(), rounds[0][0].packets, bytes as f64 / 1e9);
    println!("{:<28} {:>12} {:>9} {:>9} {:>12}", "", "M packets/s", "GB/s", "CPU s", "ns a packet");
    for (column, name) in
        ["walk record headers", "parse and look up the flow", "whole replay"].iter().enumerate()
    {
        let cpu = median(rounds.iter().map(|row| row[column].cpu_seconds));
        let packets = rounds[0][column].packets as f64;
        println!(
            "{name:<28} {:>12.2} {:>9.2} {cpu:>9.3} {:>12.1}",
            packets / cpu / 1e6,
            bytes as f64 / cpu / 1e9,
            cpu / packets * 1e9
        );
    }
    let ratio = |column: usize| {
        median(rounds.iter().map(|row| row[2].cpu_seconds / row[column].cpu_seconds))
    };
    println!(
        "whole replay / walk: {:.2}   whole replay / parse and look up: {:.2}\n",
        ratio(0),
        ratio(1)
    );
    Ok(())
}

/// One measured run.
struct Round {
    cpu_seconds: f64,
    packets: u64,
}

fn measure(run: impl FnOnce() -> Result<u64, Box<dyn Error>>) -> Result<Round, Box<dyn Error>> {
    let (began, wall) = (cpu_nanos(), Instant::now());
    let packets = run()?;
    let cpu_seconds = match (began, cpu_nanos()) {
        (Some(began), Some(ended)) => (ended - began) as f64 / 1e9,
        (_, _) => wall.elapsed().as_secs_f64(),
    };
    Ok(Round { cpu_seconds, packets })
}

/// CPU time of this thread, which does all the work.
fn cpu_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn peak_memory_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(String::new, |line| line.trim().trim_end_matches(" kB").to_owned())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn synthesized(protocol: Protocol) -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("wirelat-bench-{protocol}.pcap"));
    if !path.exists() {
        println!("synthesizing {TRANSACTIONS} requests into {}", path.display());
        let transactions = TRANSACTIONS;
        let options = synth::Options { protocol, transactions, ..synth::Options::default() };
        let file = std::io::BufWriter::with_capacity(1 << 20, File::create(&path)?);
        synth::generate(&options, file, None::<Vec<u8>>)?;
    }
    Ok(path)
}

/// Calls `take` with the captured bytes of each record.
fn records(path: &Path, mut take: impl FnMut(&[u8])) -> Result<u64, Box<dyn Error>> {
    let mut file = File::open(path)?;
    file.read_exact(&mut [0; 24])?;
    let mut buffer = vec![0_u8; BUFFER_BYTES];
    let (mut held, mut packets) = (0, 0);
    loop {
        let read = file.read(&mut buffer[held..])?;
        let end = held + read;
        let mut at = 0;
        while let Some(header) = buffer[at..end].get(..16) {
            let length =
                u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize;
            let Some(packet) = buffer[at..end].get(16..16 + length) else { break };
            take(packet);
            packets += 1;
            at += 16 + length;
        }
        if read == 0 {
            return Ok(packets);
        }
        buffer.copy_within(at..end, 0);
        held = end - at;
    }
}

fn walk(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    let packets = records(path, |packet| bytes += packet.len())?;
    black_box(bytes);
    Ok(packets)
}

/// The least that any tool must do: who talks to whom, and is that connection known?
fn look_up(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut flows: HashMap<([u8; 32], [u16; 2]), u64, FixedState> = HashMap::default();
    let packets = records(path, |packet| {
        let Ok(sliced) = SlicedPacket::from_ethernet(packet) else { return };
        let (Some(net), Some(TransportSlice::Tcp(tcp))) = (&sliced.net, &sliced.transport) else {
            return;
        };
        let mut ends = [([0_u8; 16], tcp.source_port()), ([0_u8; 16], tcp.destination_port())];
        match net {
            NetSlice::Ipv4(ip) => {
                ends[0].0[..4].copy_from_slice(&ip.header().source());
                ends[1].0[..4].copy_from_slice(&ip.header().destination());
            }
            NetSlice::Ipv6(ip) => {
                ends[0].0 = ip.header().source();
                ends[1].0 = ip.header().destination();
            }
            NetSlice::Arp(_) => return,
        }
        ends.sort_unstable();
        let mut addresses = [0; 32];
        addresses[..16].copy_from_slice(&ends[0].0);
        addresses[16..].copy_from_slice(&ends[1].0);
        *flows.entry((addresses, [ends[0].1, ends[1].1])).or_default() +=
            tcp.payload().len() as u64;
    })?;
    black_box(flows.len());
    Ok(packets)
}

/// What `wirelat replay` does before it prints.
fn replay(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut source = FileSource::open(path)?;
    let identity = Identity { source: "bench".into(), run: 1, revision_base: 0 };
    let mut sink = Recorder { windows: Windows::new(identity, Length::Auto), transactions: 0 };
    let summary = pipeline::run(&mut source, &EngineConfig::default(), 1, &mut sink)?;
    let last = summary.span.map_or(CaptureTime::ZERO, |(_, last)| last);
    black_box(sink.windows.finish(last, &summary.catalog).len());
    assert!(sink.transactions > 0, "no transaction was found");
    Ok(summary.packets.packets)
}

struct Recorder {
    windows: Windows,
    transactions: u64,
}

impl Sink for Recorder {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        self.transactions += 1;
        self.windows.record(&decided.transaction, catalog);
        Ok(())
    }

    fn connection(&mut self, _: &Connection, _: &Catalog) -> Result<(), SinkError> {
        Ok(())
    }

    fn sample(&mut self, sample: &Sample, catalog: &Catalog) {
        self.windows.sample(sample, catalog);
    }

    fn ledger(&mut self, delta: &LedgerDelta, catalog: &Catalog) {
        self.windows.ledger(delta, catalog);
    }

    fn clock(&mut self, _: CaptureTime, _: u64, _: &Catalog) -> Result<(), SinkError> {
        Ok(())
    }

    fn warning(&mut self, _: CaptureWarning) {}

    fn progress(&mut self, _: Progress, _: &Packets) -> bool {
        true
    }
}
