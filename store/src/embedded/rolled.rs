//! Reading by longer windows: hours that are clean as they were rolled up, the others from their base rows.

use super::dictionary::Writers;
use super::engine::View;
use super::keys::{self, Hour, SeriesId, Table};
use super::scan::Scan;
use super::spans::Spans;
use super::state::State;
use super::values::{self, HourHead};
use super::windows;
use crate::rollup::{Floors, Fold, Kept, coarsest, counted, cover, spans as spans_of, steps};
use crate::{BLOCK_ROWS_MAX, Block, StoreError, TimeRange};
use model::batch::Value;
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Gives blocks; nothing more after an error.
pub(super) struct RolledScan {
    reader: Reader,
    wanted: std::vec::IntoIter<(SeriesId, Arc<Series>)>,
    open: Option<Open>,
}

/// What is read, of whichever series.
struct Reader {
    view: View,
    writers: Arc<Writers>,
    base: WindowLength,
    steps: Vec<WindowLength>,
    /// In time order.
    pieces: Arc<[Piece]>,
}

/// A span of time, and the length of the windows it is read from.
pub(super) struct Piece {
    pub(super) range: TimeRange,
    pub(super) from: WindowLength,
}

/// The series that is being read.
struct Open {
    id: SeriesId,
    series: Arc<Series>,
    /// The next piece.
    next: usize,
    rows: Option<Rows>,
    fold: Fold,
    whole: VecDeque<(CaptureTime, Value)>,
}

/// Rows of one piece, and the stage of the fold that takes them.
struct Rows {
    stage: usize,
    rows: Box<dyn Iterator<Item = Result<(CaptureTime, Value), StoreError>> + Send>,
}

impl RolledScan {
    pub(super) fn new(
        state: &State,
        view: View,
        wanted: Vec<(SeriesId, Arc<Series>)>,
        range: &TimeRange,
        base: WindowLength,
        length: WindowLength,
    ) -> Self {
        let pieces = pieces_of(state, range, base, length).into();
        let writers = Arc::clone(&state.writers);
        let reader = Reader { view, writers, base, steps: steps(base, length), pieces };
        Self { reader, wanted: wanted.into_iter(), open: None }
    }

    fn next_block(&mut self) -> Result<Option<Block>, StoreError> {
        loop {
            if self.open.is_none() {
                let Some((id, series)) = self.wanted.next() else { return Ok(None) };
                self.open = Some(self.reader.open(id, series));
            }
            let Some(open) = &mut self.open else { return Ok(None) };
            let is_over = self.reader.fill(open)?;
            let rows: Vec<_> = open.whole.drain(..open.whole.len().min(BLOCK_ROWS_MAX)).collect();
            let block = Block { series: Arc::clone(&open.series), rows };
            if is_over && open.whole.is_empty() {
                self.open = None;
            }
            if !block.rows.is_empty() {
                return Ok(Some(block));
            }
        }
    }
}

impl Iterator for RolledScan {
    type Item = Result<Block, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.next_block();
        if block.is_err() {
            (self.wanted, self.open) = (Vec::new().into_iter(), None);
        }
        block.transpose()
    }
}

impl Reader {
    fn open(&self, id: SeriesId, series: Arc<Series>) -> Open {
        let fold = Fold::through(&self.steps);
        Open { id, series, next: 0, rows: None, fold, whole: VecDeque::new() }
    }

    /// Reads on until a block is full; whether the series is over.
    fn fill(&self, open: &mut Open) -> Result<bool, StoreError> {
        let mut whole = Vec::new();
        while open.whole.len() < BLOCK_ROWS_MAX {
            let Some(rows) = &mut open.rows else {
                let Some(piece) = self.pieces.get(open.next) else {
                    open.fold.finish(&mut whole);
                    open.whole.extend(whole);
                    return Ok(true);
                };
                open.next = open.next.saturating_add(1);
                open.rows = Some(self.rows(open.id, &open.series, piece));
                continue;
            };
            match rows.rows.next().transpose()? {
                Some((start, value)) => open.fold.take(rows.stage, start, value, &mut whole),
                None => open.rows = None,
            }
            open.whole.extend(whole.drain(..));
        }
        Ok(false)
    }

    fn rows(&self, id: SeriesId, series: &Arc<Series>, piece: &Piece) -> Rows {
        let range = piece.range.clone();
        if piece.from == self.base {
            let rows = base_rows(&self.view, &self.writers, (id, series), range, self.base);
            return Rows { stage: 0, rows: Box::new(rows) };
        }
        let stage = stage_of(&self.steps, piece.from);
        let at = |time| keys::rolled(id, self.base, piece.from, time);
        let rows = self.view.range(at(range.start), at(range.end)).map(|pair| {
            let (key, value) = pair?;
            Ok((keys::read_rolled(&key)?.1.start, values::decode(&value)?))
        });
        Rows { stage, rows: Box::new(rows) }
    }
}

