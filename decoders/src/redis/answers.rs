//! Answers: one value each, of a subscription one a channel; between them, what the server says unasked (Redis
//! serialization protocol specification, "Pushes"; Redis manual, "Redis Pub/Sub" and `MONITOR`).

use super::commands::Kind;
use super::errors;
use super::monitor;
use super::subscriptions::{self, Named, Subscriptions};
use super::values::{self, Outstanding, Step};
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::pairing::Events;
use memchr::memchr;
use model::transaction::{Code, Outcome};
use model::units::CaptureTime;

/// Where the direction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a value.
    #[default]
    Values,
    /// In a line that goes on.
    Line,
    /// In a string.
    Text,
}

/// What the value that is arriving is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Answer,
    /// One of the several that answer a subscription.
    Confirmation,
    /// Nobody asked for it.
    Interim,
}

/// Confirmations that are still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Due {
    /// None is under way.
    #[default]
    None,
    /// So many.
    Some(u32),
    /// Until nothing is subscribed to, or something else comes; the last one came then.
    All(Option<CaptureTime>),
}

/// The server's side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    outstanding: Outstanding,
    /// Bytes of the answer so far, with its earlier confirmations; a string is counted when it begins.
    bytes: u64,
    state: State,
    role: Role,
    /// What is answered.
    kind: Kind,
    /// Attributes came before the value.
    is_attributed: bool,
    failed: bool,
    /// The last integer in a confirmation: how many subscriptions there are.
    total: u32,
    due: Due,
    subscriptions: Subscriptions,
    /// RESP3, where that is known.
    is_resp3: Option<bool>,
    is_monitoring: bool,
    /// A subscription was queued in a transaction.
    subscribes_within: bool,
    /// An answer came that nobody asked for.
    pub(super) unasked: bool,
}

/// A decision that may need more bytes.
type Maybe<T> = Result<Option<T>, DecodeError>;

