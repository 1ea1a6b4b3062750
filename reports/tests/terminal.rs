//! The terminal's report and the JSON of the sample day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod sample;

use reports::figures::Figures;
use reports::text::{self, Options};

#[test]
fn a_day_on_a_terminal() {
    let input = sample::day(100_000.0);
    let figures = Figures::new(&input);
    let text = text::render(&figures, Options::default());
    insta::assert_snapshot!(text);
    assert!(text.lines().all(|line| line.chars().count() <= 100), "fits 100 columns");
    let ascii = text::render(&figures, Options { unicode: false, ..Options::default() });
    assert!(ascii.is_ascii());
    let narrow = text::render(&figures, Options { width: 80, unicode: true });
    let body = narrow.lines().skip_while(|line| !line.is_empty());
    let widest = body.map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}");
}

/// Wires without a decoder: times, no requests, and no verdict on an objective.
#[test]
fn connections_alone_on_a_terminal() {
    let mut input = sample::day(20_000.0);
    input.routes.clear();
    input.wires.drain(..2);
    let figures = Figures::new(&input);
    insta::assert_snapshot!(text::render(&figures, Options::default()));
    let report: serde_json::Value =
        serde_json::from_str(&reports::json::render(&figures).unwrap()).unwrap();
    let connections = &report["wires"][0]["connections"];
    assert_eq!(connections["connect"]["count"], figures.connections[0].count());
    assert!(
        connections["rtt"]["p50_seconds"].as_f64()
            <= connections["tcp_first_byte"]["p50_seconds"].as_f64()
    );
}

#[test]
fn the_same_numbers_for_programs() {
    let input = sample::day(100_000.0);
    let figures = Figures::new(&input);
    let report: serde_json::Value =
        serde_json::from_str(&reports::json::render(&figures).unwrap()).unwrap();
    let objective = &report["objectives"][0];
    let windows = objective["windows"].as_array().unwrap();
    let over: u64 = windows.iter().map(|window| window["over"]["at_least"].as_u64().unwrap()).sum();
    assert_eq!(Some(over), objective["over"]["at_least"].as_u64());
    let routes = report["routes"].as_array().unwrap();
    let by_route: u64 =
        routes.iter().map(|route| route["over"][0]["at_least"].as_u64().unwrap()).sum();
    assert_eq!(by_route, over);
    assert_eq!(report["first_ns"].as_u64(), Some(sample::MIDNIGHT * 1_000_000_000 + 41_000_000));
    assert_eq!(report["windows_missing"], 5);
    let mut short = report.clone();
    for objective in short["objectives"].as_array_mut().unwrap() {
        objective["windows"].as_array_mut().unwrap().truncate(1);
    }
    short["routes"].as_array_mut().unwrap().truncate(1);
    insta::assert_json_snapshot!(short);
}
