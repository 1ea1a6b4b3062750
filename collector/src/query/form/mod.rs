//! The forms that an answer takes.

pub mod csv;
pub mod json;
pub mod text;
