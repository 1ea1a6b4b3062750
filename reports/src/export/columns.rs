//! Columns that fill up row by row, and become a record batch.

use super::{ExportError, Row, Shape, kind, tag_column, time};
use arrow_array::builder::{Float64Builder, PrimitiveBuilder, TimestampNanosecondBuilder};
use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use model::batch::Value;
use model::histogram::Distribution;
use std::sync::Arc;

const ZONE: &str = "UTC";

/// Rows of either shape, not yet written.
pub(super) struct Columns {
    schema: SchemaRef,
    shape: Shape,
    /// Names of the tags that have columns.
    tags: Vec<String>,
    places: Places,
    tag_columns: Vec<StringBuilder>,
    tag_map: MapBuilder<StringBuilder, StringBuilder>,
    bins: ListBuilder<StructBuilder>,
    flat: Bins,
    values: Values,
    rows: usize,
    bin_count: usize,
}

/// What both shapes begin with.
#[derive(Default)]
struct Places {
    metric: StringBuilder,
    start: TimestampNanosecondBuilder,
    seconds: Float64Builder,
}

#[derive(Default)]
struct Bins {
    lower: Float64Builder,
    upper: Float64Builder,
    count: PrimitiveBuilder<UInt64Type>,
}

/// Of the nested shape.
#[derive(Default)]
struct Values {
    kind: StringBuilder,
    count: PrimitiveBuilder<UInt64Type>,
    last: Float64Builder,
    min: Float64Builder,
    max: Float64Builder,
    sum: Float64Builder,
    text: StringBuilder,
}

impl Columns {
    pub(super) fn new(shape: Shape, tags: Vec<String>) -> Self {
        let bin = bin_fields();
        let list_item = Field::new("item", DataType::Struct(bin.clone()), false);
        Self {
            schema: Arc::new(schema(shape, &tags)),
            shape,
            tag_columns: tags.iter().map(|_| StringBuilder::new()).collect(),
            tags,
            places: Places::default(),
            tag_map: MapBuilder::new(None, StringBuilder::new(), StringBuilder::new()),
            bins: ListBuilder::new(StructBuilder::from_fields(bin, 0)).with_field(list_item),
            flat: Bins::default(),
            values: Values::default(),
            rows: 0,
            bin_count: 0,
        }
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Bins in all rows together.
    pub(super) const fn bin_count(&self) -> usize {
        self.bin_count
    }

    pub(super) fn push(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        match (self.shape, row.value) {
            (Shape::Nested, _) => self.push_nested(row),
            (Shape::Flat, Value::Histogram(histogram)) => {
                histogram.iter().try_for_each(|(bin, count)| {
                    self.push_place(row)?;
                    for (name, column) in self.tags.iter().zip(&mut self.tag_columns) {
                        column.append_option(row.series.tag(name));
                    }
                    self.flat.lower.append_value(bin.lower());
                    self.flat.upper.append_value(bin.upper());
                    self.flat.count.append_value(count);
                    self.bin_count += 1;
                    Ok(())
                })
            }
            (Shape::Flat, _) => Ok(()),
        }
    }

    fn push_place(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        self.places.start.append_value(time::nanos(row.start)?);
        self.places.metric.append_value(row.series.metric());
        self.places.seconds.append_value(row.length.span().as_seconds_f64());
        self.rows += 1;
        Ok(())
    }

    fn push_nested(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        self.push_place(row)?;
        for (name, value) in row.series.tags() {
            self.tag_map.keys().append_value(name);
            self.tag_map.values().append_value(value);
        }
        self.tag_map.append(true).map_err(refused)?;
        self.push_bins(row.value);
        self.values.push(row.value);
        Ok(())
    }

    fn push_bins(&mut self, value: &Value) {
        if let Value::Histogram(histogram) = value {
            let bins = self.bins.values();
            for (bin, count) in histogram.iter() {
                for (place, edge) in [bin.lower(), bin.upper()].into_iter().enumerate() {
                    if let Some(edges) = bins.field_builder::<Float64Builder>(place) {
                        edges.append_value(edge);
                    }
                }
                if let Some(counts) = bins.field_builder::<PrimitiveBuilder<UInt64Type>>(2) {
                    counts.append_value(count);
                }
                bins.append(true);
                self.bin_count += 1;
            }
        }
        self.bins.append(matches!(value, Value::Histogram(_)));
    }

    /// Gives the rows away.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ExportError> {
        (self.rows, self.bin_count) = (0, 0);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.places.metric.finish())];
        match self.shape {
            Shape::Nested => columns.push(Arc::new(self.tag_map.finish())),
            Shape::Flat => {
                for column in &mut self.tag_columns {
                    columns.push(Arc::new(column.finish()));
                }
            }
        }
        columns.push(Arc::new(self.places.start.finish().with_timezone(ZONE)));
        columns.push(Arc::new(self.places.seconds.finish()));
        match self.shape {
            Shape::Nested => {
                let Values { kind, count, last, min, max, sum, text } = &mut self.values;
                columns.push(Arc::new(kind.finish()));
                columns.push(Arc::new(self.bins.finish()));
                columns.push(Arc::new(count.finish()));
                for levels in [last, min, max, sum] {
                    columns.push(Arc::new(levels.finish()));
                }
                columns.push(Arc::new(text.finish()));
            }
            Shape::Flat => {
                columns.push(Arc::new(self.flat.lower.finish()));
                columns.push(Arc::new(self.flat.upper.finish()));
                columns.push(Arc::new(self.flat.count.finish()));
            }
        }
        RecordBatch::try_new(self.schema(), columns).map_err(refused)
    }
}

