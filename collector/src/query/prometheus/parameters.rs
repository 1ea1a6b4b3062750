//! Parameters, from the address or from a form in the body: clients use both.

use super::read::Times;
use crate::query::failure::Failure;
use crate::query::time::{Moment, parse_moment};
use analyzer::query::STEPS_MAX;
use axum::body::Bytes;
use model::units::{CaptureTime, Nanos};

/// Names and values as they were sent; a name can come several times.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn read(form: &Bytes) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::Asked(format!("the parameter {name} is missing")))
    }

    /// A single time: `time`, or the end of what there is.
    pub(super) fn instant(&self, newest: CaptureTime) -> Result<Times, Failure> {
        let time = match self.get("time") {
            Some(text) => moment(text, newest)?,
            None => newest,
        };
        Ok(Times { start: time, end: time, step: Nanos(0) })
    }

    /// Times from `start` to `end`, both included, a `step` apart.
    pub(super) fn range(&self, newest: CaptureTime) -> Result<Times, Failure> {
        let start = moment(self.required("start")?, newest)?;
        let end = moment(self.required("end")?, newest)?;
        let step = span(self.required("step")?)?;
        if end < start {
            return Err(Failure::Asked("the end is before the start".to_owned()));
        }
        let times = Times { start, end, step };
        if times.len() > STEPS_MAX {
            return Err(Failure::Asked(format!(
                "more than {STEPS_MAX} times: ask with a longer step"
            )));
        }
        Ok(times)
    }
}

fn moment(text: &str, newest: CaptureTime) -> Result<CaptureTime, Failure> {
    parse_moment(text).map(|moment: Moment| moment.from(newest)).map_err(Failure::Asked)
}

/// `15`, `0.5` (seconds) or `15s`.
fn span(text: &str) -> Result<Nanos, Failure> {
    let read = Nanos::parse(text).or_else(|_| Nanos::parse(&format!("{text}s")));
    let wrong =
        || Failure::Asked(format!("`{text}` is no step: write seconds as 15, or a span as 1m"));
    read.ok().filter(|span| span.0 > 0).ok_or_else(wrong)
}
