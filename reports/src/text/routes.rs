//! The table of routes, wire by wire.

use super::columns::{NUMBERS, WIDTHS, fit, right, sparks, widths};
use super::{Options, line, printable};
use crate::figures::{Figures, Row};
use crate::format;
use crate::sentence;
use model::transaction::Outcome;

/// Routes that are listed; the rest is in the report and in the JSON.
const ROWS_MAX: usize = 40;

pub(super) fn table(figures: &Figures<'_>, options: Options, text: &mut String) {
    let (name, spark) = widths(options.width.saturating_sub(NUMBERS));
    let mut wire = None;
    for row in figures.rows.iter().take(ROWS_MAX) {
        if wire != Some(&row.wire) {
            wire = Some(&row.wire);
            head(figures, row, (name, spark), text);
        }
        let title = fit(&printable(&title(row)), name);
        let numbers = right(&numbers(figures, row));
        let spark = sparks(&row.p99, spark);
        line(text, format_args!("{}", format!("{title:<name$} {numbers} {spark}").trim_end()));
        if let Some(outcomes) = outcomes(row) {
            line(text, format_args!("  {outcomes}"));
        }
    }
    if figures.rows.len() > ROWS_MAX {
        let more = format::counted((figures.rows.len() - ROWS_MAX) as u64, "more route");
        line(text, format_args!("… and {more}: see --report or --format json"));
    }
    if figures.rows.is_empty() {
        line(text, format_args!("\nNo request was seen."));
    }
}

fn head(figures: &Figures<'_>, row: &Row, (name, spark): (usize, usize), text: &mut String) {
    let limit = figures.input.objectives.first();
    let over = limit.map_or_else(
        || "over".to_owned(),
        |&limit| format!("≥{}", sentence::objective(limit).replace(' ', "")),
    );
    let heads = ["requests", "rate", "p50", "p90", "p99", "max <", &over];
    let cells: Vec<(String, usize)> =
        heads.iter().zip(WIDTHS).map(|(head, width)| (fit(head, width), width)).collect();
    let wire = fit(&printable(&row.wire), name);
    line(
        text,
        format_args!(
            "\n{wire:<name$} {}{}",
            right(&cells),
            if spark > 0 { " p99 by time" } else { "" }
        ),
    );
}

fn title(row: &Row) -> String {
    if row.method.is_empty() { row.route.clone() } else { format!("{} {}", row.method, row.route) }
}

fn numbers(figures: &Figures<'_>, row: &Row) -> Vec<(String, usize)> {
    let none = || "–".to_owned();
    let latency = |value: Option<f64>| value.map_or_else(none, format::latency);
    let digest = row.digest;
    let cells = [
        format::count(row.requests()),
        figures.rate(row.requests()).map_or_else(none, format::rate),
        latency(digest.map(|digest| digest.p50)),
        latency(digest.map(|digest| digest.p90)),
        latency(digest.map(|digest| digest.p99)),
        latency(digest.map(|digest| digest.max_below)),
        row.over.first().map_or_else(none, |&over| sentence::bounds(over).replace(" to ", "–")),
    ];
    cells.into_iter().zip(WIDTHS).collect()
}

/// How requests ended, where not all of them ended well.
fn outcomes(row: &Row) -> Option<String> {
    let counts = &row.outcomes;
    if counts.total() == counts.ok {
        return None;
    }
    let some = Outcome::ALL.into_iter().filter(|&outcome| counts.get(outcome) > 0);
    let listed: Vec<String> = some
        .map(|outcome| {
            format!("{} {}", outcome.name().replace('_', " "), format::count(counts.get(outcome)))
        })
        .collect();
    Some(listed.join(" · "))
}
