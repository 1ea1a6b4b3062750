//! Who takes windows, as the arguments say: what needs rights first, the rest as whoever observes.

use super::{Exports, Push, Socket, scrape};
use crate::observe::arguments::ObserveArguments;
use crate::observe::privileges;
use crate::observe::watched::Watched;
use crate::replay;
use anyhow::Context;
use nix::unistd::User;
use observer::export::{HttpTrap, Otlp, Target};
use std::net::TcpListener;

/// What was opened while that was still allowed.
pub struct Prepared {
    target: Option<Target>,
    listener: Option<TcpListener>,
    socket: Option<Socket>,
}

/// Makes directories, and gives them to the user; reads the token; takes the port.
pub fn prepare(arguments: &ObserveArguments, user: Option<&User>) -> anyhow::Result<Prepared> {
    let spool = arguments.push.as_ref().map(|_| &arguments.spool);
    for directory in arguments.store.iter().chain(spool) {
        replay::ensure_directory(directory)?;
        if let Some(user) = user {
            privileges::hand_over(directory, user)?;
        }
    }
    let listener = arguments.prometheus.map(scrape::listen).transpose()?;
    let socket = Socket::open(arguments.socket.as_deref(), user)?;
    Ok(Prepared { target: target(arguments)?, listener, socket })
}

/// Where windows are pushed.
fn target(arguments: &ObserveArguments) -> anyhow::Result<Option<Target>> {
    let Some(url) = &arguments.push else { return Ok(None) };
    anyhow::ensure!(
        url.starts_with("http://") || url.starts_with("https://"),
        "--push {url}: a URL begins with http:// or https://"
    );
    let token = arguments.token_file.as_deref().map(|file| {
        let token = std::fs::read_to_string(file);
        token.with_context(|| format!("reading the token in {}", file.display()))
    });
    let token = token.transpose()?.map(|token| token.trim().to_owned());
    Ok(Some(Target { url: url.clone(), token }))
}

impl Prepared {
    /// Opens everything, and says where it is written down until when everything is kept.
    pub fn open(self, arguments: &ObserveArguments) -> anyhow::Result<(Exports, Option<Watched>)> {
        let mut exports = Exports::default();
        let in_spool = arguments.push.as_ref().map(|_| Watched::in_directory(&arguments.spool));
        let in_store = arguments.store.as_deref().map(Watched::in_directory);
        if let Some(directory) = &arguments.store {
            // What is kept in two places is kept as soon as it is in the one that is written more often.
            let watched = in_store.clone().filter(|_| in_spool.is_none());
            exports.keep(replay::open_store(directory)?, watched);
        }
        if let Some(target) = self.target {
            let bytes_max = u64::from(arguments.spool_max) << 20;
            exports.push(Push::open(&arguments.spool, bytes_max, target, in_spool.clone())?);
        }
        if let Some(url) = &arguments.httptrap {
            exports.send(("the trap", "httptrap"), HttpTrap::new(url));
        }
        if let Some(url) = &arguments.otlp {
            exports.send(("OpenTelemetry's receiver", "otlp"), Otlp::new(url));
        }
        if let Some(listener) = self.listener {
            exports.scraped(listener)?;
        }
        if let Some(socket) = self.socket {
            exports.shown(socket);
        }
        Ok((exports, in_spool.or(in_store)))
    }
}
