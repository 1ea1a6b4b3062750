//! Captures built in memory; real ones are replayed by `observer/tests`.

mod build;
mod damage;
mod errors;
mod formats;
mod merge;
mod packed;

use super::{CaptureError, CaptureWarning, FileSource, PacketBatch, Source};
use std::io::{self, Cursor, Read};

/// A packet as it came out: time, link type, bytes, wire length.
type Seen = (u64, u16, Vec<u8>, u32);

fn drain(source: &mut dyn Source) -> (Vec<Seen>, Option<CaptureError>) {
    let mut batch = PacketBatch::default();
    let mut seen = Vec::new();
    loop {
        match source.fill(&mut batch) {
            Ok(true) => assert!(!batch.records.is_empty()),
            Ok(false) => {
                assert!(batch.records.is_empty());
                assert!(!source.fill(&mut batch).unwrap(), "goes on after the end");
                return (seen, None);
            }
            Err(error) => return (seen, Some(error)),
        }
        for (packet, record) in batch.packets().zip(&batch.records) {
            assert_eq!(packet.bytes.len(), record.captured as usize);
            assert!(packet.wire_length as usize >= packet.bytes.len());
            let time = packet.time.as_nanos();
            seen.push((time, packet.link.0, packet.bytes.to_vec(), packet.wire_length));
        }
    }
}

/// Everything that a file in memory gives.
struct Outcome {
    seen: Vec<Seen>,
    error: Option<CaptureError>,
    warnings: Vec<CaptureWarning>,
    dropped: u64,
}

fn read(bytes: &[u8]) -> Outcome {
    read_from(Box::new(Cursor::new(bytes.to_vec())))
}

fn read_from(reader: Box<dyn Read + Send>) -> Outcome {
    match FileSource::from_reader("test", reader) {
        Ok(mut source) => {
            let (seen, error) = drain(&mut source);
            let warnings = source.warnings();
            Outcome { seen, error, warnings, dropped: source.progress().dropped }
        }
        Err(error) => {
            Outcome { seen: Vec::new(), error: Some(error), warnings: Vec::new(), dropped: 0 }
        }
    }
}

/// Reads of at most so many bytes at a time, as a pipe gives.
struct Trickle(Cursor<Vec<u8>>, usize);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}
