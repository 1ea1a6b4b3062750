use super::*;
use crate::limits::STATEMENT_BYTES_MAX;
use Dialect::{Cassandra, Mysql, Postgres};

fn fingerprint(text: impl AsRef<[u8]>, dialect: Dialect) -> String {
    let mut out = b"before".to_vec();
    append(text.as_ref(), dialect, &mut out);
    String::from_utf8(out).unwrap().strip_prefix("before").unwrap().to_owned()
}

#[test]
fn of_all_dialects() {
    for (text, expected) in [
        ("", ""),
        ("  -- nothing\n", ""),
        ("select * from Users where id = 42", "SELECT * FROM users WHERE id = ?"),
        ("SELECT\n\t*  FROM users /* a 'b' */ WHERE id=42", "SELECT * FROM users WHERE id = ?"),
        ("SELECT a.b, count(*) FROM t a", "SELECT a.b, count(*) FROM t a"),
        ("SELECT x FROM t WHERE n IN (1, 2,3)", "SELECT x FROM t WHERE n IN (?)"),
        ("SELECT x FROM t WHERE n IN(1)", "SELECT x FROM t WHERE n IN (?)"),
        ("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'it''s')", "INSERT INTO t (a, b) VALUES (?)"),
        (
            "INSERT INTO t VALUES (now(), 1), (now(), 2), (now(), 3)",
            "INSERT INTO t VALUES (now(), ?)",
        ),
        ("INSERT INTO t VALUES (1, NULL, true), (NULL, 2, false)", "INSERT INTO t VALUES (?)"),
        ("SELECT 1 WHERE a IS NULL AND b = NULL", "SELECT ? WHERE a IS NULL AND b = ?"),
        ("UPDATE t SET a = -1, b = b - 1, c = +.5e-3", "UPDATE t SET a = ?, b = b - ?, c = ?"),
        ("SELECT -a, - -1 FROM t LIMIT 10", "SELECT - a, - ? FROM t LIMIT ?"),
        (
            "SELECT x FROM t WHERE h = 0xDEADBEEF AND b = B'01' AND x = x'1f'",
            "SELECT x FROM t WHERE h = ? AND b = ? AND x = ?",
        ),
        ("SELECT 'a' 'b' FROM t;", "SELECT ? FROM t"),
        ("SELECT 1; SELECT 2;", "SELECT ?; SELECT ?"),
        ("SELECT DATE '2020-01-01', 1.5, f(1,2)", "SELECT date ?, ?, f(?)"),
        (
            "SELECT x FROM t WHERE (a, b) IN ((1, 2), (3, 4))",
            "SELECT x FROM t WHERE (a, b) IN ((?))",
        ),
        (
            "SELECT x FROM t WHERE u = 123e4567-e89b-12d3-a456-426614174000",
            "SELECT x FROM t WHERE u = ?",
        ),
        (
            "SELECT x FROM t WHERE u = f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "SELECT x FROM t WHERE u = ?",
        ),
        ("SELECT a<>1, b!=2, c>=3, d||'x'", "SELECT a <> ?, b != ?, c >= ?, d || ?"),
        ("SELECT 'never ends", "SELECT ?"),
        ("SELECT x FROM straße", "SELECT x FROM straße"),
    ] {
        for dialect in [Postgres, Cassandra, Mysql] {
            assert_eq!(fingerprint(text, dialect), expected, "{dialect:?}: {text}");
        }
    }
}

