//! Things worth knowing about a transaction, beside its fields.

use crate::kafka::CODECS;
use crate::postgres::COMMAND_TAGS;

/// What is true of a transaction, and a few numbers about it. Fixed in size: nothing is allocated for a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    flags: u32,
    details: [Option<Detail>; DETAILS_MAX],
    values: [u64; DETAILS_MAX],
}

/// Numbers that one transaction can have.
const DETAILS_MAX: usize = 3;

/// A number about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// gRPC: the status in the trailers.
    GrpcStatus,
    /// gRPC: messages in the request.
    RequestMessages,
    /// HTTP/2: the error code with which the server reset the stream.
    StreamError,
    /// Postgres: Parse to ParseComplete, in nanoseconds.
    Parse,
    /// Postgres: Bind to BindComplete, in nanoseconds.
    Bind,
    /// Cassandra: warnings that the server adds to its answer.
    Warnings,
    /// Kafka: how long the broker holds the client back, in nanoseconds.
    Throttle,
    /// Kafka: what record batches are compressed with, as a place in the decoder's list.
    Codec,
    /// Postgres: the first word of the command tag, as a place in the decoder's list.
    CommandTag,
}

impl Detail {
    /// The name used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GrpcStatus => "grpc_status",
            Self::RequestMessages => "request_messages",
            Self::StreamError => "stream_error",
            Self::Parse => "parse_ns",
            Self::Bind => "bind_ns",
            Self::Warnings => "warnings",
            Self::Throttle => "throttle_ns",
            Self::Codec => "codec",
            Self::CommandTag => "tag",
        }
    }

    /// What a value of it says.
    fn entry(self, value: u64) -> Entry {
        let texts: &[&str] = match self {
            Self::Codec => &CODECS,
            Self::CommandTag => COMMAND_TAGS,
            _ => &[],
        };
        let text = usize::try_from(value).ok().and_then(|place| texts.get(place));
        text.map_or(Entry::Number(value), |&text| Entry::Text(text))
    }
}

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It holds.
    Holds,
    /// How much.
    Number(u64),
    /// Which of a few.
    Text(&'static str),
}

impl Attributes {
    /// The request was cut short: the connection closed, or the input ended.
    pub const REQUEST_INCOMPLETE: Self = Self::flag(0);
    /// The answer was cut short.
    pub const RESPONSE_INCOMPLETE: Self = Self::flag(1);
    /// The answer began before the request ended.
    pub const EARLY_ANSWER: Self = Self::flag(2);
    /// The last byte of the answer was never captured.
    pub const END_NOT_CAPTURED: Self = Self::flag(3);
    /// The last byte of the request was never captured.
    pub const REQUEST_END_NOT_CAPTURED: Self = Self::flag(4);
    /// The client took the request back.
    pub const CANCELLED: Self = Self::flag(7);

    /// Cassandra: the answer is one page, and more follow.
    pub const MORE_PAGES: Self = Self::flag(5);
    /// Cassandra: the server traced the request.
    pub const TRACED: Self = Self::flag(6);

    /// Postgres: the portal has more rows; the next Execute goes on with it.
    pub const SUSPENDED: Self = Self::flag(8);

    /// Kafka: the answer brought no records.
    pub const EMPTY: Self = Self::flag(9);

    /// What says how well the request went could not be read: it was agreed before the capture began, or is of a version to come.
    pub const OUTCOME_UNKNOWN: Self = Self::flag(10);

    const NAMES: [(Self, &'static str); 11] = [
        (Self::REQUEST_INCOMPLETE, "request_incomplete"),
        (Self::RESPONSE_INCOMPLETE, "response_incomplete"),
        (Self::EARLY_ANSWER, "early_answer"),
        (Self::END_NOT_CAPTURED, "end_not_captured"),
        (Self::REQUEST_END_NOT_CAPTURED, "request_end_not_captured"),
        (Self::MORE_PAGES, "more_pages"),
        (Self::TRACED, "traced"),
        (Self::CANCELLED, "cancelled"),
        (Self::SUSPENDED, "suspended"),
        (Self::EMPTY, "empty"),
        (Self::OUTCOME_UNKNOWN, "outcome_unknown"),
    ];

    const fn flag(place: u32) -> Self {
        Self { flags: 1 << place, details: [None; DETAILS_MAX], values: [0; DETAILS_MAX] }
    }

    /// Adds what is true by `other`.
    pub const fn set(&mut self, other: Self) {
        self.flags |= other.flags;
    }

    /// Takes back what is true by `other`.
    pub const fn clear(&mut self, other: Self) {
        self.flags &= !other.flags;
    }

    /// Whether all that is true by `other` is true.
    pub const fn has(self, other: Self) -> bool {
        self.flags & other.flags == other.flags
    }

    /// Says a number; a later one of the same kind replaces it. Beyond the room there is, it is not said.
    pub fn set_detail(&mut self, detail: Detail, value: u64) {
        let places = self.details.iter_mut().zip(&mut self.values);
        let place = places.into_iter().find(|(held, _)| held.is_none_or(|held| held == detail));
        if let Some((held, number)) = place {
            (*held, *number) = (Some(detail), value);
        }
    }

    /// Everything that is said, by name.
    pub fn entries(self) -> impl Iterator<Item = (&'static str, Entry)> {
        let flags = Self::NAMES.into_iter().filter(move |&(flag, _)| self.has(flag));
        let details = self.details.into_iter().zip(self.values);
        let numbers =
            details.filter_map(|(detail, value)| Some((detail?.name(), detail?.entry(value))));
        flags.map(|(_, name)| (name, Entry::Holds)).chain(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_can_be_read() {
        let mut attributes = Attributes::default();
        attributes.set(Attributes::EARLY_ANSWER);
        attributes.set_detail(Detail::Parse, 7);
        attributes.set_detail(Detail::Bind, 8);
        attributes.set_detail(Detail::Parse, 9);
        let said: Vec<_> = attributes.entries().collect();
        let expected = [
            ("early_answer", Entry::Holds),
            ("parse_ns", Entry::Number(9)),
            ("bind_ns", Entry::Number(8)),
        ];
        assert_eq!(said, expected);
        attributes.clear(Attributes::EARLY_ANSWER);
        assert!(!attributes.has(Attributes::EARLY_ANSWER));
    }
}
