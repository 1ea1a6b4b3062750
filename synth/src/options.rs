//! What to synthesize.

use crate::SynthError;
use crate::workload::is_spoken;
use model::protocol::Protocol;
use model::units::{CaptureTime, Nanos};
use std::fmt;
use std::str::FromStr;

/// 2025-06-10 00:00:00 UTC: a day profile starts at midnight.
const START: CaptureTime = CaptureTime::from_parts(1_749_513_600, 0);
const DAY: Nanos = Nanos::from_seconds(86_400);
/// One request of one connection to the next, where nothing else is asked for.
const CYCLE: Nanos = Nanos::from_millis(1_200);

/// What to synthesize. The default is a clean capture of the steady profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What is spoken: HTTP, Postgres, Cassandra or Kafka.
    pub protocol: Protocol,
    /// How load and latencies go over time.
    pub profile: Profile,
    /// Requests in all.
    pub transactions: u64,
    /// The same seed and options give the same bytes.
    pub seed: u64,
    /// Time of the first packet, about.
    pub start: CaptureTime,
    /// How long new connections come. `None`: a day for [`Profile::Day`]; for [`Profile::Steady`]
    /// as long as keeps `connections` busy.
    pub duration: Option<Nanos>,
    /// Connections open at a time, at most; the steady profile keeps about as many open.
    pub connections: u32,
    /// Mean requests of a connection; geometrically distributed.
    pub requests_per_connection: f64,
    /// Client addresses.
    pub clients: u32,
    /// Server addresses.
    pub servers: u32,
    /// Ports of every server.
    pub ports: Vec<u16>,
    /// Sizes of bodies. `None`: what suits the profile.
    pub bodies: Option<BodySizes>,
    /// Part of the connections that use IPv6.
    pub ipv6_share: f64,
    /// Part of the connections that use TCP timestamps.
    pub tcp_timestamps_share: f64,
    /// Part of the requests that are never answered: the connection is closed or reset instead.
    pub unanswered_share: f64,
    /// Bodies hold text that looks like message heads.
    pub decoys: bool,
    /// Resolution of the capture file's times.
    pub precision: Precision,
    /// What is wrong with the network and the capture.
    pub dirt: Dirt,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http,
            profile: Profile::Steady,
            transactions: 10_000,
            seed: 1,
            start: START,
            duration: None,
            connections: 2_000,
            requests_per_connection: 10.0,
            clients: 1_000,
            servers: 4,
            ports: vec![80],
            bodies: None,
            ipv6_share: 0.1,
            tcp_timestamps_share: 0.5,
            unanswered_share: 0.000_5,
            decoys: false,
            precision: Precision::Nanoseconds,
            dirt: Dirt::default(),
        }
    }
}

impl Options {
    pub(crate) fn span(&self) -> Nanos {
        let steady = || {
            let cycles = u128::from(self.transactions) * u128::from(CYCLE.0);
            let span = cycles / u128::from(self.connections.max(1));
            Nanos(u64::try_from(span).unwrap_or(u64::MAX).max(1))
        };
        self.duration.unwrap_or_else(|| match self.profile {
            Profile::Steady => steady(),
            Profile::Day => DAY,
        })
    }

    /// From the end of an answer to the connection's next request, on average.
    pub(crate) fn think(&self) -> Nanos {
        let (Profile::Steady, Some(duration)) = (self.profile, self.duration) else { return CYCLE };
        let busy = u128::from(duration.0) * u128::from(self.connections);
        let cycle = busy / u128::from(self.transactions.max(1));
        let cycle = u64::try_from(cycle).unwrap_or(u64::MAX);
        Nanos(cycle.clamp(Nanos::from_millis(1).0, Nanos::from_seconds(5).0))
    }

    pub(crate) fn body_sizes(&self) -> BodySizes {
        self.bodies.unwrap_or(match self.profile {
            Profile::Steady => BodySizes::WEB,
            Profile::Day => BodySizes::SMALL,
        })
    }

    pub(crate) fn check(&self) -> Result<(), SynthError> {
        let wrong = |option, why| Err(SynthError::Option { option, why });
        for (option, share) in self.shares() {
            if !(0.0..=1.0).contains(&share) {
                return wrong(option, "a share lies between 0 and 1");
            }
        }
        if !is_spoken(self.protocol) {
            return wrong("protocol", "one of: http postgres cassandra kafka");
        }
        if self.connections == 0 {
            return wrong("connections", "at least one connection must be open at a time");
        }
        if !(1..=CLIENTS_MAX).contains(&self.clients) {
            return wrong("clients", "between 1 and 1,000,000 client addresses");
        }
        if u64::from(self.connections) > u64::from(self.clients) * u64::from(CLIENT_PORTS) / 2 {
            return wrong("connections", "too many at a time for so few clients' ports");
        }
        if !(1..=250).contains(&self.servers) || self.ports.is_empty() {
            return wrong("servers", "between 1 and 250 servers, with at least one port");
        }
        if !(1.0..=1e9).contains(&self.requests_per_connection) {
            return wrong("requests per connection", "a mean of at least 1");
        }
        if self.dirt.snaplen == Some(0) || self.dirt.capture_drop_burst == 0 {
            return wrong("snaplen, capture drop burst", "at least 1");
        }
        if self.body_sizes().median_bytes == 0 {
            return wrong("bodies", "a median of at least 1 byte");
        }
        Ok(())
    }

