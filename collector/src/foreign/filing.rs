//! Submissions become batches: windows of 10 s, each a batch with an identity of its own.
//!
//! Lives in the writer's thread. What it learns is written with the batches, in one change, and holds once that is on disk.

use super::cumulative::{Growth, Last, Streams, growth};
use super::idempotency::{Taken, fingerprint};
use super::{Point, Reading, Submission, Total};
use crate::meters::Meters;
use crate::refusal::Refusal;
use model::batch::{Batch, BatchId, Value};
use model::series::Series;
use model::units::CaptureTime;
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

impl Pending {
    /// What a submission that will be in the change adds.
    pub(crate) fn add(&mut self, learned: Self) {
        self.streams.extend(learned.streams);
        self.keys.extend(learned.keys);
    }
}

/// What becomes of a submission.
#[derive(Debug, Default)]
pub(crate) struct Filed {
    pub(crate) batches: Vec<Batch>,
    /// What is to be written with them.
    pub(crate) notes: Vec<Note>,
    /// What will be known then.
    pub(crate) learned: Pending,
}

/// A total, and when it was told.
struct Told {
    at: CaptureTime,
    began: Option<CaptureTime>,
    total: Total,
    now_seconds: u64,
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

    /// A submission's batches. `pending` is what other submissions to the same change say.
    pub(crate) fn file(
        &mut self,
        submission: Submission,
        pending: &Pending,
        now_seconds: u64,
        meters: &Meters,
    ) -> Result<Filed, Refusal> {
        let Submission { source, key, points } = submission;
        let key = key.map(|key| fingerprint(&source, &key));
        if key.as_ref().is_some_and(|key| self.taken.contains(key) || pending.keys.contains(key)) {
            meters.foreign("idempotency_repeat", 1);
            return Ok(Filed::default());
        }
        let mut learned = HashMap::new();
        let mut windows: BTreeMap<Window, Vec<(Arc<Series>, Value)>> = BTreeMap::new();
        for Point { series, at, reading } in points {
            let value = match reading {
                Reading::Said(value) => Some(value),
                Reading::Total { stream, began, total } => {
                    let told = Told { at, began, total, now_seconds };
                    self.grown(stream, told, pending, &mut learned, meters)?
                }
            };
            if let Some(value) = value {
                windows.entry(LENGTH.window_of(at)).or_default().push((series, value));
            }
        }
        let notes = self.notes(&learned, key.as_deref(), now_seconds)?;
        let batches = windows.into_iter().map(|(window, values)| {
            let run = self.runs.next(&source, window)?;
            let id = BatchId { source: Arc::clone(&source), run, pipeline: 0, window };
            Ok(Batch { id, revision: 1, values })
        });
        let batches = batches.collect::<Result<_, Refusal>>()?;
        let learned = Pending { streams: learned, keys: key.into_iter().collect() };
        Ok(Filed { batches, notes, learned })
    }

    /// What a total says more than what is known of its stream.
    fn grown(
        &self,
        stream: String,
        Told { at, began, total, now_seconds }: Told,
        pending: &Pending,
        learned: &mut HashMap<String, Last>,
        meters: &Meters,
    ) -> Result<Option<Value>, Refusal> {
        let known = learned.get(&stream).or_else(|| pending.streams.get(&stream));
        let known = known.or_else(|| self.streams.last(&stream));
        if known.is_none() && self.streams.is_full() {
            return Err(too_many_streams());
        }
        let (growth, is_newest) = growth(known, at, began, &total);
        if is_newest {
            learned.insert(stream, Last::new(at, now_seconds, total));
        }
        Ok(added(growth, meters))
    }

