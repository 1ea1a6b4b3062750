//! What one message has said so far.

use super::api::{self, Api};
use super::records::{Batch, CODECS, MIXED};
use super::walk::Fact;
use crate::limits::TOPICS_SAMPLED_MAX;
use crate::naming::Kind;
use crate::output::{Attributes, Detail, SampleKind, TopicApi};
use crate::pairing::{Events, Named};
use model::names::NameId;
use model::units::{CaptureTime, Nanos};

/// Filed under this where a request is about several topics, or may be about any.
const SEVERAL_TOPICS: &[u8] = b"_aggregate";

/// What a message is, as far as what it says must be read by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of {
    pub(super) key: u16,
    pub(super) api: &'static Api,
    pub(super) is_request: bool,
}

impl Of {
    /// Whether topic by topic something is sampled: what is carried, or for how long it was under way.
    const fn samples_topics(&self) -> bool {
        match self.key {
            api::PRODUCE => true,
            api::FETCH | api::SHARE_FETCH => !self.is_request,
            _ => false,
        }
    }

    /// The API that topics' series are tagged with.
    pub(super) const fn topic_api(&self) -> Option<TopicApi> {
        match self.key {
            api::PRODUCE => Some(TopicApi::Produce),
            api::FETCH => Some(TopicApi::Fetch),
            api::SHARE_FETCH => Some(TopicApi::ShareFetch),
            _ => None,
        }
    }
}

/// The topics that a request is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Topics {
    #[default]
    None,
    One(NameId),
    Several,
}

impl Topics {
    /// This one too.
    pub(super) fn add(&mut self, other: Self) {
        *self = match (*self, other) {
            (topics, Self::None) | (Self::None, topics) => topics,
            (Self::One(one), Self::One(other)) if one == other => Self::One(one),
            (_, _) => Self::Several,
        };
    }
}

/// What a message carries of one topic.
#[derive(Clone, Copy, Debug)]
struct Carried {
    topic: NameId,
    records: u64,
    bytes: u64,
}

/// What a message has said so far. The tables keep their room for the next one.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) topics: Topics,
    /// Records, and bytes of record batches.
    pub(super) records: u64,
    pub(super) record_bytes: u64,
    /// Some batches could not be counted.
    pub(super) is_uncounted: bool,
    pub(super) codec: Option<u8>,
    /// The first that is not 0.
    pub(super) error: i16,
    pub(super) throttle_ms: i32,
    pub(super) acks: Option<i16>,
    pub(super) session_id: i32,
    pub(super) session_epoch: i32,
    carried: Vec<Carried>,
    /// When the newest record of each batch was created, in milliseconds since the epoch.
    created: Vec<(NameId, u64)>,
}

impl Heard {
    /// Nothing yet.
    pub(super) fn clear(&mut self) {
        let (mut carried, mut created) =
            (std::mem::take(&mut self.carried), std::mem::take(&mut self.created));
        carried.clear();
        created.clear();
        *self = Self { carried, created, ..Self::default() };
    }

    /// Takes in what a message says next.
    pub(super) fn hear(&mut self, fact: Fact<'_>, of: Of, out: &mut Events<'_>) {
        match fact {
            Fact::Error(code) if self.error == 0 => self.error = code,
            Fact::Error(_) => {}
            Fact::Throttle(throttle_ms) => self.throttle_ms = throttle_ms,
            Fact::Acks(acks) => self.acks = Some(acks),
            Fact::SessionId(id) => self.session_id = id,
            Fact::SessionEpoch(epoch) => self.session_epoch = epoch,
            // No topic is several, whatever more there are.
            Fact::Topic(_) | Fact::TopicId(_) | Fact::LongTopic
                if self.topics == Topics::Several && !of.samples_topics() => {}
            Fact::Topic([]) | Fact::TopicId(0) | Fact::Meaning(0, _) | Fact::Meaning(_, []) => {}
            Fact::Topic(name) => {
                let named = out.named(of.api.name.as_bytes(), name, Kind::Adhoc);
                self.topic(named.name, of, out);
            }
            Fact::LongTopic => self.topic(NameId::OTHER, of, out),
            Fact::TopicId(id) => {
                let named = out.named_by(of.api.name.as_bytes(), id);
                self.topic(named.name, of, out);
            }
            Fact::Meaning(id, name) => out.learn(id, name, Kind::Adhoc),
            Fact::Records(bytes) => {
                self.record_bytes += u64::from(bytes);
                if let Some(carried) = self.carried.last_mut() {
                    carried.bytes += u64::from(bytes);
                }
            }
            Fact::Batch(batch) => self.batch(batch, out),
            Fact::UnknownBatches => self.is_uncounted = true,
        }
    }

