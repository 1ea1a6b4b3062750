//! One capture file: reads into the batch's buffer and has the format find the records there.

use super::error::Damage;
use super::input::Input;
use super::pcap::{self, Pcap};
use super::pcapng::Pcapng;
use super::{BATCH_BYTES, CaptureError, CaptureWarning, PacketBatch, Progress, Record, Source};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// What a format found in a buffer.
#[derive(Debug)]
pub(super) struct Scan {
    /// Up to here the buffer is read.
    pub(super) at: usize,
    pub(super) then: Then,
}

/// Why a format did not read on.
#[derive(Debug)]
pub(super) enum Then {
    /// What comes next is this long, as far as is known, and the buffer ends before.
    More(usize),
    /// So many bytes are of no interest.
    Skip(u64),
    /// There is no way to read on.
    Damaged(Damage),
}

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// A capture file, or standard input.
pub struct FileSource {
    input: Input,
    format: Format,
    batch_bytes: usize,
    /// What was read behind the last whole record.
    carry: Vec<u8>,
    /// Where `carry` begins in the unpacked stream.
    offset: u64,
    /// How many of the bytes from there are of no interest.
    skip: u64,
    ended: bool,
    has_packets: bool,
    has_decoded_link: bool,
    /// A link type that its packets have and that is not decoded.
    unknown_link: u16,
    warnings: Vec<CaptureWarning>,
}

