//! Texts that were named lately, with their names: most statements come again as they were.

use crate::limits::{RECENT_NAMES, RECENT_TEXT_BYTES_MAX};
use crate::naming::Kind;
use foldhash::fast::FixedState;
use model::names::NameId;
use std::hash::BuildHasher;

/// A text has one place, and gives way to the next that has the same.
#[derive(Debug, Default)]
pub(crate) struct Recent(Vec<Entry>);

#[derive(Clone, Debug, Default)]
struct Entry {
    text: Vec<u8>,
    /// With its name; nothing was remembered here yet where there is none.
    known: Option<(Kind, NameId)>,
}

impl Recent {
    /// The name of a text, or the place where it is to be remembered; nowhere if it is too long.
    pub(crate) fn find(&self, text: &[u8], kind: Kind) -> Result<NameId, Option<usize>> {
        if text.len() > RECENT_TEXT_BYTES_MAX {
            return Err(None);
        }
        let hash = FixedState::default().hash_one(text);
        let place = usize::try_from(hash).unwrap_or_default() % RECENT_NAMES;
        match self.0.get(place) {
            Some(Entry { text: own, known: Some((of, name)) }) if *of == kind && own == text => {
                Ok(*name)
            }
            _ => Err(Some(place)),
        }
    }

    /// Remembers a text in the place that [`Self::find`] told.
    pub(crate) fn remember(&mut self, place: usize, text: &[u8], kind: Kind, name: NameId) {
        if self.0.is_empty() {
            self.0.resize(RECENT_NAMES, Entry::default());
        }
        let Some(entry) = self.0.get_mut(place) else { return };
        // Once for all texts that will lie here.
        entry.text.reserve_exact(RECENT_TEXT_BYTES_MAX.saturating_sub(entry.text.len()));
        entry.text.clear();
        entry.text.extend_from_slice(text);
        entry.known = Some((kind, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_by_all_of_them() {
        let mut recent = Recent::default();
        let place = recent.find(b"SELECT 1", Kind::Adhoc).unwrap_err().unwrap();
        recent.remember(place, b"SELECT 1", Kind::Adhoc, NameId::reference(7));
        assert_eq!(recent.find(b"SELECT 1", Kind::Adhoc), Ok(NameId::reference(7)));
        assert_eq!(recent.find(b"SELECT 1", Kind::Prepared), Err(Some(place)));
        assert_eq!(recent.find(&[b'x'; RECENT_TEXT_BYTES_MAX + 1], Kind::Adhoc), Err(None));
        for number in 0..10_000_u32 {
            let text = number.to_string();
            let place = recent.find(text.as_bytes(), Kind::Adhoc).unwrap_err().unwrap();
            recent.remember(place, text.as_bytes(), Kind::Adhoc, NameId::reference(number));
            assert_eq!(recent.find(text.as_bytes(), Kind::Adhoc), Ok(NameId::reference(number)));
        }
        assert_eq!(recent.0.len(), RECENT_NAMES);
    }

    #[test]
    fn no_text_is_a_text() {
        let mut recent = Recent::default();
        assert!(recent.find(b"", Kind::Adhoc).is_err());
        recent.remember(0, b"x", Kind::Adhoc, NameId::reference(7));
        let place = recent.find(b"", Kind::Adhoc).unwrap_err().unwrap();
        recent.remember(place, b"", Kind::Adhoc, NameId::reference(8));
        assert_eq!(recent.find(b"", Kind::Adhoc), Ok(NameId::reference(8)));
    }
}
