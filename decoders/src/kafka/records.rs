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
    if left < COMMON_BYTES {
        return Head::Rest;
    }
    let Some((size, magic)) = common(rest) else { return Head::Need };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn batch_of(attributes: u16, newest: i64, records: i32, body: usize) -> Vec<u8> {
        let mut bytes = vec![0; 61 + body];
        let size = u32::try_from(bytes.len()).unwrap() - OVERHEAD_BYTES;
        bytes[8..12].copy_from_slice(&size.to_be_bytes());
        bytes[16] = 2;
        bytes[21..23].copy_from_slice(&attributes.to_be_bytes());
        bytes[35..43].copy_from_slice(&newest.to_be_bytes());
        bytes[57..61].copy_from_slice(&records.to_be_bytes());
        bytes
    }

    fn message_of(magic: u8, attributes: u8, time: i64, body: usize) -> Vec<u8> {
        let read = if magic == 0 { 18 } else { 26 };
        let mut bytes = vec![0; read + body];
        let size = u32::try_from(bytes.len()).unwrap() - OVERHEAD_BYTES;
        bytes[8..12].copy_from_slice(&size.to_be_bytes());
        (bytes[16], bytes[17]) = (magic, attributes);
        if magic == 1 {
            bytes[18..26].copy_from_slice(&time.to_be_bytes());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Batch> {
        let length = u32::try_from(bytes.len()).unwrap();
        match head(bytes, length) {
            Head::Batch { batch, bytes, .. } => {
                assert_eq!(bytes, length);
                Some(batch)
            }
            _ => None,
        }
    }

    #[test]
    fn heads_of_each_format() {
        let batch = |records, codec, created_ms| Some(Batch { records, codec, created_ms });
        for (bytes, expected) in [
            (batch_of(0, 1_000, 7, 100), batch(7, 0, Some(1_000))),
            (batch_of(4, 1_000, 7, 0), batch(7, 4, Some(1_000))),
            (batch_of(LOG_APPEND_TIME | 2, 1_000, 7, 0), batch(7, 2, None)),
            (batch_of(CONTROL, 1_000, 1, 16), batch(0, 0, None)),
            (batch_of(0, -1, 7, 0), batch(7, 0, None)),
            (batch_of(7, 0, -5, 0), batch(0, MIXED, Some(0))),
            (message_of(0, 1, 0, 30), batch(1, 1, None)),
            (message_of(1, 2, 1_000, 30), batch(1, 2, Some(1_000))),
            (message_of(1, 8, 1_000, 30), batch(1, 0, None)),
        ] {
            assert_eq!(read(&bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_whole_is_not_counted() {
        let whole = batch_of(0, 0, 1, 100);
        assert_eq!(head(&whole, 160), Head::Rest, "cut by the broker");
        assert_eq!(head(&whole[..20], 161), Head::Need);
        assert_eq!(head(&whole[..10], 10), Head::Rest);
        assert_eq!(head(&whole[..10], 161), Head::Need);
        let mut later = whole.clone();
        later[16] = 3;
        assert_eq!(head(&later, 161), Head::Unknown);
        let mut short = whole;
        short[8..12].copy_from_slice(&10_u32.to_be_bytes());
        assert_eq!(head(&short, 161), Head::Rest, "shorter than its own head");
    }
}
