//! Numbers and times as people read them. The page's script has the same functions.

use model::ledger::Streams;
use model::units::{CaptureTime, NANOS_PER_SECOND, Nanos};

/// `1,204,551`.
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// `1 window`, `188 windows`: a noun that takes an s.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `−792`, with a true minus.
pub(crate) fn signed(count: i128) -> String {
    let digits = grouped(&count.unsigned_abs().to_string());
    if count < 0 { format!("−{digits}") } else { digits }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds as `1.27 s`, `75 ms`, `980 µs`: as many digits as a bin is wide.
pub fn latency(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    if !seconds.is_finite() || seconds <= 0.0 {
        return "0 s".to_owned();
    }
    // A number is shown in the larger unit already where rounding would make it 1000 of the smaller.
    let fits = |unit: &&(f64, &str)| seconds >= unit.0 * 0.9995;
    let (scale, unit) = UNITS.iter().find(fits).copied().unwrap_or((1e-9, "ns"));
    let number = seconds / scale;
    if number < 9.995 {
        format!("{} {unit}", fixed(number, 2))
    } else {
        format!("{} {unit}", grouped(&fixed(number, 0)))
    }
}

/// So many places behind the point, halves rounded up. Rust's own formatting rounds them to even, a browser's does not:
/// a number must be the same in every report.
fn fixed(number: f64, places: u8) -> String {
    let unit = 10_f64.powi(i32::from(places));
    format!("{:.*}", usize::from(places), (number * unit).round() / unit)
}

/// A rate: `13.9/s`, `0.02/s`, `1,204/s`.
pub fn rate(per_second: f64) -> String {
    if per_second >= 100.0 {
        grouped(&fixed(per_second, 0)) + "/s"
    } else if per_second >= 0.1 || per_second <= 0.0 {
        fixed(per_second, 1) + "/s"
    } else if per_second >= 0.001 {
        fixed(per_second, 3) + "/s"
    } else {
        "<0.001/s".to_owned()
    }
}

/// `part` of `whole` in percent, cut off, not rounded: never 100 where something is missing.
pub(crate) fn percent(part: u64, whole: u64, places: u32) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let unit = 10_u128.pow(places);
    let scaled = u128::from(part) * 100 * unit / u128::from(whole);
    decimal(scaled, places) + " %"
}

/// How much of the readable bytes was read; where none was readable, there is nothing to say.
pub fn coverage(streams: &Streams) -> String {
    if streams.span > 0 && streams.span == streams.opaque {
        return "–".to_owned();
    }
    fraction(streams.coverage())
}

/// A fraction in percent, cut off after two places; `100 %` only for 1.
fn fraction(fraction: f64) -> String {
    if fraction >= 1.0 {
        return "100 %".to_owned();
    }
    decimal((fraction.max(0.0) * 10_000.0 + 1e-9).floor() as u128, 2) + " %"
}

fn decimal(scaled: u128, places: u32) -> String {
    let unit = 10_u128.pow(places);
    format!("{}.{:0width$}", scaled / unit, scaled % unit, width = places as usize)
}

/// Bytes as `1.2 MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, scale)| bytes >= *scale) {
        Some((unit, scale)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*scale);
            format!("{} {unit}", decimal(tenths, 1))
        }
        None => format!("{bytes} B"),
    }
}

/// A span of time in its two largest units: `24 h`, `50 min`, `1 h 5 min`, `3.2 s`.
pub fn span(span: Nanos) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let seconds = span.0 / NANOS_PER_SECOND;
    if seconds < 60 {
        let millis = span.0 / 1_000_000;
        return match (seconds, millis % 1_000) {
            (0, _) => latency(span.as_seconds_f64()),
            (_, 0) => format!("{seconds} s"),
            (_, rest) => format!("{seconds}.{} s", rest / 100),
        };
    }
    // A day and a half is 36 h: days only from two on.
    let large = UNITS
        .iter()
        .position(|(name, unit)| seconds >= *unit && (*name != "d" || seconds >= 2 * unit));
    let (Some((name, unit)), below) =
        (UNITS.get(large.unwrap_or(3)), UNITS.get(large.unwrap_or(3) + 1))
    else {
        return format!("{seconds} s");
    };
    let Some((small_name, small)) = below else { return format!("{} {name}", seconds / unit) };
    // Rounded to the smaller unit: 23 h 59 min 59 s is 24 h.
    let rounded = (seconds + small / 2) / small * small;
    match rounded % unit / small {
        0 => format!("{} {name}", rounded / unit),
        rest => format!("{} {name} {rest} {small_name}", rounded / unit),
    }
}

/// How exactly times are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// With the date: the span reaches over more than a day.
    pub(crate) date: bool,
    /// With seconds: windows are shorter than a minute.
    pub(crate) seconds: bool,
}

impl Clock {
    /// As exact as a span and its windows need.
    pub(crate) fn for_span(span: Option<(CaptureTime, CaptureTime)>, window: Nanos) -> Self {
        let days = span.map_or((0, 0), |(from, to)| {
            // Midnight at the end still belongs to the day before it.
            (
                from.as_seconds() / 86_400,
                to.as_nanos().saturating_sub(1) / NANOS_PER_SECOND / 86_400,
            )
        });
        Self { date: days.0 != days.1, seconds: !window.0.is_multiple_of(60 * NANOS_PER_SECOND) }
    }

