//! Each objective in words and numbers.

use super::columns::wrap;
use super::{Options, line};
use crate::figures::Figures;
use crate::format::{self, Clock};
use crate::sentence;
use analyzer::customary::Verdict;
use analyzer::incidents::Incident;
use analyzer::parts::Part;
use analyzer::sla::Sla;
use model::units::{CaptureTime, Nanos};

/// Incidents, and windows, that are named.
const NAMED_MAX: usize = 5;

pub(super) fn sections(figures: &Figures<'_>, options: Options, text: &mut String) {
    for sla in &figures.slas {
        let objective = sentence::objective(sla.threshold);
        line(
            text,
            format_args!("\nObjective: {} % of requests in less than {objective}", sla.target),
        );
        let mut said = vec![sentence::summary(sla)];
        if sla.requests() > 0 {
            said.extend(exactness(sla));
            said.push(budget(sla));
            said.extend(incidents(sla));
            said.extend(parts(sla));
            said.extend(customary(sla));
        }
        for words in said {
            for (place, row) in wrap(&words, options.width.saturating_sub(4)).iter().enumerate() {
                line(text, format_args!("{}{row}", if place == 0 { "  " } else { "    " }));
            }
        }
    }
}

fn exactness(sla: &Sla) -> Option<String> {
    let (below, above) = sla.threshold.nearest_edges();
    let (below, above) = (sentence::objective(below), sentence::objective(above));
    (!sla.over().is_exact()).then(|| {
        format!("The objective lies inside a bin: exact counts are those for {below} and {above}.")
    })
}

fn budget(sla: &Sla) -> String {
    let budget = sla.budget();
    let (least, most) = budget.left();
    let left = if least == most {
        format::signed(least)
    } else {
        format!("{} to {}", format::signed(least), format::signed(most))
    };
    let met = sla.requests().saturating_sub(budget.used.high);
    format!(
        "Met by {}. Budget: {} allowed, {} used, {left} left.",
        format::percent(met, sla.requests(), 3),
        format::count(budget.allowed),
        sentence::bounds(budget.used),
    )
}

fn incidents(sla: &Sla) -> Vec<String> {
    let clock = Clock::for_span(sla.span(), sla.length.span());
    let said = |incident: &Incident| {
        let between = clock.between(incident.from, incident.to).replace(" and ", " to ");
        let unanswered = match incident.unanswered {
            0 => String::new(),
            count => format!(", {} of them never answered", format::count(count)),
        };
        let (missed, requests) = (format::count(incident.missed), format::count(incident.requests));
        format!("Bad from {between}: {missed} of {requests} missed it{unanswered}.")
    };
    let mut named: Vec<String> = sla.incidents.iter().take(NAMED_MAX).map(said).collect();
    if sla.incidents.len() > NAMED_MAX {
        named.push(format!(
            "… and {}.",
            format::counted((sla.incidents.len() - NAMED_MAX) as u64, "more span")
        ));
    }
    named
}

/// `In equal parts: 0 to 2 h: 0; 2 h to 4 h: 12`, counted from the first window.
fn parts(sla: &Sla) -> Option<String> {
    let (start, _) = sla.span()?;
    let parts = sla.parts(sla.natural_parts());
    if parts.len() < 2 || sla.over().high == 0 {
        return None;
    }
    let since = |time: CaptureTime| match time.since(start) {
        None | Some(Nanos(0)) => "0".to_owned(),
        Some(span) => format::span(span),
    };
    let said = |part: &Part| {
        let over = sentence::bounds(part.over);
        // No line break inside an entry.
        format!("{} to {}: {over}", since(part.from), since(part.to)).replace(' ', "\u{a0}")
    };
    let said: Vec<String> = parts.iter().map(said).collect();
    Some(format!("In equal parts: {}.", said.join("; ")))
}

fn customary(sla: &Sla) -> Vec<String> {
    let customary = sla.customary;
    let said = |(name, verdict): (&str, Verdict)| {
        Some(format!(
            "The {name} says {} ({} at worst): over in {} of {}, blind to {}.",
            format::latency(verdict.overall?),
            format::latency(verdict.highest?),
            format::count(verdict.windows_over),
            format::counted(customary.windows, "window"),
            format::counted(verdict.hidden, "slow request"),
        ))
    };
    [("average", customary.mean), ("p99", customary.p99)].into_iter().filter_map(said).collect()
}
