//! Draws the picture, whatever it is drawn on.

use super::cells::Cells;
use super::{PictureError, Size, colours, text};
use crate::figures::Figures;
use crate::format::{self, Clock};
use crate::sentence;
use model::units::{CaptureTime, NANOS_PER_SECOND, Nanos};
use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, DrawingBackend, FontStyle, PathElement, RGBColor, Rectangle, ShapeStyle, Text,
};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(super) const INK: RGBColor = RGBColor(21, 25, 31);
pub(super) const SOFT: RGBColor = RGBColor(87, 96, 108);
pub(super) const PLOT: RGBColor = RGBColor(236, 239, 242);
pub(super) const HATCH: RGBColor = RGBColor(180, 187, 196);
const BAD: RGBColor = RGBColor(198, 47, 31);

/// Room for the heading above, times below, latencies left, the objective right.
const MARGINS: (i32, i32, i32, i32) = (84, 84, 72, 64);
/// How finely cells are drawn.
#[derive(Clone, Copy)]
pub(super) struct Grain {
    /// A row's height.
    pub(super) row: i32,
    /// Steps of the scale that are drawn as one colour.
    pub(super) steps: usize,
}

/// Where things go, in units of the picture.
pub(super) struct Canvas<'a, DB: DrawingBackend> {
    pub(super) area: &'a DrawingArea<DB, Shift>,
    pub(super) scale: i32,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

pub(super) fn draw<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    figures: &Figures<'_>,
    size: Size,
    grain: Grain,
) -> Result<(), PictureError> {
    let (top, bottom, left, right) = MARGINS;
    let canvas = Canvas {
        area,
        scale: size.scale as i32,
        left,
        right: size.width as i32 - right,
        top,
        bottom: size.height as i32 - bottom,
    };
    area.fill(&RGBColor(255, 255, 255)).map_err(failed)?;
    canvas.heading(figures)?;
    canvas.rectangle((canvas.left, canvas.top), (canvas.right, canvas.bottom), PLOT)?;
    if let Some(cells) =
        Cells::new(figures, ((canvas.bottom - canvas.top) / grain.row).max(1) as usize)
    {
        canvas.cells(&cells, grain.steps)?;
        canvas.latencies(&cells)?;
        canvas.objective(figures, &cells)?;
        canvas.legend(figures, &cells)?;
    } else {
        canvas.nothing()?;
    }
    canvas.times(figures)?;
    area.present().map_err(failed)
}

