//! The classic pcap format: a file header, then records (draft-ietf-opsawg-pcap).

use super::error::Damage;
use super::file::{Scan, Then};
use super::{RECORD_BYTES_MAX, Record};
use decoders::packet::LinkType;
use model::units::{CaptureTime, NANOS_PER_SECOND};

/// Magic, version, two unused fields, snap length, link type.
pub(super) const FILE_HEADER: usize = 24;
/// Seconds, fraction, captured length, wire length.
const RECORD_HEADER: usize = 16;
/// "Modified" pcap: interface, protocol and packet type follow each record header.
const MODIFIED_RECORD_HEADER: usize = 24;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const MODIFIED: u32 = 0xa1b2_cd34;

/// What the file header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    is_big_endian: bool,
    /// Nanoseconds in a unit of the fraction.
    unit_ns: u64,
    record_header: usize,
    pub(super) link: LinkType,
}

impl Pcap {
    /// Whether a file that begins so is one.
    pub(super) fn is_magic(head: &[u8]) -> bool {
        head.first_chunk().is_some_and(|magic| magic_of(*magic).is_some())
    }

    /// Reads the file header.
    pub(super) fn new(head: &[u8]) -> Option<Self> {
        let header = head.first_chunk::<FILE_HEADER>()?;
        let (words, _) = header.as_chunks::<4>();
        let &[magic, _, _, _, _, link] = words else { return None };
        let (magic, is_big_endian) = magic_of(magic)?;
        let link = if is_big_endian { u32::from_be_bytes(link) } else { u32::from_le_bytes(link) };
        Some(Self {
            is_big_endian,
            unit_ns: if magic == NANOSECONDS { 1 } else { 1_000 },
            record_header: if magic == MODIFIED { MODIFIED_RECORD_HEADER } else { RECORD_HEADER },
            // The upper half holds the length of the frame check sequence.
            link: LinkType(link as u16),
        })
    }

    /// Reads the whole records that `bytes` holds from `at` on.
    pub(super) fn scan(&self, bytes: &[u8], at: usize, records: &mut Vec<Record>) -> Scan {
        // One loop for each byte order: the usual one then has no branch for it.
        if self.is_big_endian {
            self.scan_with(bytes, at, records, u32::from_be_bytes)
        } else {
            self.scan_with(bytes, at, records, u32::from_le_bytes)
        }
    }

    #[inline]
    fn scan_with(
        &self,
        bytes: &[u8],
        mut at: usize,
        records: &mut Vec<Record>,
        number: impl Fn([u8; 4]) -> u32,
    ) -> Scan {
        let then = loop {
            let Some(header) = bytes.get(at..).and_then(|rest| rest.first_chunk::<RECORD_HEADER>())
            else {
                break Then::More(self.record_header);
            };
            let (words, _) = header.as_chunks::<4>();
            let &[seconds, fraction, captured, wire_length] = words else {
                break Then::More(self.record_header);
            };
            let captured = number(captured);
            if captured as usize > RECORD_BYTES_MAX {
                break Then::Damaged(Damage::TooLong {
                    length: u64::from(captured),
                    limit: RECORD_BYTES_MAX as u64,
                });
            }
            if captured == 0 && header == &[0; RECORD_HEADER] {
                break Then::Damaged(Damage::Zeros);
            }
            let start = at + self.record_header;
            let end = start + captured as usize;
            if end > bytes.len() {
                break Then::More(end - at);
            }
            // The fraction may be a whole second or more where a tool did not carry; it is added as it is.
            let seconds = u64::from(number(seconds)) * NANOS_PER_SECOND;
            let nanos = seconds + u64::from(number(fraction)) * self.unit_ns;
            records.push(Record {
                time: CaptureTime::from_nanos(nanos),
                link: self.link,
                start: start as u32,
                captured,
                wire_length: number(wire_length).max(captured),
            });
            at = end;
        };
        Scan { at, then }
    }
}

/// The magic number and whether the file is big-endian.
fn magic_of(bytes: [u8; 4]) -> Option<(u32, bool)> {
    [(u32::from_be_bytes(bytes), true), (u32::from_le_bytes(bytes), false)]
        .into_iter()
        .find(|(magic, _)| matches!(*magic, MICROSECONDS | NANOSECONDS | MODIFIED))
}
