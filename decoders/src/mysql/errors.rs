//! Whose fault an error is.

use model::transaction::Outcome;

/// Errors that say that the server could not do what was right to ask (MySQL 8.4 error reference and MariaDB error code
/// reference): it has no connections, memory, threads or disk left, it stops, it is read-only, its storage failed, or others
/// held the locks (1205, 1213, 3572), or it gave up by its own limit of time. All else is the statement's fault.
const SERVER_ERRORS: [u16; 62] = [
    1004, 1005, 1006, 1016, 1018, 1021, 1023, 1024, 1025, 1026, 1030, 1034, 1035, 1037, 1038, 1040,
    1041, 1042, 1053, 1080, 1114, 1119, 1129, 1135, 1152, 1158, 1159, 1160, 1161, 1180, 1181, 1184,
    1194, 1195, 1203, 1205, 1206, 1213, 1218, 1219, 1226, 1290, 1297, 1317, 1430, 1436, 1613, 1614,
    1637, 1792, 1836, 1877, 1927, 1969, 3024, 3100, 3101, 3168, 3170, 3572, 3636, 4031,
];

/// The outcome that an error's number tells.
pub(super) fn outcome(number: u16) -> Outcome {
    match SERVER_ERRORS.binary_search(&number) {
        Ok(_) => Outcome::ServerError,
        Err(_) => Outcome::ClientError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes() {
        assert!(SERVER_ERRORS.is_sorted());
        for number in [1040, 1053, 1203, 1205, 1213, 1290] {
            assert_eq!(outcome(number), Outcome::ServerError, "{number}");
        }
        for number in [1045, 1049, 1062, 1064, 1146, 1243, 1451] {
            assert_eq!(outcome(number), Outcome::ClientError, "{number}");
        }
    }
}
