//! Wirelat: times every request on the wire and counts the ones that were too slow.

mod arguments;
mod collect;
mod failure;
mod gather;
mod observe;
mod outputs;
mod query;
mod replay;
mod report;
mod store;
mod synthesize;
mod token;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Observe(arguments) => observe::run(&arguments),
        Command::Collect(arguments) => collect::run(&arguments),
        Command::Token(command) => token::run(&command),
        Command::Report(arguments) => report::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Store(command) => store::run(&command),
        Command::Synth(arguments) => synthesize::run(&arguments),
    };
    failure::exit_code(result)
}
