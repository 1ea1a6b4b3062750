//! What must hold for any traffic.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

use analyzer::bounds::Bounds;
use analyzer::density::LogGrid;
use analyzer::modes::modes;
use analyzer::sla::Sla;
use analyzer::target::Target;
use analyzer::timeline::Timeline;
use model::histogram::{CompactHistogram, Distribution, Histogram, Threshold};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use proptest::prelude::*;

/// Windows of a minute: place, latencies in nanoseconds, unanswered requests.
type Traffic = Vec<(u64, Vec<u64>, u64)>;

const MINUTE: WindowLength = WindowLength::LADDER[10];

fn traffic() -> impl Strategy<Value = Traffic> {
    let latency = prop_oneof![1_u64..5_000_000, 1_000_000_u64..4_000_000_000, Just(0)];
    let window = (0_u64..40, prop::collection::vec(latency, 0..60), 0_u64..3);
    prop::collection::vec(window, 0..30)
}

fn histogram(nanos: &[u64]) -> CompactHistogram {
    let mut histogram = Histogram::new();
    nanos.iter().for_each(|&nanos| histogram.record_nanos(nanos));
    CompactHistogram::from(&histogram)
}

fn timeline(traffic: &Traffic) -> Timeline {
    let mut timeline = Timeline::new(MINUTE, &[]);
    for (place, latencies, unanswered) in traffic {
        let start = CaptureTime::from_parts(place * 60, 0);
        timeline.add(start, &histogram(latencies));
        timeline.add_unanswered(start, *unanswered);
    }
    timeline
}

fn threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        (10_u64..100, 0_u32..8)
            .prop_map(|(two, zeros)| Threshold::from_nanos(two * 10_u64.pow(zeros))),
        (1_u64..5_000_000_000).prop_map(Threshold::from_nanos),
    ]
}

proptest! {
    #[test]
    fn counts_are_those_of_the_raw_values(traffic in traffic(), threshold in threshold()) {
        let sla = Sla::new(&timeline(&traffic), threshold, Target::DEFAULT);
        let limit = (threshold.to_f64() * 1e9).round() as u64;
        let all = traffic.iter().flat_map(|(_, latencies, _)| latencies);
        let truth = all.clone().filter(|&&nanos| nanos >= limit).count() as u64;
        let over = sla.over();
        prop_assert!(over.low <= truth && truth <= over.high, "{over:?} {truth}");
        prop_assert!(!threshold.is_edge() || over.is_exact(), "an edge is counted exactly");
        prop_assert_eq!(sla.timed(), all.count() as u64);
    }

    #[test]
    fn parts_sum_to_the_whole(traffic in traffic(), threshold in threshold(), count in 1_u64..50) {
        let sla = Sla::new(&timeline(&traffic), threshold, Target::DEFAULT);
        let parts = sla.parts(count);
        prop_assert_eq!(parts.iter().map(|part| part.over).sum::<Bounds>(), sla.over());
        prop_assert_eq!(parts.iter().map(|part| part.timed).sum::<u64>(), sla.timed());
        prop_assert_eq!(parts.iter().map(|part| part.unanswered).sum::<u64>(), sla.unanswered());
        prop_assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].from < pair[0].to));
        let lengths: Vec<u64> = parts.iter().filter_map(|part| part.to.since(part.from)).map(|span| span.0).collect();
        let spread = lengths.iter().max().zip(lengths.iter().min()).map_or(0, |(most, least)| most - least);
        prop_assert!(spread <= MINUTE.span().0, "equal to a window");
        let last = sla.cumulative().last().copied().unwrap_or_default();
        prop_assert_eq!(last, sla.over());
    }

    #[test]
    fn incidents_are_apart_and_inside(traffic in traffic(), threshold in threshold()) {
        let sla = Sla::new(&timeline(&traffic), threshold, Target::DEFAULT);
        let missed: u64 = sla.incidents.iter().map(|incident| incident.missed).sum();
        prop_assert!(missed <= sla.over().low + sla.unanswered());
        for incident in &sla.incidents {
            prop_assert_eq!(incident.missed, incident.over + incident.unanswered);
            prop_assert!(incident.missed > 0 && incident.missed <= incident.requests);
            let inside = sla.between(incident.from, incident.to);
            prop_assert_eq!((inside.over.low, inside.unanswered), (incident.over, incident.unanswered));
            prop_assert_eq!(inside.windows_missing, 0, "nobody knows what was there");
        }
        prop_assert!(sla.incidents.windows(2).all(|pair| pair[0].to <= pair[1].from));
    }

    #[test]
    fn budgets_and_hidden_counts_add_up(traffic in traffic(), threshold in threshold()) {
        let sla = Sla::new(&timeline(&traffic), threshold, Target::parse("99").unwrap());
        let budget = sla.budget();
        prop_assert_eq!(budget.used.low, sla.over().low + sla.unanswered());
        prop_assert_eq!(budget.left().1 + i128::from(budget.used.low), i128::from(budget.allowed));
        for verdict in [sla.customary.mean, sla.customary.p99] {
            prop_assert!(verdict.hidden <= sla.over().low);
            prop_assert!(verdict.windows_over <= sla.customary.windows);
        }
    }

    #[test]
    fn spreading_loses_nothing(latencies in prop::collection::vec(0_u64..9_000_000_000, 1..200), cells in 1_usize..400) {
        let histogram = histogram(&latencies);
        let lowest = histogram.bins().map(|(bin, _)| bin).find(|bin| bin.mantissa() > 0);
        let grid = lowest.zip(histogram.highest_bin()).and_then(|(low, high)| LogGrid::covering(low, high, cells));
        if let Some(grid) = grid {
            let mut counts = vec![0.0; cells];
            grid.spread(&histogram, &mut counts);
            let total: f64 = counts.iter().sum();
            prop_assert!((total - latencies.len() as f64).abs() < 1e-6, "{total}");
        }
    }

    #[test]
    fn modes_share_all_values_between_them(latencies in prop::collection::vec(1_u64..9_000_000_000, 1..300)) {
        let modes = modes(&histogram(&latencies));
        prop_assert!(!modes.is_empty());
        let total: f64 = modes.iter().map(|mode| mode.share).sum();
        prop_assert!((total - 1.0).abs() < 1e-9, "{total}");
        prop_assert!(modes.iter().all(|mode| mode.from < mode.to && mode.from <= mode.at * 1.1 && mode.at <= mode.to * 1.1));
        prop_assert!(modes.windows(2).all(|pair| pair[0].to <= pair[1].from * 1.000_001));
    }

    #[test]
    fn coarser_windows_hold_the_same_requests(traffic in traffic(), threshold in threshold()) {
        let fine = timeline(&traffic);
        let coarse = fine.coarser(WindowLength::new(Nanos::from_seconds(300)).unwrap());
        let (fine, coarse) =
            (Sla::new(&fine, threshold, Target::DEFAULT), Sla::new(&coarse, threshold, Target::DEFAULT));
        prop_assert_eq!((fine.over(), fine.requests()), (coarse.over(), coarse.requests()));
    }
}
