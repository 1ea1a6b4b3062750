//! From a question to its answer: on threads that may block, side by side over parts of the time, until nobody waits.

use super::ask::Ask;
use super::failure::Failure;
use super::held::held;
use super::ledger;
use super::segments::{Plan, Segment, plan, within};
use analyzer::query::{Answer, InputError, Inputs, Place, Query, Row};
use model::series::{Select, Series};
use model::window::Window;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::available_parallelism;
use store::{Raw, Store, Visitor};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Rows that one query may read.
pub const ROWS_MAX: u64 = 50_000_000;
/// Bytes of distributions that one query may read.
pub const BYTES_MAX: u64 = 8 << 30;
/// Series that one query may read.
pub const SERIES_MAX: usize = 200_000;
/// Threads that read for one query.
const PARTS_MAX: usize = 4;
/// Rows between two looks at whether to go on.
const LOOK_ROWS: u32 = 1_024;

/// Answers a question. When the future is dropped, reading stops soon after. Needs tokio's runtime.
///
/// # Errors
/// A question that cannot be answered, or a store that cannot be read.
pub async fn run(store: Arc<dyn Store>, ask: &Ask) -> Result<Answer, Failure> {
    let query = Query::parse(&ask.text)?;
    let mut held = held(&*store).await?;
    held.retain(|held| ask.window.is_none_or(|window| window == held.base));
    if held.is_empty() {
        return Err(Failure::Asked(match ask.window {
            Some(window) => {
                format!("there are no windows of {window}: leave it out, or ask which there are")
            }
            None => "nothing is stored yet: push something first".to_owned(),
        }));
    }
    let inputs = query.reads(&ask.grid(&held)?)?;
    let Plan { segments, notes } = plan(&held, inputs.grid())?;
    blocking(async move |bounds| {
        let mut wanted = Wanted::default();
        let mut inputs = inputs;
        for (number, find) in query.finds().iter().enumerate() {
            let select = find.metric().map(Select::metric).unwrap_or_default();
            for series in store.series(&select).await? {
                if find.matches(&series) {
                    wanted.add(number, series, &mut inputs)?;
                }
            }
        }
        let mut inputs = gather(&store, inputs, &segments, wanted, &bounds).await?;
        ledger::read(&*store, &segments, &mut inputs).await?;
        let mut answer = query.evaluate(inputs);
        answer.notes.extend(notes);
        Ok(answer)
    })
    .await
}

/// Reads everything that is wanted.
pub(super) async fn gather(
    store: &Arc<dyn Store>,
    mut inputs: Inputs,
    segments: &[Segment],
    wanted: Wanted,
    bounds: &Arc<Bounds>,
) -> Result<Inputs, Failure> {
    let parts = side_by_side(store, &inputs, segments, &Arc::new(wanted), bounds).await?;
    inputs.join(parts);
    for (range, base) in inputs.unseen() {
        let own = segments.iter().find(|segment| segment.base == base);
        let length = own.map_or(base, |segment| segment.length);
        inputs.reported(store.observed(range, base, length).await?);
    }
    Ok(inputs)
}

/// Runs what may block where that does no harm, until it is done or the future is dropped.
pub(super) async fn blocking<T: Send + 'static, W>(
    work: impl FnOnce(Arc<Bounds>) -> W + Send + 'static,
) -> Result<T, Failure>
where
    W: Future<Output = Result<T, Failure>>,
{
    let bounds = Arc::new(Bounds::default());
    let _guard = StopOnDrop(Arc::clone(&bounds));
    let runtime = Handle::current();
    // It ends early only where it panicked, or where the runtime ends.
    let task = spawn_blocking(move || runtime.block_on(work(bounds)));
    task.await.unwrap_or(Err(Failure::GivenUp))
}

/// Which series there are to read, and where their rows go.
#[derive(Default)]
pub(super) struct Wanted {
    series: Vec<Arc<Series>>,
    places: Vec<Place>,
}

impl Wanted {
    /// Adds a series for the find of this number.
    pub(super) fn add(
        &mut self,
        find: usize,
        series: Arc<Series>,
        inputs: &mut Inputs,
    ) -> Result<(), Failure> {
        if self.series.len() >= SERIES_MAX {
            return Err(Failure::TooMuch(format!(
                "the query reads more than {SERIES_MAX} series: narrow it by tags"
            )));
        }
        self.places.push(inputs.add(find, &series)?);
        self.series.push(series);
        Ok(())
    }
}

