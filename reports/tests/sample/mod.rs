//! A day of made-up traffic: quiet hours, an incident at 05:00, two smaller ones, a route with two peaks, a hole.

#![allow(dead_code, reason = "each test file uses a part of it")]

use analyzer::target::Target;
use model::histogram::{CompactHistogram, Histogram, Threshold};
use model::ledger::{Ledger, Notices, Packets, Requests, Streams};
use model::transaction::Outcome;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use reports::input::{
    Cell, ConnectionTime, Metric, OutcomeCounts, ReportInput, RouteData, WireData,
};

/// 2026-03-12 00:00 UTC.
pub(crate) const MIDNIGHT: u64 = 1_773_273_600;
const WINDOWS: u64 = 288;
/// No observer ran from 14:10 to 14:35.
const HOLE: std::ops::Range<u64> = 170..175;

/// Deterministic noise.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn uniform(&mut self) -> f64 {
        // Knuth's MMIX multiplier; the high bits are good enough for a picture.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64
    }
}

/// A route: its part of the traffic, its peaks (weight, median in seconds, spread), its part in incidents.
struct Shape {
    wire: &'static str,
    method: &'static str,
    route: &'static str,
    part: f64,
    peaks: &'static [(f64, f64, f64)],
    suffers: f64,
}

const fn shape(
    wire: &'static str,
    method: &'static str,
    route: &'static str,
    part: f64,
    peaks: &'static [(f64, f64, f64)],
    suffers: f64,
) -> Shape {
    Shape { wire, method, route, part, peaks, suffers }
}

const WEB: &str = "http:80";
const INNER: &str = "http:8092";
const CACHE: &str = "tcp:6379";

const SHAPES: [Shape; 20] = [
    shape(WEB, "GET", "/api/search", 0.16, &[(0.7, 0.009, 0.3), (0.3, 0.16, 0.35)], 0.3),
    shape(WEB, "GET", "/users/{id}", 0.14, &[(1.0, 0.021, 0.4)], 1.0),
    shape(WEB, "POST", "/orders", 0.04, &[(1.0, 0.085, 0.45)], 1.4),
    shape(WEB, "GET", "/orders/{id}", 0.07, &[(1.0, 0.034, 0.4)], 1.0),
    shape(WEB, "GET", "/static/{file}", 0.2, &[(1.0, 0.0014, 0.5)], 0.0),
    shape(WEB, "POST", "/login", 0.03, &[(1.0, 0.24, 0.2)], 0.4),
    shape(WEB, "GET", "/cart", 0.06, &[(1.0, 0.018, 0.5)], 0.6),
    shape(WEB, "PUT", "/cart/items/{id}", 0.03, &[(1.0, 0.041, 0.4)], 0.8),
    shape(WEB, "DELETE", "/cart/items/{id}", 0.01, &[(1.0, 0.03, 0.4)], 0.8),
    shape(
        WEB,
        "GET",
        "/api/recommendations/for/{user}/in/{category}/top",
        0.05,
        &[(1.0, 0.07, 0.6)],
        0.2,
    ),
    shape(WEB, "GET", "/<script>alert(1)</script>", 0.001, &[(1.0, 0.004, 0.3)], 0.0),
    shape(WEB, "GET", "/health", 0.02, &[(1.0, 0.0006, 0.2)], 0.0),
    shape(WEB, "GET", "/export/{id}.csv", 0.004, &[(1.0, 0.42, 0.3)], 0.2),
    shape(WEB, "HEAD", "/", 0.005, &[(1.0, 0.002, 0.4)], 0.0),
    shape(INNER, "POST", "/inventory/reserve", 0.05, &[(1.0, 0.012, 0.5)], 0.9),
    shape(INNER, "GET", "/inventory/{sku}", 0.08, &[(1.0, 0.005, 0.4)], 0.2),
    shape(INNER, "GET", "/prices/{sku}", 0.06, &[(0.9, 0.0025, 0.3), (0.1, 0.03, 0.3)], 0.1),
    shape(INNER, "POST", "/mail", 0.01, &[(1.0, 0.13, 0.4)], 0.1),
    shape(INNER, "GET", "/flags", 0.02, &[(1.0, 0.0011, 0.3)], 0.0),
    shape(INNER, "POST", "/events", 0.03, &[(1.0, 0.003, 0.5)], 0.0),
];

