//! The same distribution in other forms: how many bytes a sample takes, names and tags left out.

use model::histogram::{Bin, CompactHistogram, Histogram};
use std::collections::BTreeMap;

/// Latencies around 8 ms, with a long tail; `seed` moves the middle.
pub fn lognormal(seed: u64, values: u64) -> Histogram {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut histogram = Histogram::new();
    for _ in 0..values {
        // Twelve uniform numbers make a normal one.
        let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let seconds = 0.008 * (1.0 + seed as f64 / 100.0) * (0.8 * normal).exp();
        histogram.record_nanos((seconds * 1e9) as u64);
    }
    histogram
}

/// Buckets of base 2^(2^-scale), by index: (base^index, base^(index + 1)] holds a bin's midpoint.
fn exponential(histogram: &CompactHistogram, scale: i32) -> BTreeMap<i64, u64> {
    let mut buckets = BTreeMap::new();
    for (bin, count) in histogram.iter().filter(|(bin, _)| *bin > Bin::ZERO) {
        let index = (bin.midpoint().log2() * f64::from(scale).exp2()).ceil() as i64 - 1;
        *buckets.entry(index).or_default() += count;
    }
    buckets
}

/// A native histogram in Prometheus' protobuf (`prompb.Histogram`), schema 3: buckets 9 % wide; ours are 1 to 10 %.
/// Count, sum, schema, zero threshold, spans, deltas, timestamp.
pub fn prometheus(histogram: &CompactHistogram) -> usize {
    let buckets = exponential(histogram, 3);
    let (mut spans, mut deltas, mut before) = (0, 0, 0_i64);
    let mut last: Option<i64> = None;
    let mut run = 0_u64;
    for (&index, &count) in &buckets {
        let gap = last.map_or(index, |last| index - last - 1);
        if last.is_none() || gap > 0 {
            spans += 2 + 1 + varint(zigzag(gap)) + 1 + varint(run.max(1));
            run = 0;
        }
        run += 1;
        deltas += varint(zigzag(count as i64 - before));
        (before, last) = (count as i64, Some(index));
    }
    let count = 1 + varint(buckets.values().sum());
    count + 9 + 2 + 9 + spans + 1 + varint(deltas as u64) + deltas + 1 + 6
}

/// A point of an OTLP exponential histogram with at most 160 buckets, at the finest scale that they cover. Two
/// times, count, sum, scale, offset and counts, minimum and maximum.
pub fn otlp(histogram: &CompactHistogram) -> usize {
    let spread = |buckets: &BTreeMap<i64, u64>| match (buckets.keys().next(), buckets.keys().last())
    {
        (Some(first), Some(last)) => last - first + 1,
        _ => 0,
    };
    let scales = (-10..=20).rev().map(|scale| exponential(histogram, scale));
    let buckets = scales.into_iter().find(|buckets| spread(buckets) <= 160).unwrap();
    let first = buckets.keys().next().copied().unwrap_or_default();
    let count = |place: i64| buckets.get(&(first + place)).copied().unwrap_or_default();
    let counts: usize = (0..spread(&buckets)).map(|place| varint(count(place))).sum();
    let inner = 1 + varint(zigzag(first)) + 1 + varint(counts as u64) + counts;
    9 + 9 + 9 + 9 + 2 + 1 + varint(inner as u64) + inner + 18
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn varint(number: u64) -> usize {
    (64 - number.leading_zeros() as usize).div_ceil(7).max(1)
}
