//! Ctrl-C: the replay ends at the next packets and says what it found by then.

use crate::failure::INTERRUPTED;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An input that brings nothing for this long will not notice that it is to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sets `interrupted` at the first Ctrl-C. A second one, or an input that stays silent, ends the process. Clear the flag
/// that is returned when the input is read.
pub fn watch(interrupted: &Arc<AtomicBool>) -> std::io::Result<Arc<AtomicBool>> {
    let mut signals = Signals::new([SIGINT])?;
    let reading = Arc::new(AtomicBool::new(true));
    let (interrupted, still_reading) = (Arc::clone(interrupted), Arc::clone(&reading));
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            std::thread::sleep(PATIENCE);
            if still_reading.load(Ordering::Relaxed) {
                std::process::exit(i32::from(INTERRUPTED));
            }
        }
    });
    Ok(reading)
}
