//! TCP: connections, and their bytes put back in order (RFC 9293).

pub(crate) mod account;
pub(crate) mod flow;
pub(crate) mod handshake;
pub(crate) mod held;
pub(crate) mod reassembly;
pub(crate) mod timers;
