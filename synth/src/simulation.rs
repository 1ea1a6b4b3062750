//! The loop: connections come, events happen in order of time, connections go.

use crate::connection::{Connection, TIMESTAMP_OPTION, Track};
use crate::network::Network;
use crate::options::{CLIENT_PORT_FIRST, CLIENT_PORTS, Options};
use crate::random::Random;
use crate::ranges::Ranges;
use crate::tcp::{Side, TcpEnd};
use crate::{Summary, SynthError};
use model::flow::{Address, Endpoint};
use model::units::{CaptureTime, Nanos};
use std::collections::VecDeque;
use std::io::Write;

/// Ethernet's 1500 bytes without the headers of IP and TCP.
const MSS_IPV4: u16 = 1_460;
const MSS_IPV6: u16 = 1_440;

/// Connections by slot, and who comes next.
pub(crate) struct Simulation<'a, W, T> {
    options: &'a Options,
    network: Network<W, T>,
    connections: Vec<Option<Box<Connection>>>,
    free: Vec<u32>,
    open: u32,
    opened: u64,
    /// Requests that connections, open or over, have made or will make.
    promised: u64,
    /// Next port of each client.
    ports: Vec<u16>,
    now: CaptureTime,
}

impl<'a, W: Write, T: Write> Simulation<'a, W, T> {
    pub(crate) fn new(
        options: &'a Options,
        capture: W,
        truth: Option<T>,
    ) -> Result<Self, SynthError> {
        Ok(Self {
            options,
            network: Network::new(options, capture, truth)?,
            connections: Vec::new(),
            free: Vec::new(),
            open: 0,
            opened: 0,
            promised: 0,
            ports: vec![0; options.clients as usize],
            now: options.start,
        })
    }

    pub(crate) fn run(mut self) -> Result<Summary, SynthError> {
        let mut next_open = self.next_open();
        loop {
            let next_event = self.network.schedule.next_at();
            match (next_open, next_event) {
                (Some(open), event) if event.is_none_or(|event| open <= event) => {
                    self.now = self.now.max(open);
                    self.open_connection();
                }
                (_, Some(_)) => self.step()?,
                (_, None) => break,
            }
            let more = self.promised < self.options.transactions;
            next_open = match next_open {
                _ if !more || self.open >= self.options.connections => None,
                _ => self.next_open(),
            };
        }
        self.finish()
    }

    /// When the next connection comes: as far along the load as requests are promised.
    fn next_open(&mut self) -> Option<CaptureTime> {
        if self.promised >= self.options.transactions {
            return None;
        }
        let part = self.promised as f64 / self.options.transactions as f64;
        Some(self.network.workload.clock.moment(part))
    }

    fn step(&mut self) -> Result<(), SynthError> {
        let Some((at, slot, event)) = self.network.schedule.pop() else { return Ok(()) };
        self.now = at;
        let Some(place) = self.connections.get_mut(slot as usize) else { return Ok(()) };
        let Some(connection) = place else { return Ok(()) };
        self.network.handle(connection, event, at)?;
        if connection.pending == 0 {
            // What it did not get to ask, others will.
            self.promised -= connection.requests_left;
            *place = None;
            self.free.push(slot);
            self.open -= 1;
        }
        Ok(())
    }

    fn open_connection(&mut self) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            (self.connections.len() - 1) as u32
        });
        let mut connection = Box::new(self.connection(slot));
        self.promised += connection.requests_left;
        self.network.open(&mut connection, self.now);
        if let Some(place) = self.connections.get_mut(slot as usize) {
            *place = Some(connection);
        }
        self.open += 1;
        self.opened += 1;
    }

    fn connection(&mut self, slot: u32) -> Connection {
        let seed = self.options.seed;
        let mut random = Random::new(seed, 2 * self.opened);
        let mishaps = Random::new(seed, 2 * self.opened + 1);
        let ipv6 = random.chance(self.options.ipv6_share);
        let (client, server) = self.endpoints(ipv6, &mut random);
        let timestamps = random.chance(self.options.tcp_timestamps_share);
        let mss = if ipv6 { MSS_IPV6 } else { MSS_IPV4 };
        let mss = mss - if timestamps { TIMESTAMP_OPTION } else { 0 };
        let far = far(&mut random);
        let near = random.span_between(Nanos::from_micros(5), Nanos::from_micros(25));
        let (habits, requests) = self.network.workload.connection(&mut random);
        Connection {
            slot,
            client,
            server,
            habits,
            timestamps,
            only: self.only_side(),
            far,
            near,
            client_end: TcpEnd::new(mss, random.next_u64() as u16),
            server_end: TcpEnd::new(mss, random.next_u64() as u16),
            client_track: self.track(&mut random),
            server_track: self.track(&mut random),
            exchanges: VecDeque::new(),
            consumed: 0,
            served: 0,
            requests_left: requests.min(self.options.transactions - self.promised),
            pending: 0,
            random,
            mishaps,
        }
    }

    /// Drawn apart, so that the packets stay the same.
    fn only_side(&self) -> Option<Side> {
        let mut random = Random::new(!self.options.seed, self.opened);
        if !random.chance(self.options.dirt.one_direction) {
            return None;
        }
        Some(if random.chance(0.5) { Side::Client } else { Side::Server })
    }

    fn track(&self, random: &mut Random) -> Track {
        Track {
            isn: random.next_u64() as u32,
            stamp_base: random.next_u64() as u32,
            kept: self.options.dirt.snaplen.map(|_| Ranges::default()),
            ..Track::default()
        }
    }

    fn endpoints(&mut self, ipv6: bool, random: &mut Random) -> (Endpoint, Endpoint) {
        let client = random.below(u64::from(self.options.clients)) as u32;
        let server = random.below(u64::from(self.options.servers)) as u8;
        let port = random.pick(&self.options.ports).copied().unwrap_or(80);
        let used = self.ports.get_mut(client as usize).map_or(0, |next| {
            let used = *next;
            *next = (used + 1) % CLIENT_PORTS;
            used
        });
        (
            Endpoint { address: client_address(client, ipv6), port: CLIENT_PORT_FIRST + used },
            Endpoint { address: server_address(server, ipv6), port },
        )
    }

    fn finish(mut self) -> Result<Summary, SynthError> {
        self.network.tap.finish()?;
        let summary = Summary {
            packets: self.network.tap.packets,
            bytes: self.network.tap.bytes,
            transactions: self.network.transactions,
            connections: self.opened,
            first: self.network.tap.first,
            last: self.network.tap.last,
        };
        self.network.truth.finish()?;
        Ok(summary)
    }
}

/// Clients in the same datacenter, and clients of the world.
fn far(random: &mut Random) -> Nanos {
    if random.chance(0.4) {
        random.span(Nanos::from_micros(150), 0.3)
    } else {
        random.span(Nanos::from_millis(9), 0.6)
    }
}

/// 10.64.0.0/12, and the documentation prefix (RFC 3849).
fn client_address(index: u32, ipv6: bool) -> Address {
    let [_, high, middle, low] = index.to_be_bytes();
    if ipv6 {
        return Address::v6([0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, high, middle, low]);
    }
    Address::v4([10, 64 + high, middle, low])
}

fn server_address(index: u8, ipv6: bool) -> Address {
    if ipv6 {
        return Address::v6([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, index + 1]);
    }
    Address::v4([10, 0, 0, index + 1])
}
