//! How keys are laid out: fixed-width big-endian words, so that their order is the rows' order.

use super::damaged;
use crate::rollup::hour_of;
use crate::{StoreError, TimeRange};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use model::window::{Window, WindowLength};

/// What a key begins with.
#[derive(Clone, Copy)]
pub(super) enum Table {
    /// → [`super::values::Counters`]
    Counters = 0,
    /// series key → series number
    Series = 1,
    /// run, pipeline, source → writer number
    Writer = 2,
    /// window length, start, writer → revision and series numbers of that batch
    Head = 3,
    /// series, window length, start, writer → value
    Row = 4,
    /// kind, name → version and text
    Document = 5,
    /// base window length, hour → which windows were reported, and series numbers of that hour
    Hour = 6,
    /// series, base window length, window length, start → value
    Rolled = 7,
    /// base window length, hour → nothing: it is to be rolled up
    Dirty = 8,
    /// base window length → from when on its windows are kept
    Floors = 9,
}

impl Table {
    /// The least key that a table can have; also the end of the table before it.
    pub(super) fn start(self) -> Vec<u8> {
        vec![self as u8]
    }

    fn key(self, words: &[u64]) -> Vec<u8> {
        let mut key = Vec::with_capacity(1 + 8 * words.len());
        key.push(self as u8);
        words.iter().for_each(|word| key.extend_from_slice(&word.to_be_bytes()));
        key
    }
}

/// The number of a series in this directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SeriesId(pub(super) u64);

/// The number of a (source, run, pipeline) in this directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WriterId(pub(super) u64);

impl WriterId {
    /// Less than or equal to every other.
    pub(super) const FIRST: Self = Self(0);
}

pub(super) fn series(series: &Series) -> Vec<u8> {
    let mut key = Table::Series.start();
    key.extend_from_slice(&series.to_key());
    key
}

pub(super) fn read_series(key: &[u8]) -> Result<Series, StoreError> {
    let text = key.get(1..).unwrap_or_default();
    Series::from_key(text).ok_or_else(|| damaged("the series table", "a key is no series"))
}

pub(super) fn writer(run: u64, pipeline: u16, source: &str) -> Vec<u8> {
    let mut key = Table::Writer.key(&[run]);
    key.extend_from_slice(&pipeline.to_be_bytes());
    key.extend_from_slice(source.as_bytes());
    key
}

/// The run, the pipeline and the source.
pub(super) fn read_writer(key: &[u8]) -> Result<(u64, u16, &str), StoreError> {
    let read = || {
        let (run, rest) = key.get(1..)?.split_first_chunk()?;
        let (pipeline, source) = rest.split_first_chunk()?;
        let source = std::str::from_utf8(source).ok()?;
        Some((u64::from_be_bytes(*run), u16::from_be_bytes(*pipeline), source))
    };
    read().ok_or_else(|| damaged("the writer table", "a key is no writer"))
}

pub(super) fn head(length: WindowLength, start: CaptureTime, writer: WriterId) -> Vec<u8> {
    Table::Head.key(&[length.span().0, start.as_nanos(), writer.0])
}

/// The end of a resolution's heads.
pub(super) fn heads_end(length: WindowLength) -> Vec<u8> {
    match length.span().0.checked_add(1) {
        Some(next) => Table::Head.key(&[next]),
        None => Table::Row.start(),
    }
}

pub(super) fn read_head(key: &[u8]) -> Result<(Window, WriterId), StoreError> {
    let wrong = || damaged("a batch's head", "its key is no window");
    let [length, start, writer] = words(key).ok_or_else(wrong)?;
    let length = WindowLength::new(Nanos(length)).map_err(|_| wrong())?;
    Ok((Window { start: CaptureTime::from_nanos(start), length }, WriterId(writer)))
}

pub(super) fn row(
    series: SeriesId,
    length: WindowLength,
    start: CaptureTime,
    writer: WriterId,
) -> Vec<u8> {
    Table::Row.key(&[series.0, length.span().0, start.as_nanos(), writer.0])
}

/// What all rows of a series begin with.
pub(super) fn rows_of(series: SeriesId) -> Vec<u8> {
    Table::Row.key(&[series.0])
}

/// The window's start, and who wrote the row.
pub(super) fn read_row(key: &[u8]) -> Result<(CaptureTime, WriterId), StoreError> {
    let [_series, _length, start, writer] =
        words(key).ok_or_else(|| damaged("a row", "its key has the wrong length"))?;
    Ok((CaptureTime::from_nanos(start), WriterId(writer)))
}

/// An hour that is rolled up, of windows of one base length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hour {
    pub(super) base: WindowLength,
    pub(super) start: CaptureTime,
}

impl Hour {
    /// The hour of a window, if such windows are rolled up.
    pub(super) fn of(window: Window) -> Option<Self> {
        let start = hour_of(window.length, window.start)?;
        Some(Self { base: window.length, start })
    }

    pub(super) fn range(self) -> TimeRange {
        self.start..self.end()
    }

    pub(super) fn end(self) -> CaptureTime {
        self.start.plus(WindowLength::HOUR.span())
    }

    /// In the table of hours, or in that of the dirty ones.
    pub(super) fn key(self, table: Table) -> Vec<u8> {
        table.key(&[self.base.span().0, self.start.as_nanos()])
    }
}

