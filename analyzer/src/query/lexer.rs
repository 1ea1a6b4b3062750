//! From a query's text to its words.

use super::error::Fault;
use model::histogram::{Threshold, ThresholdError};
use std::fmt;

/// A word and the byte offset at which it begins.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `find`, `histogram:merge`, `route`.
    Name(String),
    /// A text in quotes, without them.
    Text(String),
    /// A number as it was written, and its exact value in base units.
    Number(String, Threshold),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
    End,
}

/// Longer ones first: `=~` is not `=`.
const SYMBOLS: [&str; 13] = ["=~", "!~", "!=", "=", "|", "(", ")", ",", "+", "-", "*", "/", "−"];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "`{name}`"),
            Self::Text(_) => write!(f, "a text"),
            Self::Number(written, _) => write!(f, "`{written}`"),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
            Self::End => write!(f, "the end"),
        }
    }
}

/// All words of a query; the last is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (kind, length) = token(rest, at)?;
        tokens.push(Token { at, kind });
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    tokens.push(Token { at: text.trim_end().len(), kind: Kind::End });
    Ok(tokens)
}

/// The first word of `rest`, and its length in bytes.
fn token(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let first = rest.chars().next().unwrap_or_default();
    if first == '"' || first == '\'' {
        return quoted(rest, first, at);
    }
    if first.is_ascii_digit() || first == '.' {
        return number(rest, at);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let is_inside = |letter: char| letter.is_ascii_alphanumeric() || "_:.".contains(letter);
        let length = rest.find(|letter| !is_inside(letter)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        return Ok((Kind::Name(name.to_owned()), length));
    }
    match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
        // As typeset text has it.
        Some("−") => Ok((Kind::Symbol("-"), "−".len())),
        Some(symbol) => Ok((Kind::Symbol(symbol), symbol.len())),
        None => Err(Fault::new(at, format!("`{first}` means nothing here"))),
    }
}

/// A text in quotes of one kind; a backslash takes the next character as it is.
fn quoted(rest: &str, quote: char, at: usize) -> Result<(Kind, usize), Fault> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
            letter if letter == quote => return Ok((Kind::Text(text), offset + quote.len_utf8())),
            letter => text.push(letter),
        }
    }
    Err(Fault::new(at, "the text that begins here has no end")
        .expecting(format!("a {quote} behind it")))
}

/// `5`, `1.5s`, `10kB`: exact, with its unit.
fn number(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let digits = digits.unwrap_or(rest.len());
    let behind = rest.get(digits..).unwrap_or_default();
    let unit = behind.find(|letter: char| !letter.is_alphabetic()).unwrap_or(behind.len());
    let written = rest.get(..digits + unit).unwrap_or_default();
    let read = if unit == 0 { Threshold::parse_plain(written) } else { written.parse() };
    match read {
        Ok(value) => Ok((Kind::Number(written.to_owned(), value), written.len())),
        Err(ThresholdError::UnknownUnit) => {
            let units = "ns, us, ms, s, m, h, d, or B, kB, MB, GB, TB, KiB, MiB, GiB";
            Err(Fault::new(at + digits, format!("`{written}` has no unit that is known"))
                .expecting(format!("one of {units}")))
        }
        Err(error) => Err(Fault::new(at, format!("`{written}` is no number: {error}"))),
    }
}
