//! Folded stacks: `outermost;…;innermost 1234`, one line a stack of names.
//!
//! A difference has two columns, base and new, so that nothing is lost: readers of one column reject negative
//! numbers and with them every stack that shrank.
//!
//! Names keep their text but for what would break a line: `;`, control characters, a `#` at the start of a line
//! and a space before digits at its end stand as `\x3b` and so on; [`unescape`] brings them back.

use crate::error::Error;
use crate::profile::{Amount, Profile, SampleType};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

/// Writes one line for each stack of function names, sorted; values are unsampled and cut to whole numbers,
/// as `jeprof --collapsed` does. Stacks of less than one are left out.
///
/// # Errors
/// Those of `out`.
pub fn write(profile: &Profile, sample_type: SampleType, out: &mut dyn Write) -> Result<(), Error> {
    let names: Vec<String> =
        profile.frame_ids().map(|id| escape(&profile.frame_name(id)).into_owned()).collect();
    let mut lines: BTreeMap<String, (Amount, Amount)> = BTreeMap::new();
    let mut line = String::new();
    let mut frames: Vec<&str> = Vec::new();
    for sample in profile.samples() {
        let value = sample.values.get(sample_type);
        if value.is_zero() {
            continue;
        }
        frames.clear();
        frames.extend(profile.stack_from_leaf(sample.stack).map(|(_, f)| names[f.index()].as_str()));
        line.clear();
        for (i, name) in frames.iter().rev().enumerate() {
            if i > 0 {
                line.push(';');
            }
            line.push_str(name);
        }
        let (before, after) = match lines.get_mut(&line) {
            Some(sums) => sums,
            None => lines.entry(line.clone()).or_default(),
        };
        if value.is_negative() {
            *before += -value;
        } else {
            *after += value;
        }
    }
    for (stack, (before, after)) in &lines {
        if (before.trunc(), after.trunc()) == (0, 0) {
            continue;
        }
        let stack = protect_ends(stack);
        if profile.meta.is_diff {
            writeln!(out, "{stack} {} {}", before.trunc(), after.trunc())?;
        } else {
            writeln!(out, "{stack} {}", after.trunc())?;
        }
    }
    Ok(())
}

/// A name without what separates frames and lines.
fn escape(name: &str) -> Cow<'_, str> {
    let bytes = name.as_bytes();
    let odd = |i: usize| match bytes[i] {
        b';' | 0..=0x1f | 0x7f => true,
        // Text that looks like one of our escapes.
        b'\\' => decode(&bytes[i..]).is_some(),
        _ => false,
    };
    if !(0..bytes.len()).any(odd) {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len() + 8);
    for (i, c) in name.char_indices() {
        if odd(i) {
            text.push_str(&format!("\\x{:02x}", c as u32));
        } else {
            text.push(c);
        }
    }
    Cow::Owned(text)
}

/// A stack that starts like a comment, or ends in a space and digits that would pass for a value.
fn protect_ends(stack: &str) -> Cow<'_, str> {
    let mut stack = Cow::Borrowed(stack);
    if let Some(rest) = stack.strip_prefix('#') {
        stack = Cow::Owned(format!("\\x23{rest}"));
    }
    if let Some((head, tail)) = stack.rsplit_once(' ')
        && tail.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b))
    {
        stack = Cow::Owned(format!("{head}\\x20{tail}"));
    }
    stack
}

/// Brings back what writing escaped; any other backslash stays.
pub fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains("\\x") {
        return Cow::Borrowed(name);
    }
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        match decode(rest.as_bytes()) {
            Some(byte) => {
                text.push(char::from(byte));
                rest = &rest[4..];
            }
            None => {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Cow::Owned(text)
}

/// The character that `\xNN` at the start of the text stands for, if it is one that writing escapes.
fn decode(text: &[u8]) -> Option<u8> {
    let [b'\\', b'x', high, low, ..] = *text else {
        return None;
    };
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let byte = digit(high)? << 4 | digit(low)?;
    matches!(byte, 0..=0x20 | b'#' | b';' | b'\\' | 0x7f).then_some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_breaks_lines_is_escaped() {
        assert_eq!(escape("[u8; 8]"), "[u8\\x3b 8]");
        assert_eq!(escape("a\nb"), "a\\x0ab");
        assert_eq!(escape("C:\\new\\x41"), "C:\\new\\x41");
        assert_eq!(escape("\\x3b"), "\\x5cx3b");
        assert_eq!(protect_ends("f;operator 12"), "f;operator\\x2012");
        assert_eq!(protect_ends("f;g h"), "f;g h");
    }

    proptest! {
        #[test]
        fn unescape_brings_names_back(name in "[\\\\x0-9a-f; \\n\\t\u{1}-\u{1f}A-Zäöü]{0,12}") {
            let escaped = escape(&name).into_owned();
            prop_assert_eq!(unescape(&escaped), name);
        }
    }
}
