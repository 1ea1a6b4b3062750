//! Whose fault an error code is.

use model::transaction::Outcome;

/// The outcome of an answer with this error code (protocol guide, "Error Codes", Kafka 4.3).
///
/// The server's are those that say that a broker, leader, coordinator or controller is not there, not ready, not the right
/// one any more or too slow, that storage or network failed, or that a quota was exceeded. All others blame the request:
/// what it asks for is invalid, unknown, not authorized, not supported or out of date.
pub(super) const fn outcome(code: i16) -> Outcome {
    match code {
        0 => Outcome::Ok,
        // UNKNOWN_SERVER_ERROR
        -1
        // LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT, BROKER_NOT_AVAILABLE, REPLICA_NOT_AVAILABLE
        | 5..=9
        // STALE_CONTROLLER_EPOCH
        | 11
        // NETWORK_EXCEPTION, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
        | 13..=16
        // NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND
        | 19 | 20
        // NOT_CONTROLLER
        | 41
        // CONCURRENT_TRANSACTIONS (the coordinator still ends the one before), TRANSACTION_COORDINATOR_FENCED
        | 51 | 52
        // KAFKA_STORAGE_ERROR
        | 56
        // LISTENER_NOT_FOUND
        | 72
        // FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH
        | 74 | 75
        // STALE_BROKER_EPOCH, OFFSET_NOT_AVAILABLE
        | 77 | 78
        // PREFERRED_LEADER_NOT_AVAILABLE
        | 80
        // ELIGIBLE_LEADERS_NOT_AVAILABLE
        | 83
        // UNSTABLE_OFFSET_COMMIT, THROTTLING_QUOTA_EXCEEDED
        | 88 | 89
        // FEATURE_UPDATE_FAILED, PRINCIPAL_DESERIALIZATION_FAILURE
        | 96 | 97
        // BROKER_ID_NOT_REGISTERED
        | 102
        // INELIGIBLE_REPLICA, NEW_LEADER_ELECTED, OFFSET_MOVED_TO_TIERED_STORAGE
        | 107..=109
        // SHARE_SESSION_LIMIT_REACHED
        | 133 => Outcome::ServerError,
        _ => Outcome::ClientError,
    }
}

/// Codes that an answer may carry: those that are known, and room for some that are not yet.
pub(super) const fn is_plausible(code: i16) -> bool {
    -1 <= code && code < 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_an_outcome() {
        for (code, expected) in [
            (0, Outcome::Ok),
            (-1, Outcome::ServerError),
            (1, Outcome::ClientError),
            (3, Outcome::ClientError),
            (6, Outcome::ServerError),
            (15, Outcome::ServerError),
            (27, Outcome::ClientError),
            (29, Outcome::ClientError),
            (35, Outcome::ClientError),
            (89, Outcome::ServerError),
            (9_999, Outcome::ClientError),
        ] {
            assert_eq!(outcome(code), expected, "{code}");
        }
    }
}
