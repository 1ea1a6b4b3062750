//! The table of connections, wire by wire, in the columns of the routes.

use super::columns::{NUMBERS, OVER, WIDTHS, fit, right, sparks, widths};
use super::{Options, line, printable};
use crate::connections::{Connections, Time};
use crate::figures::Figures;
use crate::format;

/// Wires that are listed; the rest is in the JSON.
const WIRES_MAX: usize = 12;

pub(super) fn table(figures: &Figures<'_>, options: Options, text: &mut String) {
    if figures.connections.is_empty() {
        return;
    }
    let (name, spark) = widths(options.width.saturating_sub(NUMBERS));
    // Nothing is counted against an objective: that column goes to the picture.
    let spark = if spark > 0 { spark + OVER + 1 } else { 0 };
    let heads = cells(["timed", "rate", "p50", "p90", "p99", "max <"].map(str::to_owned));
    let head = format!("{:<name$} {heads}", "Connections");
    let by_time = if spark > 0 { " p99 by time" } else { "" };
    line(text, format_args!("\n{}", format!("{head}{by_time}").trim_end()));
    for connections in figures.connections.iter().take(WIRES_MAX) {
        wire(figures, connections, (name, spark), text);
    }
    if let Some(more) = figures.connections.len().checked_sub(WIRES_MAX).filter(|more| *more > 0) {
        let more = format::counted(more as u64, "more wire");
        line(text, format_args!("… and {more}: see --format json"));
    }
}

fn wire(
    figures: &Figures<'_>,
    connections: &Connections,
    (name, spark): (usize, usize),
    text: &mut String,
) {
    line(text, format_args!("{}", fit(&printable(&connections.wire), name)));
    for time in &connections.times {
        let title = fit(time.which.label(), name.saturating_sub(2));
        let numbers = numbers(figures, time);
        let spark = sparks(&time.p99, spark);
        let row = format!("  {title:<width$} {numbers} {spark}", width = name.saturating_sub(2));
        line(text, format_args!("{}", row.trim_end()));
    }
}

fn numbers(figures: &Figures<'_>, time: &Time) -> String {
    let digest = time.digest;
    cells([
        format::count(digest.count),
        figures.rate(digest.count).map_or_else(|| "–".to_owned(), format::rate),
        format::latency(digest.p50),
        format::latency(digest.p90),
        format::latency(digest.p99),
        format::latency(digest.max_below),
    ])
}

fn cells(cells: [String; 6]) -> String {
    let cells: Vec<(String, usize)> = cells.into_iter().zip(WIDTHS).collect();
    right(&cells)
}
