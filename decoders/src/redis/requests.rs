//! Requests: arrays of strings, of which the first is the command, and inline commands (Redis serialization protocol
//! specification, "Sending commands to a Redis server" and "Inline commands").

use super::commands::{Command, Kind, NAME_BYTES_MAX};
use super::resp::{self, Word};
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::limits::INLINE_BYTES_MAX;
use crate::naming;
use crate::pairing::{Events, Key};
use memchr::memchr;
use model::names::Names;
use model::units::CaptureTime;

/// Where the direction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// Before an argument.
    Arguments,
    /// In one.
    Argument,
}

/// Whether the server answers (Redis manual, `CLIENT REPLY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Replies {
    #[default]
    On,
    /// Not the next command.
    SkipNext,
    Off,
}

/// The client's side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    /// Bytes of the request so far; an argument is counted when it begins.
    bytes: u64,
    /// Arguments that are still to come.
    arguments: u64,
    state: State,
    replies: Replies,
    /// The request that is arriving will not be answered.
    is_silent: bool,
}

impl Requests {
    pub(super) fn read(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut at = 0;
        loop {
            let rest = chunk.bytes.get(at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Progress::Consumed(at));
            }
            match self.state {
                State::Between => {
                    let Some(head) = Head::read(rest)? else {
                        return Ok(Progress::Need { consumed: at });
                    };
                    let first = chunk.time_at(at);
                    at += head.length;
                    if head.asks {
                        self.begin(&head, first, Some(chunk.time_at(at.saturating_sub(1))), out);
                    }
                }
                State::Arguments => {
                    let Some((length, header)) = resp::bulk(rest)? else {
                        return Ok(Progress::Need { consumed: at });
                    };
                    let length = length.ok_or(DecodeError("an argument that is null"))? + 2;
                    self.bytes += header as u64 + length;
                    let end = usize::try_from(length).ok().map(|length| header + length);
                    match end.and_then(|end| rest.get(..end)) {
                        Some(argument) if argument.ends_with(b"\r\n") => {
                            at += argument.len();
                            self.argument_ended(Some(chunk.time_at(at.saturating_sub(1))), out);
                        }
                        Some(_) => return Err(DecodeError("an argument without an end")),
                        None => {
                            self.state = State::Argument;
                            return Ok(Progress::Skip { consumed: at + header, bytes: length });
                        }
                    }
                }
                // The driver passes arguments over; it does not show them.
                State::Argument => return Err(DecodeError("bytes of an argument")),
            }
        }
    }

    fn begin(
        &mut self,
        head: &Head,
        first: CaptureTime,
        last: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        let kind = head.kind;
        self.is_silent = match (kind, self.replies) {
            (Kind::ReplyOff | Kind::ReplySkip, _) => true,
            (Kind::ReplyOn, _) | (_, Replies::On) => false,
            (_, Replies::Off | Replies::SkipNext) => true,
        };
        self.replies = match (kind, self.replies) {
            (Kind::ReplyOn, _) => Replies::On,
            (Kind::ReplyOff, _) | (_, Replies::Off) => Replies::Off,
            (Kind::ReplySkip, _) => Replies::SkipNext,
            (_, Replies::On | Replies::SkipNext) => Replies::On,
        };
        out.begin_request(first, kind.tag(head.channels), Key::InOrder);
        let operation = head.command.map_or(Names::OTHER, Command::name);
        let named = out.named(operation.as_bytes(), b"", naming::Kind::Adhoc);
        out.file_request(named);
        (self.bytes, self.arguments) = (head.length as u64, head.arguments);
        match self.arguments {
            0 => self.end(last, out),
            _ => self.state = State::Arguments,
        }
    }

    pub(super) fn argument_ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        self.state = State::Arguments;
        self.arguments = self.arguments.saturating_sub(1);
        if self.arguments == 0 {
            self.end(at, out);
        }
    }

    fn end(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        self.state = State::Between;
        match self.is_silent {
            true => out.end_one_way(at, Some(self.bytes)),
            false => out.end_request(at, Some(self.bytes)),
        }
    }

    /// An answer that nobody asked for: the server does answer.
    pub(super) const fn unasked_answer(&mut self) {
        self.replies = Replies::On;
    }

    pub(super) fn at_boundary(&self) -> bool {
        self.state == State::Between
    }

    pub(super) fn restart(&mut self) {
        self.state = State::Between;
        if self.replies == Replies::SkipNext {
            self.replies = Replies::On;
        }
    }

    pub(super) fn close(
        &mut self,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        if self.state != State::Between {
            out.cut_request(last_at, Some(self.bytes.saturating_sub(unread)));
        }
        self.state = State::Between;
    }
}

/// The beginning of a request: all that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    /// Bytes.
    length: usize,
    /// `false` for what the server passes over: empty arrays and lines.
    asks: bool,
    command: Option<Command>,
    kind: Kind,
    /// What follows the command's name.
    channels: u64,
    /// Arguments behind the head.
    arguments: u64,
}

/// Arguments of one command (`networking.c` of the server: an integer).
const ARGUMENTS_MAX: i64 = i32::MAX as i64;

impl Head {
    const NOTHING: Self = Self {
        length: 0,
        asks: false,
        command: None,
        kind: Kind::Plain,
        channels: 0,
        arguments: 0,
    };

