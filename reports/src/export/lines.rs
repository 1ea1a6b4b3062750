//! JSON, an object a line. Numbers that JSON does not have are `null`.

use super::{ExportError, Exporter, Row, Shape, kind, time};
use model::batch::Value;
use model::histogram::{Bin, Distribution};
use model::series::Series;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::io::Write;

pub(super) struct Lines<W> {
    shape: Shape,
    output: W,
}

impl<W: Write> Lines<W> {
    pub(super) const fn new(shape: Shape, output: W) -> Self {
        Self { shape, output }
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.output, line).map_err(std::io::Error::from)?;
        Ok(self.output.write_all(b"\n")?)
    }
}

#[derive(Serialize)]
struct Place<'a> {
    metric: &'a str,
    #[serde(flatten, serialize_with = "tags")]
    tags: (&'a Series, Shape),
    window_start: &'a str,
    window_seconds: f64,
}

#[derive(Serialize)]
struct Nested<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bins: Option<Vec<BinLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(flatten)]
    levels: Option<Levels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Levels {
    last: f64,
    min: f64,
    max: f64,
    sum: f64,
}

#[derive(Serialize)]
struct Flat<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(flatten)]
    bin: BinLine,
}

#[derive(Serialize)]
struct BinLine {
    lower: f64,
    upper: f64,
    count: u64,
}

impl BinLine {
    fn new((bin, count): (Bin, u64)) -> Self {
        Self { lower: bin.lower(), upper: bin.upper(), count }
    }
}

/// An object of their own, or columns.
fn tags<S: Serializer>((series, shape): &(&Series, Shape), to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(None)?;
    match shape {
        Shape::Nested => {
            let tags: std::collections::BTreeMap<&str, &str> = series.tags().collect();
            map.serialize_entry("tags", &tags)?;
        }
        Shape::Flat => {
            for (name, value) in series.tags() {
                map.serialize_entry(&super::tag_column(name), value)?;
            }
        }
    }
    map.end()
}

impl<W: Write> Exporter for Lines<W> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        let window_start = time::text(row.start)?;
        let shape = self.shape;
        let place = || Place {
            metric: row.series.metric(),
            tags: (row.series, shape),
            window_start: &window_start,
            window_seconds: row.length.span().as_seconds_f64(),
        };
        match (self.shape, row.value) {
            (Shape::Nested, value) => self.line(&nested(place(), value)),
            (Shape::Flat, Value::Histogram(histogram)) => histogram
                .iter()
                .try_for_each(|bin| self.line(&Flat { place: place(), bin: BinLine::new(bin) })),
            (Shape::Flat, _) => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.output.flush()?)
    }
}

fn nested<'a>(place: Place<'a>, value: &'a Value) -> Nested<'a> {
    let mut line =
        Nested { place, kind: kind(value), bins: None, count: None, levels: None, text: None };
    match value {
        Value::Histogram(histogram) => {
            line.bins = Some(histogram.iter().map(BinLine::new).collect());
            line.count = Some(histogram.count());
        }
        Value::Delta(growth) => line.count = Some(*growth),
        Value::Gauge(gauge) => {
            let model::batch::Gauge { last, min, max, sum, count } = *gauge;
            line.levels = Some(Levels { last, min, max, sum });
            line.count = Some(count);
        }
        Value::Text(text) => line.text = Some(text),
    }
    line
}
