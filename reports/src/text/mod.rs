//! The report on a terminal: routes, connections, service level, ledger.

mod columns;
mod connections;
mod ledger;
mod routes;
mod service_level;

use crate::figures::Figures;
use crate::format::{self, Clock};
use columns::wrap;
use std::fmt::Write;

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns; at least [`Options::WIDTH_MIN`] are used.
    pub width: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
}

impl Options {
    /// What a table needs to be readable.
    pub const WIDTH_MIN: usize = 80;
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 100, unicode: true }
    }
}

/// The report as lines of text, each ending with a line break.
pub fn render(figures: &Figures<'_>, options: Options) -> String {
    let options = Options { width: options.width.max(Options::WIDTH_MIN), ..options };
    let mut text = String::new();
    heading(figures, options, &mut text);
    routes::table(figures, options, &mut text);
    connections::table(figures, options, &mut text);
    service_level::sections(figures, options, &mut text);
    ledger::section(figures, options, &mut text);
    if options.unicode { text } else { ascii(&text) }
}

/// Writing into a string cannot fail.
fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
    text.push('\n');
}

fn heading(figures: &Figures<'_>, options: Options, text: &mut String) {
    let input = figures.input;
    line(text, format_args!("{}", printable(&input.title)));
    if let Some((first, last)) = input.span {
        let clock = Clock { date: true, seconds: true };
        let span = last.since(first).unwrap_or_default();
        line(
            text,
            format_args!(
                "{} to {} UTC ({}), {} of {}, coverage {}",
                clock.time(first),
                clock.time(last),
                format::span(span),
                format::counted(figures.timeline.slices().count() as u64, "window"),
                format::span(input.window.span()),
                format::coverage(&figures.ledger.streams),
            ),
        );
    }
    let missing =
        figures.timeline.places().saturating_sub(figures.timeline.slices().count() as u64);
    if missing > 0 {
        line(
            text,
            format_args!(
                "{} {} not reported: nothing is known of {}.",
                format::counted(missing, "window"),
                if missing == 1 { "was" } else { "were" },
                if missing == 1 { "it" } else { "them" },
            ),
        );
    }
    for note in &input.notes {
        let words = format!("Note: {}", printable(note));
        for (place, row) in wrap(&words, options.width.saturating_sub(2)).iter().enumerate() {
            line(text, format_args!("{}{row}", if place == 0 { "" } else { "  " }));
        }
    }
}

/// Names come from the network: control characters must not reach the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The same with nothing beyond ASCII, column for column.
fn ascii(text: &str) -> String {
    const SPARKS: &[u8] = b"_.-~=+*#";
    let plain = |c: char| match c {
        c if c.is_ascii() => c,
        '▁'..='█' => {
            let level = (c as usize).saturating_sub('▁' as usize);
            SPARKS.get(level).copied().map_or('#', char::from)
        }
        '–' | '—' | '−' | '─' => '-',
        'µ' => 'u',
        '·' => ';',
        '…' => '~',
        '×' => 'x',
        '≥' => '>',
        _ => '?',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_network_steers_the_terminal() {
        assert_eq!(printable("/a\u{1b}[2J\n\u{9b}b"), "/a\u{fffd}[2J\u{fffd}\u{fffd}b");
    }

    #[test]
    fn ascii_keeps_the_columns() {
        let text = "▁▂▃▄▅▆▇█ 75 µs –";
        assert_eq!(ascii(text), "_.-~=+*# 75 us -");
        assert_eq!(ascii(text).chars().count(), text.chars().count());
    }
}
