//! `generate OUT.pcap TRANSACTIONS [SEED] [steady|day]`: a capture, and OUT.pcap.truth.jsonl beside it.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;
use synth::{Options, Profile};

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out =
        arguments.next().ok_or("usage: generate OUT.pcap TRANSACTIONS [SEED] [steady|day]")?;
    let defaults = Options::default();
    let options = Options {
        transactions: arguments.next().map_or(Ok(defaults.transactions), |text| text.parse())?,
        seed: arguments.next().map_or(Ok(defaults.seed), |text| text.parse())?,
        profile: arguments.next().map_or(Ok(Profile::Steady), |text| text.parse())?,
        ..defaults
    };
    let buffered =
        |path: &str| File::create(path).map(|file| BufWriter::with_capacity(1 << 20, file));
    let capture = buffered(&out)?;
    let truth = buffered(&format!("{out}.truth.jsonl"))?;
    let began = Instant::now();
    let summary = synth::generate(&options, capture, Some(truth))?;
    let seconds = began.elapsed().as_secs_f64();
    println!("{summary:#?}");
    println!("{seconds:.2} s, {:.0} packets/s", summary.packets as f64 / seconds);
    Ok(())
}
