//! What nobody watched between two runs, as series of the windows that it lies in.

use super::watched::Absence;
use crate::failure::say;
use model::batch::Value;
use model::units::{CaptureTime, Nanos};
use observer::windows::Windows;

/// By how much of a window nothing was watched, in nanoseconds.
const NOT_WATCHED: &str = "observer.not_watched_ns";
/// That the run before did not end by itself: from when to when nothing was watched, in nanoseconds since the epoch.
const CRASHED: &str = "observer.crashed";

/// So many windows at most, the newest: of those before, that there is nothing of them says it all.
const WINDOWS_MAX: u64 = 360;

/// Files an absence.
pub fn tell(absence: Absence, now: CaptureTime, windows: &mut Windows) {
    let Some(Nanos(missed)) = now.since(absence.since) else { return };
    let length = windows.length();
    let reach = Nanos(length.span().0 * WINDOWS_MAX);
    let mut from = absence.since.max(now.minus(reach));
    while from < now {
        let to = length.window_of(from).end().min(now);
        let Some(Nanos(part)) = to.since(from) else { break };
        windows.say(NOT_WATCHED, Value::Delta(part), from);
        from = to;
    }
    if absence.crashed {
        let span = format!("{} {}", absence.since.as_nanos(), now.as_nanos());
        windows.say(CRASHED, Value::Text(span.into()), now);
        say(&format!(
            "warning: the run before did not end by itself; {:.1} s were not watched",
            missed as f64 / 1e9
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::window::WindowLength;
    use observer::catalog::Catalog;
    use observer::windows::{Identity, Length};

    #[test]
    fn every_window_says_its_part() {
        let identity = Identity { source: "host".into(), run: 1, revision_base: 0 };
        let length = Length::Fixed(WindowLength::DEFAULT);
        let mut windows = Windows::new(identity, length);
        let at = |seconds, nanos| CaptureTime::from_parts(seconds, nanos);
        let (since, now) = (at(1_007, 500_000_000), at(1_021, 0));
        windows.watch_from(now);
        tell(Absence { since, crashed: true }, now, &mut windows);
        let batches = windows.finish(now, &Catalog::new(1));
        let said = |second: u64, metric: &str| {
            let batch = batches.iter().find(|batch| batch.id.window.start == at(second, 0))?;
            let (_, value) = batch.values.iter().find(|(series, _)| series.metric() == metric)?;
            Some(value.clone())
        };
        assert_eq!(said(1_000, NOT_WATCHED), Some(Value::Delta(2_500_000_000)));
        assert_eq!(said(1_010, NOT_WATCHED), Some(Value::Delta(10_000_000_000)));
        assert_eq!(said(1_020, NOT_WATCHED), Some(Value::Delta(1_000_000_000)));
        let span = "1007500000000 1021000000000";
        assert_eq!(said(1_020, CRASHED), Some(Value::Text(span.into())));
    }
}
