//! The histogram against hdrhistogram (2 significant digits) and DDSketch (1 % relative error), on
//! the same latencies in the same run. `cargo bench -p wirelat-model --bench histogram`
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram as Hdr;
use model::histogram::{CompactHistogram, Distribution, Histogram, QuantileMethod, Threshold};
use sketches_ddsketch::{Config, DDSketch};

/// Median of the latencies, as of a web service.
const MEDIAN_NS: f64 = 5e6;
/// Spread of their logarithm: the 99.9 % latency is 22 times the median.
const SIGMA: f64 = 1.0;
/// Above every latency drawn here.
const HDR_MAX_NS: u64 = 3_600_000_000_000;
/// More values than the branch predictor can learn.
const VALUES: usize = 100_000;
const WINDOWS: usize = 60;
const VALUES_PER_WINDOW: usize = 1_000;
const FRACTIONS: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// Uniform in (0, 1], the same sequence in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Lognormal by Box and Muller's method.
    fn latency_ns(&mut self) -> u64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.uniform()).cos();
        (MEDIAN_NS * (SIGMA * normal).exp()) as u64
    }
}

fn latencies(count: usize, seed: u64) -> Vec<u64> {
    let mut random = Random(seed);
    (0..count).map(|_| random.latency_ns()).collect()
}

fn recorded(latencies: &[u64]) -> Histogram {
    let mut histogram = Histogram::new();
    latencies.iter().for_each(|latency| histogram.record_nanos(*latency));
    histogram
}

fn new_hdr() -> Hdr<u64> {
    Hdr::new_with_bounds(1, HDR_MAX_NS, 2).unwrap()
}

fn recorded_hdr(latencies: &[u64]) -> Hdr<u64> {
    let mut histogram = new_hdr();
    latencies.iter().for_each(|latency| histogram.record(*latency).unwrap());
    histogram
}

fn new_sketch() -> DDSketch {
    DDSketch::new(Config::defaults())
}

fn recorded_sketch(latencies: &[u64]) -> DDSketch {
    let mut sketch = new_sketch();
    latencies.iter().for_each(|latency| sketch.add(*latency as f64 * 1e-9));
    sketch
}

fn insert(criterion: &mut Criterion) {
    let latencies = latencies(VALUES, 1);
    let mut group = criterion.benchmark_group("insert");
    group.throughput(Throughput::Elements(VALUES as u64));
    let mut histogram = recorded(&latencies);
    bench_each(&mut group, "wirelat", &latencies, |latency| histogram.record_nanos(latency));
    let mut hdr = recorded_hdr(&latencies);
    bench_each(&mut group, "hdrhistogram", &latencies, |latency| hdr.record(latency).unwrap());
    let mut sketch = recorded_sketch(&latencies);
    bench_each(&mut group, "ddsketch", &latencies, |latency| sketch.add(latency as f64 * 1e-9));
    let mut histogram = recorded(&latencies);
    bench_each(&mut group, "wirelat from f64", &latencies, |latency| {
        histogram.record_f64(latency as f64 * 1e-9, 1);
    });
    group.finish();
}

fn bench_each(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    latencies: &[u64],
    mut record: impl FnMut(u64),
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| latencies.iter().for_each(|latency| record(black_box(*latency))));
    });
}

fn merge(criterion: &mut Criterion) {
    let windows: Vec<_> =
        (0..WINDOWS).map(|window| latencies(VALUES_PER_WINDOW, window as u64 + 1)).collect();
    let mut group = criterion.benchmark_group("merge 60");
    let dense: Vec<_> = windows.iter().map(|window| recorded(window)).collect();
    group.bench_function("wirelat", |bencher| {
        bencher.iter(|| {
            let mut sum = Histogram::new();
            dense.iter().for_each(|window| sum.merge(window));
            sum
        });
    });
    let compact: Vec<_> = dense.iter().map(CompactHistogram::from).collect();
    group.bench_function("wirelat compact", |bencher| {
        bencher.iter(|| {
            let mut sum = Histogram::new();
            compact.iter().for_each(|window| sum.merge_compact(window));
            sum
        });
    });
    let hdr: Vec<_> = windows.iter().map(|window| recorded_hdr(window)).collect();
    group.bench_function("hdrhistogram", |bencher| {
        bencher.iter(|| {
            let mut sum = new_hdr();
            hdr.iter().for_each(|window| sum.add(window).unwrap());
            sum
        });
    });
    let sketches: Vec<_> = windows.iter().map(|window| recorded_sketch(window)).collect();
    group.bench_function("ddsketch", |bencher| {
        bencher.iter(|| {
            let mut sum = new_sketch();
            sketches.iter().for_each(|window| sum.merge(window).unwrap());
            sum
        });
    });
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let latencies = latencies(VALUES, 1);
    let (histogram, hdr) = (recorded(&latencies), recorded_hdr(&latencies));
    let (compact, sketch) = (CompactHistogram::from(&histogram), recorded_sketch(&latencies));
    let mut group = criterion.benchmark_group("five quantiles");
    group.bench_function("wirelat", |bencher| {
        bencher.iter(|| histogram.quantiles(black_box(&FRACTIONS), QuantileMethod::Type1));
    });
    group.bench_function("wirelat compact", |bencher| {
        bencher.iter(|| compact.quantiles(black_box(&FRACTIONS), QuantileMethod::Type1));
    });
    group.bench_function("hdrhistogram", |bencher| {
        bencher.iter(|| black_box(FRACTIONS).map(|fraction| hdr.value_at_quantile(fraction)));
    });
    group.bench_function("ddsketch", |bencher| {
        bencher.iter(|| black_box(FRACTIONS).map(|fraction| sketch.quantile(fraction).unwrap()));
    });
    group.finish();

    let threshold = Threshold::from_nanos(20_000_000);
    let mut group = criterion.benchmark_group("count below");
    group.bench_function("wirelat", |bencher| {
        bencher.iter(|| histogram.count_below(black_box(threshold)));
    });
    group.bench_function("wirelat compact", |bencher| {
        bencher.iter(|| compact.count_below(black_box(threshold)));
    });
    group.bench_function("hdrhistogram", |bencher| {
        bencher.iter(|| hdr.count_between(0, black_box(20_000_000 - 1)));
    });
    group.finish();
}

fn serialize(criterion: &mut Criterion) {
    let latencies = latencies(VALUES, 1);
    let (histogram, sketch) = (recorded(&latencies), recorded_sketch(&latencies));
    let compact = CompactHistogram::from(&histogram);
    let wire = histogram.to_wire();
    let mut group = criterion.benchmark_group("serialize");
    group.bench_function(
        format!("wirelat compact, {} bytes", compact.as_bytes().len()),
        |bencher| {
            bencher.iter(|| CompactHistogram::from(black_box(&histogram)));
        },
    );
    group.bench_function(format!("wirelat wire, {} bytes", wire.len()), |bencher| {
        bencher.iter(|| black_box(&histogram).to_wire());
    });
    let sketch_bytes = sketch.to_java_bytes().len();
    group.bench_function(format!("ddsketch, {sketch_bytes} bytes"), |bencher| {
        bencher.iter(|| black_box(&sketch).to_java_bytes());
    });
    group.bench_function("wirelat validate compact", |bencher| {
        bencher.iter(|| CompactHistogram::from_bytes(black_box(compact.as_bytes())).unwrap());
    });
    group.bench_function("wirelat read wire", |bencher| {
        bencher.iter(|| Histogram::from_wire(black_box(&wire)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, insert, merge, read, serialize);
criterion_main!(benches);
