//! The observer, in the order of the flow: capture → pipeline → windows → export.

pub mod capture;
pub mod catalog;
pub mod pipeline;
pub mod windows;

pub mod export;
