//! IP fragments: kept until the datagram is whole, within named bounds.

use super::cursor::Cursor;
use super::ip::Network;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use model::units::{CaptureTime, Nanos};
use std::collections::BTreeMap;

/// Datagrams that wait for their other fragments at a time; past it the oldest is given up.
pub const FRAGMENT_DATAGRAMS_MAX: usize = 1_024;
/// Bytes that they hold in all; past it the oldest is given up.
pub const FRAGMENT_BYTES_MAX: usize = 8 << 20;
/// Parts that one datagram may come in: 64 KiB at the smallest MTU that IPv4 hosts must take are 119.
pub const FRAGMENT_PARTS_MAX: usize = 256;
/// How long a datagram waits, in packet time. Linux waits as long (`net.ipv4.ipfrag_time`).
pub const FRAGMENT_AGE_MAX: Nanos = Nanos::from_seconds(30);

/// No datagram is longer (RFC 791, section 3.1).
const DATAGRAM_MAX: u32 = 65_535;

/// What the fragments of one datagram have in common (RFC 791, section 3.2; RFC 8200, section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FragmentKey {
    pub(super) source: u128,
    pub(super) destination: u128,
    pub(super) identification: u32,
    pub(super) protocol: u8,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) key: FragmentKey,
    pub(super) network: Network,
    /// What the datagram carries; for IPv6 only the first fragment's counts.
    pub(super) protocol: u8,
    /// In bytes.
    pub(super) offset: u32,
    pub(super) more: bool,
    pub(super) payload: Cursor<'a>,
}

/// A datagram that is whole on the wire. Where the snap length cut its fragments, `data` ends at the first byte that
/// was not captured.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) network: Network,
    pub(super) protocol: u8,
    pub(super) data: Vec<u8>,
    pub(super) wire: u32,
}

/// What became of a fragment.
#[derive(Debug)]
pub(super) enum Added {
    /// It made its datagram whole.
    Whole(Datagram),
    /// It waits, or repeats what was there.
    Waits,
    /// It contradicts itself.
    Malformed,
}

/// The datagrams that wait.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// Fragments given up.
    pub(super) dropped: u64,
    /// By order of their first fragment.
    waiting: BTreeMap<u64, Waiting>,
    places: HashMap<FragmentKey, u64, RandomState>,
    held_bytes: usize,
    next_place: u64,
}

#[derive(Debug)]
struct Waiting {
    key: FragmentKey,
    since: CaptureTime,
    network: Network,
    /// From the first fragment.
    protocol: u8,
    fragments: u64,
    /// Known once the last fragment is here.
    length: Option<u32>,
    /// In order of their place, without overlap.
    parts: Vec<Part>,
    data: Vec<u8>,
}

/// A stretch of the datagram; what lies behind `captured` was cut by the snap length.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u32,
    captured: u32,
    end: u32,
}

