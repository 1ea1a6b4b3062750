//! What keys do.

use crate::top::app::App;
use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, Paragraph};

const KEYS: &str =
    "q quit  ? help  ↑↓ select  s sort  r reverse  / filter  t time  +− zoom  ␣ pause";

const HELP: &str = "\
↑ ↓ k j      select a row; Page Up, Page Down, Home, End
s S ← →      sort by the next column, by the one before
r            reverse the order
/            filter by wire and route; Enter keeps it, Esc drops it
t            numbers of the last 10 s, 1 min, 5 min, 15 min, 1 h
+ −          shorter or longer columns in the heatmap
space        pause, go on
q Ctrl-C     quit

rate, p50, p99   of the time in the first line
open             asked and not answered, by now
errors           answered with an error, or never
p99 by time      higher is slower; the colour says how many
· ░ ▒ ▓ █        few to many requests of that latency; ╱ unknown";

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let line = match (app.filtering, app.filter.is_empty()) {
        (true, _) => format!("filter: {}▏ Enter keeps it, Esc drops it", app.filter),
        (false, false) => format!("filter: {} (Esc drops it)  {KEYS}", app.filter),
        (false, true) => KEYS.to_owned(),
    };
    frame.render_widget(Line::raw(line), area);
}

pub(super) fn help(frame: &mut Frame<'_>, area: Rect) {
    let text = Text::raw(HELP);
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX).saturating_add(4);
    let height = u16::try_from(text.height()).unwrap_or(u16::MAX).saturating_add(2);
    let [column] = Layout::horizontal([Constraint::Max(width)]).flex(Flex::Center).areas(area);
    let [place] = Layout::vertical([Constraint::Max(height)]).flex(Flex::Center).areas(column);
    frame.render_widget(Clear, place);
    let block = Block::bordered().title(" keys ").padding(ratatui::widgets::Padding::horizontal(1));
    frame.render_widget(Paragraph::new(text).block(block), place);
}
