//! Counts over a logarithmic axis.
//!
//! Bins are a tenth of their decade wide, so 10 % of the value at mantissa 10 and 1 % at 99: drawn as they are, equal
//! traffic looks like a saw. Spread over cells of equal log-width, a cell's count *is* the density.

use model::histogram::{Bin, Distribution};

/// Cells in which density is measured, in each decade: about as many as a picture has.
const MEASURED_PER_DECADE: usize = 40;
/// The part of the cells that a scale of densities covers: the very highest would darken all others.
const SCALE_SHARE: f64 = 0.999;
/// Fewer values than this in a cell are few, also where no cell has more.
const FEW: f64 = 3.0;

/// Where a scale of densities ends, in values per distribution and decade. It depends on the distributions alone, not on
/// how large they are drawn, so that pictures of the same numbers agree. `None` where no value is positive.
pub fn scale_top(distributions: &[&impl Distribution]) -> Option<f64> {
    let bins = || distributions.iter().flat_map(|one| one.bins()).map(|(bin, _)| bin);
    let positive = || bins().filter(|bin| !bin.is_nan() && *bin > Bin::ZERO);
    let grid = LogGrid::decades(positive().min()?, positive().max()?, MEASURED_PER_DECADE)?;
    let mut filled = Vec::new();
    let mut cells = vec![0.0; grid.cells];
    for &distribution in distributions {
        cells.fill(0.0);
        grid.spread(distribution, &mut cells);
        filled.extend(cells.iter().copied().filter(|&count| count > 0.0));
    }
    filled.sort_by(f64::total_cmp);
    let place = (filled.len().saturating_sub(1) as f64 * SCALE_SHARE).ceil();
    let top = filled.get(place as usize)?.max(FEW);
    Some(top * MEASURED_PER_DECADE as f64)
}

/// Cells of equal width in log10 of the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogGrid {
    /// log10 of the lowest cell's lower edge.
    pub low: f64,
    /// log10 of the highest cell's upper edge.
    pub high: f64,
    /// How many cells.
    pub cells: usize,
}

impl LogGrid {
    /// A grid from the lowest to the highest positive bin; `None` where there is none.
    pub fn covering(lowest: Bin, highest: Bin, cells: usize) -> Option<Self> {
        let (low, high) = (lowest.lower().log10(), highest.upper().log10());
        (low.is_finite() && high.is_finite() && low < high && cells > 0).then_some(Self {
            low,
            high,
            cells,
        })
    }

    /// Whole decades from the lowest to the highest positive bin, `per_decade` cells in each.
    pub fn decades(lowest: Bin, highest: Bin, per_decade: usize) -> Option<Self> {
        let (low, high) = (f64::from(lowest.exponent()), f64::from(highest.exponent()) + 1.0);
        let cells = (high - low) as usize * per_decade;
        (lowest > Bin::ZERO && cells > 0).then_some(Self { low, high, cells })
    }

    /// Where a value lies, in cells from the lowest edge; outside of 0..=cells where it is not on the grid.
    pub fn place(&self, value: f64) -> f64 {
        (value.log10() - self.low) / (self.high - self.low) * self.cells as f64
    }

    /// The value at a place.
    pub fn value(&self, place: f64) -> f64 {
        let along = place / self.cells as f64;
        10_f64.powf(along.mul_add(self.high - self.low, self.low))
    }

    /// Adds each bin's count to the cells it covers, in proportion to the log-width it has in them. What lies off
    /// the grid, and zero, goes to the nearest cell: nothing is lost.
    pub fn spread(&self, distribution: &impl Distribution, into: &mut [f64]) {
        for (bin, count) in distribution.bins().filter(|(bin, _)| !bin.is_nan()) {
            let (from, to) = if bin > Bin::ZERO {
                (self.place(bin.lower()), self.place(bin.upper()))
            } else {
                (0.0, 0.0)
            };
            spread_bin(from, to, count as f64, into);
        }
    }
}

fn spread_bin(from: f64, to: f64, count: f64, cells: &mut [f64]) {
    let end = cells.len() as f64;
    let (inside_from, inside_to) = (from.clamp(0.0, end), to.clamp(0.0, end));
    if inside_to - inside_from <= 0.0 {
        let nearest = (inside_from as usize).min(cells.len().saturating_sub(1));
        if let Some(cell) = cells.get_mut(nearest) {
            *cell += count;
        }
        return;
    }
    // A bin that is partly off the grid goes wholly to its part on the grid.
    let per_cell = count / (inside_to - inside_from);
    let first = inside_from as usize;
    for (offset, cell) in cells.iter_mut().enumerate().skip(first) {
        let (left, right) = (offset as f64, offset as f64 + 1.0);
        let overlap = inside_to.min(right) - inside_from.max(left);
        if overlap <= 0.0 {
            break;
        }
        *cell += overlap * per_cell;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::histogram::Histogram;

    #[test]
    fn a_scale_ends_where_all_but_a_thousandth_of_the_cells_have_ended() {
        let of = |count: u64| {
            let mut histogram = Histogram::new();
            (0..count).for_each(|_| histogram.record_nanos(1_000_000));
            histogram
        };
        let (many, few) = (of(1_000), of(1));
        // The bin from 1.0 to 1.1 ms is 0.0414 decades wide, more than a cell of 0.025.
        let top = scale_top(&[&many]).unwrap();
        assert!((top - 1_000.0 / 1.1_f64.log10()).abs() < 1e-6, "{top}");
        assert_eq!(scale_top(&[&few, &few]), Some(120.0), "few are few");
        assert_eq!(scale_top(&[&Histogram::new()]), None);
        let windows: Vec<&Histogram> = std::iter::repeat_n(&few, 2_000).chain([&many]).collect();
        assert_eq!(scale_top(&windows), Some(120.0), "one peak does not darken the rest");
    }
}
