//! The front of what LZ4 and Snappy compressed: as much as there is, or as is asked for.
//!
//! Written here because the libraries decompress whole blocks only, and of a body neither the whole is at hand, nor is it
//! needed: a row count lies in front of megabytes of rows. Tests hold it against those libraries.

/// A frame's body, once decompressed, is never longer (native_protocol_v5.spec, section 2.5).
const DECLARED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Not what the algorithm makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt;

/// How bodies are compressed (section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Not known: agreed before we came.
    #[default]
    Unknown,
    None,
    Lz4,
    Snappy,
}

impl Algorithm {
    /// By its name in STARTUP.
    pub(super) const fn from_name(name: &[u8]) -> Self {
        if name.eq_ignore_ascii_case(b"lz4") {
            Self::Lz4
        } else if name.eq_ignore_ascii_case(b"snappy") {
            Self::Snappy
        } else {
            Self::None
        }
    }
}

/// What became of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inflated {
    /// Bytes that the whole has, decompressed.
    pub(super) declared: usize,
    /// All of them are there, and nothing is behind them.
    pub(super) is_whole: bool,
}

/// Replaces `out` by at most `max` bytes of a body that `algorithm` compressed, of which `body` is at hand.
pub(super) fn body(
    algorithm: Algorithm,
    body: &[u8],
    max: usize,
    out: &mut Vec<u8>,
) -> Result<Inflated, Corrupt> {
    out.clear();
    let (declared, block) = match algorithm {
        Algorithm::Lz4 => match body.split_first_chunk() {
            Some((&length, block)) => (u32::from_be_bytes(length) as usize, block),
            None => return Ok(Inflated::default()),
        },
        Algorithm::Snappy => match varint(body)? {
            Some((length, block)) => (length, block),
            None => return Ok(Inflated::default()),
        },
        Algorithm::Unknown | Algorithm::None => return Err(Corrupt),
    };
    if declared > DECLARED_BYTES_MAX {
        return Err(Corrupt);
    }
    let max = max.min(declared);
    let is_used_up = match algorithm {
        Algorithm::Snappy => snappy(block, max, out)?,
        _ => lz4(block, max, out)?,
    };
    Ok(Inflated { declared, is_whole: is_used_up && out.len() == declared })
}

/// Snappy's length of the whole (format_description.txt, section 1).
fn varint(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Corrupt> {
    let mut value = 0;
    for (place, &byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((value, bytes.get(place + 1..).unwrap_or_default())));
        }
    }
    if bytes.len() < 5 { Ok(None) } else { Err(Corrupt) }
}

/// Appends the front of an LZ4 block (lz4_Block_format.md). Whether all that is at hand was used.
pub(super) fn lz4(block: &[u8], max: usize, out: &mut Vec<u8>) -> Result<bool, Corrupt> {
    let mut input = block;
    loop {
        let Some((&token, rest)) = input.split_first() else { return Ok(false) };
        input = rest;
        let Some(literals) = lz4_length(token >> 4, &mut input) else { return Ok(false) };
        let is_cut = literals > input.len();
        let (taken, rest) = input.split_at_checked(literals).unwrap_or((input, &[]));
        if !append(taken, max, out) || is_cut {
            return Ok(false);
        }
        input = rest;
        // Only a block's last sequence has no match.
        if input.is_empty() {
            return Ok(true);
        }
        let Some((&offset, rest)) = input.split_first_chunk() else { return Ok(false) };
        input = rest;
        let Some(length) = lz4_length(token & 0x0f, &mut input) else {
            return Ok(false);
        };
        if !repeat(usize::from(u16::from_le_bytes(offset)), length.saturating_add(4), max, out)? {
            return Ok(false);
        }
    }
}

/// A length of four bits that goes on in bytes while they are full; `None` where they are not all at hand.
fn lz4_length(nibble: u8, input: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(nibble);
    if nibble < 15 {
        return Some(length);
    }
    loop {
        let (&more, rest) = input.split_first()?;
        *input = rest;
        length = length.saturating_add(usize::from(more));
        if more < u8::MAX {
            return Some(length);
        }
    }
}

/// Appends the front of a Snappy stream behind its length (format_description.txt, section 2). Whether all that is at
/// hand was used.
fn snappy(stream: &[u8], max: usize, out: &mut Vec<u8>) -> Result<bool, Corrupt> {
    let mut input = stream;
    loop {
        let Some((&tag, rest)) = input.split_first() else {
            return Ok(true);
        };
        input = rest;
        let upper = usize::from(tag >> 2);
        // Of a literal that is longer: bytes of its length; of a copy: bytes of its offset.
        let extra = match tag & 3 {
            0 => upper.saturating_sub(59),
            1 => 1,
            2 => 2,
            _ => 4,
        };
        let Some((bytes, rest)) = input.split_at_checked(extra) else {
            return Ok(false);
        };
        input = rest;
        let number = bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte));
        let fits = match tag & 3 {
            0 => {
                let length = if extra == 0 { upper + 1 } else { number.saturating_add(1) };
                let is_cut = length > input.len();
                let (taken, rest) = input.split_at_checked(length).unwrap_or((input, &[]));
                input = rest;
                append(taken, max, out) && !is_cut
            }
            1 => repeat((upper >> 3) << 8 | number, (upper & 7) + 4, max, out)?,
            _ => repeat(number, upper + 1, max, out)?,
        };
        if !fits {
            return Ok(false);
        }
    }
}

