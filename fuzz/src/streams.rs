//! One connection of one protocol, byte by byte: what a decoder's own target is fed.
//!
//! The input is a list of segments, each a control byte, a length of two bytes, and so many bytes of payload.

use crate::account::Account;
use decoders::engine::{Engine, EngineConfig};
use decoders::naming::Naming;
use decoders::packet::{Segment, TcpFlags};
use decoders::wires::WireConfig;
use model::flow::{Address, Endpoint, FlowKey};
use model::protocol::Protocol;
use model::units::{CaptureTime, Nanos};
use model::wire::WireSpec;

const CLIENT: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 1]), port: 40_000 };
const SERVER: Endpoint = Endpoint { address: Address::v4([10, 0, 0, 2]), port: PORT };
const PORT: u16 = 7_000;

/// Bits of a control byte.
pub mod control {
    /// The server sends it.
    pub const TO_CLIENT: u8 = 1;
    /// A packet before it was never captured.
    pub const GAP: u8 = 2;
    /// The snap length cut it: so many bytes more were on the wire.
    pub const CUT: u8 = 4;
    /// It ends its direction.
    pub const FIN: u8 = 8;
    /// Time passes before it.
    pub const PAUSE: u8 = 16;
    /// It acknowledges nothing new.
    pub const STALE: u8 = 32;
    /// The first segment of the input: the connection was there before.
    pub const MID_STREAM: u8 = 64;
}

/// Bytes that a gap, or a cut, hides.
const HIDDEN: u32 = 37;
const PAUSE: Nanos = Nanos::from_millis(700);

/// A segment as the input has it.
pub struct Piece<'a> {
    /// Bits of [`control`].
    pub control: u8,
    /// The payload.
    pub payload: &'a [u8],
}

/// Reads the input.
pub fn pieces(mut bytes: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let [control, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (payload, behind) = rest.split_at(length);
        pieces.push(Piece { control: *control, payload });
        bytes = behind;
    }
    pieces
}

/// Writes the input.
pub fn write(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        let length = u16::try_from(piece.payload.len()).unwrap();
        bytes.push(piece.control);
        bytes.extend(length.to_be_bytes());
        bytes.extend(piece.payload);
    }
    bytes
}

struct Connection {
    engine: Engine,
    account: Account,
    /// What the client, and what the server, sends next.
    next: [u32; 2],
    now: CaptureTime,
    number: u64,
}

impl Connection {
    fn send(&mut self, piece: &Piece<'_>, flags: u8) {
        let has = |bit| piece.control & bit != 0;
        let side = usize::from(has(control::TO_CLIENT));
        if has(control::PAUSE) {
            let before = self.now;
            self.now = self.now.plus(PAUSE);
            self.engine.tick(self.number, self.now, before);
        }
        if has(control::GAP) {
            self.next[side] = self.next[side].wrapping_add(HIDDEN);
        }
        let missing = if has(control::CUT) { HIDDEN } else { 0 };
        let (from, to) = if side == 0 { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        let (key, end) = FlowKey::of(from, to);
        let stale = if has(control::STALE) { HIDDEN } else { 0 };
        let fin = if has(control::FIN) { TcpFlags::FIN } else { 0 };
        let flags = TcpFlags(flags | fin);
        self.number += 1;
        let segment = Segment {
            time: self.now,
            key,
            from: end,
            flags,
            sequence: self.next[side],
            acknowledgment: self.next[1 - side].wrapping_sub(stale),
            payload_start: 0,
            payload_length: piece.payload.len() as u32,
            payload_missing: missing,
            fingerprint: self.number,
        };
        let ends = u32::from(fin != 0) + u32::from(flags.has(TcpFlags::SYN));
        let used = piece.payload.len() as u32 + missing + ends;
        self.next[side] = self.next[side].wrapping_add(used);
        self.now = self.now.plus(Nanos::from_micros(50));
        self.engine.segment(self.number, &segment, piece.payload);
        self.account.take(self.engine.output());
    }
}

/// Plays the input to an engine that watches for one protocol.
pub fn play(protocol: Protocol, bytes: &[u8]) {
    let spec = WireSpec::parse(&format!("{protocol}:{PORT}")).unwrap();
    let wires = vec![WireConfig { naming: Naming::by_default(protocol), spec }];
    let config = EngineConfig { wires, keep_targets: true, report_connections: true, ..EngineConfig::default() };
    let mut connection = Connection {
        engine: Engine::new(&config),
        account: Account::default(),
        next: [1_000, u32::MAX - 500],
        now: CaptureTime::from_parts(1_700_000_000, 0),
        number: 0,
    };
    let pieces = pieces(bytes);
    let is_whole = pieces.first().is_some_and(|piece| piece.control & control::MID_STREAM == 0);
    if is_whole {
        let handshake = [(0, TcpFlags::SYN), (control::TO_CLIENT, TcpFlags::SYN | TcpFlags::ACK)];
        for (control, flags) in handshake {
            connection.send(&Piece { control, payload: &[] }, flags);
        }
    }
    for piece in &pieces {
        connection.send(piece, TcpFlags::ACK);
    }
    connection.engine.finish(connection.number + 1, connection.now);
    connection.account.take(connection.engine.output());
    connection.account.check();
}
