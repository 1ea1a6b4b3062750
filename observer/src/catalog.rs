//! The names of one run: each engine numbers its own; here they become one.
//!
//! A name gets its number when the first transaction that uses it comes by, in the order of the input: so the names that
//! a limit turns into `other` do not depend on the number of engines.

use decoders::limits::{LEARNED_MAX, NAMES_MAX, OPERATIONS_MAX};
use decoders::output::{Fresh, Sample};
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
    references: Vec<Reference>,
}

/// A name of an engine that is known by a key, and its number in the run once the key is known.
#[derive(Debug)]
struct Reference {
    key: u128,
    global: Option<NameId>,
}

/// All names of a run.
#[derive(Debug, Default)]
pub struct Catalog {
    wires: Vec<Wire>,
    by_label: HashMap<Box<str>, usize>,
    engines: Vec<Vec<LocalWire>>,
    /// What keys stand for: told on one connection, used on any.
    learned: HashMap<u128, Box<str>>,
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
            let engines = &mut self.engines;
            let (names, id, text) = match fresh {
                Fresh::Wire(..) => continue,
                Fresh::Reference(wire, _, key) => {
                    if let Some(wire) = local(engines, engine, wire) {
                        wire.references.push(Reference { key, global: None });
                    }
                    continue;
                }
                Fresh::Operation(wire, id, text) => {
                    (local(engines, engine, wire).map(|wire| &mut wire.operations), id, text)
                }
                Fresh::Name(wire, id, text) => {
                    (local(engines, engine, wire).map(|wire| &mut wire.names), id, text)
                }
            };
            let Some(names) = names else { continue };
            // An engine numbers its names one after the other, behind the two that every table has.
            names.resize_with(id.index().max(names.len()), Local::default);
            names.push(Local { text, global: None });
        }
    }

    /// From here on a key stands for a name. The first name counts: a key is a digest, or unique.
    pub fn learn_key(&mut self, key: u128, name: Box<str>) {
        if self.learned.len() < LEARNED_MAX {
            self.learned.entry(key).or_insert(name);
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
        let local = wires.and_then(|wires| wires.get(usize::from(wire.0)));
        local.map_or(WireId(0), LocalWire::number)
    }

    /// Gives a transaction the run's numbers in place of its engine's.
    pub fn translate(&mut self, engine: usize, transaction: &mut Transaction) {
        let Self { wires, engines, learned, .. } = self;
        let Some(local) = local(engines, engine, transaction.wire) else { return };
        let Some(wire) = wires.get_mut(local.global) else { return };
        transaction.wire = local.number();
        transaction.operation =
            global(&mut local.operations, &mut wire.operations, transaction.operation);
        transaction.name = local.name(transaction.name, &mut wire.names, learned);
    }

    /// The same for a sample.
    pub fn translate_sample(&mut self, engine: usize, sample: &mut Sample) {
        let Self { wires, engines, learned, .. } = self;
        let Some(local) = local(engines, engine, sample.wire) else { return };
        let Some(wire) = wires.get_mut(local.global) else { return };
        sample.wire = local.number();
        sample.name = local.name(sample.name, &mut wire.names, learned);
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

impl LocalWire {
    fn number(&self) -> WireId {
        WireId(u16::try_from(self.global).unwrap_or(u16::MAX))
    }

    /// The run's number of a name of this wire. What a key stands for is looked up until it is known.
    fn name(&mut self, id: NameId, names: &mut Names, learned: &HashMap<u128, Box<str>>) -> NameId {
        let Some(place) = id.as_reference() else { return global(&mut self.names, names, id) };
        let Some(reference) = self.references.get_mut(place) else { return NameId::UNKNOWN };
        if reference.global.is_none() {
            reference.global = learned.get(&reference.key).map(|name| names.intern(name).0);
        }
        reference.global.unwrap_or(NameId::UNKNOWN)
    }
}

fn local(engines: &mut [Vec<LocalWire>], engine: usize, wire: WireId) -> Option<&mut LocalWire> {
    engines.get_mut(engine)?.get_mut(usize::from(wire.0))
}

fn global(locals: &mut [Local], names: &mut Names, id: NameId) -> NameId {
    // The two names that every table has.
    if id == NameId::UNKNOWN || id == NameId::OTHER {
        return id;
    }
    let Some(local) = locals.get_mut(id.index()) else { return NameId::UNKNOWN };
    *local.global.get_or_insert_with(|| names.intern(&local.text).0)
}
