//! Packets to transactions, without I/O, in the order of the flow:
//! packet → TCP flow → reassembly → decoder → pairing → decided transactions.

pub mod packet;
pub mod tcp;
pub mod decoder;
pub mod http1;
pub mod pairing;
pub mod naming;
pub mod wires;
pub mod output;
pub mod engine;
pub mod limits;
mod slab;
