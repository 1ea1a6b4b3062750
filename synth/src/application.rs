//! What the two programs do: the client asks, the server answers, one of them closes.

use crate::connection::Connection;
use crate::exchange::Exchange;
use crate::schedule::{Event, Schedule};
use crate::tcp::Side;
use crate::workload::{CONTINUE, Ending, Fate, Workload, Writes};
use model::units::{CaptureTime, Nanos};

/// Reaction times of programs and kernels.
const WAKE_LOW: Nanos = Nanos::from_micros(20);
const WAKE_HIGH: Nanos = Nanos::from_micros(120);
/// How long a side keeps an idle connection.
const LINGER: Nanos = Nanos::from_millis(300);
/// How long a client waits for an answer that does not come.
const PATIENCE: Nanos = Nanos::from_millis(1_500);

impl Connection {
    /// When a program that is woken now gets to do something.
    pub(crate) fn wake(&mut self, now: CaptureTime) -> CaptureTime {
        now.plus(self.mishaps.span_between(WAKE_LOW, WAKE_HIGH))
    }

    /// The client writes its next request, or a few at once.
    pub(crate) fn client_request(&mut self, now: CaptureTime, workload: &Workload) {
        let count = workload.pipelined(&self.habits, self.requests_left, &mut self.random);
        for _ in 0..count {
            self.requests_left -= 1;
            let last = self.requests_left == 0;
            let plan = workload.plan(&mut self.habits, now, last, count > 1, &mut self.random);
            let mut exchange = Exchange::new(plan);
            let at = self.client_end.end;
            exchange.request_at = Some(at);
            let message = &exchange.plan.request;
            let waits = exchange.plan.expects_continue;
            self.client_end.end += if waits { message.head_len() } else { message.len() };
            self.exchanges.push_back(exchange);
        }
    }

    /// The client writes the body that it held back.
    pub(crate) fn client_body(&mut self) {
        let end = self.exchanges.back().and_then(Exchange::request).map(|range| range.end);
        self.client_end.end = end.unwrap_or(self.client_end.end);
    }

    /// The server asks for the body.
    pub(crate) fn server_continue(&mut self) {
        let at = self.server_end.end;
        if let Some(exchange) = self.exchanges.get_mut(self.served) {
            exchange.interim_at = Some(at);
            self.server_end.end += CONTINUE.len() as u64;
        }
    }

    /// Bytes of requests arrived at the server.
    pub(crate) fn serve(&mut self, schedule: &mut Schedule, workload: &Workload, now: CaptureTime) {
        let received = self.server_end.received;
        let wake = self.wake(now);
        let Some(exchange) = self.exchanges.get_mut(self.served) else { return };
        let Some(request) = exchange.request() else { return };
        let plan = &exchange.plan;
        if plan.expects_continue
            && !exchange.interim_planned
            && received >= request.start + plan.request.head_len()
        {
            exchange.interim_planned = true;
            self.plan(schedule, wake, Event::ServerContinue);
            return;
        }
        if received < request.end || exchange.service_planned {
            return;
        }
        exchange.service_planned = true;
        let done = now.plus(plan.latency);
        let event = match plan.fate {
            Fate::Answered => Event::ServerWrite,
            Fate::ServerResets => Event::Reset(Side::Server),
            Fate::ServerCloses => Event::Close(Side::Server),
            Fate::ClientResets => {
                let patience = self.random.span(PATIENCE, 0.4);
                self.plan(schedule, now.plus(patience), Event::Reset(Side::Client));
                return;
            }
        };
        let at = workload.clock.answered(done, plan.drain);
        self.plan(schedule, at, event);
    }

    /// The server writes its answer, or the next piece of it.
    pub(crate) fn server_write(&mut self, schedule: &mut Schedule, now: CaptureTime) {
        let Some(exchange) = self.exchanges.get_mut(self.served) else { return };
        let start = *exchange.response_at.get_or_insert(self.server_end.end);
        let plan = &exchange.plan;
        let written = match plan.writes {
            Writes::HeadFirst if exchange.written == 0 => plan.response.head_len(),
            Writes::Chunks => plan.response.chunk_end_after(exchange.written),
            Writes::HeadFirst | Writes::Whole => plan.response.len(),
        };
        exchange.written = written;
        self.server_end.end = start + written;
        if written < plan.response.len() {
            let at = now.plus(plan.pause);
            self.plan(schedule, at, Event::ServerWrite);
            return;
        }
        let closes = plan.closes;
        self.served += 1;
        if closes && self.random.chance(0.5) {
            // The FIN rides on the last segment.
            self.server_end.close();
        } else if closes {
            let at = self.wake(now);
            self.plan(schedule, at, Event::Close(Side::Server));
        } else if self.is_last() && self.habits.ending == Ending::ServerCloses {
            let linger = self.random.span(LINGER, 0.8);
            self.plan(schedule, now.plus(linger), Event::Close(Side::Server));
        }
    }

    fn is_last(&self) -> bool {
        self.requests_left == 0 && self.served == self.exchanges.len()
    }

    /// Bytes of answers arrived at the client.
    pub(crate) fn consume(
        &mut self,
        schedule: &mut Schedule,
        workload: &Workload,
        now: CaptureTime,
    ) {
        let received = self.client_end.received;
        let before = self.consumed;
        while let Some(exchange) = self.exchanges.get_mut(self.consumed) {
            let interim = exchange.interim();
            if !exchange.body_planned && interim.is_some_and(|range| received >= range.end) {
                exchange.body_planned = true;
                let at = self.wake(now);
                self.plan(schedule, at, Event::ClientBody);
                return;
            }
            let whole = exchange.response().is_some_and(|range| received >= range.end);
            if !whole {
                break;
            }
            self.consumed += 1;
        }
        if self.consumed > before && self.consumed == self.exchanges.len() {
            self.go_on(schedule, workload, now);
        }
    }

    /// The client has all its answers.
    fn go_on(&mut self, schedule: &mut Schedule, workload: &Workload, now: CaptureTime) {
        if self.requests_left > 0 {
            let think = workload.think(&mut self.random);
            self.plan(schedule, now.plus(think), Event::ClientRequest);
            return;
        }
        let event = match self.habits.ending {
            Ending::ClientCloses => Event::Close(Side::Client),
            // A reset would destroy an answer that is still on its way: it waits for its arrival.
            Ending::ClientResets => Event::Reset(Side::Client),
            Ending::ServerResets => Event::Reset(Side::Server),
            Ending::ServerCloses | Ending::Announced => return,
        };
        let linger = self.random.span(LINGER, 0.8);
        self.plan(schedule, now.plus(linger), event);
    }
}
