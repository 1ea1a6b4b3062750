//! PostgreSQL's frontend/backend protocol, versions 3.0 to 3.2 (PostgreSQL manual, "Frontend/Backend Protocol").
//!
//! What is a transaction:
//! - `Startup`: StartupMessage to the first ReadyForQuery, or to the error. Passwords and other answers of the client to
//!   the server's authentication requests count as its request's bytes.
//! - `Query`: each statement of a Query message, from the message's first byte to the statement's CommandComplete,
//!   EmptyQueryResponse or ErrorResponse. How many there are is what the server says; the message's bytes are shared out.
//! - `Execute`: from the Execute message to CommandComplete, PortalSuspended (attribute `suspended`),
//!   EmptyQueryResponse or ErrorResponse. Its bytes are also those of the Parse, Bind, Describe and Close before it, since
//!   the last Execute or Sync, and of what the server says to them; `parse_ns` and `bind_ns` say how long those took.
//! - `Sync`: Sync to ReadyForQuery, which is when an implicit transaction commits. A Sync with nothing before it is none.
//!   Parse, Bind, Describe and Close without an Execute behind them are told with it.
//! - `FunctionCall`, to its response; `CancelRequest`, which has no answer, on a connection of its own.
//!
//! After an error in the extended protocol the server passes over all up to the Sync. The error is that of the first
//! Execute that it keeps from running, or else of the Sync; the other Executes expect no answer. A COPY from the client
//! swallows Syncs that come before its data end: they expect none either.
//!
//! Notices, notifications and changed parameters can come at any place, and belong to nothing.

mod client;
mod error;
mod expected;
mod message;
mod prepared;
mod probe;
mod server;
mod tag;

pub(crate) use tag::WORDS as COMMAND_TAGS;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::pairing::Events;
use client::{Client, Ending};
use expected::{Expected, Kind};
use model::flow::Direction;
use model::units::CaptureTime;
use prepared::Prepared;
use server::Server;

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Postgres {
    client: Client,
    server: Server,
    expected: Expected,
    prepared: Prepared,
}

const _: () = assert!(size_of::<Postgres>() <= 480, "every idle connection pays for it");

impl Postgres {
    /// Nothing that is due can be told apart any more.
    fn forget_expected(&mut self) {
        self.expected.clear();
        self.server.forget();
        (self.client.skipping, self.client.copying) = (false, false);
    }
}

impl Decoder for Postgres {
    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        match (direction, bytes.first()) {
            (Direction::ToServer, None | Some(0)) => probe::start(bytes),
            (_, _) => probe::messages(direction, bytes),
        }
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        Self::probe(direction, bytes)
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        match chunk.direction {
            Direction::ToServer => self.read_client(chunk, out),
            Direction::ToClient => self.read_server(chunk, out),
        }
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match direction {
            Direction::ToServer => {
                let ending = self.client.under_way.take();
                self.request_ended(ending.unwrap_or(Ending::Nothing), last_at, out);
            }
            Direction::ToClient => {
                self.server.in_message = false;
                self.message_ended(last_at, out);
            }
        }
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => self.client.under_way.is_none(),
            Direction::ToClient => !self.server.in_message,
        }
    }

    fn restart(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => {
                // What was asked before is still answered, in order.
                let starts_up =
                    self.expected.front().is_some_and(|step| step.kind == Kind::StartUp);
                self.server.asked_is_cut |= starts_up || self.client.copying;
                self.client.lose_place();
                self.prepared.forget_all();
            }
            Direction::ToClient if std::mem::take(&mut self.client.resumed) => {
                (self.server.in_message, self.server.asked) = (false, None);
            }
            Direction::ToClient => {
                self.forget_expected();
                (self.server.asked, self.client.is_owed) = (None, false);
            }
        }
    }

    fn on_gap(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        let bytes = match seen.direction {
            Direction::ToServer => self.read_cut_request(seen, out),
            Direction::ToClient => self.read_cut_message(seen, out),
        };
        bytes?.checked_sub(seen.bytes.len() as u64)
    }

    fn on_close(
        &mut self,
        direction: Direction,
        _close: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match direction {
            Direction::ToServer => {
                if let Some(Ending::Asked(bytes)) = self.client.under_way.take() {
                    out.cut_request(last_at, bytes.map(|bytes| bytes.saturating_sub(unread)));
                }
            }
            Direction::ToClient => self.cut_answer(last_at, unread, out),
        }
    }
}
