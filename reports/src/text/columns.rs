//! Cells of fixed width, and what the tables share.

use analyzer::sparkline;

/// Widths of the columns: how many, rate, p50, p90, p99, max, over.
pub(super) const WIDTHS: [usize; 7] = [11, 8, 7, 7, 7, 7, OVER];
/// Width of the count against the objective.
pub(super) const OVER: usize = 8;
/// What the numbers take with the blanks before each.
pub(super) const NUMBERS: usize = 62;
/// The narrowest sparkline, and the widest.
const SPARK: (usize, usize) = (12, 24);
/// What a name needs before there is a sparkline.
const NAME_MIN: usize = 24;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The widths of the name and of the sparkline, which a narrow terminal goes without.
pub(super) fn widths(free: usize) -> (usize, usize) {
    if free < NAME_MIN + 1 + SPARK.0 {
        return (free, 0);
    }
    let spark = (free / 3).clamp(SPARK.0, SPARK.1);
    (free - spark - 1, spark)
}

/// Values over the span, on a logarithmic scale of their own; blank where nothing was seen.
pub(super) fn sparks(values: &[Option<f64>], width: usize) -> String {
    let fitted = sparkline::fit(values, width);
    let seen = || fitted.iter().flatten().copied();
    let (Some(low), Some(high)) = (seen().reduce(f64::min), seen().reduce(f64::max)) else {
        return String::new();
    };
    // Less than a factor of two is no story: the scale spans at least that, or noise would look like one.
    let levels = sparkline::levels(&fitted, low, high.max(low * 2.0), BLOCKS.len());
    let block = |level: usize| BLOCKS.get(level).copied().unwrap_or(' ');
    levels.into_iter().map(|level| level.map_or(' ', block)).collect()
}

/// Cut to `width` characters, with an ellipsis where something is missing.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

/// The cells right-aligned, each in its width, with a space between.
pub(super) fn right(cells: &[(String, usize)]) -> String {
    let padded: Vec<String> =
        cells.iter().map(|(cell, width)| format!("{cell:>width$}", width = *width)).collect();
    padded.join(" ")
}

/// The words in lines of at most `width` characters; a word that is longer has a line of its own. Where there shall
/// be no break, a no-break space holds words together.
pub(super) fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines.into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_whole() {
        assert_eq!(wrap("a bb ccc dddd", 4), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("longer a", 4), ["longer", "a"]);
        assert_eq!(wrap("a b\u{a0}c d", 3), ["a", "b c", "d"]);
    }

    #[test]
    fn names_are_cut_by_character() {
        assert_eq!(fit("/users/{id}", 20), "/users/{id}");
        assert_eq!(fit("/größen/liste", 8), "/größen…");
        assert_eq!(fit("/größen/liste", 8).chars().count(), 8);
    }
}
