//! What the server is due to answer, in order: one step for each message of the client that is answered.

use crate::pairing::{Events, Named};
use model::units::CaptureTime;
use std::collections::VecDeque;

/// Steps whose room is kept while nothing is due.
const IDLE_STEPS: usize = 32;

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The answers of the start-up, up to ReadyForQuery.
    StartUp,
    /// ParseComplete.
    Parse,
    /// BindComplete.
    Bind,
    /// ParameterDescription, then RowDescription or NoData.
    DescribeStatement,
    /// RowDescription or NoData.
    DescribePortal,
    /// CloseComplete.
    Close,
    /// Rows up to CommandComplete, PortalSuspended or EmptyQueryResponse; COPY.
    Execute,
    /// ReadyForQuery.
    Sync,
    /// ReadyForQuery, of a Sync without anything before it: no transaction.
    IdleSync,
    /// As Execute, for each statement; then ReadyForQuery.
    Query,
    /// FunctionCallResponse, then ReadyForQuery.
    FunctionCall,
    /// Nothing: a Sync that a COPY from the client swallowed. It is a transaction.
    Swallowed,
    /// Nothing: the end of data that the client sent before it was asked for them.
    CopyEnd,
}

impl Kind {
    /// Whether the step is a transaction, which the pairing has in its queue.
    const fn is_exchange(self) -> bool {
        matches!(
            self,
            Self::StartUp
                | Self::Execute
                | Self::Sync
                | Self::Query
                | Self::FunctionCall
                | Self::Swallowed
        )
    }
}

/// One thing that is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    /// Query: how many of [`Expected::parts`] are its own.
    pub(super) parts: u16,
    /// When its message began.
    pub(super) first: CaptureTime,
    pub(super) more: More,
}

/// More about a step, by its kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum More {
    Nothing,
    /// Query: when its message ended.
    Last(CaptureTime),
    /// Parse: the statement that there is not if the server refuses it.
    Statement(u64),
}

impl Step {
    pub(super) const fn new(kind: Kind, first: CaptureTime) -> Self {
        Self { kind, parts: 0, first, more: More::Nothing }
    }
}

/// A statement of a Query behind its first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) named: Named,
    /// Its share of the message.
    pub(super) bytes: u64,
}

/// All that is due.
#[derive(Debug, Default)]
pub(super) struct Expected {
    steps: VecDeque<Step>,
    parts: VecDeque<Part>,
}

impl Expected {
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn front(&self) -> Option<Step> {
        self.steps.front().copied()
    }

    pub(super) fn newest(&mut self) -> Option<&mut Step> {
        self.steps.back_mut()
    }

    pub(super) fn push(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// A statement of the Query that is pushed next.
    pub(super) fn push_part(&mut self, part: Part) {
        self.parts.push_back(part);
    }

    /// The next statement of the Query that is being answered, if its text was understood so far.
    pub(super) fn next_part(&mut self) -> Option<Part> {
        let query = self.steps.front_mut().filter(|query| query.parts > 0)?;
        query.parts -= 1;
        self.parts.pop_front()
    }

    /// The first step is answered.
    pub(super) fn pop(&mut self, out: &mut Events<'_>) -> Option<Step> {
        let step = self.take_front();
        while let Some(Kind::Swallowed | Kind::CopyEnd) = self.front().map(|step| step.kind) {
            self.pass_over(out);
        }
        if self.steps.is_empty() && self.steps.capacity() > IDLE_STEPS {
            *self = Self::default();
        }
        step
    }

    fn take_front(&mut self) -> Option<Step> {
        let step = self.steps.pop_front()?;
        self.parts.drain(..usize::from(step.parts).min(self.parts.len()));
        Some(step)
    }

    /// The server passes over the first step: it will not be answered.
    pub(super) fn pass_over(&mut self, out: &mut Events<'_>) -> Option<Step> {
        let step = self.take_front()?;
        if step.kind.is_exchange() {
            out.pass_over_oldest();
        }
        Some(step)
    }

    /// The server has begun to take data for COPY: it swallows Syncs up to their end. Whether that end is among what the
    /// client has sent already.
    pub(super) fn swallow_syncs(&mut self) -> bool {
        for step in self.steps.iter_mut().skip(1) {
            match step.kind {
                Kind::CopyEnd => return true,
                Kind::Sync => step.kind = Kind::Swallowed,
                Kind::IdleSync => step.kind = Kind::CopyEnd,
                _ => {}
            }
        }
        false
    }

    /// Nothing of it can be told apart any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