/// The day, with about `per_day` requests.
pub(crate) fn day(per_day: f64) -> ReportInput {
    let mut noise = Noise(7);
    let mut routes = Vec::new();
    for shape in &SHAPES {
        routes.extend(route(shape, per_day, &mut noise));
    }
    let totals = |wire: &str| {
        let mut counts = OutcomeCounts::default();
        let ours = routes.iter().filter(|route: &&RouteData| route.wire == wire);
        ours.flat_map(|route| &route.outcomes).for_each(|(_, outcomes)| counts.merge(outcomes));
        counts
    };
    let mut wires = [(WEB, 0.000_2), (INNER, 0.0), (CACHE, 0.0)].map(|(name, loss)| WireData {
        name: name.to_owned(),
        ledger: ledger(&totals(name), loss),
        connections: connections(name, per_day, &mut noise),
    });
    // No decoder reads it.
    let span = (per_day * 420.0) as u64;
    wires[2].ledger.requests = Requests::default();
    wires[2].ledger.streams = Streams { span, opaque: span, ..Streams::default() };
    ReportInput {
        title: "web-1".to_owned(),
        sources: vec!["web-1.pcap".to_owned()],
        generator: "wirelat 0.1.0".to_owned(),
        span: Some((
            CaptureTime::from_parts(MIDNIGHT, 41_000_000),
            CaptureTime::from_parts(MIDNIGHT + 86_399, 0),
        )),
        window: WindowLength::new(Nanos::from_seconds(300)).unwrap(),
        windows: (0..WINDOWS).filter(|window| !HOLE.contains(window)).map(at).collect(),
        wires: wires.into(),
        routes,
        objectives: vec![Threshold::from_nanos(1_500_000_000), Threshold::from_nanos(200_000_000)],
        target: Target::DEFAULT,
        packets: Packets {
            packets: 9_812_554,
            captured_bytes: 7_310_222_118,
            wire_bytes: 7_310_222_118,
            tcp: 9_804_110,
            udp: 8_020,
            not_ip: 424,
            connections: 61_904,
            dropped: 312,
            ..Packets::default()
        },
        notes: vec![
            "the last record of web-1.pcap is truncated: what came before it counts".to_owned(),
        ],
    }
}

/// A connection for every ten requests; the cache's clients connect once in a while.
fn connections(wire: &str, per_day: f64, noise: &mut Noise) -> Vec<(ConnectionTime, Vec<Cell>)> {
    let (part, way) = match wire {
        WEB => (0.1, 0.018),
        INNER => (0.02, 0.000_4),
        _ => (0.002, 0.000_15),
    };
    let mut times = ConnectionTime::ALL.map(|time| (time, Vec::new()));
    for window in (0..WINDOWS).filter(|window| !HOLE.contains(window)) {
        let mut histograms = [const { Histogram::new() }; 3];
        for _ in 0..noise.poisson(per_day * part * load(window) / 200.0) {
            let rtt = way * (0.3 * noise.normal()).exp();
            // A SYN that is lost comes again after a second.
            let connect = rtt + if noise.uniform() < 0.002 { 1.0 } else { 0.0 };
            let seconds = [connect, rtt, connect + rtt + 0.3 * way * noise.uniform()];
            for (histogram, seconds) in histograms.iter_mut().zip(seconds) {
                histogram.record_nanos((seconds * 1e9) as u64);
            }
        }
        for ((_, cells), histogram) in times.iter_mut().zip(&histograms) {
            let compact = CompactHistogram::from(histogram);
            if !compact.is_empty() {
                cells.push((at(window), compact));
            }
        }
    }
    times.into()
}

pub(crate) fn at(window: u64) -> CaptureTime {
    CaptureTime::from_parts(MIDNIGHT + window * 300, 0)
}

/// Traffic over the day: a low in the night, highs before noon and in the evening.
fn load(window: u64) -> f64 {
    let hour = window as f64 / 12.0;
    if (2.0..3.5).contains(&hour) {
        return 0.004;
    }
    let bell = |centre: f64, width: f64| (-((hour - centre) / width).powi(2)).exp();
    0.18 + 1.1 * bell(10.5, 3.0) + 1.3 * bell(19.5, 2.5) + 0.4 * bell(5.2, 1.0)
}

/// How bad it is: 1 at the height of the incident at 05:00.
fn trouble(window: u64) -> f64 {
    match window {
        60..70 => 1.0 - (window as f64 - 64.0).abs() / 12.0,
        151..154 => 0.25,
        236..239 => 0.12,
        _ => 0.0,
    }
}

