//! The kinds of values.

use super::Stage;
use super::support::{Change, batch, histogram, only_value, route, rows, series, store};
use model::batch::Value::{Delta, Histogram, Text};
use model::batch::{Gauge, Value};
use model::histogram::CompactHistogram;

pub(super) async fn all_kinds_read_back(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let spread: Vec<u64> = (0..2_000).map(|number| number * number * 1_000).collect();
    let levels =
        Gauge { last: -0.0, min: f64::NEG_INFINITY, max: 1e300, sum: 0.1, count: u64::MAX };
    let values = [
        Histogram(CompactHistogram::default()),
        Histogram(histogram(&spread)),
        Delta(0),
        Delta(u64::MAX),
        Value::Gauge(Gauge::once(0.5)),
        Value::Gauge(levels),
        Text("".into()),
        Text("line\n\0 ünïcode 𝄞".into()),
        Text("x".repeat(100_000).into()),
    ];
    let mut said = batch(10, []);
    for (number, value) in values.iter().enumerate() {
        said.values.push((series(&format!("m{number}"), &[]), value.clone()));
    }
    store(&tested, [said]).await;
    let read: Vec<_> = rows(&tested).await.into_iter().map(|row| row.2).collect();
    assert_eq!(read, values);
}

pub(super) async fn counters_gauges_and_texts_merge(stage: &impl Stage) {
    for (one, other, expected) in [
        (Delta(2), Delta(3), Delta(5)),
        (Delta(u64::MAX), Delta(3), Delta(u64::MAX)),
        (Text("first".into()), Text("second".into()), Text("second".into())),
        (
            Value::Gauge(Gauge::once(4.0)),
            Value::Gauge(Gauge::once(1.0)),
            Value::Gauge(Gauge { last: 1.0, min: 1.0, max: 4.0, sum: 5.0, count: 2 }),
        ),
        // A series has one kind; where two sources disagree the first stays.
        (Delta(2), Text("no".into()), Delta(2)),
    ] {
        let tested = stage.fresh().await;
        let second = batch(10, [(route("/a"), other)]).of("web-2", 1, 0);
        store(&tested, [second, batch(10, [(route("/a"), one)]).of("web-1", 1, 0)]).await;
        assert_eq!(only_value(&tested).await, expected);
    }
}

pub(super) async fn histograms_merge_exactly(stage: &impl Stage) {
    let tested = stage.fresh().await;
    let mut everything = Vec::new();
    for pipeline in 0..16_u16 {
        let part: Vec<u64> =
            (1..200).map(|number| number * u64::from(pipeline + 1) * 12_345).collect();
        let said = batch(10, [(route("/a"), Histogram(histogram(&part)))]).of("web", 1, pipeline);
        store(&tested, [said]).await;
        everything.extend(part);
    }
    assert_eq!(only_value(&tested).await, Histogram(histogram(&everything)));
}
