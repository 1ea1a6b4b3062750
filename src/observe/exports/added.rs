//! Windows go to somebody who adds them up: an HTTPTrap, an OpenTelemetry receiver.

use super::Said;
use crate::failure::say;
use crossbeam_channel::Receiver;
use observer::export::Export;
use std::time::Duration;

/// Pauses between attempts. After them a window is given up: nothing is kept on disk for these.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// Sends windows as they come.
pub(super) fn send(
    name: &str,
    mut export: impl Export,
    said: &Receiver<Said>,
) -> anyhow::Result<()> {
    let mut lost = 0_u64;
    for said in said {
        let Said::Window(batch) = said else { continue };
        let mut pauses = PAUSES.into_iter();
        while let Err(reason) = export.send(&batch) {
            match pauses.next() {
                Some(pause) => std::thread::sleep(pause),
                None => {
                    lost += 1;
                    say(&format!(
                        "warning: {name} takes nothing; {lost} windows were lost: {reason}"
                    ));
                    break;
                }
            }
        }
    }
    Ok(())
}
