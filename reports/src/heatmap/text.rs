//! Letters: Roboto (Apache-2.0), cut down to Latin, in the program itself, so that a host needs no fonts.

use super::PictureError;
use plotters::prelude::{FontStyle, FontTransform, IntoFont, RGBColor, TextStyle};
use plotters::style::register_font;
use plotters::style::text_anchor::Pos;

const REGULAR: &[u8] = include_bytes!("font/Roboto-Regular-subset.ttf");
const MEDIUM: &[u8] = include_bytes!("font/Roboto-Medium-subset.ttf");

/// What SVG calls it too: there it is the reader's own font.
const FAMILY: &str = "sans-serif";

/// Makes the letters known to the drawing library; doing it again changes nothing.
pub(super) fn register() -> Result<(), PictureError> {
    let unreadable = |_| PictureError::Drawing("the embedded font is unreadable".to_owned());
    register_font(FAMILY, FontStyle::Normal, REGULAR).map_err(unreadable)?;
    register_font(FAMILY, FontStyle::Bold, MEDIUM).map_err(unreadable)
}

/// A text's look.
pub(super) fn style(
    size: f64,
    weight: FontStyle,
    colour: RGBColor,
    anchor: Pos,
) -> TextStyle<'static> {
    let style = TextStyle::from((FAMILY, size, weight).into_font()).pos(anchor);
    TextStyle { color: plotters::style::Color::to_backend_color(&colour), ..style }
}

/// The same, read from below.
pub(super) fn upward(style: TextStyle<'static>) -> TextStyle<'static> {
    style.transform(FontTransform::Rotate270)
}

/// What the embedded letters can write, the rest as question marks; control characters never.
pub(super) fn writable(text: &str) -> String {
    let known = |c: char| matches!(c, ' '..='~' | '\u{a0}'..='ÿ' | '–' | '—' | '…' | '≤' | '≥');
    text.chars()
        .map(|c| if c == '−' { '–' } else { c })
        .map(|c| if known(c) { c } else { '?' })
        .collect()
}