    fn topic(&mut self, topic: NameId, of: Of, out: &mut Events<'_>) {
        self.topics.add(Topics::One(topic));
        if !of.samples_topics() {
            return;
        }
        if self.carried.len() < TOPICS_SAMPLED_MAX {
            self.carried.push(Carried { topic, records: 0, bytes: 0 });
        } else {
            out.notice(|notices| notices.samples_over_limit += 1);
        }
    }

    fn batch(&mut self, batch: Batch, out: &mut Events<'_>) {
        self.records += u64::from(batch.records);
        self.codec = match self.codec {
            Some(codec) if codec != batch.codec => Some(MIXED),
            _ => Some(batch.codec),
        };
        let Some(carried) = self.carried.last_mut() else { return };
        carried.records += u64::from(batch.records);
        let Some(created_ms) = batch.created_ms else { return };
        if self.created.len() < TOPICS_SAMPLED_MAX {
            self.created.push((carried.topic, created_ms));
        } else {
            out.notice(|notices| notices.samples_over_limit += 1);
        }
    }

    /// What a producer sent.
    pub(super) fn tell_produced(&self, at: Option<CaptureTime>, out: &mut Events<'_>) {
        if !self.is_uncounted {
            out.request_messages(self.records);
        }
        if let Some(codec) = self.codec {
            out.request_detail(Detail::Codec, codec.into());
        }
        if let Some(at) = at {
            self.sample_records(TopicApi::Produce, at, out);
        }
    }

    /// What an answer brought.
    pub(super) fn tell_answered(&self, of: Of, at: Option<CaptureTime>, out: &mut Events<'_>) {
        let Some(api) = of.topic_api() else { return };
        if let Some(at) = at {
            self.sample_latency(api, at, out);
        }
        let Some(empty_name) = api.empty_name() else { return };
        if !self.is_uncounted {
            out.response_messages(self.records);
        }
        if let Some(codec) = self.codec {
            out.response_detail(Detail::Codec, codec.into());
        }
        if let Some(at) = at {
            self.sample_records(api, at, out);
        }
        if self.record_bytes == 0 {
            out.response_attribute(Attributes::EMPTY);
            // It waited for records in vain: for as long as the client was willing to, which says nothing of the broker.
            if self.error == 0 {
                out.operation_by_answer(empty_name.as_bytes());
            }
        }
    }

    /// What the topics' records amount to, and how old they were at `at`, when the message was whole. A time that lies
    /// ahead says that clocks differ, and is left out.
    fn sample_records(&self, api: TopicApi, at: CaptureTime, out: &mut Events<'_>) {
        for carried in self.carried.iter().filter(|carried| carried.bytes > 0) {
            let topic = topic_named(carried.topic);
            if !self.is_uncounted {
                out.sample(SampleKind::TopicRecords(api), topic, at, carried.records);
            }
            out.sample(SampleKind::TopicBytes(api), topic, at, carried.bytes);
        }
        for &(topic, created_ms) in &self.created {
            let age = created_ms
                .checked_mul(NANOS_PER_MILLISECOND)
                .and_then(|created| at.as_nanos().checked_sub(created));
            if let Some(age) = age {
                out.sample(SampleKind::RecordAge(api), topic_named(topic), at, age);
            }
        }
    }

    /// How long the request was under way whose answer is whole at `at`, for each topic that the answer is about.
    fn sample_latency(&self, api: TopicApi, at: CaptureTime, out: &mut Events<'_>) {
        let Some(Nanos(total)) = out.answered_since().and_then(|since| at.since(since)) else {
            return;
        };
        let is_about = |carried: &&Carried| api == TopicApi::Produce || carried.bytes > 0;
        for carried in self.carried.iter().filter(is_about) {
            out.sample(SampleKind::TopicTotal(api), topic_named(carried.topic), at, total);
        }
    }

    /// What a request about these topics is filed under.
    pub(super) fn filed(topics: Topics, of: Of, out: &mut Events<'_>) -> Named {
        let operation = of.api.name.as_bytes();
        match topics {
            Topics::One(topic) => Named { name: topic, ..out.unnamed(operation) },
            Topics::None if of.topic_api().is_none() => out.named(operation, b"", Kind::Adhoc),
            Topics::None | Topics::Several => out.named(operation, SEVERAL_TOPICS, Kind::Adhoc),
        }
    }

    /// The nanoseconds of the throttle time, where there is one.
    pub(super) fn throttle_ns(&self) -> Option<u64> {
        let throttle = u64::try_from(self.throttle_ms).ok().filter(|&throttle| throttle > 0);
        throttle.map(|throttle| throttle * NANOS_PER_MILLISECOND)
    }
}

const NANOS_PER_MILLISECOND: u64 = 1_000_000;

const _: () = assert!(CODECS.len() == MIXED as usize + 1);

fn topic_named(topic: NameId) -> Named {
    Named { name: topic, ..Named::default() }
}
