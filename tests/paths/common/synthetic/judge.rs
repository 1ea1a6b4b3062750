//! What was reported against the truth, as both come along: memory grows with what waits for its counterpart only.

use super::Truth;
use super::tally::{Fate, Fault, Tally};
use crate::common::Found;
use model::transaction::Outcome;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Client, server, and the request's first moment.
type Key = (String, String, Option<u64>);

/// Pairs what was reported with the truth.
#[derive(Debug)]
pub(crate) struct Judge {
    /// The capture lacks packets: doubt is allowed.
    is_lossy: bool,
    reported: BTreeMap<Key, Vec<Found>>,
    expected: BTreeMap<Key, Vec<Truth>>,
    /// Connections of which bytes are missing, with the first moment of a request that they belong to.
    damaged: BTreeMap<(String, String), Option<u64>>,
    tally: Tally,
}

impl Judge {
    pub(crate) fn new(is_lossy: bool) -> Self {
        let (reported, expected, damaged) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { is_lossy, reported, expected, damaged, tally: Tally::default() }
    }

    /// All at once.
    pub(crate) fn all(is_lossy: bool, found: &[Found], truth: &[Truth]) -> Tally {
        let mut judge = Self::new(is_lossy);
        truth.iter().for_each(|truth| judge.expect(truth.clone()));
        found.iter().for_each(|found| judge.report(found.clone()));
        judge.finish()
    }

    pub(crate) fn report(&mut self, found: Found) {
        let key = (found.client.clone(), found.server.clone(), found.moments[0]);
        let rank = |truth: &Truth| rank(&found, truth);
        match take(&mut self.expected, &key, rank) {
            Some(truth) => self.judge(&found, &truth),
            None => self.reported.entry(key).or_default().push(found),
        }
    }

    pub(crate) fn expect(&mut self, truth: Truth) {
        if truth.lost.something() {
            let connection = (truth.client.clone(), truth.server.clone());
            let at = truth.moments()[0];
            // Without a first moment it comes before all others.
            self.damaged
                .entry(connection)
                .and_modify(|first| *first = at.min(*first))
                .or_insert(at);
        }
        let key = (truth.client.clone(), truth.server.clone(), truth.moments()[0]);
        let rank = |found: &Found| rank(found, &truth);
        match take(&mut self.reported, &key, rank) {
            Some(found) => self.judge(&found, &truth),
            None => self.expected.entry(key).or_default().push(truth),
        }
    }

    /// How much waits for its counterpart.
    pub(crate) fn waiting(&self) -> usize {
        self.reported.len() + self.expected.len()
    }

    /// Nothing more comes: what was reported and found no counterpart may be one without its first byte or its name.
    pub(crate) fn finish(mut self) -> Tally {
        for found in std::mem::take(&mut self.reported).into_values().flatten() {
            let connection = |key: &Key| key.0 == found.client && key.1 == found.server;
            let mut keys = self.expected.keys().filter(|key| connection(key));
            let fits = |key: &&Key| key.2 == found.moments[0] || found.moments[0].is_none();
            let key = keys.find(fits).cloned();
            match key.and_then(|key| take(&mut self.expected, &key, |_| Some(0))) {
                Some(truth) => self.judge(&found, &truth),
                None => self.tally.fault(Fault::Invented, || format!("{found:?}")),
            }
        }
        for truth in std::mem::take(&mut self.expected).into_values().flatten() {
            if self.is_lossy && truth.lost.request_head {
                self.tally.fate(Fate::Missing);
            } else if self.is_lossy && self.is_behind_a_gap(&truth) {
                self.tally.fate(Fate::Unread);
            } else {
                self.tally.fate(Fate::Missing);
                self.tally.fault(Fault::MissingThoughCaptured, || format!("{truth:?}"));
            }
        }
        self.tally
    }

    fn is_behind_a_gap(&self, truth: &Truth) -> bool {
        let connection = (truth.client.clone(), truth.server.clone());
        self.damaged.get(&connection).is_some_and(|first| *first <= truth.moments()[0])
    }

    fn judge(&mut self, found: &Found, truth: &Truth) {
        let (fate, fault) = judge(found, truth);
        let doubted = matches!(fate, Fate::Partial | Fate::Quarantined | Fate::Open);
        let fault = fault.or((doubted && !self.is_lossy).then_some(Fault::DoubtedWithoutLoss));
        self.tally.fate(fate);
        if let Some(fault) = fault {
            self.tally.fault(fault, || format!("{found:?}\n      {truth:?}"));
        }
    }
}

