//! Redis, Valkey and what else speaks RESP2 and RESP3 (Redis manual, "Redis serialization protocol specification").
//!
//! Answers come in the order of the requests; between them, messages of channels, what `MONITOR` shows, and RESP3's pushes,
//! which are nobody's answers. The command is the operation; what follows it (keys, values, passwords) is passed over by
//! length. The outcome is told by the first word of an error: whose fault it is says `redis/errors.rs`. Errors within an
//! aggregate, as in the answer to `EXEC`, are not the answer's.

mod answers;
mod commands;
mod errors;
mod monitor;
mod probe;
mod requests;
mod resp;
mod subscriptions;
mod values;

use crate::decoder::{Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::pairing::Events;
use answers::Answers;
use model::flow::Direction;
use model::units::CaptureTime;
use requests::Requests;

/// The decoder of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Redis {
    requests: Requests,
    answers: Answers,
}

const _: () = assert!(size_of::<Redis>() <= 128, "every idle connection pays for it");

impl Decoder for Redis {
    fn probe(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::request(bytes),
            Direction::ToClient => probe::unasked(bytes),
        }
    }

    fn resync(direction: Direction, bytes: &[u8]) -> Probe {
        match direction {
            Direction::ToServer => probe::known_request(bytes),
            Direction::ToClient => probe::answers(bytes),
        }
    }

    fn on_bytes(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        match chunk.direction {
            Direction::ToServer => {
                self.answers.asked_again(chunk.time_at(0), out);
                self.requests.read(chunk, out)
            }
            Direction::ToClient => {
                let progress = self.answers.read(chunk, out);
                if std::mem::take(&mut self.answers.unasked) {
                    self.requests.unasked_answer();
                }
                progress
            }
        }
    }

    fn on_skipped(
        &mut self,
        direction: Direction,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match direction {
            Direction::ToServer => self.requests.argument_ended(last_at, out),
            Direction::ToClient => self.answers.string_ended(last_at, out),
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
            Direction::ToClient => self.answers.close(unread, last_at, out),
        }
    }
}
