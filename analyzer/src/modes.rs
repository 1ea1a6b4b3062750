//! The peaks of a distribution: a cache that hits and one that misses are two.

use crate::density::LogGrid;
use model::histogram::Distribution;
use serde::Serialize;

/// As fine as the widest bin, which is log10(1.1) = 1/24 of a decade: finer cells would show bins, not peaks.
pub const CELLS_PER_DECADE: usize = 24;

/// A peak stands out if the valley beside it falls at least to this part of its height.
pub const VALLEY_SHARE: f64 = 0.7;

/// A peak and its flanks hold at least this part of all values.
pub const MASS_SHARE: f64 = 0.01;

/// A valley is real if it is deeper than chance explains, in standard deviations of the two counts.
pub const SIGMAS: f64 = 3.0;

/// One peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mode {
    /// Where it is highest.
    pub at: f64,
    /// Where its flanks begin.
    pub from: f64,
    /// Where they end.
    pub to: f64,
    /// The part of all values between the two.
    pub share: f64,
}

/// The peaks, lowest value first. Density is count over log-width, smoothed over three cells (1:2:1).
pub fn modes(distribution: &impl Distribution) -> Vec<Mode> {
    let positive = || distribution.bins().filter(|(bin, _)| bin.mantissa() > 0);
    let (Some((lowest, _)), Some((highest, _))) = (positive().next(), positive().last()) else {
        return Vec::new();
    };
    let Some(grid) = LogGrid::decades(lowest, highest, CELLS_PER_DECADE) else { return Vec::new() };
    let mut counts = vec![0.0; grid.cells];
    grid.spread(distribution, &mut counts);
    let heights = smoothed(&counts);
    let total: f64 = counts.iter().sum();
    let mut peaks = basins(&heights);
    while let Some(weakest) = weakest(&peaks, &heights, &counts, total) {
        merge(&mut peaks, weakest, &heights);
    }
    // A cell can reach beyond the outermost bin: no value is there.
    let (least, most) = (lowest.lower(), highest.upper());
    let found = peaks.iter().map(|peak| mode(peak, &grid, &counts, total));
    found.map(|mode| Mode { from: mode.from.max(least), to: mode.to.min(most), ..mode }).collect()
}

/// A peak and the cells that fall off from it.
#[derive(Clone, Copy, Debug)]
struct Peak {
    top: usize,
    /// First cell, one past the last.
    cells: (usize, usize),
}

fn smoothed(counts: &[f64]) -> Vec<f64> {
    let at = |cell: Option<usize>| cell.and_then(|cell| counts.get(cell)).copied().unwrap_or(0.0);
    let smooth = |(cell, count): (usize, &f64)| {
        (at(cell.checked_sub(1)) + 2.0 * count + at(Some(cell + 1))) / 4.0
    };
    counts.iter().enumerate().map(smooth).collect()
}

fn height(heights: &[f64], cell: usize) -> f64 {
    heights.get(cell).copied().unwrap_or(0.0)
}

/// Every rise and fall as a peak of its own; neighbours share the lowest cell between them as their border.
fn basins(heights: &[f64]) -> Vec<Peak> {
    let mut peaks: Vec<Peak> = Vec::new();
    let (mut start, mut top, mut falling) = (0, 0, false);
    for cell in 1..heights.len() {
        let (before, this) = (height(heights, cell - 1), height(heights, cell));
        if this > before {
            if falling {
                peaks.push(Peak { top, cells: (start, cell) });
                start = cell;
            }
            falling = false;
            top = cell;
        } else if this < before {
            falling = true;
        }
    }
    peaks.push(Peak { top, cells: (start, heights.len()) });
    peaks.retain(|peak| height(heights, peak.top) > 0.0);
    peaks
}

/// The lowest peak that does not stand out, if any.
fn weakest(peaks: &[Peak], heights: &[f64], counts: &[f64], total: f64) -> Option<usize> {
    if peaks.len() < 2 {
        return None;
    }
    let weak = |&(place, peak): &(usize, &Peak)| {
        let top = height(heights, peak.top);
        let (valley, _) = higher_valley(peaks, place, heights);
        // Smoothing with 1:2:1 takes the variance of a count to 6/16 of it.
        let noise = SIGMAS * ((top + valley) * 0.375).sqrt();
        top - valley < noise
            || valley > VALLEY_SHARE * top
            || mass(peak, counts) < MASS_SHARE * total
    };
    let lower = |left: &(usize, &Peak), right: &(usize, &Peak)| {
        height(heights, left.1.top).total_cmp(&height(heights, right.1.top))
    };
    peaks.iter().enumerate().filter(weak).min_by(lower).map(|(place, _)| place)
}

fn mass(peak: &Peak, counts: &[f64]) -> f64 {
    counts.get(peak.cells.0..peak.cells.1).unwrap_or_default().iter().sum()
}

/// The higher of the two valleys beside a peak, and the neighbour behind it.
fn higher_valley(peaks: &[Peak], place: usize, heights: &[f64]) -> (f64, usize) {
    let valley = |left: usize| {
        let (left, right) = (peaks.get(left)?, peaks.get(left + 1)?);
        (left.top..=right.top).map(|cell| height(heights, cell)).reduce(f64::min)
    };
    let below = place.checked_sub(1).and_then(|left| Some((valley(left)?, left)));
    let above = valley(place).map(|depth| (depth, place + 1));
    match (below, above) {
        (Some(below), Some(above)) => {
            if below.0 >= above.0 {
                below
            } else {
                above
            }
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => (0.0, place),
    }
}

/// Joins a peak with the neighbour behind its higher valley.
fn merge(peaks: &mut Vec<Peak>, place: usize, heights: &[f64]) {
    let (_, neighbour) = higher_valley(peaks, place, heights);
    let (first, second) = (place.min(neighbour), place.max(neighbour));
    let (Some(&left), Some(&right)) = (peaks.get(first), peaks.get(second)) else { return };
    let top =
        if height(heights, left.top) >= height(heights, right.top) { left.top } else { right.top };
    peaks.remove(second);
    if let Some(joined) = peaks.get_mut(first) {
        *joined = Peak { top, cells: (left.cells.0, right.cells.1) };
    }
}

fn mode(peak: &Peak, grid: &LogGrid, counts: &[f64], total: f64) -> Mode {
    let inside = counts.get(peak.cells.0..peak.cells.1).unwrap_or_default();
    let occupied = |cell: &f64| *cell > 0.0;
    let first = inside.iter().position(occupied).unwrap_or(0);
    let last = inside.iter().rposition(occupied).unwrap_or(0);
    Mode {
        at: grid.value(peak.top as f64 + 0.5),
        from: grid.value((peak.cells.0 + first) as f64),
        to: grid.value((peak.cells.0 + last + 1) as f64),
        share: if total > 0.0 { inside.iter().sum::<f64>() / total } else { 0.0 },
    }
}
