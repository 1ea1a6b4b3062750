//! SASL tokens without a header: after the first version of SaslHandshake client and server exchange the mechanism's own
//! tokens, each behind its size, until the client asks something (protocol guide, "SASL Authentication Sequence"). They are
//! passed over: what is in them is nobody's business.

use super::api;
use super::probe::{self, RESPONSE_HEAD_BYTES};
use crate::decoder::Probe;
use crate::pairing::Events;

/// So much of a message tells whether it is a request: its head with the client's id, and some of what is behind.
const LOOK_BYTES: usize = 300;

/// What comes next in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is not whole yet.
    Need,
    /// A request or an answer.
    Message,
    /// A token of so many bytes.
    Token { size: u32 },
}

/// Whether tokens may come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tokens {
    /// The client may send one.
    may_come: bool,
    /// So many of the server's are due.
    due: u8,
}

impl Tokens {
    /// A request begins.
    pub(super) const fn on_request(&mut self, key: u16, version: u16) {
        self.may_come = key == api::SASL_HANDSHAKE && version == 0;
    }

    pub(super) fn next_request(&mut self, bytes: &[u8]) -> Next {
        if !self.may_come {
            return Next::Message;
        }
        let Some(size) = bytes.first_chunk().copied().map(i32::from_be_bytes) else {
            return Next::Need;
        };
        let Ok(size) = u32::try_from(size) else { return Next::Message };
        let whole = LOOK_BYTES.min(size as usize + 4);
        let Some(look) = bytes.get(..whole) else { return Next::Need };
        if probe::request(look, false) == Probe::Certain {
            return Next::Message;
        }
        self.due = self.due.saturating_add(1);
        Next::Token { size }
    }

    pub(super) fn next_response(&mut self, bytes: &[u8], out: &Events<'_>) -> Next {
        if self.due == 0 {
            return Next::Message;
        }
        let Some(size) = bytes.first_chunk().copied().map(i32::from_be_bytes) else {
            return Next::Need;
        };
        let Ok(size) = u32::try_from(size) else { return Next::Message };
        if size >= 4 {
            let Some([.., a, b, c, d]) = bytes.first_chunk::<RESPONSE_HEAD_BYTES>() else {
                return Next::Need;
            };
            let id = u32::from_be_bytes([*a, *b, *c, *d]);
            if out.open_tag(u64::from(id)).is_some() {
                return Next::Message;
            }
        }
        self.due -= 1;
        Next::Token { size }
    }
}