    /// `05:00`, `2026-03-12 05:00`, `05:00:10`. In UTC.
    pub(crate) fn time(self, time: CaptureTime) -> String {
        let clock = clock(time, self.seconds);
        if self.date { format!("{} {clock}", date(time)) } else { clock }
    }

    /// `05:00 and 05:50`, with the date once where it is the same: what stands after "between". Midnight at the
    /// end of a span is 24:00.
    pub(crate) fn between(self, from: CaptureTime, to: CaptureTime) -> String {
        let same_day = date(from) == date(to.minus(Nanos(1)));
        let end = clock(to, self.seconds);
        let end =
            if same_day && date(from) != date(to) { end.replacen("00", "24", 1) } else { end };
        if same_day {
            format!("{} and {end}", self.time(from))
        } else {
            format!("{} and {}", self.time(from), self.time(to))
        }
    }
}

/// `05:00:10`, in UTC.
pub fn time_of_day(time: CaptureTime) -> String {
    clock(CaptureTime::from_parts(time.as_seconds(), 0), true)
}

fn clock(time: CaptureTime, seconds: bool) -> String {
    let of_day = time.as_seconds() % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let millis = time.as_nanos() / 1_000_000 % 1_000;
    match (seconds, millis) {
        (false, _) => format!("{hour:02}:{minute:02}"),
        (true, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        (true, _) => format!("{hour:02}:{minute:02}:{second:02}.{millis:03}"),
    }
}

/// `2026-03-12`, in UTC.
pub(crate) fn date(time: CaptureTime) -> String {
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since 0000-03-01, in eras of 400 years.
    let days = time.as_seconds() / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1_204_551), "1,204,551");
        assert_eq!(count(999), "999");
        assert_eq!(signed(-1_792), "−1,792");
        assert_eq!(
            [0, 1, 2].map(|number| counted(number, "window")),
            ["0 windows", "1 window", "2 windows"]
        );
        for (seconds, text) in [
            (1.27, "1.27 s"),
            (0.075, "75 ms"),
            (0.00098, "980 µs"),
            (0.9999, "1.00 s"),
            (0.0099951, "10 ms"),
            (9.999, "10 s"),
            (1_500.0, "1,500 s"),
            (0.0, "0 s"),
            (1e-9, "1.00 ns"),
            // Halves, as `script.rs` asks the page's script too.
            (0.0745, "75 ms"),
            (12.5, "13 s"),
            (1.125, "1.13 s"),
            (1.115, "1.12 s"),
        ] {
            assert_eq!(latency(seconds), text);
        }
    }

    #[test]
    fn what_is_missing_is_never_rounded_away() {
        assert_eq!(percent(999_999_999, 1_000_000_000, 3), "99.999 %");
        assert_eq!(percent(5, 5, 3), "100.000 %");
        assert_eq!(percent(0, 0, 3), "–");
        assert_eq!(fraction(0.999_999_9), "99.99 %");
        assert_eq!(fraction(0.9998), "99.98 %");
        assert_eq!(fraction(1.0), "100 %");
    }

    #[test]
    fn coverage_of_what_nobody_can_read_is_no_number() {
        assert_eq!(coverage(&Streams::default()), "100 %");
        assert_eq!(coverage(&Streams { span: 9, opaque: 9, ..Streams::default() }), "–");
        let half = Streams { span: 9, opaque: 7, decoded: 1, gap: 1, ..Streams::default() };
        assert_eq!(coverage(&half), "50.00 %");
    }

    #[test]
    fn times_in_utc() {
        let time = CaptureTime::from_parts(1_773_291_600, 0);
        assert_eq!(date(time), "2026-03-12");
        assert_eq!(Clock { date: true, seconds: false }.time(time), "2026-03-12 05:00");
        assert_eq!(date(CaptureTime::from_parts(951_782_400, 0)), "2000-02-29");
        assert_eq!(date(CaptureTime::ZERO), "1970-01-01");
        let midnight = CaptureTime::from_parts(86_400, 0);
        let day = Clock::for_span(Some((CaptureTime::ZERO, midnight)), Nanos::from_seconds(300));
        assert!(!day.date);
        assert_eq!(day.between(CaptureTime::from_parts(82_800, 0), midnight), "23:00 and 24:00");
    }

    #[test]
    fn spans_of_time() {
        for (seconds, text) in [
            (86_400, "24 h"),
            (3_000, "50 min"),
            (3_900, "1 h 5 min"),
            (5, "5 s"),
            (180_000, "2 d 2 h"),
            (90, "1 min 30 s"),
        ] {
            assert_eq!(span(Nanos::from_seconds(seconds)), text);
        }
        assert_eq!(span(Nanos::from_millis(3_250)), "3.2 s");
        assert_eq!(span(Nanos::from_millis(50)), "50 ms");
    }
}
