//! Header blocks (HPACK, RFC 7541): of all fields only the few that say what a request is and how it ended.
//!
//! Our own, since what is needed is not what a library gives: nothing kept of fields that nobody asks for, and names that
//! are unknown where insertions were missed, never wrong ones ([`table`]).

mod huffman;
mod table;

pub(super) use table::Table;

use table::{Known, Reference};

/// The names that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Method,
    Path,
    Status,
    ContentType,
    GrpcStatus,
    /// Another pseudo-header of requests (RFC 9113, section 8.3.1; RFC 8441).
    OfRequest,
    Other,
    /// It was inserted before we came.
    Unknown,
}

impl Name {
    fn of(name: &[u8]) -> Self {
        match name {
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":status" => Self::Status,
            b"content-type" => Self::ContentType,
            b"grpc-status" => Self::GrpcStatus,
            b":authority" | b":scheme" | b":protocol" => Self::OfRequest,
            _ => Self::Other,
        }
    }
}

/// What a header block says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    method: Vec<u8>,
    path: Vec<u8>,
    has_method: bool,
    has_path: bool,
    /// `:status`, where it is one.
    pub(super) status: Option<u16>,
    /// `grpc-status`; [`NOT_A_NUMBER`] where it is none.
    pub(super) grpc_status: Option<u16>,
    /// Whether `content-type` is gRPC's.
    pub(super) is_grpc: Option<bool>,
    /// It has a pseudo-header of requests.
    pub(super) is_request: bool,
    /// It has fields that are not known: they may be any.
    pub(super) has_unknown: bool,
}

/// Room for texts that is kept between two header blocks.
const ROOM_KEPT: usize = 1_024;
/// What is neither a status of three digits nor a gRPC status of at most three.
pub(super) const NOT_A_NUMBER: u16 = u16::MAX;

impl Fields {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        let (mut method, mut path) =
            (std::mem::take(&mut self.method), std::mem::take(&mut self.path));
        for text in [&mut method, &mut path] {
            text.clear();
            text.shrink_to(ROOM_KEPT);
        }
        *self = Self { method, path, ..Self::default() };
    }

    pub(super) fn method(&self) -> Option<&[u8]> {
        self.has_method.then_some(&self.method)
    }

    pub(super) fn path(&self) -> Option<&[u8]> {
        self.has_path.then_some(&self.path)
    }

    /// Takes a value that comes in pieces. Returns the number it is, where it is one that matters.
    fn take<'v>(
        &mut self,
        name: Name,
        pieces: impl FnOnce(&mut dyn FnMut(u8)) -> Option<()> + 'v,
    ) -> Option<u16> {
        match name {
            Name::Method => {
                self.method.clear();
                pieces(&mut |byte| self.method.push(byte))?;
                (self.has_method, self.is_request) = (true, true);
            }
            Name::Path => {
                self.path.clear();
                pieces(&mut |byte| self.path.push(byte))?;
                (self.has_path, self.is_request) = (true, true);
            }
            Name::Status | Name::ContentType | Name::GrpcStatus => {
                let mut value = Start::default();
                pieces(&mut |byte| value.push(byte))?;
                let number = value.number(name);
                self.set(name, number);
                return Some(number);
            }
            Name::OfRequest | Name::Other | Name::Unknown => {
                pieces(&mut |_| {})?;
                self.set(name, 0);
            }
        }
        Some(0)
    }

    /// Takes what is known of a value that is no text.
    fn set(&mut self, name: Name, number: u16) {
        match name {
            Name::Status if number == NOT_A_NUMBER => self.has_unknown = true,
            Name::Status => self.status = Some(number),
            Name::ContentType => self.is_grpc = Some(number != 0),
            Name::GrpcStatus => self.grpc_status = Some(number),
            Name::OfRequest => self.is_request = true,
            Name::Unknown => self.has_unknown = true,
            Name::Method | Name::Path | Name::Other => {}
        }
    }

    fn take_known(&mut self, known: &Known<'_>) {
        if let Some(number) = known.number {
            self.set(known.name, number);
        }
        if known.number.is_none() || matches!(known.name, Name::Method | Name::Path) {
            let (front, back) = known.text;
            let _ = self.take(known.name, |out| {
                front.iter().chain(back).for_each(|&byte| out(byte));
                Some(())
            });
        }
    }

    /// The text of a value, where it is one that matters.
    fn text(&self, name: Name) -> &[u8] {
        match name {
            Name::Method => &self.method,
            Name::Path => &self.path,
            _ => &[],
        }
    }
}

/// The start of a value: enough to tell what it is.
#[derive(Default)]
struct Start {
    bytes: [u8; 24],
    length: usize,
}

impl Start {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
    }

    fn number(&self, name: Name) -> u16 {
        let bytes = self.bytes.get(..self.length).unwrap_or(&self.bytes);
        match name {
            Name::ContentType => u16::from(is_grpc(bytes)),
            Name::Status if self.length == 3 => decimal(bytes),
            Name::GrpcStatus if (1..=3).contains(&self.length) => decimal(bytes),
            _ => NOT_A_NUMBER,
        }
    }
}

