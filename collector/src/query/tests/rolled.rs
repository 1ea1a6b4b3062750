//! Windows of several lengths, before and after what they say is rolled up and they are forgotten.

use super::START;
use crate::query::{Ask, Failure, run};
use analyzer::query::{Answer, Values};
use model::batch::{Batch, BatchId, Gauge, Value};
use model::histogram::{CompactHistogram, Histogram};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};
use std::sync::Arc;
use store::Store;
use store::embedded::EmbeddedStore;
use store::rollup::Retention;

const COUNT: &str = r#"find("http.total") | merge() | count()"#;
const QUESTIONS: [&str; 6] = [
    COUNT,
    r#"find("http.total") | percentile(50, 99)"#,
    r#"find("http.requests") | group_by("wire") | rate()"#,
    r#"find("http.total", host="slow") | window:merge(1h) | count_above(1.5s)"#,
    r#"find:gauge("load") + find:gauge_max("load")"#,
    r#"find:gauge_last("load")"#,
];

fn at(seconds: u64) -> CaptureTime {
    CaptureTime::from_parts(START + seconds, 0)
}

fn seconds(seconds: u64) -> Nanos {
    Nanos::from_seconds(seconds)
}

/// What the observer of this name says: in each window so many requests, the first of them of 2 s, all at `load`.
fn batch(host: &str, window_s: u64, start_s: u64, requests: u64, load: f64) -> Batch {
    let series =
        |metric, host| Arc::new(Series::new(metric, &[("host", host), ("wire", "http:80")]));
    let mut histogram = Histogram::new();
    histogram.record_nanos(2_000_000_000);
    (1..requests).for_each(|number| histogram.record_nanos(number * 1_000_000));
    let ledger = |account: &str, entry| {
        let tags = [("entry", entry), ("wire", "http:80")];
        Arc::new(Series::new(&format!("ledger.{account}"), &tags))
    };
    let values = vec![
        (series("http.total", host), Value::Histogram(CompactHistogram::from(&histogram))),
        (series("http.requests", host), Value::Delta(requests)),
        (series("load", "both"), Value::Gauge(Gauge::once(load))),
        (ledger("requests", "answered"), Value::Delta(requests)),
        (ledger("requests", "quarantined"), Value::Delta(u64::from(start_s == 0))),
    ];
    let length = WindowLength::new(seconds(window_s)).unwrap();
    let window = Window { start: at(start_s), length };
    let id = BatchId { source: host.into(), run: 1, pipeline: 0, window };
    Batch { id, revision: 1, values }
}

/// An hour in which `fast` says 2 requests a second, `slow` 3 every 10 s. In the eleventh minute `slow` does not watch,
/// in its first 30 s `fast` does not either. In the next minute only `slow` watches.
async fn filled(store: &EmbeddedStore) {
    let fast = (0..3_600).filter(|second| !(600..630).contains(second));
    let fast = fast.filter(|second| !(660..720).contains(second));
    let fast = fast.map(|second| batch("fast", 1, second, 2, 0.1 + second as f64));
    let slow = (0..3_600).step_by(10).filter(|second| !(600..660).contains(second));
    let slow = slow.map(|second| batch("slow", 10, second, 3, 1e9 + 0.7));
    store.write_all(fast.chain(slow).collect(), Vec::new()).await.unwrap();
}

async fn asked(store: &Arc<EmbeddedStore>, text: &str, step_s: u64) -> Answer {
    let ask = Ask { text: text.to_owned(), step: Some(seconds(step_s)), ..Ask::default() };
    run(Arc::clone(store) as _, &ask).await.unwrap()
}

async fn all(store: &Arc<EmbeddedStore>, steps_s: &[u64]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for text in QUESTIONS {
        for step_s in steps_s {
            answers.push(asked(store, text, *step_s).await);
        }
    }
    answers
}

fn numbers(answer: &Answer) -> Vec<Option<f64>> {
    let Values::Numbers(streams) = &answer.streams else { panic!("{answer:?}") };
    let [one] = &streams[..] else { panic!("{streams:?}") };
    one.values.iter().map(|value| value.map(|number| number.low)).collect()
}

