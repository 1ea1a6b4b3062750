//! The sample day's heatmap as PNG and SVG.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic and print"
)]

mod sample;

use reports::figures::Figures;
use reports::heatmap::{self, Size};
use reports::input::ReportInput;

fn kept(name: &str, bytes: &[u8]) {
    std::fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), bytes).unwrap();
}

#[test]
fn a_picture_for_a_mail() {
    let input = sample::day(300_000.0);
    let figures = Figures::new(&input);
    let png = heatmap::png(&figures, Size::default()).unwrap();
    kept("day.png", &png);
    assert!(png.starts_with(b"\x89PNG"));
    assert!(png.len() < 400_000, "{}", png.len());
    assert_eq!(
        png,
        heatmap::png(&figures, Size::default()).unwrap(),
        "the same input, the same bytes"
    );
    let svg = heatmap::svg(&figures, Size::default()).unwrap();
    kept("day.svg", svg.as_bytes());
    assert!(svg.len() < 3_000_000, "{}", svg.len());
    assert!(svg.contains("05:00 and 05:50"));
    println!("png {} svg {}", png.len(), svg.len());
}

#[test]
fn names_in_a_picture_are_text() {
    let mut input = sample::day(1_000.0);
    input.title = "</text><script>alert(1)</script>".to_owned();
    let svg = heatmap::svg(&Figures::new(&input), Size::default()).unwrap();
    assert!(!svg.contains("<script"));
}

/// The words of an SVG, in their order.
fn words(input: &ReportInput, width: u32) -> Vec<String> {
    let size = Size { width, ..Size::default() };
    let svg = heatmap::svg(&Figures::new(input), size).unwrap();
    let texts = svg.split("<text").skip(1);
    let inner =
        |text: &str| text.split_once('>').unwrap().1.split_once('<').unwrap().0.trim().to_owned();
    texts.map(inner).collect()
}

#[test]
fn a_heading_is_made_smaller_before_it_is_cut() {
    let mut input = sample::day(300_000.0);
    input.title = "the web server of the second data centre, seen from its mirror port".to_owned();
    for width in [480, 700, 1_200] {
        let said = words(&input, width).join(" ");
        assert!(
            said.contains("05:00 and 05:50") && said.contains("never answered."),
            "{width}: {said}"
        );
        assert!(said.contains("windows of 5 min"), "{width}: {said}");
        assert_eq!(
            said.contains('…'),
            width == 480,
            "only the title, where there is no room: {said}"
        );
    }
}

/// The page's script says the same number: see `script.rs`.
#[test]
fn the_legend_does_not_depend_on_the_size() {
    let input = sample::day(300_000.0);
    let many = |width| {
        let words = words(&input, width);
        let many = words.into_iter().find(|word| word.starts_with("many (")).unwrap();
        many.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(many(1_200), many(480));
    assert_eq!(many(1_200), many(2_000));
}

#[test]
fn nothing_to_draw_is_still_a_picture() {
    let mut input = sample::day(1_000.0);
    input.routes.clear();
    assert!(heatmap::png(&Figures::new(&input), Size { width: 0, height: 0, scale: 0 }).is_ok());
    input.windows.clear();
    input.span = None;
    assert!(heatmap::svg(&Figures::new(&input), Size::default()).is_ok());
}
