//! The page's script says the same numbers as the program: both are asked, node runs the script's mathematics.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod sample;

use analyzer::bounds::Bounds;
use analyzer::chance;
use analyzer::density::{self, LogGrid};
use analyzer::digest::Digest;
use analyzer::incidents;
use analyzer::modes;
use analyzer::sla::Sla;
use model::histogram::{CompactHistogram, Distribution, Threshold};
use model::units::CaptureTime;
use reports::figures::{Figures, timeline};
use reports::heatmap::colours;
use reports::html::{self, SCRIPT_MATHEMATICS};
use reports::input::{Metric, ReportInput};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Edges, and two that are none.
const OBJECTIVES: [u64; 5] = [1_500_000_000, 200_000_000, 1_000_000, 1_234_000_000, 20_500_000];

/// What the script is asked: `data` and `bins` are the page's own.
const QUESTIONS: &str = r#"
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const histogramAnswers = (of) => ({
  digest: (({ count, mean, p50, p90, p99, p999, maxBelow }) => [count, mean, p50, p90, p99, p999, maxBelow])(digest(of)),
  over: input.objectives.map((nanos) => countAtOrAbove(of, nanos)),
  below: input.objectives.map((nanos) => countBelow(of, nanos)),
  modes: modes(of).map(({ at, from, to, share }) => [at, from, to, share]),
});
const slaAnswers = (of) => ({
  over: of.over, timed: of.timed, unanswered: of.unanswered,
  incidents: of.incidents.map((one) => [microsOf(one.from), microsOf(one.to), one.over, one.unanswered, one.requests]),
  budget: [of.budget.allowed, of.budget.left.low, of.budget.left.high],
  worst: worst(of, 5).map((window) => [microsOf(window.place), missedIn(window)]),
  parts: parts(of, naturalParts(state.head.places)).map((part) => [microsOf(part.from), part.timed, part.over.low, part.over.high, part.missing]),
  customary: [of.customary.mean, of.customary.p99].map((one) => [one.overall, one.highest, one.windowsOver, one.hidden]),
  sentence: sentence(of, objectiveOfNanos(of.nanos), microsOf, clock()),
});
(async () => {
  state.head = JSON.parse(input.data);
  state.series = await decode(state.head, input.bins);
  const answers = { whole: null, slas: [], routes: [] };
  computeView();
  answers.whole = histogramAnswers(state.view.whole);
  const cells = new Float64Array(100);
  spread(logGrid(-4, 1, 100), state.view.whole, cells);
  answers.cells = [...cells];
  answers.top = scaleTop(state.view.windows, state.view.whole);
  for (const nanos of input.objectives) {
    state.objective = nanos;
    computeSla();
    answers.slas.push(slaAnswers(state.sla));
  }
  state.head.routes.forEach((route, index) => {
    state.route = index;
    computeView();
    answers.routes.push({ name: [route.wire, route.method, route.route], ...histogramAnswers(state.view.whole) });
  });
  answers.chances = input.chances.map(([count, expected]) => chanceOfAtLeast(count, expected));
  answers.colours = colourScale(SCALE_LIGHT);
  answers.rules = [CELLS_PER_DECADE, VALLEY_SHARE, MASS_SHARE, SIGMAS, SIGNIFICANCE, SUSPICION];
  answers.latencies = input.latencies.map(formatLatency);
  answers.parsed = input.texts.map(parseObjective);
  console.log(JSON.stringify(answers));
})();
"#;

fn chances() -> Vec<(u64, f64)> {
    let counts = [0, 1, 2, 5, 17, 60, 400, 3_000];
    let expected = [0.001, 0.3, 2.0, 16.5, 64.0, 390.0, 3_100.0];
    counts.into_iter().flat_map(|count| expected.map(|expected| (count, expected))).collect()
}

const TEXTS: [(&str, Option<u64>); 9] = [
    ("200ms", Some(200_000_000)),
    ("1.5 s", Some(1_500_000_000)),
    ("2m", Some(120_000_000_000)),
    ("250µs", Some(250_000)),
    (".5s", Some(500_000_000)),
    ("1.5", None),
    ("0s", None),
    ("1.5ns", None),
    ("<b>", None),
];

/// Halves among them, as in the tests of `format.rs`.
const LATENCIES: [(f64, &str); 7] = [
    (0.0745, "75 ms"),
    (12.5, "13 s"),
    (1.125, "1.13 s"),
    (1.115, "1.12 s"),
    (0.9999, "1.00 s"),
    (1_500.0, "1,500 s"),
    (0.00098, "980 µs"),
];

