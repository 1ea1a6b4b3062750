//! What stands below the picture: the scale, what the backgrounds mean, what drew it.

use super::cells::Cells;
use super::drawing::{Canvas, HATCH, PLOT, SOFT};
use super::{PictureError, colours};
use crate::figures::Figures;
use crate::format;
use plotters::prelude::{DrawingBackend, FontStyle, RGBColor};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

const LOOK: (FontStyle, RGBColor) = (FontStyle::Normal, SOFT);
const SIZE: i32 = 13;
const HEIGHT: i32 = 12;
/// How wide the sign of a background is.
const SIGN: i32 = 16;
/// Between a sign and its words, and behind the words.
const SPACES: (i32, i32) = (6, 22);

impl<DB: DrawingBackend> Canvas<'_, DB> {
    pub(super) fn legend(&self, figures: &Figures<'_>, cells: &Cells) -> Result<(), PictureError> {
        let y = self.bottom + 46;
        let mut x = self.said("few", self.left, y)? + SPACES.0;
        for [red, green, blue] in colours::scale(&colours::LIGHT).into_iter().step_by(2) {
            self.rectangle((x, y), (x + 1, y + HEIGHT), RGBColor(red, green, blue))?;
            x += 1;
        }
        x = self.said(&self.many(cells.top, x + SPACES.0)?, x + SPACES.0, y)? + SPACES.1;
        if self.has_room("no request", x)? {
            self.rectangle((x, y), (x + SIGN, y + HEIGHT), PLOT)?;
            x = self.said("no request", x + SIGN + SPACES.0, y)? + SPACES.1;
        }
        if !cells.holes().is_empty() && self.has_room("no data", x)? {
            for stripe in 0..SIGN / 4 {
                let at = x + stripe * 4;
                let style = HATCH.stroke_width(self.scale as u32);
                self.line((at, y + HEIGHT), (at + 4, y), style)?;
            }
            x = self.said("no data", x + SIGN + SPACES.0, y)? + SPACES.1;
        }
        let generator = &figures.input.generator;
        let is_free = x + self.width(generator, 12, LOOK)? <= self.right;
        if is_free {
            let at = (self.right, y + HEIGHT / 2);
            self.words(generator, at, 12, LOOK, (HPos::Right, VPos::Center))?;
        }
        Ok(())
    }

    /// What the dark end of the scale means, in as many words as there is room for.
    fn many(&self, top: f64, x: i32) -> Result<String, PictureError> {
        let top = format::count(top.round() as u64);
        let long = format!("many ({top} requests per window and decade of latency)");
        let is_long = x + self.width(&long, SIZE, LOOK)? <= self.right;
        Ok(if is_long { long } else { format!("many ({top} per window and decade)") })
    }

    fn has_room(&self, words: &str, x: i32) -> Result<bool, PictureError> {
        Ok(x + SIGN + SPACES.0 + self.width(words, SIZE, LOOK)? <= self.right)
    }

    /// Writes words beside a sign, and says where they end.
    fn said(&self, words: &str, x: i32, y: i32) -> Result<i32, PictureError> {
        self.words(words, (x, y + HEIGHT / 2), SIZE, LOOK, (HPos::Left, VPos::Center))?;
        Ok(x + self.width(words, SIZE, LOOK)?)
    }
}
