//! A budget of CPU time: what is done without before the server is hurt.

use decoders::engine::Shed;
use model::units::{CaptureTime, Nanos};

/// How often it is looked at.
const EVERY: Nanos = Nanos::from_seconds(1);
/// So much less than the budget must be used before more is done again, or the two would alternate.
const SLACK: f64 = 0.7;
/// And for so many looks.
const CALM: u32 = 10;

/// A part of one CPU that may be used.
#[derive(Debug)]
pub struct Budget {
    part_max: f64,
    shed: Shed,
    /// When it was looked at, and the CPU time by then.
    looked: Option<(CaptureTime, Nanos)>,
    calm: u32,
}

/// What to do from now on, and why.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub shed: Shed,
    /// The part of a CPU that was used.
    pub part: f64,
}

impl Budget {
    /// `part_max`: of one CPU.
    pub const fn new(part_max: f64) -> Self {
        Self { part_max, shed: Shed::Nothing, looked: None, calm: 0 }
    }

    /// Looks at the CPU time that was used so far. `Some` where something is to change.
    pub fn look(
        &mut self,
        now: CaptureTime,
        cpu: impl FnOnce() -> Option<Nanos>,
    ) -> Option<Verdict> {
        let due = self.looked.is_none_or(|(then, _)| now >= then.plus(EVERY));
        let cpu = due.then(cpu)??;
        let (then, before) = self.looked.replace((now, cpu))?;
        let span = now.since(then)?;
        let part = cpu.0.saturating_sub(before.0) as f64 / span.0 as f64;
        let shed = match part {
            part if part > self.part_max => {
                self.calm = 0;
                self.shed.more()
            }
            part if part < SLACK * self.part_max => {
                self.calm += 1;
                if self.calm >= CALM { self.shed.less() } else { self.shed }
            }
            _ => {
                self.calm = 0;
                self.shed
            }
        };
        if shed == self.shed {
            return None;
        }
        (self.shed, self.calm) = (shed, 0);
        Some(Verdict { shed, part })
    }

    /// What is done without now.
    pub const fn shed(&self) -> Shed {
        self.shed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shed after each second in which so many milliseconds of CPU time were used.
    fn after(budget: &mut Budget, used_ms: &[u64]) -> Vec<Shed> {
        let (mut now, mut cpu) = budget.looked.unwrap_or((CaptureTime::from_nanos(1), Nanos(0)));
        budget.look(now, || Some(cpu));
        let mut shed = Vec::new();
        for used in used_ms {
            (now, cpu) = (now.plus(EVERY), Nanos(cpu.0 + used * 1_000_000));
            budget.look(now.minus(Nanos(1)), || panic!("it is not time"));
            budget.look(now, || Some(cpu));
            shed.push(budget.shed());
        }
        shed
    }

    #[test]
    fn names_go_first_then_sizes_and_both_come_back() {
        let mut budget = Budget::new(0.2);
        let busy = after(&mut budget, &[150, 190, 210, 250, 400, 400]);
        use Shed::{Names, Nothing, Sizes};
        assert_eq!(busy, [Nothing, Nothing, Names, Sizes, Sizes, Sizes]);
        let calmer = after(&mut budget, &[150; 30]);
        assert_eq!(calmer, [Sizes; 30], "within the budget, but not by much");
        let calm = after(&mut budget, &[100; 30]);
        assert_eq!(calm[8..11], [Sizes, Names, Names]);
        assert_eq!(calm[18..21], [Names, Nothing, Nothing]);
    }
}
