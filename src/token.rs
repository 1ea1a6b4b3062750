//! `wirelat token`: who may use a collector.

use crate::arguments::TokenCommand;
use crate::failure::{Done, say};
use anyhow::Context;
use collector::access::{Audit, Scope, TokenFile};
use std::io::{self, Write};
use std::path::Path;

pub fn run(command: &TokenCommand) -> anyhow::Result<Done> {
    match command {
        TokenCommand::Add(arguments) => {
            let file = TokenFile::of(&arguments.of.data);
            let made = file.add(&arguments.name, &arguments.scopes);
            note(&arguments.of.data, "token add", &arguments.name, &made)?;
            writeln!(io::stdout(), "{}", made?)?;
            say("that is the token; it is not shown again");
        }
        TokenCommand::List(arguments) => list(&TokenFile::of(&arguments.data))?,
        TokenCommand::Remove(arguments) => {
            let gone = TokenFile::of(&arguments.of.data).remove(&arguments.name);
            note(&arguments.of.data, "token remove", &arguments.name, &gone)?;
            gone?;
        }
    }
    Ok(Done::Whole)
}

fn list(file: &TokenFile) -> anyhow::Result<()> {
    for token in file.list()? {
        let scopes: Vec<String> = token.scopes.iter().map(Scope::to_string).collect();
        let (name, made) = (token.name, token.created_seconds);
        writeln!(io::stdout(), "{name}\t{}\t{made}", scopes.join(","))?;
    }
    Ok(())
}

/// Into the log of what administrators did.
fn note<T, E: ToString>(
    data: &Path,
    action: &str,
    name: &str,
    done: &Result<T, E>,
) -> anyhow::Result<()> {
    // Where there is no such directory, nothing was done.
    if !data.is_dir() {
        return Ok(());
    }
    let who = format!("user {} on this host", nix::unistd::Uid::current());
    let outcome = done.as_ref().err().map_or("done".to_owned(), ToString::to_string);
    let noted = Audit::of(data).note(&who, action, name, &outcome);
    noted.with_context(|| format!("{}: writing the audit log", data.display()))
}
