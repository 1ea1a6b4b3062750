//! Turns the recorded captures into inputs of the decoders' targets: `cargo run --bin seeds`, from this folder.

use decoders::packet::{PacketParser, Parsed, Segment};
use model::flow::{End, FlowKey};
use observer::capture::{FileSource, PacketBatch, Source};
use std::collections::BTreeMap;
use std::path::Path;
use wirelat_fuzz::streams::{Piece, control, write};

/// Longer inputs are mutated too slowly.
const SEED_BYTES_MAX: usize = 16 * 1024;
/// The folder of each target's cases.
const FOLDERS: [(&str, &str); 7] = [
    ("http1", "http"),
    ("http2", "http2"),
    ("postgres", "postgres"),
    ("cassandra", "cassandra"),
    ("kafka", "kafka"),
    ("redis", "redis"),
    ("mysql", "mysql"),
];

/// The server's end, where a SYN shows it, and the segments with payload.
#[derive(Default)]
struct Connection {
    server: Option<End>,
    segments: Vec<(End, Vec<u8>)>,
}

fn connections(capture: &Path) -> BTreeMap<FlowKey, Connection> {
    let mut connections: BTreeMap<FlowKey, Connection> = BTreeMap::new();
    let mut source = FileSource::open(capture).unwrap();
    let (mut parser, mut batch) = (PacketParser::new(), PacketBatch::default());
    while source.fill(&mut batch).unwrap() {
        for packet in batch.packets() {
            let Parsed::Segment(segment) = parser.parse(packet) else { continue };
            take(connections.entry(segment.key).or_default(), &segment, packet.bytes);
        }
    }
    connections
}

fn take(connection: &mut Connection, segment: &Segment, packet: &[u8]) {
    const SYN_AND_ACK: [bool; 2] = [true, false];
    if segment.flags.has(2) && [segment.flags.has(2), segment.flags.has(16)] == SYN_AND_ACK {
        connection.server = Some(segment.from.other());
    }
    if segment.payload_length > 0 {
        connection.segments.push((segment.from, segment.payload(packet).to_vec()));
    }
}

fn seed(connection: &Connection) -> Option<Vec<u8>> {
    let server = connection.server?;
    let pieces: Vec<Piece<'_>> = connection
        .segments
        .iter()
        .filter(|(_, payload)| payload.len() <= usize::from(u16::MAX))
        .map(|(from, payload)| {
            let control = if *from == server { control::TO_CLIENT } else { 0 };
            Piece { control, payload }
        })
        .collect();
    let mut bytes = write(&pieces);
    bytes.truncate(SEED_BYTES_MAX);
    (!bytes.is_empty()).then_some(bytes)
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, folder) in FOLDERS {
        let corpus = root.join("corpus").join(target);
        std::fs::create_dir_all(&corpus).unwrap();
        let Ok(cases) = std::fs::read_dir(root.join("../fixtures").join(folder)) else { continue };
        for case in cases.map(|case| case.unwrap().path()) {
            let capture = case.join("capture.pcap");
            if !capture.is_file() {
                continue;
            }
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            let seeds = connections(&capture).into_values().filter_map(|own| seed(&own));
            for (place, bytes) in seeds.enumerate() {
                std::fs::write(corpus.join(format!("{name}_{place}")), bytes).unwrap();
            }
        }
    }
}
