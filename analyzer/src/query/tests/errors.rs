//! What is said of queries that cannot be answered.

use super::{ask, at, world};
use crate::query::{DEPTH_MAX, Grid, GridError, InputError, PARTS_MAX, Query, TEXT_BYTES_MAX};
use model::units::Nanos;

#[test]
fn errors_point_at_their_place() {
    let texts = [
        "",
        "find",
        "find()",
        "find(http)",
        "find(5)",
        r#"find("http.total"#,
        r#"find("http.total", "route")"#,
        r#"find("http.total", route="/login" | count()"#,
        r#"find("http.total", route=~"(")"#,
        r#"find("http.total") |"#,
        r#"find("http.total") | histogram:percentil(99)"#,
        r#"find("http.total") | percentile()"#,
        r#"find("http.total") | percentile(101)"#,
        r#"find("http.total") | percentile(99ms)"#,
        r#"find("http.total") | count_above(1.5)"#,
        r#"find("http.total") | count_above(64kB)"#,
        r#"find("http.total") | count_above(1.5 s)"#,
        r#"find("http.total") | count_above(15parsec)"#,
        r#"find("http.total") | merge(5)"#,
        r#"find("http.total") | integrate()"#,
        r#"find("http.requests") | percentile(99)"#,
        r#"find("http.requests") | rate() | rate()"#,
        r#"find("http.requests") | top(0)"#,
        r#"find("http.requests") | top(1.5)"#,
        r#"find("http.requests") | forecast:linear(30)"#,
        r#"find("http.requests") | rate() / 5"#,
        r#"find("http.total") / 2"#,
        r#"histogram:merge()"#,
        r#"find:everything("http.total")"#,
        "1 + 2",
        "5 | count()",
        r#"find("http.requests") # all"#,
        "find(\"http.total\")\n  | merge()\n  | percentile(\"99\")",
    ];
    let mut said = String::new();
    for text in texts {
        let error = Query::parse(text).expect_err(text);
        said.push_str(&format!("{error}\n\n"));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn limits_hold() {
    let deep = format!("{}find(\"a\"){}", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    assert!(Query::parse(&deep).unwrap_err().message.contains("inside each other"));
    assert!(Query::parse(&deep[1..deep.len() - 1]).is_ok());
    let long = format!("find(\"a\"){}", " + 1".repeat(PARTS_MAX));
    assert!(Query::parse(&long).unwrap_err().message.contains("parts"));
    let large = format!("find(\"{}\")", "a".repeat(TEXT_BYTES_MAX));
    assert!(Query::parse(&large).unwrap_err().message.contains("bytes"));
    let signs = format!("{}find(\"a\")", "-".repeat(PARTS_MAX));
    assert!(Query::parse(&signs).is_err());
    let greedy = format!("find(\"a\", b=~\"{}\")", "(a{99}){99}{99}");
    assert!(Query::parse(&greedy).unwrap_err().message.contains("pattern"));
}

#[test]
fn grids_that_cannot_be() {
    let second = Nanos::from_seconds(1);
    assert_eq!(Grid::new(at(5), at(5), second), Err(GridError::Empty));
    assert_eq!(Grid::new(at(5), at(9), Nanos(0)), Err(GridError::Step));
    let many = Grid::new(at(5), at(1_000_000), second).unwrap_err();
    let GridError::TooMany { enough, .. } = many else { panic!("{many}") };
    assert!(Grid::new(at(5), at(1_000_000), enough).is_ok());
    let grid = Grid::new(at(1_005), at(1_011), Nanos::from_seconds(10)).unwrap();
    assert_eq!((grid.start(), grid.end(), grid.steps()), (at(1_000), at(1_020), 2));
}

#[test]
fn windows_are_whole_steps() {
    let query = Query::parse(r#"find("http.total") | window:merge(90s)"#).unwrap();
    let grid = Grid::new(at(0), at(3_600), Nanos::from_seconds(60)).unwrap();
    let error = query.reads(&grid).err().unwrap();
    assert_eq!((error.line, error.column), (1, 22));
    let query = Query::parse(r#"find("http.total") | window:merge(10000d)"#).unwrap();
    assert!(query.reads(&grid).err().unwrap().message.contains("reach back"));
}

#[test]
fn other_kinds_of_values_are_an_error_at_the_find() {
    let query = Query::parse(r#"1 * find("disk.used", host="a")"#);
    assert!(query.is_err(), "what is not known to be numbers is histograms");
    let query = Query::parse(r#"find:counter("disk.used") * 2"#).unwrap();
    let grid = Grid::new(at(1_000), at(1_060), Nanos::from_seconds(10)).unwrap();
    let mut inputs = query.reads(&grid).unwrap();
    inputs.segment(at(1_000)..at(1_060), model::window::WindowLength::DEFAULT);
    let (series, _) = &world().rows[4];
    let place = inputs.add(0, series).unwrap();
    inputs.open(place, series).unwrap();
    let row = super::Row::Gauge(model::batch::Gauge::once(1.0));
    let InputError::Query(error) =
        inputs.row(model::window::WindowLength::DEFAULT.window_of(at(1_000)), row).unwrap_err()
    else {
        panic!()
    };
    insta::assert_snapshot!(error);
    let _ = ask;
}
