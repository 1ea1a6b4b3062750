//! The Huffman code of header strings (RFC 7541, section 5.2 and appendix B).
//!
//! The code is canonical: codes of one length are consecutive, in the order of their symbols, so that the lengths alone
//! say everything.

/// Each symbol's length in bits; the last symbol ends a string, and must never be sent.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const SYMBOLS: usize = 257;
const END: u16 = 256;
const LENGTH_MIN: usize = 5;
const LENGTH_MAX: usize = 30;
/// Codes up to this length are found by one look.
const SHORT: usize = 8;

/// What the lengths say.
struct Code {
    /// In the order of their codes.
    symbols: [u16; SYMBOLS],
    /// By length: the first code, how many there are, and where their symbols begin.
    lengths: [(u32, u32, u32); LENGTH_MAX + 1],
    /// By the next eight bits: the symbol whose code they begin with, and its length; 0 where it is longer.
    short: [(u8, u8); 1 << SHORT],
}

static CODE: Code = Code::build();

impl Code {
    #[allow(clippy::indexing_slicing)] // Worked out by the compiler.
    const fn build() -> Self {
        let mut code = Self {
            symbols: [0; SYMBOLS],
            lengths: [(0, 0, 0); LENGTH_MAX + 1],
            short: [(0, 0); 1 << SHORT],
        };
        let (mut length, mut next, mut place) = (LENGTH_MIN, 0_u32, 0_usize);
        while length <= LENGTH_MAX {
            let (first, start) = (next, place);
            let mut symbol = 0;
            while symbol < SYMBOLS {
                if LENGTHS[symbol] as usize == length {
                    code.symbols[place] = symbol as u16;
                    code.fill_short(next, length, symbol);
                    next += 1;
                    place += 1;
                }
                symbol += 1;
            }
            code.lengths[length] = (first, next - first, start as u32);
            next <<= 1;
            length += 1;
        }
        code
    }

    #[allow(clippy::indexing_slicing)] // Worked out by the compiler.
    const fn fill_short(&mut self, code: u32, length: usize, symbol: usize) {
        if length > SHORT {
            return;
        }
        let (mut bits, end) = (code << (SHORT - length), (code + 1) << (SHORT - length));
        while bits < end {
            self.short[bits as usize] = (symbol as u8, length as u8);
            bits += 1;
        }
    }

    /// The symbol that the highest of `bits` begin with, and its length; `None` where more than `available` are needed.
    #[inline]
    fn first(&self, bits: u64, available: u32) -> Option<(u16, u32)> {
        let (symbol, length) = *self.short.get((bits >> (64 - SHORT)) as usize)?;
        if length > 0 && u32::from(length) <= available {
            return Some((u16::from(symbol), u32::from(length)));
        }
        for (length, &(first, count, start)) in self.lengths.iter().enumerate().skip(LENGTH_MIN) {
            if length as u32 > available {
                return None;
            }
            let place = ((bits >> (64 - length)) as u32).wrapping_sub(first);
            if place < count {
                let symbol = *self.symbols.get((start + place) as usize)?;
                return Some((symbol, length as u32));
            }
        }
        None
    }
}

/// Hands on the bytes that `coded` stands for; `None` where it is not this code.
pub(super) fn decode(coded: &[u8], mut out: impl FnMut(u8)) -> Option<()> {
    // The next bits are the highest ones.
    let (mut bits, mut available) = (0_u64, 0_u32);
    for &byte in coded {
        bits |= u64::from(byte) << (56 - available);
        available += 8;
        while let Some((symbol, length)) = CODE.first(bits, available) {
            if symbol == END {
                return None;
            }
            out(symbol as u8);
            (bits, available) = (bits << length, available - length);
        }
    }
    // What is left pads the last byte: the highest bits of the end symbol, which are ones.
    let is_padding = available < 8 && bits >> 32 == u64::from(!(u32::MAX >> available));
    is_padding.then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coded: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        decode(coded, |byte| out.push(byte)).map(|()| out)
    }

    /// Encodes by the lengths alone, apart from the tables that decoding uses.
    fn encode(text: &[u8]) -> Vec<u8> {
        let mut order: Vec<usize> = (0..SYMBOLS).collect();
        order.sort_by_key(|&symbol| (LENGTHS[symbol], symbol));
        let (mut codes, mut next, mut before) = (vec![0_u32; SYMBOLS], 0, 0);
        for symbol in order {
            next <<= LENGTHS[symbol] - before;
            before = LENGTHS[symbol];
            codes[symbol] = next;
            next += 1;
        }
        let mut bits: Vec<bool> = text
            .iter()
            .flat_map(|&byte| {
                let (code, length) = (codes[usize::from(byte)], LENGTHS[usize::from(byte)]);
                (0..length).rev().map(move |place| code >> place & 1 == 1)
            })
            .collect();
        bits.resize(bits.len().next_multiple_of(8), true);
        bits.chunks(8)
            .map(|bits| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit)))
            .collect()
    }

    #[test]
    fn the_vectors_of_the_rfc() {
        // RFC 7541, appendix C.4.
        let coded = [0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff];
        assert_eq!(decoded(&coded).unwrap(), b"www.example.com");
        assert_eq!(encode(b"www.example.com"), coded);
        assert_eq!(decoded(&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]).unwrap(), b"no-cache");
    }

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        assert_eq!(decoded(&encode(&all)).unwrap(), all);
        for byte in 0..=255 {
            assert_eq!(decoded(&encode(&[byte])).unwrap(), [byte]);
        }
    }

    #[test]
    fn what_is_not_the_code() {
        assert_eq!(decoded(&[]), Some(vec![]));
        assert_eq!(decoded(&[0xff]), None, "eight bits of padding");
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), None, "the end symbol");
        assert_eq!(decoded(&[0x00]), None, "padding of zeros");
    }
}
