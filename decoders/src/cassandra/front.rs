//! What the fronts of bodies say: names of requests, codes and rows of answers.

use super::Cassandra;
use super::answer::{Answer, outcome_of};
use super::compression::{self, Algorithm};
use super::head::{Head, flag, opcode, operation};
use super::request::{Batch, Request, Statement};
use crate::limits::{FRONT_BYTES_MAX, PREPARES_MAX};
use crate::naming::Kind;
use crate::output::{Attributes, Detail};
use crate::pairing::{Events, Named};
use model::flow::Direction;
use model::names::NameId;
use model::transaction::Code;

/// The name of a batch that holds several kinds of statements, or more than is looked at.
const BATCH_NAME: &[u8] = b"batch";

/// Names of statements that are being prepared, by stream: the answer tells under which id they can be executed, on any
/// connection.
#[derive(Debug, Default)]
pub(super) struct Prepares(Vec<(i16, Box<str>)>);

impl Prepares {
    fn remember(&mut self, stream: i16, name: Option<Box<str>>) {
        self.take(stream);
        if let Some(name) = name.filter(|_| self.0.len() < PREPARES_MAX) {
            self.0.push((stream, name));
        }
    }

    fn take(&mut self, stream: i16) -> Option<Box<str>> {
        let place = self.0.iter().position(|&(held, _)| held == stream)?;
        let (_, name) = self.0.swap_remove(place);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        Some(name)
    }
}

impl Cassandra {
    /// Reads the front of a body. `false` where it may be read when more of it is there; never where it is `final`.
    pub(super) fn read_front(
        &mut self,
        direction: Direction,
        front: &[u8],
        is_final: bool,
        out: &mut Events<'_>,
    ) -> bool {
        let side = self.side(direction);
        let (head, tag) = (side.head, side.tag);
        let is_wanted = match direction {
            Direction::ToServer => Request::is_read(head.opcode),
            Direction::ToClient => tag != 0 && Answer::is_read(head.opcode),
        };
        if !is_wanted {
            if direction == Direction::ToServer {
                out.name_request(operation(head.opcode).unwrap_or_default(), &[], Kind::Adhoc);
            }
            return true;
        }
        if !head.has(flag::COMPRESSED) {
            return self.read_plain(direction, &head, front, is_final, out);
        }
        let mut scratch = out.take_scratch();
        let at_hand = FRONT_BYTES_MAX.min(front.len());
        let is_whole = front.len() == head.length as usize;
        self.find_algorithm(front, is_whole, &mut scratch);
        let max = FRONT_BYTES_MAX;
        let front = front.get(..at_hand).unwrap_or(front);
        let inflated = compression::body(self.compression, front, max, &mut scratch);
        // What is not known to be right is not looked at.
        let (plain, is_final) = match inflated {
            Ok(inflated) => {
                (scratch.as_slice(), is_final || inflated.is_whole || scratch.len() == max)
            }
            Err(_) => (&[][..], is_final || self.compression != Algorithm::Unknown),
        };
        let is_read = self.read_plain(direction, &head, plain, is_final, out);
        out.give_scratch(scratch);
        is_read
    }

    /// Where it was agreed before we came how bodies are compressed: as a whole body shows that only one algorithm made.
    fn find_algorithm(&mut self, body: &[u8], is_whole: bool, scratch: &mut Vec<u8>) {
        if self.compression != Algorithm::Unknown || !is_whole {
            return;
        }
        let mut made = |algorithm| {
            compression::body(algorithm, body, FRONT_BYTES_MAX, scratch)
                .is_ok_and(|inflated| inflated.is_whole)
        };
        self.compression = match (made(Algorithm::Lz4), made(Algorithm::Snappy)) {
            (true, false) => Algorithm::Lz4,
            (false, true) => Algorithm::Snappy,
            (_, _) => Algorithm::Unknown,
        };
    }

