//! Whole paths: captures through the pipeline, and the binary itself.

// The helpers of tests are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod accuracy;
mod bad_input;
mod captures;
mod cli;
mod common;
mod cutting;
mod fixtures;
mod pipelines;
mod protocols;
