//! The terminal: frames out, keys in. It is left as it was found, whatever ends the program.

use super::app::{App, Wish};
use super::draw::{self, Look, Palette};
use super::source::Source;
use anyhow::Context;
use crossbeam_channel::{Receiver, Sender, bounded};
use model::batch::Batch;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use observer::capture::live;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Keys and news are looked for this often.
const PATIENCE_MS: u16 = 100;
/// One who went away is looked for this often.
const RETRY: Duration = Duration::from_secs(1);
/// Messages that wait to be shown. Whoever sends them may let us go when we are that slow.
const WAITING_MAX: usize = 16;

/// What a source says.
enum Heard {
    Batches(Vec<Batch>),
    Gone(String),
}

/// Shows a source until somebody quits. `open` finds it again when it went away.
pub fn run(
    source: Box<dyn Source>,
    open: impl FnMut() -> anyhow::Result<Box<dyn Source>> + Send + 'static,
    app: App,
) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        // The second one ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let (sender, heard) = bounded(WAITING_MAX);
    std::thread::spawn(move || listen(source, open, &sender));
    // A panic restores the terminal before it says what happened.
    let mut terminal = ratatui::try_init().context("preparing the terminal")?;
    let shown = show(&mut terminal, &heard, &stop, app);
    ratatui::restore();
    shown
}

/// Hears a source, and finds it again.
fn listen(
    mut source: Box<dyn Source>,
    mut open: impl FnMut() -> anyhow::Result<Box<dyn Source>>,
    heard: &Sender<Heard>,
) {
    loop {
        let gone = match source.next() {
            Ok(Some(batches)) => match heard.send(Heard::Batches(batches)) {
                Ok(()) => continue,
                // Nobody looks any more.
                Err(_) => return,
            },
            Ok(None) => "the observer ended".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        if heard.send(Heard::Gone(gone)).is_err() {
            return;
        }
        source = loop {
            std::thread::sleep(RETRY);
            match open() {
                Ok(source) => break source,
                Err(error) if heard.send(Heard::Gone(format!("{error:#}"))).is_err() => return,
                Err(_) => {}
            }
        };
    }
}

/// Waits for keys, but not for long. Whether nobody holds the other end of the terminal any more: without a session no signal
/// says so, and reading keys would never end.
fn is_hung_up() -> bool {
    let stdin = std::io::stdin();
    let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let _ = poll(&mut polled, PollTimeout::from(PATIENCE_MS));
    polled.iter().filter_map(PollFd::revents).any(|found| {
        found.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL)
    })
}

fn show(
    terminal: &mut DefaultTerminal,
    heard: &Receiver<Heard>,
    stop: &AtomicBool,
    mut app: App,
) -> anyhow::Result<()> {
    let palette = Palette::of_terminal(|name| std::env::var(name).ok());
    let look = Look { palette: &palette, keys: true };
    let mut is_new = true;
    while !stop.load(Ordering::Relaxed) {
        if is_new {
            terminal.draw(|frame| draw::draw(frame, &mut app, look))?;
        }
        if is_hung_up() {
            return Ok(());
        }
        is_new = event::poll(Duration::ZERO)?;
        if is_new {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    let columns = draw::columns(terminal.size()?.width);
                    if app.press(key, columns) == Wish::Quit {
                        return Ok(());
                    }
                }
                // Most of all a new size: the next frame has it.
                _ => {}
            }
        }
        for heard in heard.try_iter() {
            is_new = true;
            match heard {
                Heard::Batches(batches) => app.take(batches, live::now()),
                Heard::Gone(why) => app.gone = Some(why),
            }
        }
    }
    Ok(())
}
