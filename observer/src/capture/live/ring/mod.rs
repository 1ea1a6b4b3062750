//! Packets out of a ring that the kernel shares with us: AF_PACKET's third version, block by block.
//!
//! Layouts: linux/if_packet.h; Documentation/networking/packet_mmap.rst of the kernel.

mod map;
mod socket;

pub use socket::attach_filter;

use super::{HAND_OVER, LiveOptions};
use crate::capture::{PacketBatch, Record};
use decoders::packet::LinkType;
use map::{BLOCK_BYTES, Map};
use model::units::CaptureTime;
use nix::libc;
use socket::Socket;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// Link types by what the kernel calls hardware (linux/if_arp.h): Ethernet, loopback, and none, where packets begin with
/// IP.
const LINKS: [(u16, LinkType); 3] = [(1, LinkType(1)), (772, LinkType(1)), (65_534, LinkType(101))];
const LOOPBACK: u16 = 772;

/// Nominal: packets of any length lie one behind the other in a block.
const FRAME_BYTES: u32 = 2_048;
/// One is filled while another is read.
const BLOCKS_MIN: usize = 2;

/// A group of rings among which the kernel shares out an interface's connections: both directions of one go to one ring.
#[derive(Clone, Copy, Debug)]
pub enum Group {
    /// This ring alone.
    None,
    /// A new one.
    New,
    /// One that another ring began.
    Known(u16),
}

/// The ring of one interface.
#[derive(Debug)]
pub struct Ring {
    map: Map,
    socket: Socket,
    /// The interface's number.
    interface: u32,
    link: LinkType,
    /// The block that is read, or waited for.
    block: usize,
    /// In it: where the next packet begins, and how many are left.
    rest: Option<(usize, u32)>,
    group: Option<u16>,
}

/// Whether packets of this interface can be read so; else libpcap knows how to make sense of it.
pub fn is_supported(name: &str) -> bool {
    hardware(name).is_some_and(|hardware| link_of(hardware).is_some())
}

fn hardware(name: &str) -> Option<u16> {
    let text = std::fs::read_to_string(format!("/sys/class/net/{name}/type"));
    text.ok()?.trim().parse().ok()
}

fn link_of(hardware: u16) -> Option<LinkType> {
    LINKS.iter().find(|(number, _)| *number == hardware).map(|&(_, link)| link)
}

