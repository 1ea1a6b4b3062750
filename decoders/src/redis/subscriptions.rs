//! What a connection has subscribed to, as the server tells it (Redis manual, "Redis Pub/Sub").

use super::commands::Kind;
use super::resp::{self, Word};
use crate::decoder::DecodeError;

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subscriptions {
    channels: u32,
    patterns: u32,
    shards: u32,
    /// Some may be from before we came, or from what a gap hid: only their total is known.
    is_partly_known: bool,
}

impl Subscriptions {
    /// Whether there is any: in RESP2, arrays are then messages, confirmations, or the answer to PING.
    pub(super) const fn is_any(self) -> bool {
        self.channels > 0 || self.patterns > 0 || self.shards > 0
    }

    /// A message came: there is one at least, from before we came.
    pub(super) fn message(&mut self) {
        if !self.is_any() {
            self.channels = 1;
        }
    }

    /// The server confirms: `total` are left. Channels and patterns are counted together, shards' channels for themselves.
    pub(super) fn confirm(&mut self, kind: Kind, total: u32) {
        match kind {
            Kind::ShardSubscribe | Kind::ShardUnsubscribe => self.shards = total,
            Kind::PatternSubscribe | Kind::PatternUnsubscribe => {
                self.channels = self.channels.min(total);
                self.patterns = total - self.channels;
            }
            _ => {
                self.patterns = self.patterns.min(total);
                self.channels = total - self.patterns;
            }
        }
        self.is_partly_known &= total > 0;
    }

    /// Not all that the server said was read.
    pub(super) const fn forget(&mut self) {
        self.is_partly_known = true;
    }

    /// Whether nothing is left of what `kind` takes back.
    pub(super) const fn are_over(self, kind: Kind) -> bool {
        match kind {
            Kind::ShardUnsubscribe => self.shards == 0,
            _ if self.is_partly_known => self.channels == 0 && self.patterns == 0,
            Kind::PatternUnsubscribe => self.patterns == 0,
            _ => self.channels == 0,
        }
    }
}

/// What an array or a push is, by its first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Not enough to tell.
    Need,
    /// A message of a channel.
    Message,
    /// A subscription begins or ends.
    Confirmation(Kind),
    /// Something else.
    Other,
}

/// Bytes of the longest such word: `punsubscribe`.
const WORD_BYTES_MAX: usize = 12;

/// What the array or push at the beginning of `bytes` is.
pub(super) fn named(bytes: &[u8]) -> Result<Named, DecodeError> {
    let Some((count, header)) = resp::number(bytes)? else { return Ok(Named::Need) };
    if !matches!(count, 3 | 4) {
        return Ok(Named::Other);
    }
    let first = bytes.get(header..).unwrap_or_default();
    Ok(match (count, resp::word(first, WORD_BYTES_MAX)?) {
        (_, Word::NotWhole) => Named::Need,
        (3, Word::Whole(b"message" | b"smessage", _)) => Named::Message,
        (4, Word::Whole(b"pmessage", _)) => Named::Message,
        (3, Word::Whole(word, _)) => {
            Kind::confirmed_by(word).map_or(Named::Other, Named::Confirmation)
        }
        (_, _) => Named::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_patterns_are_counted_together() {
        let mut held = Subscriptions::default();
        for (kind, total, channels, patterns) in [
            (Kind::Subscribe, 1, 1, 0),
            (Kind::Subscribe, 2, 2, 0),
            (Kind::PatternSubscribe, 3, 2, 1),
            (Kind::Subscribe, 3, 2, 1),
            (Kind::Unsubscribe, 2, 1, 1),
            (Kind::Unsubscribe, 1, 0, 1),
        ] {
            held.confirm(kind, total);
            assert_eq!((held.channels, held.patterns), (channels, patterns), "{kind:?} {total}");
        }
        assert!(held.are_over(Kind::Unsubscribe));
        assert!(held.is_any());
    }

    #[test]
    fn of_what_was_there_before_only_the_total_is_known() {
        let mut held = Subscriptions::default();
        held.forget();
        held.confirm(Kind::PatternSubscribe, 4);
        held.confirm(Kind::Unsubscribe, 3);
        assert!(!held.are_over(Kind::Unsubscribe));
        held.confirm(Kind::Unsubscribe, 0);
        assert!(held.are_over(Kind::Unsubscribe));
        held.confirm(Kind::PatternSubscribe, 1);
        assert!(held.are_over(Kind::Unsubscribe));
    }

    #[test]
    fn first_elements() {
        for (text, expected) in [
            ("*3\r\n$7\r\nmessage\r\n", Named::Message),
            (">4\r\n$8\r\npmessage\r\n", Named::Message),
            (">4\r\n$7\r\nmessage\r\n", Named::Other),
            ("*3\r\n$9\r\nsubscribe\r\n", Named::Confirmation(Kind::Subscribe)),
            ("*3\r\n$9\r\nsubscr", Named::Need),
            ("*3\r\n$90\r\nsubscr", Named::Other),
            ("*2\r\n$4\r\npong\r\n", Named::Other),
            (">2\r\n$10\r\ninvalidate\r\n", Named::Other),
        ] {
            assert_eq!(named(text.as_bytes()), Ok(expected), "{text:?}");
        }
    }
}
