//! Parquet and Arrow IPC: record batches, one after the other.

use super::columns::{Columns, refused};
use super::{ExportError, Exporter, Row, Shape};
use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::io::Write;

/// Rows of a record batch, at most.
const BATCH_ROWS_MAX: usize = 8_192;
/// Bins of its rows at which it is written.
const BATCH_BINS: usize = 65_536;
/// Bytes of a row group at which it is written. Large ones pack better; a reader holds one at a time.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// Where record batches go.
trait Sink {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), ExportError>;
    fn end(self) -> Result<(), ExportError>;
}

/// Gathers rows into record batches.
struct Batches<S> {
    columns: Columns,
    sink: S,
}

impl<S: Sink> Batches<S> {
    fn flush(&mut self) -> Result<(), ExportError> {
        let batch = self.columns.take()?;
        self.sink.batch(&batch)
    }
}

impl<S: Sink> Exporter for Batches<S> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        self.columns.push(row)?;
        let is_full = match self.columns.bin_count() {
            0 => self.columns.rows() >= BATCH_ROWS_MAX,
            bins => bins >= BATCH_BINS || self.columns.rows() >= BATCH_BINS,
        };
        if is_full { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        if self.columns.rows() > 0 {
            self.flush()?;
        }
        self.sink.end()
    }
}

struct Parquet<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> Sink for Parquet<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        self.0.write(batch).map_err(refused)?;
        if self.0.in_progress_size() >= ROW_GROUP_BYTES {
            self.0.flush().map_err(refused)?;
        }
        Ok(())
    }

    fn end(self) -> Result<(), ExportError> {
        self.0.close().map(drop).map_err(refused)
    }
}

pub(super) fn parquet(
    shape: Shape,
    tags: Vec<String>,
    output: impl Write + Send,
) -> Result<impl Exporter, ExportError> {
    let columns = Columns::new(shape, tags);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let writer = ArrowWriter::try_new(output, columns.schema(), Some(properties));
    Ok(Batches { columns, sink: Parquet(writer.map_err(refused)?) })
}

struct Ipc<W: Write>(FileWriter<W>);

impl<W: Write> Sink for Ipc<W> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), ExportError> {
        self.0.write(batch).map_err(refused)
    }

    fn end(mut self) -> Result<(), ExportError> {
        self.0.finish().map_err(refused)?;
        self.0.get_mut().flush()?;
        Ok(())
    }
}

pub(super) fn ipc(
    shape: Shape,
    tags: Vec<String>,
    output: impl Write,
) -> Result<impl Exporter, ExportError> {
    let columns = Columns::new(shape, tags);
    let writer = FileWriter::try_new(output, &columns.schema()).map_err(refused)?;
    Ok(Batches { columns, sink: Ipc(writer) })
}
