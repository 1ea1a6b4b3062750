//! Prints the account of what the packets of captures are: `packets [--segments] FILE…`, `-` for standard input.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use decoders::packet::PacketParser;
use observer::capture::{self, CaptureError};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), CaptureError> {
    let (options, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let with_segments = options.iter().any(|option| option == "--segments");
    let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let mut source = capture::open(&paths)?;
    let mut parser = PacketParser::new();
    let result = capture::read_all(source.as_mut(), &mut parser, |segment, _| {
        if with_segments {
            println!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:016x}",
                segment.time.as_nanos(),
                segment.key.endpoint(segment.from),
                segment.key.endpoint(segment.from.other()),
                segment.flags.0,
                segment.sequence,
                segment.acknowledgment,
                segment.payload_length,
                segment.payload_missing,
                segment.fingerprint,
            );
        }
    });
    for warning in source.warnings() {
        eprintln!("warning: {warning}");
    }
    result?;
    if !with_segments {
        for (name, count) in parser.packets.entries().filter(|(_, count)| *count > 0) {
            println!("{name:<22} {count:>12}");
        }
    }
    Ok(())
}
