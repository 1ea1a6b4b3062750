//! The selected row's latencies over time: a heatmap of letters, its axis, its numbers.

use super::Look;
use crate::top::app::App;
use crate::top::state::Row;
use analyzer::density::LogGrid;
use model::histogram::{Bin, CompactHistogram, Distribution};
use model::transaction::Outcome;
use model::units::{NANOS_PER_SECOND, Nanos};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use reports::format;

/// Columns of the latency axis.
pub(super) const AXIS: u16 = 9;
/// A time on the other axis stands every so many columns: the first of these that makes a round one.
const TIMES_EVERY: [usize; 5] = [12, 15, 18, 20, 24];
/// Latencies that an axis names, in each decade; the first is the most welcome.
const ROUND: [f64; 3] = [1.0, 5.0, 2.0];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, row: &Row, look: Look<'_>) {
    let [title, numbers, heat, times] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(super::fitted(heading(row), area.width).bold().underlined(), title);
    frame.render_widget(super::fitted(figures(row), area.width), numbers);
    let width = super::columns(area.width);
    let length = app.column(width);
    let columns = app.state().columns(&row.subject, width, length);
    map(frame, heat, app, &columns, look);
    frame.render_widget(Line::raw(time_axis(width, length)), times);
}

/// How long ago the columns were.
fn time_axis(columns: usize, Nanos(length): Nanos) -> String {
    let is_round = |every: &&usize| {
        let span = length * **every as u64;
        span.is_multiple_of(60 * NANOS_PER_SECOND)
            || span <= 40 * NANOS_PER_SECOND && span.is_multiple_of(5 * NANOS_PER_SECOND)
    };
    let every = TIMES_EVERY.iter().find(is_round).copied().unwrap_or(15);
    let mut axis = " ".repeat(usize::from(AXIS) + columns % every);
    for back in (1..=columns / every).rev() {
        let ago = format!("│{} ago", format::span(Nanos(length * (back * every) as u64)));
        axis.push_str(&format!("{ago:<every$.every$}"));
    }
    axis
}

fn heading(row: &Row) -> String {
    match &row.subject.route {
        Some(route) => format!("{route} on {}", row.subject.wire),
        None => format!("all of {}", row.subject.wire),
    }
}

/// More of the row than the table has room for.
fn figures(row: &Row) -> String {
    let mut parts = Vec::new();
    if let Some(times) = row.times {
        let named = [("p50", times.p50), ("p90", times.p90), ("p99", times.p99)];
        parts.extend(named.map(|(name, value)| format!("{name} {}", format::latency(value))));
        parts.push(format!("max < {}", format::latency(times.max_below)));
    }
    if let Some(oldest) = row.oldest {
        parts.push(format!("oldest open {}", format::latency(oldest)));
    }
    let some = Outcome::ALL.into_iter().filter(|outcome| row.outcomes.get(*outcome) > 0);
    parts.extend(some.map(|outcome| {
        let count = format::count(row.outcomes.get(outcome));
        format!("{count} {}", outcome.name().replace('_', " "))
    }));
    if parts.is_empty() { "nothing in this time".to_owned() } else { parts.join(" · ") }
}

/// Rows of equal width in the logarithm of the latency, the longest on top.
fn map(
    frame: &mut Frame<'_>,
    area: Rect,
    app: &App,
    columns: &[Option<CompactHistogram>],
    look: Look<'_>,
) {
    let Some(grid) = grid(columns, usize::from(area.height)) else { return };
    let cells: Vec<Option<Vec<f64>>> = columns
        .iter()
        .map(|times| {
            let mut cells = vec![0.0; grid.cells];
            grid.spread(times.as_ref()?, &mut cells);
            Some(cells)
        })
        .collect();
    let densest = cells.iter().flatten().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    // Before the first window and behind the last there is nothing; between them, times that nobody reported.
    let first = cells.iter().position(Option::is_some).unwrap_or_default();
    let last = cells.iter().rposition(Option::is_some).unwrap_or_default();
    for (line, row) in area.rows().zip((0..grid.cells).rev()) {
        let spans = cells.iter().enumerate().map(|(column, cells)| match cells {
            None if column < first || column > last => Span::raw(" "),
            None => Span::styled("╱", look.palette.faint()),
            Some(cells) => {
                let share = cells.get(row).copied().unwrap_or_default() / densest;
                let (letter, style) = look.palette.density(share);
                Span::styled(letter.to_string(), style)
            }
        });
        let axis = Span::raw(label(app, &grid, row));
        frame.render_widget(Line::from_iter([axis].into_iter().chain(spans)), line);
    }
}

/// From the shortest to the longest, a decade at least: or the smallest differences would fill the picture.
fn grid(columns: &[Option<CompactHistogram>], rows: usize) -> Option<LogGrid> {
    let bins = columns.iter().flatten().flat_map(Distribution::bins).map(|(bin, _)| bin);
    let positive: Vec<Bin> = bins.filter(|bin| bin.mantissa() > 0).collect();
    let (lowest, highest) = (positive.iter().min()?, positive.iter().max()?);
    let grid = LogGrid::covering(*lowest, *highest, rows)?;
    let missing = (1.0 - (grid.high - grid.low)).max(0.0) / 2.0;
    Some(LogGrid { low: grid.low - missing, high: grid.high + missing, ..grid })
}

/// A round latency that the row holds, if there is one; the row of the objective is marked, and names that.
fn label(app: &App, grid: &LogGrid, row: usize) -> String {
    let holds = |value: &f64| {
        let place = grid.place(*value);
        place >= row as f64 && place < row as f64 + 1.0
    };
    let objective = app.objective.map(|objective| objective.to_f64()).filter(holds);
    let decade = 10_f64.powf(grid.value(row as f64).log10().floor());
    let round = ROUND.map(|digit| [digit * decade, digit * decade * 10.0]).into_iter().flatten();
    let named = objective.or_else(|| round.into_iter().find(|value| holds(value)));
    let text = named.map_or_else(String::new, format::latency);
    let mark = if objective.is_some() { '◂' } else { '│' };
    format!("{text:>width$}{mark}", width = usize::from(AXIS) - 1)
}
