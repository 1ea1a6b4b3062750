//! Arrow's IPC stream: the table that CSV has, in columns with types.

use super::{column, tag_names};
use analyzer::query::{Answer, Number, Stream, Values};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampNanosecondArray};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use std::sync::Arc;

/// The answer as one record batch: `start` (nanoseconds, UTC), `name`, the tags, `at_least` and `at_most` (or `histogram`, in the
/// wire form of OpenHistogram), `observed`. Nothing is null.
///
/// # Errors
/// None that is known: the columns are made equally long.
pub fn stream(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let batch = match &answer.streams {
        Values::Numbers(streams) => {
            let side = |of: fn(&Number) -> f64| -> ArrayRef {
                let cells = streams.iter().flat_map(|stream| &stream.values);
                Arc::new(cells.map(|cell| cell.as_ref().map(of)).collect::<Float64Array>())
            };
            let columns =
                [("at_least", side(|number| number.low)), ("at_most", side(|number| number.high))];
            batch(answer, streams, columns.into())
        }
        Values::Histograms(streams) => {
            let cells = streams.iter().flat_map(|stream| &stream.values);
            let forms =
                cells.map(|cell| cell.as_ref().map(model::histogram::CompactHistogram::to_base64));
            let forms: ArrayRef = Arc::new(forms.collect::<StringArray>());
            batch(answer, streams, vec![("histogram", forms)])
        }
    }?;
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    writer.into_inner()
}

fn batch<V>(
    answer: &Answer,
    streams: &[Stream<V>],
    values: Vec<(&str, ArrayRef)>,
) -> Result<RecordBatch, ArrowError> {
    let starts = streams.iter().flat_map(|_| answer.grid.starts());
    let starts = starts.map(|start| i64::try_from(start.as_nanos()).ok());
    let starts = starts.collect::<TimestampNanosecondArray>().with_timezone("UTC");
    let mut columns: Vec<(String, ArrayRef)> = vec![("start".to_owned(), Arc::new(starts))];
    let steps = answer.grid.steps();
    let texts = |of: &dyn Fn(&Stream<V>) -> Option<String>| -> ArrayRef {
        let cells = streams.iter().flat_map(|stream| std::iter::repeat_n(of(stream), steps));
        Arc::new(cells.collect::<StringArray>())
    };
    columns.push(("name".to_owned(), texts(&|stream| Some(stream.name.clone()))));
    for tag in tag_names(streams) {
        let own = |stream: &Stream<V>| {
            let found = stream.tags.iter().find(|(name, _)| name == tag);
            found.map(|(_, value)| value.clone())
        };
        columns.push((column(tag), texts(&own)));
    }
    columns.extend(values.into_iter().map(|(name, column)| (name.to_owned(), column)));
    let observed = streams.iter().flat_map(|_| &answer.coverage.steps);
    let observed = observed.map(|step| Some(step.observed)).collect::<Float64Array>();
    columns.push(("observed".to_owned(), Arc::new(observed)));
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
}