/// Appends bytes; `false` where not all of them fit.
fn append(bytes: &[u8], max: usize, out: &mut Vec<u8>) -> bool {
    let room = max.saturating_sub(out.len());
    out.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    bytes.len() <= room
}

/// Appends what was `offset` bytes ago, `length` bytes of it, which may include what is appended; `false` where not all
/// of them fit.
fn repeat(offset: usize, length: usize, max: usize, out: &mut Vec<u8>) -> Result<bool, Corrupt> {
    let start = out.len().checked_sub(offset).filter(|_| offset > 0).ok_or(Corrupt)?;
    let room = max.saturating_sub(out.len());
    let mut left = length.min(room);
    while left > 0 {
        // Each round can repeat twice as much as the one before.
        let step = left.min(out.len() - start);
        out.extend_from_within(start..start + step);
        left -= step;
    }
    Ok(length <= room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 1 << 20;

    fn lz4_body(plain: &[u8]) -> Vec<u8> {
        let length = u32::try_from(plain.len()).unwrap();
        [&length.to_be_bytes(), lz4_flex::block::compress(plain).as_slice()].concat()
    }

    fn snappy_body(plain: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(plain).unwrap()
    }

    /// Repetitive, as bodies are.
    fn plain() -> impl Strategy<Value = Vec<u8>> {
        let word = prop::collection::vec(any::<u8>(), 1..40);
        prop::collection::vec((word, 1_usize..300), 0..40).prop_map(|words| {
            words.into_iter().flat_map(|(word, times)| word.repeat(times)).collect()
        })
    }

    proptest! {
        #[test]
        fn what_libraries_compress_is_read(plain in plain()) {
            for (algorithm, compressed) in
                [(Algorithm::Lz4, lz4_body(&plain)), (Algorithm::Snappy, snappy_body(&plain))]
            {
                let mut out = Vec::new();
                let read = body(algorithm, &compressed, MAX, &mut out);
                let whole = Inflated { declared: plain.len(), is_whole: true };
                prop_assert_eq!(read, Ok(whole));
                prop_assert_eq!(&out, &plain);
            }
        }

        #[test]
        fn fronts_are_fronts(plain in plain(), cut in any::<prop::sample::Index>(), max in 0_usize..5_000) {
            for (algorithm, compressed) in
                [(Algorithm::Lz4, lz4_body(&plain)), (Algorithm::Snappy, snappy_body(&plain))]
            {
                let at_hand = &compressed[..cut.index(compressed.len() + 1).min(compressed.len())];
                let mut out = Vec::new();
                prop_assert!(body(algorithm, at_hand, max, &mut out).is_ok());
                prop_assert!(out.len() <= max && plain.starts_with(&out));
                if at_hand.len() == compressed.len() {
                    prop_assert_eq!(out.len(), max.min(plain.len()));
                }
            }
        }

        #[test]
        fn anything_else_stays_within_its_limit(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            for algorithm in [Algorithm::Lz4, Algorithm::Snappy] {
                let mut out = Vec::new();
                let read = body(algorithm, &bytes, 10_000, &mut out);
                prop_assert!(out.len() <= 10_000);
                // Where the libraries read it too, they read the same.
                if algorithm == Algorithm::Snappy && read.is_ok_and(|read| read.is_whole) {
                    prop_assert_eq!(snap::raw::Decoder::new().decompress_vec(&bytes).unwrap(), out);
                }
            }
        }
    }

    #[test]
    fn corrupt_blocks_are_refused() {
        let mut out = Vec::new();
        // A match before the first byte, and one of offset zero.
        assert_eq!(lz4(&[0x10, b'a', 2, 0, 0], MAX, &mut out), Err(Corrupt));
        assert_eq!(lz4(&[0x10, b'a', 0, 0, 0], MAX, &mut out), Err(Corrupt));
        // Less than was declared.
        let less = body(Algorithm::Lz4, &[0, 0, 0, 9, 0x10, b'a'], MAX, &mut out);
        assert_eq!(less, Ok(Inflated { declared: 9, is_whole: false }));
        assert_eq!(body(Algorithm::Lz4, &[0x7f, 0, 0, 9, 0x10], MAX, &mut out), Err(Corrupt));
        assert_eq!(body(Algorithm::Snappy, &[0xff; 9], MAX, &mut out), Err(Corrupt));
    }
}
