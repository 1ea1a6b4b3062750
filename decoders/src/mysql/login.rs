//! The greeting of the server and the login of the client (MySQL source documentation, "Connection Phase").

use super::packet::Fields;

/// What a side can do; what both can, is done ("Capabilities Flags"; MariaDB manual, "Connection": capabilities).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Abilities {
    flags: u32,
    mariadb: u32,
}

impl Abilities {
    const COMPRESS: u32 = 1 << 5;
    const PROTOCOL_41: u32 = 1 << 9;
    const SSL: u32 = 1 << 11;
    const DEPRECATE_EOF: u32 = 1 << 24;
    const OPTIONAL_METADATA: u32 = 1 << 25;
    const COMPRESS_ZSTD: u32 = 1 << 26;
    const QUERY_ATTRIBUTES: u32 = 1 << 27;
    /// Set by all but MariaDB's, which say what else they can do in four bytes that others leave empty.
    const MYSQL: u32 = 1;
    /// The fifth of MariaDB's own.
    const MARIADB_CACHE_METADATA: u32 = 1 << 4;

    const ALL: Self = Self { flags: u32::MAX, mariadb: u32::MAX };

    /// What both sides can do.
    pub(super) fn and(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or(Self::ALL);
        // Who sets the flag is not MariaDB, and its four bytes mean nothing.
        let mariadb = if (self.flags | other.flags) & Self::MYSQL == 0 || other == Self::ALL {
            self.mariadb & other.mariadb
        } else {
            0
        };
        Self { flags: self.flags & other.flags, mariadb }
    }

    pub(super) const fn compress(self) -> bool {
        self.flags & (Self::COMPRESS | Self::COMPRESS_ZSTD) != 0
    }

    /// A query has its attributes before its text.
    pub(super) const fn has_query_attributes(self) -> bool {
        self.flags & Self::QUERY_ATTRIBUTES != 0
    }

    /// Columns have no end of their own, and an OK packet ends rows.
    pub(super) const fn deprecates_eof(self) -> bool {
        self.flags & Self::DEPRECATE_EOF != 0
    }

    /// MySQL: the number of columns has before it whether they follow.
    pub(super) const fn has_optional_metadata(self) -> bool {
        self.flags & Self::OPTIONAL_METADATA != 0
    }

    /// MariaDB: the number of columns has behind it whether they follow.
    pub(super) const fn caches_metadata(self) -> bool {
        self.mariadb & Self::MARIADB_CACHE_METADATA != 0
    }
}

/// The version of the greeting.
const PROTOCOL_VERSION: u8 = 10;

/// What the server can do, by its greeting ("Protocol::HandshakeV10"). `None` where it is none.
pub(super) fn greeting(payload: &[u8]) -> Option<Abilities> {
    let mut fields = Fields(payload);
    let version = (fields.u8()? == PROTOCOL_VERSION).then(|| fields.text_to_zero())??;
    if version.is_empty() || !version.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    fields.take(4)?;
    fields.take(8)?;
    (fields.u8()? == 0).then_some(())?;
    let low = fields.u16()?;
    let flags = |low, high| u32::from(high) << 16 | u32::from(low);
    // Old servers stop here.
    if fields.u8().is_none() {
        return Some(Abilities { flags: flags(low, 0), mariadb: 0 });
    }
    fields.take(2)?;
    let high = fields.u16()?;
    fields.take(7)?;
    let mariadb = fields.u32()?;
    let flags = flags(low, high);
    Some(Abilities { flags, mariadb: if flags & Abilities::MYSQL == 0 { mariadb } else { 0 } })
}

/// Bytes of a request for TLS, and of a login before the user's name.
pub(super) const LOGIN_BYTES_MIN: u32 = 32;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// To log in.
    User(Abilities),
    /// To encrypt first ("Protocol::SSLRequest").
    Tls,
}

/// What the first packet of a client asks for ("Protocol::HandshakeResponse41"). `None` where it is none.
pub(super) fn login(payload: &[u8], length: u32) -> Option<Login> {
    let mut fields = Fields(payload);
    let flags = fields.u32()?;
    let _packet_bytes_max = fields.u32()?;
    let _charset = fields.u8()?;
    let filler = fields.take(19)?;
    let mariadb = fields.u32()?;
    let is_mysql = flags & Abilities::MYSQL != 0;
    let is_login = length >= LOGIN_BYTES_MIN
        && flags & Abilities::PROTOCOL_41 != 0
        && filler.iter().all(|&byte| byte == 0)
        && (!is_mysql || mariadb == 0);
    if !is_login {
        return None;
    }
    let is_tls = length == LOGIN_BYTES_MIN && flags & Abilities::SSL != 0;
    let mariadb = if is_mysql { 0 } else { mariadb };
    Some(if is_tls { Login::Tls } else { Login::User(Abilities { flags, mariadb }) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A greeting's payload.
    pub(crate) fn greet(flags: u32, mariadb: u32) -> Vec<u8> {
        let [a, b, c, d] = flags.to_le_bytes();
        let mut payload = b"\x0a8.0.30\0\x08\0\0\0abcdefgh\0".to_vec();
        payload.extend([a, b, 33, 2, 0, c, d, 21, 0, 0, 0, 0, 0, 0]);
        payload.extend(mariadb.to_le_bytes());
        payload.extend(b"ijklmnopqrst\0mysql_native_password\0");
        payload
    }

    fn ask(flags: u32, mariadb: u32, rest: &[u8]) -> Vec<u8> {
        let mut payload = flags.to_le_bytes().to_vec();
        payload.extend([0, 0, 0, 1, 33]);
        payload.extend([0; 19]);
        payload.extend(mariadb.to_le_bytes());
        payload.extend(rest);
        payload
    }

    #[test]
    fn what_both_can_do() {
        let server = greeting(&greet(0x0a00_0220, 0b1_0100)).unwrap();
        let payload = ask(0x0000_0220, 0b1_0000, b"root\0");
        let Some(Login::User(client)) = login(&payload, 37) else { panic!("no login") };
        let both = client.and(Some(server));
        assert!(both.compress() && both.caches_metadata() && !both.has_query_attributes());
        assert!(client.and(None).caches_metadata());
        let mysql = greeting(&greet(0x0a00_0221, 0b1_0100)).unwrap();
        assert!(!client.and(Some(mysql)).caches_metadata());
    }

    #[test]
    fn tls_is_asked_for_before_the_user() {
        assert_eq!(login(&ask(0x0a01, 0, b""), 32), Some(Login::Tls));
        assert!(matches!(login(&ask(0x0a01, 0, b"root\0"), 37), Some(Login::User(_))));
        assert_eq!(login(&ask(0x0001, 0, b"root\0"), 37), None);
        assert_eq!(login(b"short", 5), None);
    }

    #[test]
    fn what_is_no_greeting() {
        for payload in [&b"\x0a"[..], b"\x09old\0", b"\x0a\x01\0abcdefghijklmnopq", b""] {
            assert_eq!(greeting(payload), None, "{payload:?}");
        }
    }
}
