//! `wirelat synth`.

use crate::arguments::SynthArguments;
use crate::failure::{Done, say};
use crate::outputs::create;
use anyhow::Context;
use model::protocol::Protocol;
use model::units::Nanos;

pub fn run(arguments: &SynthArguments) -> anyhow::Result<Done> {
    let options = synth::Options {
        protocol: arguments.protocol,
        ports: vec![port(arguments.protocol)],
        profile: arguments.profile,
        transactions: arguments.transactions,
        seed: arguments.seed,
        connections: arguments.connections,
        dirt: synth::Dirt {
            loss_before_tap: arguments.loss,
            loss_after_tap: arguments.loss_after,
            reordering: arguments.reorder,
            duplicates: arguments.duplicate,
            capture_drops: arguments.drop,
            skip: arguments.skip.unwrap_or(Nanos(0)),
            snaplen: arguments.snaplen,
            ..synth::Dirt::default()
        },
        ..synth::Options::default()
    };
    let capture = create(&arguments.output)?;
    let truth = arguments.truth.as_deref().map(create).transpose()?;
    let summary = synth::generate(&options, capture, truth)
        .with_context(|| format!("synthesizing {}", arguments.output.display()))?;
    say(&format!(
        "{}: {} packets, {} bytes, {} requests",
        arguments.output.display(),
        summary.packets,
        summary.bytes,
        summary.transactions
    ));
    Ok(Done::Whole)
}

/// Where servers listen by default.
const fn port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Postgres => 5_432,
        Protocol::Cassandra => 9_042,
        Protocol::Kafka => 9_092,
        _ => 80,
    }
}
