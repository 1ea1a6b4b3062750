//! The summary in words: how many requests were too slow, of how many, and when.

use crate::figures::Figures;
use crate::format::{self, Clock};
use analyzer::bounds::Bounds;
use analyzer::incidents::Incident;
use analyzer::sla::Sla;
use model::histogram::Threshold;

/// An incident is worth its times in the sentence if the ones named hold this part of all slow requests…
const NAMED_SHARE: f64 = 0.5;
/// …if they are short beside the whole span…
const SPAN_SHARE: f64 = 0.25;
/// …and if they are few enough for a sentence.
const NAMED_MAX: usize = 2;

/// What stands above everything: the first objective's sentence, or what can be said without one.
pub(crate) fn headline(figures: &Figures<'_>) -> String {
    let (requests, connections) = (figures.requests(), figures.timed_connections());
    match figures.slas.first() {
        _ if requests == 0 && connections > 0 => format!(
            "No request was seen; {} {} timed.",
            format::counted(connections, "connection"),
            if connections == 1 { "was" } else { "were" },
        ),
        _ if requests == 0 => NOTHING.to_owned(),
        Some(sla) => summary(sla),
        None => format!("{}.", format::counted(requests, "request")),
    }
}

const NOTHING: &str = "No request was seen.";

/// `412 of 1,204,551 requests took 1.5 s or longer, 398 of them between 05:00 and 05:50. 3 more were never answered.`
pub(crate) fn summary(sla: &Sla) -> String {
    let timed = sla.timed();
    if sla.requests() == 0 {
        return NOTHING.to_owned();
    }
    let slow = format!(
        "{} {} took {} or longer{}.",
        how_many(sla.over(), timed),
        if timed == 1 { "request" } else { "requests" },
        objective(sla.threshold),
        when(sla),
    );
    match sla.unanswered() {
        0 => slow,
        1 => format!("{slow} 1 more was never answered."),
        more => format!("{slow} {} more were never answered.", format::count(more)),
    }
}

/// `1.5 s`: the threshold's exact text with a space before the unit.
pub(crate) fn objective(threshold: Threshold) -> String {
    let text = threshold.to_string();
    let unit = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    format!("{number} {}", if unit == "us" { "µs" } else { unit })
}

/// `412`, or `410 to 415`.
pub(crate) fn bounds(count: Bounds) -> String {
    if count.is_exact() {
        format::count(count.low)
    } else {
        format!("{} to {}", format::count(count.low), format::count(count.high))
    }
}

fn how_many(over: Bounds, timed: u64) -> String {
    let all = format::count(timed);
    match (over.low, over.high) {
        (0, 0) => format!("None of {all}"),
        (low, high) if low == high && low == timed && timed > 1 => format!("All {all}"),
        _ => format!("{} of {all}", bounds(over)),
    }
}

fn when(sla: &Sla) -> String {
    if sla.windows.len() < 2 {
        return String::new();
    }
    let all = sla.over().low;
    let mut named: Vec<&Incident> =
        sla.incidents.iter().filter(|incident| incident.over > 0).collect();
    named.sort_by_key(|incident| (std::cmp::Reverse(incident.over), incident.from));
    named.truncate(NAMED_MAX);
    // A second one is named only if it adds something.
    let first = named.first().map_or(0, |incident| incident.over);
    named.retain(|incident| incident.over.saturating_mul(4) >= first);
    let inside: u64 = named.iter().map(|incident| incident.over).sum();
    let windows: usize = named.iter().map(|incident| incident.windows.1 - incident.windows.0).sum();
    let telling = windows as f64 <= SPAN_SHARE * sla.windows.len() as f64 || sla.windows.len() < 8;
    if inside == 0 || (inside as f64) < NAMED_SHARE * all as f64 || !telling {
        return String::new();
    }
    named.sort_by_key(|incident| incident.from);
    let clock = Clock::for_span(sla.span(), sla.length.span());
    let spans: Vec<String> = named
        .iter()
        .map(|incident| format!("between {}", clock.between(incident.from, incident.to)))
        .collect();
    let spans = spans.join(" or ");
    if inside == all {
        format!(", {spans}")
    } else {
        format!(", {} of them {spans}", format::count(inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use analyzer::target::Target;
    use analyzer::timeline::Timeline;
    use model::histogram::{CompactHistogram, Histogram};
    use model::units::{CaptureTime, NANOS_PER_SECOND};
    use model::window::WindowLength;

    /// Windows of five minutes: place, requests of 20 ms, requests of 2 s.
    fn said(windows: &[(u64, u64, u64)], unanswered: u64, objective: u64) -> String {
        let mut timeline = Timeline::new(WindowLength::parse("5m").unwrap(), &[]);
        for &(place, fast, slow) in windows {
            let mut histogram = Histogram::new();
            (0..fast).for_each(|_| histogram.record_nanos(20_000_000));
            (0..slow).for_each(|_| histogram.record_nanos(2 * NANOS_PER_SECOND));
            let start = CaptureTime::from_parts(place * 300, 0);
            timeline.add(start, &CompactHistogram::from(&histogram));
            timeline.add_unanswered(start, if place == 0 { unanswered } else { 0 });
        }
        summary(&Sla::new(&timeline, Threshold::from_nanos(objective), Target::DEFAULT))
    }

    const LIMIT: u64 = 1_500_000_000;

    /// Half a day, slow from 05:00 to 05:50, and as much again from `second` on.
    fn half_day(stray: u64, second: Option<u64>) -> Vec<(u64, u64, u64)> {
        let is_bad = |place| {
            (60..70).contains(&place)
                || second.is_some_and(|second| (second..second + 3).contains(&place))
        };
        (0..144).map(|place| (place, 1_000, if is_bad(place) { 40 } else { stray })).collect()
    }

    #[test]
    fn it_says_how_many_and_when() {
        assert_eq!(
            said(&half_day(0, None), 3, LIMIT),
            "400 of 144,400 requests took 1.5 s or longer, between 05:00 and 05:50. 3 more were never answered."
        );
        assert_eq!(
            said(&half_day(1, None), 1, LIMIT),
            "534 of 144,534 requests took 1.5 s or longer, 400 of them between 05:00 and 05:50. 1 more was never answered."
        );
        assert_eq!(
            said(&half_day(0, Some(120)), 0, LIMIT),
            "520 of 144,520 requests took 1.5 s or longer, between 05:00 and 05:50 or between 10:00 and 10:15."
        );
    }

    #[test]
    fn it_says_nothing_that_is_not_so() {
        assert_eq!(said(&[], 0, LIMIT), "No request was seen.");
        assert_eq!(said(&[(0, 5, 0)], 0, LIMIT), "None of 5 requests took 1.5 s or longer.");
        assert_eq!(said(&[(0, 0, 5)], 0, LIMIT), "All 5 requests took 1.5 s or longer.");
        assert_eq!(said(&[(0, 0, 1)], 0, LIMIT), "1 of 1 request took 1.5 s or longer.");
        let between_edges = said(&[(0, 5, 2)], 0, 2_050_000_000);
        assert_eq!(between_edges, "0 to 2 of 7 requests took 2.05 s or longer.");
        let everywhere = (0..144).map(|place| (place, 1_000, 40)).collect::<Vec<_>>();
        assert_eq!(said(&everywhere, 0, LIMIT), "5,760 of 149,760 requests took 1.5 s or longer.");
    }
}
