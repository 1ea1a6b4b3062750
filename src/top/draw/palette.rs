//! Densities and levels as letters and colours. The letters alone say it, the colours say it better.

use ratatui::style::{Color, Modifier, Style};
use reports::heatmap::colours::{self, Rgb, STEPS};

/// From few to many.
const SHADES: [char; 5] = ['·', '░', '▒', '▓', '█'];
/// The strip has a background of its own: the scale begins near it, on whatever the terminal is.
const GROUND: Rgb = [18, 18, 24];

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None, or none wanted.
    Plain,
    /// The 256 of xterm.
    Indexed,
    /// Any.
    True,
}

/// The colours of a terminal.
pub struct Palette {
    depth: Depth,
    /// Of a letter, and behind it.
    scale: Vec<(Color, Color)>,
}

impl Palette {
    pub fn new(depth: Depth) -> Self {
        let scale = colours::scale(&colours::DARK).into_iter();
        let colour = |rgb| match depth {
            Depth::Plain => Color::Reset,
            Depth::Indexed => indexed(rgb),
            Depth::True => rgb_color(rgb),
        };
        // Few colours have none between that of the letter and the ground's.
        let behind = |rgb| if depth == Depth::True { behind(rgb) } else { GROUND };
        let scale = scale.map(|rgb| (colour(rgb), colour(behind(rgb))));
        Self { depth, scale: scale.collect() }
    }

    /// What the environment says of the terminal; `NO_COLOR` is honoured (no-color.org).
    pub fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Self {
        let has = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = has("TERM").unwrap_or_default();
        let is_true = |value: String| matches!(&*value, "truecolor" | "24bit");
        Self::new(if has("NO_COLOR").is_some() || term == "dumb" {
            Depth::Plain
        } else if has("COLORTERM").is_some_and(is_true) || term.ends_with("-direct") {
            Depth::True
        } else {
            Depth::Indexed
        })
    }

    /// A share of the densest, from 0 to 1; nothing at all has no letter.
    pub fn density(&self, share: f64) -> (char, Style) {
        if share <= 0.0 {
            return (' ', self.ground());
        }
        // By the root, which shows few beside many, as the other heatmaps do.
        let root = share.min(1.0).sqrt();
        let shade = ((root * SHADES.len() as f64) as usize).min(SHADES.len() - 1);
        let step = (root * (STEPS - 1) as f64) as usize;
        let (colour, behind) = self.scale.get(step).copied().unwrap_or_default();
        (SHADES.get(shade).copied().unwrap_or('█'), Style::new().fg(colour).bg(behind))
    }

    /// A colour of the scale, for a share from 0 to 1.
    pub fn colour(&self, share: f64) -> Style {
        let (_, style) = self.density(share.max(f64::MIN_POSITIVE));
        style.patch(self.ground())
    }

    /// Behind a strip.
    pub fn ground(&self) -> Style {
        match self.depth {
            Depth::Plain => Style::new(),
            Depth::Indexed => Style::new().bg(indexed(GROUND)),
            Depth::True => Style::new().bg(rgb_color(GROUND)),
        }
    }

    /// What should be seen: also by those who see no colours.
    pub fn alarm(&self) -> Style {
        match self.depth {
            Depth::Plain => Style::new().add_modifier(Modifier::BOLD),
            _ => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// What need not be seen.
    pub fn faint(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }
}

/// Behind a letter, so that its cell is of one colour, and the letter can still be seen.
fn behind([red, green, blue]: Rgb) -> Rgb {
    let [low_red, low_green, low_blue] = GROUND;
    let mixed = |ground: u8, colour: u8| ((u16::from(ground) + 2 * u16::from(colour)) / 3) as u8;
    [mixed(low_red, red), mixed(low_green, green), mixed(low_blue, blue)]
}

const fn rgb_color([red, green, blue]: Rgb) -> Color {
    Color::Rgb(red, green, blue)
}

/// The nearest of xterm's cube of 6 × 6 × 6 (levels 0, 95, 135, 175, 215, 255), and of its 24 greys.
fn indexed(rgb: Rgb) -> Color {
    let level = |value: u8| match value {
        0..48 => 0_u8,
        48..115 => 1,
        value => (value - 35) / 40,
    };
    let [red, green, blue] = rgb.map(level);
    let is_grey = red == green && green == blue && rgb.iter().all(|value| *value < 48);
    Color::Indexed(match (is_grey, rgb) {
        // Greys are 8, 18, 28, …
        (true, [_, green, _]) => 232 + green.saturating_sub(3) / 10,
        (false, _) => 16 + 36 * red + 6 * green + blue,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_another_letter_and_another_colour() {
        for depth in [Depth::Plain, Depth::Indexed, Depth::True] {
            let palette = Palette::new(depth);
            let letters: String = [0.0, 0.001, 0.1, 0.2, 0.5, 1.0, 7.0]
                .map(|share| palette.density(share).0)
                .iter()
                .collect();
            assert_eq!(letters, " ·░▒▓██");
            let (few, many) = (palette.density(0.01).1, palette.density(1.0).1);
            assert_eq!(few == many, depth == Depth::Plain);
        }
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        let depth = |known: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = known.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Palette::of_terminal(variable).depth
        };
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Depth::Plain);
        assert_eq!(depth(&[("NO_COLOR", ""), ("TERM", "dumb")]), Depth::Plain);
    }

    #[test]
    fn the_nearest_of_few_colours() {
        for (rgb, index) in
            [([0, 0, 0], 232), ([18, 18, 24], 233), ([255, 255, 255], 231), ([95, 135, 175], 67)]
        {
            assert_eq!(indexed(rgb), Color::Indexed(index), "{rgb:?}");
        }
    }
}
