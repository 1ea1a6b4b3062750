//! What bodies are made of: a fixed text, read from any place in it.

use crate::random::Random;
use std::sync::LazyLock;

/// Long enough that bodies differ, short enough for a processor's cache.
const TEXT_BYTES: usize = 96 * 1024;

const WORDS: [&str; 24] = [
    "\"order\":",
    "\"name\":",
    "\"price\":",
    "\"lines\":[",
    "],",
    "{",
    "},",
    "null,",
    "true,",
    "\"amber\",",
    "\"birch\",",
    "\"cedar\",",
    "\"delta\",",
    "\"ember\",",
    "19.90,",
    "4711,",
    "\"shipped\",",
    "\"quantity\":",
    "\"city\":",
    "\"Ulm\",",
    "\"Oslo\",",
    "\n  ",
    "\"id\":",
    "\r\n",
];

/// Text inside bodies that a reader who lost its place takes for a message.
const DECOYS: [&str; 4] = [
    "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "\r\nGET /decoy HTTP/1.1\r\nHost: decoy.example\r\n\r\n",
    "\r\n0\r\n\r\nHTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "\r\n0\r\n\r\nPOST /decoy HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
];

static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| text(0.0));
static WITH_DECOYS: LazyLock<Vec<u8>> = LazyLock::new(|| text(0.1));

fn text(decoy_share: f64) -> Vec<u8> {
    let mut random = Random::new(0x7465_7874, 0);
    let mut text = Vec::with_capacity(TEXT_BYTES + 128);
    while text.len() < TEXT_BYTES {
        let decoy = random.chance(decoy_share);
        let words: &[&str] = if decoy { &DECOYS } else { &WORDS };
        text.extend_from_slice(random.pick(words).map_or(b"", |word| word.as_bytes()));
    }
    text.truncate(TEXT_BYTES);
    text
}

/// Where a body's text begins.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filler {
    pub(crate) at: u32,
    pub(crate) decoys: bool,
}

impl Filler {
    /// Appends `len` bytes from `offset` on.
    pub(crate) fn copy(self, offset: u64, len: u64, out: &mut Vec<u8>) {
        let text: &[u8] = if self.decoys { &WITH_DECOYS } else { &PLAIN };
        let mut at = ((u64::from(self.at) + offset) % TEXT_BYTES as u64) as usize;
        let mut left = usize::try_from(len).unwrap_or(usize::MAX);
        while left > 0 {
            let rest = text.get(at..).unwrap_or_default();
            let part = rest.get(..left).unwrap_or(rest);
            out.extend_from_slice(part);
            left -= part.len();
            at = 0;
        }
    }
}
