//! Recursive descent, of bounded depth and length.
//!
//! ```text
//! pipeline = sum { "|" call }
//! sum      = product { ("+" | "-") product }
//! product  = operand { ("*" | "/") operand }
//! operand  = "-" operand | number | call | "(" pipeline ")"
//! call     = name "(" [ argument { "," argument } ] ")"
//! argument = text | number | tag ("=" | "!=" | "=~" | "!~") text
//! ```

use super::error::Fault;
use super::lexer::{Kind, Token, tokens};
use super::syntax::{Argument, ArgumentKind, Call, Comparison, Expression, Operator};
use model::histogram::Threshold;

/// Bytes of a query at most.
pub const TEXT_BYTES_MAX: usize = 16 * 1_024;
/// Parentheses and signs inside each other at most.
pub const DEPTH_MAX: usize = 32;
/// Calls, numbers and operators in a query at most.
pub const PARTS_MAX: usize = 128;
/// Arguments of one call at most.
pub const ARGUMENTS_MAX: usize = 32;

pub(super) fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the query has {} bytes, the limit is {TEXT_BYTES_MAX}", text.len());
        return Err(Fault::new(0, message).expecting("a shorter one"));
    }
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), depth: 0, parts: 0 };
    let expression = parser.pipeline()?;
    match parser.next() {
        Token { kind: Kind::End, .. } => Ok(expression),
        Token { at, kind: Kind::Symbol(symbol @ ("+" | "-" | "*" | "/")) } => {
            let message =
                format!("arithmetic behind a pipeline needs parentheses: (… | …) {symbol} (… | …)");
            Err(Fault::new(at, message).expecting("`|` or the end"))
        }
        other => Err(unexpected(&other, "`|` or the end")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    parts: usize,
}

fn unexpected(token: &Token, expected: &str) -> Fault {
    let message = match &token.kind {
        Kind::End => "the query ends too early".to_owned(),
        other => format!("{other} cannot stand here"),
    };
    Fault::new(token.at, message).expecting(expected)
}

impl Parser {
    /// The next word; the end again and again.
    fn next(&mut self) -> Token {
        self.tokens.next().unwrap_or(Token { at: usize::MAX, kind: Kind::End })
    }

    /// Takes a symbol if it is next, and says where it was.
    fn take(&mut self, symbol: &'static str) -> Option<usize> {
        self.tokens.next_if(|token| token.kind == Kind::Symbol(symbol)).map(|token| token.at)
    }

    /// Counts a part of the query that begins at `at`.
    fn part(&mut self, at: usize) -> Result<(), Fault> {
        self.parts += 1;
        if self.parts <= PARTS_MAX {
            return Ok(());
        }
        let message = format!("the query has more than {PARTS_MAX} parts");
        Err(Fault::new(at, message).expecting("a shorter one"))
    }

    fn pipeline(&mut self) -> Result<Expression, Fault> {
        let mut input = self.sum()?;
        while self.take("|").is_some() {
            let call = match self.next() {
                Token { at, kind: Kind::Name(name) } => self.call(name, at)?,
                other => return Err(unexpected(&other, "a function")),
            };
            input = Expression::Pipe { input: Box::new(input), call };
        }
        Ok(input)
    }

    fn sum(&mut self) -> Result<Expression, Fault> {
        self.chain([("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Expression, Fault> {
        self.chain([("*", Operator::Multiply), ("/", Operator::Divide)], Self::operand)
    }

    /// Operands with operators of one rank between them, from left to right.
    fn chain(
        &mut self,
        operators: [(&'static str, Operator); 2],
        operand: fn(&mut Self) -> Result<Expression, Fault>,
    ) -> Result<Expression, Fault> {
        let mut left = operand(self)?;
        while let Some((operator, at)) = operators
            .into_iter()
            .find_map(|(symbol, operator)| Some((operator, self.take(symbol)?)))
        {
            self.part(at)?;
            let right = Box::new(operand(self)?);
            left = Expression::Arithmetic { operator, at, left: Box::new(left), right };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, Fault> {
        let token = self.next();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let message = format!("more than {DEPTH_MAX} parentheses inside each other");
            return Err(Fault::new(token.at, message).expecting("fewer"));
        }
        let operand = match token {
            Token { at, kind: Kind::Number(_, value) } => {
                self.part(at)?;
                Expression::Number(value)
            }
            Token { at, kind: Kind::Name(name) } => Expression::Source(self.call(name, at)?),
            Token { kind: Kind::Symbol("("), .. } => {
                let inner = self.pipeline()?;
                self.closing("`|` or `)`")?;
                inner
            }
            Token { at, kind: Kind::Symbol("-") } => {
                self.part(at)?;
                let (left, right) = (Expression::Number(Threshold::from_bytes(0)), self.operand()?);
                let (left, right) = (Box::new(left), Box::new(right));
                Expression::Arithmetic { operator: Operator::Subtract, at, left, right }
            }
            other => return Err(unexpected(&other, "find(…), a number or `(`")),
        };
        self.depth -= 1;
        Ok(operand)
    }

    fn closing(&mut self, expected: &str) -> Result<usize, Fault> {
        match self.next() {
            Token { at, kind: Kind::Symbol(")") } => Ok(at),
            other => Err(unexpected(&other, expected)),
        }
    }

    fn call(&mut self, name: String, at: usize) -> Result<Call, Fault> {
        self.part(at)?;
        match self.next() {
            Token { kind: Kind::Symbol("("), .. } => {}
            other => return Err(unexpected(&other, &format!("`(` behind {name}"))),
        }
        let mut arguments = Vec::new();
        if let Some(end) = self.take(")") {
            return Ok(Call { name, at, arguments, end });
        }
        loop {
            let argument = self.argument()?;
            if arguments.len() == ARGUMENTS_MAX {
                let message = format!("{name} has more than {ARGUMENTS_MAX} arguments");
                return Err(Fault::new(argument.at, message).expecting("fewer"));
            }
            arguments.push(argument);
            if self.take(",").is_none() {
                let end = self.closing("`,` or `)`")?;
                return Ok(Call { name, at, arguments, end });
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, Fault> {
        match self.next() {
            Token { at, kind: Kind::Text(text) } => {
                Ok(Argument { at, kind: ArgumentKind::Text(text) })
            }
            Token { at, kind: Kind::Number(written, value) } => {
                Ok(Argument { at, kind: ArgumentKind::Number(written, value) })
            }
            Token { at, kind: Kind::Name(name) } => {
                let comparison = self.comparison()?;
                match self.next() {
                    Token { kind: Kind::Text(value), .. } => {
                        Ok(Argument { at, kind: ArgumentKind::Tag { name, comparison, value } })
                    }
                    other => Err(unexpected(&other, "a text in quotes")),
                }
            }
            other => Err(unexpected(&other, "a text, a number, a tag or `)`")),
        }
    }

    fn comparison(&mut self) -> Result<Comparison, Fault> {
        match self.next() {
            Token { kind: Kind::Symbol("="), .. } => Ok(Comparison::Equal),
            Token { kind: Kind::Symbol("!="), .. } => Ok(Comparison::NotEqual),
            Token { kind: Kind::Symbol("=~"), .. } => Ok(Comparison::Matches),
            Token { kind: Kind::Symbol("!~"), .. } => Ok(Comparison::MatchesNot),
            other => Err(unexpected(&other, "`=`, `!=`, `=~` or `!~` behind the tag")),
        }
    }
}