pub(super) fn read_hour(key: &[u8]) -> Result<Hour, StoreError> {
    let wrong = || damaged("an hour", "its key is no hour");
    let [base, start] = words(key).ok_or_else(wrong)?;
    let base = WindowLength::new(Nanos(base)).map_err(|_| wrong())?;
    let hour = Hour { base, start: CaptureTime::from_nanos(start) };
    let whole = hour_of(base, hour.start) == Some(hour.start);
    if whole { Ok(hour) } else { Err(wrong()) }
}

/// A row of a window that was rolled up.
pub(super) fn rolled(
    series: SeriesId,
    base: WindowLength,
    length: WindowLength,
    start: CaptureTime,
) -> Vec<u8> {
    Table::Rolled.key(&[series.0, base.span().0, length.span().0, start.as_nanos()])
}

/// What all rolled up rows of a series begin with.
pub(super) fn rolled_of(series: SeriesId) -> Vec<u8> {
    Table::Rolled.key(&[series.0])
}

/// The base windows' length, the window's length and its start.
pub(super) fn read_rolled(key: &[u8]) -> Result<(WindowLength, Window), StoreError> {
    let wrong = || damaged("a rolled up row", "its key is no window");
    let [_series, base, length, start] = words(key).ok_or_else(wrong)?;
    let length_of = |nanos| WindowLength::new(Nanos(nanos)).map_err(|_| wrong());
    let start = CaptureTime::from_nanos(start);
    Ok((length_of(base)?, Window { start, length: length_of(length)? }))
}

pub(super) fn floors(base: WindowLength) -> Vec<u8> {
    Table::Floors.key(&[base.span().0])
}

pub(super) fn read_floors(key: &[u8]) -> Result<WindowLength, StoreError> {
    let wrong = || damaged("the retention's floors", "their key is no length");
    let [base] = words(key).ok_or_else(wrong)?;
    WindowLength::new(Nanos(base)).map_err(|_| wrong())
}

/// What all documents of a kind begin with. `kind` is within [`crate::KEY_BYTES_MAX`].
pub(super) fn documents_of(kind: &str) -> Vec<u8> {
    let mut key = Table::Document.key(&[kind.len() as u64]);
    key.extend_from_slice(kind.as_bytes());
    key
}

pub(super) fn document(kind: &str, name: &str) -> Vec<u8> {
    let mut key = documents_of(kind);
    key.extend_from_slice(name.as_bytes());
    key
}

/// The name in a key that begins with `documents_of(kind)`.
pub(super) fn read_document_name(key: &[u8], prefix: &[u8]) -> Result<String, StoreError> {
    let name = key.strip_prefix(prefix).and_then(|name| std::str::from_utf8(name).ok());
    name.map(str::to_owned).ok_or_else(|| damaged("a document", "its name is no text"))
}

fn words<const N: usize>(key: &[u8]) -> Option<[u64; N]> {
    let (words, []) = key.get(1..)?.as_chunks::<8>() else { return None };
    let words: &[[u8; 8]; N] = words.try_into().ok()?;
    Some(words.map(u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: WindowLength = WindowLength::DEFAULT;

    #[test]
    fn keys_read_back() {
        let start = CaptureTime::from_parts(1_370_816_550, 0);
        let window = Window { start, length: TEN };
        assert_eq!(read_head(&head(TEN, start, WriterId(7))).unwrap(), (window, WriterId(7)));
        let row = row(SeriesId(3), TEN, start, WriterId(7));
        assert_eq!(read_row(&row).unwrap(), (start, WriterId(7)));
        assert!(row.starts_with(&rows_of(SeriesId(3))));
        assert_eq!(read_writer(&writer(9, 2, "höst")).unwrap(), (9, 2, "höst"));
        let key = document("rule", "a/b");
        assert_eq!(read_document_name(&key, &documents_of("rule")).unwrap(), "a/b");
    }

    #[test]
    fn keys_of_rollups_read_back() {
        let start = CaptureTime::from_parts(1_370_815_200, 0);
        let hour = Hour { base: TEN, start };
        assert_eq!(read_hour(&hour.key(Table::Hour)).unwrap(), hour);
        let minute =
            Window { start: start.plus(Nanos::from_seconds(60)), length: WindowLength::MINUTE };
        assert_eq!(Hour::of(Window { length: TEN, ..minute }), Some(hour));
        let key = rolled(SeriesId(3), TEN, minute.length, minute.start);
        assert_eq!(read_rolled(&key).unwrap(), (TEN, minute));
        assert!(key.starts_with(&rolled_of(SeriesId(3))));
        assert_eq!(read_floors(&floors(TEN)).unwrap(), TEN);
        let late = Hour { start: minute.start, ..hour };
        assert!(read_hour(&late.key(Table::Hour)).is_err());
    }

    #[test]
    fn keys_that_are_none_are_damage() {
        assert!(read_head(&Table::Head.key(&[7, 0, 0])).is_err());
        assert!(read_row(b"\x04short").is_err());
        assert!(read_writer(b"\x02").is_err());
        assert!(read_series(b"\x01\0\0\0\x09x").is_err());
    }

    #[test]
    fn times_order_as_numbers() {
        let at = |nanos| row(SeriesId(1), TEN, CaptureTime::from_nanos(nanos), WriterId::FIRST);
        assert!(at(255) < at(256) && at(u64::MAX - 1) < at(u64::MAX));
        assert!(row(SeriesId(1), TEN, CaptureTime::MAX, WriterId(1)) < rows_of(SeriesId(2)));
        assert!(head(TEN, CaptureTime::MAX, WriterId(u64::MAX)) < heads_end(TEN));
    }
}
