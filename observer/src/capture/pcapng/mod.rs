//! The pcapng format: blocks of packets, interfaces and statistics, in sections (draft-ietf-opsawg-pcapng).

mod interface;
mod order;

use super::error::Damage;
use super::file::{Scan, Then};
use super::{RECORD_BYTES_MAX, Record};
use interface::Interface;
use order::{Options, Order};

/// Type and length; the length stands again behind the body.
const BLOCK_HEADER: usize = 8;
const BLOCK_TRAILER: usize = 4;
const BLOCK_MIN: usize = BLOCK_HEADER + BLOCK_TRAILER;
/// A block that is read whole: the longest packet, and room for its options.
const BLOCK_MAX: usize = RECORD_BYTES_MAX + (64 << 10);
/// Interfaces that one section may describe.
const INTERFACES_MAX: usize = 65_536;

/// The same in both byte orders.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
/// Obsolete.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// What the sections said so far.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Drops of the interfaces of earlier sections.
    dropped_before: u64,
}

/// One block, whole.
#[derive(Clone, Copy)]
struct Block<'a> {
    kind: u32,
    length: u32,
    body: &'a [u8],
    /// Where the body begins in the buffer.
    start: usize,
}

/// What a packet block begins with.
#[derive(Clone, Copy)]
struct PacketFields {
    interface: [u8; 4],
    time: [[u8; 4]; 2],
    captured: [u8; 4],
    wire_length: [u8; 4],
}

impl PacketFields {
    const LENGTH: usize = 20;
}

impl<'a> Block<'a> {
    fn damage(&self) -> Damage {
        Damage::BlockLength { kind: self.kind, length: self.length }
    }

    /// The fields of a packet block, and what follows them.
    #[inline]
    fn packet(&self) -> Result<(PacketFields, &'a [u8]), Damage> {
        let (fixed, data) = self
            .body
            .split_first_chunk::<{ PacketFields::LENGTH }>()
            .ok_or_else(|| self.damage())?;
        match *fixed.as_chunks::<4>().0 {
            [interface, high, low, captured, wire_length] => {
                Ok((PacketFields { interface, time: [high, low], captured, wire_length }, data))
            }
            _ => Err(self.damage()),
        }
    }
}

impl Interface {
    /// The packet of a block.
    #[inline]
    fn record(
        &self,
        block: &Block<'_>,
        fields: PacketFields,
        order: Order,
    ) -> Result<Record, Damage> {
        let captured = order.u32(fields.captured);
        if PacketFields::LENGTH + captured as usize > block.body.len() {
            return Err(block.damage());
        }
        let [high, low] = fields.time.map(|half| u64::from(order.u32(half)));
        Ok(Record {
            time: self.time(high << 32 | low),
            link: self.link,
            start: (block.start + PacketFields::LENGTH) as u32,
            captured,
            wire_length: order.u32(fields.wire_length).max(captured),
        })
    }
}

impl Pcapng {
    /// Whether a file that begins so is one.
    pub(super) fn is_magic(head: &[u8]) -> bool {
        head.first_chunk().is_some_and(|magic| u32::from_le_bytes(*magic) == SECTION_HEADER)
    }

