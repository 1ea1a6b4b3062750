//! The collector as its user runs it: a process, its clients, and what becomes of both.

// Helpers of tests may panic too; the configuration knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::print_stdout)]

mod access;
mod common;
mod crash;
mod foreign;
mod ingest;
mod observers;
#[allow(dead_code, reason = "what the observer's own tests use is there too")]
#[path = "../observe/common.rs"]
mod observing;
mod tls;
