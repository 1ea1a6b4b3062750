//! A request and its answer on the wire: where their bytes stand, and when they were captured.

use crate::tcp::Side;
use crate::truth::Ticket;
use crate::workload::{CONTINUE, Message, Plan};
use model::transaction::Moments;
use model::units::CaptureTime;
use std::ops::Range;

/// A planned request and what became of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) plan: Plan,
    pub(crate) request_at: Option<u64>,
    pub(crate) interim_at: Option<u64>,
    pub(crate) response_at: Option<u64>,
    /// The server was told to ask for the body; the client was told to send it; the server works.
    pub(crate) interim_planned: bool,
    pub(crate) body_planned: bool,
    pub(crate) service_planned: bool,
    /// Bytes of the answer that are written.
    pub(crate) written: u64,
    pub(crate) moments: Moments,
    /// When a packet with bytes of it passed the tap last, captured or not.
    pub(crate) passed_last: CaptureTime,
    /// Its place in the truth, once its last byte was captured.
    pub(crate) ticket: Option<Ticket>,
}

/// Which of the messages that a side sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Request,
    Interim,
    Response,
}

impl Exchange {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            request_at: None,
            interim_at: None,
            response_at: None,
            interim_planned: false,
            body_planned: false,
            service_planned: false,
            written: 0,
            moments: Moments::default(),
            passed_last: CaptureTime::ZERO,
            ticket: None,
        }
    }

    /// Where the request stands in the client's stream.
    pub(crate) fn request(&self) -> Option<Range<u64>> {
        self.request_at.map(|at| at..at + self.plan.request.len())
    }

    /// Where the interim answer stands in the server's stream.
    pub(crate) fn interim(&self) -> Option<Range<u64>> {
        self.interim_at.map(|at| at..at + CONTINUE.len() as u64)
    }

    /// Where the answer stands in the server's stream.
    pub(crate) fn response(&self) -> Option<Range<u64>> {
        self.response_at.map(|at| at..at + self.plan.response.len())
    }

    /// Appends what of `[from, to)` of a side's stream is this exchange's.
    pub(crate) fn copy(&self, side: Side, from: u64, to: u64, out: &mut Vec<u8>) {
        let message = |range: Option<Range<u64>>, message: &Message, out: &mut Vec<u8>| {
            if let Some(within) = range.and_then(|range| overlap(&range, from, to)) {
                message.copy(within.start, within.end, out);
            }
        };
        match side {
            Side::Client => message(self.request(), &self.plan.request, out),
            Side::Server => {
                if let Some(within) = self.interim().and_then(|range| overlap(&range, from, to)) {
                    let bytes = CONTINUE.get(within.start as usize..within.end as usize);
                    out.extend_from_slice(bytes.unwrap_or_default());
                }
                message(self.response(), &self.plan.response, out);
            }
        }
    }

    /// Notes that `[from, to)` of a side's stream passed the tap; true where the answer's last byte
    /// was captured just now.
    pub(crate) fn passed(
        &mut self,
        side: Side,
        from: u64,
        to: u64,
        at: CaptureTime,
        captured: Option<CaptureTime>,
    ) -> bool {
        let (range, message) = match side {
            Side::Client => (self.request(), &self.plan.request),
            Side::Server => (self.response(), &self.plan.response),
        };
        let range = range.map(|range| range.start + message.before..range.end - message.behind);
        let moments = &mut self.moments;
        let (first, last) = match side {
            Side::Client => (&mut moments.request_first, &mut moments.request_last),
            Side::Server => (&mut moments.response_first, &mut moments.response_last),
        };
        let Some(range) = range.filter(|range| from < range.end && range.start < to) else {
            return false;
        };
        self.passed_last = self.passed_last.max(at);
        if from <= range.start && first.is_none() {
            *first = captured;
        }
        if to >= range.end && last.is_none() {
            *last = captured;
            return side == Side::Server && captured.is_some();
        }
        false
    }

    /// The messages that are on the wire, with their sides and places.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Part, Side, Range<u64>)> {
        [
            self.request().map(|range| (Part::Request, Side::Client, range)),
            self.interim().map(|range| (Part::Interim, Side::Server, range)),
            self.response().map(|range| (Part::Response, Side::Server, range)),
        ]
        .into_iter()
        .flatten()
    }
}

/// `[from, to)` within `range`, counted from its start.
fn overlap(range: &Range<u64>, from: u64, to: u64) -> Option<Range<u64>> {
    let (low, high) = (from.max(range.start), to.min(range.end));
    (low < high).then(|| low - range.start..high - range.start)
}
