//! `wirelat observe` on loopback, as its user runs it: what a client did is what is reported, kept, scraped and pushed. Needs
//! root.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)] // A test may stop, and says why it did nothing.

mod changes;
mod common;
mod files;
mod prometheus;
mod push;
mod top;
