//! CSV: tags in columns of their own in both shapes; in the nested one the bins are text, `lower:upper:count` apart by spaces.

use super::columns::refused;
use super::{ExportError, Exporter, Row, Shape, kind, tag_column, time};
use model::batch::Value;
use model::histogram::Distribution;
use std::fmt::Write as _;
use std::io::Write;

pub(super) struct Csv<W: Write> {
    shape: Shape,
    tags: Vec<String>,
    writer: csv::Writer<W>,
}

const NESTED: [&str; 8] = ["kind", "bins", "count", "last", "min", "max", "sum", "text"];
const FLAT: [&str; 3] = ["lower", "upper", "count"];

impl<W: Write> Csv<W> {
    pub(super) fn new(shape: Shape, tags: Vec<String>, output: W) -> Result<Self, ExportError> {
        let mut this = Self { shape, tags, writer: csv::Writer::from_writer(output) };
        let rest: &[&str] = match shape {
            Shape::Nested => &NESTED,
            Shape::Flat => &FLAT,
        };
        let tags = this.tags.iter().map(|name| tag_column(name));
        let head = std::iter::once("metric".to_owned()).chain(tags);
        let places = ["window_start", "window_seconds"].iter().chain(rest);
        let head: Vec<_> = head.chain(places.map(|&name| name.to_owned())).collect();
        this.writer.write_record(head).map_err(refused)?;
        Ok(this)
    }

    fn line(&mut self, row: &Row<'_>, rest: &[String]) -> Result<(), ExportError> {
        let mut field = |field: &str| self.writer.write_field(field).map_err(refused);
        field(row.series.metric())?;
        for name in &self.tags {
            field(row.series.tag(name).unwrap_or_default())?;
        }
        field(&time::text(row.start)?)?;
        field(&number(row.length.span().as_seconds_f64()))?;
        rest.iter().try_for_each(|rest| field(rest))?;
        self.writer.write_record(None::<&[u8]>).map_err(refused)
    }
}

impl<W: Write> Exporter for Csv<W> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        match (self.shape, row.value) {
            (Shape::Nested, value) => self.line(row, &nested(value)),
            (Shape::Flat, Value::Histogram(histogram)) => {
                histogram.iter().try_for_each(|(bin, count)| {
                    let edges = [bin.lower(), bin.upper()].map(number);
                    let [lower, upper] = edges;
                    self.line(row, &[lower, upper, count.to_string()])
                })
            }
            (Shape::Flat, _) => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

/// The shortest decimal that reads back as the same number, with an exponent where it is far from 1.
fn number(number: f64) -> String {
    format!("{number:?}")
}

fn nested(value: &Value) -> [String; 8] {
    let none = String::new;
    let kind = kind(value).to_owned();
    match value {
        Value::Histogram(histogram) => {
            let mut bins = String::new();
            for (bin, count) in histogram.iter() {
                let apart = if bins.is_empty() { "" } else { " " };
                // A string can always be written to.
                let _ = write!(bins, "{apart}{:?}:{:?}:{count}", bin.lower(), bin.upper());
            }
            let count = histogram.count().to_string();
            [kind, bins, count, none(), none(), none(), none(), none()]
        }
        Value::Delta(growth) => {
            [kind, none(), growth.to_string(), none(), none(), none(), none(), none()]
        }
        Value::Gauge(gauge) => {
            let [last, min, max, sum] = [gauge.last, gauge.min, gauge.max, gauge.sum].map(number);
            [kind, none(), gauge.count.to_string(), last, min, max, sum, none()]
        }
        Value::Text(text) => {
            [kind, none(), none(), none(), none(), none(), none(), text.to_string()]
        }
    }
}
