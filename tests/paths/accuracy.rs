//! Synthetic captures of known latencies: all that is reported is true, and what is clean is reported whole.

use crate::common::synthetic::{Fate, Judge, Synthetic, Tally, Truth, busy};
use crate::common::{Found, Run, Settings, replay_bytes};
use decoders::engine::EngineConfig;
use decoders::output::{Connection, Decided, LedgerDelta, Sample};
use model::ledger::{Ledger, Packets};
use model::units::{CaptureTime, Nanos};
use observer::capture::{CaptureWarning, FileSource, Progress};
use observer::catalog::Catalog;
use observer::pipeline::{self, Sink, SinkError};
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex};
use synth::{Dirt, Options};

const VARIABLE: &str = "WIRELAT_ACCURACY";
const TRANSACTIONS: u64 = 20_000;

/// Judges what both sides say, while they say it.
struct Live {
    judge: Arc<Mutex<Judge>>,
    ledger: Ledger,
    waiting_max: usize,
}

impl Sink for Live {
    fn transaction(&mut self, decided: &Decided, catalog: &Catalog) -> Result<(), SinkError> {
        let mut judge = self.judge.lock().unwrap();
        judge.report(Found::new(decided, catalog));
        self.waiting_max = self.waiting_max.max(judge.waiting());
        Ok(())
    }

    fn connection(&mut self, _: &Connection, _: &Catalog) -> Result<(), SinkError> {
        Ok(())
    }

    fn sample(&mut self, _: &Sample, _: &Catalog) {}

    fn ledger(&mut self, delta: &LedgerDelta, _: &Catalog) {
        self.ledger.add(&delta.ledger);
    }

    fn clock(&mut self, _: CaptureTime, _: u64, _: &Catalog) -> Result<(), SinkError> {
        Ok(())
    }

    fn warning(&mut self, _: CaptureWarning) {}

    fn progress(&mut self, _: Progress, _: &Packets) -> bool {
        true
    }
}