pub(super) fn failed<E: std::error::Error + Send + Sync>(
    error: plotters::drawing::DrawingAreaErrorKind<E>,
) -> PictureError {
    PictureError::Drawing(error.to_string())
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    pub(super) fn rectangle(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        colour: RGBColor,
    ) -> Result<(), PictureError> {
        self.pixels(
            (from.0 * self.scale, from.1 * self.scale),
            (to.0 * self.scale, to.1 * self.scale),
            colour,
        )
    }

    /// From the first pixel to one past the last.
    fn pixels(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        colour: RGBColor,
    ) -> Result<(), PictureError> {
        self.area.draw(&Rectangle::new([from, to], colour.filled())).map_err(failed)
    }

    pub(super) fn line(
        &self,
        from: (i32, i32),
        to: (i32, i32),
        style: ShapeStyle,
    ) -> Result<(), PictureError> {
        let at = |point: (i32, i32)| (point.0 * self.scale, point.1 * self.scale);
        self.area.draw(&PathElement::new(vec![at(from), at(to)], style)).map_err(failed)
    }

    pub(super) fn words(
        &self,
        words: &str,
        at: (i32, i32),
        size: i32,
        look: (FontStyle, RGBColor),
        anchor: (HPos, VPos),
    ) -> Result<(), PictureError> {
        let anchor = Pos::new(anchor.0, anchor.1);
        let style = text::style(f64::from(size * self.scale), look.0, look.1, anchor);
        let at = (at.0 * self.scale, at.1 * self.scale);
        self.area.draw(&Text::new(text::writable(words), at, style)).map_err(failed)
    }

    /// What stands in an empty plot.
    fn nothing(&self) -> Result<(), PictureError> {
        let middle = ((self.left + self.right) / 2, (self.top + self.bottom) / 2);
        let soft = (FontStyle::Normal, SOFT);
        self.words("no request was timed", middle, 15, soft, (HPos::Center, VPos::Center))
    }

    /// A column's left edge in pixels.
    fn column(&self, column: usize, columns: usize) -> i32 {
        let width = i64::from(self.right - self.left) * i64::from(self.scale);
        self.left * self.scale + (column as i64 * width / columns.max(1) as i64) as i32
    }

    /// A row's lower edge in pixels.
    fn row(&self, row: usize, rows: usize) -> i32 {
        let height = i64::from(self.bottom - self.top) * i64::from(self.scale);
        self.bottom * self.scale - (row as i64 * height / rows.max(1) as i64) as i32
    }

    fn cells(&self, cells: &Cells, coarseness: usize) -> Result<(), PictureError> {
        let scale = colours::scale(&colours::LIGHT);
        let (columns, rows) = (cells.columns.len(), cells.grid.cells);
        for run in cells.runs(coarseness) {
            let [red, green, blue] = scale.get(run.step).copied().unwrap_or_default();
            let from = (self.column(run.column, columns), self.row(run.rows.1, rows));
            let to = (self.column(run.column + 1, columns), self.row(run.rows.0, rows));
            self.pixels(from, to, RGBColor(red, green, blue))?;
        }
        for (from, to) in cells.holes() {
            self.hatch(
                self.column(from, columns) / self.scale,
                self.column(to, columns) / self.scale,
            )?;
        }
        Ok(())
    }

    /// No data is not zero.
    fn hatch(&self, left: i32, right: i32) -> Result<(), PictureError> {
        self.rectangle((left, self.top), (right, self.bottom), RGBColor(255, 255, 255))?;
        let height = self.bottom - self.top;
        let mut start = left - height;
        while start < right {
            let (from, to) = (start.max(left), (start + height).min(right));
            if from < to {
                let y = |x: i32| self.bottom - (x - start);
                self.line((from, y(from)), (to, y(to)), HATCH.stroke_width(self.scale as u32))?;
            }
            start += 5;
        }
        Ok(())
    }

    fn height_of(&self, seconds: f64, cells: &Cells) -> Option<i32> {
        let along = cells.grid.place(seconds) / cells.grid.cells as f64;
        (-0.001..=1.001)
            .contains(&along)
            .then(|| self.bottom - (along * f64::from(self.bottom - self.top)).round() as i32)
    }

    fn latencies(&self, cells: &Cells) -> Result<(), PictureError> {
        let per_decade = f64::from(self.bottom - self.top) / (cells.grid.high - cells.grid.low);
        let factors: &[f64] = if per_decade > 110.0 {
            &[1.0, 2.0, 5.0]
        } else if per_decade > 60.0 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        for decade in cells.grid.low.floor() as i32..=cells.grid.high.ceil() as i32 {
            for factor in factors {
                let seconds = factor * 10_f64.powi(decade);
                let Some(y) = self.height_of(seconds, cells) else { continue };
                self.line(
                    (self.left - 4, y),
                    (self.left, y),
                    SOFT.stroke_width(self.scale as u32),
                )?;
                let label = tick(seconds);
                self.words(
                    &label,
                    (self.left - 9, y),
                    13,
                    (FontStyle::Normal, SOFT),
                    (HPos::Right, VPos::Center),
                )?;
            }
        }
        let style = text::style(
            f64::from(13 * self.scale),
            FontStyle::Normal,
            SOFT,
            Pos::new(HPos::Center, VPos::Top),
        );
        let at = (10 * self.scale, (self.top + self.bottom) / 2 * self.scale);
        self.area.draw(&Text::new("latency", at, text::upward(style))).map_err(failed)
    }

    fn objective(&self, figures: &Figures<'_>, cells: &Cells) -> Result<(), PictureError> {
        for &limit in &figures.input.objectives {
            let Some(y) = self.height_of(limit.to_f64(), cells) else { continue };
            let mut x = self.left;
            while x < self.right {
                let end = (x + 7).min(self.right);
                self.line((x, y), (end, y), BAD.stroke_width(2 * self.scale as u32))?;
                x += 12;
            }
            let label = sentence::objective(limit);
            self.words(
                &label,
                (self.right + 6, y),
                13,
                (FontStyle::Bold, BAD),
                (HPos::Left, VPos::Center),
            )?;
        }
        Ok(())
    }

    fn times(&self, figures: &Figures<'_>) -> Result<(), PictureError> {
        let Some((from, to)) = figures.timeline.span() else { return Ok(()) };
        let span = to.since(from).unwrap_or_default().0.max(1);
        let step = time_step(span, ((self.right - self.left) / 84).max(2) as u64);
        let clock = Clock { date: false, seconds: !step.is_multiple_of(60 * NANOS_PER_SECOND) };
        let mut time = from.as_nanos().div_ceil(step) * step;
        while time <= to.as_nanos() {
            let along = (time - from.as_nanos()) as f64 / span as f64;
            let x = self.left + (along * f64::from(self.right - self.left)).round() as i32;
            self.line(
                (x, self.bottom),
                (x, self.bottom + 4),
                SOFT.stroke_width(self.scale as u32),
            )?;
            let label = time_label(CaptureTime::from_nanos(time), (from, to), clock, step);
            self.words(
                &label,
                (x, self.bottom + 9),
                13,
                (FontStyle::Normal, SOFT),
                (HPos::Center, VPos::Top),
            )?;
            time += step;
        }
        Ok(())
    }
}

/// An axis says 2 ms where a number says 2.00 ms.
fn tick(seconds: f64) -> String {
    format::latency(seconds).replace(".00", "")
}

/// A round step that gives at most `most` labels.
fn time_step(span: u64, most: u64) -> u64 {
    const SECONDS: [u64; 15] =
        [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800];
    let fine = (0..9).flat_map(|place| [1, 2, 5].map(|factor| factor * 10_u64.pow(place)));
    let coarse = SECONDS.into_iter().map(|seconds| seconds * NANOS_PER_SECOND);
    fine.chain(coarse).find(|step| span / step <= most).unwrap_or(span)
}

fn time_label(
    time: CaptureTime,
    (from, to): (CaptureTime, CaptureTime),
    clock: Clock,
    step: u64,
) -> String {
    let day = 86_400 * NANOS_PER_SECOND;
    let midnight = time.as_nanos().is_multiple_of(day);
    let one_day = format::date(from) == format::date(to.minus(Nanos(1)));
    match (midnight, one_day) {
        (true, true) if time == to => "24:00".to_owned(),
        (true, false) => format::date(time),
        _ if step >= day => format::date(time),
        _ => clock.time(time),
    }
}