impl FileSource {
    /// Opens a pcap or pcapng file, gzip and zstd unpacked, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        Self::new(Input::open(path)?, BATCH_BYTES)
    }

    /// Reads a capture from anything; `name` is what messages call it.
    pub fn from_reader(name: &str, reader: Box<dyn Read + Send>) -> Result<Self, CaptureError> {
        Self::new(Input::new(name, reader, None)?, BATCH_BYTES)
    }

    pub(super) fn new(mut input: Input, batch_bytes: usize) -> Result<Self, CaptureError> {
        let head = input.head();
        let format = if Pcap::is_magic(head) {
            let pcap = Pcap::new(head).ok_or_else(|| header_cut(&input))?;
            if !pcap.link.is_decoded() {
                return Err(CaptureError::LinkTypeUnknown { file: input.name, link: pcap.link.0 });
            }
            Format::Pcap(pcap)
        } else if Pcapng::is_magic(head) {
            Format::Pcapng(Pcapng::default())
        } else {
            return Err(input.not_a_capture());
        };
        let mut offset = 0;
        if let Format::Pcap(_) = format {
            let mut header = [0; pcap::FILE_HEADER];
            input.read_exact(&mut header).map_err(|_| header_cut(&input))?;
            offset = header.len() as u64;
        }
        Ok(Self {
            input,
            format,
            batch_bytes,
            carry: Vec::new(),
            offset,
            skip: 0,
            ended: false,
            has_packets: false,
            has_decoded_link: false,
            unknown_link: 0,
            warnings: Vec::new(),
        })
    }

    /// Reads until there is at least one record in the batch. True if there is.
    fn read_records(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        let buffer = &mut batch.buffer;
        let mut filled = self.restore_carry(buffer);
        let mut needed = 0;
        loop {
            let mut at = 0;
            loop {
                at += self.pass_over(filled - at);
                if self.skip > 0 {
                    break;
                }
                let bytes = buffer.get(..filled).unwrap_or_default();
                let scan = self.format.scan(bytes, at, &mut batch.records);
                at = scan.at;
                match scan.then {
                    Then::Skip(bytes) => self.skip = bytes,
                    Then::More(length) => {
                        needed = length;
                        break;
                    }
                    Then::Damaged(damage) => {
                        return self.damaged(self.offset + at as u64, damage, &batch.records);
                    }
                }
            }
            self.offset += at as u64;
            if !batch.records.is_empty() {
                self.carry.extend_from_slice(buffer.get(at..filled).unwrap_or_default());
                return Ok(true);
            }
            buffer.copy_within(at..filled, 0);
            filled -= at;
            match self.read_more(buffer, filled, needed)? {
                Some(0) => return self.end(filled, needed),
                Some(read) => filled += read,
                None => return Ok(false),
            }
        }
    }

    /// Puts what was carried over to the front of the buffer, which has room behind it.
    fn restore_carry(&mut self, buffer: &mut Vec<u8>) -> usize {
        let length = self.batch_bytes.max(self.carry.len());
        if buffer.len() < length {
            buffer.resize(length, 0);
        } else if buffer.len() > length {
            // One oversized record must not make all later batches large.
            buffer.truncate(length);
            buffer.shrink_to(length);
        }
        if let Some(front) = buffer.get_mut(..self.carry.len()) {
            front.copy_from_slice(&self.carry);
        }
        let filled = self.carry.len();
        self.carry.clear();
        filled
    }

    /// Passes over bytes that are of no interest.
    fn pass_over(&mut self, available: usize) -> usize {
        let passed = self.skip.min(available as u64);
        self.skip -= passed;
        passed as usize
    }

    /// Reads behind what is there; `None` if the compressed stream is broken and what came before counts.
    fn read_more(
        &mut self,
        buffer: &mut Vec<u8>,
        filled: usize,
        needed: usize,
    ) -> Result<Option<usize>, CaptureError> {
        if filled == buffer.len() {
            // Grows with what really came, never by what a header says alone.
            buffer.resize((2 * filled).min(needed).max(filled + 1), 0);
        }
        match self.input.read(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(read) => Ok(Some(read)),
            Err(error) => {
                let at = self.offset + filled as u64;
                self.ended = true;
                if self.input.packed().is_none() || error.kind() == ErrorKind::PermissionDenied {
                    return Err(CaptureError::Read {
                        file: self.input.name.clone(),
                        offset: at,
                        error,
                    });
                }
                self.damaged(at, Damage::Compression(error.to_string()), &[]).map(|_| None)
            }
        }
    }

    /// The input is over; `left` bytes of an unfinished record or block are there.
    fn end(&mut self, left: usize, needed: usize) -> Result<bool, CaptureError> {
        self.ended = true;
        let file = self.input.name.clone();
        if matches!(self.format, Format::Pcapng(_)) && self.offset == 0 {
            return Err(CaptureError::HeaderCut { file, length: left as u64 });
        }
        if left > 0 || self.skip > 0 {
            let missing =
                if self.skip > 0 { self.skip } else { (needed - left.min(needed)) as u64 };
            self.warnings.push(CaptureWarning::Truncated { file, offset: self.offset, missing });
        }
        Ok(false)
    }

    /// Stops here. What came before counts; if nothing did, that is an error.
    fn damaged(
        &mut self,
        offset: u64,
        damage: Damage,
        records: &[Record],
    ) -> Result<bool, CaptureError> {
        self.ended = true;
        let file = self.input.name.clone();
        if records.is_empty() && !self.has_packets {
            return Err(CaptureError::Damaged { file, offset, damage });
        }
        self.warnings.push(CaptureWarning::Damaged { file, offset, damage });
        Ok(!records.is_empty())
    }

    /// A file of which nothing can be decoded is a mistake that its user should hear of.
    fn check_links(&mut self, records: &[Record]) -> Result<(), CaptureError> {
        self.has_packets |= !records.is_empty();
        if !self.has_decoded_link {
            self.has_decoded_link = records.iter().any(|record| record.link.is_decoded());
            self.unknown_link = records.first().map_or(self.unknown_link, |record| record.link.0);
        }
        if self.ended && self.has_packets && !self.has_decoded_link {
            let file = self.input.name.clone();
            return Err(CaptureError::LinkTypeUnknown { file, link: self.unknown_link });
        }
        Ok(())
    }
}

impl Source for FileSource {
    fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
        batch.records.clear();
        if self.ended {
            return Ok(false);
        }
        let result = self.read_records(batch);
        self.ended |= result.is_err();
        let has_records = result?;
        self.check_links(&batch.records)?;
        Ok(has_records)
    }

    fn progress(&self) -> Progress {
        let dropped = match &self.format {
            Format::Pcap(_) => 0,
            Format::Pcapng(pcapng) => pcapng.dropped(),
        };
        Progress { dropped, ..self.input.progress() }
    }

    fn warnings(&mut self) -> Vec<CaptureWarning> {
        std::mem::take(&mut self.warnings)
    }
}

impl Format {
    fn scan(&mut self, bytes: &[u8], at: usize, records: &mut Vec<Record>) -> Scan {
        match self {
            Self::Pcap(pcap) => pcap.scan(bytes, at, records),
            Self::Pcapng(pcapng) => pcapng.scan(bytes, at, records),
        }
    }
}

fn header_cut(input: &Input) -> CaptureError {
    CaptureError::HeaderCut { file: input.name.clone(), length: input.head().len() as u64 }
}
