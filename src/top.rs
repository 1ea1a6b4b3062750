//! `wirelat top`: what an observer sees, live, in the terminal.

mod app;
mod draw;
mod screen;
mod source;
mod state;

use crate::arguments::TopArguments;
use crate::failure::Done;
use anyhow::Context;
use app::App;
use draw::{Depth, Look, Palette};
use observer::capture::live;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::text::Span;
use source::{Observer, Source};
use std::io::{IsTerminal, Write};

/// Columns and lines of a picture for a file.
const PICTURE: (u16, u16) = (100, 40);

pub fn run(arguments: &TopArguments) -> anyhow::Result<Done> {
    let mut app = App::new(arguments.objective);
    let path = arguments.socket.clone();
    let open = move || Ok(Box::new(Observer::connect(&path)?) as Box<dyn Source>);
    let mut source = open()?;
    if arguments.once {
        once(&mut *source, &mut app)?;
    } else {
        anyhow::ensure!(
            std::io::stdout().is_terminal() && std::io::stdin().is_terminal(),
            "this is no terminal; --once prints one picture as plain text"
        );
        screen::run(source, open, app)?;
    }
    Ok(Done::Whole)
}

/// Prints what is known by now.
fn once(source: &mut dyn Source, app: &mut App) -> anyhow::Result<()> {
    // First comes what is known of windows before, then what is new.
    for _ in 0..2 {
        let batches = source.next()?.context("the observer closed the connection; try again")?;
        app.take(batches, live::now());
    }
    let (width, height) = ratatui::crossterm::terminal::size()
        .ok()
        .filter(|_| std::io::stdout().is_terminal())
        .unwrap_or(PICTURE);
    let rows = u16::try_from(app.rows(&app.summary()).len()).unwrap_or(u16::MAX);
    let text = picture(app, width, height.max(rows.saturating_add(PICTURE.1 / 2)))?;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// A frame as lines of text.
fn picture(app: &mut App, width: u16, height: u16) -> anyhow::Result<String> {
    let palette = Palette::new(Depth::Plain);
    let look = Look { palette: &palette, keys: false };
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    terminal.draw(|frame| draw::draw(frame, app, look))?;
    Ok(lines(terminal.backend().buffer()))
}

/// The letters of a buffer, without blanks at the ends of lines; empty lines in a row are one.
fn lines(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content().chunks(usize::from(buffer.area.width).max(1)) {
        let (mut line, mut skipped) = (String::new(), 0_usize);
        for cell in row {
            // A wide letter covers the next cell.
            if let Some(left) = skipped.checked_sub(1) {
                skipped = left;
                continue;
            }
            line.push_str(cell.symbol());
            skipped = Span::raw(cell.symbol()).width().saturating_sub(1);
        }
        let line = line.trim_end();
        if !(line.is_empty() && text.ends_with("\n\n")) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests;
