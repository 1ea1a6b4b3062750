//! The table of routes, wire by wire.

use super::columns::{fit, right};
use super::{Options, line, printable};
use crate::figures::{Figures, Row};
use crate::format;
use crate::sentence;
use analyzer::sparkline;
use model::transaction::Outcome;

/// Widths of the columns: requests, rate, p50, p90, p99, max, over.
const WIDTHS: [usize; 7] = [11, 8, 7, 7, 7, 7, 8];
/// What the numbers take with the blanks before each.
const NUMBERS: usize = 62;
/// The narrowest sparkline, and the widest.
const SPARK: (usize, usize) = (12, 24);
/// What a name needs before there is a sparkline.
const NAME_MIN: usize = 24;
/// Routes that are listed; the rest is in the report and in the JSON.
const ROWS_MAX: usize = 40;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

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
        let spark = sparks(row, spark);
        line(text, format_args!("{}", format!("{title:<name$} {numbers} {spark}").trim_end()));
        if let Some(outcomes) = outcomes(row) {
            line(text, format_args!("  {outcomes}"));
        }
    }
    if figures.rows.len() > ROWS_MAX {
        let more = figures.rows.len() - ROWS_MAX;
        line(
            text,
            format_args!(
                "… and {} more routes: see --report or --format json",
                format::count(more as u64)
            ),
        );
    }
    if figures.rows.is_empty() {
        line(text, format_args!("\nNo request was seen."));
    }
}

/// The widths of the name and of the sparkline, which a narrow terminal goes without.
fn widths(free: usize) -> (usize, usize) {
    if free < NAME_MIN + 1 + SPARK.0 {
        return (free, 0);
    }
    let spark = (free / 3).clamp(SPARK.0, SPARK.1);
    (free - spark - 1, spark)
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

/// The p99 over the span, on a logarithmic scale of its own; blank where nothing was seen.
fn sparks(row: &Row, width: usize) -> String {
    let fitted = sparkline::fit(&row.p99, width);
    let seen = || fitted.iter().flatten().copied();
    let (Some(low), Some(high)) = (seen().reduce(f64::min), seen().reduce(f64::max)) else {
        return String::new();
    };
    // Less than a factor of two is no story: the scale spans at least that, or noise would look like one.
    let levels = sparkline::levels(&fitted, low, high.max(low * 2.0), BLOCKS.len());
    let block = |level: usize| BLOCKS.get(level).copied().unwrap_or(' ');
    levels.into_iter().map(|level| level.map_or(' ', block)).collect()
}
