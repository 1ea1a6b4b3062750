//! The bytes of a file or of standard input, unpacked where they are gzip or zstd.

use super::looks;
use super::{CaptureError, Progress};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

/// The name that means standard input.
pub(super) const STDIN: &str = "-";

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Compressed bytes read at a time.
const PACKED_BYTES: usize = 64 << 10;
/// Enough of the beginning to know a format by.
const HEAD_BYTES: usize = 64;

/// An open input. Reads like a file; `head` was read ahead.
pub(super) struct Input {
    pub(super) name: String,
    reader: Reader,
    head: Vec<u8>,
    head_taken: usize,
    total: Option<u64>,
}

enum Reader {
    Plain(Counted),
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
    Zstd(Box<zstd::Decoder<'static, BufReader<Counted>>>),
}

/// Counts what was read of the file itself; gives back first what was looked at.
struct Counted {
    inner: Box<dyn Read + Send>,
    looked_at: io::Cursor<Vec<u8>>,
    read: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let again = self.looked_at.read(buffer)?;
        if again > 0 {
            return Ok(again);
        }
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, CaptureError> {
        let name = path.display().to_string();
        if name == STDIN {
            return Self::new("standard input", Box::new(io::stdin()), None);
        }
        let file = File::open(path).map_err(|error| open_error(&name, error))?;
        let metadata = file.metadata().map_err(|error| open_error(&name, error))?;
        if metadata.is_dir() {
            return Err(CaptureError::IsDirectory { file: name });
        }
        let total = metadata.is_file().then_some(metadata.len());
        Self::new(&name, Box::new(file), total)
    }

    /// Reads from anything; `name` is what messages call it.
    pub(super) fn new(
        name: &str,
        inner: Box<dyn Read + Send>,
        total: Option<u64>,
    ) -> Result<Self, CaptureError> {
        let mut counted = Counted { inner, looked_at: io::Cursor::default(), read: 0 };
        let fail = |error| CaptureError::Read { file: name.to_owned(), offset: 0, error };
        let magic = read_head(&mut counted, ZSTD.len()).map_err(fail)?;
        if magic.is_empty() {
            return Err(CaptureError::Empty { file: name.to_owned() });
        }
        let is_gzip = magic.starts_with(&GZIP);
        let is_zstd = magic.starts_with(&ZSTD);
        counted.looked_at = io::Cursor::new(magic);
        let buffered = |counted| BufReader::with_capacity(PACKED_BYTES, counted);
        let reader = if is_gzip {
            Reader::Gzip(Box::new(MultiGzDecoder::new(buffered(counted))))
        } else if is_zstd {
            Reader::Zstd(Box::new(zstd::Decoder::with_buffer(buffered(counted)).map_err(fail)?))
        } else {
            Reader::Plain(counted)
        };
        let mut input =
            Self { name: name.to_owned(), reader, head: Vec::new(), head_taken: 0, total };
        input.head =
            read_head(&mut input.reader, HEAD_BYTES).map_err(|error| match input.packed() {
                Some(_) => input.not_a_capture(),
                None => CaptureError::Read { file: name.to_owned(), offset: 0, error },
            })?;
        Ok(input)
    }

    /// The first bytes, unpacked; fewer only where there are no more.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// How it is packed.
    pub(super) fn packed(&self) -> Option<&'static str> {
        match self.reader {
            Reader::Plain(_) => None,
            Reader::Gzip(_) => Some("gzip"),
            Reader::Zstd(_) => Some("zstd"),
        }
    }

    /// The error that says what it is instead.
    pub(super) fn not_a_capture(&self) -> CaptureError {
        looks::not_a_capture(&self.name, self.packed(), &self.head)
    }

    pub(super) fn progress(&self) -> Progress {
        let counted = match &self.reader {
            Reader::Plain(counted) => counted,
            Reader::Gzip(decoder) => decoder.get_ref().get_ref(),
            Reader::Zstd(decoder) => decoder.get_ref().get_ref(),
        };
        Progress { read: counted.read, total: self.total, dropped: 0 }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.head.get(self.head_taken..).unwrap_or_default();
        if !ahead.is_empty() {
            let read = ahead.read(buffer)?;
            self.head_taken += read;
            return Ok(read);
        }
        read_again_if_interrupted(&mut self.reader, buffer)
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(buffer),
            Self::Gzip(reader) => reader.read(buffer),
            Self::Zstd(reader) => reader.read(buffer),
        }
    }
}

fn read_again_if_interrupted(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The first bytes, up to `length`. A failure behind the first byte shows itself again on the next read.
fn read_head(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; length];
    let mut filled = 0;
    while let Some(free) = head.get_mut(filled..).filter(|free| !free.is_empty()) {
        match read_again_if_interrupted(reader, free) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(_) if filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    head.truncate(filled);
    Ok(head)
}

fn open_error(name: &str, error: io::Error) -> CaptureError {
    let file = name.to_owned();
    match error.kind() {
        ErrorKind::NotFound => CaptureError::NotFound { file },
        ErrorKind::PermissionDenied => CaptureError::PermissionDenied { file },
        _ => CaptureError::Read { file, offset: 0, error },
    }
}
