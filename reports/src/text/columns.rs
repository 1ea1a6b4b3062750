//! Cells of fixed width.

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
