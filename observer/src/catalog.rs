//! The names of one run: each engine numbers its own; here they become one.
//!
//! A name gets its number when the first transaction that uses it comes by, in the order of the input: so the names that
//! a limit turns into `other` do not depend on the number of engines.

use decoders::limits::{NAMES_MAX, OPERATIONS_MAX};
use decoders::output::Fresh;
use model::names::{NameId, Names};
use model::transaction::Transaction;
use model::wire::WireId;
use std::collections::HashMap;

/// One wire of the run.
#[derive(Debug)]
struct Wire {
    label: Box<str>,
    operations: Names,
    names: Names,
}

/// A name of an engine, and its number in the run once it has one.
#[derive(Debug, Default)]
struct Local {
    text: Box<str>,
    global: Option<NameId>,
}

/// An engine's wire: its number in the run, and its names by the engine's numbers.
#[derive(Debug, Default)]
struct LocalWire {
    global: usize,
    operations: Vec<Local>,
    names: Vec<Local>,
}

/// All names of a run.
#[derive(Debug, Default)]
pub struct Catalog {
    wires: Vec<Wire>,
    by_label: HashMap<Box<str>, usize>,
    engines: Vec<Vec<LocalWire>>,
}

impl Catalog {
    /// For so many engines.
    pub fn new(engines: usize) -> Self {
        Self {
            engines: std::iter::repeat_with(Vec::new).take(engines).collect(),
            ..Self::default()
        }
    }

    /// Takes in what an engine named since it was last asked.
    pub fn learn(&mut self, engine: usize, fresh: impl IntoIterator<Item = Fresh>) {
        for fresh in fresh {
            if let Fresh::Wire(_, label) = &fresh {
                let global = self.wire(label);
                if let Some(wires) = self.engines.get_mut(engine) {
                    wires.push(LocalWire { global, ..LocalWire::default() });
                }
                continue;
            }
            let (wire, id, text, is_operation) = match fresh {
                Fresh::Operation(wire, id, text) => (wire, id, text, true),
                Fresh::Name(wire, id, text) => (wire, id, text, false),
                Fresh::Wire(..) => continue,
            };
            let wires = self.engines.get_mut(engine);
            let Some(wire) = wires.and_then(|wires| wires.get_mut(usize::from(wire.0))) else {
                continue;
            };
            let names = if is_operation { &mut wire.operations } else { &mut wire.names };
            // An engine numbers its names one after the other, behind the two that every table has.
            names.resize_with(id.index().max(names.len()), Local::default);
            names.push(Local { text, global: None });
        }
    }

    fn wire(&mut self, label: &str) -> usize {
        if let Some(&wire) = self.by_label.get(label) {
            return wire;
        }
        let number = self.wires.len();
        self.wires.push(Wire {
            label: label.into(),
            operations: Names::new(OPERATIONS_MAX),
            names: Names::new(NAMES_MAX),
        });
        self.by_label.insert(label.into(), number);
        number
    }

    /// The run's number of an engine's wire.
    pub fn wire_of(&self, engine: usize, wire: WireId) -> WireId {
        let wires = self.engines.get(engine);
        let global =
            wires.and_then(|wires| wires.get(usize::from(wire.0))).map_or(0, |wire| wire.global);
        WireId(u16::try_from(global).unwrap_or(u16::MAX))
    }

    /// Gives a transaction the run's numbers in place of its engine's.
    pub fn translate(&mut self, engine: usize, transaction: &mut Transaction) {
        let wires = self.engines.get_mut(engine);
        let Some(local) = wires.and_then(|wires| wires.get_mut(usize::from(transaction.wire.0)))
        else {
            return;
        };
        let Some(wire) = self.wires.get_mut(local.global) else { return };
        transaction.wire = WireId(u16::try_from(local.global).unwrap_or(u16::MAX));
        transaction.operation =
            global(&mut local.operations, &mut wire.operations, transaction.operation);
        transaction.name = global(&mut local.names, &mut wire.names, transaction.name);
    }

    /// A wire's label.
    pub fn label(&self, wire: WireId) -> &str {
        self.wires.get(usize::from(wire.0)).map_or(Names::UNKNOWN, |wire| &wire.label)
    }

    /// Every wire's label, by number.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.wires.iter().map(|wire| &*wire.label)
    }

    /// An operation's text.
    pub fn operation(&self, wire: WireId, id: NameId) -> &str {
        self.wires.get(usize::from(wire.0)).map_or(Names::UNKNOWN, |wire| wire.operations.text(id))
    }

    /// A name's text.
    pub fn name(&self, wire: WireId, id: NameId) -> &str {
        self.wires.get(usize::from(wire.0)).map_or(Names::UNKNOWN, |wire| wire.names.text(id))
    }
}

fn global(locals: &mut [Local], names: &mut Names, id: NameId) -> NameId {
    // The two names that every table has.
    if id == NameId::UNKNOWN || id == NameId::OTHER {
        return id;
    }
    let Some(local) = locals.get_mut(id.index()) else { return NameId::UNKNOWN };
    *local.global.get_or_insert_with(|| names.intern(&local.text).0)
}
