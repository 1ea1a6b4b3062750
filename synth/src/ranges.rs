//! Sets of byte ranges of a stream: almost always one range that grows at its end.

/// Disjoint half-open ranges in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges {
    sorted: Vec<(u64, u64)>,
}

impl Ranges {
    /// Adds `[start, end)`.
    pub(crate) fn insert(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        if let Some(last) = self.sorted.last_mut()
            && last.0 <= start
            && start <= last.1
        {
            last.1 = last.1.max(end);
            return;
        }
        let from = self.sorted.partition_point(|range| range.1 < start);
        let to = self.sorted.partition_point(|range| range.0 <= end);
        let touching = self.sorted.get(from..to).unwrap_or_default();
        let low = touching.first().map_or(start, |range| range.0.min(start));
        let high = touching.last().map_or(end, |range| range.1.max(end));
        self.sorted.splice(from..to.max(from), [(low, high)]);
    }

    /// The end of the range that holds `offset`, or `offset`.
    pub(crate) fn reach(&self, offset: u64) -> u64 {
        let holder = self.sorted.iter().find(|range| range.0 <= offset && offset < range.1);
        holder.map_or(offset, |range| range.1)
    }

    /// The parts of `[start, end)` that are not in the set.
    pub(crate) fn missing(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut from = start;
        for &(low, high) in &self.sorted {
            if low >= end {
                break;
            }
            if low > from {
                holes.push((from, low));
            }
            from = from.max(high);
        }
        if from < end {
            holes.push((from, end));
        }
        holes
    }

    /// Whether all of `[start, end)` is in the set.
    pub(crate) fn holds(&self, start: u64, end: u64) -> bool {
        start >= end || self.sorted.iter().any(|range| range.0 <= start && end <= range.1)
    }

    /// Forgets what lies wholly before `offset`.
    pub(crate) fn forget_before(&mut self, offset: u64) {
        let gone = self.sorted.partition_point(|range| range.1 <= offset);
        self.sorted.drain(..gone);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn equals_a_set_of_numbers() {
        let mut random = Random::new(3, 3);
        for _ in 0..500 {
            let (mut ranges, mut model) = (Ranges::default(), [false; 64]);
            for _ in 0..random.below(12) {
                let start = random.below(60);
                let end = (start + random.below(9)).min(64);
                ranges.insert(start, end);
                model[start as usize..end as usize].fill(true);
            }
            let mut missing = [false; 64];
            for (start, end) in ranges.missing(0, 64) {
                missing[start as usize..end as usize].fill(true);
            }
            assert!(model.iter().zip(missing).all(|(held, missing)| *held != missing));
            for at in 0..63_u64 {
                assert_eq!(ranges.holds(at, at + 1), model[at as usize]);
                let reach = (at..64).find(|i| !model[*i as usize]).unwrap_or(64);
                assert_eq!(ranges.reach(at), reach);
            }
        }
    }

    #[test]
    fn forgetting_keeps_what_comes_after() {
        let mut ranges = Ranges::default();
        ranges.insert(0, 5);
        ranges.insert(7, 9);
        ranges.insert(12, 20);
        ranges.forget_before(9);
        assert_eq!(ranges.missing(0, 20), [(0, 12)]);
    }
}
