//! Mathematics over histograms and windows, in the order in which a report asks for it.
//!
//! Pure: no I/O, no clock. Counts are integers and stay exact; where a threshold cuts a bin in two, they are bounds.

pub mod bounds;
pub mod chance;
pub mod customary;
pub mod density;
pub mod digest;
pub mod incidents;
pub mod modes;
pub mod parts;
pub mod query;
pub mod sla;
pub mod sparkline;
pub mod target;
pub mod timeline;
