//! One request and its answer, planned whole when the client asks: what happens to the packets
//! later does not change what was planned.

use super::clock::Clock;
use super::dialects::{self, Draft, Talk};
use super::filler::Filler;
use super::heads::{self, Agent, Framing, RequestHead, ResponseHead};
use super::message::{Body, Chunks, Message};
use super::routes::{ROUTES, Route, Target, weights};
use crate::options::{BodySizes, Options};
use crate::random::Random;
use model::protocol::Protocol;
use model::units::{CaptureTime, Nanos};

/// Pipelined requests, where a client pipelines.
const PIPELINE_SHARE: f64 = 0.02;
const PIPELINE_MAX: u64 = 4;
const CHUNKED_SHARE: f64 = 0.12;
const TRAILER_SHARE: f64 = 0.2;
const CHUNKED_UPLOAD_SHARE: f64 = 0.05;
const CONTINUE_SHARE: f64 = 0.7;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Workload {
    protocol: Protocol,
    sizes: BodySizes,
    decoys: bool,
    unanswered_share: f64,
    requests_mean: f64,
    think: Nanos,
    weights: u32,
    pub(crate) clock: Clock,
}

/// What a connection's client is like.
#[derive(Debug)]
pub(crate) struct Habits {
    agent: Option<&'static Agent>,
    pub(crate) ending: Ending,
    /// HTTP/1.0: one request, and the answer ends with the connection.
    old: bool,
    /// The last answer has no length.
    close_delimited: bool,
    /// Requests that were planned.
    asked: u64,
}

/// How a connection ends when all is asked and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    ClientCloses,
    /// The server closes an idle connection.
    ServerCloses,
    /// Both said `Connection: close`: the server closes after its answer.
    Announced,
    ClientResets,
    ServerResets,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// The server resets, or closes, instead.
    ServerResets,
    ServerCloses,
    /// The client does not wait any longer.
    ClientResets,
}

/// How the server hands its answer to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    Whole,
    HeadFirst,
    Chunks,
}

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) protocol: Protocol,
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) status: u16,
    pub(crate) request: Message,
    pub(crate) response: Message,
    pub(crate) writes: Writes,
    /// Between two writes of the answer.
    pub(crate) pause: Nanos,
    pub(crate) expects_continue: bool,
    /// From the request's arrival at the server to the answer's first byte.
    pub(crate) latency: Nanos,
    /// Place in the queue after a stall, in [0, 1).
    pub(crate) drain: f64,
    pub(crate) fate: Fate,
    /// The server closes after this answer.
    pub(crate) closes: bool,
    /// Only the end of the connection ends this answer.
    pub(crate) close_delimited: bool,
}

