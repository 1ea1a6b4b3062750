//! Several sources that share the connections, each with an engine on a thread of its own.
//!
//! Their outputs are merged by packet time: what all of them have reached goes to the sink, in one order.

use super::reader::{Boundary, Numbers, Reader};
use super::{RunError, Sink, Summary, merge};
use crate::capture::{CaptureError, CaptureWarning, PacketBatch, Progress, Source};
use crate::catalog::Catalog;
use decoders::engine::EngineConfig;
use decoders::output::Output;
use model::ledger::Packets;
use model::units::CaptureTime;
use std::collections::VecDeque;
use std::mem;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Answers of an engine on their way to the merge; beyond it the engine waits, and packets in its ring.
const QUEUE_ANSWERS: usize = 64;

/// What an engine says.
enum Said {
    /// All that it decided before a time.
    Until(CaptureTime, Box<Output>),
    /// How far its source is, and what was wrong with it.
    Progress(Progress, Packets, Vec<CaptureWarning>),
    /// The rest, at its source's end, with the span of its packets.
    End(Box<Output>, Packets, Option<(CaptureTime, CaptureTime)>),
    Failed(CaptureError),
}

/// Reads several sources that share the connections to their ends, each with an engine on a thread of its own.
pub fn run(
    sources: Vec<Box<dyn Source>>,
    config: &EngineConfig,
    sink: &mut dyn Sink,
) -> Result<Summary, RunError> {
    std::thread::scope(|scope| {
        let lanes = sources.into_iter().map(|source| {
            let (sender, said) = sync_channel(QUEUE_ANSWERS);
            scope.spawn(move || read(source, config, &sender));
            Lane::new(said)
        });
        Merge::new(lanes.collect()).run(sink)
    })
}

/// Tells what was decided before each tick. Nobody listens any more where sending fails; the reader sees it, too.
struct Teller<'s> {
    sender: &'s SyncSender<Said>,
    /// It told something since this was last asked.
    told: bool,
}

impl Boundary for Teller<'_> {
    fn reached(&mut self, time: CaptureTime, output: &mut Output) {
        let _ = self.sender.send(Said::Until(time, Box::new(mem::take(output))));
        self.told = true;
    }
}

/// An engine's thread.
fn read(mut source: Box<dyn Source>, config: &EngineConfig, sender: &SyncSender<Said>) {
    let mut reader = Reader::new(config, Numbers::Timed, Teller { sender, told: false });
    let mut batch = PacketBatch::default();
    loop {
        match source.fill(&mut batch) {
            Ok(true) => reader.read(&batch),
            Ok(false) => break,
            Err(error) => return drop(sender.send(Said::Failed(error))),
        }
        if mem::take(&mut reader.boundary.told) {
            let progress = Said::Progress(source.progress(), *reader.parsed(), source.warnings());
            if sender.send(progress).is_err() {
                return;
            }
        }
    }
    let packets = reader.finish();
    let _ = sender.send(Said::Progress(source.progress(), packets, source.warnings()));
    let output = Box::new(mem::take(reader.output()));
    let _ = sender.send(Said::End(output, packets, reader.clock.span()));
}

/// What one engine has said.
struct Lane {
    said: Receiver<Said>,
    /// Not merged yet: all before a time.
    waiting: VecDeque<(CaptureTime, Box<Output>)>,
    reached: CaptureTime,
    progress: Progress,
    packets: Packets,
    span: Option<(CaptureTime, CaptureTime)>,
}

impl Lane {
    fn new(said: Receiver<Said>) -> Self {
        Self {
            said,
            waiting: VecDeque::new(),
            reached: CaptureTime::ZERO,
            progress: Progress::default(),
            packets: Packets::default(),
            span: None,
        }
    }

    fn reach(&mut self, time: CaptureTime, output: Box<Output>) {
        self.reached = self.reached.max(time);
        self.waiting.push_back((self.reached, output));
    }

    /// Hears what it says next, which may be that it is further.
    fn hear(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        match self.said.recv() {
            Ok(Said::Until(time, output)) => self.reach(time, output),
            Ok(Said::Progress(progress, packets, warnings)) => {
                (self.progress, self.packets) = (progress, packets);
                warnings.into_iter().for_each(|warning| sink.warning(warning));
            }
            Ok(Said::End(output, packets, span)) => {
                (self.packets, self.span) = (packets, span);
                self.reach(CaptureTime::MAX, output);
            }
            Ok(Said::Failed(error)) => return Err(error.into()),
            // It ended, and said so before.
            Err(_) => self.reached = CaptureTime::MAX,
        }
        Ok(())
    }

