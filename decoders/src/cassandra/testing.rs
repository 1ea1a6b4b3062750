//! Messages and segments for tests, made as the specification says.

use super::segment::{crc24, crc32};

pub(super) fn string(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

pub(super) fn long_string(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// The body of a BATCH: texts or ids, with a value each.
pub(super) fn batch(statements: &[Result<&str, [u8; 16]>]) -> Vec<u8> {
    let count = u16::try_from(statements.len()).unwrap();
    let mut body = [&[0], count.to_be_bytes().as_slice()].concat();
    for statement in statements {
        match statement {
            Ok(text) => {
                body.push(0);
                body.extend(long_string(text));
            }
            Err(id) => {
                body.extend([1, 0, 16]);
                body.extend(id);
            }
        }
        body.extend([0, 1, 0, 0, 0, 4, 0, 0, 0, 42]);
    }
    body.extend([0, 1, 0]);
    body
}

/// The body of a RESULT with rows, as far as their count.
pub(super) fn rows(flags: i32, columns: i32, count: i32) -> Vec<u8> {
    let mut body = [2, flags, columns].map(i32::to_be_bytes).concat();
    if flags & 2 != 0 {
        body.extend([0, 0, 0, 3, 7, 7, 7]);
    }
    if flags & 8 != 0 {
        body.extend([0, 2, 5, 5]);
    }
    if flags & 4 == 0 {
        let table = [string("shop"), string("orders")].concat();
        if flags & 1 != 0 {
            body.extend(&table);
        }
        for _ in 0..columns {
            if flags & 1 == 0 {
                body.extend(&table);
            }
            body.extend(string("column"));
            body.extend([0, 0x0d]);
        }
    }
    body.extend(count.to_be_bytes());
    body
}

/// A message; `version` with the bit of answers.
pub(super) fn frame(version: u8, flags: u8, stream: i16, opcode: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![version, flags];
    match version & 0x7f {
        1 | 2 => bytes.push(u8::try_from(stream & 0xff).unwrap()),
        _ => bytes.extend(stream.to_be_bytes()),
    }
    bytes.push(opcode);
    bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend(body);
    bytes
}

/// Bytes that do not compress.
pub(super) fn bulk(length: usize) -> Vec<u8> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    };
    std::iter::successors(Some(7_u32), |state| {
        Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    })
    .map(|mut state| next(&mut state).unwrap())
    .take(length)
    .collect()
}

/// A segment; `lz4`: as a connection that compresses sends it, compressed where that makes it shorter.
pub(super) fn segment(payload: &[u8], is_self_contained: bool, lz4: bool) -> Vec<u8> {
    let compressed = lz4_flex::block::compress(payload);
    let contained = u64::from(is_self_contained);
    let (payload, number, bytes): (&[u8], u64, usize) = match lz4 {
        false => (payload, payload.len() as u64 | contained << 17, 3),
        true if compressed.len() < payload.len() => (
            &compressed,
            compressed.len() as u64 | (payload.len() as u64) << 17 | contained << 34,
            5,
        ),
        true => (payload, payload.len() as u64 | contained << 34, 5),
    };
    let header = &number.to_le_bytes()[..bytes];
    let checksum = crc24(header).to_le_bytes();
    [header, &checksum[..3], payload, &crc32(payload).to_le_bytes()].concat()
}
