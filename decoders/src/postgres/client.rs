//! What the client says.

mod queries;

use super::Postgres;
use super::expected::{Kind as Due, More, Step};
use super::message::{self, HEAD_BYTES, Head, START_HEAD_BYTES, Start};
use super::prepared::Statement;
use crate::decoder::{Chunk, DecodeError, Progress};
use crate::limits::STEPS_MAX;
use crate::naming::Kind;
use crate::pairing::{Events, Key, Named};
use model::flow::Direction;
use model::units::CaptureTime;

/// Where the client stands between two Syncs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Batch {
    /// Something was lost: what comes may belong with what was not seen, up to a Sync.
    Unknown,
    /// The next message is the first.
    #[default]
    Fresh,
    Begun,
}

/// What the end of a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Nothing,
    /// A request is whole, of so many bytes.
    Asked(Option<u64>),
    /// The same, and the server passes over it.
    PassedOver(u64),
    /// The same, and the server has refused it before.
    Refused(u64),
}

/// Where the client stands.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// It has spoken in typed messages.
    is_typed: bool,
    batch: Batch,
    /// It has sent something since the last Sync; something that is a transaction.
    has_work: bool,
    has_request: bool,
    /// Bytes of Parse, Bind, Describe and Close since the last Execute or Sync.
    prelude: u64,
    /// The server takes data for COPY, until their end.
    pub(super) copying: bool,
    /// The server passes over everything up to a Sync that was not sent yet.
    pub(super) skipping: bool,
    /// A safe point was found: the driver will begin the server's side anew.
    pub(super) resumed: bool,
    /// After a loss: it has sent something that the server answers with a ReadyForQuery, and that has not come.
    pub(super) is_owed: bool,
    /// It does not wait for answers: no safe point after a loss can be told.
    pipelines: bool,
    /// What the end of the message means that is being passed over.
    pub(super) under_way: Option<Ending>,
}

impl Client {
    /// It is at a message's beginning, somewhere.
    pub(super) fn lose_place(&mut self) {
        let Self { skipping, copying, pipelines, .. } = *self;
        *self = Self { batch: Batch::Unknown, skipping, copying, pipelines, ..Self::default() };
    }

    /// A Sync, or what works as one. What is passed over does not.
    fn end_batch(&mut self) {
        if self.skipping {
            return;
        }
        (self.has_work, self.has_request, self.prelude) = (false, false, 0);
        self.batch = Batch::Fresh;
    }

    /// Bytes of a request, with those before it that belong to it.
    fn with_prelude(&mut self, own: u64) -> u64 {
        own + std::mem::take(&mut self.prelude)
    }
}

/// A message whose front can be read.
#[derive(Clone, Copy)]
enum What {
    Start(Start),
    Typed(u8),
}

struct Message<'a> {
    what: What,
    /// As much of the body as is read.
    body: &'a [u8],
    /// Bytes of the whole, and of what was read.
    bytes: u64,
    read: usize,
    at: CaptureTime,
    /// The body goes on in a gap.
    is_cut: bool,
}