fn route(shape: &Shape, per_day: f64, noise: &mut Noise) -> Vec<RouteData> {
    let mut ok = Parts::default();
    let mut client = Parts::default();
    let mut server = Parts::default();
    let mut unanswered = RouteData::default();
    for window in (0..WINDOWS).filter(|window| !HOLE.contains(window)) {
        let count = noise.poisson(per_day * shape.part * load(window) / 200.0);
        let mut lost = OutcomeCounts::default();
        for _ in 0..count {
            let bad = trouble(window) * shape.suffers;
            let suffers = noise.uniform() < bad * 0.06;
            if suffers && noise.uniform() < 0.02 {
                lost.add(Outcome::Unanswered, 1);
                continue;
            }
            let seconds =
                if suffers { 1.9 * (0.35 * noise.normal()).exp() } else { draw(shape, bad, noise) };
            let fate = noise.uniform();
            let parts = if suffers && fate < 0.3 {
                &mut server
            } else if fate < 0.008 {
                &mut client
            } else {
                &mut ok
            };
            parts.record(seconds, noise.uniform());
        }
        ok.close(window, Outcome::Ok);
        client.close(window, Outcome::ClientError);
        server.close(window, Outcome::ServerError);
        if lost.total() > 0 {
            unanswered.outcomes.push((at(window), lost));
        }
    }
    let classes =
        [("2xx", ok.route), ("4xx", client.route), ("5xx", server.route), ("", unanswered)];
    let named = |(status, route): (&str, RouteData)| RouteData {
        wire: shape.wire.to_owned(),
        method: shape.method.to_owned(),
        route: shape.route.to_owned(),
        status: status.to_owned(),
        ..route
    };
    classes.into_iter().filter(|(_, route)| !route.outcomes.is_empty()).map(named).collect()
}

fn draw(shape: &Shape, bad: f64, noise: &mut Noise) -> f64 {
    let mut pick = noise.uniform();
    let mut chosen = shape.peaks[0];
    for &peak in shape.peaks {
        chosen = peak;
        pick -= peak.0;
        if pick < 0.0 {
            break;
        }
    }
    let tail = if noise.uniform() < 0.0001 * shape.suffers { 18.0 } else { 1.0 };
    chosen.1 * (chosen.2 * noise.normal()).exp() * (1.0 + 0.8 * bad) * tail
}

/// One status class while it is being filled.
#[derive(Default)]
struct Parts {
    total: Histogram,
    first_byte: Histogram,
    server: Histogram,
    route: RouteData,
}

impl Parts {
    fn record(&mut self, seconds: f64, share: f64) {
        let nanos = (seconds * 1e9) as u64;
        self.total.record_nanos(nanos);
        self.first_byte.record_nanos((nanos as f64 * (0.6 + 0.3 * share)) as u64);
        self.server.record_nanos((nanos as f64 * (0.5 + 0.3 * share)) as u64);
    }

    fn close(&mut self, window: u64, outcome: Outcome) {
        let metrics = [
            (Metric::Total, &mut self.total),
            (Metric::FirstByte, &mut self.first_byte),
            (Metric::Server, &mut self.server),
        ];
        for (place, (metric, histogram)) in metrics.into_iter().enumerate() {
            let compact = CompactHistogram::from(&*histogram);
            histogram.clear();
            if compact.is_empty() {
                return;
            }
            if place == 0 {
                let count = model::histogram::Distribution::count(&compact);
                let mut counts = OutcomeCounts::default();
                counts.add(outcome, count);
                self.route.outcomes.push((at(window), counts));
            }
            if self.route.latencies.len() <= place {
                self.route.latencies.push((metric, Vec::new()));
            }
            self.route.latencies[place].1.push((at(window), compact));
        }
    }
}

fn ledger(counts: &OutcomeCounts, loss: f64) -> Ledger {
    let answered = counts.ok + counts.client_error + counts.server_error;
    let span = counts.total() * 5_400;
    let gap = (span as f64 * loss) as u64;
    let quarantined = u64::from(gap > 0) * 37;
    Ledger {
        requests: Requests {
            started: counts.total() + quarantined + 2,
            answered,
            unanswered: counts.unanswered,
            quarantined,
            open_after: 2,
            ..Requests::default()
        },
        streams: Streams {
            span,
            decoded: span / 10,
            skipped: span - span / 10 - gap,
            gap,
            ..Streams::default()
        },
        notices: Notices {
            retransmitted_bytes: 48_212,
            out_of_order: 118,
            gaps: quarantined,
            interim_answers: 9,
            ..Notices::default()
        },
    }
}