    fn read_plain(
        &mut self,
        direction: Direction,
        head: &Head,
        front: &[u8],
        is_final: bool,
        out: &mut Events<'_>,
    ) -> bool {
        match direction {
            Direction::ToServer => match Request::read(head, front) {
                Some(Request::Batch(batch)) if !is_final && !batch.is_whole() => false,
                Some(request) => {
                    self.name(head, request, out);
                    true
                }
                None => {
                    if is_final {
                        self.name_unknown(head, out);
                    }
                    is_final
                }
            },
            Direction::ToClient => {
                let mut answer = Answer::default();
                let is_enough = answer.read(head, front) || is_final;
                if is_enough {
                    self.tell(head, answer, out);
                }
                is_enough
            }
        }
    }

    fn name(&mut self, head: &Head, request: Request<'_>, out: &mut Events<'_>) {
        let operation = operation(head.opcode).unwrap_or_default();
        match request {
            Request::Text(text) if head.opcode == opcode::PREPARE => {
                out.name_request(operation, text, Kind::Prepared);
                self.prepares.remember(head.stream, out.name_of(text, Kind::Prepared));
            }
            Request::Text(text) => out.name_request(operation, text, Kind::Adhoc),
            Request::Prepared(id) => {
                let named = out.named_by(operation, id);
                out.file_request(named);
            }
            Request::Batch(batch) => {
                out.request_messages(u64::from(batch.count));
                name_batch(operation, batch, out);
            }
            Request::Startup(algorithm) => {
                self.compression = algorithm;
                out.name_request(operation, &[], Kind::Adhoc);
            }
            Request::Other => out.name_request(operation, &[], Kind::Adhoc),
        }
    }

    /// Not enough of it is there: it has a verb and no name.
    fn name_unknown(&mut self, head: &Head, out: &mut Events<'_>) {
        if head.opcode == opcode::PREPARE {
            self.prepares.take(head.stream);
        }
        let named = out.named(operation(head.opcode).unwrap_or_default(), &[], Kind::Adhoc);
        out.file_request(Named { name: NameId::UNKNOWN, ..named });
    }

    /// Says what an answer says.
    fn tell(&mut self, head: &Head, answer: Answer, out: &mut Events<'_>) {
        if let Some(code) = answer.code {
            out.code(Code::Number(code), outcome_of(code));
        }
        if let Some(rows) = answer.rows {
            out.rows(rows);
        }
        if answer.has_more_pages {
            out.response_attribute(Attributes::MORE_PAGES);
        }
        if head.has(flag::TRACING) {
            out.response_attribute(Attributes::TRACED);
        }
        if answer.warnings > 0 {
            out.response_detail(Detail::Warnings, u64::from(answer.warnings));
        }
        if self.answer.tag == u32::from(opcode::PREPARE) {
            let name = self.prepares.take(head.stream);
            if let (Some(id), Some(name)) = (answer.prepared, name) {
                out.learn_name(id, name);
            }
        }
    }
}

/// A batch is filed under its statement where it has only one, however often.
fn name_batch(operation: &[u8], batch: Batch<'_>, out: &mut Events<'_>) {
    let mut statements = batch.statements();
    let first = statements.next().filter(|_| batch.is_whole());
    let Some(first) = first else { return out.name_request(operation, BATCH_NAME, Kind::Adhoc) };
    let named = statement_named(operation, first, out);
    let mut before = first;
    for statement in statements {
        if statement != before && statement_named(operation, statement, out) != named {
            return out.name_request(operation, BATCH_NAME, Kind::Adhoc);
        }
        before = statement;
    }
    out.file_request(named);
    if let Statement::Text(text) = first {
        out.keep_target(text);
    }
}

fn statement_named(operation: &[u8], statement: Statement<'_>, out: &mut Events<'_>) -> Named {
    match statement {
        Statement::Text(text) => out.named(operation, text, Kind::Adhoc),
        Statement::Prepared(id) => out.named_by(operation, id),
    }
}