/// The script's answers, or `None` where there is no node to run it.
fn ask(page: &str) -> Option<Value> {
    let between =
        |from: &str| page.split_once(from)?.1.split_once("</script>").map(|(text, _)| text);
    let question = json!({
        "data": between("id=\"data\">")?,
        "bins": between("id=\"bins\">")?,
        "objectives": OBJECTIVES,
        "chances": chances(),
        "latencies": LATENCIES.map(|(seconds, _)| seconds),
        "texts": TEXTS.map(|(text, _)| text),
    });
    let script = SCRIPT_MATHEMATICS.join("\n") + QUESTIONS;
    let node = Command::new("node")
        .args(["-e", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node =
        node.inspect_err(|error| eprintln!("not checked, node does not start: {error}")).ok()?;
    node.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn bounds(count: Bounds) -> Value {
    json!({ "low": count.low, "high": count.high })
}

fn histogram_answers(of: &CompactHistogram) -> Value {
    let Digest { count, mean, p50, p90, p99, p999, max_below } = Digest::of(of).unwrap();
    let counted = |count: fn(&CompactHistogram, Threshold) -> model::histogram::CountBounds| {
        OBJECTIVES.map(|nanos| bounds(count(of, Threshold::from_nanos(nanos)).into()))
    };
    let modes = modes::modes(of);
    json!({
        "digest": [json!(count), json!(mean), json!(p50), json!(p90), json!(p99), json!(p999), json!(max_below)],
        "over": counted(|of, limit| of.count_at_or_above(limit)),
        "below": counted(|of, limit| of.count_below(limit)),
        "modes": modes.iter().map(|mode| [mode.at, mode.from, mode.to, mode.share]).collect::<Vec<_>>(),
    })
}

fn sla_answers(sla: &Sla) -> Value {
    let micros = |time: CaptureTime| time.as_nanos() / 1_000;
    let (left_low, left_high) = sla.budget().left();
    let parts = sla.parts(sla.natural_parts());
    let customary = [sla.customary.mean, sla.customary.p99]
        .map(|one| json!([one.overall, one.highest, one.windows_over, one.hidden]));
    json!({
        "over": bounds(sla.over()),
        "timed": sla.timed(),
        "unanswered": sla.unanswered(),
        "incidents": sla.incidents.iter().map(|one| json!([micros(one.from), micros(one.to), one.over, one.unanswered, one.requests])).collect::<Vec<_>>(),
        "budget": [sla.budget().allowed as i64, left_low as i64, left_high as i64],
        "worst": sla.worst(5).iter().map(|window| [micros(window.start), window.missed()]).collect::<Vec<_>>(),
        "parts": parts.iter().map(|part| [micros(part.from), part.timed, part.over.low, part.over.high, part.windows_missing]).collect::<Vec<_>>(),
        "customary": customary,
    })
}

/// Equal, numbers up to the last digits of a double.
fn assert_same(ours: &Value, theirs: &Value, path: &str) {
    match (ours, theirs) {
        (Value::Object(ours), _) => ours
            .iter()
            .for_each(|(key, value)| assert_same(value, &theirs[key], &format!("{path}.{key}"))),
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{path}");
            let pairs = ours.iter().zip(theirs).enumerate();
            pairs.for_each(|(at, (ours, theirs))| {
                assert_same(ours, theirs, &format!("{path}[{at}]"))
            });
        }
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            let scale = left.abs().max(right.abs()).max(1e-300);
            assert!(
                (left - right).abs() <= 1e-9 * scale || (left - right).abs() < 1e-12,
                "{path}: {left} {right}"
            );
        }
        _ => assert_eq!(ours, theirs, "{path}"),
    }
}

fn sample_input() -> ReportInput {
    ReportInput {
        objectives: OBJECTIVES.map(Threshold::from_nanos).into(),
        ..sample::day(60_000.0)
    }
}

#[test]
fn script_and_program_agree() {
    let input = sample_input();
    let Some(theirs) = ask(&html::render(&input).unwrap()) else { return };
    let figures = Figures::new(&input);
    let whole = figures.timeline.whole();
    assert_same(&histogram_answers(&whole), &theirs["whole"], "whole");
    let mut cells = vec![0.0; 100];
    LogGrid { low: -4.0, high: 1.0, cells: 100 }.spread(&whole, &mut cells);
    assert_same(&json!(cells), &theirs["cells"], "cells");
    let windows: Vec<_> = figures.timeline.slices().map(|(_, slice)| &slice.latencies).collect();
    assert_same(&json!(density::scale_top(&windows)), &theirs["top"], "the legend's number");
    let report: Value = serde_json::from_str(&reports::json::render(&figures).unwrap()).unwrap();
    for (at, sla) in figures.slas.iter().enumerate() {
        assert_same(&sla_answers(sla), &theirs["slas"][at], &format!("slas[{at}]"));
        assert_eq!(report["objectives"][at]["summary"], theirs["slas"][at]["sentence"]);
    }
    for (at, row) in figures.rows.iter().enumerate() {
        assert_eq!(theirs["routes"][at]["name"], json!([row.wire, row.method, row.route]));
        let route = timeline(
            &input,
            |route| {
                (&route.wire, &route.method, &route.route) == (&row.wire, &row.method, &row.route)
            },
            Metric::Total,
        );
        assert_same(&histogram_answers(&route.whole()), &theirs["routes"][at], &row.route);
    }
}

#[test]
fn small_functions_agree() {
    let Some(theirs) = ask(&html::render(&sample_input()).unwrap()) else { return };
    for ((count, expected), theirs) in
        chances().into_iter().zip(theirs["chances"].as_array().unwrap())
    {
        let ours = chance::at_least(count, expected);
        assert!((ours - theirs.as_f64().unwrap()).abs() < 1e-9, "{count} {expected}");
    }
    for ((ours, theirs), step) in
        colours::scale(&colours::LIGHT).iter().zip(theirs["colours"].as_array().unwrap()).zip(0..)
    {
        for (ours, theirs) in ours.iter().zip(theirs.as_array().unwrap()) {
            assert!(ours.abs_diff(theirs.as_u64().unwrap() as u8) <= 1, "step {step}");
        }
    }
    let rules = [modes::VALLEY_SHARE, modes::MASS_SHARE, modes::SIGMAS];
    let rules = [
        [modes::CELLS_PER_DECADE as f64].as_slice(),
        &rules,
        &[incidents::SIGNIFICANCE, incidents::SUSPICION],
    ];
    assert_same(&json!(rules.concat()), &theirs["rules"], "rules");
    assert_eq!(theirs["latencies"], json!(LATENCIES.map(|(_, text)| text)));
    let parsed: Vec<Option<u64>> =
        theirs["parsed"].as_array().unwrap().iter().map(Value::as_u64).collect();
    assert_eq!(parsed, TEXTS.map(|(_, nanos)| nanos));
}
