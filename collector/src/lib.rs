//! The server that observers push to: it keeps what it is sent, and answers questions.
//!
//! Each area has a router of its own; [`router`] puts them together over one [`App`].

pub mod access;
mod app;
pub mod clock;
mod foreign;
mod health;
mod ingest;
pub mod limits;
mod listing;
mod meters;
pub mod query;
mod refusal;
mod server;
mod tls;

pub use app::App;
pub use server::{Running, router, serve};
pub use tls::{Tls, TlsError};
