//! One engine, two and four say the same, in the same order.

use crate::common::synthetic::{Synthetic, busy};
use crate::common::{Run, Settings, fixtures, replay_bytes, replay_file};
use model::units::Nanos;
use model::window::WindowLength;
use observer::windows::Length;
use synth::{Dirt, Options};

/// How many engines are compared with one.
const ENGINES: [usize; 3] = [2, 3, 4];

fn windows() -> [Length; 2] {
    [Length::Auto, Length::Fixed(WindowLength::new(Nanos::from_seconds(1)).unwrap())]
}

/// All that a run says.
fn said(run: &Run) -> impl PartialEq + std::fmt::Debug + '_ {
    let Run { found, connections, samples, ledgers, batches, packets, span, warnings: _ } = run;
    (found, connections, samples, ledgers, batches, packets, span)
}

/// The first part in which two runs differ.
fn difference(one: &Run, many: &Run) -> Option<String> {
    if said(one) == said(many) {
        return None;
    }
    let first = |differs: Option<usize>| differs.unwrap_or_default();
    let found = one.found.iter().zip(&many.found).position(|(one, many)| one != many);
    if one.found != many.found {
        let place = first(found);
        let (one, many) = (one.found.get(place), many.found.get(place));
        return Some(format!("transaction {place}:\n    {one:?}\n    {many:?}"));
    }
    if one.batches != many.batches {
        return Some(batch_difference(one, many));
    }
    let parts = [
        ("connections", one.connections == many.connections),
        ("samples", one.samples == many.samples),
        ("ledgers", one.ledgers == many.ledgers),
        ("packets", one.packets == many.packets),
        ("span", one.span == many.span),
    ];
    let differing = parts.into_iter().filter(|(_, equal)| !equal).map(|(part, _)| part);
    let (one, many) = ((one.packets, &one.ledgers), (many.packets, &many.ledgers));
    Some(format!("{:?}:\n    {one:?}\n    {many:?}", differing.collect::<Vec<_>>()))
}

fn batch_difference(one: &Run, many: &Run) -> String {
    let mut pairs = one.batches.iter().zip(&many.batches).enumerate();
    let Some((place, (one, many))) = pairs.find(|(_, (one, many))| one != many) else {
        return format!("{} batches and {}", one.batches.len(), many.batches.len());
    };
    if (&one.id, one.revision) != (&many.id, many.revision) {
        let (one, many) = ((&one.id, one.revision), (&many.id, many.revision));
        return format!("batch {place}:\n    {one:?}\n    {many:?}");
    }
    let mut values = one.values.iter().zip(&many.values).enumerate();
    match values.find(|(_, (one, many))| one != many) {
        Some((value, (one, many))) => {
            format!("batch {place}, value {value}:\n    {one:?}\n    {many:?}")
        }
        None => format!("batch {place}: {} values and {}", one.values.len(), many.values.len()),
    }
}

fn compare(what: &str, replay: impl Fn(&Settings) -> Run) {
    for window in windows() {
        let settings = |engines| Settings { engines, window: Some(window), ..Settings::default() };
        let one = replay(&settings(1));
        one.assert_balanced(what);
        for engines in ENGINES {
            if let Some(difference) = difference(&one, &replay(&settings(engines))) {
                panic!("{what}: {engines} engines differ from one in {difference}");
            }
        }
    }
}

fn compare_synthetic(what: &str, options: &Options) {
    let synthetic = Synthetic::new(options);
    compare(what, |settings| replay_bytes(&synthetic.capture, settings).unwrap());
}

#[test]
fn fixtures_say_the_same() {
    for (name, capture) in fixtures() {
        compare(&name, |settings| replay_file(&capture, settings).unwrap());
    }
}

#[test]
fn a_clean_capture_says_the_same() {
    let ports = vec![80, 8080, 8092];
    compare_synthetic("clean", &Options { ports, ..busy(20_000, 3, Dirt::default()) });
}

#[test]
fn dirty_captures_say_the_same() {
    for seed in 1..=3 {
        let dirt = Dirt {
            loss_before_tap: 0.01,
            loss_after_tap: 0.01,
            reordering: 0.02,
            duplicates: 0.02,
            capture_drops: 0.02,
            capture_drop_burst: 2,
            one_direction: 0.05,
            queue_skew: Nanos::from_micros(300),
            skip: Nanos::from_seconds(1),
            ..Dirt::default()
        };
        let options = Options { connections: 500, ..busy(6_000, seed, dirt) };
        compare_synthetic(&format!("dirty, seed {seed}"), &options);
    }
}
