//! Load and trouble over time.

use super::routes::{Route, Target};
use crate::options::{Options, Profile};
use crate::random::Random;
use model::units::{CaptureTime, Nanos};

/// Load of each hour of a day, relative to the others; between hours it goes linearly.
const HOURS: [f64; 24] = [
    0.22, 0.16, 0.13, 0.12, 0.14, 0.22, 0.40, 0.70, 1.05, 1.30, 1.42, 1.45, //
    1.30, 1.28, 1.38, 1.40, 1.32, 1.25, 1.15, 1.10, 1.00, 0.80, 0.55, 0.35,
];
/// The load curve is followed in steps of a minute.
const STEP: f64 = 60.0;
/// Part of the requests that are slow for no visible reason, and by how much.
const TAIL_SHARE: f64 = 0.006;
const TAIL_FACTOR: f64 = 9.0;
/// No server works longer on a request: clients would have given up.
const LATENCY_MAX: Nanos = Nanos::from_seconds(30);

/// Seconds of the day, by UTC.
const fn clock(hour: u64, minute: u64) -> u64 {
    hour * 3_600 + minute * 60
}

/// When connections come, and what is wrong at a time of day.
#[derive(Debug)]
pub(crate) struct Clock {
    profile: Profile,
    start: CaptureTime,
    span: Nanos,
    total_load: f64,
    /// How far the load curve was followed: seconds since the start, and the load up to there.
    reached: (f64, f64),
}

impl Clock {
    pub(crate) fn new(options: &Options) -> Self {
        let mut clock = Self {
            profile: options.profile,
            start: options.start,
            span: options.span(),
            total_load: 1.0,
            reached: (0.0, 0.0),
        };
        if clock.profile == Profile::Day {
            clock.total_load = clock.sum_load();
        }
        clock
    }

    fn sum_load(&self) -> f64 {
        let seconds = self.span.as_seconds_f64();
        let (mut at, mut sum) = (0.0, 0.0);
        while at < seconds {
            let step = STEP.min(seconds - at);
            sum += self.load(at) * step;
            at += step;
        }
        sum
    }

    fn load(&self, seconds: f64) -> f64 {
        let of_day = (self.start.as_seconds() % 86_400) as f64 + seconds;
        let hours = of_day / 3_600.0;
        let hour = hours as usize;
        let of = |hour: usize| HOURS.get(hour % 24).copied().unwrap_or(1.0);
        let part = hours - hour as f64;
        of(hour) * (1.0 - part) + of(hour + 1) * part
    }

    /// When that part of all requests has begun. Ask in ascending order: it goes forward only.
    pub(crate) fn moment(&mut self, part: f64) -> CaptureTime {
        let span = self.span.as_seconds_f64();
        let seconds = match self.profile {
            Profile::Steady => part * span,
            Profile::Day => {
                let wanted = part * self.total_load;
                loop {
                    let (at, sum) = self.reached;
                    let load = self.load(at);
                    let step = load * STEP;
                    if sum + step >= wanted || at >= span {
                        break at + ((wanted - sum) / load).max(0.0);
                    }
                    self.reached = (at + STEP, sum + step);
                }
            }
        };
        self.start.plus(Nanos((seconds * 1e9) as u64))
    }

    /// How long the server works on a request at that time, and whether it fails with a status.
    pub(crate) fn latency(
        &self,
        route: &Route,
        at: CaptureTime,
        random: &mut Random,
    ) -> (Nanos, Option<u16>) {
        let mut median = route.latency.median;
        let mut sigma = route.latency.sigma;
        if let Some((hit, share)) = route.latency.cached
            && random.chance(share)
        {
            (median, sigma) = (hit, 0.35);
        }
        let mut latency = random.span(median, sigma);
        if random.chance(TAIL_SHARE) {
            latency = Nanos((latency.0 as f64 * (1.0 + random.exponential(TAIL_FACTOR))) as u64);
        }
        let (latency, failure) = match self.profile {
            Profile::Steady => (latency, None),
            Profile::Day => trouble(route, at.as_seconds() % 86_400, latency, random),
        };
        (Nanos(latency.0.min(LATENCY_MAX.0)), failure)
    }

