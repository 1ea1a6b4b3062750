use super::super::buckets::Buckets;
use super::super::{Point, Reading, Total};
use super::*;
use model::batch::{Gauge, Value};
use model::histogram::Histogram;

fn points(json: &str) -> Vec<Point> {
    read(json.as_bytes(), "a", None, CaptureTime::from_parts(9, 0)).unwrap().points
}

/// Names of series, and what is said of them.
fn told(json: &str) -> Vec<(String, String)> {
    let told = |point: Point| (point.series.to_string(), format!("{:?}", point.reading));
    points(json).into_iter().map(told).collect()
}

fn histogram(strings: &[&str]) -> Value {
    Value::Histogram((&Histogram::from_strings(strings).unwrap()).into())
}

fn said(value: Value) -> String {
    format!("{:?}", Reading::Said(value))
}

fn level(level: f64) -> String {
    said(Value::Gauge(Gauge::once(level)))
}

#[test]
fn objects_are_joined_and_types_are_read() {
    let json = r#"{
        "plain": 1.5,
        "text": "up",
        "none": null,
        "is": true,
        "cpu": {"user": {"_type": "n", "_value": 7}, "idle": {"_value": "93.5", "_type": "n"}},
        "big": {"_type": "L", "_value": 18446744073709551615},
        "low": {"_type": "i", "_value": -3},
        "state": {"_type": "s", "_value": "green"},
        "code": {"_type": "s", "_value": 7}
    }"#;
    let expected = [
        ("plain{trap=a}", level(1.5)),
        ("text{trap=a}", said(Value::Text("up".into()))),
        ("is{trap=a}", level(1.0)),
        ("cpu`user{trap=a}", level(7.0)),
        ("cpu`idle{trap=a}", level(93.5)),
        ("big{trap=a}", level(u64::MAX as f64)),
        ("low{trap=a}", level(-3.0)),
        ("state{trap=a}", said(Value::Text("green".into()))),
        ("code{trap=a}", said(Value::Text("7".into()))),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(told(json), expected);
}

#[test]
fn histograms_come_in_all_forms() {
    let base64 = "AAPnAQJwEQEAAAABD/0BLAE=";
    let json = format!(
        r#"{{
        "v2": {{"_type": "n", "_value": ["H[1.2e-03]=4", "H[0]=1"]}},
        "v3": {{"_type": "h", "_value": "{base64}"}},
        "strings": {{"_type": "h", "_value": ["H[1.2e-03]=4"]}},
        "numbers": {{"_type": "n", "_value": [0.0012, 1, 1, "0.5"]}},
        "bare": [3, 3.5],
        "one": {{"_type": "h", "_value": 2}}
    }}"#
    );
    let expected = [
        ("v2{trap=a}", said(histogram(&["H[1.2e-03]=4", "H[0]=1"]))),
        (
            "v3{trap=a}",
            said(Value::Histogram(
                model::histogram::CompactHistogram::from_base64(base64).unwrap(),
            )),
        ),
        ("strings{trap=a}", said(histogram(&["H[1.2e-03]=4"]))),
        ("numbers{trap=a}", said(histogram(&["0.0012", "H[1]=2", "0.5"]))),
        ("bare{trap=a}", said(histogram(&["3", "3.5"]))),
        ("one{trap=a}", said(histogram(&["2"]))),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(told(&json), expected);
}

#[test]
fn members_of_one_name_count_both() {
    let json = r#"{"m": {"_type": "n", "_value": 1}, "m": {"_type": "n", "_value": 2}, "n": {"_value": 3, "_value": 4}}"#;
    let names = ["m{trap=a}", "m{trap=a}", "n{trap=a}", "n{trap=a}"];
    let expected: Vec<_> = names
        .iter()
        .zip([1.0, 2.0, 3.0, 4.0])
        .map(|(name, value)| ((*name).to_owned(), level(value)))
        .collect();
    assert_eq!(told(json), expected);
}

#[test]
fn times_are_their_own_or_of_arrival() {
    let json = r#"{"a": {"_ts": 1370816555123, "_type": "L", "_value": 1}, "b": 2}"#;
    let times: Vec<_> = points(json).iter().map(|point| point.at).collect();
    let expected =
        [CaptureTime::from_nanos(1_370_816_555_123_000_000), CaptureTime::from_parts(9, 0)];
    assert_eq!(times, expected);
}

#[test]
fn cumulative_histograms_have_a_stream_of_their_source_and_name() {
    let json = r#"{"m|ST[x:y]": {"_type": "H", "_value": ["H[1]=2"]}}"#;
    let mut points = points(json);
    let point = points.remove(0);
    assert_eq!(point.series.to_string(), "m{trap=a,x=y}");
    let Reading::Total { stream, began: None, total: Total::Buckets(Buckets::Decimal(total)) } =
        point.reading
    else {
        panic!("{:?}", point.reading)
    };
    assert_eq!(total.to_base64(), "AAEKAAAC");
    let other = read(json.as_bytes(), "b", None, CaptureTime::ZERO).unwrap().points.remove(0);
    assert!(matches!(other.reading, Reading::Total { stream: other, .. } if other != stream));
}

#[test]
fn what_does_not_read_is_said() {
    let deep = format!("{}1{}", "{\"a\":".repeat(20), "}".repeat(20));
    for (json, expected) in [
        ("", "EOF"),
        ("[1]", "a submission is an object"),
        ("7", "a submission is an object"),
        ("{\"a\":1} x", "trailing characters"),
        ("{\"a\":{\"_type\":\"x\",\"_value\":1}}", "a: _type \"x\" is none of"),
        ("{\"a\":{\"_type\":\"n\",\"_value\":\"much\"}}", "a: \"much\" is no number"),
        ("{\"a\":{\"_type\":\"h\",\"_value\":\"%%\"}}", "a: histogram is not base64"),
        ("{\"a\":{\"_type\":\"h\",\"_value\":[\"H[1]=x\"]}}", "a: histogram entry"),
        ("{\"a\":[[1]]}", "a list inside a list"),
        ("{\"a\":[{\"b\":1}]}", "a number, a text, or a list"),
        ("{\"a|ST[x\":1}", "end with a bracket"),
        (&deep, "more than 16 deep"),
    ] {
        let said = read(json.as_bytes(), "a", None, CaptureTime::ZERO).unwrap_err().to_string();
        assert!(said.contains(expected), "{json}: {said}");
    }
}
