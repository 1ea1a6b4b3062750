//! One request and its answer: four moments, two sizes, an outcome.

use crate::flow::Endpoint;
use crate::names::NameId;
use crate::protocol::Protocol;
use crate::units::{CaptureTime, Nanos};
use crate::wire::WireId;
use serde::Serialize;
use std::fmt;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, and the answer says that all is well.
    Ok,
    /// Answered; the protocol blames the request (HTTP 4xx).
    ClientError,
    /// Answered; the protocol blames the server (HTTP 5xx).
    ServerError,
    /// Closed, reset, or no answer within the named time.
    Unanswered,
    /// The protocol gives no answer to it.
    NoAnswerExpected,
    /// A gap makes the pairing doubtful: counted, never timed.
    Quarantined,
    /// The input ended first.
    Open,
}

impl Outcome {
    /// All outcomes, in the order in which reports list them.
    pub const ALL: [Self; 7] = [
        Self::Ok,
        Self::ClientError,
        Self::ServerError,
        Self::Unanswered,
        Self::NoAnswerExpected,
        Self::Quarantined,
        Self::Open,
    ];

    /// The name used in tags and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Unanswered => "unanswered",
            Self::NoAnswerExpected => "no_answer_expected",
            Self::Quarantined => "quarantined",
            Self::Open => "open",
        }
    }

    /// Whether an answer came, be it an error.
    pub const fn is_answered(self) -> bool {
        matches!(self, Self::Ok | Self::ClientError | Self::ServerError)
    }
}

/// The protocol's own code of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Code {
    /// There is none.
    #[default]
    None,
    /// A number: HTTP's status, Kafka's error code.
    Number(i32),
    /// Five characters: SQLSTATE.
    State([u8; 5]),
    /// A word: Redis' kinds of errors.
    Word(&'static str),
}

impl Code {
    /// HTTP's status class, 1 to 5, where the code is a status.
    pub const fn status_class(self) -> Option<u8> {
        match self {
            Self::Number(status @ 100..=599) => Some((status / 100) as u8),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
            Self::State(state) => f.write_str(&String::from_utf8_lossy(state)),
        }
    }
}

/// The four moments: the capture time of the packet that carried that byte *the first time*.
/// A byte that was never captured has no moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// First byte of the request.
    pub request_first: Option<CaptureTime>,
    /// Last byte of the request.
    pub request_last: Option<CaptureTime>,
    /// First byte of the answer; interim answers do not count.
    pub response_first: Option<CaptureTime>,
    /// Last byte of the answer.
    pub response_last: Option<CaptureTime>,
}

impl Moments {
    /// How long the request took to arrive.
    pub fn request_transfer(&self) -> Option<Nanos> {
        span(self.request_first, self.request_last)
    }

    /// Last byte of the request to first byte of the answer.
    pub fn server(&self) -> Option<Nanos> {
        span(self.request_last, self.response_first)
    }

    /// First byte of the request to first byte of the answer.
    pub fn first_byte(&self) -> Option<Nanos> {
        span(self.request_first, self.response_first)
    }

    /// How long the answer took to be sent.
    pub fn response_transfer(&self) -> Option<Nanos> {
        span(self.response_first, self.response_last)
    }

    /// Whether a later moment has an earlier time.
    pub fn has_reversal(&self) -> bool {
        let moments =
            [self.request_first, self.request_last, self.response_first, self.response_last];
        let mut known = moments.into_iter().flatten();
        let mut last = known.next();
        known.any(|moment| last.replace(moment).is_some_and(|earlier| moment < earlier))
    }

    /// First byte of the request to last byte of the answer.
    pub fn total(&self) -> Option<Nanos> {
        span(self.request_first, self.response_last)
    }
}

/// Null where a moment is missing or the difference would be negative.
fn span(from: Option<CaptureTime>, to: Option<CaptureTime>) -> Option<Nanos> {
    to?.since(from?)
}

/// A request whose fate is decided. Small and `Copy`: names are numbers of the pipeline's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// What was spoken.
    pub protocol: Protocol,
    /// The wire it was seen on.
    pub wire: WireId,
    /// Who asked.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// The verb: HTTP method, CQL opcode, Kafka API.
    pub operation: NameId,
    /// What it is filed under: route, statement, topic.
    pub name: NameId,
    /// How it ended.
    pub outcome: Outcome,
    /// The protocol's own code.
    pub code: Code,
    /// When.
    pub moments: Moments,
    /// When its fate was decided, in packet time; a timeout is dated with its deadline.
    pub decided: CaptureTime,
    /// Bytes of the request on the wire, head and body; `None` where it is not known where it ends.
    pub request_bytes: Option<u64>,
    /// Bytes of the answer on the wire, head and body; interim answers do not count. `None` where there is none, or where
    /// it is not known where it ends.
    pub response_bytes: Option<u64>,
    /// Rows in the answer, where the protocol counts them.
    pub rows: Option<u64>,
    /// Messages in the request or answer, where the protocol counts them.
    pub messages: Option<u64>,
}

impl Transaction {
    /// The time that says which window it is filed in: `response_last`, else when its fate was decided.
    pub fn filed_at(&self) -> CaptureTime {
        self.moments.response_last.unwrap_or(self.decided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_spans_are_null() {
        let at = |nanos| Some(CaptureTime::from_nanos(nanos));
        let moments = Moments {
            request_first: at(10),
            request_last: at(40),
            response_first: at(30),
            response_last: at(50),
        };
        assert_eq!(moments.server(), None, "an early answer has no server time");
        assert_eq!(moments.first_byte(), Some(Nanos(20)));
        assert_eq!(moments.total(), Some(Nanos(40)));
    }

    #[test]
    fn status_classes() {
        assert_eq!(Code::Number(204).status_class(), Some(2));
        assert_eq!(Code::Number(777).status_class(), None);
        assert_eq!(Code::None.status_class(), None);
    }
}
