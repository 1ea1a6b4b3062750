//! The streams of a connection that are open: little is kept of each, and nothing once both its ends are done.

use super::hpack::Fields;
use super::messages::Messages;
use crate::limits::STREAMS_MAX;
use model::transaction::Code;
use model::units::CaptureTime;

/// How far an answer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    Awaited,
    /// A header block that began then is the answer's first, unless it is an interim one: its status is not known.
    Perhaps {
        since: CaptureTime,
        bytes: u64,
    },
    Begun,
    Ended,
}

/// One stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    pub(super) id: u32,
    /// The client has said all, or its end was lost.
    pub(super) is_asked: bool,
    /// CONNECT (RFC 9113, section 8.5).
    pub(super) is_tunnel: bool,
    pub(super) answer: Answer,
    /// Whether the call is gRPC, as far as it is known.
    pub(super) is_grpc: Option<bool>,
    /// The answer's content is gRPC's: messages.
    pub(super) is_answered_in_grpc: bool,
    pub(super) status: Option<u16>,
    pub(super) grpc_status: Option<u16>,
    /// The header block before the end had fields that are not known.
    pub(super) has_unknown: bool,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
    pub(super) request_messages: Messages,
    pub(super) response_messages: Messages,
}

impl Stream {
    /// What an answer's header block, or its trailers, say.
    pub(super) fn note(&mut self, fields: &Fields) {
        self.status = self.status.or(fields.status);
        self.grpc_status = fields.grpc_status.or(self.grpc_status);
        self.has_unknown = fields.has_unknown;
    }

    pub(super) fn code(&self) -> Code {
        self.status.map_or(Code::None, |status| Code::Number(i32::from(status)))
    }
}

/// The open streams, by id. Streams are few and live short: an ordered list is enough.
#[derive(Debug, Default)]
pub(super) struct Streams(Vec<Stream>);

impl Streams {
    fn place(&self, id: u32) -> Result<usize, usize> {
        // Most often it is the newest.
        match self.0.last() {
            None => Err(0),
            Some(last) if last.id == id => Ok(self.0.len() - 1),
            Some(last) if last.id < id => Err(self.0.len()),
            Some(_) => self.0.binary_search_by_key(&id, |stream| stream.id),
        }
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        let place = self.place(id).ok()?;
        self.0.get_mut(place)
    }

    /// Adds a stream; where there are too many, the oldest goes, and is returned.
    pub(super) fn insert(&mut self, stream: Stream) -> Option<Stream> {
        let pushed_out = if self.0.len() >= STREAMS_MAX { Some(self.0.remove(0)) } else { None };
        match self.place(stream.id) {
            Ok(place) => self.0.get_mut(place).into_iter().for_each(|held| *held = stream),
            Err(place) => self.0.insert(place, stream),
        }
        pushed_out
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Stream> {
        let place = self.place(id).ok()?;
        let removed = self.0.remove(place);
        if self.0.is_empty() && self.0.capacity() > ROOM_KEPT {
            self.0 = Vec::new();
        }
        Some(removed)
    }

    /// Keeps those of which `keep` says so.
    pub(super) fn retain(&mut self, keep: impl FnMut(&mut Stream) -> bool) {
        self.0.retain_mut(keep);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.0.iter()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Room that an idle connection keeps.
const ROOM_KEPT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_by_id_and_bounded() {
        let mut streams = Streams::default();
        let stream = |id| Stream { id, ..Stream::default() };
        for id in [5, 1, 7, 3] {
            assert!(streams.insert(stream(id)).is_none());
        }
        assert_eq!(streams.iter().map(|stream| stream.id).collect::<Vec<_>>(), [1, 3, 5, 7]);
        assert!(streams.get_mut(3).is_some() && streams.get_mut(4).is_none());
        assert!(streams.remove(3).is_some() && streams.remove(3).is_none());
        for id in 10..10 + STREAMS_MAX as u32 {
            streams.insert(stream(id));
        }
        assert_eq!(streams.len(), STREAMS_MAX);
        assert!(streams.get_mut(7).is_none());
    }
}
