//! A reported transaction, with its names as text.

use decoders::output::Decided;
use model::names::Names;
use model::transaction::{Outcome, Transaction};
use model::units::CaptureTime;
use observer::catalog::Catalog;
use std::fmt::Write;

/// First and last byte of the request, first and last byte of the answer, in nanoseconds.
pub(crate) type Moments = [Option<u64>; 4];

pub(crate) const MOMENTS: [&str; 4] =
    ["request_first", "request_last", "response_first", "response_last"];

/// A reported transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) wire: String,
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) operation: String,
    pub(crate) name: String,
    pub(crate) target: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) code: String,
    pub(crate) moments: Moments,
    pub(crate) first_byte: Option<u64>,
    pub(crate) total: Option<u64>,
    pub(crate) decided: u64,
    pub(crate) request_bytes: Option<u64>,
    pub(crate) response_bytes: Option<u64>,
    pub(crate) rows: Option<u64>,
    pub(crate) messages: Option<u64>,
    pub(crate) attributes: Vec<&'static str>,
}

impl Found {
    pub(crate) fn new(decided: &Decided, catalog: &Catalog) -> Self {
        let transaction: &Transaction = &decided.transaction;
        let moments = &transaction.moments;
        let nanos = |moment: Option<CaptureTime>| moment.map(CaptureTime::as_nanos);
        Self {
            wire: catalog.label(transaction.wire).to_owned(),
            client: transaction.client.to_string(),
            server: transaction.server.to_string(),
            operation: catalog.operation(transaction.wire, transaction.operation).to_owned(),
            name: catalog.name(transaction.wire, transaction.name).to_owned(),
            target: decided.target.as_deref().map(str::to_owned),
            outcome: transaction.outcome,
            code: transaction.code.to_string(),
            moments: [
                nanos(moments.request_first),
                nanos(moments.request_last),
                nanos(moments.response_first),
                nanos(moments.response_last),
            ],
            first_byte: moments.first_byte().map(|span| span.0),
            total: moments.total().map(|span| span.0),
            decided: transaction.decided.as_nanos(),
            request_bytes: transaction.request_bytes,
            response_bytes: transaction.response_bytes,
            rows: transaction.rows,
            messages: transaction.messages,
            attributes: decided.attributes.entries().map(|(name, _)| name).collect(),
        }
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.outcome.is_answered()
    }

    /// Whether the method was captured.
    pub(crate) fn has_operation(&self) -> bool {
        self.operation != Names::UNKNOWN && self.operation != Names::OTHER
    }

    /// One line, with times since `start`.
    pub(crate) fn line(&self, start: u64) -> String {
        let mut line = format!(
            "{} {} > {} {} {}",
            self.wire, self.client, self.server, self.operation, self.name
        );
        if let Some(target) = self.target.as_ref().filter(|target| **target != self.name) {
            let _ = write!(line, " ({})", shortened(target));
        }
        let _ = write!(line, "\n    {} {}", self.outcome.name(), self.code);
        for (name, moment) in MOMENTS.iter().zip(self.moments) {
            let _ = match moment {
                Some(moment) => write!(line, " {name} {}", since(start, moment)),
                None => write!(line, " {name} –"),
            };
        }
        let counts = [(" rows", self.rows), (" messages", self.messages)];
        for (name, count) in counts.into_iter().filter_map(|(name, count)| Some((name, count?))) {
            let _ = write!(line, "{name} {count}");
        }
        for (name, bytes) in [("\n    bytes", self.request_bytes), ("", self.response_bytes)] {
            let _ = match bytes {
                Some(bytes) => write!(line, "{name} {bytes}"),
                None => write!(line, "{name} –"),
            };
        }
        let _ =
            write!(line, " decided {} {}", since(start, self.decided), self.attributes.join(" "));
        line.trim_end().to_owned()
    }
}

fn since(start: u64, moment: u64) -> i64 {
    i64::try_from(i128::from(moment) - i128::from(start)).unwrap()
}

/// Long targets and query strings say no more by their end.
fn shortened(target: &str) -> String {
    match target.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &target[..at]),
        None => target.to_owned(),
    }
}
