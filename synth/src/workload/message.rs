//! A message whose bytes are made when they are sent: only its head is held.

use super::filler::Filler;

/// The bytes of a request or an answer.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) head: Vec<u8>,
    pub(crate) body: Body,
    pub(crate) filler: Filler,
    /// Bytes at its beginning and at its end that are not of the request or answer itself, but go with it.
    pub(crate) before: u64,
    pub(crate) behind: u64,
}

#[derive(Debug, Default)]
pub(crate) enum Body {
    #[default]
    None,
    /// That many bytes, delimited by a length or by the end of the connection.
    Plain(u64),
    Chunked(Chunks),
}

/// Chunked transfer coding (RFC 9112, section 7.1): `full` chunks of `size`, then one of `last`.
#[derive(Debug)]
pub(crate) struct Chunks {
    size: u64,
    full: u64,
    last: u64,
    size_line: String,
    last_line: String,
    /// The last chunk and the trailers.
    tail: String,
}

impl Chunks {
    pub(crate) fn new(body: u64, size: u64, trailers: &str) -> Self {
        let (full, last) = (body / size, body % size);
        Self {
            size,
            full,
            last,
            size_line: format!("{size:x}\r\n"),
            last_line: format!("{last:X}\r\n"),
            tail: format!("0\r\n{trailers}\r\n"),
        }
    }

    fn full_len(&self) -> u64 {
        self.size_line.len() as u64 + self.size + 2
    }

    fn last_len(&self) -> u64 {
        if self.last == 0 { 0 } else { self.last_line.len() as u64 + self.last + 2 }
    }

    fn len(&self) -> u64 {
        self.full * self.full_len() + self.last_len() + self.tail.len() as u64
    }

    fn piece_at(&self, at: u64) -> Piece<'_> {
        let fulls = self.full * self.full_len();
        if at < fulls {
            let before = at / self.full_len() * self.size;
            return chunk_piece(&self.size_line, self.size, before, at % self.full_len());
        }
        let at = at - fulls;
        if at < self.last_len() {
            return chunk_piece(&self.last_line, self.last, self.full * self.size, at);
        }
        Piece::Framing(after(self.tail.as_bytes(), at - self.last_len()))
    }
}

/// What stands at a place of a message, up to where something else begins.
enum Piece<'a> {
    Framing(&'a [u8]),
    Content { at: u64, len: u64 },
}

fn chunk_piece(line: &str, size: u64, before: u64, at: u64) -> Piece<'_> {
    let line_len = line.len() as u64;
    if at < line_len {
        Piece::Framing(after(line.as_bytes(), at))
    } else if at < line_len + size {
        let within = at - line_len;
        Piece::Content { at: before + within, len: size - within }
    } else {
        Piece::Framing(after(b"\r\n", at - line_len - size))
    }
}

fn after(bytes: &[u8], at: u64) -> &[u8] {
    usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default()
}

impl Message {
    pub(crate) fn len(&self) -> u64 {
        let body = match &self.body {
            Body::None => 0,
            Body::Plain(len) => *len,
            Body::Chunked(chunks) => chunks.len(),
        };
        self.head_len() + body
    }

    /// Without what only goes with it.
    pub(crate) fn own_len(&self) -> u64 {
        self.len() - self.before - self.behind
    }

    pub(crate) fn head_len(&self) -> u64 {
        self.head.len() as u64
    }

    /// The end of the first chunk that ends after `at`, or of the message.
    pub(crate) fn chunk_end_after(&self, at: u64) -> u64 {
        let Body::Chunked(chunks) = &self.body else { return self.len() };
        let whole = at.saturating_sub(self.head_len()) / chunks.full_len() + 1;
        if whole >= chunks.full {
            return self.len();
        }
        self.head_len() + whole * chunks.full_len()
    }

    /// Appends the bytes `[from, to)`.
    pub(crate) fn copy(&self, from: u64, to: u64, out: &mut Vec<u8>) {
        self.walk(from, to, |piece, len| {
            match piece {
                Piece::Framing(text) => {
                    out.extend_from_slice(text.get(..len as usize).unwrap_or(text));
                }
                Piece::Content { at, .. } => self.filler.copy(at, len, out),
            }
            true
        });
    }

    /// Whether any of `[from, to)` is more than content: a head, a chunk's length, a trailer.
    pub(crate) fn has_framing(&self, from: u64, to: u64) -> bool {
        let mut framing = false;
        self.walk(from, to, |piece, _| {
            framing = matches!(piece, Piece::Framing(_));
            !framing
        });
        framing
    }

    /// Visits the pieces of `[from, to)` until told to stop.
    fn walk(&self, from: u64, to: u64, mut visit: impl FnMut(Piece<'_>, u64) -> bool) {
        let (mut at, to) = (from, to.min(self.len()));
        while at < to {
            let piece = self.piece_at(at);
            let whole = match &piece {
                Piece::Framing(text) => text.len() as u64,
                Piece::Content { len, .. } => *len,
            };
            let len = whole.min(to - at);
            if len == 0 || !visit(piece, len) {
                return;
            }
            at += len;
        }
    }

    fn piece_at(&self, at: u64) -> Piece<'_> {
        if at < self.head_len() {
            return Piece::Framing(after(&self.head, at));
        }
        let at = at - self.head_len();
        match &self.body {
            Body::None => Piece::Framing(&[]),
            Body::Plain(len) => Piece::Content { at, len: len.saturating_sub(at) },
            Body::Chunked(chunks) => chunks.piece_at(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunked(body: u64, size: u64) -> Message {
        Message {
            head: b"HEAD\r\n\r\n".to_vec(),
            body: Body::Chunked(Chunks::new(body, size, "A: b\r\n")),
            ..Message::default()
        }
    }

    #[test]
    fn every_cut_gives_the_same_bytes() {
        for message in [chunked(700, 300), chunked(600, 300), chunked(10, 300), chunked(0, 5)] {
            let mut whole = Vec::new();
            message.copy(0, message.len(), &mut whole);
            assert_eq!(whole.len() as u64, message.len());
            for step in [1, 7, 299] {
                let mut parts = Vec::new();
                for from in (0..message.len()).step_by(step) {
                    message.copy(from, from + step as u64, &mut parts);
                }
                assert_eq!(parts, whole);
            }
        }
    }

    #[test]
    fn chunks_are_chunks() {
        let mut text = Vec::new();
        chunked(21, 10).copy(0, u64::MAX, &mut text);
        let text = String::from_utf8(text).unwrap();
        let body = text.strip_prefix("HEAD\r\n\r\na\r\n").unwrap();
        assert!(body[10..].starts_with("\r\na\r\n"), "{body:?}");
        assert!(body.ends_with("\r\n0\r\nA: b\r\n\r\n"), "{body:?}");
    }

    #[test]
    fn content_is_not_framing() {
        let message = chunked(700, 300);
        assert!(message.has_framing(0, 1));
        let first = message.head_len() + 5;
        assert!(!message.has_framing(first, first + 300));
        assert!(message.has_framing(first, first + 301));
        assert_eq!(message.chunk_end_after(0), first + 302);
        assert_eq!(message.chunk_end_after(first + 302), message.len());
    }
}
