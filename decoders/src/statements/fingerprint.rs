//! A statement without its values: `SELECT * FROM users WHERE id = ?`.
//!
//! Comments go, white space is folded, keywords are in capitals and other words in small letters. Values and parameters
//! are `?`, a list of them is one `?`, and rows that look alike are one row. In doubt about where a value ends, so does
//! the fingerprint.

use super::lexer::{Lexer, Token};
use super::{Dialect, keywords};
use crate::limits::NAME_BYTES_MAX;

/// Bytes after which the rest need not be read: names are cut earlier.
const WRITTEN_MAX: usize = 2 * NAME_BYTES_MAX;
/// Brackets within brackets in which rows are compared.
const DEPTH_MAX: usize = 16;

/// Appends the fingerprint of `text`.
pub(super) fn append(text: &[u8], dialect: Dialect, out: &mut Vec<u8>) {
    let mut lexer = Lexer::new(text, dialect);
    let mut writer = Writer::new(out);
    while let Some(token) = lexer.next() {
        writer.token(token, lexer.spaced);
        if token == Token::Unclear || writer.written() > WRITTEN_MAX {
            return;
        }
    }
    writer.sign_stands();
}

/// What was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Keyword,
    Word,
    Literal,
    Open,
    Close,
    Operator,
    /// `.` or `::`, which stand without spaces.
    Tight,
}

/// An open bracket, or the whole.
#[derive(Clone, Copy, Default)]
struct Frame {
    start: usize,
    /// Where the newest bracket inside it begins and ends.
    inside: (usize, usize),
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    base: usize,
    frames: [Frame; DEPTH_MAX],
    depth: usize,
    /// A separator that is written when something follows it.
    pending: Option<u8>,
    /// A sign that is a part of the number behind it, if one follows.
    sign: Option<u8>,
    last: Last,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        let base = out.len();
        let frames = [Frame::default(); DEPTH_MAX];
        Self { out, base, frames, depth: 0, pending: None, sign: None, last: Last::Nothing }
    }

    fn written(&self) -> usize {
        self.out.len() - self.base
    }

    fn token(&mut self, token: Token<'_>, spaced: bool) {
        match token {
            Token::Literal => return self.literal(),
            Token::Word(word) if is_constant(word) && self.wants_value() => return self.literal(),
            Token::Operator([sign @ (b'+' | b'-')])
                if self.wants_value() || self.after_keyword() =>
            {
                self.sign_stands();
                self.sign = Some(*sign);
                return;
            }
            _ => self.sign_stands(),
        }
        match token {
            Token::Word(word) => self.word(word),
            Token::Quoted(name) => {
                self.space(true);
                self.text(name, false);
                self.last = Last::Word;
            }
            Token::Operator(b"::") => self.tight(b"::"),
            Token::Operator(operator) => {
                self.space(true);
                self.out.extend_from_slice(operator);
                self.last = Last::Operator;
            }
            Token::Mark(b'.') => self.tight(b"."),
            Token::Mark(mark @ (b'(' | b'[' | b'{')) => self.open(mark, spaced),
            Token::Mark(mark @ (b')' | b']' | b'}')) => self.close(mark),
            Token::Mark(mark) => self.pending = Some(mark),
            Token::Unclear => {
                self.literal();
                self.out.extend_from_slice(" …".as_bytes());
            }
            Token::Literal => {}
        }
    }

    /// Whether a value must come next, not an operator.
    fn wants_value(&self) -> bool {
        self.pending.is_some() || matches!(self.last, Last::Open | Last::Operator)
    }

    fn after_keyword(&self) -> bool {
        matches!(self.last, Last::Keyword | Last::Nothing)
    }

    fn literal(&mut self) {
        self.sign = None;
        if self.last == Last::Literal {
            match self.pending {
                // Strings that follow each other are one.
                None => return,
                Some(b',' | b':') if self.depth > 0 => {
                    self.pending = None;
                    return;
                }
                Some(_) => {}
            }
        }
        self.space(true);
        self.out.push(b'?');
        self.last = Last::Literal;
    }

    fn word(&mut self, word: &[u8]) {
        self.space(true);
        let keyword = if self.last == Last::Tight { None } else { keywords::find(word) };
        self.last = match keyword {
            Some(keyword) => {
                self.out.extend_from_slice(keyword.as_bytes());
                Last::Keyword
            }
            None => {
                self.text(word, true);
                Last::Word
            }
        };
    }

    fn open(&mut self, mark: u8, spaced: bool) {
        let apart = match self.last {
            Last::Word | Last::Close => spaced && mark != b'[',
            _ => true,
        };
        self.space(apart);
        self.depth += 1;
        let start = self.out.len();
        if let Some(frame) = self.frames.get_mut(self.depth) {
            *frame = Frame { start, inside: (0, 0) };
        }
        self.out.push(mark);
        self.last = Last::Open;
    }

    fn close(&mut self, mark: u8) {
        self.pending = None;
        self.out.push(mark);
        self.last = Last::Close;
        let closed = self.frames.get(self.depth).copied();
        self.depth = self.depth.saturating_sub(1);
        let (Some(Frame { start, .. }), Some(outer)) = (closed, self.frames.get_mut(self.depth))
        else {
            return;
        };
        let (before, end) = outer.inside;
        let own = self.out.get(start..);
        // `(?), (?)`: a row like the one before it.
        if end > before && start == end + 2 && own == self.out.get(before..end) {
            self.out.truncate(end);
        } else {
            outer.inside = (start, self.out.len());
        }
    }

    fn tight(&mut self, mark: &[u8]) {
        self.space(false);
        self.out.extend_from_slice(mark);
        self.last = Last::Tight;
    }

    /// The sign was not a number's.
    fn sign_stands(&mut self) {
        if let Some(sign) = self.sign.take() {
            self.space(true);
            self.out.push(sign);
            self.last = Last::Operator;
        }
    }

    /// Writes what separates the next part from the one before it.
    fn space(&mut self, apart: bool) {
        if let Some(mark) = self.pending.take() {
            self.out.push(mark);
            self.out.push(b' ');
        } else if apart && !matches!(self.last, Last::Nothing | Last::Open | Last::Tight) {
            self.out.push(b' ');
        }
    }

    /// A name as text; what is not UTF-8, or not to be seen, gives way.
    fn text(&mut self, name: &[u8], fold: bool) {
        let name = name.get(..WRITTEN_MAX).unwrap_or(name);
        let is_text = std::str::from_utf8(name).is_ok();
        self.out.extend(name.iter().map(|&byte| match byte {
            0..=0x1f | 0x7f => b'_',
            0x80.. if !is_text => b'_',
            _ if fold => byte.to_ascii_lowercase(),
            _ => byte,
        }));
    }
}

/// Words that are values where a value is due.
fn is_constant(word: &[u8]) -> bool {
    [&b"null"[..], b"true", b"false"].iter().any(|constant| word.eq_ignore_ascii_case(constant))
}

#[cfg(test)]
mod tests;
