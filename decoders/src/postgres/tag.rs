//! Command tags: what the server says it did. PostgreSQL manual, "Message Formats", CommandComplete.

/// The first words of all tags; what is not here is `other`. Their places are numbers of transactions' attributes.
pub(crate) const WORDS: &[&str] = &[
    "other",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "COPY",
    "FETCH",
    "MOVE",
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "PREPARE",
    "EXECUTE",
    "DEALLOCATE",
    "DECLARE",
    "CLOSE",
    "DISCARD",
    "SET",
    "RESET",
    "SHOW",
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "GRANT",
    "REVOKE",
    "COMMENT",
    "SECURITY",
    "EXPLAIN",
    "ANALYZE",
    "VACUUM",
    "CLUSTER",
    "REINDEX",
    "REPACK",
    "REFRESH",
    "REASSIGN",
    "IMPORT",
    "LOCK",
    "LISTEN",
    "NOTIFY",
    "UNLISTEN",
    "DO",
    "CALL",
    "LOAD",
    "CHECKPOINT",
    "LOGIN",
    "WAIT",
    "IDENTIFY_SYSTEM",
    "BASE_BACKUP",
    "START_REPLICATION",
    "START_STREAMING",
    "CREATE_REPLICATION_SLOT",
    "ALTER_REPLICATION_SLOT",
    "DROP_REPLICATION_SLOT",
    "READ_REPLICATION_SLOT",
    "TIMELINE_HISTORY",
    "UPLOAD_MANIFEST",
];

/// The number of a tag's first word, and its count of rows, where it has one: `INSERT 0 5`.
pub(super) fn read(tag: &[u8]) -> (u64, Option<u64>) {
    let mut words = tag.split(|&byte| byte == b' ');
    let first = words.next().unwrap_or_default();
    let rows = words.next_back().and_then(|last| std::str::from_utf8(last).ok()?.parse().ok());
    let place = WORDS.iter().position(|word| word.as_bytes() == first);
    (place.unwrap_or_default() as u64, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (tag, expected, rows) in [
            ("SELECT 5", "SELECT", Some(5)),
            ("INSERT 0 12", "INSERT", Some(12)),
            ("CREATE TABLE", "CREATE", None),
            ("BEGIN", "BEGIN", None),
            ("SOMETHING NEW", "other", None),
            ("", "other", None),
        ] {
            let (number, counted) = read(tag.as_bytes());
            assert_eq!((WORDS[number as usize], counted), (expected, rows), "{tag}");
        }
    }
}
