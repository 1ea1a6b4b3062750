//! What an engine is told while it runs: between two packets, so that each has one answer.

use super::Engine;
use crate::wires::WireConfig;
use std::sync::Arc;

/// A change to what an engine does.
#[derive(Clone, Debug)]
pub enum Order {
    /// Watch these wires, named so, and nothing else; none means that they are detected. Connections of wires that are no
    /// longer among them are followed to their ends.
    Watch(Arc<[WireConfig]>),
    /// Do less, or everything again.
    Shed(Shed),
}

/// What is done without under pressure, each with what comes before it. Requests are counted and timed whatever happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shed {
    /// Nothing.
    #[default]
    Nothing,
    /// Names: requests are filed under `other`.
    Names,
    /// Sizes of requests and answers, rows and messages.
    Sizes,
}

impl Shed {
    /// The next that is done without.
    #[must_use]
    pub const fn more(self) -> Self {
        match self {
            Self::Nothing => Self::Names,
            Self::Names | Self::Sizes => Self::Sizes,
        }
    }

    /// The one before.
    #[must_use]
    pub const fn less(self) -> Self {
        match self {
            Self::Nothing | Self::Names => Self::Nothing,
            Self::Sizes => Self::Names,
        }
    }
}

impl Engine {
    /// Does so from the next packet on.
    pub fn obey(&mut self, order: &Order) {
        let context = &mut self.context;
        match order {
            Order::Watch(configs) => context.wires.watch(configs, &mut context.output.fresh),
            Order::Shed(shed) => context.wires.shed = *shed,
        }
    }
}