impl Ring {
    /// Attaches to an interface.
    pub fn open(name: &str, options: &LiveOptions, group: Group) -> io::Result<Self> {
        let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
        let hardware = hardware(name).ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV))?;
        let link = link_of(hardware).ok_or_else(unsupported)?;
        let interface = nix::net::if_::if_nametoindex(name)?;
        let socket = Socket::open()?;
        socket.set(libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as i32))?;
        let blocks = (options.ring_bytes as usize / BLOCK_BYTES).max(BLOCKS_MIN);
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK_BYTES as u32,
            tp_block_nr: u32::try_from(blocks).unwrap_or(u32::MAX),
            tp_frame_size: FRAME_BYTES,
            tp_frame_nr: u32::try_from(blocks * BLOCK_BYTES / FRAME_BYTES as usize)
                .unwrap_or(u32::MAX),
            tp_retire_blk_tov: u32::try_from(HAND_OVER.as_millis()).unwrap_or(u32::MAX),
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket.set(libc::PACKET_RX_RING, &request)?;
        if hardware == LOOPBACK {
            // Each packet would come twice: when it is sent, and when it is received.
            socket.set(libc::PACKET_IGNORE_OUTGOING, &1_i32)?;
        }
        let map = Map::of(&socket, blocks)?;
        let mut ring = Self { map, socket, interface, link, block: 0, rest: None, group: None };
        ring.filter(options)?;
        ring.socket.bind(interface)?;
        ring.join(group)?;
        Ok(ring)
    }

    /// Shares the interface's connections with other rings.
    fn join(&mut self, group: Group) -> io::Result<()> {
        // Fragments are put together first: only the first of them has ports.
        let flags = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
        let option = match group {
            Group::None => return Ok(()),
            Group::New => (flags | libc::PACKET_FANOUT_FLAG_UNIQUEID) << 16,
            Group::Known(number) => flags << 16 | u32::from(number),
        };
        self.socket.set(libc::PACKET_FANOUT, &option)?;
        let set: u32 = self.socket.get(libc::PACKET_FANOUT)?;
        self.group = u16::try_from(set & 0xffff).ok();
        Ok(())
    }

    /// The group that it is in.
    pub const fn group(&self) -> Option<u16> {
        self.group
    }

    /// Has the kernel filter as the options say.
    pub fn filter(&self, options: &LiveOptions) -> io::Result<()> {
        attach_filter(self.as_fd(), &options.program(self.link)?)
    }

    /// Copies packets into the batch until nothing more is there, or no more room before `end`. Whether all were read.
    pub fn drain(&mut self, batch: &mut PacketBatch, end: usize) -> io::Result<bool> {
        while batch.buffer.len() < end {
            let Some(block) = self.map.block(self.block) else {
                self.check()?;
                return Ok(true);
            };
            let (mut at, mut left) = match self.rest {
                Some(rest) => rest,
                None => (block_u32(block, 16) as usize, block_u32(block, 12)),
            };
            while left > 0 && batch.buffer.len() < end {
                let next = read(block, at, self.link, batch);
                left -= 1;
                // The last one has no next.
                if next == 0 {
                    left = 0;
                }
                at = at.saturating_add(next);
            }
            if left > 0 {
                self.rest = Some((at, left));
                return Ok(false);
            }
            self.rest = None;
            self.map.give_back(self.block);
            self.block = (self.block + 1) % self.map.blocks();
        }
        Ok(false)
    }

    /// An error of the socket: the interface went down or away.
    fn check(&self) -> io::Result<()> {
        let error =
            nix::sys::socket::getsockopt(&self.socket, nix::sys::socket::sockopt::SocketError)?;
        if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
    }

    /// Whether the interface is still the one of that name: one that went down may come up again.
    pub fn is_of(&self, name: &str) -> bool {
        nix::net::if_::if_nametoindex(name) == Ok(self.interface)
    }

    /// What the kernel dropped since it was last asked.
    pub fn newly_dropped(&self) -> u64 {
        self.socket.dropped().map_or(0, u64::from)
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn block_u32(block: &[u8], at: usize) -> u32 {
    let bytes = block.get(at..).and_then(|rest| rest.first_chunk::<4>());
    bytes.map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

fn block_u16(block: &[u8], at: usize) -> u16 {
    let bytes = block.get(at..).and_then(|rest| rest.first_chunk::<2>());
    bytes.map_or(0, |bytes| u16::from_ne_bytes(*bytes))
}

/// A VLAN's tag, which the card or the kernel took out of the packet: type and number.
struct Tag([u8; 4]);

impl Tag {
    /// Where it stands in a packet of Ethernet: behind both addresses.
    const AT: usize = 12;
    /// IEEE 802.1Q's type, where the kernel does not say another.
    const VLAN: u16 = 0x8100;

    fn of(block: &[u8], header: usize, status: u32, link: LinkType) -> Option<Self> {
        if status & libc::TP_STATUS_VLAN_VALID == 0 || link != LinkType(1) {
            return None;
        }
        let number = block_u32(block, header + 32) as u16;
        let has_kind = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
        let kind = if has_kind { block_u16(block, header + 36) } else { Self::VLAN };
        let ([a, b], [c, d]) = (kind.to_be_bytes(), number.to_be_bytes());
        Some(Self([a, b, c, d]))
    }
}

/// Copies the packet whose header (`tpacket3_hdr`) lies there. How far the next one's lies behind it: 0 where there is
/// none.
fn read(block: &[u8], header: usize, link: LinkType, batch: &mut PacketBatch) -> usize {
    let field = |at| block_u32(block, header + at);
    let (next, seconds, nanos) = (field(0), field(4), field(8));
    let (captured, mut wire_length, status) = (field(12), field(16), field(20));
    let data = header + usize::from(block_u16(block, header + 24));
    let bytes = block.get(data..data.saturating_add(captured as usize)).unwrap_or_default();
    let start = batch.buffer.len();
    match Tag::of(block, header, status, link).zip(bytes.split_at_checked(Tag::AT)) {
        Some((Tag(tag), (addresses, rest))) => {
            batch.buffer.extend_from_slice(addresses);
            batch.buffer.extend_from_slice(&tag);
            batch.buffer.extend_from_slice(rest);
            wire_length += 4;
        }
        None => batch.buffer.extend_from_slice(bytes),
    }
    batch.records.push(Record {
        time: CaptureTime::from_parts(seconds.into(), nanos.into()),
        link,
        start: u32::try_from(start).unwrap_or(u32::MAX),
        captured: u32::try_from(batch.buffer.len() - start).unwrap_or(u32::MAX),
        wire_length,
    });
    next as usize
}
