//! How a request ended, by what its answer said.

use super::streams::Stream;
use model::transaction::Outcome;

/// What a whole answer says of its request; `None` where that was said by fields that are not known.
pub(super) fn of_answer(stream: &Stream, ended_by_fields: bool) -> Option<Outcome> {
    let status = stream.status?;
    if !(100..400).contains(&status) {
        return Some(of_status(status));
    }
    if let Some(grpc_status) = stream.grpc_status {
        return Some(of_grpc_status(grpc_status));
    }
    match stream.is_grpc {
        Some(false) => Some(Outcome::Ok),
        // The status may be one of the fields that are not known.
        _ if ended_by_fields && stream.has_unknown => None,
        // "PROTOCOL-HTTP2.md", Responses: a call without a status has failed.
        Some(true) => Some(Outcome::ServerError),
        // No call ends without fields.
        None => Some(Outcome::Ok),
    }
}

const fn of_status(status: u16) -> Outcome {
    match status {
        400..=499 => Outcome::ClientError,
        _ => Outcome::ServerError,
    }
}

/// gRPC, "statuscodes.md". Whom a code blames follows its mapping to HTTP in google/rpc/code.proto; UNIMPLEMENTED,
/// ABORTED and RESOURCE_EXHAUSTED are failures that the caller could not avoid.
const fn of_grpc_status(status: u16) -> Outcome {
    match status {
        0 => Outcome::Ok,
        // CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE,
        // UNAUTHENTICATED.
        1 | 3 | 5 | 6 | 7 | 9 | 11 | 16 => Outcome::ClientError,
        // UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, and
        // what is none of them.
        _ => Outcome::ServerError,
    }
}

/// What a server's RST_STREAM says (RFC 9113, section 7): codes that blame the client's use of the protocol, and all
/// others.
pub(super) const fn of_reset(code: u32) -> Outcome {
    match code {
        // PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR, COMPRESSION_ERROR, ENHANCE_YOUR_CALM,
        // INADEQUATE_SECURITY, HTTP_1_1_REQUIRED.
        1 | 3 | 5 | 6 | 9 | 11 | 12 | 13 => Outcome::ClientError,
        _ => Outcome::ServerError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(status: Option<u16>, grpc_status: Option<u16>, is_grpc: Option<bool>) -> Stream {
        Stream { status, grpc_status, is_grpc, ..Stream::default() }
    }

    #[test]
    fn answers() {
        for (status, grpc_status, is_grpc, outcome) in [
            (200, None, Some(false), Outcome::Ok),
            (304, None, None, Outcome::Ok),
            (404, None, Some(false), Outcome::ClientError),
            (503, Some(0), Some(true), Outcome::ServerError),
            (200, Some(0), Some(true), Outcome::Ok),
            (200, Some(5), Some(true), Outcome::ClientError),
            (200, Some(14), Some(true), Outcome::ServerError),
            (200, Some(99), Some(true), Outcome::ServerError),
            (200, None, Some(true), Outcome::ServerError),
        ] {
            let stream = stream(Some(status), grpc_status, is_grpc);
            assert_eq!(of_answer(&stream, true), Some(outcome), "{stream:?}");
        }
    }

    #[test]
    fn what_was_agreed_before_we_came_is_not_guessed() {
        assert_eq!(of_answer(&stream(None, None, None), true), None);
        let unknown = |is_grpc| Stream { has_unknown: true, ..stream(Some(200), None, is_grpc) };
        assert_eq!(of_answer(&unknown(None), true), None);
        assert_eq!(of_answer(&unknown(Some(true)), true), None);
        assert_eq!(of_answer(&unknown(None), false), Some(Outcome::Ok));
        assert_eq!(of_answer(&unknown(Some(false)), true), Some(Outcome::Ok));
        let error = Stream { has_unknown: true, ..stream(Some(404), None, None) };
        assert_eq!(of_answer(&error, true), Some(Outcome::ClientError));
    }
}