/// Takes the first of those that `rank` puts lowest; `None`: not at all.
fn take<T>(
    map: &mut BTreeMap<Key, Vec<T>>,
    key: &Key,
    rank: impl Fn(&T) -> Option<u8>,
) -> Option<T> {
    let Entry::Occupied(mut entry) = map.entry(key.clone()) else { return None };
    let ranked = entry.get().iter().enumerate();
    let best = ranked.filter_map(|(place, item)| Some((rank(item)?, place))).min();
    let taken = best.map(|(_, place)| entry.get_mut().remove(place));
    if entry.get().is_empty() {
        entry.remove();
    }
    taken
}

/// Pipelined requests can begin in one packet, and ask for the same.
fn rank(found: &Found, truth: &Truth) -> Option<u8> {
    is_target_of(truth, found).then(|| u8::from(found.moments != truth.moments()))
}

fn is_target_of(truth: &Truth, found: &Found) -> bool {
    found.target.as_deref() == Some(truth.target.as_str())
}

fn judge(found: &Found, truth: &Truth) -> (Fate, Option<Fault>) {
    let fate = match found.outcome {
        Outcome::Unanswered => Fate::Unanswered,
        Outcome::Open => Fate::Open,
        Outcome::Quarantined => Fate::Quarantined,
        Outcome::NoAnswerExpected => return (Fate::Partial, Some(Fault::WrongStatus)),
        _ if is_whole(found, truth) => return (Fate::Equal, None),
        _ => Fate::Partial,
    };
    let fault = name_fault(found, truth).or_else(|| time_fault(found, truth));
    let fault = fault.or_else(|| size_fault(found, truth));
    (fate, fault.or_else(|| outcome_fault(fate, found, truth)))
}

/// All that is true is reported.
fn is_whole(found: &Found, truth: &Truth) -> bool {
    found.moments == truth.moments()
        && found.moments.iter().all(Option::is_some)
        && (found.first_byte, found.total) == (truth.first_byte_ns, truth.total_ns)
        && Some(found.code.as_str()) == truth.code.as_deref()
        && found.outcome.name() == truth.outcome
        && found.operation == truth.operation
        && is_target_of(truth, found)
        && found.request_bytes == Some(truth.request_bytes)
        && found.response_bytes == Some(truth.response_bytes)
}

/// A size that is known is the truth's.
fn size_fault(found: &Found, truth: &Truth) -> Option<Fault> {
    let sizes =
        [(found.request_bytes, truth.request_bytes), (found.response_bytes, truth.response_bytes)];
    let is_wrong = sizes.into_iter().any(|(own, of)| own.is_some_and(|own| own != of));
    (found.is_answered() && is_wrong).then_some(Fault::WrongSize)
}

/// What is named must be named right.
fn name_fault(found: &Found, truth: &Truth) -> Option<Fault> {
    let wrong_method = found.has_operation() && found.operation != truth.operation;
    let wrong_target = found.target.is_some() && !is_target_of(truth, found);
    (wrong_method || wrong_target).then_some(Fault::WrongName)
}

/// Each time that is reported is the truth's. Of a message that was cut short the last moment is that of its newest byte.
fn time_fault(found: &Found, truth: &Truth) -> Option<Fault> {
    let is_cut = |attribute| !found.is_answered() && found.attributes.contains(&attribute);
    let request_cut = is_cut("request_incomplete");
    let response_cut = is_cut("response_incomplete");
    let excused = [false, request_cut, false, response_cut];
    let pairs = found.moments.into_iter().zip(truth.moments()).zip(excused);
    let moments = pairs.into_iter().all(|((own, of), cut)| own.is_none() || own == of || cut);
    let spans = [
        (found.first_byte, truth.first_byte_ns, false),
        (found.total, truth.total_ns, response_cut),
    ];
    let spans = spans.into_iter().all(|(own, of, cut)| own.is_none() || own == of || cut);
    (!moments || !spans).then_some(Fault::WrongTime)
}

fn outcome_fault(fate: Fate, found: &Found, truth: &Truth) -> Option<Fault> {
    let lost = truth.lost.something();
    match fate {
        Fate::Unanswered => truth.is_answered().then_some(Fault::UnansweredAgainstTruth),
        // What follows the last packet is not known.
        Fate::Open => (truth.is_answered() && !lost).then_some(Fault::NullThoughCaptured),
        Fate::Partial if !truth.is_answered() => Some(Fault::AnsweredAgainstTruth),
        Fate::Partial if Some(found.code.as_str()) != truth.code.as_deref() => {
            Some(Fault::WrongStatus)
        }
        Fate::Partial if found.outcome.name() != truth.outcome => Some(Fault::WrongStatus),
        Fate::Partial if lost => None,
        Fate::Partial => Some(Fault::NullThoughCaptured),
        Fate::Equal | Fate::Quarantined | Fate::Unread | Fate::Missing => None,
    }
}
