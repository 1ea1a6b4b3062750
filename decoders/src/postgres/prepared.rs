//! What prepared statements and portals of a connection are called.

use crate::limits::{PORTALS_MAX, PREPARED_MAX};
use crate::pairing::Named;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A statement that was prepared, or that a portal runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub(super) named: Named,
    /// Its text; only where requests are kept as they are.
    pub(super) text: Option<Arc<[u8]>>,
}

/// A statement's or portal's name, as a number.
pub(super) type Key = u64;

pub(super) fn key(name: &[u8]) -> Key {
    FixedState::default().hash_one(name)
}

/// The statements and portals of a connection that are known; of others the text was not seen.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// The statement and the portal without a name, which most clients use.
    statement: Option<Statement>,
    portal: Option<Statement>,
    statements: HashMap<Key, Statement, FixedState>,
    portals: HashMap<Key, Statement, FixedState>,
}

impl Prepared {
    /// Parse. Returns what is to be forgotten if the server refuses it.
    pub(super) fn parse(&mut self, name: &[u8], statement: Statement) -> Option<Key> {
        if name.is_empty() {
            self.statement = Some(statement);
            return None;
        }
        let key = key(name);
        let is_known = self.statements.contains_key(&key);
        if is_known {
            // The server refuses a second one of the same name. If it does not, the first went unseen.
            self.statements.insert(key, Statement::default());
            return None;
        }
        if self.statements.len() < PREPARED_MAX {
            self.statements.insert(key, statement);
        }
        Some(key)
    }

    /// Bind.
    pub(super) fn bind(&mut self, portal: &[u8], statement: &[u8]) {
        let bound = match statement {
            b"" => self.statement.clone(),
            name => self.statements.get(&key(name)).cloned(),
        };
        match portal {
            b"" => self.portal = bound,
            name => match bound {
                Some(bound) if self.portals.len() < PORTALS_MAX => {
                    self.portals.insert(key(name), bound);
                }
                _ => drop(self.portals.remove(&key(name))),
            },
        }
    }

    /// What an Execute of a portal runs.
    pub(super) fn bound(&self, portal: &[u8]) -> Option<&Statement> {
        match portal {
            b"" => self.portal.as_ref(),
            name => self.portals.get(&key(name)),
        }
    }

    /// Close.
    pub(super) fn close(&mut self, is_statement: bool, name: &[u8]) {
        match (is_statement, name) {
            (true, b"") => self.statement = None,
            (true, name) => self.forget(key(name)),
            (false, b"") => self.portal = None,
            (false, name) => drop(self.portals.remove(&key(name))),
        }
    }

    /// A statement that may be `DEALLOCATE [PREPARE] { name | ALL }` or `DISCARD ALL`.
    pub(super) fn run(&mut self, statement: &[u8]) {
        if !matches!(statement.first(), Some(b'D' | b'd')) {
            return;
        }
        let mut words = statement
            .split(|byte| byte.is_ascii_whitespace() || *byte == b';')
            .filter(|word| !word.is_empty());
        let is = |word: Option<&[u8]>, other: &[u8]| {
            word.is_some_and(|word| word.eq_ignore_ascii_case(other))
        };
        let first = words.next();
        let mut second = words.next();
        if is(second, b"prepare") {
            second = words.next();
        }
        if (is(first, b"deallocate") || is(first, b"discard")) && is(second, b"all") {
            self.forget_statements();
        } else if let (true, Some(name)) = (is(first, b"deallocate"), second) {
            match name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) {
                Some(name) => self.forget(key(name)),
                None => self.forget(key(&name.to_ascii_lowercase())),
            }
        }
    }

    pub(super) fn forget(&mut self, statement: Key) {
        self.statements.remove(&statement);
    }

    /// DEALLOCATE ALL, DISCARD ALL.
    pub(super) fn forget_statements(&mut self) {
        self.statement = None;
        self.statements.clear();
    }

    /// No portal outlives its transaction.
    pub(super) fn forget_portals(&mut self) {
        self.portal = None;
        self.portals.clear();
    }

    /// Bytes of the client were lost: any name may stand for something else now.
    pub(super) fn forget_all(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::names::NameId;

    fn statement(name: u32) -> Statement {
        let mut statement = Statement::default();
        statement.named.name = NameId::reference(name);
        statement
    }

    fn name(prepared: &Prepared, portal: &[u8]) -> Option<NameId> {
        prepared.bound(portal).map(|statement| statement.named.name)
    }

    #[test]
    fn portals_keep_the_statement_they_were_bound_to() {
        let mut prepared = Prepared::default();
        prepared.parse(b"", statement(1));
        prepared.bind(b"", b"");
        prepared.bind(b"p", b"");
        prepared.parse(b"", statement(2));
        prepared.parse(b"s", statement(3));
        assert_eq!(name(&prepared, b""), Some(NameId::reference(1)));
        prepared.bind(b"", b"s");
        prepared.close(true, b"s");
        assert_eq!(name(&prepared, b""), Some(NameId::reference(3)));
        assert_eq!(name(&prepared, b"p"), Some(NameId::reference(1)));
        prepared.bind(b"", b"s");
        assert_eq!(name(&prepared, b""), None);
        prepared.close(false, b"p");
        assert_eq!(name(&prepared, b"p"), None);
    }

    #[test]
    fn a_name_given_twice_is_believed_of_neither() {
        let mut prepared = Prepared::default();
        let refused = prepared.parse(b"s", statement(1));
        assert_eq!(refused, Some(key(b"s")));
        assert_eq!(prepared.parse(b"s", statement(2)), None);
        prepared.bind(b"", b"s");
        assert_eq!(name(&prepared, b""), Some(NameId::UNKNOWN));
    }

    #[test]
    fn statements_are_deallocated() {
        for (text, is_known) in [
            ("DEALLOCATE s", false),
            ("deallocate prepare S;", false),
            ("DEALLOCATE \"s\"", false),
            ("DEALLOCATE \"S\"", true),
            ("DISCARD ALL", false),
            ("deallocate ALL", false),
            ("DELETE FROM s", true),
            ("DISCARD PLANS", true),
        ] {
            let mut prepared = Prepared::default();
            prepared.parse(b"s", statement(1));
            prepared.run(text.as_bytes());
            prepared.bind(b"", b"s");
            assert_eq!(name(&prepared, b"").is_some(), is_known, "{text}");
        }
    }

    #[test]
    fn tables_are_bounded() {
        let mut prepared = Prepared::default();
        for number in 0..2 * PREPARED_MAX as u32 {
            let own = number.to_be_bytes();
            prepared.parse(&own, statement(number));
            prepared.bind(&own, &own);
        }
        assert_eq!(prepared.statements.len(), PREPARED_MAX);
        assert_eq!(prepared.portals.len(), PORTALS_MAX);
        prepared.forget_statements();
        prepared.forget_portals();
        assert!(prepared.statements.is_empty() && prepared.portals.is_empty());
    }
}
