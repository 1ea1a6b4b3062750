//! A frame: what the last windows say, as wide and as high as the terminal is.

mod footer;
mod header;
mod palette;
mod strip;
mod table;

pub use palette::{Depth, Palette};

use super::app::App;
use header::Header;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::text::{Line, Span};

/// Below this many lines the selected row has no heatmap.
const STRIP_FROM: u16 = 18;
/// Lines of that heatmap, with its heading and its axis: at least and at most.
const STRIP_LINES: (u16, u16) = (9, 28);

/// What a frame is made for.
#[derive(Clone, Copy)]
pub struct Look<'p> {
    pub palette: &'p Palette,
    /// Somebody can press keys.
    pub keys: bool,
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &mut App, look: Look<'_>) {
    let summary = app.summary();
    let rows = app.rows(&summary);
    let header = Header::new(app, &summary);
    let area = frame.area();
    let strip = match area.height {
        ..STRIP_FROM => 0,
        _ if rows.is_empty() => 0,
        height => {
            let table = u16::try_from(rows.len() + 1).unwrap_or(u16::MAX);
            let free = height.saturating_sub(header.lines() + 1).saturating_sub(table);
            free.max(height * 2 / 5).clamp(STRIP_LINES.0, STRIP_LINES.1)
        }
    };
    let [head, table, below, foot] = Layout::vertical([
        Constraint::Length(header.lines()),
        Constraint::Min(0),
        Constraint::Length(strip),
        Constraint::Length(u16::from(look.keys)),
    ])
    .areas(area);
    header.draw(frame, head, app, (&summary, &rows), look);
    table::draw(frame, table, app, &rows, look);
    if let Some(row) = app.selected(&rows).and_then(|place| rows.get(place))
        && strip > 0
    {
        strip::draw(frame, below, app, row, look);
    }
    if look.keys {
        footer::draw(frame, foot, app);
        if app.helping {
            footer::help(frame, area);
        }
    }
}

/// A line, with an ellipsis where something is missing.
fn fitted<'l>(text: String, width: u16) -> Line<'l> {
    let width = usize::from(width);
    if Span::raw(&text).width() <= width {
        return Line::raw(text);
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    Line::raw(kept + "…")
}

/// Columns that the heatmap has in a frame of so many.
pub const fn columns(width: u16) -> usize {
    width.saturating_sub(strip::AXIS) as usize
}
