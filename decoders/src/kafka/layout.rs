//! How messages are laid out, as far as they are read: a field after the other, by version.
//!
//! Source: Kafka's message definitions (clients/src/main/resources/common/message of Kafka 3.9 and 4.3) and the protocol
//! guide, "Protocol Primitive Types". Versions that a newer definition no longer lists are those of the older one.

/// The fields of a message, or of an element of a list in it, in the order of the wire.
pub(super) type Layout = &'static [Field];

/// A field, in the versions that have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    from: u8,
    to: u8,
    pub(super) what: What,
}

/// What a field is.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// So many bytes of no interest.
    Pass(u8),
    /// NULLABLE_STRING, never COMPACT: the client's id in a header.
    ClientId,
    /// STRING or NULLABLE_STRING, COMPACT where the version is flexible, of no interest.
    Text,
    /// BYTES, likewise.
    Bytes,
    /// ARRAY of values of so many bytes each.
    Numbers(u8),
    /// ARRAY of strings.
    Texts,
    /// ARRAY of structures.
    List(Layout),
    /// ARRAY of structures of which the fields that follow are the first one's; nothing follows an empty one.
    First,
    /// A structure.
    Group(Layout),
    /// A structure behind a byte that says whether it is there.
    Optional(Layout),
    /// INT16: an error code.
    Error,
    /// INT32: milliseconds for which the client is held back.
    Throttle,
    /// STRING: a topic's name.
    Topic,
    /// ARRAY of topics' names.
    Topics,
    /// UUID: a topic's id.
    TopicId,
    /// A topic's name, and its id.
    TopicAndId,
    /// INT16: how many acknowledgements a producer wants.
    Acks,
    /// INT32: the number of a fetch session.
    SessionId,
    /// INT32: how often the session was used.
    SessionEpoch,
    /// RECORDS: record batches.
    Records,
}

impl Field {
    /// The header's field behind the correlation id.
    pub(super) const CLIENT_ID: Self = all(What::ClientId);

    pub(super) const fn is_in(&self, version: u8) -> bool {
        self.from <= version && version <= self.to
    }
}

/// A field of all versions.
pub(super) const fn all(what: What) -> Field {
    Field { from: 0, to: u8::MAX, what }
}

/// A field of this version and all later ones.
pub(super) const fn from(from: u8, what: What) -> Field {
    Field { from, to: u8::MAX, what }
}

/// A field of all versions up to this one.
pub(super) const fn to(to: u8, what: What) -> Field {
    Field { from: 0, to, what }
}

/// A field of some versions.
pub(super) const fn within(from: u8, to: u8, what: What) -> Field {
    Field { from, to, what }
}
