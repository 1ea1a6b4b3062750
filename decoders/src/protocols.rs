//! All decoders: the one list that a new protocol joins.

use crate::cassandra::Cassandra;
use crate::decoder::{AfterCut, Chunk, Close, DecodeError, Decoder, Probe, Progress};
use crate::http1::Http1;
use crate::http2::Http2;
use crate::kafka::Kafka;
use crate::mysql::Mysql;
use crate::pairing::Events;
use crate::postgres::Postgres;
use crate::redis::Redis;
use model::flow::Direction;
use model::protocol::Protocol;
use model::units::CaptureTime;

/// A decoder that can be had.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) protocol: Protocol,
    /// Answers name their requests.
    pub(crate) pairs_by_id: bool,
    pub(crate) probe: fn(Direction, &[u8]) -> Probe,
    pub(crate) resync: fn(Direction, &[u8]) -> Probe,
    pub(crate) begin: fn() -> Decoding,
}

const fn known<D: Decoder>(protocol: Protocol, begin: fn() -> Decoding) -> Known {
    Known { protocol, pairs_by_id: D::PAIRS_BY_ID, probe: D::probe, resync: D::resync, begin }
}

macro_rules! decoders {
    ($($variant:ident($decoder:ty) in $place:ty = $new:expr;)+) => {
        /// The decoder of a connection.
        #[derive(Debug)]
        pub(crate) enum Decoding {
            $($variant($place),)+
        }

        /// The first that is certain of a connection has it.
        pub(crate) static DECODERS: &[Known] = &[
            $(known::<$decoder>(Protocol::$variant, || Decoding::$variant($new)),)+
        ];

        impl Decoding {
            pub(crate) const fn protocol(&self) -> Protocol {
                match self {
                    $(Self::$variant(_) => Protocol::$variant,)+
                }
            }

            pub(crate) const fn reuses_ids(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$decoder>::REUSES_IDS,)+
                }
            }

            pub(crate) fn probe(&self, direction: Direction, bytes: &[u8]) -> Probe {
                match self {
                    $(Self::$variant(_) => <$decoder>::probe(direction, bytes),)+
                }
            }

            pub(crate) fn resync(&self, direction: Direction, bytes: &[u8]) -> Probe {
                match self {
                    $(Self::$variant(_) => <$decoder>::resync(direction, bytes),)+
                }
            }

            pub(crate) fn resync_answer(&self, bytes: &[u8], out: &Events<'_>) -> Probe {
                match self {
                    $(Self::$variant(decoder) => decoder.resync_answer(bytes, out),)+
                }
            }

            #[inline]
            pub(crate) fn on_bytes(
                &mut self,
                chunk: &Chunk<'_>,
                out: &mut Events<'_>,
            ) -> Result<Progress, DecodeError> {
                match self {
                    $(Self::$variant(decoder) => decoder.on_bytes(chunk, out),)+
                }
            }

            #[inline]
            pub(crate) fn on_skipped(
                &mut self,
                direction: Direction,
                last_at: Option<CaptureTime>,
                out: &mut Events<'_>,
            ) {
                match self {
                    $(Self::$variant(decoder) => decoder.on_skipped(direction, last_at, out),)+
                }
            }

            pub(crate) fn at_boundary(&self, direction: Direction) -> bool {
                match self {
                    $(Self::$variant(decoder) => decoder.at_boundary(direction),)+
                }
            }

            pub(crate) fn restart(&mut self, direction: Direction) {
                match self {
                    $(Self::$variant(decoder) => decoder.restart(direction),)+
                }
            }

            pub(crate) fn on_cut(
                &mut self,
                seen: &Chunk<'_>,
                lost: u64,
                out: &mut Events<'_>,
            ) -> AfterCut {
                match self {
                    $(Self::$variant(decoder) => decoder.on_cut(seen, lost, out),)+
                }
            }

            pub(crate) fn on_cut_ended(
                &mut self,
                direction: Direction,
                more: Option<u64>,
                last_at: Option<CaptureTime>,
                out: &mut Events<'_>,
            ) {
                match self {
                    $(Self::$variant(decoder) => decoder.on_cut_ended(direction, more, last_at, out),)+
                }
            }

            pub(crate) fn on_gap(
                &mut self,
                seen: &Chunk<'_>,
                out: &mut Events<'_>,
            ) -> Option<u64> {
                match self {
                    $(Self::$variant(decoder) => decoder.on_gap(seen, out),)+
                }
            }

            pub(crate) fn is_cut(&self, direction: Direction) -> bool {
                match self {
                    $(Self::$variant(decoder) => decoder.is_cut(direction),)+
                }
            }

            pub(crate) fn on_close(
                &mut self,
                direction: Direction,
                close: Close,
                unread: u64,
                last_at: Option<CaptureTime>,
                out: &mut Events<'_>,
            ) {
                match self {
                    $(Self::$variant(decoder) => {
                        decoder.on_close(direction, close, unread, last_at, out);
                    })+
                }
            }
        }
    };
}

// What most connections have is small; what few have, or what is large, lies in a box.
decoders! {
    Http(Http1) in Http1 = Http1::default();
    Postgres(Postgres) in Box<Postgres> = Box::default();
    Cassandra(Cassandra) in Box<Cassandra> = Box::default();
    Redis(Redis) in Box<Redis> = Box::default();
    Http2(Http2) in Box<Http2> = Box::default();
    Kafka(Kafka) in Box<Kafka> = Box::default();
    Mysql(Mysql) in Box<Mysql> = Box::default();
}