    /// `None` where it is not whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        if bytes.first() == Some(&b'*') { Self::array(bytes) } else { Self::inline(bytes) }
    }

    fn array(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some((count, mut length)) = resp::number(bytes)? else { return Ok(None) };
        match count {
            ..1 => return Ok(Some(Self { length, ..Self::NOTHING })),
            1..=ARGUMENTS_MAX => {}
            _ => return Err(DecodeError("too many arguments")),
        }
        let count = count.unsigned_abs();
        let mut words = Words::default();
        let mut read = 0;
        while read < count && words.wants_more() {
            match resp::word(bytes.get(length..).unwrap_or_default(), NAME_BYTES_MAX)? {
                Word::NotWhole => return Ok(None),
                Word::Whole(word, more) => {
                    words.take(word);
                    (length, read) = (length + more, read + 1);
                }
                Word::Other => break,
            }
        }
        Ok(Some(Self::of(words, length, count, count - read)))
    }

    fn of(words: Words, length: usize, count: u64, arguments: u64) -> Self {
        let Words { command, kind, .. } = words;
        Self { length, asks: true, command, kind, channels: count - 1, arguments }
    }

    fn inline(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        let Some(end) = memchr(b'\n', bytes) else {
            let is_long = bytes.len() > INLINE_BYTES_MAX;
            let begins = bytes.first().is_some_and(u8::is_ascii_alphabetic);
            return match begins && !is_long || bytes == b"\r" {
                true => Ok(None),
                false => Err(DecodeError("not a command")),
            };
        };
        let (mut rest, length) = (bytes.get(..end).unwrap_or_default(), end + 1);
        let (mut words, mut count) = (Words::default(), 0);
        while let Some((word, behind)) = inline_word(rest) {
            if count == 0 && !is_name(word) {
                return Err(DecodeError("not a command"));
            }
            if words.wants_more() {
                words.take(word);
            }
            (rest, count) = (behind, count + 1);
        }
        Ok(Some(match count {
            0 => Self { length, ..Self::NOTHING },
            _ => Self::of(words, length, count, 0),
        }))
    }
}

/// Whether it can be a command's name.
pub(super) fn is_name(word: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    word.len() <= NAME_BYTES_MAX
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().all(is_part)
}

/// The first word of a line, and what is behind it. Quotes hold words together.
pub(super) fn inline_word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    let mut quote = None;
    let mut is_escaped = false;
    let end = line.iter().position(|&byte| {
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(own), _) if own == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) => return byte.is_ascii_whitespace(),
        }
        false
    });
    line.split_at_checked(end.unwrap_or(line.len())).filter(|(word, _)| !word.is_empty())
}

/// The words that make a command's name.
#[derive(Clone, Copy, Debug, Default)]
struct Words {
    count: u8,
    command: Option<Command>,
    kind: Kind,
}

impl Words {
    fn wants_more(self) -> bool {
        match (self.count, self.command) {
            (0, _) => true,
            (1, Some(command)) => command.is_container(),
            (2, Some(command)) => command.name() == "CLIENT REPLY",
            (_, _) => false,
        }
    }

    fn take(&mut self, word: &[u8]) {
        match (self.count, self.command) {
            (0, _) => self.command = Command::find(word),
            (1, Some(command)) => self.command = Some(command.with(word)),
            (_, _) => {}
        }
        self.kind = match self.count {
            2 => Kind::of_replies(word),
            _ => self.command.map_or(Kind::Plain, |command| Kind::of(command.name())),
        };
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Option<(&'static str, Kind, u64, u64)> {
        let head = Head::read(text.as_bytes()).unwrap()?;
        let name = head.command.map_or(Names::OTHER, Command::name);
        head.asks.then_some((name, head.kind, head.channels, head.arguments))
    }

    #[test]
    fn heads() {
        let cases = [
            ("*1\r\n$4\r\nping\r\n", ("PING", Kind::Plain, 0, 0)),
            ("*3\r\n$3\r\nSET\r\n$1\r\n", ("SET", Kind::Plain, 2, 2)),
            ("*3\r\n$6\r\nCONFIG\r\n$3\r\nget\r\n$1", ("CONFIG GET", Kind::Plain, 2, 1)),
            (
                "*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\n",
                ("CLIENT REPLY", Kind::ReplyOff, 2, 0),
            ),
            ("*3\r\n$9\r\nSUBSCRIBE\r\n", ("SUBSCRIBE", Kind::Subscribe, 2, 2)),
            ("*2\r\n$7\r\nsecret7\r\n", ("other", Kind::Plain, 1, 1)),
            ("*2\r\n$99\r\n", ("other", Kind::Plain, 1, 2)),
            ("PING\r\n", ("PING", Kind::Plain, 0, 0)),
            ("set a \"b c\"  'd'\n", ("SET", Kind::Plain, 3, 0)),
            ("client reply SKIP\r\n", ("CLIENT REPLY", Kind::ReplySkip, 2, 0)),
        ];
        for (text, expected) in cases {
            assert_eq!(head(text), Some(expected), "{text:?}");
        }
        for text in [
            "*0\r\n",
            "*-1\r\n",
            "\r\n",
            "*1\r\n$4\r\npin",
            "PIN",
            "*3\r\n$6\r\nCONFIG\r\n$3\r\nge",
            "\r",
        ] {
            assert_eq!(head(text), None, "{text:?}");
        }
        for text in
            ["*x\r\n", "\u{1}\r\n", "*1\r\n$4\r\npingpong", "{\"a\":1}\r\n", "*3000000000\r\n"]
        {
            assert!(Head::read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
