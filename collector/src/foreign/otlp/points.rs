//! A request's points become readings.

use super::super::buckets::{Buckets, Extremes, Run};
use super::super::idempotency::digest;
use super::super::{Point, Reading, Submission, Total};
use super::Read;
use super::names::{self, attribute};
use crate::limits::{SOURCE_BYTES_MAX, VALUES_MAX};
use crate::refusal::Refusal;
use model::batch::{Gauge, Value};
use model::otlp::{
    CUMULATIVE, Data, ExponentialBuckets, ExponentialPoint, HistogramPoint, KeyValue, Metric,
    NO_RECORDED_VALUE, NumberPoint, PartialSuccess, Request,
};
use model::series::Series;
use model::units::{CaptureTime, Nanos};
use prost::Message;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Buckets of one point.
const BUCKETS_MAX: usize = 5_000;
/// Scales that the specification's ranges allow, and some more.
const SCALE_MAX: i32 = 32;

/// Reads requests.
pub(super) struct Reader {
    arrived: CaptureTime,
    points: Vec<Point>,
    rejected: i64,
    events: BTreeMap<&'static str, u64>,
}

/// What the points of a metric share.
struct Place<'r> {
    source: &'r str,
    resource: &'r [KeyValue],
    scope: &'r str,
    metric: &'r str,
    /// What values are divided by, to be in seconds.
    divisor: u32,
}

impl Reader {
    pub(super) fn new(arrived: CaptureTime) -> Self {
        Self { arrived, points: Vec::new(), rejected: 0, events: BTreeMap::new() }
    }

    pub(super) fn read(mut self, request: Request, key: Option<String>) -> Result<Read, Refusal> {
        let mut source: Option<String> = None;
        for of_resource in &request.resource_metrics {
            let resource = of_resource.resource.as_ref();
            let resource = resource.map_or(&[][..], |resource| &resource.attributes);
            let name = attribute(resource, "service.name").unwrap_or_else(|| "unknown".to_owned());
            let own = source_name(&name);
            let source = source.get_or_insert(own);
            for of_scope in &of_resource.scope_metrics {
                let scope = of_scope.scope.as_ref().map_or("", |scope| &scope.name);
                for metric in &of_scope.metrics {
                    let divisor = divisor(&metric.unit);
                    let place = Place { source, resource, scope, metric: &metric.name, divisor };
                    self.metric(metric, &place)?;
                }
            }
        }
        let source = source.unwrap_or_else(|| source_name("unknown")).into();
        let rejected = (self.rejected > 0).then(|| PartialSuccess {
            rejected_data_points: self.rejected,
            error_message: "summaries, and histograms without buckets, cannot be merged".to_owned(),
        });
        let submission = Submission { source, key, points: self.points };
        Ok(Read { submission, rejected, events: self.events.into_iter().collect() })
    }

