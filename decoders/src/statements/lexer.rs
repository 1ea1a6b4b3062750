//! A statement's text, word by word: enough of each dialect to tell names from values. In doubt it is a value.

use super::{Dialect, front};
use crate::limits::STATEMENT_BYTES_MAX;
use memchr::{memchr, memchr2, memmem};

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A keyword or a name.
    Word(&'t [u8]),
    /// A name in quotes, with them.
    Quoted(&'t [u8]),
    /// A value, or the place of one.
    Literal,
    Operator(&'t [u8]),
    /// One of `( ) [ ] { } , ; . :`
    Mark(u8),
    /// A string that a setting of the server would end here, or not: nobody can tell what is a value behind it.
    Unclear,
}

/// What a backslash does in a string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// Nothing.
    Stands,
    /// It takes the next character in.
    Escapes,
    /// That is a setting of the server: `standard_conforming_strings`, `NO_BACKSLASH_ESCAPES`.
    Unclear,
}

/// Reads a text once, from its front.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t [u8],
    dialect: Dialect,
    /// The text went on.
    is_cut: bool,
    at: usize,
    /// Where the newest token began.
    pub(super) start: usize,
    /// White space or a comment was before the newest token.
    pub(super) spaced: bool,
    /// The newest token was a name or a value, of which a dot behind it would be a part.
    after_name: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8], dialect: Dialect) -> Self {
        let is_cut = text.len() > STATEMENT_BYTES_MAX;
        let text = front(text);
        Self { text, dialect, is_cut, at: 0, start: 0, spaced: false, after_name: false }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The byte so far behind the next one.
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn take(&mut self, length: usize) -> &'t [u8] {
        let end = (self.at + length).min(self.text.len());
        let taken = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        taken
    }

    /// Bytes from here on for which `is_part` holds.
    fn run(&self, is_part: impl Fn(u8) -> bool) -> usize {
        self.rest().iter().take_while(|&&byte| is_part(byte)).count()
    }

    fn read(&mut self) -> Option<Token<'t>> {
        self.spaced = self.pass_space();
        self.start = self.at;
        let first = self.peek(0)?;
        let (is_mysql, is_postgres) =
            (self.dialect == Dialect::Mysql, self.dialect == Dialect::Postgres);
        let next_is_digit = self.peek(1).is_some_and(|byte| byte.is_ascii_digit());
        Some(match first {
            b'\'' => self.string(b'\'', self.backslash()),
            b'"' if is_mysql => self.string(b'"', self.backslash()),
            b'"' => self.quoted(b'"'),
            b'`' if is_mysql => self.quoted(b'`'),
            b'$' if !is_mysql => self.dollar(),
            b'0'..=b'9' => self.number(),
            b'.' if next_is_digit && !self.after_name => self.number(),
            b'?' if !is_postgres => self.literal(1),
            b':' => self.colon(),
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b'.' => {
                Token::Mark(self.take(1).first().copied().unwrap_or(first))
            }
            b'@' if is_mysql => self.word(),
            _ if is_word(first) => self.word(),
            _ => self.operator(),
        })
    }

    /// Passes white space and comments over. Whether there were any.
    fn pass_space(&mut self) -> bool {
        let before = self.at;
        loop {
            self.at += self.run(|byte| byte <= b' ' || byte == 0x7f);
            let Some(comment) = self.comment() else { return self.at > before };
            self.take(comment);
        }
    }

    /// The length of the comment that begins here.
    fn comment(&self) -> Option<usize> {
        let rest = self.rest();
        if !matches!(rest, [b'-' | b'#' | b'/', ..]) {
            return None;
        }
        let to_line_end = || memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        match (rest, self.dialect) {
            // MySQL manual, "Comments": `--` needs white space behind it there.
            ([b'-', b'-', next, ..], Dialect::Mysql) if *next > b' ' => None,
            ([b'-', b'-', ..], _) => Some(to_line_end()),
            ([b'#', ..], Dialect::Mysql) | ([b'/', b'/', ..], Dialect::Cassandra) => {
                Some(to_line_end())
            }
            // Only PostgreSQL's nest.
            ([b'/', b'*', body @ ..], Dialect::Postgres) => Some(2 + nested_comment(body)),
            ([b'/', b'*', body @ ..], _) => {
                Some(2 + memmem::find(body, b"*/").map_or(body.len(), |end| end + 2))
            }
            _ => None,
        }
    }

    fn literal(&mut self, length: usize) -> Token<'t> {
        self.take(length);
        Token::Literal
    }

    const fn backslash(&self) -> Backslash {
        match self.dialect {
            Dialect::Cassandra => Backslash::Stands,
            Dialect::Postgres | Dialect::Mysql => Backslash::Unclear,
        }
    }

    /// A string; one that does not end goes to the end.
    fn string(&mut self, quote: u8, backslash: Backslash) -> Token<'t> {
        self.take(1);
        while let Some(place) = memchr2(quote, b'\\', self.rest()) {
            let found = self.peek(place);
            let (next, behind) = (self.peek(place + 1), self.peek(place + 2));
            self.take(place + 1);
            match (found, backslash) {
                (Some(b'\\'), Backslash::Stands) => {}
                (Some(b'\\'), Backslash::Unclear) if next == Some(quote) => {
                    // `'it\'s'`: no string ends right before a letter.
                    if !behind.is_some_and(is_word) {
                        self.take(self.text.len());
                        return Token::Unclear;
                    }
                    self.take(1);
                }
                (Some(b'\\'), _) => drop(self.take(1)),
                _ if next == Some(quote) => drop(self.take(1)),
                _ => return Token::Literal,
            }
        }
        self.literal(self.text.len())
    }

    fn quoted(&mut self, quote: u8) -> Token<'t> {
        let mut end = 1;
        loop {
            let behind = self.rest().get(end..).unwrap_or_default();
            let Some(place) = memchr(quote, behind) else {
                // Who knows what it is.
                return self.literal(self.text.len());
            };
            end += place + 1;
            if self.peek(end) != Some(quote) {
                return Token::Quoted(self.take(end));
            }
            end += 1;
        }
    }

    /// A parameter's number, or a string between `$tag$`s.
    fn dollar(&mut self) -> Token<'t> {
        let behind = self.rest().get(1..).unwrap_or_default();
        let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            return self.literal(1 + digits);
        }
        let tag = match self.dialect {
            Dialect::Postgres => {
                behind.iter().take_while(|&&byte| is_word(byte) && byte != b'$').count()
            }
            Dialect::Cassandra | Dialect::Mysql => 0,
        };
        match self.peek(1 + tag) {
            Some(b'$') => {}
            None if self.is_cut => return self.literal(1 + tag),
            _ => return Token::Operator(self.take(1)),
        }
        let tag = self.take(tag + 2);
        let end = memmem::find(self.rest(), tag).map_or(self.text.len(), |end| end + tag.len());
        self.literal(end)
    }

    fn number(&mut self) -> Token<'t> {
        if let Some(length) = self.uuid() {
            return self.literal(length);
        }
        let is_hexadecimal = matches!(self.rest(), [b'0', b'x' | b'X', ..]);
        let mut length = self.run(|byte| is_word(byte) || byte == b'.');
        let ends_in_exponent =
            matches!(self.rest().get(..length), Some([.., b'0'..=b'9' | b'.', b'e' | b'E']));
        if ends_in_exponent && !is_hexadecimal && matches!(self.peek(length), Some(b'+' | b'-')) {
            self.take(length + 1);
            length = self.run(|byte| byte.is_ascii_digit());
        }
        self.literal(length)
    }

    fn colon(&mut self) -> Token<'t> {
        match (self.peek(1), self.dialect) {
            (Some(next), Dialect::Cassandra) if is_word(next) && !next.is_ascii_digit() => {
                self.take(1);
                self.literal(self.run(is_word))
            }
            (Some(b':' | b'='), _) => Token::Operator(self.take(2)),
            _ => Token::Mark(self.take(1).first().copied().unwrap_or(b':')),
        }
    }

    fn word(&mut self) -> Token<'t> {
        if let Some(length) = self.uuid() {
            return self.literal(length);
        }
        let signs = if self.dialect == Dialect::Mysql { self.run(|byte| byte == b'@') } else { 0 };
        let behind = self.rest().get(signs..).unwrap_or_default();
        let length = signs + behind.iter().take_while(|&&byte| is_word(byte)).count();
        let word = self.take(length.max(1));
        let is_prefix = matches!(word, [b'b' | b'B' | b'x' | b'X' | b'n' | b'N']);
        match (word, self.rest()) {
            ([b'e' | b'E'], [b'\'', ..]) if self.dialect == Dialect::Postgres => {
                self.string(b'\'', Backslash::Escapes)
            }
            (_, [b'\'', ..]) if is_prefix => self.string(b'\'', self.backslash()),
            ([b'u' | b'U'], [b'&', b'\'', ..]) => {
                self.take(1);
                self.string(b'\'', self.backslash())
            }
            // Whatever it was the beginning of.
            (_, []) if self.is_cut => Token::Literal,
            _ if self.dialect == Dialect::Cassandra && is_duration(word) => Token::Literal,
            _ => Token::Word(word),
        }
    }

    /// The length of the UUID that stands here: Cassandra's need no quotes.
    fn uuid(&self) -> Option<usize> {
        const LENGTH: usize = 36;
        let rest = self.rest();
        // Most are not, at first sight.
        if rest.get(8).is_some_and(|&byte| byte != b'-') {
            return None;
        }
        let here = rest.get(..LENGTH).unwrap_or(rest);
        if here.len() < LENGTH && !self.is_cut {
            return None;
        }
        let is_uuid = here.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        (is_uuid && !self.peek(LENGTH).is_some_and(is_word)).then_some(here.len())
    }

    fn operator(&mut self) -> Token<'t> {
        let rest = self.rest();
        let mut length = 1;
        while let Some(byte) = rest.get(length) {
            let is_comment =
                matches!(rest.get(length - 1..), Some([b'/', b'*', ..] | [b'/', b'/', ..]));
            // A sign belongs to what follows.
            if is_comment || matches!(byte, b'+' | b'-') || !is_operator(*byte) {
                break;
            }
            length += 1;
        }
        Token::Operator(self.take(length))
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let token = self.read();
        self.after_name = matches!(
            token,
            Some(Token::Word(_) | Token::Quoted(_) | Token::Literal | Token::Mark(b')' | b']'))
        );
        token
    }
}

