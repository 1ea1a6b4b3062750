//! Answers questions: a query is read, its rows are joined as they come out of the store, and the answer takes a form.
//!
//! [`run`] is for whoever has a store; [`router`] is for whoever has HTTP.

mod ask;
mod failure;
pub mod form;
mod held;
mod http;
mod ledger;
mod prometheus;
mod reading;
mod segments;
#[cfg(test)]
mod tests;
mod time;

pub use ask::Ask;
pub use failure::Failure;
pub(crate) use http::router;
pub use reading::{BYTES_MAX, ROWS_MAX, SERIES_MAX, run};
pub use time::{Moment, parse_moment, parse_rfc3339};
