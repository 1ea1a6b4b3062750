//! The tables that header blocks refer to (RFC 7541, section 2.3).
//!
//! What a connection agreed on before we came, or inside a gap, is not known, and must not be guessed. That is safe
//! because of how entries are numbered: from the newest backwards, and only the oldest are ever dropped (sections 2.3.2
//! and 2.3.3), or all of them (section 4.4). So with *n* insertions seen since we came, the newest *n* numbers always
//! stand for exactly these, or are not used, whatever the table's size and whatever lies behind them. Keeping too few or
//! too many entries never makes a wrong name: a number beyond those kept is unknown.

use super::Name;
use crate::limits::HPACK_TABLE_BYTES_MAX;
use std::collections::VecDeque;

/// What one entry costs beside its text (RFC 7541, section 4.1).
const ENTRY_OVERHEAD: u32 = 32;
/// The size of a table that nobody spoke of (RFC 9113, section 6.5.2).
const SIZE_DEFAULT: u32 = 4_096;
/// Entries of the static table; the dynamic ones are numbered behind them.
const STATIC_ENTRIES: u32 = STATIC.len() as u32;

/// A field that was inserted: its size, and of its value only what is ever asked for.
#[derive(Clone, Copy, Debug)]
struct Entry {
    name: Name,
    /// The value where it is a number, see [`Known::number`].
    number: u16,
    name_length: u32,
    value_length: u32,
    /// Where its text begins and how long it is, where the value is a text that matters.
    start: u32,
    text: u32,
}

/// A field that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known<'t> {
    pub(super) name: Name,
    /// Length of its name.
    pub(super) name_length: u32,
    /// Its value, in two parts.
    pub(super) text: (&'t [u8], &'t [u8]),
    /// Its value where that is a number; of the static table, see `text`.
    pub(super) number: Option<u16>,
}

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference<'t> {
    Known(Known<'t>),
    /// Inserted before we came, or let go.
    Unknown,
    /// Nothing: the sender never inserted so many.
    Nothing,
}

/// One direction's dynamic table.
#[derive(Debug)]
pub(in crate::http2) struct Table {
    /// The newest first.
    entries: VecDeque<Entry>,
    /// Their texts, the oldest first; `dropped` bytes were before them.
    texts: VecDeque<u8>,
    dropped: u32,
    size: u32,
    /// What the sender announced in its header blocks, and what the receiver allowed.
    announced: u32,
    allowed: u32,
    /// Insertions since the connection began; `None` where not all of them were seen.
    inserted: Option<u64>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            texts: VecDeque::new(),
            dropped: 0,
            size: 0,
            announced: SIZE_DEFAULT,
            allowed: SIZE_DEFAULT,
            inserted: Some(0),
        }
    }
}

impl Table {
    /// Header blocks were lost: nothing that was inserted before has a known number any more.
    pub(in crate::http2) fn forget(&mut self) {
        let allowed = self.allowed;
        *self =
            Self { inserted: None, announced: HPACK_TABLE_BYTES_MAX, allowed, ..Self::default() };
    }

    /// The receiver's SETTINGS_HEADER_TABLE_SIZE.
    pub(in crate::http2) fn allow(&mut self, size: u32) {
        self.allowed = size;
        self.evict(0);
    }

    /// The sender's size update.
    pub(super) fn announce(&mut self, size: u32) {
        self.announced = size;
        self.evict(0);
    }

    /// A sender that uses what it was allowed without announcing it is still understood.
    fn size_max(&self) -> u32 {
        self.announced.max(self.allowed).min(HPACK_TABLE_BYTES_MAX)
    }

