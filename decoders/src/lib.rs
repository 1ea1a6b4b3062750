//! Packets to transactions, without I/O, in the order of the flow:
//! packet → TCP flow → reassembly → decoder → pairing → decided transactions.

mod attributes;
pub mod cassandra;
pub mod decoder;
pub mod engine;
pub mod http1;
pub mod http2;
mod kafka;
pub mod limits;
pub mod mysql;
pub mod naming;
pub mod output;
pub mod packet;
pub mod pairing;
pub mod postgres;
mod protocols;
mod recent;
pub mod redis;
mod slab;
pub mod statements;
pub mod tcp;
pub mod wires;
