//! The server that observers push to: it keeps what it is sent, and answers questions.
//!
//! Each area has a router of its own; [`router`] puts them together over one [`App`].

mod app;
mod health;
pub mod query;
mod server;

pub use app::App;
pub use server::{Running, router, serve};
