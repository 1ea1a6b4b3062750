//! What stands in a function's parentheses, checked.

use super::error::Fault;
use super::functions::Function;
use super::plan::{Limit, Percent};
use super::syntax::{Argument, ArgumentKind, Call};
use model::histogram::Unit;
use model::units::Nanos;

/// The arguments of one call.
pub(super) struct Arguments<'a> {
    call: &'a Call,
    function: &'a Function,
}

impl<'a> Arguments<'a> {
    pub(super) const fn new(call: &'a Call, function: &'a Function) -> Self {
        Self { call, function }
    }

    /// Where the call stands.
    pub(super) const fn at(&self) -> usize {
        self.call.at
    }

    fn wrong(&self, argument: &Argument) -> Fault {
        Fault::new(argument.at, format!("{} does not take this", self.function.name))
            .expecting(self.function.form)
    }

    fn missing(&self) -> Fault {
        Fault::new(self.call.end, format!("{} needs an argument", self.function.name))
            .expecting(self.function.form)
    }

    pub(super) fn none(&self) -> Result<(), Fault> {
        self.call.arguments.first().map_or(Ok(()), |argument| Err(self.wrong(argument)))
    }

    fn all<T>(&self, read: impl FnMut(&Argument) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        if self.call.arguments.is_empty() {
            return Err(self.missing());
        }
        self.call.arguments.iter().map(read).collect()
    }

    fn one<T>(&self, read: impl Fn(&Argument) -> Result<T, Fault>) -> Result<T, Fault> {
        match &*self.call.arguments {
            [argument] => read(argument),
            [_, second, ..] => Err(self.wrong(second)),
            [] => Err(self.missing()),
        }
    }

    /// Percentages, one or more.
    pub(super) fn percents(&self) -> Result<Vec<Percent>, Fault> {
        self.all(|argument| {
            let ArgumentKind::Number(written, value) = &argument.kind else {
                return Err(self.wrong(argument));
            };
            let fraction = value.to_f64() / 100.0;
            if value.unit() != Unit::Plain || fraction > 1.0 {
                return Err(Fault::new(argument.at, format!("`{written}` is no percentage"))
                    .expecting("a number from 0 to 100, as 99 or 99.9"));
            }
            Ok(Percent { written: written.clone(), fraction })
        })
    }

    /// Thresholds, one or more, of the unit that the metric has.
    pub(super) fn limits(&self, unit: Option<Unit>) -> Result<Vec<Limit>, Fault> {
        self.all(|argument| {
            let ArgumentKind::Number(written, threshold) = &argument.kind else {
                return Err(self.wrong(argument));
            };
            let expected = match unit {
                Some(Unit::Seconds) => "a time, as 200ms or 1.5s",
                Some(Unit::Bytes) => "a size, as 64kB",
                Some(Unit::Plain) => "a number without a unit",
                None => return Ok(Limit { written: written.clone(), threshold: *threshold }),
            };
            if unit != Some(threshold.unit()) {
                let message = format!("`{written}` is not what this metric is measured in");
                return Err(Fault::new(argument.at, message).expecting(expected));
            }
            Ok(Limit { written: written.clone(), threshold: *threshold })
        })
    }

    /// Names of tags, one or more, in order.
    pub(super) fn tags(&self) -> Result<Vec<String>, Fault> {
        let mut tags = self.all(|argument| match &argument.kind {
            ArgumentKind::Text(tag) => Ok(tag.clone()),
            _ => Err(self.wrong(argument)),
        })?;
        tags.sort_unstable();
        tags.dedup();
        Ok(tags)
    }

    /// One span of time.
    pub(super) fn span(&self) -> Result<Nanos, Fault> {
        self.one(|argument| {
            let ArgumentKind::Number(written, _) = &argument.kind else {
                return Err(self.wrong(argument));
            };
            let span = Nanos::parse(written).ok().filter(|span| span.0 > 0);
            span.ok_or_else(|| {
                Fault::new(argument.at, format!("`{written}` is no span of time"))
                    .expecting("a number with a unit, as 5m, 1h or 30d")
            })
        })
    }

    /// One whole number above zero.
    pub(super) fn count(&self) -> Result<usize, Fault> {
        self.one(|argument| {
            let ArgumentKind::Number(written, _) = &argument.kind else {
                return Err(self.wrong(argument));
            };
            let count = written.parse().ok().filter(|&count| count > 0);
            count.ok_or_else(|| {
                Fault::new(argument.at, format!("`{written}` is no count"))
                    .expecting("a whole number above 0")
            })
        })
    }
}
