//! The text format, version 0.0.4 (Prometheus documentation, "Exposition formats").
//!
//! Buckets end on decimal edges, where our bins end too; they count what is less than the edge, where Prometheus means
//! less or equal.

use super::{Family, Kind, Total};
use model::exposition::edges;
use model::histogram::{Distribution, Histogram, Unit};
use model::series::Series;
use std::fmt::{Display, Write};

pub(super) fn render<'r>(families: impl Iterator<Item = Family<'r>>) -> String {
    let mut out = String::new();
    for family in families {
        head(&mut out, &family);
        for (series, total) in &family.metrics {
            match total {
                Total::Histogram(all) => histogram(&mut out, &family, series, all),
                Total::Counter(count) => line(&mut out, &family.name, series, None, count),
                Total::Level { level, .. } => line(&mut out, &family.name, series, None, level),
            }
        }
    }
    out
}

fn head(out: &mut String, family: &Family<'_>) {
    let name = &family.name;
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Level => "gauge",
        Kind::Histogram => "histogram",
    };
    if let Some(help) = family.help() {
        let _ = writeln!(out, "# HELP {name} {help}");
    }
    let _ = writeln!(out, "# TYPE {name} {kind}");
}

fn histogram(out: &mut String, family: &Family<'_>, series: &Series, histogram: &Histogram) {
    let Family { name, unit, .. } = family;
    let bucket = format!("{name}_bucket");
    for (edge, below) in buckets(histogram, *unit) {
        line(out, &bucket, series, Some(&edge.to_string()), &below);
    }
    let count = histogram.count();
    line(out, &bucket, series, Some("+Inf"), &count);
    line(out, &format!("{name}_sum"), series, None, &histogram.approx_sum());
    line(out, &format!("{name}_count"), series, None, &count);
}

/// Edges, and how many values are less than each.
pub(super) fn buckets(histogram: &Histogram, unit: Unit) -> impl Iterator<Item = (f64, u64)> {
    edges(unit).map(|(edge, threshold)| (edge, histogram.count_below(threshold).lower))
}

fn line(out: &mut String, name: &str, series: &Series, edge: Option<&str>, value: &dyn Display) {
    out.push_str(name);
    let mut separator = '{';
    for (tag, text) in series.tags().chain(edge.map(|edge| ("le", edge))) {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{separator}{tag}=\"{escaped}\"");
        separator = ',';
    }
    let _ = writeln!(out, "{} {value}", if separator == ',' { "}" } else { "" });
}
