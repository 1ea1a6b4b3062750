//! Makes an input fit a page: no more columns than a screen has, no more routes than a browser likes.

use crate::input::{Cell, Metric, OutcomeCounts, ReportInput, RouteData, WireData};
use analyzer::timeline::merged;
use model::histogram::{CompactHistogram, Distribution, Threshold};
use model::units::{CaptureTime, Nanos};
use model::window::WindowLength;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of the heatmap: a wide screen's pixels, two for each.
pub(super) const PLACES_MAX: u64 = 600;

/// What routes beyond the limit are shown as.
pub(super) const OTHERS: &str = "all other routes";

/// The input in windows long enough that the span has at most [`PLACES_MAX`].
pub(super) fn coarser(input: &ReportInput) -> Option<ReportInput> {
    let length = input.window.span().0;
    let starts = starts(input);
    let (first, last) = (starts.first()?, starts.last()?);
    let places = last.since(*first)?.0 / length + 1;
    if places <= PLACES_MAX {
        return None;
    }
    let least = places.div_ceil(PLACES_MAX);
    // Windows that meet the minute are never far apart: between two whole minutes there is none to miss.
    let candidates =
        (least..least.saturating_mul(64)).map(|factor| Nanos(length.saturating_mul(factor)));
    let window = candidates.filter_map(|span| WindowLength::new(span).ok()).next()?;
    let to = |start: CaptureTime| window.window_of(start).start;
    let windows: BTreeSet<CaptureTime> = input.windows.iter().map(|&start| to(start)).collect();
    let routes = input.routes.iter().map(|route| RouteData {
        latencies: route
            .latencies
            .iter()
            .map(|(metric, cells)| (*metric, regrouped(cells.iter(), to)))
            .collect(),
        outcomes: recounted(route.outcomes.iter(), to),
        ..route.clone()
    });
    let wires = input.wires.iter().map(|wire| WireData {
        connections: wire
            .connections
            .iter()
            .map(|(time, cells)| (*time, regrouped(cells.iter(), to)))
            .collect(),
        ..wire.clone()
    });
    Some(ReportInput {
        window,
        windows: windows.into_iter().collect(),
        wires: wires.collect(),
        routes: routes.collect(),
        ..input.clone()
    })
}

fn starts(input: &ReportInput) -> BTreeSet<CaptureTime> {
    let cells = input.routes.iter().flat_map(|route| &route.latencies).flat_map(|(_, cells)| cells);
    let outcomes = input.routes.iter().flat_map(|route| &route.outcomes);
    let starts = cells.map(|(start, _)| *start).chain(outcomes.map(|(start, _)| *start));
    starts.chain(input.windows.iter().copied()).collect()
}

/// The input with the busiest and the slowest routes, and the rest in one. What is left out is named in the notes.
pub(super) fn fewer_routes(input: &ReportInput, routes_max: usize) -> Option<ReportInput> {
    let limit = input.objectives.first().copied();
    let mut weights: BTreeMap<(&str, &str, &str), (u64, u64)> = BTreeMap::new();
    for route in &input.routes {
        let weight = weights.entry((&route.wire, &route.method, &route.route)).or_default();
        let (over, requests) = weigh(route, limit);
        *weight = (weight.0 + over, weight.1 + requests);
    }
    if weights.len() <= routes_max {
        return None;
    }
    let mut by_over: Vec<_> = weights.iter().collect();
    by_over.sort_by_key(|(_, weight)| std::cmp::Reverse(**weight));
    let mut by_requests = by_over.clone();
    by_requests.sort_by_key(|(_, weight)| std::cmp::Reverse(weight.1));
    let kept: BTreeSet<(&str, &str, &str)> = by_over
        .iter()
        .take(routes_max / 2)
        .chain(by_requests.iter().take(routes_max.div_ceil(2)))
        .map(|(key, _)| **key)
        .collect();
    let is_kept =
        |route: &&RouteData| kept.contains(&(&*route.wire, &*route.method, &*route.route));
    let (mut routes, rest): (Vec<RouteData>, Vec<RouteData>) =
        input.routes.iter().cloned().partition(|route| is_kept(&route));
    routes.extend(joined(&rest));
    let left_out = weights.len() - kept.len();
    let mut notes = input.notes.clone();
    notes.push(format!(
        "{left_out} routes are shown together as “{OTHERS}”: the busiest and the slowest are shown by name"
    ));
    Some(ReportInput { routes, notes, ..input.clone() })
}

/// Requests over the first objective, and all requests.
fn weigh(route: &RouteData, limit: Option<Threshold>) -> (u64, u64) {
    let totals = route.latencies.iter().filter(|(metric, _)| *metric == Metric::Total);
    let over =
        |cell: &CompactHistogram| limit.map_or(0, |limit| cell.count_at_or_above(limit).upper);
    let over = totals.flat_map(|(_, cells)| cells).map(|(_, cell)| over(cell)).sum();
    (over, route.outcomes.iter().map(|(_, counts)| counts.total()).sum())
}

/// One entry for each wire and status class.
fn joined(rest: &[RouteData]) -> Vec<RouteData> {
    let mut groups: BTreeMap<(&str, &str), Vec<&RouteData>> = BTreeMap::new();
    for route in rest {
        groups.entry((&route.wire, &route.status)).or_default().push(route);
    }
    let join = |((wire, status), group): ((&str, &str), Vec<&RouteData>)| RouteData {
        wire: wire.to_owned(),
        method: String::new(),
        route: OTHERS.to_owned(),
        status: status.to_owned(),
        latencies: Metric::ALL
            .into_iter()
            .map(|metric| (metric, join_cells(&group, metric)))
            .filter(|(_, cells)| !cells.is_empty())
            .collect(),
        outcomes: recounted(group.iter().flat_map(|route| &route.outcomes), |start| start),
    };
    groups.into_iter().map(join).collect()
}

fn join_cells(group: &[&RouteData], metric: Metric) -> Vec<Cell> {
    let all = group.iter().flat_map(|route| &route.latencies);
    regrouped(all.filter(|(name, _)| *name == metric).flat_map(|(_, cells)| cells), |start| start)
}

fn regrouped<'a>(
    cells: impl Iterator<Item = &'a Cell>,
    to: impl Fn(CaptureTime) -> CaptureTime,
) -> Vec<Cell> {
    let mut groups: BTreeMap<CaptureTime, Vec<&CompactHistogram>> = BTreeMap::new();
    for (start, cell) in cells {
        groups.entry(to(*start)).or_default().push(cell);
    }
    groups.into_iter().map(|(start, cells)| (start, merged(cells.into_iter()))).collect()
}

fn recounted<'a>(
    outcomes: impl Iterator<Item = &'a (CaptureTime, OutcomeCounts)>,
    to: impl Fn(CaptureTime) -> CaptureTime,
) -> Vec<(CaptureTime, OutcomeCounts)> {
    let mut groups: BTreeMap<CaptureTime, OutcomeCounts> = BTreeMap::new();
    for (start, counts) in outcomes {
        groups.entry(to(*start)).or_default().merge(counts);
    }
    groups.into_iter().collect()
}
