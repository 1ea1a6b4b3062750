//! Several statements in one text.

use super::Dialect;
use super::lexer::{Lexer, Token};
use memchr::memchr;

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'t> {
    /// Where its first word begins.
    pub(crate) start: usize,
    /// From there to the semicolon behind it.
    pub(crate) text: &'t [u8],
}

/// The statements of a text, without the empty ones. Ends where it cannot be told how the text goes on.
pub(crate) struct Statements<'t> {
    text: &'t [u8],
    lexer: Lexer<'t>,
    is_over: bool,
    undivided: Option<Statement<'t>>,
}

impl<'t> Statements<'t> {
    pub(crate) fn of(text: &'t [u8], dialect: Dialect) -> Self {
        let undivided = undivided(text);
        Self { text, lexer: Lexer::new(text, dialect), is_over: undivided.is_some(), undivided }
    }
}

impl<'t> Iterator for Statements<'t> {
    type Item = Statement<'t>;

    fn next(&mut self) -> Option<Statement<'t>> {
        if let Some(whole) = self.undivided.take() {
            return Some(whole);
        }
        let mut start = None;
        let mut body = Body::default();
        while !self.is_over {
            let token = self.lexer.next();
            let here = self.lexer.start;
            match token {
                Some(Token::Mark(b';')) if !body.is_open() => match start {
                    Some(start) => return self.statement(start, here),
                    None => continue,
                },
                Some(Token::Unclear) | None => self.is_over = true,
                Some(token) => body.read(token),
            }
            if token.is_some() {
                start.get_or_insert(here);
            }
        }
        let end = self.text.len();
        start.and_then(|start| self.statement(start, end))
    }
}

impl<'t> Statements<'t> {
    fn statement(&self, start: usize, end: usize) -> Option<Statement<'t>> {
        Some(Statement { start, text: self.text.get(start..end)? })
    }
}

/// Most texts hold no semicolon but one at their end: they need not be read to be known as one statement.
fn undivided(text: &[u8]) -> Option<Statement<'_>> {
    let end = memchr(b';', text).unwrap_or(text.len());
    let is_one = text.first().is_some_and(u8::is_ascii_alphabetic) && end + 1 >= text.len();
    Some(Statement { start: 0, text: text.get(..end)? }).filter(|_| is_one)
}

/// What a semicolon can be inside of: brackets (CREATE RULE), or the body of a routine in SQL (`BEGIN ATOMIC … END`).
#[derive(Default)]
struct Body {
    words: u32,
    creates: bool,
    is_routine: bool,
    brackets: u32,
    blocks: u32,
}

/// `CREATE OR REPLACE FUNCTION`: words in which a routine is announced.
const ANNOUNCING_WORDS: u32 = 4;

impl Body {
    fn is_open(&self) -> bool {
        self.brackets > 0 || self.blocks > 0
    }

    fn read(&mut self, token: Token<'_>) {
        match token {
            Token::Mark(b'(' | b'[' | b'{') => self.brackets += 1,
            Token::Mark(b')' | b']' | b'}') => self.brackets = self.brackets.saturating_sub(1),
            Token::Word(word) => {
                self.words += 1;
                self.read_word(word);
            }
            _ => {}
        }
    }

    fn read_word(&mut self, word: &[u8]) {
        let is = |other: &[u8]| word.eq_ignore_ascii_case(other);
        if self.words <= ANNOUNCING_WORDS {
            self.creates |= self.words == 1 && is(b"create");
            self.is_routine |= self.creates && (is(b"function") || is(b"procedure"));
        }
        if !self.is_routine {
            return;
        }
        if is(b"begin") || (is(b"case") && self.blocks > 0) {
            self.blocks += 1;
        } else if is(b"end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let statements = Statements::of(text.as_bytes(), Dialect::Postgres);
        statements.map(|statement| std::str::from_utf8(statement.text).unwrap()).collect()
    }

    #[test]
    fn semicolons_that_split() {
        for (text, expected) in [
            ("", &[][..]),
            (" ; ;; -- x", &[]),
            ("SELECT 1;", &["SELECT 1"]),
            ("SELECT 1 ; ", &["SELECT 1 "]),
            (" SELECT 1", &["SELECT 1"]),
            ("SELECT 1", &["SELECT 1"]),
            ("SELECT 1; SELECT 2;;\n-- last\nSELECT 3", &["SELECT 1", "SELECT 2", "SELECT 3"]),
            (
                "SELECT ';', \";\", $$;$$, E'\\';' /* ; */ -- ;\n; SELECT 2",
                &["SELECT ';', \";\", $$;$$, E'\\';' /* ; */ -- ;\n", "SELECT 2"],
            ),
            (
                "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
                &["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
            ),
            (
                "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
                &[
                    "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                    "SELECT 3",
                ],
            ),
            ("BEGIN; SELECT 1; END", &["BEGIN", "SELECT 1", "END"]),
            ("SELECT 'a\\' ; SELECT 'b'", &["SELECT 'a\\' ; SELECT 'b'"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn starts_are_where_the_first_word_is() {
        let text = b" SELECT 1 ; /* x */ SELECT 2";
        let starts: Vec<_> =
            Statements::of(text, Dialect::Postgres).map(|statement| statement.start).collect();
        assert_eq!(starts, [1, 20]);
    }
}