    /// When a server that is done at `at` gets to answer: not during a stall.
    pub(crate) fn answered(&self, at: CaptureTime, drain: f64) -> CaptureTime {
        let second = at.as_seconds() % 86_400;
        let stall = clock(17, 45);
        if self.profile == Profile::Steady || !(stall..stall + STALL_SECONDS).contains(&second) {
            return at;
        }
        let left = Nanos::from_seconds(stall + STALL_SECONDS - second);
        let whole = CaptureTime::from_parts(at.as_seconds(), 0);
        // What piled up is worked off within a good second.
        whole.plus(left).plus(Nanos((drain * 1.2e9) as u64))
    }
}

const STALL_SECONDS: u64 = 20;

/// The day's incidents.
fn trouble(route: &Route, second: u64, usual: Nanos, random: &mut Random) -> (Nanos, Option<u16>) {
    let storage = clock(5, 0)..clock(5, 50);
    if storage.contains(&second) && uses_storage(route.target) {
        // It grows over ten minutes and ends at once.
        let part = ((second - storage.start) as f64 / 600.0).min(1.0);
        if random.chance(0.06 * part) {
            return (random.span(Nanos::from_millis(1_500), 0.05), Some(503));
        }
        if random.chance(0.45 * part) {
            let slow = random.span(Nanos::from_millis(2_800), 0.35).0;
            return (Nanos(slow.clamp(1_500_000_000, 6_000_000_000)), None);
        }
    }
    let search = clock(11, 20)..clock(11, 32);
    if search.contains(&second) && route.target == Target::Search {
        return (Nanos(usual.0.saturating_mul(12)), None);
    }
    (usual, None)
}

fn uses_storage(target: Target) -> bool {
    match target {
        Target::Order | Target::Cart | Target::Upload | Target::User => true,
        Target::Fixed(path) => path.starts_with("/api/"),
        Target::Product | Target::Search | Target::Asset => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_night_and_ends_at_midnight() {
        let options = Options { profile: Profile::Day, ..Options::default() };
        let mut clock = Clock::new(&options);
        let mut hours = [0_u32; 24];
        for part in 0..10_000 {
            let at = clock.moment(f64::from(part) / 10_000.0);
            let hour = at.since(options.start).unwrap().0 / Nanos::from_seconds(3_600).0;
            hours[hour as usize] += 1;
        }
        assert!(hours[3] * 8 < hours[11], "{hours:?}");
        assert!(hours.iter().all(|count| *count > 20), "{hours:?}");
    }

    #[test]
    fn a_stall_holds_answers_back_until_it_ends() {
        let options = Options { profile: Profile::Day, ..Options::default() };
        let clock_of_day = Clock::new(&options);
        let at = options.start.plus(Nanos::from_seconds(clock(17, 45) + 5));
        let end = options.start.plus(Nanos::from_seconds(clock(17, 45) + STALL_SECONDS));
        assert_eq!(clock_of_day.answered(at, 0.0), end);
        assert_eq!(clock_of_day.answered(end, 0.5), end);
    }

    #[test]
    fn the_storage_incident_is_slow_and_fails_for_some() {
        let options = Options { profile: Profile::Day, ..Options::default() };
        let clock_of_day = Clock::new(&options);
        let at = options.start.plus(Nanos::from_seconds(clock(5, 30)));
        let route =
            super::super::routes::ROUTES.iter().find(|r| r.target == Target::Order).unwrap();
        let mut random = Random::new(1, 1);
        let drawn: Vec<_> =
            (0..2_000).map(|_| clock_of_day.latency(route, at, &mut random)).collect();
        let slow = drawn.iter().filter(|(latency, _)| latency.0 >= 1_500_000_000).count();
        let failed = drawn.iter().filter(|(_, failure)| failure.is_some()).count();
        assert!((700..1_100).contains(&slow), "{slow}");
        assert!((60..200).contains(&failed), "{failed}");
    }
}