    /// What is to be remembered with a submission.
    fn notes(
        &self,
        learned: &HashMap<String, Last>,
        key: Option<&str>,
        now_seconds: u64,
    ) -> Result<Vec<Note>, Refusal> {
        let [of_streams, of_keys] = &self.kinds;
        let note = |kind: &Arc<str>, name: &str, text| Note {
            kind: Arc::clone(kind),
            name: name.to_owned(),
            text: Some(text),
        };
        let streams = learned.iter().map(|(name, last)| {
            let text = serde_json::to_string(last);
            let text = text.map_err(|error| Refusal::Failing(error.to_string()))?;
            Ok(note(of_streams, name, text))
        });
        let key = key.map(|key| Ok(note(of_keys, key, now_seconds.to_string())));
        streams.chain(key).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use store::Written;
    use store::memory::MemoryStore;

    const NOW: u64 = 1_000;

    fn filing(store: &MemoryStore) -> Filing {
        Filing::load(store).now_or_never().unwrap().unwrap()
    }

    fn total(seconds: u64, count: u64) -> Submission {
        let reading = Reading::Total {
            stream: "s".to_owned(),
            began: Some(CaptureTime::from_parts(1, 0)),
            total: Total::Count(count),
        };
        let series = Arc::new(Series::new("m", &[]));
        let at = CaptureTime::from_parts(seconds, 0);
        let points = vec![Point { series, at, reading }];
        Submission { source: "a".into(), key: None, points }
    }

    fn growth_of(batches: &[Batch]) -> Vec<Value> {
        batches.iter().flat_map(|batch| &batch.values).map(|(_, value)| value.clone()).collect()
    }

    #[test]
    fn what_a_failed_change_knew_is_not_known() {
        let (store, meters) = (MemoryStore::default(), Meters::default());
        let mut filing = filing(&store);
        let file = |filing: &mut Filing, pending: &mut Pending, seconds, count| {
            let filed = filing.file(total(seconds, count), pending, NOW, &meters).unwrap();
            pending.add(filed.learned);
            growth_of(&filed.batches)
        };
        let mut pending = Pending::default();
        assert_eq!(file(&mut filing, &mut pending, 10, 3), [Value::Delta(3)]);
        assert_eq!(file(&mut filing, &mut pending, 20, 5), [Value::Delta(2)], "in one change");
        // That change failed: nothing of it holds.
        let mut pending = Pending::default();
        assert_eq!(file(&mut filing, &mut pending, 10, 3), [Value::Delta(3)]);
        filing.settle(pending, NOW);
        assert_eq!(file(&mut filing, &mut Pending::default(), 20, 5), [Value::Delta(2)]);
    }

    #[test]
    fn what_was_learned_is_known_after_a_restart_and_forgotten_after_a_day() {
        let (store, meters) = (MemoryStore::default(), Meters::default());
        let nothing = Pending::default();
        let mut keyed = total(10, 3);
        keyed.key = Some("k".to_owned());
        let filed = filing(&store).file(keyed, &nothing, NOW, &meters).unwrap();
        let written = store.write_all(filed.batches, filed.notes).now_or_never().unwrap().unwrap();
        assert_eq!(written, [Written::Stored]);
        let mut again = filing(&store);
        let filed = again.file(total(20, 5), &nothing, NOW, &meters).unwrap();
        assert_eq!(growth_of(&filed.batches), [Value::Delta(2)]);
        let mut keyed = total(20, 5);
        keyed.key = Some("k".to_owned());
        let filed = again.file(keyed, &nothing, NOW, &meters).unwrap();
        assert!(filed.batches.is_empty() && filed.notes.is_empty());
        assert!(again.forget(NOW + 3_600).is_empty());
        assert_eq!(again.forget(NOW + 90_000).len(), 2);
    }

    #[test]
    fn submissions_to_one_window_are_batches_of_their_own() {
        let (store, meters) = (MemoryStore::default(), Meters::default());
        let mut filing = filing(&store);
        let mut runs = Vec::new();
        for number in 1..=3 {
            let mut submission = total(10, 1);
            submission.points[0].reading = Reading::Said(Value::Delta(number));
            let filed = filing.file(submission, &Pending::default(), NOW, &meters).unwrap();
            runs.push(filed.batches[0].id.run);
        }
        assert!(runs.is_sorted_by(|one, next| one < next), "{runs:?}");
    }
}