#[test]
fn of_one_dialect() {
    for (dialect, text, expected) in [
        (Postgres, "SELECT $1::int + $2", "SELECT ?::int + ?"),
        (Postgres, "SELECT \"Name\", 'x'::text", "SELECT \"Name\", ?::text"),
        (Postgres, "SELECT $$a 'b' $x$ $$, $tag$ $$ secret $$ $tag$, 1", "SELECT ?, ?, ?"),
        (Postgres, "SELECT E'it\\'s secret', e'\\\\', U&'\\0061', N'x'", "SELECT ?, ?, ?, ?"),
        (Postgres, "SELECT /* /* nested */ 'secret' */ 1", "SELECT ?"),
        (Postgres, "SELECT 'C:\\temp\\' , 'secret'", "SELECT ? …"),
        (Postgres, "SELECT 'O\\'Reilly', 2", "SELECT ?, ?"),
        (
            Postgres,
            "SELECT a -> 'b' ->> 'c', d @> '{}', e ? 'f'",
            "SELECT a -> ? ->> ?, d @> ?, e ? ?",
        ),
        (Postgres, "SELECT ARRAY[1, 2, 3], a[1:2], a[1]", "SELECT ARRAY [?], a[?], a[?]"),
        (Postgres, "SELECT x FROM t WHERE id = ANY ($1)", "SELECT x FROM t WHERE id = ANY (?)"),
        (Postgres, "SELECT a#>>'{x}' -- 'c'", "SELECT a #>> ?"),
        (Postgres, "DO $$ BEGIN PERFORM 'secret'; END $$", "DO ?"),
        (Postgres, "SELECT 1_000, 0b11, 1e10", "SELECT ?, ?, ?"),
        (
            Cassandra,
            "SELECT * FROM t WHERE k = :key AND c > ?",
            "SELECT * FROM t WHERE k = ? AND c > ?",
        ),
        (
            Cassandra,
            "INSERT INTO t (m) VALUES ({'a': 1, 'b': 2})",
            "INSERT INTO t (m) VALUES ({?})",
        ),
        (
            Cassandra,
            "UPDATE t SET s = s + {'x', 'y'} WHERE k = 1",
            "UPDATE t SET s = s + {?} WHERE k = ?",
        ),
        (Cassandra, "SELECT $$it's$$ // 'comment'\nFROM t", "SELECT ? FROM t"),
        (
            Cassandra,
            "SELECT * FROM t WHERE d > 1h30m AND e < P3DT4H",
            "SELECT * FROM t WHERE d > ? AND e < ?",
        ),
        (Cassandra, "SELECT 'ends\\' FROM t", "SELECT ? FROM t"),
        (
            Cassandra,
            "INSERT INTO t (a) VALUES ({street: 'x', no: 5})",
            "INSERT INTO t (a) VALUES ({street: ?, no: ?})",
        ),
        (Mysql, "SELECT \"secret\", `Name` # 'x'\n FROM t", "SELECT ?, `Name` FROM t"),
        (
            Mysql,
            "SELECT 'O\\'Reilly', _utf8'x' , @v, @@global.x",
            "SELECT ?, _utf8 ?, @v, @@global.x",
        ),
        (Mysql, "SELECT 'a\\', 'secret'", "SELECT ? …"),
        (Mysql, "SELECT a--1 FROM t -- 'x'", "SELECT a - ? FROM t"),
        (Mysql, "SELECT x FROM t LIMIT 5, 10", "SELECT x FROM t LIMIT ?, ?"),
        (Mysql, "SELECT /*! SQL_NO_CACHE */ 1", "SELECT ?"),
    ] {
        assert_eq!(fingerprint(text, dialect), expected, "{dialect:?}: {text}");
    }
}

/// Wherever the text is cut, by the sender or by the limit, nothing of a value is left.
#[test]
fn no_value_is_left_wherever_the_text_is_cut() {
    let common =
        "'secret', \"x\", 0xec4e7, ec4e7000-ec4e-ec4e-ec4e-ec4e7ec4e7ec, B'secret' -- secret";
    let texts = [
        (Postgres, format!("SELECT e'se\\'cret', $s$secret$s$, U&'secret', {common}")),
        (Cassandra, format!("SELECT $$secret$$, 'it''s secret', {common}")),
        (Mysql, format!("SELECT 'it\\'secret', N'secret', \"secret\", {common}")),
    ];
    let filler = "/*".to_owned() + &" ".repeat(STATEMENT_BYTES_MAX) + "*/";
    for (dialect, text) in texts {
        for end in 0..=text.len() {
            let front = &filler[filler.len() - (STATEMENT_BYTES_MAX - end) + 2..];
            let cut_by_limit = format!("/*{front}{text}");
            for text in [&text[..end], &cut_by_limit] {
                let name = fingerprint(text, dialect);
                // A word that a cut leaves of a value is there only where the sender cut it.
                let hex = name.contains("ec4e") && text.len() > STATEMENT_BYTES_MAX;
                let own = name.replace("\"x\"", "");
                assert!(
                    !own.contains("secr") && !own.contains("cret") && !hex,
                    "{dialect:?} {name}"
                );
            }
        }
    }
}

#[test]
fn long_texts_are_cut_and_nothing_else_matters() {
    let list = "1, ".repeat(100_000);
    assert_eq!(
        fingerprint(format!("SELECT x WHERE n IN ({list}1)"), Postgres),
        "SELECT x WHERE n IN (?"
    );
    let rows = "(1, 'x', now()), ".repeat(500);
    assert_eq!(
        fingerprint(format!("INSERT INTO t VALUES {rows}(1)"), Mysql),
        "INSERT INTO t VALUES (?, now()), (?)"
    );
    let name = fingerprint(format!("SELECT {}", "column_name, ".repeat(1_000)), Postgres);
    assert!((NAME_BYTES_MAX..3 * NAME_BYTES_MAX).contains(&name.len()), "{}", name.len());
    let name = fingerprint("x".repeat(100_000), Postgres);
    assert!(name.len() <= WRITTEN_MAX);
    assert_eq!(fingerprint("((((((((((((((((((((((((1", Postgres), format!("{}?", "(".repeat(24)));
    assert_eq!(fingerprint(")))", Postgres), ")))");
}

#[test]
fn any_bytes_give_text() {
    assert_eq!(fingerprint(b"SELECT \xff\xfe FROM \"a\x00b\"", Postgres), "SELECT __ FROM \"a_b\"");
    for byte in 0..=255_u8 {
        for dialect in [Postgres, Cassandra, Mysql] {
            fingerprint([byte, b'\'', byte, byte], dialect);
            fingerprint([b'$', byte, b'$', byte], dialect);
        }
    }
}