/// "PROTOCOL-HTTP2.md" of gRPC: `application/grpc`, with `+proto` and the like behind it. gRPC-Web is another protocol.
fn is_grpc(content_type: &[u8]) -> bool {
    let rest = content_type.strip_prefix(b"application/grpc");
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}

fn decimal(digits: &[u8]) -> u16 {
    let number = digits.iter().try_fold(0_u16, |number, digit| match digit {
        b'0'..=b'9' => Some(number * 10 + u16::from(digit - b'0')),
        _ => None,
    });
    number.unwrap_or(NOT_A_NUMBER)
}

/// Why a header block ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not whole.
    Short,
    /// It is none.
    Wrong(&'static str),
}

/// A place in a header block.
struct Cursor<'a> {
    rest: &'a [u8],
}

/// A string of a header block (RFC 7541, section 5.2).
#[derive(Clone, Copy)]
struct Text<'a> {
    bytes: &'a [u8],
    is_coded: bool,
}

impl Text<'_> {
    fn each(self, out: &mut dyn FnMut(u8)) -> Option<()> {
        if self.is_coded {
            return huffman::decode(self.bytes, out);
        }
        self.bytes.iter().for_each(|&byte| out(byte));
        Some(())
    }
}

impl<'a> Cursor<'a> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let (&byte, rest) = self.rest.split_first().ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(byte)
    }

    /// An integer whose first `bits` bits are the lowest of `first` (RFC 7541, section 5.1).
    fn integer(&mut self, first: u8, bits: u32) -> Result<u32, Fault> {
        let most = (1_u32 << bits) - 1;
        let mut value = u64::from(u32::from(first) & most);
        if value < u64::from(most) {
            return Ok(value as u32);
        }
        for shift in (0..=28).step_by(7) {
            let byte = self.byte()?;
            value += u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| Fault::Wrong("an integer without bounds"));
            }
        }
        Err(Fault::Wrong("an integer without bounds"))
    }

    fn text(&mut self) -> Result<Text<'a>, Fault> {
        let first = self.byte()?;
        let length = self.integer(first, 7)?;
        let (bytes, rest) = self.rest.split_at_checked(length as usize).ok_or(Fault::Short)?;
        self.rest = rest;
        Ok(Text { bytes, is_coded: first & 0x80 != 0 })
    }
}

const NOT_CODED: Fault = Fault::Wrong("a string that is not Huffman-coded as it says");
const BEYOND: Fault = Fault::Wrong("a header field that was never inserted");

impl Table {
    /// Reads a header block, or as much of it as there is.
    pub(super) fn read(&mut self, block: &[u8], fields: &mut Fields) -> Result<(), Fault> {
        let mut cursor = Cursor { rest: block };
        let mut may_resize = true;
        while let Ok(first) = cursor.byte() {
            match first {
                0x80.. => {
                    let index = cursor.integer(first, 7)?;
                    match self.get(index) {
                        Reference::Known(known) => fields.take_known(&known),
                        Reference::Unknown => fields.has_unknown = true,
                        Reference::Nothing => return Err(BEYOND),
                    }
                }
                0x40.. => self.literal(&mut cursor, (first, 6), true, fields)?,
                0x20.. if may_resize => {
                    let size = cursor.integer(first, 5)?;
                    self.announce(size);
                    continue;
                }
                0x20.. => return Err(Fault::Wrong("a table size behind a field")),
                _ => self.literal(&mut cursor, (first, 4), false, fields)?,
            }
            may_resize = false;
        }
        Ok(())
    }

    /// A field with its value, and perhaps its name (RFC 7541, section 6.2).
    fn literal(
        &mut self,
        cursor: &mut Cursor<'_>,
        (first, bits): (u8, u32),
        insert: bool,
        fields: &mut Fields,
    ) -> Result<(), Fault> {
        let (name, name_length) = match cursor.integer(first, bits)? {
            0 => literal_name(cursor.text()?)?,
            index => match self.get(index) {
                Reference::Known(known) => (known.name, known.name_length),
                Reference::Unknown => (Name::Unknown, 0),
                Reference::Nothing => return Err(BEYOND),
            },
        };
        let value = cursor.text()?;
        let mut value_length = 0;
        let number = fields.take(name, |out| {
            value.each(&mut |byte| {
                value_length += 1;
                out(byte);
            })
        });
        let number = number.ok_or(NOT_CODED)?;
        if insert {
            self.insert(name, (name_length, value_length), number, fields.text(name));
        }
        Ok(())
    }
}

fn literal_name(text: Text<'_>) -> Result<(Name, u32), Fault> {
    let mut start = Start::default();
    text.each(&mut |byte| start.push(byte)).ok_or(NOT_CODED)?;
    let name = start.bytes.get(..start.length).map_or(Name::Other, Name::of);
    Ok((name, start.length as u32))
}

#[cfg(test)]
mod tests;
