//! The heads of record batches (protocol guide, "Record Batch"; "Old Message Format" for magic 0 and 1). Records are never
//! looked at, and nothing is decompressed.

/// What the head of a record batch says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// Records, at least: an old compressed message counts as one.
    pub(super) records: u32,
    /// What it is compressed with: a place in [`CODECS`].
    pub(super) codec: u8,
    /// The newest time that its producer gave, in milliseconds since the epoch; not the broker's.
    pub(super) created_ms: Option<u64>,
}

/// Codecs by number, and the name where a message has several.
pub(crate) const CODECS: [&str; 6] = ["none", "gzip", "snappy", "lz4", "zstd", "mixed"];

/// The place of "mixed".
pub(super) const MIXED: u8 = 5;

/// What comes next among records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Need,
    /// A batch of so many bytes, of which so many were read.
    Batch {
        read: u32,
        bytes: u32,
        batch: Batch,
    },
    /// Less than a batch: the broker cut the last one where the client wanted no more bytes.
    Rest,
    /// Of a kind that is not known.
    Unknown,
}

/// Offset or base offset, size, and up to the magic byte; the same place in every format.
const COMMON_BYTES: u32 = 17;
/// Offset and size, which the size does not count.
const OVERHEAD_BYTES: u32 = 12;
/// Up to the count of records (magic 2).
const BATCH_BYTES: u32 = 61;
/// Up to the key: magic 0, and with a timestamp magic 1.
const MESSAGE_BYTES: u32 = 18;
const DATED_MESSAGE_BYTES: u32 = 26;

/// The time is the broker's own, not the producer's.
const LOG_APPEND_TIME: u16 = 1 << 3;
/// Its records are marks of transactions, which no consumer sees.
const CONTROL: u16 = 1 << 5;

/// The batch at the front of `rest`, where `left` bytes of batches are still to come.
pub(super) fn head(rest: &[u8], left: u32) -> Head {
    let Some((size, magic)) = common(rest) else {
        return if left < COMMON_BYTES { Head::Rest } else { Head::Need };
    };
    let bytes = OVERHEAD_BYTES.checked_add(size).filter(|&bytes| bytes <= left);
    let read = match magic {
        0 => MESSAGE_BYTES,
        1 => DATED_MESSAGE_BYTES,
        2 => BATCH_BYTES,
        _ => return Head::Unknown,
    };
    let Some(bytes) = bytes.filter(|&bytes| bytes >= read) else { return Head::Rest };
    let Some(head) = rest.get(..read as usize) else { return Head::Need };
    let batch = if magic == 2 { batch(head) } else { message(head) };
    Head::Batch { read, bytes, batch: batch.unwrap_or_default() }
}

/// Size and magic byte. A size that is none is larger than anything.
fn common(rest: &[u8]) -> Option<(u32, u8)> {
    let head = rest.first_chunk::<{ COMMON_BYTES as usize }>()?;
    let size = head.get(8..12)?.first_chunk().copied()?;
    Some((u32::from_be_bytes(size), *head.last()?))
}

/// Magic 2.
fn batch(head: &[u8]) -> Option<Batch> {
    let attributes = u16::from_be_bytes(*head.get(21..)?.first_chunk()?);
    let newest = i64::from_be_bytes(*head.get(35..)?.first_chunk()?);
    let records = i32::from_be_bytes(*head.get(57..)?.first_chunk()?);
    let is_control = attributes & CONTROL != 0;
    Some(Batch {
        records: if is_control { 0 } else { u32::try_from(records).unwrap_or(0) },
        codec: codec(attributes),
        created_ms: created(attributes, newest).filter(|_| !is_control),
    })
}

/// Magic 0 and 1: one message, or several in a compressed one.
fn message(head: &[u8]) -> Option<Batch> {
    let attributes = u16::from(*head.get(17)?);
    let time = head.get(18..).and_then(|rest| rest.first_chunk());
    let created_ms = time.and_then(|time| created(attributes, i64::from_be_bytes(*time)));
    Some(Batch { records: 1, codec: codec(attributes), created_ms })
}

fn codec(attributes: u16) -> u8 {
    // Three bits; numbers beyond zstd mean nothing yet.
    (attributes & 0b111).min(u16::from(MIXED)) as u8
}

fn created(attributes: u16, time: i64) -> Option<u64> {
    // -1: no time.
    if attributes & LOG_APPEND_TIME != 0 { None } else { u64::try_from(time).ok() }
}
