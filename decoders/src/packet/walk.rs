//! Which header follows which: one step per header until there is a TCP segment or a reason why not.

use super::cursor::{Cursor, Stop};
use super::fragments::Fragment;
use super::ip::Network;
use super::{Segment, ether_type, ip, link, transport, tunnel, wifi};
use model::units::CaptureTime;

/// Levels of tunnels that are unwrapped. One is what a cloud network adds; mirrors stack them (GRE with ERSPAN around
/// VXLAN), so there is room for four. Packets deeper than that are counted as `tunnels_over_limit`.
pub const TUNNEL_LEVELS_MAX: u32 = 4;

/// The header that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// An Ethernet header (IEEE 802.3, section 3.2).
    Ethernet,
    /// What an EtherType names.
    EtherType(u16),
    /// An LLC header (IEEE 802.2), with SNAP for IP (RFC 1042).
    Llc,
    /// A PPP protocol field (RFC 1661, section 2).
    Ppp,
    /// An MPLS label stack (RFC 3032).
    Mpls,
    /// An IEEE 802.11 header; `padded` to four bytes by some drivers.
    Wifi { padded: bool },
    /// IPv4 or IPv6, as the version nibble says.
    Ip,
    /// IPv4 (RFC 791).
    Ipv4,
    /// IPv6 (RFC 8200).
    Ipv6,
    /// What an IP protocol number names.
    Protocol(u8),
}

/// A step's result: the next header and where it begins.
pub(super) type Step<'a> = Result<(Layer, Cursor<'a>), Stop>;

/// The way through one packet.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) time: CaptureTime,
    /// The innermost IP header.
    pub(super) network: Network,
    /// Tunnels entered.
    pub(super) levels: u32,
    /// There was one tunnel more than is unwrapped.
    pub(super) over_limit: bool,
    /// Set with `Stop::Fragment`.
    pub(super) fragment: Option<Fragment<'a>>,
}

impl<'a> Walk<'a> {
    #[inline]
    pub(super) fn new(time: CaptureTime) -> Self {
        Self { time, network: Network::default(), levels: 0, over_limit: false, fragment: None }
    }

    /// Walks until there is a segment or a reason why not. Ends because each step moves on by at least one byte, or
    /// names a layer whose own step does.
    #[inline]
    pub(super) fn run(&mut self, first: Layer, at: Cursor<'a>) -> Result<Segment, Stop> {
        let (mut layer, mut cursor) = (first, at);
        loop {
            (layer, cursor) = match layer {
                Layer::Protocol(ip::TCP) => return transport::segment(self, cursor),
                Layer::Ethernet => link::ethernet(cursor)?,
                Layer::EtherType(ether_type::IPV4) | Layer::Ipv4 => ip::v4(self, cursor)?,
                Layer::EtherType(ether_type::IPV6) | Layer::Ipv6 => ip::v6(self, cursor)?,
                Layer::EtherType(number) => ether_type::step(number, cursor)?,
                Layer::Llc => ether_type::llc(cursor)?,
                Layer::Ppp => ether_type::ppp(cursor)?,
                Layer::Mpls => ether_type::mpls(cursor)?,
                Layer::Wifi { padded } => wifi::ieee80211(cursor, padded)?,
                Layer::Ip => ip::by_version(cursor)?,
                Layer::Protocol(number) => tunnel::protocol(self, number, cursor)?,
            };
        }
    }

    /// Enters a tunnel; at the limit the packet is what it is outside.
    #[inline]
    pub(super) fn enter_tunnel(&mut self, outside: Stop) -> Result<(), Stop> {
        if self.levels == TUNNEL_LEVELS_MAX {
            self.over_limit = true;
            return Err(outside);
        }
        self.levels += 1;
        Ok(())
    }
}