impl Postgres {
    pub(super) fn read_client(
        &mut self,
        chunk: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Result<Progress, DecodeError> {
        let mut offset = 0;
        while let Some(rest) = chunk.bytes.get(offset..).filter(|rest| !rest.is_empty()) {
            let at = chunk.time_at(offset);
            let Some(message) = self.request_front(rest, at, false)? else {
                return Ok(Progress::Need { consumed: offset });
            };
            let ending = self.request_begins(&message, out)?;
            match usize::try_from(message.bytes).ok().filter(|&bytes| bytes <= rest.len()) {
                Some(bytes) => {
                    let last = chunk.time_at(offset + bytes.saturating_sub(1));
                    self.request_ended(ending, Some(last), out);
                    offset += bytes;
                }
                None => {
                    self.client.under_way = Some(ending);
                    let bytes = message.bytes - message.read as u64;
                    return Ok(Progress::Skip { consumed: offset + message.read, bytes });
                }
            }
        }
        Ok(Progress::Consumed(offset))
    }

    /// Reads a message that goes on in a gap; how many bytes it has.
    pub(super) fn read_cut_request(
        &mut self,
        seen: &Chunk<'_>,
        out: &mut Events<'_>,
    ) -> Option<u64> {
        let message = self.request_front(seen.bytes, seen.time_at(0), true).ok()??;
        let ending = self.request_begins(&message, out).ok()?;
        self.client.under_way = Some(ending);
        Some(message.bytes)
    }

    /// The message that begins here, if enough of it is there.
    fn request_front<'a>(
        &self,
        bytes: &'a [u8],
        at: CaptureTime,
        is_cut: bool,
    ) -> Result<Option<Message<'a>>, DecodeError> {
        if !self.client.is_typed && bytes.first() == Some(&0) {
            let Some((start, length)) = Start::read(bytes) else { return Ok(None) };
            let start = start.ok_or(DecodeError("not a start-up packet"))?;
            let (what, read) = (What::Start(start), START_HEAD_BYTES);
            return Ok(Some(Message { what, body: &[], bytes: length.into(), read, at, is_cut }));
        }
        let Some(head) = Head::read(bytes) else { return Ok(None) };
        if !head.is_plausible(Direction::ToServer) {
            return Err(DecodeError("not a message of a client"));
        }
        let read = HEAD_BYTES + head.peeked(Direction::ToServer);
        let body = match bytes.get(HEAD_BYTES..read) {
            Some(body) => body,
            None if is_cut => bytes.get(HEAD_BYTES..).unwrap_or_default(),
            None => return Ok(None),
        };
        let what = What::Typed(head.kind);
        Ok(Some(Message { what, body, bytes: head.bytes(), read, at, is_cut }))
    }

    fn request_begins(
        &mut self,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<Ending, DecodeError> {
        if self.expected.len() >= STEPS_MAX {
            return Err(DecodeError("more messages than can be waited for"));
        }
        let kind = match message.what {
            What::Start(start) => return Ok(self.start(start, message, out)),
            What::Typed(kind) => kind,
        };
        self.client.is_typed = true;
        let is_first = match self.client.batch {
            Batch::Fresh => true,
            // Nobody sends a Query behind an Extended Query without a Sync between them.
            Batch::Unknown => kind == b'Q',
            Batch::Begun => false,
        };
        if is_first && matches!(kind, b'P' | b'B' | b'D' | b'C' | b'E' | b'H' | b'S' | b'Q' | b'F')
        {
            self.client.pipelines |= self.client.is_owed;
            if !self.client.pipelines && out.resume() {
                self.forget_expected();
                self.client.resumed = true;
            }
            self.client.batch = Batch::Begun;
        }
        self.client.is_owed |= matches!(kind, b'S' | b'Q' | b'F') && !out.is_in_order();
        match kind {
            b'P' | b'B' | b'D' | b'C' => return self.step(kind, message, out),
            b'H' => self.client.prelude += if self.client.has_work { message.bytes } else { 0 },
            b'E' => return Ok(self.execute(message, out)),
            b'S' => return Ok(self.sync(message, out)),
            b'Q' => return Ok(self.query(message, out)),
            b'F' => return Ok(self.function_call(message, out)),
            b'd' | b'c' | b'f' => self.copy(kind, message, out),
            b'p' if self.expected.front().is_some_and(|step| step.kind == Due::StartUp) => {
                out.add_request_bytes(message.bytes);
            }
            _ => {}
        }
        Ok(Ending::Nothing)
    }

    fn start(&mut self, start: Start, message: &Message<'_>, out: &mut Events<'_>) -> Ending {
        match start {
            Start::Ssl | Start::Gss => {
                self.server.asked = Some(start);
                Ending::Nothing
            }
            Start::Cancel => {
                let named = out.nameless(b"CancelRequest");
                self.begin(message.at, named, out);
                Ending::PassedOver(message.bytes)
            }
            Start::Session => {
                self.client.is_typed = true;
                let named = out.nameless(b"Startup");
                self.ask(Due::StartUp, message.at, named, out);
                self.client.end_batch();
                Ending::Asked(Some(message.bytes))
            }
        }
    }

    /// Begins a request. Whether its answer can be told.
    fn begin(&mut self, at: CaptureTime, named: Named, out: &mut Events<'_>) -> bool {
        let was_in_order = out.is_in_order();
        let is_first = !self.client.has_request && self.client.batch != Batch::Unknown;
        // After a loss, whether this is a safe point was asked before the batch's first message.
        let key = match was_in_order && (is_first || self.expected.is_empty()) {
            true => Key::InOrder,
            false => Key::Together,
        };
        out.begin_request(at, 0, key);
        out.file_request(named);
        self.client.has_request = true;
        if was_in_order && !out.is_in_order() {
            self.forget_expected();
        }
        out.is_in_order()
    }

    fn ask(&mut self, due: Due, at: CaptureTime, named: Named, out: &mut Events<'_>) {
        if self.begin(at, named, out) {
            self.expected.push(Step::new(due, at));
        }
    }

    /// Parse, Bind, Describe, Close.
    fn step(
        &mut self,
        kind: u8,
        message: &Message<'_>,
        out: &mut Events<'_>,
    ) -> Result<Ending, DecodeError> {
        self.client.prelude += message.bytes;
        self.client.has_work = true;
        if self.client.skipping {
            return Ok(Ending::Nothing);
        }
        let mut more = More::Nothing;
        let due = match (kind, message.body.split_first()) {
            (b'P', _) => {
                more = self.parse(message, out);
                Due::Parse
            }
            (b'B', _) => {
                self.bind(message);
                Due::Bind
            }
            (b'D', Some((b'S', _))) => Due::DescribeStatement,
            (b'D', Some((b'P', _))) => Due::DescribePortal,
            (b'C', Some((what @ (b'S' | b'P'), name))) => {
                if let Some((name, _)) = message::text(name) {
                    self.prepared.close(*what == b'S', name);
                }
                Due::Close
            }
            (_, _) => return Err(DecodeError("neither a statement nor a portal")),
        };
        if out.is_in_order() {
            self.expected.push(Step { more, ..Step::new(due, message.at) });
        }
        Ok(Ending::Nothing)
    }

    fn parse(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> More {
        let Some((name, rest)) = message::text(message.body) else { return More::Nothing };
        let whole = message::text(rest).map(|(text, _)| text);
        let mut statement = Statement::default();
        if !message.is_cut || whole.is_some() {
            let text = whole.unwrap_or(rest);
            statement.named = out.named(b"Execute", text, Kind::Prepared);
            statement.text = out.keeps_targets().then(|| text.into());
            self.prepared.run(text);
        }
        let refused = self.prepared.parse(name, statement);
        refused.map_or(More::Nothing, More::Statement)
    }

    fn bind(&mut self, message: &Message<'_>) {
        let names = message::text(message.body);
        let names = names.and_then(|(portal, rest)| Some((portal, message::text(rest)?.0)));
        if let Some((portal, statement)) = names {
            self.prepared.bind(portal, statement);
        } else {
            self.prepared.forget_portals();
        }
    }

    fn execute(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Ending {
        self.client.has_work = true;
        let portal = message::text(message.body).and_then(|(name, _)| self.prepared.bound(name));
        let text = portal.and_then(|statement| statement.text.clone());
        let known =
            portal.map(|statement| statement.named).filter(|&named| named != Named::default());
        let named = known.unwrap_or_else(|| out.unnamed(b"Execute"));
        let bytes = self.client.with_prelude(message.bytes);
        if !self.client.skipping {
            self.ask(Due::Execute, message.at, named, out);
        } else {
            self.begin(message.at, named, out);
        }
        if let Some(text) = text {
            out.keep_target(&text);
        }
        match (self.client.skipping, self.server.refused.is_some()) {
            (false, _) => Ending::Asked(Some(bytes)),
            (true, true) => Ending::Refused(bytes),
            (true, false) => Ending::PassedOver(bytes),
        }
    }

    fn sync(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Ending {
        if self.client.copying {
            return Ending::Nothing;
        }
        self.client.skipping = false;
        let bytes = self.client.with_prelude(message.bytes);
        let ending = if self.client.has_work {
            let named = out.nameless(b"Sync");
            self.ask(Due::Sync, message.at, named, out);
            Ending::Asked(Some(bytes))
        } else {
            if out.is_in_order() {
                self.expected.push(Step::new(Due::IdleSync, message.at));
            }
            Ending::Nothing
        };
        self.client.end_batch();
        ending
    }

    fn function_call(&mut self, message: &Message<'_>, out: &mut Events<'_>) -> Ending {
        let named = out.nameless(b"FunctionCall");
        let ending = self.ask_simply(Due::FunctionCall, message, named, out);
        self.client.end_batch();
        ending
    }

    /// What ends with a ReadyForQuery of its own.
    fn ask_simply(
        &mut self,
        due: Due,
        message: &Message<'_>,
        named: Named,
        out: &mut Events<'_>,
    ) -> Ending {
        if self.client.skipping {
            self.begin(message.at, named, out);
            return Ending::PassedOver(message.bytes);
        }
        self.ask(due, message.at, named, out);
        Ending::Asked(Some(message.bytes))
    }

    /// A message is whole.
    pub(super) fn request_ended(
        &mut self,
        ending: Ending,
        at: Option<CaptureTime>,
        out: &mut Events<'_>,
    ) {
        match ending {
            Ending::Nothing => {}
            Ending::Asked(bytes) => {
                let newest = self.expected.newest().filter(|step| step.kind == Due::Query);
                if let (Some(query), Some(at)) = (newest, at) {
                    query.more = More::Last(at);
                }
                out.end_request(at, bytes);
            }
            Ending::PassedOver(bytes) => out.end_one_way(at, Some(bytes)),
            Ending::Refused(bytes) => {
                out.end_request(at, Some(bytes));
                self.tell_refusal(out);
            }
        }
    }
}