/// Takes the truth's lines as the generator writes them.
struct Lines {
    judge: Arc<Mutex<Judge>>,
    rest: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.judge.lock().unwrap().expect(serde_json::from_slice::<Truth>(&line)?);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_clean_capture_is_reported_whole() {
    let transactions = match std::env::var(VARIABLE) {
        Ok(number) => number.parse().unwrap(),
        Err(_) => TRANSACTIONS,
    };
    let options = Options { transactions, ..Options::default() };
    let judge = Arc::new(Mutex::new(Judge::new(false)));
    let mut sink = Live { judge: Arc::clone(&judge), ledger: Ledger::default(), waiting_max: 0 };
    let (reader, writer) = io::pipe().unwrap();
    let lines = Lines { judge: Arc::clone(&judge), rest: Vec::new() };
    let config = EngineConfig { keep_targets: true, ..EngineConfig::default() };
    std::thread::scope(|scope| {
        scope.spawn(|| synth::generate(&options, BufWriter::new(writer), Some(lines)).unwrap());
        let mut source = FileSource::from_reader("synthetic", Box::new(reader)).unwrap();
        pipeline::run(&mut source, &config, 1, &mut sink).unwrap();
    });
    let (ledger, waiting) = (sink.ledger, sink.waiting_max);
    drop(sink.judge);
    let tally = Arc::into_inner(judge).unwrap().into_inner().unwrap().finish();
    tally.assert_faultless("clean");
    assert_eq!(tally.total(), transactions);
    assert_eq!(tally.of(Fate::Equal) + tally.of(Fate::Unanswered), transactions, "{tally}");
    assert_eq!(ledger.requests.answered, tally.of(Fate::Equal));
    assert_eq!(ledger.requests.started, transactions);
    assert!(ledger.balances(), "{ledger:?}");
    println!(
        "{transactions} transactions: {tally}; at most {waiting} waited for their counterpart"
    );
}

/// One kind of dirt each.
fn kinds() -> Vec<(&'static str, Dirt)> {
    let dirt = Dirt::default;
    vec![
        ("clean", dirt()),
        ("loss before the tap", Dirt { loss_before_tap: 0.02, ..dirt() }),
        ("loss after the tap", Dirt { loss_after_tap: 0.02, ..dirt() }),
        ("reordering", Dirt { reordering: 0.05, reordering_distance: 4, ..dirt() }),
        ("duplicates", Dirt { duplicates: 0.1, ..dirt() }),
        ("queue skew", Dirt { queue_skew: Nanos::from_micros(500), ..dirt() }),
        ("drops", Dirt { capture_drops: 0.01, ..dirt() }),
        ("drops in bursts", Dirt { capture_drops: 0.02, capture_drop_burst: 8, ..dirt() }),
        ("many drops", Dirt { capture_drops: 0.1, ..dirt() }),
        ("mid-stream", Dirt { skip: Nanos::from_seconds(3), ..dirt() }),
        ("snaplen 128", Dirt { snaplen: Some(128), ..dirt() }),
        ("snaplen 256", Dirt { snaplen: Some(256), ..dirt() }),
        ("snaplen 512", Dirt { snaplen: Some(512), ..dirt() }),
        ("one direction", Dirt { one_direction: 0.3, ..dirt() }),
        ("all but drops", without_drops()),
        ("all", Dirt { capture_drops: 0.01, skip: Nanos::from_seconds(2), ..without_drops() }),
        (
            "all and worse",
            Dirt {
                capture_drops: 0.03,
                capture_drop_burst: 3,
                skip: Nanos::from_seconds(2),
                one_direction: 0.05,
                snaplen: Some(400),
                ..without_drops()
            },
        ),
    ]
}

/// Everything that a retransmission or patience heals.
fn without_drops() -> Dirt {
    Dirt {
        loss_before_tap: 0.01,
        loss_after_tap: 0.01,
        reordering: 0.02,
        reordering_distance: 3,
        duplicates: 0.02,
        queue_skew: Nanos::from_micros(200),
        ..Dirt::default()
    }
}

/// Whether bytes are missing from the file.
fn is_lossy(dirt: &Dirt) -> bool {
    dirt.capture_drops > 0.0
        || dirt.snaplen.is_some()
        || dirt.skip.0 > 0
        || dirt.one_direction > 0.0
}

fn judged(name: &str, options: &Options) -> (Run, Tally) {
    let synthetic = Synthetic::new(options);
    let run = replay_bytes(&synthetic.capture, &Settings::default()).unwrap();
    let tally = Judge::all(is_lossy(&options.dirt), &run.found, &synthetic.truth);
    assert_eq!(tally.total(), synthetic.truth.len() as u64);
    if !tally.faults.is_empty() {
        println!("{}", synthetic.keep(name).display());
    }
    (run, tally)
}

const COLUMNS: [Fate; 7] = [
    Fate::Equal,
    Fate::Partial,
    Fate::Quarantined,
    Fate::Unanswered,
    Fate::Open,
    Fate::Unread,
    Fate::Missing,
];

fn heading() -> String {
    let columns = COLUMNS.map(|fate| format!("{:>12}", format!("{fate:?}").to_lowercase()));
    format!("{:<44}{}    coverage\n", "", columns.concat())
}

fn row(name: &str, run: &Run, tally: &Tally) -> String {
    let mut row = format!("{name:<44}");
    for fate in COLUMNS {
        let _ = write!(row, "{:>12}", tally.of(fate));
    }
    let mut all = Ledger::default();
    run.ledgers.values().for_each(|ledger| all.add(ledger));
    let _ = writeln!(row, "{:>10.3} %", all.streams.coverage() * 100.0);
    row
}

/// Runs all, then fails with all that is wrong.
fn table(cases: &[(String, Options)]) -> String {
    let (mut text, mut faults) = (heading(), String::new());
    for (name, options) in cases {
        let (run, tally) = judged(name, options);
        if let Err(fault) = run.balance() {
            let _ = writeln!(faults, "{name}: {fault}");
        }
        if !tally.faults.is_empty() {
            let _ = writeln!(faults, "{name}: {tally}");
        }
        text.push_str(&row(name, &run, &tally));
    }
    println!("{text}");
    assert!(faults.is_empty(), "{faults}");
    text
}

#[test]
fn nothing_is_invented_and_no_time_is_wrong() {
    let mut cases = Vec::new();
    for (name, dirt) in kinds() {
        for seed in 1..=4 {
            // Without text in bodies that looks like heads, too.
            let options = busy(1_500, seed, dirt.clone());
            let options = Options { decoys: seed % 2 == 1, ..options };
            cases.push((format!("{name}, seed {seed}"), options));
        }
    }
    let text = table(&cases);
    crate::common::assert_text("accuracy_by_dirt", &text);
}

#[test]
fn loss_and_reordering_against_coverage() {
    let mut cases = Vec::new();
    for loss in [0.0, 0.01, 0.05] {
        for reordering in [0.0, 0.02, 0.1] {
            for capture_drops in [0.0, 0.001, 0.01, 0.05] {
                let (before, after) = (loss / 2.0, loss / 2.0);
                let dirt = Dirt {
                    loss_before_tap: before,
                    loss_after_tap: after,
                    reordering,
                    capture_drops,
                    ..Dirt::default()
                };
                let name = format!("loss {loss} reordering {reordering} drops {capture_drops}");
                cases.push((name, busy(2_000, 7, dirt)));
            }
        }
    }
    crate::common::assert_text("accuracy_by_rates", &table(&cases));
}
