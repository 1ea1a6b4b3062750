//! The page of the sample day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod sample;

use model::histogram::{CompactHistogram, Histogram, Threshold};
use model::units::CaptureTime;
use model::window::WindowLength;
use reports::figures::Figures;
use reports::input::{Metric, OutcomeCounts, ReportInput, RouteData, WireData};

/// The page, also as a file to look at: `target/tmp/day.html`.
fn page(per_day: f64, name: &str) -> String {
    let page = reports::html::render(&sample::day(per_day)).unwrap();
    std::fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), &page).unwrap();
    page
}

#[test]
fn a_busy_day_fits_a_mail() {
    let page = page(1_200_000.0, "day.html");
    assert!(page.len() < 1_000_000, "{}", page.len());
    println!("{} bytes", page.len());
}

fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, after) = page.split_once(&format!("id=\"{id}\">")).unwrap();
    after.split_once("</script>").unwrap().0
}

#[test]
fn names_from_the_network_stay_text() {
    let hostile =
        "</script><script>alert(1)</script><!--{{bins}}\u{2028}<img src=x onerror=alert(2)>\"'";
    let mut input = sample::day(2_000.0);
    input.title = hostile.to_owned();
    input.sources = vec![hostile.to_owned()];
    input.notes = vec![hostile.to_owned()];
    input.wires[0].name = hostile.to_owned();
    for route in &mut input.routes {
        route.route.push_str(hostile);
        route.method.push_str(hostile);
        if route.wire == "http:80" {
            route.wire = hostile.to_owned();
        }
    }
    let page = reports::html::render(&input).unwrap();
    std::fs::write(format!("{}/hostile.html", env!("CARGO_TARGET_TMPDIR")), &page).unwrap();
    assert_eq!(page.matches("<script").count(), 3, "data, bins, and the script itself");
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(!part(&page, "data").contains('<'));
    let head: serde_json::Value = serde_json::from_str(part(&page, "data")).unwrap();
    assert_eq!(head["title"], hostile, "and arrive unharmed");
}

#[test]
fn the_policy_allows_only_what_is_here() {
    let page = page(2_000.0, "quiet.html");
    assert!(page.contains("default-src 'none'"));
    assert!(
        !page.contains("unsafe-inline") && !page.contains("http://") && !page.contains("https://")
    );
    assert!(!page.contains("{{"), "everything is filled in");
    for forbidden in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        " style=\"",
        "onclick=\"",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_large_input_is_made_to_fit_and_loses_no_request() {
    let mut noise = sample::Noise(3);
    let day = sample::day(1_000.0);
    let mut route = |number: u64| {
        let mut route = RouteData {
            route: format!("/r{number}"),
            wire: "http:80".to_owned(),
            method: "GET".to_owned(),
            status: "2xx".to_owned(),
            ..RouteData::default()
        };
        let mut cells = Vec::new();
        for place in 0..700 {
            let mut histogram = Histogram::new();
            (0..6).for_each(|_| histogram.record_nanos((1e7 * noise.normal().exp()) as u64));
            let start = CaptureTime::from_parts(sample::MIDNIGHT + place * 120, 0);
            cells.push((start, CompactHistogram::from(&histogram)));
            route.outcomes.push((start, OutcomeCounts { ok: 6, ..OutcomeCounts::default() }));
        }
        route.latencies = vec![(Metric::Total, cells)];
        route
    };
    let input = ReportInput {
        window: WindowLength::parse("2m").unwrap(),
        windows: Vec::new(),
        routes: (0..210).map(&mut route).collect(),
        ..day
    };
    let page = reports::html::render(&input).unwrap();
    assert!(page.len() < 1_000_000, "{}", page.len());
    let head: serde_json::Value = serde_json::from_str(part(&page, "data")).unwrap();
    assert!(head["places"].as_u64().unwrap() <= 600);
    let connections = |input: &ReportInput| Figures::new(input).connections[0].count();
    assert_eq!(head["connections"][0]["times"][0]["digest"]["count"], connections(&input));
    let routes = head["routes"].as_array().unwrap();
    let requests: u64 = routes.iter().map(|route| route["outcomes"]["ok"].as_u64().unwrap()).sum();
    assert_eq!(requests, 210 * 700 * 6);
    assert!(routes.iter().any(|route| route["route"] == "all other routes"));
}

/// A capture of wires without a decoder: what is known is said, and nothing else is shown.
#[test]
fn connections_alone_are_a_page() {
    let mut input = sample::day(20_000.0);
    input.routes.clear();
    input.wires.drain(..2);
    let page = reports::html::render(&input).unwrap();
    std::fs::write(format!("{}/connections.html", env!("CARGO_TARGET_TMPDIR")), &page).unwrap();
    let head: serde_json::Value = serde_json::from_str(part(&page, "data")).unwrap();
    let [wire] = head["connections"].as_array().unwrap().as_slice() else { panic!("one wire") };
    assert_eq!(wire["wire"], "tcp:6379");
    let times = wire["times"].as_array().unwrap();
    let names: Vec<&str> = times.iter().map(|time| time["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["connect", "rtt", "tcp.first_byte"]);
    let count = times[0]["digest"]["count"].as_u64().unwrap();
    assert!(page.contains(&format!("No request was seen; {count} connections were timed.")));
}

/// Detection can find hundreds of wires.
#[test]
fn many_wires_are_not_all_shown() {
    let mut input = sample::day(20_000.0);
    let cache = input.wires.pop().unwrap();
    let named = |port| WireData { name: format!("tcp:{port}"), ..cache.clone() };
    input.wires.extend((5_000..5_200).map(named));
    let page = reports::html::render(&input).unwrap();
    assert!(page.len() < 1_000_000, "{}", page.len());
    let head: serde_json::Value = serde_json::from_str(part(&page, "data")).unwrap();
    let shown = head["connections"].as_array().unwrap().len() as u64;
    assert_eq!(shown + head["connections_left_out"].as_u64().unwrap(), 202);
    assert!((2..100).contains(&shown), "{shown}");
}

#[test]
fn little_or_nothing_is_still_a_page() {
    let kept = |name: &str, input: &ReportInput| {
        let page = reports::html::render(input).unwrap();
        std::fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), page).unwrap();
    };
    let mut input = sample::day(200.0);
    input.objectives.clear();
    kept("no-objective.html", &input);
    input.routes.truncate(1);
    input.windows.clear();
    input.routes[0].outcomes.truncate(1);
    input.routes[0].latencies.truncate(1);
    input.routes[0].latencies[0].1.truncate(1);
    input.objectives = vec![Threshold::from_nanos(1_000_000)];
    kept("one-window.html", &input);
    input.routes.clear();
    input.wires.clear();
    input.span = None;
    kept("empty.html", &input);
}
