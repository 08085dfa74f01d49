//! `application/x-www-form-urlencoded`, as queries and small bodies have it.

/// The first value of a name.
pub(crate) fn value(text: &[u8], name: &str) -> Option<String> {
    text.split(|&byte| byte == b'&').find_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let (key, value) = pair.split_at(at);
        (decode(key) == name).then(|| decode(value.strip_prefix(b"=").unwrap_or(value)))
    })
}

fn decode(text: &[u8]) -> String {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits make a byte.
                bytes.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                bytes.push(b' ');
                at += 1;
            }
            _ => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_decoded() {
        assert_eq!(value(b"a=1&output=fl%61me+x&output=2", "output").as_deref(), Some("flame x"));
        assert_eq!(value(b"output", "output").as_deref(), Some(""));
        assert_eq!(value(b"xoutput=1", "output"), None);
        assert_eq!(value(b"%6futput=%", "output").as_deref(), Some("%"));
        assert_eq!(value(b"a=%zz%f", "a").as_deref(), Some("%zz%f"));
        assert_eq!(value(b"a=%ff", "a").as_deref(), Some("\u{fffd}"));
        assert_eq!(value(b"", "a"), None);
    }
}
