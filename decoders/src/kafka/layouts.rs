//! The layouts of requests and answers.
//!
//! Requests are laid out whole, or not at all: those that name no topic and do not begin connections are not read. Answers
//! are laid out up to the last thing of interest in them: error codes and throttle times, records, topics and their ids.
//! Of errors that an answer lists for several things, the first is found; of those behind large structures only the first
//! structure's.

mod cluster;
mod groups;
mod records;

use super::layout::What::{Error, First, List, Pass, Text, Throttle};
use super::layout::{Layout, all, from};

pub(super) use cluster::*;
pub(super) use groups::*;
pub(super) use records::*;

/// A request that is not read.
pub(super) const UNREAD: Layout = &[];

pub(super) const ERROR: Layout = &[all(Error)];

pub(super) const THROTTLE_ERROR: Layout = &[all(Throttle), all(Error)];

pub(super) const LATER_THROTTLE_ERROR: Layout = &[from(1, Throttle), all(Error)];

pub(super) const FIRST_ERROR: Layout = &[all(Throttle), all(First), all(Error)];

/// Delegation tokens.
pub(super) const TOKEN_ERROR: Layout = &[all(Error), all(Pass(8)), all(Throttle)];

/// For each resource.
pub(super) const RESOURCE_ERRORS: Layout =
    &[all(Throttle), all(List(&[all(Error), all(Text), all(Pass(1)), all(Text)]))];

/// For each partition of each topic.
pub(super) const PARTITION_ERRORS: Layout =
    &[all(Throttle), all(List(&[all(Text), all(List(&[all(Pass(4)), all(Error)]))]))];

/// For each partition of each topic of a share group.
pub(super) const STATE_ERRORS: Layout =
    &[all(List(&[all(Pass(16)), all(List(&[all(Pass(4)), all(Error), all(Text)]))]))];
