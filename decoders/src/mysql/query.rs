//! The text of a query, behind its attributes (MySQL source documentation, `COM_QUERY`).

use super::packet::Fields;

/// The statement in a query's payload, as far as it is there. `None` where attributes cannot be read.
pub(super) fn statement(payload: &[u8], has_attributes: Option<bool>) -> Option<&[u8]> {
    let behind_code = payload.get(1..).unwrap_or_default();
    // Where the login was not seen: no statement begins with a control character.
    let guess = matches!(behind_code.first(), Some(0..=8));
    if has_attributes.unwrap_or(guess) { behind_attributes(behind_code) } else { Some(behind_code) }
}

fn behind_attributes(payload: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(payload);
    let count = usize::try_from(fields.integer()?).ok()?;
    let _sets = fields.integer()?;
    if count == 0 {
        return Some(fields.0);
    }
    let nulls = fields.take(count.div_ceil(8))?;
    let _types_follow = fields.u8()?;
    // The types come first, then the values: both are walked at once.
    let mut types = fields;
    for _ in 0..count {
        fields.u16()?;
        fields.text()?;
    }
    for place in 0..count {
        let [kind, _] = types.u16()?.to_le_bytes();
        types.text()?;
        let is_null = nulls.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1);
        if !is_null {
            skip_value(kind, &mut fields)?;
        }
    }
    Some(fields.0)
}

/// Passes over a value ("Binary Protocol Value").
fn skip_value(kind: u8, fields: &mut Fields<'_>) -> Option<()> {
    let length = match kind {
        // NULL.
        6 => 0,
        // TINY.
        1 => 1,
        // SHORT, YEAR.
        2 | 13 => 2,
        // LONG, FLOAT, INT24.
        3 | 4 | 9 => 4,
        // DOUBLE, LONGLONG.
        5 | 8 => 8,
        // TIMESTAMP, DATE, TIME, DATETIME.
        7 | 10..=12 => usize::from(fields.u8()?),
        // Texts and bytes.
        _ => return fields.text().map(|_| ()),
    };
    fields.take(length).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        assert_eq!(statement(b"\x03SELECT 1", Some(false)), Some(&b"SELECT 1"[..]));
        assert_eq!(statement(b"\x03\0\x01SELECT 1", Some(true)), Some(&b"SELECT 1"[..]));
        assert_eq!(statement(b"\x03\0\x01SELECT 1", None), Some(&b"SELECT 1"[..]));
        assert_eq!(statement(b"\x03SELECT 1", None), Some(&b"SELECT 1"[..]));
        // The manual's example: a text, "1".
        let text = b"\x03\x01\x01\0\x01\xfe\0\x01a\x011select 1";
        assert_eq!(statement(text, Some(true)), Some(&b"select 1"[..]));
        // NULL, a number, a date.
        let text = b"\x03\x03\x01\x01\x01\x06\0\x01a\x03\0\x01b\x0c\0\0\x07\0\0\0\x04\xe7\x07\x01\x02select 1";
        assert_eq!(statement(text, Some(true)), Some(&b"select 1"[..]));
        assert_eq!(statement(b"\x03\x05\x01", Some(true)), None);
    }
}
