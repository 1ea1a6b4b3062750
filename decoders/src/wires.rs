//! The wires of an engine: those that were asked for, or those that detection found.

use crate::engine::Shed;
use crate::limits::{NAME_BYTES_MAX, NAMES_MAX, OPERATIONS_MAX, REFERENCES_MAX, WIRES_MAX};
use crate::naming::{Kind, Naming};
use crate::output::{Fresh, LedgerDelta};
use crate::pairing::Named;
use crate::recent::Recent;
use foldhash::fast::FixedState;
use model::ledger::Ledger;
use model::names::{NameId, Names};
use model::protocol::Protocol;
use model::units::CaptureTime;
use model::wire::{WireId, WireSpec};
use std::collections::HashMap;

/// A wire to watch, with the naming that its file gave.
#[derive(Clone, Debug)]
pub struct WireConfig {
    /// What to watch.
    pub spec: WireSpec,
    /// How its requests are named.
    pub naming: Naming,
}

/// One wire: its names and its ledger.
#[derive(Debug)]
struct Wire {
    label: Box<str>,
    protocol: Protocol,
    naming: Naming,
    operations: Names,
    /// Verbs that came lately, each in the place that [`verb_place`] gives it.
    verbs: [NameId; VERBS],
    names: Names,
    recent: Recent,
    /// Names that are known by a key.
    references: HashMap<u128, NameId, FixedState>,
    ledger: Ledger,
    /// What of the ledger was told.
    told: Ledger,
}

/// All wires, by number.
#[derive(Debug)]
pub(crate) struct Wires {
    wires: Vec<Wire>,
    by_port: HashMap<u16, WireId, FixedState>,
    detected: HashMap<(Protocol, u16), WireId, FixedState>,
    /// Wires were asked for: nothing else is watched.
    configured: bool,
    /// What is done without.
    pub(crate) shed: Shed,
    scratch: Vec<u8>,
}

impl Wires {
    /// The wires that were asked for; none means that wires are detected.
    pub(crate) fn new(configs: &[WireConfig], fresh: &mut Vec<Fresh>) -> Self {
        let mut wires = Self {
            wires: Vec::new(),
            by_port: HashMap::default(),
            detected: HashMap::default(),
            configured: false,
            shed: Shed::Nothing,
            scratch: Vec::new(),
        };
        wires.watch(configs, fresh);
        wires
    }

    /// Only these wires are watched from now on. One that is watched already goes on with its names and its ledger.
    pub(crate) fn watch(&mut self, configs: &[WireConfig], fresh: &mut Vec<Fresh>) {
        self.configured = !configs.is_empty();
        self.by_port.clear();
        for config in configs {
            let (label, protocol) = (config.spec.to_string(), config.spec.protocol);
            let is_full = self.wires.len() >= WIRES_MAX;
            let known = self.wires.iter_mut().zip(0..).find(|(wire, _)| *wire.label == *label);
            let id = match known {
                Some((wire, id)) => {
                    wire.naming = config.naming.clone();
                    wire.recent = Recent::default();
                    WireId(id)
                }
                None if is_full => self.other(protocol, fresh),
                None => self.add(protocol, config.naming.clone(), &label, fresh),
            };
            for &port in &config.spec.ports {
                self.by_port.entry(port).or_insert(id);
            }
        }
    }

    /// The wire of a protocol for what is beyond the limit.
    fn other(&mut self, protocol: Protocol, fresh: &mut Vec<Fresh>) -> WireId {
        self.detected(protocol, 0, fresh)
    }

    fn add(
        &mut self,
        protocol: Protocol,
        naming: Naming,
        label: &str,
        fresh: &mut Vec<Fresh>,
    ) -> WireId {
        let id = WireId(u16::try_from(self.wires.len()).unwrap_or(u16::MAX));
        self.wires.push(Wire {
            label: label.into(),
            protocol,
            naming,
            operations: Names::new(OPERATIONS_MAX),
            verbs: [NameId::UNKNOWN; VERBS],
            names: Names::new(NAMES_MAX),
            recent: Recent::default(),
            references: HashMap::default(),
            ledger: Ledger::default(),
            told: Ledger::default(),
        });
        fresh.push(Fresh::Wire(id, label.into()));
        id
    }

    /// Whether only the wires that were asked for are watched.
    pub(crate) const fn are_configured(&self) -> bool {
        self.configured
    }

    /// The wire that was asked for on a port.
    pub(crate) fn on_port(&self, port: u16) -> Option<WireId> {
        if !self.configured {
            return None;
        }
        self.by_port.get(&port).copied()
    }

    /// What is spoken on a wire.
    pub(crate) fn protocol(&self, id: WireId) -> Protocol {
        self.wires.get(usize::from(id.0)).map_or(Protocol::Tcp, |wire| wire.protocol)
    }

    /// The wire for a protocol that was detected on a server's port; `PROTOCOL:other` beyond the limit.
    pub(crate) fn detected(
        &mut self,
        protocol: Protocol,
        port: u16,
        fresh: &mut Vec<Fresh>,
    ) -> WireId {
        if let Some(&id) = self.detected.get(&(protocol, port)) {
            return id;
        }
        let naming = Naming::by_default(protocol);
        if self.wires.len() >= WIRES_MAX && port != 0 {
            return self.other(protocol, fresh);
        }
        let label =
            if port == 0 { format!("{protocol}:other") } else { format!("{protocol}:{port}") };
        let id = self.add(protocol, naming, &label, fresh);
        self.detected.insert((protocol, port), id);
        id
    }

