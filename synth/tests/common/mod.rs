//! A reader of captures that shares no code with the generator.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub(crate) mod oracle;

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use synth::{Dirt, Options, Summary};

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const RST: u8 = 0x04;

/// A capture and its truth.
pub(crate) struct Synthesized {
    pub(crate) capture: Vec<u8>,
    pub(crate) truth_text: String,
    pub(crate) summary: Summary,
}

pub(crate) fn synthesize(options: &Options) -> Synthesized {
    let (mut capture, mut truth) = (Vec::new(), Vec::new());
    let summary = synth::generate(options, &mut capture, Some(&mut truth)).unwrap();
    Synthesized { capture, truth_text: String::from_utf8(truth).unwrap(), summary }
}

/// Small enough for a test, busy enough for surprises.
pub(crate) fn small(seed: u64) -> Options {
    Options {
        transactions: 1_500,
        seed,
        connections: 100,
        unanswered_share: 0.01,
        ..Options::default()
    }
}

pub(crate) fn dirty(seed: u64, dirt: Dirt) -> Options {
    Options { dirt, ..small(seed) }
}

impl Synthesized {
    pub(crate) fn truth(&self) -> Vec<Value> {
        self.truth_text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn packets(&self) -> Vec<Packet> {
        read(&self.capture)
    }

    pub(crate) fn flows(&self) -> BTreeMap<Flow, Vec<Packet>> {
        let mut flows: BTreeMap<Flow, Vec<Packet>> = BTreeMap::new();
        for packet in self.packets() {
            flows.entry(packet.flow.clone()).or_default().push(packet);
        }
        flows
    }
}

/// Client and server, as the truth prints them. Servers have port 80.
pub(crate) type Flow = (String, String);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packet {
    pub(crate) time_ns: u64,
    pub(crate) flow: Flow,
    pub(crate) from_client: bool,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) payload: Vec<u8>,
    /// Bytes of payload on the wire.
    pub(crate) payload_len: usize,
    pub(crate) frame: Vec<u8>,
    pub(crate) frame_len: usize,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub(crate) fn read(file: &[u8]) -> Vec<Packet> {
    let unit = match word(file, 0) {
        0xa1b2_3c4d => 1,
        0xa1b2_c3d4 => 1_000,
        magic => panic!("magic {magic:x}"),
    };
    let mut packets = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let time_ns =
            u64::from(word(file, at)) * 1_000_000_000 + u64::from(word(file, at + 4)) * unit;
        let (kept, whole) = (word(file, at + 8) as usize, word(file, at + 12) as usize);
        packets.push(parse(time_ns, &file[at + 16..at + 16 + kept], whole));
        at += 16 + kept;
    }
    assert_eq!(at, file.len());
    packets
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn parse(time_ns: u64, frame: &[u8], frame_len: usize) -> Packet {
    let ip = &frame[14..];
    let (source, target, tcp_at, tcp_len) = match short(frame, 12) {
        0x0800 => {
            let address = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&ip[at..at + 4]).unwrap());
            (address(12), address(16), 34, usize::from(short(ip, 2)) - 20)
        }
        0x86dd => {
            let address = |at: usize| IpAddr::from(<[u8; 16]>::try_from(&ip[at..at + 16]).unwrap());
            (address(8), address(24), 54, usize::from(short(ip, 4)))
        }
        other => panic!("ethertype {other:x}"),
    };
    let tcp = &frame[tcp_at..];
    let header = usize::from(tcp[12] >> 4) * 4;
    let show = |ip: IpAddr, port: u16| match ip {
        IpAddr::V4(ip) => format!("{ip}:{port}"),
        IpAddr::V6(ip) => format!("[{ip}]:{port}"),
    };
    let (from, to) = (show(source, short(tcp, 0)), show(target, short(tcp, 2)));
    let from_client = short(tcp, 2) == 80;
    Packet {
        time_ns,
        flow: if from_client { (from, to) } else { (to, from) },
        from_client,
        seq: long(tcp, 4),
        ack: long(tcp, 8),
        flags: tcp[13],
        payload: tcp.get(header..).unwrap_or_default().to_vec(),
        payload_len: tcp_len - header,
        frame: frame.to_vec(),
        frame_len,
    }
}

/// Whether the checksums of a whole frame are right.
pub(crate) fn checksums_are_right(packet: &Packet) -> bool {
    let ip = &packet.frame[14..];
    let (pseudo, tcp) = if packet.frame[12] == 0x08 {
        if ones_sum(&ip[..20], 0) != 0xffff {
            return false;
        }
        (ip[12..20].to_vec(), &ip[20..])
    } else {
        (ip[8..40].to_vec(), &ip[40..])
    };
    ones_sum(tcp, ones_sum(&pseudo, 6 + tcp.len() as u32)) == 0xffff
}

fn ones_sum(bytes: &[u8], start: u32) -> u32 {
    let mut sum = start;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}
