//! What people look at: the page, the picture, the table, and the same numbers as JSON.
//!
//! Every form is made from one [`input::ReportInput`] by way of one [`figures::Figures`], so they cannot disagree.

pub mod connections;
pub mod export;
pub mod figures;
pub mod heatmap;
pub mod html;
pub mod input;
pub mod json;
pub mod text;

mod format;
mod sentence;