    /// A wire's ledger.
    pub(crate) fn ledger_mut(&mut self, id: WireId) -> Option<&mut Ledger> {
        self.wires.get_mut(usize::from(id.0)).map(|wire| &mut wire.ledger)
    }

    /// Says what the ledgers grew by since they were last told.
    pub(crate) fn tell_ledgers(&mut self, at: CaptureTime, out: &mut Vec<LedgerDelta>) {
        for (wire, id) in self.wires.iter_mut().zip(0..) {
            if wire.ledger != wire.told {
                out.push(LedgerDelta {
                    wire: WireId(id),
                    at,
                    ledger: wire.ledger.since(&wire.told),
                });
                wire.told = wire.ledger;
            }
        }
    }

    /// The numbers under which a request is filed.
    pub(crate) fn name(
        &mut self,
        id: WireId,
        operation: &[u8],
        target: &[u8],
        kind: Kind,
        fresh: &mut Vec<Fresh>,
    ) -> Named {
        let Self { wires, scratch, shed, .. } = self;
        let Some(wire) = wires.get_mut(usize::from(id.0)) else { return Named::default() };
        let operation = wire.operation(id, operation, fresh);
        if *shed >= Shed::Names {
            wire.ledger.notices.names_shed += 1;
            return Named { operation, name: NameId::OTHER };
        }
        let known = match wire.naming.is_costly() {
            true => wire.recent.find(target, kind),
            false => Err(None),
        };
        let name = match known {
            Ok(name) => wire.counted(name),
            Err(place) => {
                scratch.clear();
                wire.naming.name(target, kind, scratch);
                let text = std::str::from_utf8(scratch).unwrap_or(Names::OTHER);
                let name = wire.name(id, cut(text), fresh);
                if let Some(place) = place {
                    wire.recent.remember(place, target, kind, name);
                }
                name
            }
        };
        Named { operation, name }
    }

    /// The same for a request that has nothing to be named by.
    pub(crate) fn nameless(
        &mut self,
        id: WireId,
        operation: &[u8],
        fresh: &mut Vec<Fresh>,
    ) -> Named {
        let Some(wire) = self.wires.get_mut(usize::from(id.0)) else { return Named::default() };
        let operation = wire.operation(id, operation, fresh);
        Named { operation, name: wire.name(id, "", fresh) }
    }

    /// The number of a verb.
    pub(crate) fn operation(
        &mut self,
        id: WireId,
        operation: &[u8],
        fresh: &mut Vec<Fresh>,
    ) -> NameId {
        let wire = self.wires.get_mut(usize::from(id.0));
        wire.map_or(NameId::UNKNOWN, |wire| wire.operation(id, operation, fresh))
    }

    /// The same for a request whose name is known by a key.
    pub(crate) fn name_by(
        &mut self,
        id: WireId,
        operation: &[u8],
        key: u128,
        fresh: &mut Vec<Fresh>,
    ) -> Named {
        let Some(wire) = self.wires.get_mut(usize::from(id.0)) else { return Named::default() };
        let operation = wire.operation(id, operation, fresh);
        let next = wire.references.len();
        let name = match wire.references.get(&key) {
            Some(&name) => name,
            None if next >= REFERENCES_MAX => NameId::UNKNOWN,
            None => {
                let name = NameId::reference(u32::try_from(next).unwrap_or(u32::MAX));
                wire.references.insert(key, name);
                fresh.push(Fresh::Reference(id, name, key));
                name
            }
        };
        Named { operation, name }
    }

    /// What the wire's naming makes of a target.
    pub(crate) fn text_of(&mut self, id: WireId, target: &[u8], kind: Kind) -> Option<Box<str>> {
        let Self { wires, scratch, .. } = self;
        scratch.clear();
        wires.get(usize::from(id.0))?.naming.name(target, kind, scratch);
        Some(cut(std::str::from_utf8(scratch).ok()?).into())
    }
}

impl Wire {
    fn operation(&mut self, id: WireId, operation: &[u8], fresh: &mut Vec<Fresh>) -> NameId {
        // A wire has few verbs that are in use.
        let lately = self.verbs.get(verb_place(operation)).copied().unwrap_or(NameId::UNKNOWN);
        if self.operations.text(lately).as_bytes() == operation {
            return lately;
        }
        let text = std::str::from_utf8(operation).unwrap_or(Names::OTHER);
        let (verb, is_new) = self.operations.intern(text);
        if is_new {
            fresh.push(Fresh::Operation(id, verb, self.operations.text(verb).into()));
        }
        if let Some(place) = self.verbs.get_mut(verb_place(operation)) {
            *place = verb;
        }
        verb
    }

    fn name(&mut self, id: WireId, text: &str, fresh: &mut Vec<Fresh>) -> NameId {
        let (name, is_new) = self.names.intern(text);
        if is_new {
            fresh.push(Fresh::Name(id, name, self.names.text(name).into()));
        }
        self.counted(name)
    }

    fn counted(&mut self, name: NameId) -> NameId {
        if name == NameId::OTHER {
            self.ledger.notices.names_other += 1;
        }
        name
    }
}

/// Places for verbs that came lately.
const VERBS: usize = 16;

/// The place of a verb: few have the same length and the same first and last letter.
fn verb_place(verb: &[u8]) -> usize {
    let ends = verb.first().zip(verb.last());
    let (first, last) =
        ends.map_or((0, 0), |(&first, &last)| (usize::from(first), usize::from(last)));
    (verb.len() + 5 * first + 3 * last) % VERBS
}

/// At most [`NAME_BYTES_MAX`] bytes of a name.
fn cut(name: &str) -> &str {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}
