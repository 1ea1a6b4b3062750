//! What all wires came to, what the observer costs, and what was lost.

use super::{Look, fitted, table};
use crate::top::app::App;
use crate::top::state::{Row, Summary};
use model::ledger::{Notices, Requests, Streams};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize;
use ratatui::text::{Line, Span};
use reports::format;

const BETWEEN: &str = " · ";

/// What there is to say, beside the numbers of all wires.
pub(super) struct Header {
    /// What taints the numbers, or why nothing more is heard.
    alarm: Option<String>,
}

impl Header {
    pub(super) fn new(app: &App, summary: &Summary) -> Self {
        let taints = taints(summary);
        let lost = (!taints.is_empty()).then(|| taints.join(BETWEEN));
        let alarm: Vec<String> = app.gone.iter().cloned().chain(lost).collect();
        Self { alarm: (!alarm.is_empty()).then(|| format!("! {}", alarm.join(BETWEEN))) }
    }

    /// Lines that it takes.
    pub(super) fn lines(&self) -> u16 {
        3 + u16::from(self.alarm.is_some())
    }

    pub(super) fn draw(
        self,
        frame: &mut Frame<'_>,
        area: Rect,
        app: &App,
        (summary, rows): (&Summary, &[Row]),
        look: Look<'_>,
    ) {
        let mut lines = area.rows();
        let mut line = || lines.next().unwrap_or_default();
        title(frame, line(), app, rows);
        frame.render_widget(fitted(totals(app, summary), area.width), line());
        frame.render_widget(fitted(health(summary, self.alarm.is_none()), area.width), line());
        if let Some(alarm) = self.alarm {
            let alarm = fitted(alarm, area.width).style(look.palette.alarm());
            frame.render_widget(alarm, line());
        }
    }
}

fn title(frame: &mut Frame<'_>, area: Rect, app: &App, rows: &[Row]) {
    let clock = match app.state().now() {
        now if now.as_nanos() == 0 => String::new(),
        now => format!(" {} UTC", format::time_of_day(now)),
    };
    let width = u16::try_from(clock.len()).unwrap_or_default();
    let [scoped, timed] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
    let title = [Span::raw("wirelat top").bold(), Span::raw(scope(app, rows))];
    frame.render_widget(Line::from_iter(title), scoped);
    frame.render_widget(Line::raw(clock), timed);
}

/// Who is heard, what there is, over what time.
fn scope(app: &App, rows: &[Row]) -> String {
    let mut parts = vec![String::new()];
    parts.extend(app.state().sources());
    let wires = rows.iter().filter(|row| row.subject.route.is_none()).count();
    parts.push(format::counted(wires as u64, "wire"));
    parts.push(format::counted((rows.len() - wires) as u64, "route"));
    parts.push(format!("last {}", format::span(app.span())));
    if app.is_paused() {
        parts.push("PAUSED".to_owned());
    }
    parts.join(BETWEEN)
}

fn totals(app: &App, summary: &Summary) -> String {
    let all = &summary.all;
    let latency = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::latency);
    let mut parts = vec![
        format::rate(all.rate),
        format!("p50 {}", latency(all.times.map(|times| times.p50))),
        format!("p99 {}", latency(all.times.map(|times| times.p99))),
    ];
    if let (Some(objective), Some(over)) = (app.objective, all.over) {
        parts.push(format!("{} ≥ {objective}", table::bounds(over)));
    }
    parts.push(format!("{} open", format::count(all.open.unwrap_or_default())));
    parts.push(format::counted(all.errors(), "error"));
    parts.join(BETWEEN)
}

/// How much was read, and what the observer costs.
fn health(summary: &Summary, is_all_well: bool) -> String {
    let mut parts = vec![format!("coverage {}", format::coverage(&summary.ledger.streams))];
    let cpu = summary.cpu_share.map(|share| format!("{:.1} % CPU", 100.0 * share));
    let memory = summary.own.memory_bytes.map(|bytes| format::bytes(bytes as u64));
    let own: Vec<String> = cpu.into_iter().chain(memory).collect();
    if !own.is_empty() {
        parts.push(format!("observer {}", own.join(", ")));
    }
    if is_all_well {
        parts.push("nothing lost".to_owned());
    }
    parts.join(BETWEEN)
}

/// What was lost, or may soon be.
fn taints(summary: &Summary) -> Vec<String> {
    let Streams { gap, not_understood, .. } = summary.ledger.streams;
    let Requests { quarantined, .. } = summary.ledger.requests;
    let Notices { too_late, names_other, names_shed, sizes_shed, .. } = summary.ledger.notices;
    let Notices { open_requests_over_limit, buffer_over_limit, .. } = summary.ledger.notices;
    let counts = [
        (summary.packets.dropped, "packets dropped by the kernel"),
        (quarantined, "quarantined"),
        (summary.own.lost_windows, "windows lost on their way"),
        (too_late, "too late"),
        (names_shed, "without their names, to save CPU"),
        (sizes_shed, "without their sizes, to save CPU"),
        (names_other, "over the limit of names"),
        (open_requests_over_limit + buffer_over_limit, "given up over a limit"),
        (summary.packets.connections_over_limit, "connections over the limit"),
    ];
    let bytes = [(gap, "never captured"), (not_understood, "not understood")];
    let bytes = bytes.into_iter().filter(|(bytes, _)| *bytes > 0);
    let bytes = bytes.map(|(bytes, what)| format!("{} {what}", format::bytes(bytes)));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| format!("{} {what}", format::count(count)));
    let waiting = summary.own.waiting_windows as u64;
    let waiting = (waiting > 0).then(|| format!("{} waiting", format::counted(waiting, "window")));
    bytes.chain(counts).chain(waiting).collect()
}
