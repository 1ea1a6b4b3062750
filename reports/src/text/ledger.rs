//! The ledger: what was seen, what was lost, and that the two add up.

use super::{Options, line, printable};
use crate::figures::Figures;
use crate::format;
use model::ledger::Ledger;

pub(super) fn section(figures: &Figures<'_>, options: Options, text: &mut String) {
    for wire in &figures.input.wires {
        let coverage = format::coverage(&wire.ledger.streams);
        line(text, format_args!("\nLedger of {} · coverage {coverage}", printable(&wire.name)));
        // A wire without a decoder has none: a row of zeros would say nothing.
        if wire.ledger.requests.entries().any(|(_, value)| value > 0) {
            requests(&wire.ledger, options, text);
        }
        streams(&wire.ledger, options, text);
        let notices: Vec<String> = wire
            .ledger
            .notices
            .entries()
            .filter(|(_, value)| *value > 0)
            .map(|(name, value)| entry(name, value))
            .collect();
        wrapped("noticed", &notices, options, text);
    }
    let packets = &figures.input.packets;
    line(text, format_args!("\nPackets"));
    let seen = packets.entries().filter(|(_, value)| *value > 0);
    let seen: Vec<String> = seen.map(|(name, value)| entry(name, value)).collect();
    wrapped("", &seen, options, text);
}

fn entry(name: &str, value: u64) -> String {
    let number = if name.ends_with("_bytes") { format::bytes(value) } else { format::count(value) };
    format!("{} {number}", label(name))
}

/// A number of bytes says by its unit that it is one, where there is no number of packets beside it.
fn label(name: &str) -> String {
    match name {
        "seen_elsewhere" => "packets seen elsewhere".to_owned(),
        "seen_elsewhere_bytes" => "bytes seen elsewhere".to_owned(),
        _ => name.strip_suffix("_bytes").unwrap_or(name).replace('_', " "),
    }
}

fn requests(ledger: &Ledger, options: Options, text: &mut String) {
    let requests = &ledger.requests;
    let parts: Vec<String> = requests
        .entries()
        .map(|(name, value)| format!("{} {}", name.replace('_', " "), format::count(value)))
        .collect();
    wrapped(&balance("requests", requests.balances()), &parts, options, text);
}

fn streams(ledger: &Ledger, options: Options, text: &mut String) {
    let streams = &ledger.streams;
    let parts =
        streams.entries().filter(|(name, value)| *value > 0 || *name == "gap" || *name == "span");
    let parts: Vec<String> = parts
        .map(|(name, value)| format!("{} {}", name.replace('_', " "), format::bytes(value)))
        .collect();
    wrapped(&balance("bytes", streams.balances()), &parts, options, text);
}

fn balance(name: &str, balances: bool) -> String {
    if balances { format!("{name} (balances)") } else { format!("{name} (DOES NOT BALANCE)") }
}

/// `lead: a · b · c`, broken between entries, with the next lines indented.
fn wrapped(lead: &str, entries: &[String], options: Options, text: &mut String) {
    if entries.is_empty() {
        return;
    }
    let mut row = if lead.is_empty() { "  ".to_owned() } else { format!("  {lead}: ") };
    let mut first = true;
    for entry in entries {
        if !first && row.chars().count() + entry.chars().count() + 5 > options.width {
            line(text, format_args!("{row} ·"));
            row = "    ".to_owned();
            first = true;
        }
        if !first {
            row.push_str(" · ");
        }
        row.push_str(entry);
        first = false;
    }
    line(text, format_args!("{row}"));
}
