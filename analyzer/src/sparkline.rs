//! A row of numbers as a small picture.

/// Fits `values` to at most `width` columns: each column is the largest of its values, so that a short peak stays
/// visible; `None` where it has none.
pub fn fit(values: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    let width = width.min(values.len());
    let edge = |column: usize| column * values.len() / width.max(1);
    (0..width)
        .map(|column| {
            let inside = values.get(edge(column)..edge(column + 1)).unwrap_or_default();
            inside.iter().flatten().copied().reduce(f64::max)
        })
        .collect()
}

/// Each positive value as a level from 0 to `levels − 1`, evenly over the logarithm from `low` to `high`.
pub fn levels(values: &[Option<f64>], low: f64, high: f64, levels: usize) -> Vec<Option<usize>> {
    let top = levels.saturating_sub(1);
    let (low, high) = (low.ln(), high.ln());
    let level = |value: f64| {
        let along = if high > low { (value.ln() - low) / (high - low) } else { 0.0 };
        ((along.clamp(0.0, 1.0) * top as f64).round() as usize).min(top)
    };
    values.iter().map(|value| value.filter(|&value| value > 0.0).map(level)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_peak_stays_visible() {
        let mut values = vec![Some(1.0); 100];
        values[57] = Some(9.0);
        values[99] = None;
        let fitted = fit(&values, 10);
        assert_eq!(fitted.len(), 10);
        assert_eq!(fitted[5], Some(9.0));
        assert_eq!(fit(&values[99..], 10), [None]);
        assert!(fit(&[], 10).is_empty());
    }

    #[test]
    fn levels_are_even_over_the_logarithm() {
        let values = [Some(1.0), Some(10.0), Some(100.0), None, Some(0.0), Some(1e9)];
        let expected = [Some(0), Some(4), Some(8), None, None, Some(8)];
        assert_eq!(levels(&values, 1.0, 100.0, 9), expected);
        assert_eq!(levels(&[Some(5.0)], 5.0, 5.0, 8), [Some(0)]);
    }
}
