//! Bodies: read and unpacked within the limits, and within the room that there is.

use super::admission::Room;
use crate::limits::{BODY_BYTES_MAX, BODY_PATIENCE, ZSTD_WINDOW_LOG_MAX};
use crate::refusal::Refusal;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use std::io::{self, Read};

/// Bytes that are unpacked between two looks at the room.
const STEP_BYTES: usize = 256 << 10;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let said = headers.get(CONTENT_ENCODING).map(|said| said.as_bytes().to_ascii_lowercase());
        match said.as_deref() {
            None | Some(b"" | b"identity") => Ok(Self::Plain),
            Some(b"gzip" | b"x-gzip") => Ok(Self::Gzip),
            Some(b"zstd") => Ok(Self::Zstd),
            Some(other) => Err(Refusal::Unsupported(format!(
                "content-encoding {} is not read here: send zstd, gzip or identity",
                other.escape_ascii()
            ))),
        }
    }
}

/// Reads a body as it is sent.
pub(crate) async fn read(
    body: Body,
    bytes_max: usize,
    room: &mut Room,
) -> Result<Vec<u8>, Refusal> {
    let whole = tokio::time::timeout(BODY_PATIENCE, read_all(body, bytes_max, room));
    whole.await.map_err(|_| Refusal::Slow)?
}

async fn read_all(mut body: Body, bytes_max: usize, room: &mut Room) -> Result<Vec<u8>, Refusal> {
    let bytes_max = bytes_max.min(BODY_BYTES_MAX);
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Malformed("the body broke off".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > bytes_max.saturating_sub(bytes.len()) {
            return Err(too_large("the body is", bytes_max));
        }
        room.take(data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Unpacks a body. Blocks for as long as that takes.
pub(crate) fn unpack(
    bytes: Vec<u8>,
    packing: Packing,
    bytes_max: usize,
    room: &mut Room,
) -> Result<Vec<u8>, Refusal> {
    match packing {
        Packing::Plain => Ok(bytes),
        Packing::Gzip => unpack_from(MultiGzDecoder::new(&*bytes), "gzip", bytes_max, room),
        Packing::Zstd => {
            let fault = |error: io::Error| Refusal::Malformed(format!("not zstd: {error}"));
            let mut decoder = zstd::Decoder::with_buffer(&*bytes).map_err(fault)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(fault)?;
            unpack_from(decoder, "zstd", bytes_max, room)
        }
    }
}

fn unpack_from(
    mut from: impl Read,
    form: &str,
    bytes_max: usize,
    room: &mut Room,
) -> Result<Vec<u8>, Refusal> {
    let mut unpacked = Vec::new();
    loop {
        room.take(STEP_BYTES)?;
        let step = from.by_ref().take(STEP_BYTES as u64).read_to_end(&mut unpacked);
        let step = step.map_err(|error| Refusal::Malformed(format!("not {form}: {error}")))?;
        if unpacked.len() > bytes_max {
            return Err(too_large("the body unpacks to", bytes_max));
        }
        if step < STEP_BYTES {
            return Ok(unpacked);
        }
    }
}

fn too_large(what: &str, limit: usize) -> Refusal {
    Refusal::TooLarge(format!("{what} more than {limit} bytes: send less at a time"))
}

#[cfg(test)]
mod tests {
    use super::super::admission::Admission;
    use super::*;
    use crate::limits::UNPACKED_BYTES_MAX;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bodies_unpack_also_in_several_frames() {
        let admission = Admission::new();
        let [one, two] = [vec![1; 300_000], vec![2; 300_000]];
        let whole = [&*one, &*two].concat();
        let zstd = [zstd::encode_all(&*one, 1).unwrap(), zstd::encode_all(&*two, 1).unwrap()];
        for (packed, packing) in [
            (whole.clone(), Packing::Plain),
            ([gzip(&one), gzip(&two)].concat(), Packing::Gzip),
            (zstd.concat(), Packing::Zstd),
        ] {
            assert_eq!(
                unpack(packed, packing, UNPACKED_BYTES_MAX, &mut admission.room()).unwrap(),
                whole
            );
        }
        assert_eq!(admission.in_flight_bytes(), 0);
    }

    #[test]
    fn bombs_and_rubbish_are_refused() {
        let admission = Admission::new();
        let refused = |bytes, packing| {
            unpack(bytes, packing, UNPACKED_BYTES_MAX, &mut admission.room()).unwrap_err()
        };
        let bomb = vec![0; UNPACKED_BYTES_MAX + 1];
        let packed = zstd::encode_all(&*bomb, 1).unwrap();
        assert!(matches!(refused(packed, Packing::Zstd), Refusal::TooLarge(_)));
        assert!(matches!(refused(gzip(&bomb), Packing::Gzip), Refusal::TooLarge(_)));
        for packing in [Packing::Gzip, Packing::Zstd] {
            assert!(matches!(refused(b"rubbish".to_vec(), packing), Refusal::Malformed(_)));
        }
        let mut cut = gzip(&[7; 9_000]);
        cut.truncate(20);
        assert!(matches!(refused(cut, Packing::Gzip), Refusal::Malformed(_)));
        assert_eq!(admission.in_flight_bytes(), 0);
    }
}
