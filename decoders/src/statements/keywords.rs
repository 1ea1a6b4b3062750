//! Words that are written in capitals in fingerprints.

/// In order. Words of all three dialects that are reserved, or begin statements or clauses.
const KEYWORDS: &[&str] = &[
    "ADD",
    "ALL",
    "ALLOW",
    "ALTER",
    "ANALYZE",
    "AND",
    "ANY",
    "APPLY",
    "ARRAY",
    "AS",
    "ASC",
    "BATCH",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CALL",
    "CASCADE",
    "CASE",
    "CAST",
    "CLOSE",
    "COLLATE",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "COPY",
    "CREATE",
    "CROSS",
    "CURRENT",
    "CURSOR",
    "DATABASE",
    "DEALLOCATE",
    "DECLARE",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISCARD",
    "DISTINCT",
    "DO",
    "DROP",
    "DUPLICATE",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FETCH",
    "FILTERING",
    "FIRST",
    "FOR",
    "FORCE",
    "FOREIGN",
    "FROM",
    "FULL",
    "FUNCTION",
    "GRANT",
    "GROUP",
    "HAVING",
    "IF",
    "IGNORE",
    "ILIKE",
    "IN",
    "INDEX",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "ISOLATION",
    "JOIN",
    "JSON",
    "KEY",
    "KEYSPACE",
    "KILL",
    "LAST",
    "LATERAL",
    "LEFT",
    "LEVEL",
    "LIKE",
    "LIMIT",
    "LISTEN",
    "LOAD",
    "LOCK",
    "LOCKED",
    "MATERIALIZED",
    "MERGE",
    "MOVE",
    "NATURAL",
    "NOT",
    "NOTHING",
    "NOTIFY",
    "NOWAIT",
    "NULL",
    "NULLS",
    "OF",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PREPARE",
    "PRIMARY",
    "PROCEDURE",
    "RANGE",
    "RECURSIVE",
    "REFERENCES",
    "REINDEX",
    "RELEASE",
    "RENAME",
    "REPLACE",
    "RESET",
    "RETURNING",
    "REVOKE",
    "RIGHT",
    "ROLLBACK",
    "ROWS",
    "SAVEPOINT",
    "SCHEMA",
    "SELECT",
    "SEQUENCE",
    "SET",
    "SHARE",
    "SHOW",
    "SKIP",
    "START",
    "STDIN",
    "STDOUT",
    "TABLE",
    "TEMPORARY",
    "THEN",
    "TIMESTAMP",
    "TO",
    "TOKEN",
    "TRANSACTION",
    "TRIGGER",
    "TRUE",
    "TRUNCATE",
    "TTL",
    "TYPE",
    "UNION",
    "UNIQUE",
    "UNLISTEN",
    "UNLOGGED",
    "UPDATE",
    "USE",
    "USING",
    "VACUUM",
    "VALUES",
    "VIEW",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
    "WORK",
];

/// The longest of them.
const LENGTH_MAX: usize = 12;

/// Places of a hash table, a power of two; a quarter of them is taken.
const SLOTS: usize = 512;
const EMPTY: u8 = u8::MAX;

/// The table: places in [`KEYWORDS`], each in its own slot or one behind it.
static TABLE: [u8; SLOTS] = table();
/// Every keyword as a number.
static KEYS: [u128; KEYWORDS.len()] = keys();

#[allow(clippy::indexing_slicing)] // At compile time.
const fn keys() -> [u128; KEYWORDS.len()] {
    let mut keys = [0; KEYWORDS.len()];
    let mut place = 0;
    while place < keys.len() {
        let (keyword, mut at) = (KEYWORDS[place].as_bytes(), 0);
        while at < keyword.len() {
            keys[place] |= (keyword[at] as u128) << (8 * at);
            at += 1;
        }
        place += 1;
    }
    keys
}

#[allow(clippy::indexing_slicing)] // At compile time.
const fn table() -> [u8; SLOTS] {
    let (mut table, keys) = ([EMPTY; SLOTS], keys());
    let mut place = 0;
    while place < keys.len() {
        let mut slot = slot(keys[place]);
        while table[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = place as u8;
        place += 1;
    }
    table
}

const fn slot(key: u128) -> usize {
    // An odd number without pattern, see `model::names`.
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(MIX) >> (64 - SLOTS.trailing_zeros())) as usize
}

/// The keyword that a word is, in capitals.
pub(super) fn find(word: &[u8]) -> Option<&'static str> {
    if word.len() > LENGTH_MAX {
        return None;
    }
    let mut capitals = [0; size_of::<u128>()];
    capitals.iter_mut().zip(word).for_each(|(to, from)| *to = *from);
    capitals.make_ascii_uppercase();
    let key = u128::from_le_bytes(capitals);
    let mut slot = slot(key);
    loop {
        let place = usize::from(*TABLE.get(slot)?);
        // Behind the last place there is none: an empty slot.
        if *KEYS.get(place)? == key {
            // A zero at a word's end is not in its number.
            return KEYWORDS.get(place).copied().filter(|keyword| keyword.len() == word.len());
        }
        slot = (slot + 1) % SLOTS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_in_any_case() {
        assert!(KEYWORDS.is_sorted() && KEYWORDS.len() < usize::from(EMPTY));
        assert_eq!(KEYWORDS.iter().map(|keyword| keyword.len()).max(), Some(LENGTH_MAX));
        for keyword in KEYWORDS {
            assert_eq!(find(keyword.as_bytes()), Some(*keyword));
            assert_eq!(find(keyword.to_lowercase().as_bytes()), Some(*keyword));
        }
    }

    #[test]
    fn other_words_are_not() {
        for word in [&b""[..], b"selected", b"selec", b"users", b"select\0", &[b'x'; 100]] {
            assert_eq!(find(word), None, "{word:?}");
        }
    }
}