impl Workload {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            protocol: options.protocol,
            sizes: options.body_sizes(),
            decoys: options.decoys,
            unanswered_share: options.unanswered_share,
            requests_mean: options.requests_per_connection,
            think: options.think(),
            weights: weights(),
            clock: Clock::new(options),
        }
    }

    /// A new client, and how many requests it will make.
    pub(crate) fn connection(&self, random: &mut Random) -> (Habits, u64) {
        let old = random.chance(0.03) && self.protocol == Protocol::Http;
        let ending = match random.unit() {
            _ if old => Ending::Announced,
            draw if draw < 0.60 => Ending::ClientCloses,
            draw if draw < 0.80 => Ending::ServerCloses,
            draw if draw < 0.94 => Ending::Announced,
            draw if draw < 0.98 => Ending::ClientResets,
            _ => Ending::ServerResets,
        };
        let ending = match ending {
            // Only HTTP says beforehand which answer is the last.
            Ending::Announced if self.protocol != Protocol::Http => Ending::ClientCloses,
            ending => ending,
        };
        let more = random.exponential((self.requests_mean - 1.0).max(0.0) + 1e-9);
        let requests = if old { 1 } else { 1 + (more + 0.5) as u64 };
        let close_delimited = old || (ending == Ending::Announced && random.chance(0.3));
        let agent = heads::agent(random);
        (Habits { agent, ending, old, close_delimited, asked: 0 }, requests)
    }

    /// How long a client waits before it asks again.
    pub(crate) fn think(&self, random: &mut Random) -> Nanos {
        let mean = self.think.0 as f64;
        Nanos((0.2 * mean + random.exponential(0.8 * mean)) as u64)
    }

    /// How many requests go out at once.
    pub(crate) fn pipelined(&self, habits: &Habits, left: u64, random: &mut Random) -> u64 {
        // What sets a connection up is waited for.
        let may = self.protocol == Protocol::Http || habits.asked > 1;
        if may && left > 1 && random.chance(PIPELINE_SHARE) {
            return random.between(2, PIPELINE_MAX + 1).min(left);
        }
        1
    }

    /// Plans a request that is made `at` a time. `last`: no other follows on this connection.
    pub(crate) fn plan(
        &self,
        habits: &mut Habits,
        at: CaptureTime,
        last: bool,
        pipelined: bool,
        random: &mut Random,
    ) -> Plan {
        let asked = habits.asked;
        habits.asked += 1;
        let habits = &*habits;
        let route = self.route(pipelined || habits.old, random);
        let target = heads::target(route.target, random);
        let (latency, failure) = self.clock.latency(route, at, random);
        let status = failure.unwrap_or_else(|| status(route, random));
        let announced = last && habits.ending == Ending::Announced;
        if self.protocol != Protocol::Http {
            let (body, filler) = (self.body_len(random), self.filler(random));
            let draft = Draft { asked, at, body, filler, random: &mut *random };
            if let Some(talk) = dialects::talk(self.protocol, draft) {
                return self.plan_of(talk, latency, asked, random);
            }
        }
        let (request, expects_continue) = self.request(route, &target, habits, announced, random);
        let mut plan = Plan {
            protocol: self.protocol,
            method: route.method,
            target,
            status,
            request,
            response: Message::default(),
            writes: Writes::Whole,
            pause: random.span(Nanos::from_micros(1_500), 0.7),
            expects_continue,
            latency: Nanos(latency.0.max(20_000)),
            drain: random.unit(),
            fate: self.fate(pipelined, random),
            closes: announced,
            close_delimited: false,
        };
        let delimited = announced && habits.close_delimited;
        self.answer(&mut plan, route, habits, delimited, at, random);
        plan
    }

    /// The plan of what is asked and answered in another protocol than HTTP.
    fn plan_of(&self, talk: Talk, latency: Nanos, asked: u64, random: &mut Random) -> Plan {
        Plan {
            protocol: self.protocol,
            method: talk.operation,
            target: talk.target,
            status: 200,
            request: talk.request,
            response: talk.response,
            writes: Writes::Whole,
            pause: Nanos(0),
            expects_continue: false,
            latency: Nanos(latency.0.max(20_000)),
            drain: random.unit(),
            // What sets a connection up is answered.
            fate: self.fate(asked < 2, random),
            closes: false,
            close_delimited: false,
        }
    }

    fn route(&self, only_get: bool, random: &mut Random) -> &'static Route {
        loop {
            let mut draw = random.below(u64::from(self.weights)) as u32;
            for route in &ROUTES {
                if draw < route.weight {
                    if only_get && route.method != "GET" {
                        break;
                    }
                    return route;
                }
                draw -= route.weight;
            }
        }
    }

    fn fate(&self, pipelined: bool, random: &mut Random) -> Fate {
        if pipelined || !random.chance(self.unanswered_share) {
            return Fate::Answered;
        }
        let fates = [Fate::ServerResets, Fate::ServerCloses, Fate::ClientResets];
        random.pick(&fates).copied().unwrap_or(Fate::Answered)
    }

    fn request(
        &self,
        route: &Route,
        target: &str,
        habits: &Habits,
        closes: bool,
        random: &mut Random,
    ) -> (Message, bool) {
        let uploads = route.target == Target::Upload;
        let body = match route.method {
            "POST" if uploads => self.body_len(random).saturating_mul(4),
            "POST" | "PUT" | "PATCH" => (random.lognormal(180.0, 0.7) as u64).max(2),
            _ => 0,
        };
        let body = body.min(u64::from(self.sizes.max_bytes));
        let chunked = body > 0 && random.chance(CHUNKED_UPLOAD_SHARE);
        let framing = match body {
            0 => Framing::None,
            _ if chunked => Framing::Chunked { trailers: false },
            _ => Framing::Length(body),
        };
        let head = RequestHead {
            method: route.method,
            target,
            version: version(habits),
            framing,
            expects_continue: uploads && random.chance(CONTINUE_SHARE),
            closes: closes && !habits.old,
        };
        let bytes = habits.agent.map(|agent| heads::request(&head, agent, random));
        let message = Message {
            head: bytes.unwrap_or_default(),
            body: self.body(body, framing, random),
            filler: self.filler(random),
            ..Message::default()
        };
        (message, head.expects_continue)
    }

    fn answer(
        &self,
        plan: &mut Plan,
        route: &Route,
        habits: &Habits,
        delimited: bool,
        at: CaptureTime,
        random: &mut Random,
    ) {
        let bodiless = matches!(plan.status, 204 | 304);
        let body = match plan.status {
            _ if bodiless => 0,
            302 => 0,
            400.. => random.between(20, 400),
            _ => self.body_len(random),
        };
        let chunked = body > 0 && !habits.old && (route.streams || random.chance(CHUNKED_SHARE));
        let framing = match body {
            _ if bodiless => Framing::None,
            _ if delimited && body > 0 => Framing::None,
            _ if chunked => Framing::Chunked { trailers: random.chance(TRAILER_SHARE) },
            _ => Framing::Length(body),
        };
        let head = ResponseHead {
            version: version(habits),
            status: plan.status,
            framing,
            closes: plan.closes,
            at: at.plus(plan.latency),
        };
        let sent = if route.method == "HEAD" { 0 } else { body };
        plan.close_delimited = delimited && sent > 0;
        plan.writes = match framing {
            Framing::Chunked { .. } if route.streams => Writes::Chunks,
            _ if sent > 0 && random.chance(0.1) => Writes::HeadFirst,
            _ => Writes::Whole,
        };
        plan.response = Message {
            head: heads::response(&head, random),
            body: self.body(sent, framing, random),
            filler: self.filler(random),
            ..Message::default()
        };
    }

    fn body(&self, len: u64, framing: Framing, random: &mut Random) -> Body {
        match framing {
            _ if len == 0 => Body::None,
            Framing::None | Framing::Length(_) => Body::Plain(len),
            Framing::Chunked { trailers } => {
                let size = random.between(200, 8_192).max(len / 8).min(len);
                let lines = if trailers { heads::trailers(random) } else { String::new() };
                Body::Chunked(Chunks::new(len, size, &lines))
            }
        }
    }

    fn filler(&self, random: &mut Random) -> Filler {
        Filler { at: random.next_u64() as u32, decoys: self.decoys }
    }

    fn body_len(&self, random: &mut Random) -> u64 {
        let most = u64::from(self.sizes.max_bytes).max(1);
        if random.chance(self.sizes.large_share) {
            return random.between(most / 5, most + 1).max(1);
        }
        let len = random.lognormal(f64::from(self.sizes.median_bytes), self.sizes.sigma) as u64;
        len.clamp(1, most)
    }
}

fn version(habits: &Habits) -> &'static str {
    if habits.old { "HTTP/1.0" } else { "HTTP/1.1" }
}

fn status(route: &Route, random: &mut Random) -> u16 {
    let mut draw = random.unit();
    for &(status, share) in route.statuses {
        if draw < share {
            return status;
        }
        draw -= share;
    }
    route.usual
}
