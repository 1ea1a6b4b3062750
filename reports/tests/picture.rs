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

#[test]
fn nothing_to_draw_is_still_a_picture() {
    let mut input = sample::day(1_000.0);
    input.routes.clear();
    assert!(heatmap::png(&Figures::new(&input), Size { width: 0, height: 0, scale: 0 }).is_ok());
    input.windows.clear();
    input.span = None;
    assert!(heatmap::svg(&Figures::new(&input), Size::default()).is_ok());
}
