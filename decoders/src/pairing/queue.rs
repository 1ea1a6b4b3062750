//! The open requests of a connection: a queue in the engine's pool, from which the middle can be taken too. Only its
//! oldest is kept with the connection; the oldest's `previous` is the newest.

use super::{Context, Exchange, NO_EXCHANGE, Pairing};

impl Pairing {
    /// Puts a request behind all others.
    pub(super) fn push(&mut self, slot: u32, id: u32, context: &mut Context) {
        let newest = self.link(id, context);
        if let Some(before) = context.exchanges.get_mut(newest).filter(|_| newest != id) {
            before.next = id;
        }
        let key = context.exchanges.get(id).and_then(|exchange| exchange.id);
        if let Some(key) = key {
            context.by_id.insert((slot, key), id);
        }
    }

    /// Puts a request before all others.
    pub(super) fn push_front(&mut self, id: u32, context: &mut Context) {
        let (oldest, newest) = (self.oldest, self.link(id, context));
        if newest == id {
            return;
        }
        // In a ring the place behind the newest is the place before the oldest.
        if let Some(exchange) = context.exchanges.get_mut(id) {
            exchange.next = oldest;
        }
        self.oldest = id;
    }

    /// Puts a request between the newest and the oldest, backwards. Returns the newest of before; `id` itself where there
    /// was none.
    fn link(&mut self, id: u32, context: &mut Context) -> u32 {
        if self.open == 0 {
            self.oldest = id;
        }
        self.open += 1;
        let newest = match context.exchanges.get_mut(self.oldest) {
            Some(oldest) if self.oldest != id => std::mem::replace(&mut oldest.previous, id),
            _ => id,
        };
        if let Some(exchange) = context.exchanges.get_mut(id) {
            exchange.previous = newest;
        }
        newest
    }

    /// Takes the oldest out of the queue.
    pub(super) fn pop(&mut self, slot: u32, context: &mut Context) -> Option<Exchange> {
        if self.open == 0 { None } else { self.take(slot, self.oldest, context) }
    }

    /// Takes a request out of the queue, wherever it stands.
    pub(super) fn take(&mut self, slot: u32, id: u32, context: &mut Context) -> Option<Exchange> {
        let exchange = context.exchanges.get_mut(id)?.take();
        context.exchanges.release(id);
        if let Some(key) = exchange.id
            && context.by_id.get(&(slot, key)) == Some(&id)
        {
            context.by_id.remove(&(slot, key));
        }
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.oldest = NO_EXCHANGE;
            return Some(exchange);
        }
        if self.oldest == id {
            self.oldest = exchange.next;
        } else if let Some(before) = context.exchanges.get_mut(exchange.previous) {
            before.next = exchange.next;
        }
        // Behind the newest comes the oldest.
        let behind = if exchange.next == NO_EXCHANGE { self.oldest } else { exchange.next };
        if let Some(behind) = context.exchanges.get_mut(behind) {
            behind.previous = exchange.previous;
        }
        Some(exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairing::Trust;
    use crate::wires::Wires;
    use model::units::CaptureTime;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn it_is_a_queue_whatever_is_taken_from_it(steps in prop::collection::vec((0_u8..4, any::<usize>()), 1..60)) {
            let mut context = Context::new(Wires::new(&[], &mut Vec::new()), false, false);
            let (mut pairing, mut expected) = (Pairing::new(Trust::Proven), VecDeque::new());
            for (tag, (step, place)) in (0..).zip(steps) {
                let mut new = || context.exchanges.insert(Exchange::begun(CaptureTime::ZERO, tag, None));
                match step {
                    0 => {
                        let id = new();
                        pairing.push(0, id, &mut context);
                        expected.push_back((id, tag));
                    }
                    1 => {
                        let id = new();
                        pairing.push_front(id, &mut context);
                        expected.push_front((id, tag));
                    }
                    2 => {
                        let popped = pairing.pop(0, &mut context).map(|exchange| exchange.tag);
                        prop_assert_eq!(popped, expected.pop_front().map(|(_, tag)| tag));
                    }
                    _ if expected.is_empty() => {}
                    _ => {
                        let (id, tag) = expected.remove(place % expected.len()).unwrap();
                        prop_assert_eq!(pairing.take(0, id, &mut context).unwrap().tag, tag);
                    }
                }
                prop_assert_eq!(usize::from(pairing.open), expected.len());
            }
            while let Some(exchange) = pairing.pop(0, &mut context) {
                prop_assert_eq!(Some(exchange.tag), expected.pop_front().map(|(_, tag)| tag));
            }
            prop_assert!(expected.is_empty());
        }
    }
}