    /// All that it decided before a time.
    fn take_until(&mut self, time: CaptureTime) -> Output {
        let mut all = Output::default();
        while self.waiting.front().is_some_and(|(reached, _)| *reached <= time)
            && let Some((_, output)) = self.waiting.pop_front()
        {
            all.append(*output);
        }
        all
    }
}

struct Merge {
    lanes: Vec<Lane>,
    catalog: Catalog,
    /// Everything before was handed on.
    reached: CaptureTime,
}

impl Merge {
    fn new(lanes: Vec<Lane>) -> Self {
        Self { catalog: Catalog::new(lanes.len()), lanes, reached: CaptureTime::ZERO }
    }

    fn run(mut self, sink: &mut dyn Sink) -> Result<Summary, RunError> {
        let mut stopped = false;
        while !stopped && self.reached < CaptureTime::MAX {
            // The one that is least far decides how far all are.
            let Some(last) = self.lanes.iter_mut().min_by_key(|lane| lane.reached) else { break };
            last.hear(sink)?;
            let reached = self.lanes.iter().map(|lane| lane.reached).min();
            if let Some(reached) = reached.filter(|reached| *reached > self.reached) {
                stopped = !self.hand_on(reached, sink)?;
            }
        }
        let mut packets = self.packets();
        packets.dropped += self.progress().dropped;
        let spans = || self.lanes.iter().filter_map(|lane| lane.span);
        let first = spans().map(|(first, _)| first).min();
        let last = spans().map(|(_, last)| last).max();
        Ok(Summary { catalog: self.catalog, packets, span: first.zip(last), stopped })
    }

    /// Hands on all that was decided before a time. Whether the run goes on.
    fn hand_on(&mut self, reached: CaptureTime, sink: &mut dyn Sink) -> Result<bool, RunError> {
        self.reached = reached;
        let mut outputs: Vec<Output> =
            self.lanes.iter_mut().map(|lane| lane.take_until(reached)).collect();
        merge::hand_on(outputs.iter_mut(), &mut self.catalog, sink)?;
        let packets = self.packets();
        if reached < CaptureTime::MAX {
            sink.clock(reached, packets.packets, &self.catalog)?;
        }
        Ok(sink.progress(self.progress(), &packets))
    }

    fn packets(&self) -> Packets {
        let mut packets = Packets::default();
        self.lanes.iter().for_each(|lane| packets.add(&lane.packets));
        packets
    }

    fn progress(&self) -> Progress {
        let sum = |of: fn(&Progress) -> u64| self.lanes.iter().map(|lane| of(&lane.progress)).sum();
        Progress { read: sum(|it| it.read), total: None, dropped: sum(|it| it.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{SinkError, run_shared};
    use decoders::output::{Connection, Decided, LedgerDelta, Sample};

    /// Ticks of one source, without packets; then its end.
    struct Ticks(Vec<u64>);

    impl Source for Ticks {
        fn fill(&mut self, batch: &mut PacketBatch) -> Result<bool, CaptureError> {
            let Some(millis) = self.0.pop() else { return Ok(false) };
            batch.tick = Some(CaptureTime::from_nanos(millis * 1_000_000));
            Ok(true)
        }

        fn progress(&self) -> Progress {
            Progress { dropped: 3, ..Progress::default() }
        }

        fn warnings(&mut self) -> Vec<CaptureWarning> {
            Vec::new()
        }
    }

    #[derive(Default)]
    struct Clocks(Vec<u64>);

    impl Sink for Clocks {
        fn transaction(&mut self, _: &Decided, _: &Catalog) -> Result<(), SinkError> {
            Ok(())
        }
        fn connection(&mut self, _: &Connection, _: &Catalog) -> Result<(), SinkError> {
            Ok(())
        }
        fn sample(&mut self, _: &Sample, _: &Catalog) {}
        fn ledger(&mut self, _: &LedgerDelta, _: &Catalog) {}
        fn clock(&mut self, clock: CaptureTime, _: u64, _: &Catalog) -> Result<(), SinkError> {
            self.0.push(clock.as_nanos() / 1_000_000);
            Ok(())
        }
        fn warning(&mut self, _: CaptureWarning) {}
        fn progress(&mut self, _: Progress, _: &Packets) -> bool {
            true
        }
    }

    #[test]
    fn time_passes_as_the_slowest_has_it() {
        let ticks = |millis: &[u64]| -> Box<dyn Source> {
            Box::new(Ticks(millis.iter().rev().copied().collect()))
        };
        let sources = vec![ticks(&[0, 110, 220, 990]), ticks(&[0, 450, 900])];
        let mut clocks = Clocks::default();
        let summary = run_shared(sources, &EngineConfig::default(), &mut clocks).unwrap();
        assert_eq!(clocks.0, [100, 200, 300, 400, 500, 900], "{:?}", clocks.0);
        assert_eq!((summary.packets.dropped, summary.stopped), (6, false));
    }
}
