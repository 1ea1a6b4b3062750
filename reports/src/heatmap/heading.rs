//! What stands above the picture: how many were too slow, and what was observed.

use super::drawing::{Canvas, INK, SOFT, failed};
use super::{PictureError, text};
use crate::figures::Figures;
use crate::format::{self, Clock};
use crate::sentence;
use plotters::prelude::{DrawingBackend, FontStyle, RGBColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Sizes of the headline, and of what stands below it: with how many lines which size is tried. What does not fit the
/// last of them is cut.
const HEADLINE: [(usize, i32); 6] = [(1, 19), (1, 17), (2, 17), (2, 15), (2, 13), (2, 11)];
const BELOW: [(usize, i32); 4] = [(1, 13), (1, 12), (2, 12), (2, 11)];
/// Letters of the title, at most and at least; the times behind it, of so many letters, matter more.
const TITLE: (usize, usize) = (120, 20);
const BEHIND_TITLE: usize = 80;
/// Part of the room that is used: an SVG's reader may have wider letters than those that are measured here.
const ROOM: f64 = 0.95;

/// Lines of one look.
struct Block {
    lines: Vec<String>,
    size: i32,
    look: (FontStyle, RGBColor),
}

impl Block {
    const fn line_height(&self) -> i32 {
        self.size * 13 / 10
    }

    fn height(&self) -> i32 {
        self.line_height() * self.lines.len() as i32
    }
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    pub(super) fn heading(&self, figures: &Figures<'_>) -> Result<(), PictureError> {
        /// Between the blocks.
        const SPACE: i32 = 6;
        let headline = sentence::headline(figures);
        let headline = self.block(&headline, &HEADLINE, (FontStyle::Bold, INK))?;
        // On two lines, where a letter is about half as wide as it is high.
        let letters = ((self.right - self.left) / 3).unsigned_abs() as usize;
        let title = letters.saturating_sub(BEHIND_TITLE).clamp(TITLE.1, TITLE.0);
        let below = below(figures, title);
        let below = self.block(&below, &BELOW, (FontStyle::Normal, SOFT))?;
        let mut y = ((self.top - headline.height() - SPACE - below.height()) / 2).max(4);
        for block in [headline, below] {
            for line in &block.lines {
                let at = (self.left, y);
                self.words(line, at, block.size, block.look, (HPos::Left, VPos::Top))?;
                y += block.line_height();
            }
            y += SPACE;
        }
        Ok(())
    }

    /// As large as it fits.
    fn block(
        &self,
        words: &str,
        sizes: &[(usize, i32)],
        look: (FontStyle, RGBColor),
    ) -> Result<Block, PictureError> {
        let mut smallest = Block { lines: Vec::new(), size: 0, look };
        let mut lines_max = 1;
        for &(lines, size) in sizes {
            lines_max = lines;
            smallest = Block { lines: self.wrapped(words, size, look)?, size, look };
            if smallest.lines.len() <= lines_max {
                return Ok(smallest);
            }
        }
        let rest = smallest.lines.split_off(lines_max.saturating_sub(1));
        smallest.lines.push(self.cut(&rest.join(" "), smallest.size, look)?);
        Ok(smallest)
    }

    /// Whole words on as many lines as they take.
    fn wrapped(
        &self,
        words: &str,
        size: i32,
        look: (FontStyle, RGBColor),
    ) -> Result<Vec<String>, PictureError> {
        let mut lines: Vec<String> = Vec::new();
        for word in words.split(' ') {
            match lines.last_mut() {
                Some(line) if self.fits(&format!("{line} {word}"), size, look)? => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(self.cut(word, size, look)?),
            }
        }
        Ok(lines)
    }

    /// As many letters as fit, with an ellipsis where something is missing.
    fn cut(
        &self,
        words: &str,
        size: i32,
        look: (FontStyle, RGBColor),
    ) -> Result<String, PictureError> {
        let mut cut = words.to_owned();
        while !self.fits(&cut, size, look)? {
            let kept = cut.chars().count().saturating_sub(2);
            if kept == 0 {
                break;
            }
            cut = shortened(&cut, kept + 1);
        }
        Ok(cut)
    }

    fn fits(
        &self,
        words: &str,
        size: i32,
        look: (FontStyle, RGBColor),
    ) -> Result<bool, PictureError> {
        let room = f64::from(self.right - self.left) * ROOM;
        Ok(f64::from(self.width(words, size, look)?) <= room)
    }

    /// How wide words are, in units of the picture.
    pub(super) fn width(
        &self,
        words: &str,
        size: i32,
        look: (FontStyle, RGBColor),
    ) -> Result<i32, PictureError> {
        let anchor = Pos::new(HPos::Left, VPos::Top);
        let style = text::style(f64::from(size * self.scale), look.0, look.1, anchor);
        let (width, _) =
            self.area.estimate_text_size(&text::writable(words), &style).map_err(failed)?;
        Ok(width.div_ceil(self.scale.unsigned_abs()) as i32)
    }
}

/// What was observed, when, and how much of it was seen.
fn below(figures: &Figures<'_>, title_max: usize) -> String {
    let input = figures.input;
    let mut parts = vec![shortened(&input.title, title_max)];
    if let Some((first, last)) = input.span {
        let clock = Clock { date: true, ..Clock::for_span(input.span, input.window.span()) };
        parts.push(format!("{} to {} UTC", clock.time(first), clock.time(last)));
    }
    parts.push(format!("windows of {}", format::span(input.window.span())));
    parts.push(format!("coverage {}", format::coverage(&figures.ledger.streams)));
    parts.join("  ·  ")
}

/// At most so many letters, the last of them an ellipsis where some are missing.
fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}
