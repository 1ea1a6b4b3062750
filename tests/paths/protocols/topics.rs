//! Kafka's topics have series of their own, whatever requests carry them together.

use crate::common::cases::cases;
use crate::common::{Run, Settings, replay_file};
use model::batch::Value;
use model::histogram::Histogram;
use model::series::Series;
use model::window::WindowLength;
use observer::windows::Length;
use std::collections::BTreeMap;

fn replayed(case: &str) -> Run {
    let cases = cases();
    let case = cases.iter().find(|own| own.name == case).unwrap();
    let window = Some(Length::Fixed(WindowLength::DEFAULT));
    replay_file(&case.capture, &Settings { window, ..Settings::with_wires(&case.wires) }).unwrap()
}

/// The distributions of all topics' series.
fn distributions(run: &Run) -> BTreeMap<(String, String, String), Histogram> {
    let mut all: BTreeMap<_, Histogram> = BTreeMap::new();
    for (series, value) in run.batches.iter().flat_map(|batch| &batch.values) {
        let tag = |name| Series::tag(series, name).unwrap_or_default().to_owned();
        let is_of_topics = series.metric().contains("topic_") || series.metric().contains("_age");
        if let (true, Value::Histogram(histogram)) = (is_of_topics, value) {
            assert!(!tag("wire").is_empty(), "{series}");
            let key = (series.metric().to_owned(), tag("api"), tag("topic"));
            all.entry(key).or_default().merge_compact(histogram);
        }
    }
    all
}

/// How many values, and their sum: exact where values have two digits.
fn count_and_sum(histogram: &Histogram) -> (u64, f64) {
    let bins = || histogram.iter();
    let sum = bins().map(|(bin, count)| bin.lower() * count as f64).sum();
    (bins().map(|(_, count)| count).sum(), sum)
}

#[test]
fn what_a_topic_carries_and_how_old_it_is() {
    let run = replayed("kafka_python_codecs");
    let produced = run.found.iter().filter(|found| found.operation == "Produce").count() as u64;
    let topic = run.found.iter().find(|found| found.operation == "Produce").unwrap().name.clone();
    let all = distributions(&run);
    let of = |metric: &str, api: &str| {
        let key = (metric.to_owned(), api.to_owned(), topic.clone());
        count_and_sum(all.get(&key).unwrap_or_else(|| panic!("no {key:?} among {:?}", all.keys())))
    };
    // One record in each batch, one batch in each request, and all of them in one answer.
    assert_eq!(of("kafka.topic_records", "Produce"), (produced, produced as f64));
    assert_eq!(of("kafka.topic_records", "Fetch"), (1, produced as f64));
    for (metric, api, count, longest) in [
        ("kafka.produce_age", "Produce", produced, 1.0),
        ("kafka.fetch_age", "Fetch", produced, 60.0),
        ("kafka.topic_total", "Produce", produced, 1.0),
        ("kafka.topic_total", "Fetch", 1, 1.0),
    ] {
        let (own, seconds) = of(metric, api);
        assert_eq!(own, count, "{metric} {api}");
        assert!(seconds > 0.0 && seconds < longest * count as f64, "{metric} {api}: {seconds} s");
    }
    let (count, bytes) = of("kafka.topic_bytes", "Produce");
    let sent: u64 = run.found.iter().filter_map(|found| found.request_bytes).sum();
    assert!(count == produced && bytes > 61.0 * count as f64 && bytes < sent as f64, "{bytes}");
}

#[test]
fn topics_that_are_asked_for_together_are_told_apart() {
    let run = replayed("kafka_raw_many_partitions");
    let together = run.found.iter().filter(|found| found.name == "_aggregate").count();
    assert!(together >= 2, "{:?}", run.found);
    let all = distributions(&run);
    let topics = |metric: &str, api: &str| {
        let own = all.keys().filter(|key| key.0 == metric && key.1 == api);
        own.map(|(_, _, topic)| &**topic).collect::<Vec<_>>()
    };
    assert_eq!(topics("kafka.topic_total", "Produce").len(), 2, "{:?}", all.keys());
    // The other one had nothing to give.
    assert_eq!(topics("kafka.topic_records", "Fetch").len(), 1, "{:?}", all.keys());
    assert!(!all.keys().any(|(_, _, topic)| topic == "_aggregate" || topic == "unknown"));
}
