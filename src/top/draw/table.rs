//! The rows: a wire, and behind it its routes, with the p99 over time as far as there is room.

use super::Look;
use crate::top::app::{App, Sort};
use crate::top::state::Row;
use analyzer::sparkline;
use model::histogram::{Distribution, QuantileMethod};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Cell, Row as TableRow, Table, TableState};
use reports::format;
use std::ops::Range;

/// Widths of the numbers: rate, p50, p99, over, open, errors.
const WIDTHS: [u16; 6] = [8, 7, 7, 8, 5, 7];
/// The name's width at least, and at most where there is a strip beside it.
const NAME: Range<u16> = 20..44;
/// The strip's.
const SPARK: Range<u16> = 8..60;
/// The mark of the selected row.
const MARK: &str = "▶";

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &mut App, rows: &[Row], look: Look<'_>) {
    let numbers: Vec<(Sort, u16)> = columns(app).collect();
    let taken: u16 = numbers.iter().map(|(_, width)| width + 1).sum();
    let free = area.width.saturating_sub(taken).saturating_sub(1);
    let longest = rows.iter().map(|row| title(row).width()).max().unwrap_or_default();
    let (name, spark) = widths(free, u16::try_from(longest).unwrap_or(u16::MAX));
    let selected = app.selected(rows);
    let mut state = TableState::new().with_offset(app.offset).with_selected(selected);
    // Only rows that can be seen need their strip.
    let seen = seen(app.offset, selected, usize::from(area.height.saturating_sub(1)));
    let lines = rows.iter().enumerate().map(|(place, row)| {
        let spark = if seen.contains(&place) { spark } else { 0 };
        let name = title(row);
        let name = if selected == Some(place) { name.reversed() } else { name };
        line(app, row, name, (&numbers, spark), look)
    });
    let widths = [name].into_iter().chain(numbers.iter().map(|(_, width)| *width)).chain([spark]);
    let table = Table::new(lines, widths.map(Constraint::Length))
        .header(head(app, &numbers, spark))
        .highlight_symbol(MARK)
        .highlight_spacing(ratatui::widgets::HighlightSpacing::Always);
    frame.render_stateful_widget(table, area, &mut state);
    if rows.is_empty() {
        let nothing = match app.filter.is_empty() {
            true => " no request was seen yet",
            false => " nothing has a name like the filter",
        };
        frame.render_widget(Line::raw(nothing), area.rows().nth(1).unwrap_or_default());
    }
    app.offset = state.offset();
}

/// The widths of the name, of which the longest has so many columns, and of the strip.
fn widths(free: u16, longest: u16) -> (u16, u16) {
    let wanted = longest.clamp(NAME.start, NAME.end);
    // Who must choose has more of the name, but some of the strip.
    let name = wanted.min(free.saturating_sub(SPARK.start + 1)).max(NAME.start);
    match free.saturating_sub(name + 1) {
        spark if spark < SPARK.start => (free, 0),
        spark => (name, spark.min(SPARK.end)),
    }
}

fn title<'s>(row: &Row) -> Span<'s> {
    match &row.subject.route {
        None => Span::raw(row.subject.wire.to_string()).bold(),
        Some(route) => Span::raw(format!(" {route}")),
    }
}

/// The rows that may be seen, once the selected one is among them.
fn seen(offset: usize, selected: Option<usize>, height: usize) -> Range<usize> {
    let selected = selected.unwrap_or_default();
    offset.min(selected)..(offset + height).max(selected + 1)
}

/// The columns of numbers. Without an objective nothing is over it.
fn columns(app: &App) -> impl Iterator<Item = (Sort, u16)> {
    const SORTS: [Sort; 6] =
        [Sort::Rate, Sort::P50, Sort::P99, Sort::Over, Sort::Open, Sort::Errors];
    let has_objective = app.objective.is_some();
    SORTS.into_iter().zip(WIDTHS).filter(move |(sort, _)| *sort != Sort::Over || has_objective)
}

