//! What the reader of an answer must know of its request, in a number.

use super::api::{self, Api};
use super::walk::Walk;

/// Key, version, and whether the answer names the topics.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tag {
    pub(super) key: u16,
    /// `None` where it is newer than all that are known.
    pub(super) version: Option<u8>,
    /// The request goes on with a fetch session that began before we came: the answer says more about its topics.
    pub(super) is_joined: bool,
}

/// No version is known.
const UNKNOWN: u32 = 0xff;

impl From<u32> for Tag {
    fn from(tag: u32) -> Self {
        let [_, _, version, flags] = tag.to_be_bytes();
        let version = (u32::from(version) != UNKNOWN).then_some(version);
        Self { key: (tag >> 16) as u16, version, is_joined: flags != 0 }
    }
}

impl From<Tag> for u32 {
    fn from(tag: Tag) -> Self {
        let version = tag.version.map_or(UNKNOWN, Self::from);
        Self::from(tag.key) << 16 | version << 8 | Self::from(tag.is_joined)
    }
}

impl Tag {
    /// The API, where it is known.
    pub(super) fn api(self) -> Option<&'static Api> {
        api::by_key(self.key)
    }

    /// A way through the answer behind its correlation id, where it is known how it is laid out.
    pub(super) fn response_walk(self) -> Option<Walk> {
        let api = self.api()?;
        // The answer to ApiVersions always has the oldest header, and if the broker does not know the request's version
        // it is laid out as the oldest: error code first (KIP-511).
        if self.key == api::API_VERSIONS {
            return Some(Walk::response(api.response, 0, false, false));
        }
        let version = self.version?;
        let is_flexible = api.is_flexible(version);
        Some(Walk::response(api.response, version, is_flexible, is_flexible))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_was_made() {
        for (key, version, is_joined) in
            [(0, Some(13), false), (92, None, true), (40_000, Some(0), true)]
        {
            let tag = Tag::from(u32::from(Tag { key, version, is_joined }));
            assert_eq!((tag.key, tag.version, tag.is_joined), (key, version, is_joined));
        }
    }
}
