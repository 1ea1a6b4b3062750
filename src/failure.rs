//! How the program ends: one line that says what to do, and a code.

use collector::query::Failure;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

/// What was checked is damaged.
const DAMAGED: u8 = 1;
/// The input or the arguments cannot be used.
const UNUSABLE: u8 = 2;
/// Stopped by Ctrl-C, as shells report it: 128 and the signal's number.
pub const INTERRUPTED: u8 = 130;

/// What a command reports when it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// All of it.
    Whole,
    /// What was read before Ctrl-C.
    Interrupted,
    /// Damage was found, and said.
    Damaged,
}

/// Says what went wrong, on one line.
pub fn exit_code(result: anyhow::Result<Done>) -> ExitCode {
    match result {
        Ok(Done::Whole) => ExitCode::SUCCESS,
        Ok(Done::Interrupted) => ExitCode::from(INTERRUPTED),
        Ok(Done::Damaged) => ExitCode::from(DAMAGED),
        // Whoever read our output has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let text = format!("{error:#}");
            // What is wrong with a query is shown below it.
            let is_query = matches!(error.downcast_ref(), Some(Failure::Query(_)));
            say(&format!("error: {}", if is_query { text } else { one_line(&text) }));
            ExitCode::from(UNUSABLE)
        }
    }
}

/// Writes a line for people to standard error.
pub fn say(line: &str) {
    use io::Write;
    // Nobody may be listening; that is no reason to fail.
    let _ = writeln!(io::stderr(), "wirelat: {line}");
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
