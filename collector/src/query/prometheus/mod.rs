//! What Grafana's Prometheus data source calls, under `/prometheus`; docs/prometheus.md says what is understood.
//!
//! PromQL → [`plan`] → rows by [`read`] → [`evaluate`] → [`form`]. Names and labels are those under which the observer
//! is scraped ([`model::exposition`]).

mod catalog;
mod evaluate;
mod form;
mod handlers;
mod lines;
mod operators;
mod parameters;
mod plan;
mod read;
#[cfg(test)]
mod tests;

pub(super) use handlers::router;

use super::failure::Failure;

/// What is not understood, and what is.
fn unsupported(what: &str) -> Failure {
    Failure::Asked(format!(
        "{what} is not supported; supported are selectors with matchers, rate, increase, histogram_quantile, \
         histogram_fraction, histogram_count, histogram_sum, histogram_avg, sum, avg, min, max, count, topk, bottomk \
         (by, without), + - * / (on, ignoring), numbers and parentheses"
    ))
}