    fn metric(&mut self, metric: &Metric, place: &Place<'_>) -> Result<(), Refusal> {
        if metric.name.is_empty() {
            return Err(Refusal::Malformed("a metric has no name".to_owned()));
        }
        let wrong = |detail: String| Refusal::Malformed(format!("{}: {detail}", metric.name));
        match &metric.data {
            Some(Data::Gauge(gauge)) => {
                gauge.points.iter().try_for_each(|point| self.level(point, place))
            }
            Some(Data::Sum(sum)) if !sum.is_monotonic => {
                sum.points.iter().try_for_each(|point| self.level(point, place))
            }
            Some(Data::Sum(sum)) => sum.points.iter().try_for_each(|point| {
                self.sum(point, sum.temporality == CUMULATIVE, place).map_err(wrong)
            }),
            Some(Data::Histogram(data)) => data.points.iter().try_for_each(|point| {
                self.explicit(point, data.temporality == CUMULATIVE, place).map_err(wrong)
            }),
            Some(Data::Exponential(data)) => data.points.iter().try_for_each(|point| {
                self.exponential(point, data.temporality == CUMULATIVE, place).map_err(wrong)
            }),
            Some(Data::Summary(summary)) => {
                self.rejected += i64::try_from(summary.points.len()).unwrap_or(i64::MAX);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn level(&mut self, point: &NumberPoint, place: &Place<'_>) -> Result<(), Refusal> {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return Ok(());
        }
        let level = point.level.or_else(|| point.count.map(|count| count as f64));
        let level = level.unwrap_or_default() / f64::from(place.divisor);
        let at = self.time(point.end_ns);
        self.push(place, &point.attributes, at, Reading::Said(Value::Gauge(Gauge::once(level))))
            .map_err(Refusal::TooLarge)
    }

    fn sum(
        &mut self,
        point: &NumberPoint,
        is_total: bool,
        place: &Place<'_>,
    ) -> Result<(), String> {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return Ok(());
        }
        let total = match (point.count, point.level) {
            (Some(count), _) => {
                Total::Count(u64::try_from(count).map_err(|_| "a sum that only grows is negative")?)
            }
            (None, Some(level)) if level >= 0.0 && level.is_finite() => {
                Total::Amount(level.to_bits())
            }
            (None, Some(_)) => return Err("a sum that only grows is negative or no number".into()),
            (None, None) => return Err("a sum has no value".into()),
        };
        let reading = match (is_total, total) {
            (true, total) => self.total(place, &point.attributes, point.start_ns, total),
            (false, Total::Count(count)) => Reading::Said(Value::Delta(count)),
            (false, Total::Amount(bits)) => {
                let amount = f64::from_bits(bits);
                if amount.fract() != 0.0 {
                    self.count("otlp_sum_rounded");
                }
                Reading::Said(Value::Delta(amount.round() as u64))
            }
            (false, Total::Buckets(_)) => return Ok(()),
        };
        let at = self.end(point.end_ns);
        self.push(place, &point.attributes, at, reading)
    }

    fn explicit(
        &mut self,
        point: &HistogramPoint,
        is_total: bool,
        place: &Place<'_>,
    ) -> Result<(), String> {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return Ok(());
        }
        let HistogramPoint { bounds, bucket_counts, .. } = point;
        if bounds.is_empty() {
            self.rejected += i64::from(point.count > 0);
            return Ok(());
        }
        check_counts(bucket_counts.iter(), point.count)?;
        if bucket_counts.len() != bounds.len() + 1 || bucket_counts.len() > BUCKETS_MAX {
            let (counts, bounds) = (bucket_counts.len(), bounds.len());
            return Err(format!("{counts} counts do not go with {bounds} bounds"));
        }
        if !bounds.is_sorted_by(|one, next| one < next) {
            return Err("bounds must ascend".to_owned());
        }
        let scaled = |bound: &f64| (bound / f64::from(place.divisor)).to_bits();
        let bounds = bounds.iter().map(scaled).collect();
        let buckets = Buckets::Explicit { bounds, counts: bucket_counts.clone() };
        let extremes = extremes(point.min, point.max, place.divisor);
        let reading =
            self.histogram(place, &point.attributes, point.start_ns, buckets, extremes, is_total);
        let at = self.end(point.end_ns);
        self.push(place, &point.attributes, at, reading)
    }

    fn exponential(
        &mut self,
        point: &ExponentialPoint,
        is_total: bool,
        place: &Place<'_>,
    ) -> Result<(), String> {
        if point.flags & NO_RECORDED_VALUE != 0 {
            return Ok(());
        }
        if point.scale.abs() > SCALE_MAX {
            return Err(format!("scale {} is beyond ±{SCALE_MAX}", point.scale));
        }
        let run = |side: &Option<ExponentialBuckets>| match side {
            Some(side) => Run { offset: side.offset, counts: side.bucket_counts.clone() },
            None => Run::default(),
        };
        let (positive, negative) = (run(&point.positive), run(&point.negative));
        if positive.counts.len().max(negative.counts.len()) > BUCKETS_MAX {
            return Err(format!("more than {BUCKETS_MAX} buckets"));
        }
        let counts = positive.counts.iter().chain(&negative.counts).chain([&point.zero_count]);
        check_counts(counts, point.count)?;
        let (scale, zero, divisor) = (point.scale, point.zero_count, place.divisor);
        let buckets = Buckets::Exponential { scale, zero, divisor, positive, negative };
        let extremes = extremes(point.min, point.max, place.divisor);
        let reading =
            self.histogram(place, &point.attributes, point.start_ns, buckets, extremes, is_total);
        let at = self.end(point.end_ns);
        self.push(place, &point.attributes, at, reading)
    }

