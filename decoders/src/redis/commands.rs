//! The commands that have a name of their own. What a client calls its own is no name: it could be anything.

mod names;

use names::NAMES;

/// What the reader of an answer must know of its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// One value answers it.
    #[default]
    Plain,
    /// One confirmation a channel answers it (Redis manual, "Redis Pub/Sub").
    Subscribe,
    PatternSubscribe,
    ShardSubscribe,
    /// The same; without a channel, of all that are subscribed to.
    Unsubscribe,
    PatternUnsubscribe,
    ShardUnsubscribe,
    /// Its answer tells the version of the protocol.
    Hello,
    /// After it the server tells what others do.
    Monitor,
    /// Takes all of that back.
    Reset,
    /// Ends a transaction.
    Exec,
    /// A replica: what comes behind the answer is no longer this protocol.
    Sync,
    /// From here on nothing is answered.
    ReplyOff,
    /// The next one is not answered either.
    ReplySkip,
    /// Answers again.
    ReplyOn,
}

const KINDS: [(Kind, &str); 16] = [
    (Kind::Subscribe, "SUBSCRIBE"),
    (Kind::PatternSubscribe, "PSUBSCRIBE"),
    (Kind::ShardSubscribe, "SSUBSCRIBE"),
    (Kind::Unsubscribe, "UNSUBSCRIBE"),
    (Kind::PatternUnsubscribe, "PUNSUBSCRIBE"),
    (Kind::ShardUnsubscribe, "SUNSUBSCRIBE"),
    (Kind::Hello, "HELLO"),
    (Kind::Monitor, "MONITOR"),
    (Kind::Reset, "RESET"),
    (Kind::Exec, "EXEC"),
    (Kind::Exec, "DISCARD"),
    (Kind::Sync, "SYNC"),
    (Kind::Sync, "PSYNC"),
    (Kind::ReplyOff, "CLIENT REPLY OFF"),
    (Kind::ReplySkip, "CLIENT REPLY SKIP"),
    (Kind::ReplyOn, "CLIENT REPLY ON"),
];

impl Kind {
    /// The kind of a command, by its name.
    pub(super) fn of(name: &str) -> Self {
        // The first letters rule out nearly all.
        let may_matter =
            matches!(name.as_bytes(), [b'S' | b'P' | b'U' | b'H' | b'M' | b'R' | b'E' | b'D', ..]);
        let known = KINDS.iter().filter(|_| may_matter).find(|(_, own)| *own == name);
        known.map_or(Self::Plain, |&(kind, _)| kind)
    }

    /// What `CLIENT REPLY` asks for.
    pub(super) fn of_replies(mode: &[u8]) -> Self {
        let modes =
            [(&b"OFF"[..], Self::ReplyOff), (b"SKIP", Self::ReplySkip), (b"ON", Self::ReplyOn)];
        let known = modes.into_iter().find(|(name, _)| mode.eq_ignore_ascii_case(name));
        known.map_or(Self::Plain, |(_, kind)| kind)
    }

    /// Whether channels answer it.
    pub(super) const fn is_subscription(self) -> bool {
        matches!(
            self,
            Self::Subscribe
                | Self::PatternSubscribe
                | Self::ShardSubscribe
                | Self::Unsubscribe
                | Self::PatternUnsubscribe
                | Self::ShardUnsubscribe
        )
    }

    /// The kind whose confirmations begin with `word`.
    pub(super) fn confirmed_by(word: &[u8]) -> Option<Self> {
        let mut subscriptions = KINDS.iter().filter(|(kind, _)| kind.is_subscription());
        let is_own = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        subscriptions.find(|(_, name)| is_own(name)).map(|&(kind, _)| kind)
    }

    /// The tag of a request of this kind for `channels` channels.
    pub(super) fn tag(self, channels: u64) -> u32 {
        let channels = u32::try_from(channels).unwrap_or(u32::MAX).min(u32::MAX >> KIND_BITS);
        channels << KIND_BITS | self as u32
    }