/// A series' base rows, one by one.
pub(super) fn base_rows(
    view: &View,
    writers: &Arc<Writers>,
    (id, series): (SeriesId, &Arc<Series>),
    range: TimeRange,
    base: WindowLength,
) -> impl Iterator<Item = Result<(CaptureTime, Value), StoreError>> + Send + use<> {
    let wanted = vec![(id, Arc::clone(series))];
    let blocks = Scan::new(view.clone(), Arc::clone(writers), wanted, range, base);
    blocks.flat_map(|block| match block {
        Ok(block) => block.rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}

/// Where to read windows of `length` from.
pub(super) fn pieces_of(
    state: &State,
    range: &TimeRange,
    base: WindowLength,
    length: WindowLength,
) -> Vec<Piece> {
    let range = state.spans.floors(base).readable(range, base, length);
    let level = coarsest(base, length).filter(|_| length != base);
    pieces(&range, base, level, &state.spans.dirty_in(base, &range))
}

/// The stage of a fold through `steps` that takes rows of this length; 0 takes base rows.
pub(super) fn stage_of(steps: &[WindowLength], from: WindowLength) -> usize {
    steps.iter().position(|step| *step == from).map_or(0, |at| at.saturating_add(1))
}

/// Where to read from: the level where nothing is dirty, base rows elsewhere.
fn pieces(
    range: &TimeRange,
    base: WindowLength,
    level: Option<WindowLength>,
    dirty: &[Hour],
) -> Vec<Piece> {
    let Some(level) = level else { return vec![Piece { range: range.clone(), from: base }] };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut put = |range: TimeRange, from| match pieces.last_mut() {
        _ if range.start >= range.end => {}
        Some(last) if last.from == from => last.range.end = range.end,
        _ => pieces.push(Piece { range, from }),
    };
    let mut at = range.start;
    for hour in dirty {
        put(at..hour.start.min(range.end), level);
        let end = hour.end().min(range.end);
        put(hour.start.max(at)..end, base);
        at = end;
    }
    put(at..range.end, level);
    pieces
}

/// See [`crate::Store::reported`].
pub(super) fn reported(
    view: &View,
    floors: Floors,
    range: &TimeRange,
    base: WindowLength,
    length: WindowLength,
) -> Result<Vec<(CaptureTime, u64)>, StoreError> {
    let range = floors.readable(range, base, length);
    let old = range.start..range.end.min(floors.base);
    let mut starts = Vec::new();
    if length != base {
        let key = |start| Hour { base, start }.key(Table::Hour);
        let first = WindowLength::HOUR.window_of(old.start).start;
        for pair in view.range(key(first), key(old.end.max(first))) {
            let (key, head) = pair?;
            let hour = keys::read_hour(&key)?;
            starts.extend(starts_of(hour, &HourHead::decode(&head)?));
        }
        starts.retain(|start| old.contains(start));
    }
    let new = range.start.max(floors.base)..range.end;
    starts.extend(windows::windows(view, new, base)?);
    Ok(counted(starts, length))
}

/// See [`crate::Store::observed`].
pub(super) fn observed(
    view: &View,
    floors: Floors,
    range: &TimeRange,
    base: WindowLength,
    length: WindowLength,
) -> Result<Vec<TimeRange>, StoreError> {
    let start = range.start.max(floors.whole_since(base, length));
    let old = start..range.end.min(floors.base);
    let mut spans = Vec::new();
    if !old.is_empty() {
        let key = |start| Hour { base, start }.key(Table::Hour);
        for pair in view.range(key(WindowLength::HOUR.window_of(old.start).start), key(old.end)) {
            let (key, head) = pair?;
            let hour = keys::read_hour(&key)?;
            let at = |number: u64| hour.start.plus(Nanos(number.saturating_mul(base.span().0)));
            for (first, count) in HourHead::decode(&head)?.reported {
                let run = at(first)..at(first.saturating_add(count));
                cover(&mut spans, run.start.max(old.start)..run.end.min(old.end));
            }
        }
    }
    let new = start.max(floors.base)..range.end;
    if !new.is_empty() {
        let starts = windows::windows(view, new.clone(), base)?;
        spans_of(starts, base, &new).into_iter().for_each(|span| cover(&mut spans, span));
    }
    Ok(spans)
}

/// The reported windows of an hour.
fn starts_of(hour: Hour, head: &HourHead) -> impl Iterator<Item = CaptureTime> {
    let numbers =
        head.reported.iter().flat_map(|&(first, count)| first..first.saturating_add(count));
    let span = hour.base.span().0;
    numbers.map(move |number| hour.start.plus(Nanos(number.saturating_mul(span))))
}

/// See [`crate::Store::kept`].
pub(super) fn kept(view: &View, spans: &Spans) -> Result<Vec<Kept>, StoreError> {
    let mut held: BTreeMap<WindowLength, (CaptureTime, CaptureTime)> = BTreeMap::new();
    for (base, first, last) in windows::resolutions(view)? {
        held.insert(base, (first, last));
    }
    for base in spans.bases().chain(held.keys().copied().collect::<Vec<_>>()) {
        for start in rolled_ends(view, base, spans.floors(base).base)?.into_iter().flatten() {
            let span = held.entry(base).or_insert((start, start));
            *span = (span.0.min(start), span.1.max(start));
        }
    }
    let kept =
        |(base, (first, last))| spans.floors(base).kept(base, first, last).collect::<Vec<_>>();
    Ok(held.into_iter().flat_map(kept).collect())
}

/// The first and the last window of which only rollups are left.
fn rolled_ends(
    view: &View,
    base: WindowLength,
    floor: CaptureTime,
) -> Result<[Option<CaptureTime>; 2], StoreError> {
    let key = |start| Hour { base, start }.key(Table::Hour);
    let hours = || view.range(key(CaptureTime::ZERO), key(floor));
    let starts =
        |pair: Option<Result<(_, _), StoreError>>| -> Result<Vec<CaptureTime>, StoreError> {
            let Some(pair) = pair else { return Ok(Vec::new()) };
            let (key, head): (fjall::UserKey, fjall::UserValue) = pair?;
            Ok(starts_of(keys::read_hour(&key)?, &HourHead::decode(&head)?).collect())
        };
    let first = starts(hours().next())?.first().copied();
    let last = starts(hours().next_back())?.last().copied();
    Ok([first, last])
}
