//! What became of transactions, counted, with examples of what must not be.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// What may become of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// All moments, sizes, method and status are the truth's.
    Equal,
    /// The same without moments, name or sizes that were lost.
    Partial,
    /// Counted, never timed.
    Quarantined,
    /// Never answered, and known to be so.
    Unanswered,
    /// The input ended first.
    Open,
    /// Its request was captured behind a gap of its connection, where no boundary could be believed.
    Unread,
    /// Its request was never captured.
    Missing,
}

/// What must not become of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Reported, and there is no such request.
    Invented,
    /// A moment or a span is not the truth's.
    WrongTime,
    /// Method or target are not the truth's.
    WrongName,
    WrongStatus,
    WrongSize,
    /// A moment, name or size is missing though it was captured.
    NullThoughCaptured,
    AnsweredAgainstTruth,
    UnansweredAgainstTruth,
    /// Nothing of the whole capture was lost.
    DoubtedWithoutLoss,
    /// Its request was captured whole.
    MissingThoughCaptured,
}

/// Examples kept of every fault.
const EXAMPLES_MAX: usize = 3;

/// Fates and faults, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) fates: BTreeMap<Fate, u64>,
    pub(crate) faults: BTreeMap<Fault, (u64, Vec<String>)>,
}

impl Tally {
    pub(crate) fn fate(&mut self, fate: Fate) {
        *self.fates.entry(fate).or_default() += 1;
    }

    pub(crate) fn fault(&mut self, fault: Fault, example: impl FnOnce() -> String) {
        let (count, examples) = self.faults.entry(fault).or_default();
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            examples.push(example());
        }
    }

    pub(crate) fn of(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or(0)
    }

    /// All that the truth has.
    pub(crate) fn total(&self) -> u64 {
        self.fates.values().sum()
    }

    pub(crate) fn assert_faultless(&self, what: &str) {
        assert!(self.faults.is_empty(), "{what}: {self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (fate, count) in &self.fates {
            write!(text, "{fate:?} {count} ")?;
        }
        for (fault, (count, examples)) in &self.faults {
            write!(text, "\n{count} × {fault:?}")?;
            for example in examples {
                write!(text, "\n    {example}")?;
            }
        }
        f.write_str(text.trim_end())
    }
}
