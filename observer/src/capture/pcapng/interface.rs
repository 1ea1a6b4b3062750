//! An interface: its link type, its clock, and what it dropped.

use super::order::{Options, Order};
use decoders::packet::LinkType;
use model::units::{CaptureTime, NANOS_PER_SECOND};

/// What an interface description block says, and what was dropped since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    pub(super) link: LinkType,
    /// No limit is the largest number.
    pub(super) snap_length: u32,
    clock: Clock,
    /// Added to all times.
    offset_seconds: i64,
    /// By its statistics.
    pub(super) dropped_in_all: u64,
    /// By what packets say was dropped before them.
    dropped_between: u64,
}

/// What a tick of a timestamp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many are a nanosecond.
    PerNanosecond(u64),
    /// Two to this power are a second.
    Binary(u8),
}

impl Interface {
    /// Link type, reserved, snap length, options.
    pub(super) fn new(body: &[u8], order: Order) -> Option<Self> {
        const RESOLUTION: u16 = 9;
        const OFFSET: u16 = 14;
        let (&[t0, t1, _, _, s0, s1, s2, s3], options) = body.split_first_chunk::<8>()?;
        let options = Options::new(options, order);
        let resolution = options.value(RESOLUTION).and_then(<[u8]>::first);
        let snap_length = order.u32([s0, s1, s2, s3]);
        Some(Self {
            link: LinkType(order.u16([t0, t1])),
            snap_length: if snap_length == 0 { u32::MAX } else { snap_length },
            clock: resolution
                .map_or(Clock::Nanoseconds(1_000), |resolution| Clock::new(*resolution)),
            offset_seconds: options.u64(OFFSET).map_or(0, u64::cast_signed),
            dropped_in_all: 0,
            dropped_between: 0,
        })
    }

    /// The time of a packet; before the epoch is the epoch.
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> CaptureTime {
        let nanos = self.clock.nanos(ticks);
        if self.offset_seconds == 0 {
            return CaptureTime::from_nanos(nanos);
        }
        let offset = self.offset_seconds.saturating_mul(NANOS_PER_SECOND.cast_signed());
        CaptureTime::from_nanos(nanos.saturating_add_signed(offset))
    }

    /// Counts what a packet says was dropped before it.
    pub(super) fn add_drops(&mut self, drops: u64) {
        self.dropped_between = self.dropped_between.saturating_add(drops);
    }

    /// Packets dropped: both accounts are of the same drops, where both are there.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped_in_all.max(self.dropped_between)
    }
}

impl Clock {
    /// `if_tsresol`: a negative power of 10, or of 2 with the upper bit set.
    fn new(resolution: u8) -> Self {
        const BINARY: u8 = 0x80;
        let power = resolution & !BINARY;
        if resolution & BINARY != 0 {
            return Self::Binary(power);
        }
        match u32::from(power) {
            power @ ..=9 => Self::Nanoseconds(10_u64.pow(9 - power)),
            // Finer than 64 bits can tell from nothing.
            power => {
                10_u64.checked_pow(power - 9).map_or(Self::Nanoseconds(0), Self::PerNanosecond)
            }
        }
    }

    #[inline]
    fn nanos(self, ticks: u64) -> u64 {
        match self {
            Self::Nanoseconds(nanos) => ticks.saturating_mul(nanos),
            Self::PerNanosecond(ticks_per_nano) => ticks / ticks_per_nano,
            Self::Binary(power) => {
                let nanos = (u128::from(ticks) * u128::from(NANOS_PER_SECOND)) >> power;
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        for (resolution, ticks, nanos) in [
            (6, 1_500_000, 1_500_000_000),
            (9, 1_500_000_000, 1_500_000_000),
            (0, 3, 3_000_000_000),
            (3, 1_500, 1_500_000_000),
            (12, 1_500_000_000_999, 1_500_000_000),
            (29, u64::MAX, 0),
            (0x80 | 10, 1_536, 1_500_000_000),
            (0x80 | 32, 3 << 31, 1_500_000_000),
            (0x80, 2, 2_000_000_000),
            (0xff, u64::MAX, 0),
            (6, u64::MAX, u64::MAX),
        ] {
            assert_eq!(Clock::new(resolution).nanos(ticks), nanos, "{resolution} {ticks}");
        }
    }
}
