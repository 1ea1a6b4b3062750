//! What `MONITOR` shows (Redis manual, `MONITOR`).

/// Whether it is a line of MONITOR: `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`. `None` where more is needed to
/// tell.
pub(super) fn is_line(bytes: &[u8]) -> Option<bool> {
    let time = bytes.get(1..).unwrap_or_default();
    let part = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds = part(time);
    match time.get(seconds..) {
        None | Some([]) => None,
        Some([b'.', rest @ ..]) if seconds >= 9 => {
            let fraction = part(rest);
            match rest.get(fraction..) {
                None | Some([] | [b' ']) => None,
                Some([b' ', b'[', ..]) => Some(fraction == 6),
                Some(_) => Some(false),
            }
        }
        Some(_) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (text, expected) in [
            ("+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n", Some(true)),
            ("+1339518083.1074", None),
            ("+133951", None),
            ("+", None),
            ("+OK\r\n", Some(false)),
            ("+1339518083\r\n", Some(false)),
            ("+1339518083.107412 x", Some(false)),
        ] {
            assert_eq!(is_line(text.as_bytes()), expected, "{text:?}");
        }
    }
}
