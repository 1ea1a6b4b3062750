//! MySQL and MariaDB, the client/server protocol of version 10 (MySQL source documentation, "Client/Server Protocol";
//! MariaDB manual, "Client/Server Protocol").
//!
//! Each command is a request, and so is the login; an answer is all its results. Rows and values are passed over by length.
//! A code is the number of an error, which says more than its SQLSTATE does (most errors share `HY000`); whose fault it is
//! says `mysql/errors.rs`. What turns to TLS or agrees on compression is opaque from there on, and so is a replica's stream.

mod answers;
mod commands;
mod errors;
mod login;
mod packet;
mod probe;
mod query;
mod requests;
mod session;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::pairing::Events;
use answers::Answers;
use model::flow::Direction;
use model::units::CaptureTime;
use requests::Requests;
use session::{Phase, Session};

/// The decoder of one connection.
#[derive(Debug, Default)]
pub struct Mysql {
    requests: Requests,
    answers: Answers,
    session: Session,
}

const _: () = assert!(size_of::<Mysql>() <= 256, "every idle connection pays for it");

impl Mysql {
    /// After a login that agreed on it, everything is compressed ("Compression").
    fn note_compression(&mut self) {
        let compresses = self.session.both.is_some_and(|both| both.compress());
        if compresses && self.session.phase == Phase::Commands && self.answers.has_logged_in() {
            self.session.is_opaque = true;
        }
    }
}

impl Decoder for Mysql {
    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::request(bytes),
            Direction::ToClient => probe::answer(bytes),
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
        self.note_compression();
        match chunk.direction {
            _ if self.session.is_opaque => Ok(Progress::Opaque { consumed: 0 }),
            Direction::ToServer => {
                self.answers.end_pending(&mut self.session, out);
                self.requests.read(chunk, &mut self.session, out)
            }
            Direction::ToClient => self.answers.read(chunk, &mut self.session, out),
        }
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match direction {
            Direction::ToServer => self.requests.packet_ended(last_at, out),
            Direction::ToClient => self.answers.packet_ended(last_at, out),
        }
    }

    fn at_boundary(&self, direction: Direction) -> bool {
        match direction {
            Direction::ToServer => self.requests.at_boundary(),
            Direction::ToClient => self.answers.at_boundary(),
        }
    }

    fn restart(&mut self, direction: Direction) {
        match direction {
            Direction::ToServer => self.requests.restart(),
            Direction::ToClient => self.answers.restart(),
        }
    }

    fn on_gap(&mut self, seen: &Chunk<'_>, out: &mut Events<'_>) -> Option<u64> {
        match seen.direction {
            Direction::ToServer => self.requests.cut(seen, &mut self.session, out),
            Direction::ToClient => None,
        }
    }

    fn on_close(
        &mut self,
        direction: Direction,
        close: Close,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let _ = close;
        match direction {
            Direction::ToServer => self.requests.close(unread, last_at, out),
            Direction::ToClient => {
                self.answers.end_pending(&mut self.session, out);
                self.answers.close(unread, last_at, out);
            }
        }
    }
}