    /// What an index stands for (RFC 7541, section 2.3.3); 0 stands for nothing.
    pub(super) fn get(&self, index: u32) -> Reference<'_> {
        let Some(place) = index.checked_sub(1) else { return Reference::Nothing };
        if let Some(&(name, value)) = STATIC.get(place as usize) {
            return Reference::Known(Known {
                name: Name::of(name.as_bytes()),
                name_length: name.len() as u32,
                text: (value.as_bytes(), &[]),
                number: None,
            });
        }
        let place = place - STATIC_ENTRIES;
        match self.entries.get(place as usize) {
            Some(entry) if entry.name == Name::Unknown => Reference::Unknown,
            Some(entry) => Reference::Known(Known {
                name: entry.name,
                name_length: entry.name_length,
                text: self.text(entry),
                number: Some(entry.number),
            }),
            None if self.inserted.is_some_and(|inserted| u64::from(place) >= inserted) => {
                Reference::Nothing
            }
            None => Reference::Unknown,
        }
    }

    fn text(&self, entry: &Entry) -> (&[u8], &[u8]) {
        let start = entry.start.wrapping_sub(self.dropped) as usize;
        let end = start + entry.text as usize;
        let (front, back) = self.texts.as_slices();
        let part =
            |bytes: &'_ [u8], from: usize, to: usize| from.min(bytes.len())..to.min(bytes.len());
        let behind = |place: usize| place.saturating_sub(front.len());
        (
            front.get(part(front, start, end)).unwrap_or_default(),
            back.get(part(back, behind(start), behind(end))).unwrap_or_default(),
        )
    }

    /// Inserts a field. `text` is its value where that matters as a text.
    pub(super) fn insert(
        &mut self,
        name: Name,
        (name_length, value_length): (u32, u32),
        number: u16,
        text: &[u8],
    ) {
        self.inserted = self.inserted.map(|inserted| inserted + 1);
        let size = name_length.saturating_add(value_length).saturating_add(ENTRY_OVERHEAD);
        self.evict(size);
        if size > self.size_max() {
            // Section 4.4: it empties the table and is not in it.
            return;
        }
        let start = self.dropped.wrapping_add(self.texts.len() as u32);
        self.texts.extend(text);
        let text = text.len() as u32;
        self.entries.push_front(Entry { name, number, name_length, value_length, start, text });
        self.size += size;
    }

    /// Lets the oldest go until there is room.
    fn evict(&mut self, room: u32) {
        while self.size.saturating_add(room) > self.size_max() {
            let Some(oldest) = self.entries.pop_back() else { break };
            self.size -= oldest.name_length + oldest.value_length + ENTRY_OVERHEAD;
            self.texts.drain(..(oldest.text as usize).min(self.texts.len()));
            self.dropped = self.dropped.wrapping_add(oldest.text);
        }
    }
}

/// RFC 7541, appendix A.
#[rustfmt::skip]
static STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
    ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
    ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(table: &mut Table, path: &str) {
        table.insert(Name::Path, (5, path.len() as u32), 0, path.as_bytes());
    }

    fn text(table: &Table, index: u32) -> Option<String> {
        match table.get(index) {
            Reference::Known(known) => {
                Some(String::from_utf8([known.text.0, known.text.1].concat()).unwrap())
            }
            Reference::Unknown => None,
            Reference::Nothing => Some("nothing".to_owned()),
        }
    }

    #[test]
    fn numbers_count_from_the_newest() {
        let mut table = Table::default();
        assert_eq!(text(&table, 62).unwrap(), "nothing");
        insert(&mut table, "/a");
        insert(&mut table, "/bb");
        assert_eq!(
            (text(&table, 62).unwrap(), text(&table, 63).unwrap()),
            ("/bb".into(), "/a".into())
        );
        assert_eq!(text(&table, 64).unwrap(), "nothing");
        assert_eq!(text(&table, 5).unwrap(), "/index.html");
        assert_eq!(text(&table, 0).unwrap(), "nothing");
    }

    #[test]
    fn what_was_inserted_before_we_came_is_unknown_and_what_came_later_is_not() {
        let mut table = Table::default();
        insert(&mut table, "/before");
        table.forget();
        assert_eq!(text(&table, 62), None);
        insert(&mut table, "/later");
        assert_eq!((text(&table, 62).unwrap(), text(&table, 63)), ("/later".into(), None));
    }

    /// A table of any real size numbers its entries as ours does, as far as it has them.
    #[test]
    fn no_size_makes_a_wrong_name() {
        for announced in [0, 40, 100, 4_096] {
            let (mut real, mut ours) = (Table::default(), Table::default());
            real.allow(0);
            real.announce(announced);
            ours.forget();
            for place in 0..50_u32 {
                let path =
                    format!("/{}", "x".repeat((place * 7 % 60) as usize)) + &place.to_string();
                insert(&mut real, &path);
                insert(&mut ours, &path);
                for index in 62..120 {
                    if let Reference::Known(_) = real.get(index) {
                        assert_eq!(text(&real, index), text(&ours, index));
                    }
                }
            }
        }
    }

    #[test]
    fn the_oldest_go_and_nothing_grows() {
        let mut table = Table::default();
        for place in 0..10_000 {
            insert(&mut table, &format!("/some/path/{place}"));
        }
        assert!(table.size <= SIZE_DEFAULT && table.entries.len() < 128, "{}", table.entries.len());
        assert!(table.texts.len() < 4_096);
        assert_eq!(text(&table, 62).unwrap(), "/some/path/9999");
        assert_eq!(text(&table, 62 + 20).unwrap(), "/some/path/9979");
        insert(&mut table, &"x".repeat(5_000));
        assert_eq!((table.entries.len(), table.texts.len(), table.size), (0, 0, 0));
        table.announce(u32::MAX);
        (0..10_000).for_each(|_| insert(&mut table, &"y".repeat(1_000)));
        assert!(table.size <= HPACK_TABLE_BYTES_MAX);
    }
}
