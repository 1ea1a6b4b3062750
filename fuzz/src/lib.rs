//! What every run must hold, whatever the input: the accounts balance and agree with what was reported.

pub mod account;
pub mod segments;
pub mod streams;
