//! What an error is called, and whose fault it is.

use memchr::memchr;
use model::transaction::{Code, Outcome};

/// Bytes of an error that are looked at.
pub(super) const ERROR_BYTES_MAX: usize = 40;

/// The server cannot do what would be right to ask: it loads, is out of memory, has lost its master or its disk, or waits
/// for others (`server.c` and `cluster.c`, shared error replies).
const SERVER_ERRORS: [&str; 15] = [
    "BUSY",
    "CLUSTERDOWN",
    "FAILOVER",
    "INPROG",
    "IOERR",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOGOODSLAVE",
    "NOMASTERLINK",
    "NOQUORUM",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
];

/// The request's fault, `MOVED` and `ASK` too: the client asked the wrong server of a cluster. Errors with other words are
/// the request's as well, and have no code: scripts make up their own.
const CLIENT_ERRORS: [&str; 22] = [
    "ASK",
    "BADARITY",
    "BUSYGROUP",
    "BUSYKEY",
    "CROSSSLOT",
    "DENIED",
    "DUPLICATE",
    "ERR",
    "EXECABORT",
    "INVALIDOBJ",
    "MOVED",
    "NOAUTH",
    "NOGROUP",
    "NOKEY",
    "NOPERM",
    "NOPROTO",
    "NOSCRIPT",
    "NOTBUSY",
    "NOTREADY",
    "UNKILLABLE",
    "WRONGPASS",
    "WRONGTYPE",
];

/// What an error without a word of its own says where the server is to blame.
const SERVER_TEXTS: [&[u8]; 1] = [b"ERR max number of clients reached"];

/// The code and the outcome that an error's text tells, as far as it is there.
pub(super) fn verdict(text: &[u8]) -> (Code, Outcome) {
    let end = text.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(text.len());
    let word = text.get(..end).unwrap_or_default();
    let find = |words: &[&'static str]| words.iter().copied().find(|own| own.as_bytes() == word);
    let code = |word: Option<&'static str>| word.map_or(Code::None, Code::Word);
    match find(&SERVER_ERRORS) {
        Some(word) => (Code::Word(word), Outcome::ServerError),
        None if SERVER_TEXTS.into_iter().any(|start| text.starts_with(start)) => {
            (Code::Word("ERR"), Outcome::ServerError)
        }
        None => (code(find(&CLIENT_ERRORS)), Outcome::ClientError),
    }
}

/// The text of an error, as far as it is there: a line, or a string.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    let text = match bytes.split_first() {
        Some((b'!', _)) => memchr(b'\n', bytes).and_then(|end| bytes.get(end + 1..)),
        Some((_, text)) => Some(text),
        None => None,
    };
    text.unwrap_or_default()
}

/// Whether enough of an error is there to tell what it is.
pub(super) fn is_told(bytes: &[u8]) -> bool {
    let told = text(bytes);
    told.len() >= ERROR_BYTES_MAX || memchr(b'\n', told).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_outcomes() {
        assert_eq!(verdict(b"OOM command not allowed"), (Code::Word("OOM"), Outcome::ServerError));
        let full = verdict(b"ERR max number of clients reached\r\n");
        assert_eq!(full, (Code::Word("ERR"), Outcome::ServerError));
        assert_eq!(verdict(b"WRONGTYPE x"), (Code::Word("WRONGTYPE"), Outcome::ClientError));
        assert_eq!(verdict(b"MYOWN error"), (Code::None, Outcome::ClientError));
        for text in
            ["ERR unknown command", "WRONGTYPE x", "MOVED 7 10.0.0.1:1", "BUSYGROUP x", "", "OOMPH"]
        {
            let (_, outcome) = verdict(text.as_bytes());
            assert_eq!(outcome, Outcome::ClientError, "{text}");
        }
    }
}