    /// Kind and channels of a tag.
    pub(super) fn of_tag(tag: u32) -> (Self, u32) {
        let number = tag & ((1 << KIND_BITS) - 1);
        let known = KINDS.iter().map(|&(kind, _)| kind).find(|&kind| kind as u32 == number);
        (known.unwrap_or_default(), tag >> KIND_BITS)
    }
}

const KIND_BITS: u32 = 5;

/// A command's name, by its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    place: usize,
}

impl Command {
    /// The command of that name, in whatever case.
    pub(super) fn find(word: &[u8]) -> Option<Self> {
        let mut upper = [0; NAME_BYTES_MAX];
        let upper = upper.get_mut(..word.len())?;
        upper.copy_from_slice(word);
        upper.make_ascii_uppercase();
        Self::find_upper(upper)
    }

    fn find_upper(name: &[u8]) -> Option<Self> {
        let place = NAMES.binary_search_by(|own| own.as_bytes().cmp(name)).ok()?;
        Some(Self { place })
    }

    /// The name, in capitals.
    pub(super) fn name(self) -> &'static str {
        NAMES.get(self.place).copied().unwrap_or_default()
    }

    /// Whether its first argument is a part of its name. In the table, commands with one follow it.
    pub(super) fn is_container(self) -> bool {
        let next = NAMES.get(self.place + 1).and_then(|next| next.strip_prefix(self.name()));
        next.is_some_and(|rest| rest.starts_with(' '))
    }

    /// The command with its first argument; itself where that is not known.
    pub(super) fn with(self, subcommand: &[u8]) -> Self {
        let (mut joined, name) = ([0; NAME_BYTES_MAX], self.name().as_bytes());
        let length = name.len() + 1 + subcommand.len();
        let Some(joined) = joined.get_mut(..length) else { return self };
        let bytes = name.iter().chain(b" ").chain(subcommand);
        joined.iter_mut().zip(bytes).for_each(|(to, from)| *to = from.to_ascii_uppercase());
        Self::find_upper(joined).unwrap_or(self)
    }
}

/// The longest name, with room for nothing more.
pub(super) const NAME_BYTES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_fit() {
        assert!(NAMES.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        assert_eq!(NAMES.iter().map(|name| name.len()).max(), Some(NAME_BYTES_MAX));
        assert!(KINDS.iter().all(|(kind, _)| (*kind as u32) < 1 << KIND_BITS));
    }

    #[test]
    fn commands_are_found_in_any_case() {
        let name = |word: &[u8]| Command::find(word).map(Command::name);
        assert_eq!(name(b"get"), Some("GET"));
        assert_eq!(name(b"Json.Get"), Some("JSON.GET"));
        assert_eq!(name(b"user:17"), None);
        assert_eq!(name(&[b'A'; 100]), None);
        let config = Command::find(b"CONFIG").unwrap();
        assert!(config.is_container());
        assert_eq!(config.with(b"get").name(), "CONFIG GET");
        assert_eq!(config.with(b"secret").name(), "CONFIG");
        assert_eq!(config.with(&[b'A'; 100]).name(), "CONFIG");
        assert!(!Command::find(b"GET").unwrap().is_container());
    }

    #[test]
    fn kinds_travel_in_tags() {
        for (kind, name) in KINDS {
            let channels = if kind.is_subscription() { 3 } else { 0 };
            assert_eq!(Kind::of_tag(kind.tag(channels)), (kind, u32::try_from(channels).unwrap()));
            let is_mode = name.starts_with("CLIENT");
            assert_eq!(Kind::of(name), if is_mode { Kind::Plain } else { kind });
        }
        assert_eq!(Kind::of_tag(Kind::Plain.tag(u64::MAX)).0, Kind::Plain);
        assert_eq!(Kind::of("SET"), Kind::Plain);
        assert_eq!(Kind::of_replies(b"skip"), Kind::ReplySkip);
        assert_eq!(Kind::confirmed_by(b"psubscribe"), Some(Kind::PatternSubscribe));
        assert_eq!(Kind::confirmed_by(b"message"), None);
    }
}
