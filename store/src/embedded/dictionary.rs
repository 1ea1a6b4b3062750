//! Series and writers have numbers in the directory; the tables are held in memory whole.

use super::engine::View;
use super::keys::{self, SeriesId, Table, WriterId};
use super::values::decode_number;
use crate::StoreError;
use model::batch::BatchId;
use model::series::{Select, Series};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The series that have a row.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    /// In the series' order, to read.
    numbers: BTreeMap<Arc<Series>, SeriesId>,
    /// The same to write: looking one up among a million costs one comparison, not twenty.
    hashed: HashMap<Arc<Series>, SeriesId>,
    series: HashMap<SeriesId, Arc<Series>>,
}

impl SeriesTable {
    pub(super) fn load(view: &View) -> Result<Self, StoreError> {
        let mut table = Self::default();
        for pair in view.prefix(&Table::Series.start()) {
            let (key, number) = pair?;
            table.insert(Arc::new(keys::read_series(&key)?), SeriesId(decode_number(&number)?));
        }
        Ok(table)
    }

    pub(super) fn insert(&mut self, series: Arc<Series>, id: SeriesId) {
        self.series.insert(id, Arc::clone(&series));
        self.hashed.insert(Arc::clone(&series), id);
        self.numbers.insert(series, id);
    }

    pub(super) fn remove(&mut self, id: SeriesId) {
        if let Some(series) = self.series.remove(&id) {
            self.numbers.remove(&series);
            self.hashed.remove(&series);
        }
    }

    pub(super) fn id(&self, series: &Series) -> Option<SeriesId> {
        self.hashed.get(series).copied()
    }

    pub(super) fn series(&self, id: SeriesId) -> Option<&Arc<Series>> {
        self.series.get(&id)
    }

    /// In the series' order.
    pub(super) fn selected(&self, select: &Select) -> Vec<(SeriesId, Arc<Series>)> {
        // A metric's series are neighbours: the one without tags would be the first.
        let first = select.metric.as_deref().map(|metric| Arc::new(Series::new(metric, &[])));
        let from = match &first {
            Some(first) => self.numbers.range(Arc::clone(first)..),
            None => self.numbers.range::<Arc<Series>, _>(..),
        };
        let same_metric =
            |series: &Series| first.as_ref().is_none_or(|first| first.metric() == series.metric());
        from.take_while(|(series, _)| same_metric(series))
            .filter(|(series, _)| select.matches(series))
            .map(|(series, &id)| (id, Arc::clone(series)))
            .collect()
    }
}

/// Who wrote: the order of writers is the order in which their rows are merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Writer {
    source: Arc<str>,
    run: u64,
    pipeline: u16,
}

impl Writer {
    pub(super) fn of(batch: &BatchId) -> Self {
        let BatchId { source, run, pipeline, window: _ } = batch;
        Self { source: Arc::clone(source), run: *run, pipeline: *pipeline }
    }

    pub(super) fn key(&self) -> Vec<u8> {
        keys::writer(self.run, self.pipeline, &self.source)
    }
}

/// Every writer there ever was: a few dozen bytes per process start and pipeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Writers {
    numbers: BTreeMap<Writer, WriterId>,
    writers: HashMap<WriterId, Writer>,
}

impl Writers {
    pub(super) fn load(view: &View) -> Result<Self, StoreError> {
        let mut writers = Self::default();
        for pair in view.prefix(&Table::Writer.start()) {
            let (key, number) = pair?;
            let (run, pipeline, source) = keys::read_writer(&key)?;
            let writer = Writer { source: source.into(), run, pipeline };
            writers.insert(writer, WriterId(decode_number(&number)?));
        }
        Ok(writers)
    }

    pub(super) fn insert(&mut self, writer: Writer, id: WriterId) {
        self.writers.insert(id, writer.clone());
        self.numbers.insert(writer, id);
    }

    pub(super) fn id(&self, writer: &Writer) -> Option<WriterId> {
        self.numbers.get(writer).copied()
    }

    pub(super) fn writer(&self, id: WriterId) -> Option<&Writer> {
        self.writers.get(&id)
    }
}
