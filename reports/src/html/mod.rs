//! One page that holds everything: it opens from a disk, needs no network, and lets its reader ask on.

mod fit;
mod payload;

use crate::figures::Figures;
use crate::format;
use crate::input::{Metric, ReportInput};
use crate::sentence;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use payload::Payload;
use sha2::{Digest, Sha256};
use thiserror::Error;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// The mathematics of the script: no page needed, tested beside their models in Rust.
pub const SCRIPT_MATHEMATICS: [&str; 10] = [
    include_str!("js/decode.js"),
    include_str!("js/histogram.js"),
    include_str!("js/density.js"),
    include_str!("js/modes.js"),
    include_str!("js/chance.js"),
    include_str!("js/sla.js"),
    include_str!("js/format.js"),
    include_str!("js/sentence.js"),
    include_str!("js/colours.js"),
    include_str!("js/state.js"),
];

/// The parts of the script that touch the page, in the order in which they build on each other.
const SCRIPT_PAGE: [&str; 12] = [
    include_str!("js/dom.js"),
    include_str!("js/plot.js"),
    include_str!("js/heatmap.js"),
    include_str!("js/overlays.js"),
    include_str!("js/breakout.js"),
    include_str!("js/controls.js"),
    include_str!("js/sla_charts.js"),
    include_str!("js/sla_tables.js"),
    include_str!("js/table.js"),
    include_str!("js/connections.js"),
    include_str!("js/ledger.js"),
    include_str!("js/main.js"),
];

/// What a page may weigh: it is mailed, and opened on telephones.
const PAGE_BYTES_MAX: usize = 1_000_000;

/// Metrics and routes that are shown, from the most to the least, until the page is small enough.
const DIETS: [(&[Metric], usize); 6] = [
    (&Metric::ALL, 200),
    (&[Metric::Total, Metric::FirstByte], 200),
    (&[Metric::Total], 200),
    (&[Metric::Total], 60),
    (&[Metric::Total], 20),
    (&[Metric::Total], 8),
];

/// Why there is no page.
#[derive(Debug, Error)]
pub enum HtmlError {
    /// The numbers could not be written as JSON.
    #[error("report: {0}")]
    Json(#[from] serde_json::Error),
    /// The bins could not be compressed.
    #[error("report: {0}")]
    Compression(#[from] std::io::Error),
}

/// The whole page.
pub fn render(input: &ReportInput) -> Result<String, HtmlError> {
    let coarser = fit::coarser(input);
    let input = coarser.as_ref().unwrap_or(input);
    let mut page = String::new();
    for (metrics, routes_max) in DIETS {
        let fewer = fit::fewer_routes(input, routes_max);
        let figures = Figures::new(fewer.as_ref().unwrap_or(input));
        page = assembled(&figures, &payload::payload(&figures, metrics)?);
        if page.len() <= PAGE_BYTES_MAX {
            break;
        }
    }
    Ok(page)
}

fn assembled(figures: &Figures<'_>, payload: &Payload) -> String {
    let parts: Vec<&str> = SCRIPT_MATHEMATICS.into_iter().chain(SCRIPT_PAGE).collect();
    let script = format!("\"use strict\";\n(() => {{\n{}\n}})();\n", parts.join("\n"));
    let filled = [
        ("style-hash", hash(STYLE)),
        ("script-hash", hash(&script)),
        ("title", escaped(&figures.input.title)),
        ("summary", escaped(&sentence::headline(figures))),
        ("coverage", escaped(&format::coverage(&figures.ledger.streams))),
        ("generator", escaped(&figures.input.generator)),
        ("style", STYLE.to_owned()),
        ("data", payload.head.clone()),
        ("bins", payload.bins.clone()),
        ("script", script),
    ];
    fill(PAGE, &filled)
}

/// Replaces `{{name}}` in one pass: what is filled in is never looked at again, whatever it contains.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(PAGE_BYTES_MAX / 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else { break };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            page.push_str(value);
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// For text and for quoted attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// As a content security policy names a script (W3C CSP level 3, section 2.3.1).
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let values = [("a", "{{b}}".to_owned()), ("b", "secret".to_owned())];
        assert_eq!(fill("<{{a}}> {{b}} {{c}}.", &values), "<{{b}}> secret .");
    }

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(escaped("\"><script>'&"), "&quot;&gt;&lt;script&gt;&#39;&amp;");
    }

    #[test]
    fn the_script_cannot_end_its_own_element() {
        for part in SCRIPT_MATHEMATICS.into_iter().chain(SCRIPT_PAGE) {
            assert!(!part.contains("</script") && !part.contains("<!--"));
        }
    }
}