/// Reads parts of the time, each on a thread of its own.
async fn side_by_side(
    store: &Arc<dyn Store>,
    inputs: &Inputs,
    segments: &[Segment],
    wanted: &Arc<Wanted>,
    bounds: &Arc<Bounds>,
) -> Result<Vec<Inputs>, Failure> {
    let threads = available_parallelism().map_or(1, usize::from).min(PARTS_MAX);
    let mut tasks = Vec::new();
    for part in inputs.split(threads) {
        let segments = within(segments, part.grid());
        let (store, wanted, bounds) = (Arc::clone(store), Arc::clone(wanted), Arc::clone(bounds));
        let runtime = Handle::current();
        tasks.push(spawn_blocking(move || {
            runtime.block_on(read(&*store, part, &segments, &wanted, &bounds))
        }));
    }
    let mut parts = Vec::with_capacity(tasks.len());
    for task in tasks {
        parts.push(task.await.unwrap_or(Err(Failure::GivenUp))?);
    }
    Ok(parts)
}

async fn read(
    store: &dyn Store,
    mut inputs: Inputs,
    segments: &[Segment],
    wanted: &Wanted,
    bounds: &Bounds,
) -> Result<Inputs, Failure> {
    for Segment { range, base, length } in segments {
        inputs.segment(range.clone(), *base);
        let mut reader =
            Reader { inputs: &mut inputs, wanted, bounds, rows: 0, bytes: 0, failure: None };
        store.visit(&wanted.series, range.clone(), *base, *length, &mut reader).await?;
        let _ = reader.look();
        if let Some(failure) = reader.failure {
            return Err(failure);
        }
    }
    inputs.close();
    Ok(inputs)
}

/// How much a query has read, and whether anybody waits for it still.
#[derive(Default)]
pub(super) struct Bounds {
    rows: AtomicU64,
    bytes: AtomicU64,
    stopped: AtomicBool,
}

impl Bounds {
    fn add(&self, rows: u32, bytes: u64) -> Result<(), Failure> {
        let rows = self.rows.fetch_add(rows.into(), Ordering::Relaxed) + u64::from(rows);
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Failure::GivenUp);
        }
        if rows > ROWS_MAX || bytes > BYTES_MAX {
            return Err(Failure::TooMuch(format!(
                "the query reads more than {ROWS_MAX} rows or {} GiB: ask for a shorter range, longer steps or fewer series",
                BYTES_MAX >> 30
            )));
        }
        Ok(())
    }
}

/// Tells the reading threads that nobody waits any more.
struct StopOnDrop(Arc<Bounds>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

/// Hands rows on to the inputs.
struct Reader<'a> {
    inputs: &'a mut Inputs,
    wanted: &'a Wanted,
    bounds: &'a Bounds,
    rows: u32,
    bytes: u64,
    failure: Option<Failure>,
}

impl Reader<'_> {
    /// Whether to go on.
    fn look(&mut self) -> ControlFlow<()> {
        let read = self.bounds.add(std::mem::take(&mut self.rows), std::mem::take(&mut self.bytes));
        match read {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => self.fail(failure),
        }
    }

    fn fail(&mut self, failure: Failure) -> ControlFlow<()> {
        // The first one is the cause.
        self.failure.get_or_insert(failure);
        ControlFlow::Break(())
    }

    fn done(&mut self, result: Result<(), InputError>) -> ControlFlow<()> {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.fail(error.into()),
        }
    }
}

impl Visitor for Reader<'_> {
    fn series(&mut self, place: usize) -> ControlFlow<()> {
        let (Some(series), Some(to)) =
            (self.wanted.series.get(place), self.wanted.places.get(place))
        else {
            return ControlFlow::Continue(());
        };
        let opened = self.inputs.open(*to, series);
        self.done(opened)
    }

    fn row(&mut self, window: Window, row: Raw<'_>) -> ControlFlow<()> {
        self.rows += 1;
        let row = match row {
            Raw::Histogram(bytes) => {
                self.bytes += bytes.len() as u64;
                Row::Histogram(bytes)
            }
            Raw::Delta(grown) => Row::Delta(grown),
            Raw::Gauge(gauge) => Row::Gauge(gauge),
            Raw::Text => Row::Text,
        };
        let taken = self.inputs.row(window, row);
        self.done(taken)?;
        if self.rows >= LOOK_ROWS { self.look() } else { ControlFlow::Continue(()) }
    }
}
