//! Names seen on the wire (methods, routes, statements), each kept once and passed around as a number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A name's number in one [`Names`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    /// No name: the bytes that carried it were not captured, or it was agreed before we came.
    pub const UNKNOWN: Self = Self(0);
    /// The name that stands for all names beyond the table's limit.
    pub const OTHER: Self = Self(1);

    /// Numbers from here on stand for names that are known by a key only.
    const REFERENCES: u32 = 1 << 31;

    /// The number of a name that is known by a key, counted apart from other names.
    pub const fn reference(place: u32) -> Self {
        Self(Self::REFERENCES | place)
    }

    /// The place of a name that is known by a key.
    pub const fn as_reference(self) -> Option<usize> {
        if self.0 >= Self::REFERENCES { Some((self.0 - Self::REFERENCES) as usize) } else { None }
    }

    /// The number itself, for use as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A hash for short names, looked up for every request. It resists nobody; a table is bounded, and so is what collisions
/// can cost.
#[derive(Debug, Default)]
struct NameHasher(u64);

/// An odd number without pattern: the golden ratio's fraction (Knuth, The Art of Computer Programming, section 6.4).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MIX);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let tail = rest.iter().fold(rest.len() as u64, |tail, byte| tail << 8 | u64::from(*byte));
        self.mix(tail);
    }

    fn write_u8(&mut self, _: u8) {
        // The end that `str` writes: lengths are mixed in already.
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// A bounded table of names.
#[derive(Debug)]
pub struct Names {
    by_text: HashMap<Box<str>, NameId, BuildHasherDefault<NameHasher>>,
    texts: Vec<Box<str>>,
    names_max: usize,
}

impl Names {
    /// What [`NameId::UNKNOWN`] reads as.
    pub const UNKNOWN: &'static str = "unknown";
    /// What [`NameId::OTHER`] reads as.
    pub const OTHER: &'static str = "other";

    /// An empty table that will hold at most `names_max` names of its own.
    pub fn new(names_max: usize) -> Self {
        let mut names = Self {
            by_text: HashMap::default(),
            texts: Vec::new(),
            names_max: names_max.saturating_add(2),
        };
        names.intern(Self::UNKNOWN);
        names.intern(Self::OTHER);
        names
    }

    /// The number of `text`, and whether it is new; [`NameId::OTHER`] once the table is full. Allocates only for a new
    /// name.
    pub fn intern(&mut self, text: &str) -> (NameId, bool) {
        if let Some(&id) = self.by_text.get(text) {
            return (id, false);
        }
        let Ok(next) = u32::try_from(self.texts.len()) else { return (NameId::OTHER, false) };
        if self.texts.len() >= self.names_max {
            return (NameId::OTHER, false);
        }
        let id = NameId(next);
        self.by_text.insert(text.into(), id);
        self.texts.push(text.into());
        (id, true)
    }

    /// The text of a number that this table gave.
    pub fn text(&self, id: NameId) -> &str {
        self.texts.get(id.index()).map_or(Self::UNKNOWN, |text| text)
    }

    /// How many names the table holds.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: the two names for "unknown" and "other" are always there.
    pub fn is_empty(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_files_under_other() {
        let mut names = Names::new(2);
        let ((a, _), (b, _)) = (names.intern("/a"), names.intern("/b"));
        assert_eq!(names.intern("/c"), (NameId::OTHER, false));
        assert_eq!(names.intern("/a"), (a, false));
        assert_eq!(names.text(b), "/b");
        assert_eq!(names.text(NameId::UNKNOWN), "unknown");
    }
}
