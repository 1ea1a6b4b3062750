//! What several engines said becomes one sequence, ordered by place in the input.

use super::{Sink, SinkError};
use crate::catalog::Catalog;
use decoders::output::{Output, Place};

/// Hands the outputs of one stretch of the input to the sink, and empties them.
pub(super) fn hand_on<'o>(
    outputs: impl Iterator<Item = &'o mut Output>,
    catalog: &mut Catalog,
    sink: &mut dyn Sink,
) -> Result<(), SinkError> {
    let mut outputs: Vec<&mut Output> = outputs.collect();
    for (engine, output) in outputs.iter_mut().enumerate() {
        catalog.learn(engine, output.fresh.drain(..));
    }
    let mut learned = learned(&mut outputs);
    in_order(
        &mut outputs,
        |output| &mut output.decided,
        |engine, place, decided| {
            learn_until(&mut learned, place, catalog);
            catalog.translate(engine, &mut decided.transaction);
            sink.transaction(decided, catalog)
        },
    )?;
    learned.for_each(|(_, (key, name))| catalog.learn_key(key, name));
    in_order(
        &mut outputs,
        |output| &mut output.samples,
        |engine, _, sample| {
            catalog.translate_sample(engine, sample);
            sink.sample(sample, catalog);
            Ok(())
        },
    )?;
    in_order(
        &mut outputs,
        |output| &mut output.connections,
        |engine, _, connection| {
            connection.wire = connection.wire.map(|wire| catalog.wire_of(engine, wire));
            sink.connection(connection, catalog)
        },
    )?;
    for (engine, output) in outputs.iter_mut().enumerate() {
        for mut delta in output.ledgers.drain(..) {
            delta.wire = catalog.wire_of(engine, delta.wire);
            sink.ledger(&delta, catalog);
        }
    }
    Ok(())
}

type Learned = std::iter::Peekable<std::vec::IntoIter<(Place, (u128, Box<str>))>>;

/// What all engines learned, by place.
fn learned(outputs: &mut [&mut Output]) -> Learned {
    let mut all: Vec<_> = outputs.iter_mut().flat_map(|output| output.learned.drain(..)).collect();
    all.sort_by_key(|&(place, _)| place);
    all.into_iter().peekable()
}

fn learn_until(learned: &mut Learned, end: Place, catalog: &mut Catalog) {
    while let Some((_, (key, name))) = learned.next_if(|&(place, _)| place < end) {
        catalog.learn_key(key, name);
    }
}

/// Takes the items of all engines by place. Each engine's are in order already.
fn in_order<T>(
    outputs: &mut [&mut Output],
    items: impl for<'a> Fn(&'a mut Output) -> &'a mut Vec<(Place, T)>,
    mut take: impl FnMut(usize, Place, &mut T) -> Result<(), SinkError>,
) -> Result<(), SinkError> {
    if let [only] = outputs {
        let only = items(only);
        let taken = only.iter_mut().try_for_each(|(place, item)| take(0, *place, item));
        only.clear();
        return taken;
    }
    let mut queues: Vec<_> = outputs
        .iter_mut()
        .map(|output| std::mem::take(items(output)).into_iter().peekable())
        .collect();
    loop {
        let heads = queues.iter_mut().enumerate();
        let next = heads
            .filter_map(|(engine, queue)| queue.peek().map(|(place, _)| (*place, engine)))
            .min();
        let Some((_, engine)) = next else { return Ok(()) };
        if let Some((place, mut item)) = queues.get_mut(engine).and_then(Iterator::next) {
            take(engine, place, &mut item)?;
        }
    }
}
