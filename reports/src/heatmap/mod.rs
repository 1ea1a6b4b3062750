//! The heatmap as a picture for mails and documents: PNG and SVG from the same drawing.

mod cells;
pub mod colours;
mod drawing;
mod heading;
mod legend;
mod text;

use crate::figures::Figures;
use drawing::Grain;
use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};
use thiserror::Error;

/// How large the picture is, in its own units; a PNG has `scale` pixels for each.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// From left to right; at least [`Size::WIDTH_MIN`].
    pub width: u32,
    /// From top to bottom; at least [`Size::HEIGHT_MIN`].
    pub height: u32,
    /// Pixels of a PNG for each unit, 1 to 4: 2 is sharp on dense screens.
    pub scale: u32,
}

impl Size {
    /// Narrower, the axes would not fit.
    pub const WIDTH_MIN: u32 = 480;
    /// Lower, the axes would not fit.
    pub const HEIGHT_MIN: u32 = 300;
    /// Beyond this a picture is a mistake, and its pixels would not fit a small host's memory.
    pub const SIDE_MAX: u32 = 8_000;

    fn sane(self) -> Self {
        Self {
            width: self.width.clamp(Self::WIDTH_MIN, Self::SIDE_MAX),
            height: self.height.clamp(Self::HEIGHT_MIN, Self::SIDE_MAX),
            scale: self.scale.clamp(1, 4),
        }
    }
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 1_200, height: 640, scale: 2 }
    }
}

/// Pixels cost nothing: as fine as the eye follows.
const PNG_GRAIN: Grain = Grain { row: 3, steps: 2 };
/// Every rectangle is a line of text: coarser, so that a document stays small.
const SVG_GRAIN: Grain = Grain { row: 4, steps: 8 };

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum PictureError {
    /// The drawing failed.
    #[error("heatmap: {0}")]
    Drawing(String),
    /// The pixels could not be compressed.
    #[error("heatmap: {0}")]
    Encoding(#[from] png::EncodingError),
}

/// The picture's bytes as a PNG file.
pub fn png(figures: &Figures<'_>, size: Size) -> Result<Vec<u8>, PictureError> {
    text::register()?;
    let size = size.sane();
    let (width, height) = (size.width * size.scale, size.height * size.scale);
    let mut pixels = vec![0_u8; width as usize * height as usize * 3];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        drawing::draw(&backend.into_drawing_area(), figures, size, PNG_GRAIN)?;
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

/// The picture as SVG text. Its letters are the reader's own sans-serif.
pub fn svg(figures: &Figures<'_>, size: Size) -> Result<String, PictureError> {
    text::register()?;
    let size = Size { scale: 1, ..size.sane() };
    let mut picture = String::new();
    {
        let backend = SVGBackend::with_string(&mut picture, (size.width, size.height));
        drawing::draw(&backend.into_drawing_area(), figures, size, SVG_GRAIN)?;
    }
    // These are the defaults, said again for each of thousands of rectangles.
    Ok(picture.replace("\" opacity=\"1\" fill=", "\" fill=").replace(" stroke=\"none\"/>", "/>"))
}
