//! Whose fault an error is.

use model::transaction::Outcome;

/// Bytes of an error that are looked at.
pub(super) const ERROR_BYTES_MAX: usize = 40;

/// The server cannot do what would be right to ask: it loads, is out of memory, has lost its master or its disk, or waits
/// for others (`server.c` and `cluster.c`, shared error replies). All else is the request's, `MOVED` and `ASK` too: the
/// client asked the wrong server of a cluster.
const SERVER_ERRORS: [&[u8]; 15] = [
    b"BUSY",
    b"CLUSTERDOWN",
    b"FAILOVER",
    b"INPROG",
    b"IOERR",
    b"LOADING",
    b"MASTERDOWN",
    b"MISCONF",
    b"NOGOODSLAVE",
    b"NOMASTERLINK",
    b"NOQUORUM",
    b"NOREPLICAS",
    b"OOM",
    b"READONLY",
    b"TRYAGAIN",
];

/// What an error without a word of its own says where the server is to blame.
const SERVER_TEXTS: [&[u8]; 1] = [b"ERR max number of clients reached"];

/// The outcome that an error's text tells, as far as it is there.
pub(super) fn outcome(text: &[u8]) -> Outcome {
    let end = text.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(text.len());
    let word = text.get(..end).unwrap_or_default();
    let is_server = SERVER_ERRORS.contains(&word)
        || SERVER_TEXTS.into_iter().any(|start| text.starts_with(start));
    if is_server { Outcome::ServerError } else { Outcome::ClientError }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes() {
        assert_eq!(outcome(b"OOM command not allowed"), Outcome::ServerError);
        assert_eq!(outcome(b"ERR max number of clients reached\r\n"), Outcome::ServerError);
        for text in
            ["ERR unknown command", "WRONGTYPE x", "MOVED 7 10.0.0.1:1", "BUSYGROUP x", "", "OOMPH"]
        {
            assert_eq!(outcome(text.as_bytes()), Outcome::ClientError, "{text}");
        }
    }
}
