//! What is captured: by one source, or by several that the kernel shares the connections out to.

use super::arguments::ObserveArguments;
use decoders::engine::{EngineConfig, Order};
use observer::capture::live::{self, LiveOptions, LiveSource};
use observer::capture::{CaptureError, Source};
use observer::pipeline::{self, RunError, Sink, Summary};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

/// The sources, and how many engines they have.
pub struct Capture {
    sources: Vec<LiveSource>,
    engines: usize,
    orders: Orders,
}

/// Tells all engines what to do.
#[derive(Clone)]
pub struct Orders(Vec<Sender<Order>>);

impl Orders {
    /// They hear it before the packets that come next.
    pub fn give(&self, order: &Order) {
        for sender in &self.0 {
            // A source that has ended needs no orders.
            let _ = sender.send(order.clone());
        }
    }
}

impl Capture {
    /// Attaches to the interfaces.
    pub fn attach(
        arguments: &ObserveArguments,
        options: LiveOptions,
        stop: &Arc<AtomicBool>,
    ) -> Result<Self, CaptureError> {
        let engines = usize::from(arguments.pipelines);
        let (wires, is_shared) = (&arguments.wires, engines > 1 && live::can_share(&options));
        let opened = match is_shared {
            true => LiveSource::open_several(&options, wires, stop, engines)?,
            false => vec![LiveSource::open(options, wires, Arc::clone(stop))?],
        };
        let (sources, senders) = opened.into_iter().unzip();
        Ok(Self { sources, engines, orders: Orders(senders) })
    }

    /// Who tells the engines.
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }

    /// The interfaces, for people.
    pub fn interfaces(&self) -> String {
        let names = self.sources.first().map(|source| source.interfaces().collect::<Vec<_>>());
        names.unwrap_or_default().join(", ")
    }

    /// Reads until it is to stop.
    pub fn run(mut self, config: &EngineConfig, sink: &mut dyn Sink) -> Result<Summary, RunError> {
        match &mut self.sources[..] {
            [only] => pipeline::run(only, config, self.engines, sink),
            _ => {
                let boxed = |source| Box::new(source) as Box<dyn Source>;
                pipeline::run_shared(self.sources.into_iter().map(boxed).collect(), config, sink)
            }
        }
    }
}