impl Fragments {
    /// Takes one fragment in.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>, time: CaptureTime) -> Added {
        let end = fragment.offset.saturating_add(fragment.payload.wire);
        // All but the last carry a multiple of eight bytes.
        let odd = fragment.more && !fragment.payload.wire.is_multiple_of(8);
        if odd || end > DATAGRAM_MAX || fragment.payload.wire == 0 {
            return Added::Malformed;
        }
        self.give_up_old(time);
        let place = *self.places.entry(fragment.key).or_insert_with(|| {
            let place = self.next_place;
            self.next_place += 1;
            let waiting = Waiting::new(fragment, time);
            self.held_bytes += waiting.held_bytes();
            self.waiting.insert(place, waiting);
            place
        });
        let Some(waiting) = self.waiting.get_mut(&place) else {
            return Added::Waits;
        };
        let held_before = waiting.held_bytes();
        waiting.add(fragment);
        self.held_bytes += waiting.held_bytes() - held_before;
        if let Some(length) = waiting.whole_length() {
            return match self.remove(place) {
                Some(waiting) => Added::Whole(waiting.into_datagram(length)),
                None => Added::Waits,
            };
        }
        if waiting.parts.len() > FRAGMENT_PARTS_MAX {
            self.give_up(place);
        }
        self.give_up_over_limit();
        Added::Waits
    }

    /// Gives up all that still wait.
    pub(super) fn give_up_all(&mut self) {
        while let Some((&place, _)) = self.waiting.first_key_value() {
            self.give_up(place);
        }
    }

    fn give_up_old(&mut self, now: CaptureTime) {
        while let Some((&place, oldest)) = self.waiting.first_key_value() {
            if oldest.since.plus(FRAGMENT_AGE_MAX) >= now {
                return;
            }
            self.give_up(place);
        }
    }

    fn give_up_over_limit(&mut self) {
        while self.waiting.len() > FRAGMENT_DATAGRAMS_MAX || self.held_bytes > FRAGMENT_BYTES_MAX {
            let Some((&place, _)) = self.waiting.first_key_value() else { return };
            self.give_up(place);
        }
    }

    fn give_up(&mut self, place: u64) {
        if let Some(waiting) = self.remove(place) {
            self.dropped += waiting.fragments;
        }
    }

    fn remove(&mut self, place: u64) -> Option<Waiting> {
        let waiting = self.waiting.remove(&place)?;
        self.places.remove(&waiting.key);
        self.held_bytes -= waiting.held_bytes();
        Some(waiting)
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.waiting.len(), self.held_bytes)
    }
}

impl Waiting {
    fn new(fragment: &Fragment<'_>, since: CaptureTime) -> Self {
        Self {
            key: fragment.key,
            since,
            network: fragment.network,
            protocol: fragment.protocol,
            fragments: 0,
            length: None,
            parts: Vec::new(),
            data: Vec::new(),
        }
    }

    fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.data.len() + size_of_val(self.parts.as_slice())
    }

    /// Keeps what is new of a fragment: of bytes that come twice the first copy counts, as for TCP.
    fn add(&mut self, fragment: &Fragment<'_>) {
        let (start, end) = (fragment.offset, fragment.offset + fragment.payload.wire);
        self.fragments += 1;
        if start == 0 {
            self.protocol = fragment.protocol;
        }
        if !fragment.more {
            self.length.get_or_insert(end);
        }
        let mut new_parts = Vec::new();
        let mut at = start;
        for part in self.parts.iter().filter(|part| part.end > start && part.start < end) {
            if at < part.start {
                new_parts.push((at, part.start));
            }
            at = part.end;
        }
        if at < end {
            new_parts.push((at, end));
        }
        for (start, end) in new_parts {
            self.keep(fragment, start, end);
        }
        self.parts.sort_unstable_by_key(|part| part.start);
    }

    /// Copies the stretch of the datagram from `start` to `end` out of the fragment, as far as it was captured.
    fn keep(&mut self, fragment: &Fragment<'_>, start: u32, end: u32) {
        let captured_end = fragment.offset + fragment.payload.rest.len() as u32;
        let captured = captured_end.clamp(start, end);
        let from = (start - fragment.offset) as usize..(captured - fragment.offset) as usize;
        let to = start as usize..captured as usize;
        if self.data.len() < to.end {
            self.data.resize(to.end, 0);
        }
        if let (Some(source), Some(target)) =
            (fragment.payload.rest.get(from), self.data.get_mut(to))
        {
            target.copy_from_slice(source);
        }
        self.parts.push(Part { start, captured, end });
    }

    /// The datagram's length, once there is no hole in it.
    fn whole_length(&self) -> Option<u32> {
        let length = self.length?;
        let mut reached = 0;
        for part in &self.parts {
            if part.start > reached {
                return None;
            }
            reached = part.end;
        }
        (reached >= length).then_some(length)
    }

    fn into_datagram(mut self, length: u32) -> Datagram {
        let cut = self.parts.iter().find(|part| part.captured < part.end);
        let captured = cut.map_or(length, |part| part.captured.min(length));
        self.data.truncate(captured as usize);
        Datagram { network: self.network, protocol: self.protocol, data: self.data, wire: length }
    }
}