    fn histogram(
        &self,
        place: &Place<'_>,
        own: &[KeyValue],
        start_ns: u64,
        buckets: Buckets,
        extremes: Extremes,
        is_total: bool,
    ) -> Reading {
        match is_total {
            true => self.total(place, own, start_ns, Total::Buckets(buckets)),
            false => Reading::Said(Value::Histogram(buckets.to_histogram(extremes))),
        }
    }

    /// A series is known by everything that is said of it.
    fn total(&self, place: &Place<'_>, own: &[KeyValue], start_ns: u64, total: Total) -> Reading {
        let mut attributes: Vec<Vec<u8>> =
            place.resource.iter().chain(own).map(Message::encode_to_vec).collect();
        attributes.sort_unstable();
        let start = start_ns.to_be_bytes();
        let named = [place.source.as_bytes(), place.scope.as_bytes(), place.metric.as_bytes()];
        let parts = named.into_iter().chain([&start[..]]);
        let stream = digest(parts.chain(attributes.iter().map(Vec::as_slice)));
        let began = (start_ns > 0).then(|| CaptureTime::from_nanos(start_ns));
        Reading::Total { stream, began, total }
    }

    fn push(
        &mut self,
        place: &Place<'_>,
        own: &[KeyValue],
        at: CaptureTime,
        reading: Reading,
    ) -> Result<(), String> {
        if self.points.len() >= VALUES_MAX {
            return Err(format!("more than {VALUES_MAX} points: send fewer at a time"));
        }
        let (tags, lost) = names::tags(place.resource, own);
        if lost > 0 {
            *self.events.entry("otlp_attribute_lost").or_default() += lost;
        }
        let tags: Vec<(&str, &str)> =
            tags.iter().map(|(name, value)| (&**name, &**value)).collect();
        let series = Arc::new(Series::new(place.metric, &tags));
        self.points.push(Point { series, at, reading });
        Ok(())
    }

    fn count(&mut self, event: &'static str) {
        *self.events.entry(event).or_default() += 1;
    }

    fn time(&self, nanos: u64) -> CaptureTime {
        if nanos == 0 { self.arrived } else { CaptureTime::from_nanos(nanos) }
    }

    /// A span's last moment: what ends with a window is of that window.
    fn end(&self, nanos: u64) -> CaptureTime {
        self.time(nanos).minus(Nanos(1))
    }
}

fn check_counts<'c>(counts: impl Iterator<Item = &'c u64>, all: u64) -> Result<(), String> {
    let sum = counts.fold(0_u64, |sum, count| sum.saturating_add(*count));
    if sum == all { Ok(()) } else { Err(format!("the buckets hold {sum} values of {all}")) }
}

fn extremes(min: Option<f64>, max: Option<f64>, divisor: u32) -> Extremes {
    let scaled = |value: f64| value / f64::from(divisor);
    Extremes { min: min.map(scaled), max: max.map(scaled) }
}

/// Times are kept in seconds.
fn divisor(unit: &str) -> u32 {
    match unit {
        "ms" => 1_000,
        "us" => 1_000_000,
        "ns" => 1_000_000_000,
        _ => 1,
    }
}

fn source_name(service: &str) -> String {
    let mut source = format!("otlp/{service}");
    names::cut(&mut source, SOURCE_BYTES_MAX);
    source
}
