//! The kernel's way to write paths on one line.

use std::borrow::Cow;

/// Resolves the kernel's `\012` (newline) and `\134` (backslash) in paths.
pub(crate) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..3).filter(|d| d.iter().all(|b| (b'0'..=b'7').contains(b)) && d[0] <= b'3');
        match (first, digits) {
            (b'\\', Some(d)) => {
                out.push((d[0] - b'0') << 6 | (d[1] - b'0') << 3 | (d[2] - b'0'));
                rest = &tail[3..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

/// A path as it stands in a line: control characters, and backslashes that would pass for an escape, as `\012`.
pub(crate) fn escaped(path: &str) -> Cow<'_, str> {
    let odd = |c: char| c.is_ascii_control() || c == '\\';
    if !path.contains(odd) {
        return Cow::Borrowed(path);
    }
    let one = |c: char| if odd(c) { format!("\\{:03o}", c as u32) } else { c.to_string() };
    Cow::Owned(path.chars().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back() {
        for path in ["/opt/my app/server", "/a\nb\\c\\012\x7f", "/ä\u{85}"] {
            assert_eq!(unescaped(escaped(path).as_bytes()), path.as_bytes());
            assert!(!escaped(path).contains('\n'));
        }
    }
}
