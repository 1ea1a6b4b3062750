//! A bar on a terminal; nothing in a pipe.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::ledger::Packets;
use observer::capture::Progress;
use std::io::IsTerminal;
use std::time::Instant;

/// Times a second that it is drawn.
const DRAWS_PER_SECOND: u8 = 10;

const KNOWN: &str = "{bar:30} {percent:>3} %  {bytes} of {total_bytes}  {msg}  {eta} left";
const UNKNOWN: &str = "{spinner} {bytes}  {msg}";

/// How far a replay is.
pub struct Bar {
    bar: ProgressBar,
    began: Instant,
    has_total: bool,
}

impl Bar {
    pub fn new() -> Self {
        let bar = match std::io::stderr().is_terminal() {
            true => ProgressBar::with_draw_target(
                None,
                ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND),
            ),
            false => ProgressBar::hidden(),
        };
        bar.set_style(style(UNKNOWN));
        Self { bar, began: Instant::now(), has_total: false }
    }

    pub fn show(&mut self, progress: Progress, packets: &Packets) {
        if self.bar.is_hidden() {
            return;
        }
        if let (Some(total), false) = (progress.total, self.has_total) {
            self.bar.set_length(total);
            self.bar.set_style(style(KNOWN));
            self.has_total = true;
        }
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        #[allow(clippy::cast_precision_loss)]
        let rate = packets.packets as f64 / seconds / 1e6;
        self.bar.set_position(progress.read);
        self.bar.set_message(format!("{rate:.1} M packets/s"));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
