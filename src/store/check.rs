//! `wirelat store check`.

use super::arguments::CheckArguments;
use super::{bar, open};
use crate::failure::{Done, say};
use ::store::StoreError;
use ::store::embedded::Watch;
use indicatif::ProgressBar;
use std::io::Write;

pub fn run(arguments: &CheckArguments) -> anyhow::Result<Done> {
    let store = match open(&arguments.store) {
        Ok(store) => store,
        // The store looks at much of itself before it opens.
        Err(error) => return damaged_on_opening(error),
    };
    let mut watcher = Watcher { bar: bar(0, "checked"), damaged: 0 };
    let checked = store.check(&mut watcher);
    watcher.bar.finish_and_clear();
    say(&format!(
        "{} series, {} rows of {} batches, {} rolled up rows of {} hours, {} documents: {}",
        checked.series,
        checked.rows,
        checked.batches,
        checked.rolled,
        checked.hours,
        checked.documents,
        if watcher.damaged == 0 {
            "all is well".to_owned()
        } else {
            format!("{} damaged; restore the directory from a backup", watcher.damaged)
        }
    ));
    Ok(if watcher.damaged == 0 { Done::Whole } else { Done::Damaged })
}

fn damaged_on_opening(error: anyhow::Error) -> anyhow::Result<Done> {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Damaged { .. }) => {
            writeln!(std::io::stdout(), "{error}")?;
            Ok(Done::Damaged)
        }
        _ => Err(error),
    }
}

struct Watcher {
    bar: ProgressBar,
    damaged: u64,
}

impl Watch for Watcher {
    fn step(&mut self, done: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    fn damage(&mut self, what: String) {
        self.damaged = self.damaged.saturating_add(1);
        // A reader that has seen enough is no reason to stop.
        let _ = writeln!(std::io::stdout(), "{what}");
    }
}
