//! A sequential scale that is even to the eye: a path through OKLab (Björn Ottosson, 2020) walked at constant speed.
//! The page's script has the same.

/// How many steps the scale has.
pub const STEPS: usize = 256;

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Lightness, chroma, hue in degrees, from few to many, on a light background.
pub const LIGHT: [[f64; 3]; 6] = [
    [0.9, 0.09, 112.0],
    [0.8, 0.11, 130.0],
    [0.67, 0.115, 185.0],
    [0.5, 0.115, 245.0],
    [0.34, 0.14, 285.0],
    [0.2, 0.09, 300.0],
];

/// The same on a dark background.
pub const DARK: [[f64; 3]; 6] = [
    [0.36, 0.11, 300.0],
    [0.44, 0.14, 280.0],
    [0.55, 0.13, 240.0],
    [0.7, 0.125, 185.0],
    [0.84, 0.14, 130.0],
    [0.965, 0.09, 105.0],
];

/// Points on the path between which it is taken as straight.
const PATH: usize = 1_024;

/// The scale through these knots.
pub fn scale(knots: &[[f64; 3]]) -> Vec<Rgb> {
    let path: Vec<[f64; 3]> =
        (0..=PATH).map(|step| on_path(knots, step as f64 / PATH as f64)).collect();
    let mut walked = vec![0.0];
    for pair in path.windows(2) {
        if let [from, to] = pair {
            walked.push(walked.last().copied().unwrap_or(0.0) + distance(from, to));
        }
    }
    let whole = walked.last().copied().unwrap_or(0.0);
    let mut at = 0;
    let mut colours = Vec::with_capacity(STEPS);
    for step in 0..STEPS {
        let wanted = step as f64 / (STEPS - 1) as f64 * whole;
        while at + 2 < walked.len() && walked.get(at + 1).is_some_and(|&next| next < wanted) {
            at += 1;
        }
        let (Some(from), Some(to)) = (path.get(at), path.get(at + 1)) else { break };
        let (Some(before), Some(after)) = (walked.get(at), walked.get(at + 1)) else { break };
        colours.push(rgb(between(from, to, (wanted - before) / (after - before))));
    }
    colours
}

/// Straight between the knots in OKLab.
fn on_path(knots: &[[f64; 3]], along: f64) -> [f64; 3] {
    let place = along * knots.len().saturating_sub(1) as f64;
    let left = (place as usize).min(knots.len().saturating_sub(2));
    match (knots.get(left), knots.get(left + 1)) {
        (Some(&from), Some(&to)) => between(&oklab(from), &oklab(to), place - left as f64),
        _ => [0.0; 3],
    }
}

fn between(from: &[f64; 3], to: &[f64; 3], along: f64) -> [f64; 3] {
    let ([a, b, c], [x, y, z]) = (*from, *to);
    [a + along * (x - a), b + along * (y - b), c + along * (z - c)]
}

fn distance(from: &[f64; 3], to: &[f64; 3]) -> f64 {
    from.iter().zip(to).map(|(from, to)| (to - from).powi(2)).sum::<f64>().sqrt()
}

fn oklab([lightness, chroma, hue]: [f64; 3]) -> [f64; 3] {
    let angle = hue.to_radians();
    [lightness, chroma * angle.cos(), chroma * angle.sin()]
}

/// Source: Ottosson, "A perceptual color space for image processing".
#[allow(clippy::excessive_precision, reason = "as published")]
fn rgb([lightness, a, b]: [f64; 3]) -> Rgb {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
    .map(gamma)
}

fn gamma(linear: f64) -> u8 {
    let value = linear.clamp(0.0, 1.0);
    let curved =
        if value <= 0.003_130_8 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
    (255.0 * curved).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma([red, green, blue]: &Rgb) -> f64 {
        0.2126 * f64::from(*red) + 0.7152 * f64::from(*green) + 0.0722 * f64::from(*blue)
    }

    #[test]
    fn it_gets_darker_all_the_way_in_even_steps() {
        let scale = scale(&LIGHT);
        assert_eq!(scale.len(), STEPS);
        assert!(scale.windows(2).all(|pair| luma(&pair[1]) <= luma(&pair[0]) + 0.5));
        assert!(scale.windows(2).all(|pair| pair[0] != pair[1]), "no step is lost");
    }

    #[test]
    fn on_a_dark_background_it_gets_lighter_all_the_way() {
        assert!(DARK.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        let scale = scale(&DARK);
        // Single steps err by what eight bits round.
        let tenths: Vec<f64> = scale.iter().step_by(STEPS / 10).map(luma).collect();
        assert!(tenths.is_sorted(), "{tenths:?}");
    }
}
