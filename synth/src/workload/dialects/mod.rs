//! What is asked and answered in protocols other than HTTP: whole messages, bodies included.

mod bytes;
mod cassandra;
mod kafka;
mod postgres;

use super::Message;
use super::filler::Filler;
use crate::random::Random;
use model::protocol::Protocol;
use model::units::CaptureTime;

/// One request and its answer.
pub(super) struct Talk {
    pub(super) operation: &'static str,
    /// The statement or topic.
    pub(super) target: String,
    pub(super) request: Message,
    pub(super) response: Message,
}

/// What a request is about, drawn before it is put into words.
pub(super) struct Draft<'r> {
    /// Requests of this connection before: the first one sets it up.
    pub(super) asked: u64,
    pub(super) at: CaptureTime,
    /// Bytes of the answer's rows or records, about.
    pub(super) body: u64,
    pub(super) filler: Filler,
    pub(super) random: &'r mut Random,
}

/// Whether there are words for a protocol.
pub(crate) const fn is_spoken(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Postgres | Protocol::Cassandra | Protocol::Kafka)
}

/// A request and its answer; `None` for HTTP, which has a plan of its own.
pub(super) fn talk(protocol: Protocol, mut draft: Draft<'_>) -> Option<Talk> {
    let draft = &mut draft;
    match protocol {
        Protocol::Postgres => Some(postgres::talk(draft)),
        Protocol::Cassandra => Some(cassandra::talk(draft)),
        Protocol::Kafka => Some(kafka::talk(draft)),
        _ => None,
    }
}

impl Draft<'_> {
    /// Text of so many bytes.
    fn text(&self, len: u64) -> Vec<u8> {
        let mut text = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
        self.filler.copy(0, len, &mut text);
        text
    }
}

fn message(head: Vec<u8>) -> Message {
    Message { head, ..Message::default() }
}