    /// Packets that the capture says were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.interfaces
            .iter()
            .map(Interface::dropped)
            .fold(self.dropped_before, u64::saturating_add)
    }

    /// Reads the whole blocks that `bytes` holds from `at` on.
    pub(super) fn scan(&mut self, bytes: &[u8], mut at: usize, records: &mut Vec<Record>) -> Scan {
        let then = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            match self.next_block(rest, at) {
                Ok(block) => match self.read(block, records) {
                    Ok(()) => at += block.length as usize,
                    Err(damage) => break Then::Damaged(damage),
                },
                Err(then) => break then,
            }
        };
        Scan { at, then }
    }

    /// The block that `rest` begins with, if it is whole and of interest.
    #[inline]
    fn next_block<'a>(&mut self, rest: &'a [u8], at: usize) -> Result<Block<'a>, Then> {
        let Some(&[k0, k1, k2, k3, l0, l1, l2, l3]) = rest.first_chunk::<BLOCK_HEADER>() else {
            return Err(Then::More(BLOCK_HEADER));
        };
        let kind = self.order.u32([k0, k1, k2, k3]);
        if kind == SECTION_HEADER {
            // Its length is written in the order that only its body tells.
            let magic = rest.get(BLOCK_HEADER..).and_then(|body| body.first_chunk());
            let magic = magic.ok_or(Then::More(BLOCK_MIN))?;
            self.order = Order::of_magic(*magic).ok_or(Then::Damaged(Damage::Section))?;
        }
        let length = self.order.u32([l0, l1, l2, l3]);
        let whole = length as usize;
        if whole < BLOCK_MIN || !whole.is_multiple_of(4) {
            return Err(Then::Damaged(Damage::BlockLength { kind, length }));
        }
        if !is_read(kind) {
            return Err(Then::Skip(u64::from(length)));
        }
        if whole > BLOCK_MAX {
            let (length, limit) = (u64::from(length), BLOCK_MAX as u64);
            return Err(Then::Damaged(Damage::TooLong { length, limit }));
        }
        let (block, _) = rest.split_at_checked(whole).ok_or(Then::More(whole))?;
        let body = block.get(BLOCK_HEADER..).and_then(|block| block.split_last_chunk());
        match body {
            Some((body, trailer)) if self.order.u32(*trailer) == length => {
                Ok(Block { kind, length, body, start: at + BLOCK_HEADER })
            }
            _ => Err(Then::Damaged(Damage::BlockLength { kind, length })),
        }
    }

    #[inline]
    fn read(&mut self, block: Block<'_>, records: &mut Vec<Record>) -> Result<(), Damage> {
        match block.kind {
            ENHANCED_PACKET => records.push(self.enhanced_packet(block)?),
            PACKET => records.push(self.packet(block)?),
            SIMPLE_PACKET => records.push(self.simple_packet(block)?),
            INTERFACE_DESCRIPTION => self.describe(block)?,
            INTERFACE_STATISTICS => self.statistics(block)?,
            _ => self.section(block)?,
        }
        Ok(())
    }

    /// Interface, time, captured length, wire length, the packet, options.
    #[inline]
    fn enhanced_packet(&mut self, block: Block<'_>) -> Result<Record, Damage> {
        const DROPS: u16 = 4;
        let (fixed, data) = block.packet()?;
        let order = self.order;
        let interface = self.interface(order.u32(fixed.interface))?;
        let record = interface.record(&block, fixed, order)?;
        let options = data.get(record.captured.next_multiple_of(4) as usize..).unwrap_or_default();
        if !options.is_empty() {
            interface.add_drops(Options::new(options, order).u64(DROPS).unwrap_or(0));
        }
        Ok(record)
    }

    /// Interface and drops in two bytes each, then as the enhanced one.
    fn packet(&mut self, block: Block<'_>) -> Result<Record, Damage> {
        const UNKNOWN: u16 = 0xffff;
        let (fixed, _) = block.packet()?;
        let order = self.order;
        let [i0, i1, d0, d1] = fixed.interface;
        let interface = self.interface(u32::from(order.u16([i0, i1])))?;
        let drops = order.u16([d0, d1]);
        interface.add_drops(if drops == UNKNOWN { 0 } else { u64::from(drops) });
        interface.record(&block, fixed, order)
    }

    /// The wire length and the packet, of the first interface. It has no time: the epoch, then.
    fn simple_packet(&mut self, block: Block<'_>) -> Result<Record, Damage> {
        let (wire_length, data) = block.body.split_first_chunk().ok_or_else(|| block.damage())?;
        let wire_length = self.order.u32(*wire_length);
        let interface = self.interface(0)?;
        let captured = wire_length.min(interface.snap_length).min(data.len() as u32);
        Ok(Record {
            time: interface.time(0),
            link: interface.link,
            start: (block.start + 4) as u32,
            captured,
            wire_length,
        })
    }

    fn describe(&mut self, block: Block<'_>) -> Result<(), Damage> {
        if self.interfaces.len() == INTERFACES_MAX {
            return Err(Damage::Interfaces(INTERFACES_MAX));
        }
        let interface = Interface::new(block.body, self.order).ok_or_else(|| block.damage())?;
        self.interfaces.push(interface);
        Ok(())
    }

    /// Interface, time, options.
    fn statistics(&mut self, block: Block<'_>) -> Result<(), Damage> {
        const DROPPED_BY_INTERFACE: u16 = 5;
        const DROPPED_BY_SYSTEM: u16 = 7;
        let (fixed, options) =
            block.body.split_first_chunk::<12>().ok_or_else(|| block.damage())?;
        let &[i0, i1, i2, i3, ..] = fixed;
        let order = self.order;
        let interface = self.interface(order.u32([i0, i1, i2, i3]))?;
        let options = Options::new(options, order);
        let dropped = [DROPPED_BY_INTERFACE, DROPPED_BY_SYSTEM]
            .into_iter()
            .filter_map(|code| options.u64(code))
            .fold(0, u64::saturating_add);
        // Statistics count from the start of the capture: a later block replaces an earlier one.
        interface.dropped_in_all = interface.dropped_in_all.max(dropped);
        Ok(())
    }

    /// A new section begins with no interfaces. Its byte order was read before its length.
    fn section(&mut self, block: Block<'_>) -> Result<(), Damage> {
        const VERSION: u16 = 1;
        let (&[_, _, _, _, v0, v1, ..], _) =
            block.body.split_first_chunk::<16>().ok_or_else(|| block.damage())?;
        if self.order.u16([v0, v1]) != VERSION {
            return Err(Damage::Section);
        }
        self.dropped_before = self.dropped();
        self.interfaces.clear();
        Ok(())
    }

    #[inline]
    fn interface(&mut self, number: u32) -> Result<&mut Interface, Damage> {
        self.interfaces.get_mut(number as usize).ok_or(Damage::Interface(number))
    }
}

/// Whether blocks of this type are read; others are passed over, however long they are.
const fn is_read(kind: u32) -> bool {
    matches!(
        kind,
        SECTION_HEADER
            | INTERFACE_DESCRIPTION
            | PACKET
            | SIMPLE_PACKET
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET
    )
}
