//! Submissions become batches: windows of 10 s, each a batch with an identity of its own.
//!
//! Lives in the writer's thread. What it learns is written with the batches, in one change, and holds once that is on disk.

use super::cumulative::{Growth, Last, Streams, growth};
use super::idempotency::{Taken, fingerprint};
use super::{Point, Reading, Submission};
use crate::meters::Meters;
use crate::refusal::Refusal;
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::window::{Window, WindowLength};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use store::{Note, Store, StoreError};

/// Windows that foreign values are filed into: as long as observers' are.
const LENGTH: WindowLength = WindowLength::DEFAULT;
/// Documents of what was last told of each cumulative series.
const STREAM: &str = "cumulative";
/// Documents of keys that clients know their submissions by.
const KEY: &str = "idempotency";
/// Windows of which it is known how many submissions were filed into them.
const WINDOWS_MAX: usize = 100_000;
/// How often what is old is looked for.
const FORGET_EVERY_SECONDS: u64 = 600;

/// What is known of foreign submissions.
#[derive(Debug)]
pub(crate) struct Filing {
    streams: Streams,
    taken: Taken,
    runs: Runs,
    kinds: [Arc<str>; 2],
    forgot_seconds: u64,
}

/// What will be known when a change is on disk.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    streams: HashMap<String, Last>,
    keys: HashSet<String>,
}

/// A batch's `run` tells submissions to one window apart, so that each is a batch of its own that adds up with the others.
/// They are numbered from a random beginning: by start of the collector, and anew when too many windows are numbered.
#[derive(Debug)]
struct Runs {
    first: u64,
    filed: HashMap<(Arc<str>, Window), u64>,
}

impl Runs {
    fn new() -> Result<Self, Refusal> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| Refusal::Failing(format!("no random numbers: {error}")))?;
        // Half the range: counting up never wraps, and later ones come behind earlier ones.
        Ok(Self { first: u64::from_le_bytes(random) >> 1, filed: HashMap::new() })
    }

    fn next(&mut self, source: &Arc<str>, window: Window) -> Result<u64, Refusal> {
        if self.filed.len() >= WINDOWS_MAX {
            *self = Self::new()?;
        }
        let filed = self.filed.entry((Arc::clone(source), window)).or_default();
        *filed += 1;
        Ok(self.first.saturating_add(*filed))
    }
}

impl Filing {
    /// Reads what earlier runs of the collector knew.
    pub(crate) async fn load(store: &dyn Store) -> Result<Self, StoreError> {
        let (mut streams, mut keys) = (Vec::new(), Vec::new());
        for (name, document) in store.documents(STREAM).await? {
            let last: Last = serde_json::from_str(&document.text).map_err(|error| {
                let what = format!("what is known of the cumulative series {name}");
                StoreError::Damaged { what, detail: error.to_string() }
            })?;
            streams.push((name, last));
        }
        for (name, document) in store.documents(KEY).await? {
            keys.push((document.text.parse().unwrap_or_default(), name));
        }
        Ok(Self {
            streams: Streams::load(streams),
            taken: Taken::load(keys),
            runs: Runs::new().map_err(|refusal| StoreError::Engine(refusal.to_string()))?,
            kinds: [STREAM.into(), KEY.into()],
            forgot_seconds: 0,
        })
    }

    /// The batches of a submission and what is to be noted with them. `pending` is what other submissions to the same change
    /// say; it is not touched where one is refused.
    pub(crate) fn file(
        &mut self,
        submission: Submission,
        pending: &mut Pending,
        now_seconds: u64,
        meters: &Meters,
    ) -> Result<(Vec<Batch>, Vec<Note>), Refusal> {
        let Submission { source, key, points } = submission;
        let key = key.map(|key| fingerprint(&source, &key));
        if key.as_ref().is_some_and(|key| self.taken.contains(key) || pending.keys.contains(key)) {
            meters.foreign("idempotency_repeat", 1);
            return Ok((Vec::new(), Vec::new()));
        }
        let mut windows: BTreeMap<Window, Vec<(Arc<Series>, Value)>> = BTreeMap::new();
        let mut learned: HashMap<String, Last> = HashMap::new();
        for Point { series, at, reading } in points {
            let value = match reading {
                Reading::Said(value) => Some(value),
                Reading::Total { stream, began, total } => {
                    let known = learned.get(&stream).or_else(|| pending.streams.get(&stream));
                    let known = known.or_else(|| self.streams.last(&stream));
                    if known.is_none() && self.streams.is_full() {
                        return Err(too_many_streams());
                    }
                    let (growth, is_newest) = growth(known, at, began, &total);
                    if is_newest {
                        learned.insert(stream, Last::new(at, now_seconds, total));
                    }
                    added(growth, meters)
                }
            };
            let Some(value) = value else { continue };
            windows.entry(LENGTH.window_of(at)).or_default().push((series, value));
        }
        let mut notes: Vec<Note> = Vec::with_capacity(learned.len());
        let [stream_kind, key_kind] = &self.kinds;
        for (name, last) in &learned {
            let text =
                serde_json::to_string(last).map_err(|error| Refusal::Failing(error.to_string()))?;
            notes.push(Note {
                kind: Arc::clone(stream_kind),
                name: name.clone(),
                text: Some(text),
            });
        }
        if let Some(key) = &key {
            let text = Some(now_seconds.to_string());
            notes.push(Note { kind: Arc::clone(key_kind), name: key.clone(), text });
        }
        let batches = windows.into_iter().map(|(window, values)| {
            let run = self.runs.next(&source, window)?;
            let id = BatchId { source: Arc::clone(&source), run, pipeline: 0, window };
            Ok(Batch { id, revision: 1, values })
        });
        let batches = batches.collect::<Result<_, Refusal>>()?;
        pending.streams.extend(learned);
        pending.keys.extend(key);
        Ok((batches, notes))
    }

    /// What was pending is on disk.
    pub(crate) fn settle(&mut self, pending: Pending, now_seconds: u64) {
        let Pending { streams, keys } = pending;
        streams.into_iter().for_each(|(stream, last)| self.streams.set(stream, last));
        keys.into_iter().for_each(|key| self.taken.insert(key, now_seconds));
    }

    /// What is old, to be forgotten with the next change; looked for now and then.
    pub(crate) fn forget(&mut self, now_seconds: u64) -> Vec<Note> {
        if now_seconds.abs_diff(self.forgot_seconds) < FORGET_EVERY_SECONDS {
            return Vec::new();
        }
        self.forgot_seconds = now_seconds;
        let [streams, keys] = &self.kinds;
        let note = |kind: &Arc<str>, name| Note { kind: Arc::clone(kind), name, text: None };
        let gone = self.streams.forget(now_seconds);
        let mut notes: Vec<Note> = gone.into_iter().map(|name| note(streams, name)).collect();
        notes.extend(self.taken.forget(now_seconds).into_iter().map(|name| note(keys, name)));
        notes
    }
}

fn added(growth: Growth, meters: &Meters) -> Option<Value> {
    match growth {
        Growth::Grown(value) => Some(value),
        Growth::Anew(value, why) => {
            meters.foreign(why, 1);
            Some(value)
        }
        Growth::None(why) => {
            meters.foreign(why, 1);
            None
        }
    }
}

fn too_many_streams() -> Refusal {
    Refusal::Unacceptable(
        "too many cumulative series are kept: send deltas, or fewer series".to_owned(),
    )
}