    fn shares(&self) -> [(&'static str, f64); 10] {
        let dirt = &self.dirt;
        [
            ("ipv6 share", self.ipv6_share),
            ("tcp timestamps share", self.tcp_timestamps_share),
            ("unanswered share", self.unanswered_share),
            ("large body share", self.body_sizes().large_share),
            ("loss before the tap", dirt.loss_before_tap),
            ("loss after the tap", dirt.loss_after_tap),
            ("reordering", dirt.reordering),
            ("duplicates", dirt.duplicates),
            ("capture drops", dirt.capture_drops),
            ("one direction", dirt.one_direction),
        ]
    }
}

/// Client addresses, at most: each has a counter of ports.
const CLIENTS_MAX: u32 = 1_000_000;
/// Ports of a client, as Linux has them by default.
pub(crate) const CLIENT_PORTS: u16 = 60_999 - CLIENT_PORT_FIRST + 1;
pub(crate) const CLIENT_PORT_FIRST: u16 = 32_768;

/// How load and latencies go over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The same load and latencies all the time.
    Steady,
    /// A day, by UTC: quiet nights, busy days, incidents at 05:00, 11:20 and 17:45, a cache that
    /// makes two bands.
    Day,
}

/// Lognormal sizes with a share of large ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodySizes {
    /// Median of the common ones.
    pub median_bytes: u32,
    /// Sigma of the common ones' logarithms.
    pub sigma: f64,
    /// Part of the bodies that are large.
    pub large_share: f64,
    /// The large ones lie, uniformly, between a fifth of it and it; no body is longer.
    pub max_bytes: u32,
}

impl BodySizes {
    /// A typical web mix.
    pub const WEB: Self =
        Self { median_bytes: 2_000, sigma: 1.1, large_share: 0.03, max_bytes: 100_000 };
    /// Small answers of an interface, so that a day fits into a small file.
    pub const SMALL: Self =
        Self { median_bytes: 250, sigma: 0.8, large_share: 0.005, max_bytes: 8_000 };
}

/// Resolution of the capture file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// pcap with nanoseconds.
    Nanoseconds,
    /// pcap with microseconds; the truth is cut to them too.
    Microseconds,
}

/// What is wrong with the network and the capture. Rates are per packet; off is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Dirt {
    /// Lost before the tap: only the retransmission is captured.
    pub loss_before_tap: f64,
    /// Lost after the tap: captured, then captured again as a retransmission.
    pub loss_after_tap: f64,
    /// Segments overtaken by the ones sent after them, before the tap.
    pub reordering: f64,
    /// By how many segments, at most.
    pub reordering_distance: u8,
    /// Captured twice, as at two capture points.
    pub duplicates: f64,
    /// Reached the receiver, but not the file.
    pub capture_drops: f64,
    /// Mean packets dropped in a row.
    pub capture_drop_burst: u32,
    /// The capture starts this long after the traffic: connections are open already.
    pub skip: Nanos,
    /// Bytes kept of each packet.
    pub snaplen: Option<u32>,
    /// Part of the connections of which only one direction is captured.
    pub one_direction: f64,
    /// The card's second queue is read late, by at most this: file times go back.
    pub queue_skew: Nanos,
}

impl Default for Dirt {
    fn default() -> Self {
        Self {
            loss_before_tap: 0.0,
            loss_after_tap: 0.0,
            reordering: 0.0,
            reordering_distance: 2,
            duplicates: 0.0,
            capture_drops: 0.0,
            capture_drop_burst: 1,
            skip: Nanos(0),
            snaplen: None,
            one_direction: 0.0,
            queue_skew: Nanos(0),
        }
    }
}

impl Dirt {
    /// Whether some bytes may be missing from the capture, or come late.
    pub fn is_clean(&self) -> bool {
        let Self { reordering_distance, capture_drop_burst, .. } = *self;
        *self == Self { reordering_distance, capture_drop_burst, ..Self::default() }
    }
}

macro_rules! names {
    ($kind:ident, $what:literal, $($name:literal => $variant:ident),+) => {
        impl FromStr for $kind {
            type Err = SynthError;

            fn from_str(text: &str) -> Result<Self, SynthError> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(SynthError::Option { option: $what, why: concat!("one of:" $(, " ", $name)+) }),
                }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }
    };
}

names!(Profile, "profile", "steady" => Steady, "day" => Day);
names!(Precision, "precision", "ns" => Nanoseconds, "us" => Microseconds);
