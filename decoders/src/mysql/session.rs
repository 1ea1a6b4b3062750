//! What both sides of a connection have agreed on.

use super::login::{self, Abilities};
use super::packet::{Fields, first};
use crate::decoder::DecodeError;
use crate::limits::{MYSQL_PREPARING_MAX, MYSQL_STATEMENTS_MAX};
use foldhash::fast::FixedState;
use model::names::NameId;
use std::collections::{HashMap, VecDeque};

/// How far the connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was seen of it.
    #[default]
    Unknown,
    /// The server has greeted.
    Greeted,
    /// The client logs in.
    Login,
    Commands,
}

/// What the server has asked the client for in the middle of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Awaits {
    #[default]
    Nothing,
    /// The next step of a login.
    Login,
    /// A file (MySQL source documentation, "LOCAL INFILE Request").
    File,
}

/// What was agreed.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) phase: Phase,
    pub(super) awaits: Awaits,
    /// What the server can do; what both can.
    pub(super) server: Option<Abilities>,
    pub(super) both: Option<Abilities>,
    /// Columns have no end of their own; known from the login, or seen in an answer.
    pub(super) deprecates_eof: Option<bool>,
    /// From here on it is compressed, or a stream.
    pub(super) is_opaque: bool,
    pub(super) statements: Statements,
}

impl Session {
    /// The client has said what it can do.
    pub(super) fn agree(&mut self, client: Abilities) {
        let both = client.and(self.server);
        self.both = Some(both);
        self.deprecates_eof = Some(both.deprecates_eof());
    }

    /// What the server says before it is asked: its greeting, or why there is none.
    pub(super) fn greet(&mut self, payload: &[u8]) -> Result<(), DecodeError> {
        if payload.first() != Some(&first::ERR) {
            self.server = Some(login::greeting(payload).ok_or(DecodeError("not a greeting"))?);
            self.phase = Phase::Greeted;
        }
        Ok(())
    }

    /// The number of columns, and whether they follow.
    pub(super) fn column_count(&self, payload: &[u8], length: u32) -> Option<(u64, bool)> {
        let mut fields = Fields(payload);
        if self.both.is_some_and(|both| both.has_optional_metadata()) {
            let follow = fields.u8()? != 0;
            return Some((fields.integer()?, follow));
        }
        let count = fields.integer()?;
        let caches = self.both.is_none_or(|both| both.caches_metadata());
        let follow = !(caches && fields.u8() == Some(0));
        let read = payload.len() - fields.0.len();
        (count > 0 && read == length as usize).then_some((count, follow))
    }
}

/// The number that stands for the statement that was prepared last (MariaDB manual, `COM_STMT_EXECUTE`).
const LAST_PREPARED: u32 = u32::MAX;

/// Names of prepared statements.
#[derive(Debug, Default)]
pub(super) struct Statements {
    names: HashMap<u32, NameId, FixedState>,
    /// Those that are being prepared, by the number among them that their requests carry.
    preparing: VecDeque<(u16, NameId)>,
    next: u16,
    last: Option<NameId>,
}

impl Statements {
    /// A statement is to be prepared. Returns the number by which its answer will find it.
    pub(super) fn prepare(&mut self, name: NameId) -> u16 {
        if self.preparing.len() >= MYSQL_PREPARING_MAX {
            self.preparing.pop_front();
        }
        self.next = self.next.wrapping_add(1);
        self.preparing.push_back((self.next, name));
        self.last = Some(name);
        self.next
    }

    /// The server calls it by this number; `None` where it refused.
    pub(super) fn prepared(&mut self, request: u16, number: Option<u32>) {
        let Some(place) = self.preparing.iter().position(|&(own, _)| own == request) else {
            return;
        };
        let name = self.preparing.drain(..=place).next_back().map(|(_, name)| name);
        if let (Some(number), Some(name)) = (number, name)
            && (self.names.len() < MYSQL_STATEMENTS_MAX || self.names.contains_key(&number))
        {
            self.names.insert(number, name);
        }
    }

    /// What a statement is called.
    pub(super) fn name(&self, number: u32) -> NameId {
        let name = self.names.get(&number).copied();
        let last = self.last.filter(|_| number == LAST_PREPARED);
        name.or(last).unwrap_or(NameId::UNKNOWN)
    }

    pub(super) fn close(&mut self, number: u32) {
        self.names.remove(&number);
    }

    /// The session begins anew: the server forgets them.
    pub(super) fn clear(&mut self) {
        self.names = HashMap::default();
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_by_the_number_that_the_server_gave() {
        let mut statements = Statements::default();
        let names = [NameId::reference(1), NameId::reference(2), NameId::reference(3)];
        let [first, second, third] = names.map(|name| statements.prepare(name));
        assert_eq!(statements.name(LAST_PREPARED), names[2]);
        statements.prepared(first, Some(7));
        // The answer to the second was lost.
        statements.prepared(third, Some(9));
        statements.prepared(second, Some(8));
        assert_eq!(
            [7, 8, 9].map(|number| statements.name(number)),
            [names[0], NameId::UNKNOWN, names[2]]
        );
        statements.close(7);
        assert_eq!(statements.name(7), NameId::UNKNOWN);
    }

    #[test]
    fn they_are_bounded() {
        let mut statements = Statements::default();
        for number in 0..70_000 {
            let request = statements.prepare(NameId::reference(1));
            statements.prepared(request, Some(number));
            statements.prepare(NameId::reference(1));
        }
        assert_eq!(statements.names.len(), MYSQL_STATEMENTS_MAX);
        assert!(statements.preparing.len() <= MYSQL_PREPARING_MAX);
    }
}
