//! Batches one after the other on a stream: each message of [`super::wire_form`] behind its length, as delimited Protocol
//! Buffers have it (a LEB128).

use super::Batch;
use super::wire_form::{self, WireError};
use thiserror::Error;

/// Bytes of one message; more is no stream of ours.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// Bytes of a length.
const LENGTH_BYTES_MAX: usize = 10;

/// A stream that cannot be read on.
#[derive(Debug, Error)]
pub enum FrameError {
    /// A length that is none, or too large.
    #[error("no stream of batches: a message would have more than {FRAME_BYTES_MAX} bytes")]
    Length,
    /// A message that holds no batches.
    #[error(transparent)]
    Message(#[from] WireError),
}

/// Messages of [`wire_form::encode`] as one, behind its length: one behind the other they are one.
pub fn frame(messages: &[&[u8]]) -> Vec<u8> {
    let length: usize = messages.iter().map(|message| message.len()).sum();
    let mut frame = Vec::with_capacity(length + LENGTH_BYTES_MAX);
    prost::encoding::encode_varint(length as u64, &mut frame);
    messages.iter().for_each(|message| frame.extend_from_slice(message));
    frame
}

/// The first message of `bytes`, and how many bytes it took; `None` where the rest of it has not come yet.
///
/// # Errors
/// Bytes that no observer sends.
pub fn read(bytes: &[u8]) -> Result<Option<(Vec<Batch>, usize)>, FrameError> {
    let ends = |byte: &u8| byte & 0x80 == 0;
    let Some(last) = bytes.iter().take(LENGTH_BYTES_MAX).position(ends) else {
        return if bytes.len() < LENGTH_BYTES_MAX { Ok(None) } else { Err(FrameError::Length) };
    };
    let length = prost::decode_length_delimiter(bytes).map_err(|_| FrameError::Length)?;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::Length);
    }
    let end = last + 1 + length;
    match bytes.get(last + 1..end) {
        Some(message) => Ok(Some((wire_form::decode(message)?, end))),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{BatchId, Value};
    use crate::series::Series;
    use crate::units::CaptureTime;
    use crate::window::WindowLength;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn batch(number: u64) -> Batch {
        let window = WindowLength::DEFAULT.window_of(CaptureTime::from_parts(10 * number, 0));
        Batch {
            id: BatchId { source: "host".into(), run: 1, pipeline: 0, window },
            revision: 1,
            values: vec![(Arc::new(Series::new("requests", &[])), Value::Delta(number))],
        }
    }

    #[test]
    fn messages_come_out_one_by_one_wherever_the_stream_is_cut() {
        let encoded: Vec<Vec<u8>> =
            (0..3).map(|number| wire_form::encode([&batch(number)])).collect();
        let [one, two, three] = [0, 1, 2].map(|place: usize| encoded[place].as_slice());
        let stream = [frame(&[one, two]), frame(&[]), frame(&[three])].concat();
        let (first, used) = read(&stream).unwrap().unwrap();
        assert_eq!(first, [batch(0), batch(1)], "joined messages are one");
        let (second, empty) = read(&stream[used..]).unwrap().unwrap();
        assert_eq!((second, empty), (Vec::new(), 1));
        let (third, last) = read(&stream[used + 1..]).unwrap().unwrap();
        assert_eq!((third, used + 1 + last), (vec![batch(2)], stream.len()));
        assert!((0..used).all(|cut| read(&stream[..cut]).unwrap().is_none()));
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_before_anything_is_kept() {
        assert!(matches!(read(&[0xff; 10]), Err(FrameError::Length)));
        assert!(matches!(read(&[0xff, 0xff, 0xff, 0xff, 0x7f]), Err(FrameError::Length)));
        assert!(read(&[0xff; 9]).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes);
        }
    }
}
