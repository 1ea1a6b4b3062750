//! A day in five-minute windows with an incident, worked out by hand.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

use analyzer::bounds::Bounds;
use analyzer::modes::modes;
use analyzer::sla::Sla;
use analyzer::target::Target;
use analyzer::timeline::Timeline;
use model::histogram::{CompactHistogram, Histogram, Threshold};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;

const MS: u64 = 1_000_000;

fn five_minutes() -> WindowLength {
    WindowLength::new(Nanos::from_seconds(300)).unwrap()
}

fn at(minutes: u64) -> CaptureTime {
    CaptureTime::from_parts(minutes * 60, 0)
}

fn histogram(values: &[(u64, u64)]) -> CompactHistogram {
    let mut histogram = Histogram::new();
    for &(nanos, count) in values {
        (0..count).for_each(|_| histogram.record_nanos(nanos));
    }
    CompactHistogram::from(&histogram)
}

/// 1,000 requests of 20 ms a window; from 05:00 to 05:50 forty of them take 2 s; one slow request at 12:00.
fn day() -> Timeline {
    let mut day = Timeline::new(five_minutes(), &[]);
    for window in 0..288 {
        let slow = match window {
            60..70 => 40,
            144 => 1,
            _ => 0,
        };
        day.add(at(window * 5), &histogram(&[(20 * MS, 1_000 - slow), (2_000 * MS, slow)]));
    }
    day.add_unanswered(at(305), 3);
    day
}

fn objective(text: &str) -> Threshold {
    Threshold::from_nanos(Nanos::parse(text).unwrap().0)
}

#[test]
fn the_incident_is_found_with_its_times_and_counts() {
    let sla = Sla::new(&day(), objective("1.5s"), Target::DEFAULT);
    let [incident] = sla.incidents[..] else { panic!("{:?}", sla.incidents) };
    assert_eq!((incident.from, incident.to), (at(300), at(350)));
    assert_eq!((incident.over, incident.unanswered, incident.missed), (400, 3, 403));
    assert_eq!(sla.over(), Bounds::exactly(401));
    assert_eq!(sla.budget().allowed, 288);
    assert_eq!(sla.budget().left(), (-116, -116));
    let worst = sla.worst(2);
    assert_eq!((worst[0].start, worst[0].missed()), (at(305), 43));
    assert_eq!(worst[1].start, at(300));
}

#[test]
fn equal_parts_side_by_side() {
    let sla = Sla::new(&day(), objective("1.5s"), Target::DEFAULT);
    assert_eq!(sla.natural_parts(), 12);
    let over: Vec<u64> = sla.parts(12).iter().map(|part| part.over.low).collect();
    assert_eq!(over, [0, 0, 400, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(sla.between(at(120), at(330)).over, Bounds::exactly(240));
}

#[test]
fn the_average_hides_what_the_count_shows() {
    let sla = Sla::new(&day(), objective("1.5s"), Target::DEFAULT);
    let customary = sla.customary;
    assert_eq!((customary.mean.windows_over, customary.mean.hidden), (0, 401));
    assert!(customary.mean.highest.unwrap() < 0.11);
    assert_eq!((customary.p99.windows_over, customary.p99.hidden), (10, 1));
    assert!(customary.p99.overall.unwrap() < 0.03, "over the day the p99 saw nothing");
}

#[test]
fn a_threshold_between_edges_gives_bounds() {
    let sla = Sla::new(&day(), objective("2.05s"), Target::DEFAULT);
    assert_eq!(sla.over(), Bounds { low: 0, high: 401 });
    assert_eq!(sla.budget().left(), (288 - 404, 288 - 3));
    assert!(Sla::new(&day(), objective("2.1s"), Target::DEFAULT).over() == Bounds::exactly(0));
}

#[test]
fn incidents_bridge_one_good_window_but_never_a_hole() {
    let slow = histogram(&[(2_000 * MS, 50), (20 * MS, 50)]);
    let good = histogram(&[(20 * MS, 100)]);
    let spans = |windows: &[(u64, &CompactHistogram)]| {
        let mut timeline = Timeline::new(five_minutes(), &[]);
        windows.iter().for_each(|&(window, cell)| timeline.add(at(window * 5), cell));
        let sla = Sla::new(&timeline, objective("1s"), Target::DEFAULT);
        sla.incidents.iter().map(|incident| incident.windows).collect::<Vec<_>>()
    };
    assert_eq!(spans(&[(0, &slow), (1, &good), (2, &slow)]), [(0, 3)]);
    assert_eq!(spans(&[(0, &slow), (1, &good), (2, &good), (3, &slow)]), [(0, 1), (3, 4)]);
    assert_eq!(spans(&[(0, &slow), (2, &slow)]), [(0, 1), (1, 2)]);
}

#[test]
fn a_few_slow_requests_are_no_incident() {
    let mut timeline = Timeline::new(five_minutes(), &[]);
    for window in 0..288 {
        let slow = u64::from(window % 3 == 0) * 3;
        timeline.add(at(window * 5), &histogram(&[(20 * MS, 1_000), (2_000 * MS, slow)]));
    }
    let sla = Sla::new(&timeline, objective("1s"), Target::DEFAULT);
    assert!(sla.incidents.is_empty(), "{:?}", sla.incidents);
}

#[test]
fn two_modes_are_two_and_noise_is_none() {
    let spread = |centre: u64, count: u64| -> Vec<(u64, u64)> {
        (0..60_u64)
            .map(|step| (centre * (70 + step) / 100, count * (30 - step.abs_diff(30)) / 900))
            .collect()
    };
    let mut values = spread(12 * MS, 7_000);
    assert_eq!(modes(&histogram(&values)).len(), 1);
    values.extend(spread(140 * MS, 3_000));
    let [hit, miss] = modes(&histogram(&values))[..] else { panic!("two peaks") };
    assert!(
        (0.010..0.014).contains(&hit.at) && (0.12..0.16).contains(&miss.at),
        "{hit:?} {miss:?}"
    );
    assert!((hit.share - 0.7).abs() < 0.01, "{hit:?}");
    values.push((3_000 * MS, 5));
    assert_eq!(modes(&histogram(&values)).len(), 2, "five stragglers are no mode");
}

#[test]
fn no_saw_where_bins_change_their_width() {
    // Evenly spread over the logarithm from 3 ms to 30 ms: the density is flat across the decade's border.
    let values: Vec<(u64, u64)> = (0..20_000)
        .map(|step| ((3e6 * 10_f64.powf(f64::from(step) / 20_000.0)) as u64, 1))
        .collect();
    assert_eq!(modes(&histogram(&values)).len(), 1);
}

#[test]
fn nothing_at_all() {
    let sla = Sla::new(&Timeline::new(five_minutes(), &[]), objective("1s"), Target::DEFAULT);
    assert_eq!((sla.requests(), sla.span(), sla.natural_parts()), (0, None, 1));
    assert!(sla.parts(4).is_empty() && sla.incidents.is_empty() && sla.worst(3).is_empty());
    assert!(modes(&CompactHistogram::default()).is_empty());
}