fn head<'r>(app: &App, numbers: &[(Sort, u16)], spark: u16) -> TableRow<'r> {
    let marked = |sort: Sort, title: String| match (app.sort == sort, app.reversed) {
        (false, _) => title,
        (true, false) => format!("{title}▾"),
        (true, true) => format!("{title}▴"),
    };
    let name = Cell::new(marked(Sort::Name, "wire, route".to_owned()));
    let cells = numbers.iter().map(|&(sort, _)| {
        let title = match sort {
            Sort::Rate => "rate".to_owned(),
            Sort::P50 => "p50".to_owned(),
            Sort::P99 => "p99".to_owned(),
            Sort::Over => app.objective.map_or_else(String::new, |limit| format!("≥{limit}")),
            Sort::Open => "open".to_owned(),
            Sort::Errors => "errors".to_owned(),
            Sort::Name => String::new(),
        };
        Cell::new(Text::from(marked(sort, title)).right_aligned())
    });
    let column = format::span(app.column(usize::from(spark)));
    let by_time = match spark {
        ..11 => "p99".to_owned(),
        11..24 => "p99 by time".to_owned(),
        _ => format!("p99 by time, {column} each"),
    };
    TableRow::new([name].into_iter().chain(cells).chain([Cell::new(by_time)])).underlined()
}

fn line<'r>(
    app: &App,
    row: &Row,
    name: Span<'r>,
    (numbers, spark): (&[(Sort, u16)], u16),
    look: Look<'_>,
) -> TableRow<'r> {
    let latency = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::latency);
    let cells = numbers.iter().map(|&(sort, _)| {
        let (text, is_bad) = match sort {
            Sort::Rate => (format::rate(row.rate), false),
            Sort::P50 => (latency(row.times.map(|times| times.p50)), false),
            Sort::P99 => (latency(row.times.map(|times| times.p99)), false),
            Sort::Over => {
                let over = row.over.unwrap_or_default();
                (bounds(over), over.0 > 0)
            }
            Sort::Open => (row.open.map_or_else(String::new, format::count), false),
            Sort::Errors => (format::count(row.errors()), row.errors() > 0),
            Sort::Name => (String::new(), false),
        };
        let style = if is_bad { look.palette.alarm() } else { Style::new() };
        Cell::new(Text::styled(text, style).right_aligned())
    });
    let strip = Cell::new(sparks(app, row, usize::from(spark), look));
    TableRow::new([Cell::new(name)].into_iter().chain(cells).chain([strip]))
}

/// `13`, `705–788`.
pub(super) fn bounds((low, high): (u64, u64)) -> String {
    if low == high {
        format::count(low)
    } else {
        format!("{}–{}", format::count(low), format::count(high))
    }
}

/// The p99 over time, on a logarithmic scale of the row's own, coloured by how many requests there were.
fn sparks<'l>(app: &App, row: &Row, width: usize, look: Look<'_>) -> Line<'l> {
    if width == 0 {
        return Line::default();
    }
    let columns = app.state().columns(&row.subject, width, app.column(width));
    let p99 = |times: &Option<_>| {
        let times: &model::histogram::CompactHistogram = times.as_ref()?;
        times.quantile(0.99, QuantileMethod::Type1).ok()
    };
    let values: Vec<Option<f64>> = columns.iter().map(p99).collect();
    let seen = || values.iter().flatten().copied();
    let (Some(low), Some(high)) = (seen().reduce(f64::min), seen().reduce(f64::max)) else {
        return Line::default();
    };
    let most = columns.iter().flatten().map(Distribution::count).max().unwrap_or(1).max(1);
    // Less than a factor of two is no story: the scale spans at least that, or noise would look like one.
    let levels = sparkline::levels(&values, low, high.max(low * 2.0), BLOCKS.len());
    let cell = |(level, times): (Option<usize>, &Option<model::histogram::CompactHistogram>)| {
        let Some(block) = level.and_then(|level| BLOCKS.get(level)) else { return Span::raw(" ") };
        let count = times.as_ref().map_or(0, Distribution::count);
        Span::styled(block.to_string(), look.palette.colour(count as f64 / most as f64))
    };
    Line::from_iter(levels.into_iter().zip(&columns).map(cell))
}
