//! What an ErrorResponse says. PostgreSQL manual, "Error and Notice Message Fields", "PostgreSQL Error Codes".

use super::message;
use model::transaction::{Code, Outcome};

/// The fields that decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    pub(super) code: Code,
    /// FATAL or PANIC: the session ends, whatever it was doing.
    pub(super) ends_session: bool,
}

impl ServerError {
    /// Reads the front of an error.
    pub(super) fn read(mut body: &[u8]) -> Self {
        let mut error = Self::default();
        while let Some((field, rest)) = body.split_first().filter(|(field, _)| **field != 0) {
            let Some((value, rest)) = message::text(rest) else { break };
            match field {
                // `S` is in the server's language.
                b'S' | b'V' => error.ends_session |= matches!(value, b"FATAL" | b"PANIC"),
                b'C' => error.code = value.try_into().map_or(Code::None, Code::State),
                _ => {}
            }
            body = rest;
        }
        error
    }

    /// The server's fault are the classes 08 (connection), 53 (resources), 54 (limits), 57 (operator intervention), 58
    /// (system), F0 (configuration) and XX (internal). Not 57014: whoever cancels a query, or sets the timeout that
    /// does, had it so. Everything else is the statement's, also 40 (the transaction must be tried again) and 55 (the
    /// object is in use).
    pub(super) const fn outcome(self) -> Outcome {
        let Code::State(state) = self.code else { return Outcome::ClientError };
        match &state {
            b"57014" => Outcome::ClientError,
            [b'0', b'8', ..] | [b'5', b'3' | b'4' | b'7' | b'8', ..] => Outcome::ServerError,
            [b'F', b'0', ..] | [b'X', b'X', ..] => Outcome::ServerError,
            _ => Outcome::ClientError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_any_language() {
        let error = ServerError::read(b"SFEHLER\0VERROR\0C42P01\0Mrelation does not exist\0\0");
        assert_eq!(error, ServerError { code: Code::State(*b"42P01"), ends_session: false });
        let error = ServerError::read(b"SFATAL\0C57P01\0M");
        assert_eq!(error, ServerError { code: Code::State(*b"57P01"), ends_session: true });
        assert_eq!(ServerError::read(b"C42\0\0"), ServerError::default());
        assert_eq!(ServerError::read(b""), ServerError::default());
    }

    #[test]
    fn whose_fault() {
        for (state, expected) in [
            (b"42601", Outcome::ClientError),
            (b"40001", Outcome::ClientError),
            (b"55P02", Outcome::ClientError),
            (b"57014", Outcome::ClientError),
            (b"28P01", Outcome::ClientError),
            (b"57P01", Outcome::ServerError),
            (b"53300", Outcome::ServerError),
            (b"08P01", Outcome::ServerError),
            (b"XX000", Outcome::ServerError),
            (b"F0001", Outcome::ServerError),
        ] {
            let error = ServerError { code: Code::State(*state), ends_session: false };
            assert_eq!(error.outcome(), expected, "{}", error.code);
        }
    }
}