impl Values {
    fn push(&mut self, value: &Value) {
        self.kind.append_value(kind(value));
        let gauge = if let Value::Gauge(gauge) = value { Some(gauge) } else { None };
        self.count.append_option(match value {
            Value::Histogram(histogram) => Some(histogram.count()),
            Value::Delta(growth) => Some(*growth),
            Value::Gauge(gauge) => Some(gauge.count),
            Value::Text(_) => None,
        });
        self.last.append_option(gauge.map(|gauge| gauge.last));
        self.min.append_option(gauge.map(|gauge| gauge.min));
        self.max.append_option(gauge.map(|gauge| gauge.max));
        self.sum.append_option(gauge.map(|gauge| gauge.sum));
        self.text.append_option(if let Value::Text(text) = value { Some(text) } else { None });
    }
}

fn schema(shape: Shape, tags: &[String]) -> Schema {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str, nullable| Field::new(name, DataType::Float64, nullable);
    let start = DataType::Timestamp(TimeUnit::Nanosecond, Some(ZONE.into()));
    let mut fields = vec![text("metric", false)];
    match shape {
        Shape::Nested => fields.push(Field::new("tags", tag_map_type(), false)),
        Shape::Flat => fields.extend(tags.iter().map(|name| text(&tag_column(name), true))),
    }
    fields.push(Field::new("window_start", start, false));
    fields.push(number("window_seconds", false));
    match shape {
        Shape::Nested => {
            let item = Arc::new(Field::new("item", DataType::Struct(bin_fields()), false));
            fields.push(text("kind", false));
            fields.push(Field::new("bins", DataType::List(item), true));
            fields.push(Field::new("count", DataType::UInt64, true));
            fields.extend(["last", "min", "max", "sum"].map(|name| number(name, true)));
            fields.push(text("text", true));
        }
        Shape::Flat => fields.extend(bin_fields().iter().map(|field| field.as_ref().clone())),
    }
    Schema::new(fields)
}

/// As the builder makes it.
fn tag_map_type() -> DataType {
    let entries = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}

/// NaN edges are those of the bin that holds what is no number.
fn bin_fields() -> Fields {
    Fields::from(vec![
        Field::new("lower", DataType::Float64, false),
        Field::new("upper", DataType::Float64, false),
        Field::new("count", DataType::UInt64, false),
    ])
}

pub(super) fn refused(error: impl std::fmt::Display) -> ExportError {
    ExportError::Library(error.to_string())
}
