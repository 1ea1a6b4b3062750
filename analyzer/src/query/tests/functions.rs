//! What each function says, by hand.

use super::{Held, World, ask, at, shown, tens, world};
use crate::query::{Answer, Grid, Query, Values};
use model::series::Series;
use model::units::Nanos;

const LOGIN: &str = r#"find("http.total", route="/login")"#;

#[test]
fn nothing_seen_is_not_zero() {
    assert_eq!(
        tens(&format!("{LOGIN} | count()")),
        ["http.total{route=/login,wire=http:80}: 3 2 0 0 – 2"]
    );
    assert_eq!(
        tens(r#"find("http.requests", route="/login")"#),
        ["http.requests{route=/login,wire=http:80}: 3 2 0 0 – 2"]
    );
    // A level that nobody read is not the last one.
    assert_eq!(tens(r#"find:gauge("disk.used")"#), ["disk.used{host=a}: 10 20 – 40 – –"]);
}

#[test]
fn counts_on_an_edge_are_exact_and_others_have_bounds() {
    let merged = r#"find("http.total") | histogram:merge()"#;
    assert_eq!(tens(&format!("{merged} | count_above(1.5s)")), ["http.total: 1 1 1 0 – 0"]);
    assert_eq!(tens(&format!("{merged} | count_below(1.5s)")), ["http.total: 3 1 0 0 – 2"]);
    assert_eq!(tens(&format!("{merged} | count_above(1.55s)")), ["http.total: 0..1 1 0..1 0 – 0"]);
    assert_eq!(tens(&format!("{merged} | ratio_above(1.5s)")), ["http.total: 0.25 0.5 1 – – 0"]);
    assert_eq!(
        tens(&format!("{merged} | ratio_below(1.55s)")),
        ["http.total: 0.75..1 0.5 0..1 – – 1"]
    );
    assert_eq!(
        tens(&format!("{merged} | inverse_percentile(1.5s)")),
        ["http.total: 75 50 0 – – 100"]
    );
    let answer = ask(
        &world(),
        &format!("{merged} | count_above(1.55s)"),
        1_000,
        1_060,
        Nanos::from_seconds(10),
    );
    assert_eq!(
        answer.notes,
        ["1.55s cuts a bin in two: values are at least and at most; 1.5s and 1.6s are exact"]
    );
    // Bounds go through arithmetic.
    assert_eq!(
        tens(&format!("10 - ({merged} | count_above(1.55s)) * 2")),
        ["http.total: 8..10 8 8..10 10 – 10"]
    );
}

#[test]
fn several_arguments_are_several_streams() {
    let answer = tens(&format!("{LOGIN} | histogram:count_above(15ms, 1.5s)"));
    assert_eq!(
        answer,
        [
            "http.total{route=/login,threshold=15ms,wire=http:80}: 2 1 0 0 – 1",
            "http.total{route=/login,threshold=1.5s,wire=http:80}: 1 1 0 0 – 0",
        ]
    );
    let answer = tens(&format!("{LOGIN} | percentile(0, 100)"));
    assert_eq!(
        answer,
        [
            "http.total{percentile=0,route=/login,wire=http:80}: 0.0105 0.0105 – – – 0.0105",
            "http.total{percentile=100,route=/login,wire=http:80}: 1.55 2.05 – – – 0.0305",
        ]
    );
}

#[test]
fn rates_are_per_second_of_what_was_observed() {
    let twenty = |text: &str| shown(&ask(&world(), text, 1_000, 1_060, Nanos::from_seconds(20)));
    assert_eq!(
        tens(r#"find("http.requests") | sum() | rate()"#),
        ["http.requests: 0.4 0.2 0.1 0 – 0.2"]
    );
    // The last 20 s were observed for 10 s.
    assert_eq!(
        twenty(r#"find("http.requests") | sum() | rate()"#),
        ["http.requests: 0.3 0.05 0.2"]
    );
    assert_eq!(twenty(r#"find("http.total") | merge() | rate()"#), ["http.total: 0.3 0.05 0.2"]);
    // A window's rate is over what was observed of the window.
    assert_eq!(
        tens(r#"find("http.total") | merge() | window:merge(20s) | rate()"#),
        ["http.total: 0.4 0.3 0.15 0.05 0 0.2"]
    );
}

#[test]
fn groups_merge_distributions_and_add_numbers() {
    assert_eq!(
        tens(r#"find("http.total") | group_by("wire") | count()"#),
        ["http.total{wire=http:80}: 4 2 1 0 – 2"]
    );
    assert_eq!(
        tens(r#"find("http.total") | count() | group_by("wire")"#),
        ["http.total{wire=http:80}: 4 2 1 0 – 2"]
    );
    assert_eq!(
        tens(r#"find("http.requests") | group_by:max("wire")"#),
        ["http.requests{wire=http:80}: 3 2 1 0 – 2"]
    );
    assert_eq!(tens(r#"find("http.requests") | mean()"#), ["http.requests: 2 1 0.5 0 – 1"]);
    assert_eq!(tens(r#"find("http.requests") | stddev()"#), ["http.requests: 1 1 0.5 0 – 1"]);
    assert_eq!(tens(r#"find("http.requests") | min()"#), ["http.requests: 1 0 0 0 – 0"]);
}

#[test]
fn windows_reach_back_before_the_start() {
    let late = |text: &str| shown(&ask(&world(), text, 1_020, 1_060, Nanos::from_seconds(10)));
    assert_eq!(
        late(&format!("{LOGIN} | window:merge(20s) | count()")),
        ["http.total{route=/login,wire=http:80}: 2 0 0 2"]
    );
    assert_eq!(
        late(&format!("{LOGIN} | count() | window:sum(30s)")),
        ["http.total{route=/login,wire=http:80}: 5 2 0 2"]
    );
    assert_eq!(
        late(&format!("{LOGIN} | count() | window:mean(30s) | window:max(20s)")),
        ["http.total{route=/login,wire=http:80}: 2.5 1.666667 0.666667 1"]
    );
    // Without that, the first windows hold what there is.
    assert_eq!(
        tens(r#"find("http.requests") | sum() | window:sum(30s)"#),
        ["http.requests: 4 6 7 3 1 2"]
    );
}

#[test]
fn integrals_begin_with_the_answer() {
    assert_eq!(
        tens(r#"find("http.requests") | sum() | integrate()"#),
        ["http.requests: 4 6 7 7 7 9"]
    );
    assert_eq!(
        tens(r#"find("http.requests") | sum() | rate() | integrate()"#),
        ["http.requests: 4 6 7 7 7 9"]
    );
    let late = ask(
        &world(),
        r#"find("http.requests") | sum() | window:sum(20s) | integrate()"#,
        1_020,
        1_060,
        Nanos::from_seconds(10),
    );
    assert_eq!(shown(&late), ["http.requests: 3 4 4 6"]);
}

#[test]
fn top_takes_the_largest_means() {
    assert_eq!(
        tens(r#"find("http.requests") | top(1)"#),
        ["http.requests{route=/login,wire=http:80}: 3 2 0 0 – 2"]
    );
    assert_eq!(
        tens(r#"find("http.requests") | bottom(1)"#),
        ["http.requests{route=/users,wire=http:80}: 1 0 1 0 – 0"]
    );
    assert_eq!(tens(r#"find("http.requests") | top(9)"#).len(), 2);
}

#[test]
fn forecasts_follow_the_line() {
    assert_eq!(
        tens(r#"find:gauge("disk.used") | forecast:linear(100s)"#),
        ["disk.used{host=a}: – 120 – 140 – –"]
    );
}

#[test]
fn outliers_stand_apart() {
    let host = |name: &str| Series::new("load", &[("host", name)]);
    let level = |level| vec![(1_000, Held::Level(level))];
    let rows = ["a", "b", "c", "d", "e"].into_iter().zip([10.0, 11.0, 12.0, 11.0, 30.0]);
    let world = World {
        rows: rows.map(|(name, load)| (host(name), level(load))).collect(),
        reported: vec![1_000],
    };
    let answer =
        ask(&world, r#"find:gauge("load") | outlier()"#, 1_000, 1_010, Nanos::from_seconds(10));
    assert_eq!(
        shown(&answer),
        [
            "load{host=a}: -0.6745",
            "load{host=b}: 0",
            "load{host=c}: 0.6745",
            "load{host=d}: 0",
            "load{host=e}: 12.8155",
        ]
    );
    assert_eq!(
        tens(r#"find("http.requests") | outlier()"#)[0],
        "http.requests{route=/login,wire=http:80}: – – – – – –"
    );
}

#[test]
fn streams_meet_by_their_tags() {
    assert_eq!(
        tens(r#"(find("http.total") | count_above(1.5s)) / (find("http.total") | count())"#),
        [
            "http.total{route=/login,wire=http:80}: 0.333333 0.5 – – – 0",
            "http.total{route=/users,wire=http:80}: 0 – 1 – – –",
        ]
    );
    // One stream meets all.
    assert_eq!(
        tens(r#"find("http.requests") / (find("http.requests") | sum()) * 100"#),
        [
            "http.requests{route=/login,wire=http:80}: 75 100 0 – – 100",
            "http.requests{route=/users,wire=http:80}: 25 0 100 – – 0",
        ]
    );
    assert_eq!(tens(r#"-(find("http.requests") | sum()) + 2 * 3"#), ["http.requests: 2 4 5 6 – 4"]);
    let unequal = r#"find("http.requests") + (find("http.total") | count(), 1)"#;
    assert!(Query::parse(unequal).is_err());
}

#[test]
fn tags_are_matched() {
    let routes = |tags: &str| tens(&format!(r#"find("http.requests", {tags})"#)).len();
    assert_eq!(routes(r#"route="/login""#), 1);
    assert_eq!(routes(r#"route!="/login""#), 1);
    assert_eq!(routes(r#"route=~"/.*""#), 2);
    assert_eq!(routes(r#"route=~"/log""#), 0, "patterns match the whole value");
    assert_eq!(routes(r#"route!~"/l.*", wire="http:80""#), 1);
    assert_eq!(routes(r#"method="""#), 2, "a tag that is not there is empty");
    assert_eq!(tens(r#"find:counter("http.req*") | sum()"#), ["http.req*: 4 2 1 0 – 2"]);
}

#[test]
fn distributions_are_an_answer_too() {
    let answer =
        ask(&world(), &format!("{LOGIN} | merge()"), 1_000, 1_060, Nanos::from_seconds(20));
    let Values::Histograms(streams) = answer.streams else { panic!("not histograms") };
    assert_eq!(
        streams[0].values,
        [
            Some(super::packed(&[10, 20, 1_500, 10, 2_000])),
            Some(super::packed(&[])),
            Some(super::packed(&[10, 30])),
        ]
    );
}

#[test]
fn coverage_says_what_was_seen() {
    let Answer { coverage, .. } = ask(&world(), LOGIN, 1_000, 1_060, Nanos::from_seconds(20));
    let observed: Vec<_> = coverage.steps.iter().map(|step| step.observed).collect();
    assert_eq!(observed, [1.0, 1.0, 0.5]);
    assert_eq!(coverage.steps[0].bytes, Some(0.95));
    assert_eq!(coverage.steps[1].bytes, Some(1.0));
    assert!((coverage.bytes - 0.95).abs() < 1e-12);
    assert!((coverage.observed - 5.0 / 6.0).abs() < 1e-12);
    assert!((coverage.requests - 1.0).abs() < 1e-12);
}

#[test]
fn nothing_found_is_said() {
    let answer = ask(&world(), r#"find("http.other")"#, 1_000, 1_060, Nanos::from_seconds(10));
    assert!(answer.streams.is_empty());
    assert_eq!(answer.notes, ["no series matches: check the metric's name and the tags"]);
}

#[test]
fn times_before_the_epoch_are_not_reached() {
    let query = Query::parse(r#"find("http.requests") | window:sum(1h)"#).unwrap();
    let grid = Grid::new(at(0), at(600), Nanos::from_seconds(60)).unwrap();
    let inputs = query.reads(&grid).unwrap();
    assert_eq!(inputs.grid().start(), at(0));
    assert_eq!(query.evaluate(inputs).grid, grid);
}
