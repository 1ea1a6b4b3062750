//! What clients ask, what servers answer, and how long they take.

mod clock;
mod dialects;
mod filler;
mod heads;
mod message;
mod plan;
mod routes;

pub(crate) use dialects::is_spoken;
pub(crate) use heads::CONTINUE;
pub(crate) use message::Message;
pub(crate) use plan::{Ending, Fate, Habits, Plan, Workload, Writes};
