//! `wirelat synth`.

use crate::arguments::SynthArguments;
use crate::failure::{Done, say};
use crate::replay::create;
use anyhow::Context;
use model::units::Nanos;

pub fn run(arguments: &SynthArguments) -> anyhow::Result<Done> {
    let options = synth::Options {
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
