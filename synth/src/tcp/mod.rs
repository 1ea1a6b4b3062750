//! TCP as a capture shows it: segments, acknowledgments, repairs.

mod end;
mod packet;

pub(crate) use end::{Acknowledge, TcpEnd};
pub(crate) use packet::{Flags, Packet, Segment, Side};
