//! Whole paths: captures through the pipeline, and the binary itself.

mod accuracy;
mod bad_input;
mod captures;
mod cli;
mod common;
mod cutting;
mod fixtures;
mod pipelines;