impl Answers {
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
            if self.is_between() {
                if rest.first() == Some(&b'\n') && is_sync(out) {
                    // A master that is not ready keeps its replica waiting (Redis source, `replication.c`).
                    at += 1;
                    continue;
                }
                if self.begin(rest, chunk.time_at(at), out)?.is_none() {
                    return Ok(Progress::Need { consumed: at });
                }
            }
            match self.step(rest)? {
                Step::Need => return Ok(Progress::Need { consumed: at }),
                Step::Line => {
                    self.state = State::Line;
                    at += self.took(rest.len());
                    return Ok(Progress::Consumed(at));
                }
                Step::String(header, length) => {
                    self.count(header as u64 + length);
                    self.state = State::Text;
                    let end = usize::try_from(length).ok().map(|length| header + length);
                    let Some(text) =
                        end.and_then(|end| rest.get(..end)).filter(|_| !self.is_sync())
                    else {
                        return self.pass_over(at + header, length, chunk, out);
                    };
                    if !text.ends_with(b"\r\n") {
                        return Err(DecodeError("a string without an end"));
                    }
                    at += text.len();
                    self.outstanding.ended();
                }
                Step::Whole(length, integer) => {
                    let integer = integer.and_then(|integer| u32::try_from(integer).ok());
                    self.total = integer.unwrap_or(self.total);
                    at += self.took(length);
                    self.outstanding.ended();
                }
                Step::Opens(length, values) => {
                    at += self.took(length);
                    self.outstanding.opened(values)?;
                }
                Step::Attributes(length, values) => {
                    self.is_attributed |= self.outstanding.0 == 1;
                    at += self.took(length);
                    self.outstanding.more(values)?;
                }
            }
            self.state = State::Values;
            if self.outstanding.0 == 0 && self.ended(Some(chunk.time_at(at.saturating_sub(1))), out)
            {
                return Ok(Progress::Opaque { consumed: at });
            }
        }
    }

    fn took(&mut self, length: usize) -> usize {
        self.count(length as u64);
        length
    }

    fn count(&mut self, bytes: u64) {
        if self.role != Role::Interim {
            self.bytes += bytes;
        }
    }

    fn is_between(&self) -> bool {
        self.outstanding.0 == 0
    }

    fn is_sync(&self) -> bool {
        self.kind == Kind::Sync && self.role == Role::Answer
    }

    fn step(&mut self, rest: &[u8]) -> Result<Step, DecodeError> {
        match self.state {
            State::Line => {
                let end = memchr(b'\n', rest);
                Ok(end.map_or(Step::Line, |end| Step::Whole(end + 1, None)))
            }
            // The driver passes strings over; it does not show them.
            State::Text => Err(DecodeError("bytes of a string")),
            State::Values if self.is_attributed && self.outstanding.0 == 1 => {
                let step = values::step(rest)?;
                let is_error = matches!(rest.first(), Some(b'-' | b'!'));
                if is_error && !matches!(step, Step::Need) {
                    self.failed = true;
                }
                Ok(step)
            }
            State::Values => values::step(rest),
        }
    }

    /// A string goes on behind the bytes at hand. What a replica is sent has no end that matters.
    fn pass_over(
        &mut self,
        consumed: usize,
        bytes: u64,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        if self.is_sync() && self.outstanding.0 == 1 && !self.failed {
            self.bytes -= bytes;
            self.ended(Some(chunk.time_at(consumed.saturating_sub(1))), out);
            return Ok(Progress::Opaque { consumed });
        }
        Ok(Progress::Skip { consumed, bytes })
    }

    pub(super) fn string_ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        self.state = State::Values;
        self.outstanding.ended();
        if self.outstanding.0 == 0 {
            self.ended(at, out);
        }
    }

    /// A value begins: whose is it? `None` where more is needed to tell.
    fn begin(&mut self, rest: &[u8], at: CaptureTime, out: &mut Events<'_>) -> Maybe<()> {
        let Some(mut role) = self.role_of(rest, out)? else { return Ok(None) };
        if let (Due::All(last_at), Role::Answer) = (self.due, role) {
            // The answer before it is over, and this one is the next request's.
            self.end_confirmations(at, last_at, out);
            let Some(own) = self.role_of(rest, out)? else { return Ok(None) };
            role = own;
        }
        let is_error = matches!(rest.first(), Some(b'-' | b'!'));
        if is_error && !errors::is_told(rest) {
            return Ok(None);
        }
        if role == Role::Answer && self.due != Due::None {
            return Err(DecodeError("fewer confirmations than channels"));
        }
        self.role = role;
        (self.outstanding, self.state) = (Outstanding(1), State::Values);
        (self.is_attributed, self.failed) = (false, is_error);
        if role == Role::Interim {
            out.begin_interim();
            return Ok(Some(()));
        }
        let asked = out.oldest_tag().map(Kind::of_tag);
        self.unasked |= asked.is_none();
        let (kind, channels) = asked.unwrap_or_default();
        self.kind = kind;
        if self.due == Due::None {
            self.bytes = 0;
        }
        if role == Role::Confirmation && self.due == Due::None {
            self.due = if channels == 0 { Due::All(None) } else { Due::Some(channels) };
        }
        self.note(rest.first().copied())?;
        out.begin_response(at);
        if is_error {
            let (code, outcome) = errors::verdict(errors::text(rest));
            out.code(code, outcome);
        }
        Ok(Some(()))
    }

    /// No more confirmations come than those that did.
    fn end_confirmations(
        &mut self,
        at: CaptureTime,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        self.due = Due::None;
        out.begin_response(at);
        out.end_response(last_at, Some(std::mem::take(&mut self.bytes)));
    }

    /// A client that has received all that was said asks again, at `at`: what was due has come.
    pub(super) fn asked_again(&mut self, at: CaptureTime, out: &mut Events<'_>) {
        if let Due::All(last_at @ Some(_)) = self.due
            && self.is_between()
            && out.quiet
        {
            self.end_confirmations(at, last_at, out);
        }
    }

    /// What an answer that begins with `first` says of those that follow.
    fn note(&mut self, first: Option<u8>) -> Result<(), DecodeError> {
        match (self.kind, first) {
            (Kind::Hello, Some(b'%' | b'*')) => self.is_resp3 = Some(first == Some(b'%')),
            // Subscriptions within a transaction are confirmed within its answer, in numbers that its count does not tell.
            (Kind::Exec, Some(b'*')) if self.subscribes_within => {
                return Err(DecodeError("subscriptions within a transaction"));
            }
            (Kind::Exec, _) => self.subscribes_within = false,
            (kind, Some(b'+')) if kind.is_subscription() => self.subscribes_within = true,
            (_, _) => {}
        }
        Ok(())
    }

    /// What the value at the beginning of `rest` is. `None` where more is needed to tell.
    fn role_of(&mut self, rest: &[u8], out: &Events<'_>) -> Maybe<Role> {
        let kind = out.oldest_tag().map(|tag| Kind::of_tag(tag).0);
        let role = match rest.first() {
            Some(b'>') => {
                self.is_resp3 = Some(true);
                match subscriptions::named(rest)? {
                    Named::Need => return Ok(None),
                    Named::Confirmation(own) => self.confirms(own, kind),
                    Named::Message | Named::Other => Role::Interim,
                }
            }
            Some(b'*') if self.may_be_pushed(kind) => match subscriptions::named(rest)? {
                Named::Need => return Ok(None),
                Named::Message => {
                    self.subscriptions.message();
                    Role::Interim
                }
                Named::Confirmation(own) => self.confirms(own, kind),
                Named::Other => Role::Answer,
            },
            Some(b'+') if self.is_monitoring || kind.is_none() => match monitor::is_line(rest) {
                None => return Ok(None),
                Some(true) => Role::Interim,
                Some(false) => Role::Answer,
            },
            _ => Role::Answer,
        };
        Ok(Some(role))
    }

    /// A confirmation: of the oldest request, of the next where that one's may be over, or of nobody's.
    fn confirms(&self, own: Kind, asked: Option<Kind>) -> Role {
        match self.due {
            _ if asked == Some(own) => Role::Confirmation,
            Due::All(_) => Role::Answer,
            Due::None | Due::Some(_) => Role::Interim,
        }
    }

    /// Whether an array may be something else than an answer: in RESP2, with subscriptions or where they are asked for.
    fn may_be_pushed(&self, asked: Option<Kind>) -> bool {
        let by_request = asked.is_none_or(Kind::is_subscription);
        self.is_resp3 != Some(true) && (self.subscriptions.is_any() || by_request)
    }

    /// The value is whole. Whether the connection carries something else from here on.
    fn ended(&mut self, at: Option<CaptureTime>, out: &mut Events<'_>) -> bool {
        if self.role == Role::Interim {
            out.end_response(at, None);
            return false;
        }
        if self.role == Role::Confirmation && !self.is_last_confirmation(at) {
            return false;
        }
        self.due = Due::None;
        if self.is_attributed && self.failed {
            out.code(Code::None, Outcome::ClientError);
        }
        out.end_response(at, Some(self.bytes));
        self.bytes = 0;
        if self.failed {
            return false;
        }
        match self.kind {
            Kind::Monitor => self.is_monitoring = true,
            Kind::Reset => {
                (self.is_monitoring, self.is_resp3) = (false, Some(false));
                self.subscriptions = Subscriptions::default();
            }
            _ => {}
        }
        self.is_sync()
    }

    fn is_last_confirmation(&mut self, at: Option<CaptureTime>) -> bool {
        self.subscriptions.confirm(self.kind, self.total);
        match &mut self.due {
            Due::None => true,
            Due::Some(left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            Due::All(last_at) => {
                *last_at = at;
                self.subscriptions.are_over(self.kind)
            }
        }
    }

    pub(super) fn at_boundary(&self) -> bool {
        self.is_between() && self.due == Due::None
    }

    pub(super) fn restart(&mut self) {
        self.subscriptions.forget();
        let Self { subscriptions, is_resp3, is_monitoring, subscribes_within, .. } = *self;
        *self =
            Self { subscriptions, is_resp3, is_monitoring, subscribes_within, ..Self::default() };
    }

    pub(super) fn close(
        &mut self,
        unread: u64,
        last_at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        if !self.at_boundary() && self.role != Role::Interim {
            out.cut_response(last_at, Some(self.bytes.saturating_sub(unread)));
        }
        self.restart();
    }
}

fn is_sync(out: &Events<'_>) -> bool {
    out.oldest_tag().is_some_and(|tag| Kind::of_tag(tag).0 == Kind::Sync)
}