fn check_minutes(answer: &Answer) {
    let mut expected = vec![Some(2.0 * 60.0 + 3.0 * 6.0); 60];
    expected[10] = Some(2.0 * 30.0);
    expected[11] = Some(3.0 * 6.0);
    assert_eq!(numbers(answer), expected);
    assert_eq!(answer.notes, [""; 0]);
    let observed: Vec<_> = answer.coverage.steps.iter().map(|step| step.observed).collect();
    let mut expected = vec![1.0; 60];
    expected[10] = 0.5;
    assert_eq!(observed, expected);
    let requests = 2.0 * 3_510.0 + 3.0 * 354.0;
    assert!((answer.coverage.requests - (1.0 - 2.0 / (requests + 2.0))).abs() < 1e-12);
}

#[tokio::test]
async fn windows_of_several_lengths_add_up_and_outlive_their_rows() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
    filled(&store).await;
    let steps = [60, 300, 3_600];
    let before = all(&store, &steps).await;
    check_minutes(&before[0]);
    assert_eq!(numbers(&before[2]), [Some(2.0 * 3_510.0 + 3.0 * 354.0)]);
    let last = numbers(before.iter().rev().nth(2).unwrap());
    assert_eq!(
        [9, 10, 11, 12].map(|minute| last[minute]),
        [599.1, 659.1, 1e9 + 0.7, 779.1].map(Some)
    );
    // Rolled up, with the rows still there.
    store.maintain(&Retention::default(), at(10_800)).await.unwrap();
    assert_eq!(all(&store, &steps).await, before);
    // Of one length rolled up, of the other not.
    let again = Batch { revision: 2, ..batch("slow", 10, 0, 3, 1e9 + 0.7) };
    store.write(again).await.unwrap();
    assert_eq!(all(&store, &steps).await, before);
    let short = Retention { base: Some(seconds(3_600)), ..Retention::default() };
    store.maintain(&short, at(10_800)).await.unwrap();
    assert_eq!(store.resolutions().await.unwrap(), []);
    assert_eq!(all(&store, &steps).await, before);
    // Shorter steps than what is left: nothing, and why.
    let tens = asked(&store, COUNT, 10).await;
    assert!(numbers(&tens).iter().all(Option::is_none));
    assert!(tens.notes.iter().any(|note| note.contains("kept by 1m only")), "{:?}", tens.notes);
    let hours = Retention { minute: Some(seconds(3_600)), ..short };
    store.maintain(&hours, at(10_800)).await.unwrap();
    assert_eq!(asked(&store, COUNT, 3_600).await, before[2]);
    let minutes = asked(&store, COUNT, 60).await;
    assert!(minutes.notes.iter().any(|note| note.contains("kept by 1h only")), "{minutes:?}");
}

#[tokio::test]
async fn what_a_step_leaves_out_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(directory.path()).unwrap());
    filled(&store).await;
    let fives = asked(&store, COUNT, 5).await;
    assert_eq!(numbers(&fives)[0], Some(10.0));
    let [note] = &fives.notes[..] else { panic!("{:?}", fives.notes) };
    assert_eq!(
        note,
        "what windows of 10s say is left out: they do not divide a step of 5s; ask for steps that are a multiple of all of 1s, 10s"
    );
    let ask = |window_s, step_s: Option<u64>| Ask {
        text: COUNT.to_owned(),
        step: step_s.map(seconds),
        window: Some(WindowLength::new(seconds(window_s)).unwrap()),
        ..Ask::default()
    };
    let slow = run(Arc::clone(&store) as _, &ask(10, Some(60))).await.unwrap();
    assert_eq!((numbers(&slow)[0], &slow.notes[..]), (Some(18.0), &[][..]));
    let refused = run(Arc::clone(&store) as _, &ask(10, Some(5))).await.unwrap_err();
    assert!(matches!(refused, Failure::Asked(_)), "{refused}");
    // Where nobody says how long steps are, all windows divide them.
    let free = Ask { end: Some(crate::query::Moment::At(at(300))), step: None, ..ask(1, None) };
    let free = run(Arc::clone(&store) as _, &Ask { window: None, ..free }).await.unwrap();
    assert_eq!((free.grid.step(), &free.notes[..]), (seconds(10), &[][..]));
}