#[inline]
fn is_word(byte: u8) -> bool {
    WORD.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Bytes that words are made of.
#[allow(clippy::indexing_slicing)] // At compile time.
static WORD: [bool; 256] = {
    let (mut table, mut byte) = ([false; 256], 0);
    while byte < table.len() {
        table[byte] =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'$' | 0x80..);
        byte += 1;
    }
    table
};

const fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'+' | b'-'
            | b'*'
            | b'/'
            | b'<'
            | b'>'
            | b'='
            | b'~'
            | b'!'
            | b'@'
            | b'#'
            | b'%'
            | b'^'
            | b'&'
            | b'|'
            | b'?'
            | b'`'
    )
}

/// The length of a comment whose beginning was read; one that does not end goes to the end.
fn nested_comment(body: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 1_usize);
    while let Some(place) = memchr2(b'*', b'/', body.get(at..).unwrap_or_default()) {
        at += place;
        match body.get(at..at + 2) {
            Some(b"*/") => {
                (at, depth) = (at + 2, depth - 1);
                if depth == 0 {
                    return at;
                }
            }
            Some(b"/*") => (at, depth) = (at + 2, depth + 1),
            _ => at += 1,
        }
    }
    body.len()
}

/// `P3DT4H`: Cassandra's durations in the ISO 8601 form need no quotes either.
fn is_duration(word: &[u8]) -> bool {
    matches!(word, [b'P' | b'p', b'0'..=b'9', ..] | [b'P' | b'p', b'T' | b't', b'0'..=b'9', ..])
        && word.iter().skip(1).all(|byte| {
            byte.is_ascii_digit()
                || matches!(
                    byte.to_ascii_uppercase(),
                    b'Y' | b'M' | b'W' | b'D' | b'T' | b'H' | b'S'
                )
        })
}
