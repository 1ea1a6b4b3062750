//! What holds for every input.

use super::{Held, World, ask, at, shown};
use crate::query::{Query, Values};
use model::histogram::{CompactHistogram, Histogram};
use model::series::Series;
use model::units::Nanos;
use proptest::prelude::*;

/// Windows of 10 s from 0 s to 600 s: some reported, some of those with latencies.
fn worlds() -> impl Strategy<Value = World> {
    let millis = prop::collection::vec(1..3_000_u64, 0..5);
    let rows = prop::collection::btree_map(0..60_u64, millis, 0..40);
    let series = prop::collection::vec(rows, 1..4);
    (series, prop::collection::btree_set(0..60_u64, 0..60)).prop_map(|(series, reported)| World {
        rows: series
            .into_iter()
            .enumerate()
            .map(|(number, rows)| {
                let rows =
                    rows.into_iter().map(|(window, millis)| (window * 10, Held::Millis(millis)));
                (Series::new("http.total", &[("route", &number.to_string())]), rows.collect())
            })
            .collect(),
        reported: reported.into_iter().map(|window| window * 10).collect(),
    })
}

fn distributions(world: &World, text: &str, step: u64) -> Vec<Option<CompactHistogram>> {
    let answer = ask(world, text, 0, 600, Nanos::from_seconds(step));
    let Values::Histograms(streams) = answer.streams else { panic!("not histograms") };
    streams.into_iter().next().map(|stream| stream.values).unwrap_or_default()
}

fn sum<'a>(parts: impl Iterator<Item = &'a CompactHistogram>) -> CompactHistogram {
    let mut sum = Histogram::new();
    parts.for_each(|part| sum.merge_compact(part));
    CompactHistogram::from(&sum)
}

const MERGED: &str = r#"find("http.total") | merge()"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Coarse steps are the sums of the fine ones that they hold.
    #[test]
    fn slicing_changes_nothing(world in worlds(), factor in prop::sample::select(vec![2_u64, 3, 6, 20, 60])) {
        let (fine, coarse) = (distributions(&world, MERGED, 10), distributions(&world, MERGED, 10 * factor));
        for (slice, whole) in fine.chunks(factor as usize).zip(coarse) {
            let parts = sum(slice.iter().flatten());
            prop_assert_eq!(slice.iter().any(Option::is_some).then_some(parts), whole);
        }
    }

    /// Merging while reading, afterwards, or in another order is the same.
    #[test]
    fn order_changes_nothing(world in worlds()) {
        let while_reading = distributions(&world, MERGED, 30);
        let afterwards = distributions(&world, r#"find("http.total") | group_by("route") | merge()"#, 30);
        prop_assert_eq!(&while_reading, &afterwards);
        let mut turned = world.clone();
        turned.rows.reverse();
        prop_assert_eq!(&while_reading, &distributions(&turned, MERGED, 30));
    }

    /// A window is what its steps are together.
    #[test]
    fn windows_are_sums(world in worlds(), width in 1..12_usize) {
        let steps = distributions(&world, MERGED, 10);
        let slid = distributions(&world, &format!("{MERGED} | window:merge({}s)", 10 * width), 10);
        for (end, window) in slid.iter().enumerate() {
            let inside = &steps[(end + 1).saturating_sub(width)..=end];
            let expected = inside.iter().any(Option::is_some).then(|| sum(inside.iter().flatten()));
            prop_assert_eq!(window, &expected, "step {}", end);
        }
    }

    /// Reading in parts is reading.
    #[test]
    fn parts_join(world in worlds(), parts in 1..9_usize) {
        let text = r#"(find("http.total") | count()) / (find("http.total") | merge() | count())"#;
        let query = Query::parse(text).unwrap();
        let grid = super::Grid::new(at(0), at(600), Nanos::from_seconds(20)).unwrap();
        let mut inputs = query.reads(&grid).unwrap();
        for (find, wanted) in query.finds().iter().enumerate() {
            for (series, _) in world.rows.iter().filter(|(series, _)| wanted.matches(series)) {
                inputs.add(find, series).unwrap();
            }
        }
        let mut split = inputs.split(parts);
        split.iter_mut().for_each(|part| super::read(&world, &query, part));
        inputs.join(split);
        let whole = ask(&world, text, 0, 600, Nanos::from_seconds(20));
        prop_assert_eq!(shown(&query.evaluate(inputs)), shown(&whole));
    }

    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = Query::parse(&text).map_err(|error| error.to_string());
    }

    /// Words of the language in any order: what is accepted can be answered.
    #[test]
    fn no_words_panic(words in prop::collection::vec(prop::sample::select(vec![
        "find(\"http.total\")", "find(\"http.requests\")", "find", "|", "(", ")", ",", "+", "-", "*", "/", "5", "0",
        "1.5s", "99", "\"route\"", "route", "=", "=~", "histogram:merge()", "count()", "rate()", "percentile(50,99)",
        "count_above(1.5s)", "window:merge(20s)", "window:mean(30s)", "group_by(\"route\")", "sum()", "integrate()",
        "top(2)", "forecast:linear(1h)", "outlier()", "\n", "é",
    ]), 0..14)) {
        let text = words.join(" ");
        if let Ok(query) = Query::parse(&text) {
            let answer = ask(&super::world(), query.text(), 1_000, 1_060, Nanos::from_seconds(10));
            for line in shown(&answer) {
                prop_assert!(!line.contains("NaN") && !line.contains("inf"), "{}", line);
            }
        }
    }
}
