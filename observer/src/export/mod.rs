//! Windows go to other programs: pushed to a collector, scraped by Prometheus, sent to OpenTelemetry or an HTTPTrap.

mod growth;
mod httptrap;
mod otlp;
mod prometheus;
mod push;
mod spool;

pub use httptrap::HttpTrap;
pub use otlp::Otlp;
pub use prometheus::{Form, Registry};
pub use push::{Pusher, Sent, Target};
pub use spool::{Load, Spool, SpoolLevel};

use model::batch::Batch;

/// One that is sent windows, and adds them up.
pub trait Export: Send {
    /// Sends what a window says, or says more than before. Otherwise says why it was not taken; then it can be sent again.
    fn send(&mut self, batch: &Batch) -> Result<(), String>;
}
