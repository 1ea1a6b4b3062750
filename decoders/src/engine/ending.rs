//! How connections end, and the input.

use super::{Engine, driver};
use crate::decoder::Close;
use crate::output::{Connection, ConnectionEnd, Handshake};
use crate::tcp::flow::{NO_TIMES, at};
use crate::tcp::reassembly;
use model::flow::{Direction, End, FlowKey};
use model::ledger::Streams;
use model::units::CaptureTime;

impl Engine {
    /// A connection is over: what is held is settled, what is open is decided, and it is reported.
    pub(super) fn end(&mut self, slot: u32, how: ConnectionEnd, now: CaptureTime) {
        let Some(flow) = self.flows.get_mut(slot).filter(|flow| !flow.over) else { return };
        reassembly::settle(flow, slot, now, true, &mut self.context);
        let close = match how {
            ConnectionEnd::Open => Close::InputEnded,
            _ => Close::Aborted,
        };
        for direction in [Direction::ToServer, Direction::ToClient] {
            let sender = flow.sender(direction);
            driver::close(flow, slot, sender, close, &mut self.context);
        }
        // Requests may have come behind a FIN, when both directions had ended.
        driver::finish(flow, slot, close, &mut self.context);
        flow.assign_unknown(&mut self.context.wires, &mut self.context.output.fresh);
        if !flow.assigned {
            self.packets.undirected_bytes +=
                flow.streams.iter().map(|stream| stream.span).sum::<u64>();
        }
        let buffered: u64 = [End::Low, End::High].into_iter().map(|end| flow.waiting(end)).sum();
        if let Some(ledger) = flow.ledger(&mut self.context.wires) {
            ledger.streams.buffered += buffered;
        }
        self.report(slot, how);
        self.linger(slot, now);
    }

    fn report(&mut self, slot: u32, end: ConnectionEnd) {
        let Some(flow) = self.flows.get_mut(slot) else { return };
        let mut times = self.times.get(flow.times).copied();
        if let Some(times) = &mut times {
            times.tell(flow, &mut self.context);
            self.times.release(flow.times);
            flow.times = NO_TIMES;
        }
        let Some(skips) = &mut self.context.skips else { return };
        let skips = skips.remove(&slot).unwrap_or_default();
        let (client, server) = (flow.sender(Direction::ToServer), flow.sender(Direction::ToClient));
        let account = |from| {
            let mut account = flow.streams_account(from, *at(&skips, from));
            account.buffered = flow.waiting(from);
            account.decoded = account.decoded.saturating_sub(account.buffered);
            account
        };
        let (to_server, to_client): (Streams, Streams) = (account(client), account(server));
        let connection = Connection {
            wire: flow.assigned.then_some(flow.wire),
            client: flow.key.endpoint(client),
            server: flow.key.endpoint(server),
            end,
            handshake: times.map_or(Handshake::default(), |times| times.handshake),
            first: times.map_or(flow.last_seen, |times| times.first),
            last: flow.last_seen,
            to_server,
            to_client,
        };
        let place = self.context.next_place();
        self.context.output.connections.push((place, connection));
    }

    /// The input ends: what is still open stays so. `now`: the newest packet's time.
    pub fn finish(&mut self, number: u64, now: CaptureTime) {
        self.tick(number, now, now);
        self.context.packet = number;
        let mut open: Vec<(FlowKey, u32)> = (0..self.flows.bound())
            .filter_map(|slot| self.flows.get(slot).map(|flow| (flow, slot)))
            .filter(|(flow, _)| !flow.over && flow.generation != 0)
            .map(|(flow, slot)| (flow.key, slot))
            .collect();
        open.sort_unstable();
        for (key, slot) in open {
            self.context.decided_here = 0;
            self.context.now = now;
            self.context.deadline = Some((CaptureTime::MAX, key));
            self.end(slot, ConnectionEnd::Open, now);
        }
        self.context.wires.tell_ledgers(now, &mut self.context.output.ledgers);
    }
}
