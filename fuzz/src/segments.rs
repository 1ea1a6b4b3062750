//! Conversations of a few connections, with everything that a network and a capture do to them.

use crate::account::Account;
use arbitrary::Arbitrary;
use decoders::engine::{Engine, EngineConfig};
use decoders::packet::{Segment, TcpFlags};
use model::flow::{Address, Endpoint, FlowKey};
use model::units::{CaptureTime, Nanos};

/// Connections at a time.
const FLOWS: usize = 3;

/// One thing that happens.
#[derive(Arbitrary, Clone, Debug)]
pub struct Step {
    flow: u8,
    from_client: bool,
    /// Where the segment stands, relative to what was sent before: mostly right behind.
    offset: Offset,
    /// What it acknowledges, relative to what the other side sent.
    acknowledges: Offset,
    flags: Flags,
    payload: Payload,
    /// Bytes of the payload that the snap length cut.
    cut: u8,
    /// Time that passes before.
    pause: Pause,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Offset {
    None,
    NoneEither,
    NorHere,
    Little(i8),
    Much(i32),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Flags {
    Ack,
    AckToo,
    Syn,
    SynAck,
    Fin,
    Reset,
    Any(u8),
}

#[derive(Arbitrary, Clone, Debug)]
enum Payload {
    Nothing,
    Request(Target, Body),
    Answer(u16, Body),
    Interim,
    Zeros(u16),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Target {
    Root,
    User(u16),
    Connect,
    Head,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Body {
    None,
    Length(u16, u16),
    Chunked(u8),
    ToClose,
    Upgrade,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Pause {
    None,
    Micros(u16),
    Seconds(u8),
    Back(u16),
    Any(u64),
}

impl Body {
    /// The fields that announce it, and what of it is here.
    fn text(self) -> (String, String) {
        match self {
            Self::None => ("Content-Length: 0\r\n".into(), String::new()),
            Self::Length(length, here) => {
                let here = "x".repeat(usize::from(here.min(length) % 2_000));
                (format!("Content-Length: {length}\r\n"), here)
            }
            Self::Chunked(chunks) => {
                let chunks = "5;a=b\r\nhello\r\n".repeat(usize::from(chunks % 8));
                ("Transfer-Encoding: chunked\r\n".into(), format!("{chunks}0\r\nTrailer: x\r\n\r\n"))
            }
            Self::ToClose => ("Connection: close\r\n".into(), "y".repeat(100)),
            Self::Upgrade => ("Upgrade: websocket\r\nConnection: upgrade\r\n".into(), String::new()),
        }
    }
}

impl Payload {
    fn bytes(&self) -> Vec<u8> {
        let text = match self {
            Self::Nothing => String::new(),
            Self::Request(target, body) => {
                let (fields, body) = body.text();
                let line = match target {
                    Target::Root => "GET /".to_owned(),
                    Target::User(id) => format!("POST /users/{id}?q=1"),
                    Target::Connect => "CONNECT host.example:443".to_owned(),
                    Target::Head => "HEAD /".to_owned(),
                };
                format!("{line} HTTP/1.1\r\nHost: host.example\r\n{fields}\r\n{body}")
            }
            Self::Answer(status, body) => {
                let (fields, body) = body.text();
                format!("HTTP/1.1 {} Reason\r\n{fields}\r\n{body}", 100 + status % 500)
            }
            Self::Interim => "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            Self::Zeros(length) => return vec![0; usize::from(length % 3_000)],
            Self::Bytes(bytes) => return bytes.clone(),
        };
        text.into_bytes()
    }
}

impl Offset {
    const fn apply(self, sequence: u32) -> u32 {
        match self {
            Self::None | Self::NoneEither | Self::NorHere => sequence,
            Self::Little(by) => sequence.wrapping_add_signed(by as i32),
            Self::Much(by) => sequence.wrapping_add_signed(by),
        }
    }
}

impl Flags {
    const fn bits(self) -> u8 {
        match self {
            Self::Ack | Self::AckToo => TcpFlags::ACK,
            Self::Syn => TcpFlags::SYN,
            Self::SynAck => TcpFlags::SYN | TcpFlags::ACK,
            Self::Fin => TcpFlags::FIN | TcpFlags::ACK,
            Self::Reset => TcpFlags::RST | TcpFlags::ACK,
            Self::Any(bits) => bits,
        }
    }
}

/// The network: what each side of each connection will send next.
struct Network {
    next: [[u32; 2]; FLOWS],
    now: CaptureTime,
    number: u64,
}

impl Network {
    fn segment(&mut self, step: &Step) -> (Segment, Vec<u8>) {
        let flow = usize::from(step.flow) % FLOWS;
        let side = usize::from(!step.from_client);
        let client = Endpoint { address: Address::v4([10, 0, 0, 1]), port: 40_000 + flow as u16 };
        let server = Endpoint { address: Address::v4([10, 0, 0, 2]), port: 80 };
        let (source, target) = if step.from_client { (client, server) } else { (server, client) };
        let (key, from) = FlowKey::of(source, target);
        let bytes = step.payload.bytes();
        let cut = usize::from(step.cut).min(bytes.len());
        let flags = step.flags.bits();
        let ends = [TcpFlags::SYN, TcpFlags::FIN].iter().filter(|&&end| flags & end != 0).count();
        let sequence = step.offset.apply(self.next[flow][side]);
        self.next[flow][side] = sequence.wrapping_add((bytes.len() + ends) as u32);
        let segment = Segment {
            time: self.now,
            key,
            from,
            flags: TcpFlags(flags),
            sequence,
            acknowledgment: step.acknowledges.apply(self.next[flow][1 - side]),
            payload_start: 0,
            payload_length: (bytes.len() - cut) as u32,
            payload_missing: cut as u32,
            fingerprint: self.number,
        };
        let kept = bytes.len() - cut;
        (segment, bytes[..kept].to_vec())
    }

    fn pass(&mut self, pause: Pause) {
        self.now = match pause {
            Pause::None => self.now,
            Pause::Micros(micros) => self.now.plus(Nanos::from_micros(micros.into())),
            Pause::Seconds(seconds) => self.now.plus(Nanos::from_seconds(seconds.into())),
            Pause::Back(micros) => self.now.minus(Nanos::from_micros(micros.into())),
            Pause::Any(nanos) => CaptureTime::from_nanos(nanos),
        };
    }
}

/// Plays a conversation to an engine.
pub fn play(steps: &[Step], wires_are_known: bool) {
    let mut engine = Engine::new(&EngineConfig {
        wires: if wires_are_known { wires() } else { Vec::new() },
        keep_targets: true,
        report_connections: true,
        open_ages_every: Some(Nanos::from_seconds(1)),
    });
    let start = CaptureTime::from_parts(1_700_000_000, 0);
    let mut network = Network { next: [[0, u32::MAX - 1_000]; FLOWS], now: start, number: 0 };
    let mut account = Account::default();
    let mut newest = CaptureTime::ZERO;
    for step in steps {
        network.pass(step.pause);
        network.number += 1;
        if network.now > newest {
            engine.tick(network.number, network.now, newest);
            newest = network.now;
        }
        let (segment, payload) = network.segment(step);
        engine.segment(network.number, &segment, &payload);
        assert!(engine.connections() <= FLOWS, "ports that are used again replace a connection");
        account.take(engine.output());
    }
    engine.finish(network.number + 1, newest);
    account.take(engine.output());
    account.check();
}

fn wires() -> Vec<decoders::wires::WireConfig> {
    use decoders::http1::Naming as Names;
    use decoders::naming::Naming;
    let spec = model::wire::WireSpec::parse("http:80").unwrap();
    vec![decoders::wires::WireConfig { spec, naming: Naming::Http(Names::Templates) }]
}
