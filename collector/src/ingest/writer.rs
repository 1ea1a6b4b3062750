//! The one thread that writes. What came while it waited for the disk goes into the next change, together.

use super::admission::{Admission, Room};
use super::sources::Sources;
use super::space::Space;
use crate::clock;
use crate::foreign::{Filed, Filing, Pending, Submission};
use crate::limits::{GROUP_VALUES_MAX, WAITING_REQUESTS_MAX};
use crate::meters::Meters;
use crate::refusal::Refusal;
use model::batch::Batch;
use model::units::CaptureTime;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use store::{Note, Store, Written};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

const DAY_SECONDS: u64 = 86_400;

/// What a request wants written.
#[derive(Debug)]
pub(crate) enum Work {
    /// Batches that say what they are.
    Batches(Vec<Batch>),
    /// Values that are to be filed.
    Foreign(Submission),
}

/// A request that waits.
struct Job {
    work: Work,
    /// Held until it is on disk.
    _room: Room,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

/// The way to the writer's thread. Dropping it waits until what it took is on disk.
#[derive(Debug)]
pub(crate) struct Ingest {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    admission: Admission,
    fault: Fault,
    meters: Arc<Meters>,
}

/// Why the last write failed, while none has succeeded since.
#[derive(Clone, Debug, Default)]
struct Fault(Arc<Mutex<Option<String>>>);

impl Fault {
    fn set(&self, fault: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ingest {
    /// Starts the thread. `directory` is where the store is, if it is on a disk.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        directory: Option<PathBuf>,
        meters: Arc<Meters>,
    ) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_REQUESTS_MAX);
        let fault = Fault::default();
        let writer = Writer {
            store,
            runtime: Builder::new_current_thread().build()?,
            space: Space::new(directory),
            sources: Sources::default(),
            filing: None,
            fault: fault.clone(),
            meters: Arc::clone(&meters),
        };
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let thread = Some(thread.spawn(move || writer.run(waiting))?);
        Ok(Self { jobs: Some(jobs), thread, admission: Admission::new(), fault, meters })
    }

    pub(crate) fn room(&self) -> Room {
        self.admission.room()
    }

    pub(crate) fn in_flight_bytes(&self) -> usize {
        self.admission.in_flight_bytes()
    }

    /// Why nothing is written, if so.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.get()
    }

    /// On disk when it returns.
    pub(crate) async fn write(&self, work: Work, room: Room) -> Result<(), Refusal> {
        let ended = || Refusal::Failing("the writer ended: start the collector again".to_owned());
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        self.meters.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = jobs.try_send(Job { work, _room: room, answer });
        let done = match sent {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(ended())),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Refusal::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(ended()),
        };
        self.meters.waiting.fetch_sub(1, Ordering::Relaxed);
        done
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // Its panic was printed.
            let _ = thread.join();
        }
    }
}

struct Writer {
    store: Arc<dyn Store>,
    runtime: Runtime,
    space: Space,
    sources: Sources,
    /// Read when the first foreign submission comes.
    filing: Option<Filing>,
    fault: Fault,
    meters: Arc<Meters>,
}

/// What is written in one change.
#[derive(Default)]
struct Group {
    batches: Vec<Batch>,
    notes: Vec<Note>,
    pending: Pending,
    values: usize,
    jobs: Vec<(Room, oneshot::Sender<Result<(), Refusal>>)>,
}

impl Writer {
    fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        while let Some(first) = waiting.blocking_recv() {
            let now = clock::now();
            let mut group = Group::default();
            self.add(first, now, &mut group);
            while group.values < GROUP_VALUES_MAX
                && let Ok(job) = waiting.try_recv()
            {
                self.add(job, now, &mut group);
            }
            self.write(group, now);
        }
    }

    /// Adds what a request wants, or answers why not.
    fn add(&mut self, job: Job, now: CaptureTime, group: &mut Group) {
        let Job { work, _room: room, answer } = job;
        let room_on_disk = self.space.check();
        if let Err(refusal) = &room_on_disk {
            self.fault.set(Some(refusal.to_string()));
        }
        match room_on_disk.and_then(|()| self.prepare(work, now, group)) {
            Ok(()) => group.jobs.push((room, answer)),
            // Who does not wait any more does not need to know.
            Err(refusal) => drop(answer.send(Err(refusal))),
        }
    }

    fn prepare(&mut self, work: Work, now: CaptureTime, group: &mut Group) -> Result<(), Refusal> {
        let Filed { batches, notes, learned } = match work {
            Work::Batches(batches) => Filed { batches, ..Filed::default() },
            Work::Foreign(submission) => self.file(submission, now, group)?,
        };
        let day = now.as_seconds() / DAY_SECONDS;
        for batch in &batches {
            // One that the store refuses would refuse the whole change.
            store::check(batch).map_err(|error| Refusal::TooLarge(error.to_string()))?;
            self.sources.admit(batch, day)?;
        }
        group.values += batches.iter().map(|batch| batch.values.len()).sum::<usize>();
        group.batches.extend(batches);
        group.notes.extend(notes);
        group.pending.add(learned);
        Ok(())
    }

    fn file(
        &mut self,
        submission: Submission,
        now: CaptureTime,
        group: &mut Group,
    ) -> Result<Filed, Refusal> {
        let filing = match &mut self.filing {
            Some(filing) => filing,
            None => {
                let read = self.runtime.block_on(Filing::load(&*self.store));
                let read = read.map_err(|error| Refusal::Failing(error.to_string()))?;
                self.filing.insert(read)
            }
        };
        group.notes.extend(filing.forget(now.as_seconds()));
        filing.file(submission, &group.pending, now.as_seconds(), &self.meters)
    }

    fn write(&mut self, group: Group, now: CaptureTime) {
        let Group { batches, notes, pending, values, jobs } = group;
        if jobs.is_empty() {
            return;
        }
        let written = self.runtime.block_on(self.store.write_all(batches, notes));
        let done = written.map_err(|error| {
            self.fault.set(Some(error.to_string()));
            Refusal::Failing(error.to_string())
        });
        let done = done.map(|written| {
            self.count(&written, values);
            if let Some(filing) = &mut self.filing {
                filing.settle(pending, now.as_seconds());
            }
        });
        for (room, answer) in jobs {
            drop(room);
            let _ = answer.send(done.clone());
        }
    }

    fn count(&self, written: &[Written], values: usize) {
        self.fault.set(None);
        let became = |what| written.iter().filter(|&&written| written == what).count();
        Meters::add(&self.meters.batches_stored, became(Written::Stored));
        Meters::add(&self.meters.batches_replaced, became(Written::Replaced));
        Meters::add(&self.meters.batches_already_there, became(Written::AlreadyThere));
        Meters::add(&self.meters.batches_too_late, became(Written::TooLate));
        Meters::add(&self.meters.values, values);
        Meters::add(&self.meters.changes, 1);
    }
}
