//! Escaping, one function a destination. Names come from dumps and binaries, so they are hostile.
//!
//! What cannot be seen is made visible first: control characters (C0, DEL, C1), marks that turn the
//! direction of text, characters of no width, line and paragraph separators, and what XML forbids.
//! `\x1b` and `\u{202e}` stand for them, `\n`, `\r`, `\t` for the usual three. A backslash is left alone, so
//! this shows, but does not encode: a name that really contains the four characters `\x1b` looks the same.

use std::borrow::Cow;
use std::fmt::Write as _;

/// For a terminal or a line of a text report: nothing hidden, no line break, no colour code gets through.
pub fn terminal(text: &str) -> Cow<'_, str> {
    // Nearly all names, and all of them are looked at. Without an early end the processor takes many bytes at once.
    if text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    map(text, is_hidden, push_visible)
}

/// For the text or an attribute of XML, HTML included: hidden characters as in [`terminal`], markup as entities.
///
/// The result is well-formed between tags and between either kind of quotes.
pub fn xml(text: &str) -> Cow<'_, str> {
    let special = |c| matches!(c, '<' | '>' | '&' | '"' | '\'') || is_hidden(c);
    map(text, special, |c, out| match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        _ => push_visible(c, out),
    })
}

/// For a JSON document inside a `<script>` of HTML or SVG: still the same JSON, but without `<`, `>`, `&`.
///
/// Takes valid JSON, where these and hidden characters stand in strings only, as `\uXXXX` from here on.
/// Line breaks and tabs between the values stay.
pub fn json_in_script(json: &str) -> Cow<'_, str> {
    let special = |c| matches!(c, '<' | '>' | '&') || (is_hidden(c) && !matches!(c, '\n' | '\r' | '\t'));
    map(json, special, |c, out| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// For formats with a name on a part of a line: control characters, and ASCII characters that separate names there, stand
/// as `\xNN`. `separates` is asked about the byte at an index. [`decoded`] brings the text back.
pub(crate) fn encoded(text: &str, separates: impl Fn(usize) -> bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let special = |i: usize| match bytes[i] {
        0..=0x1f | 0x7f => true,
        // Text that looks like one of our escapes.
        b'\\' => decode(&bytes[i..]).is_some(),
        byte => byte.is_ascii() && separates(i),
    };
    if !(0..bytes.len()).any(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (i, c) in text.char_indices() {
        if special(i) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{:02x}", c as u32);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Brings back what [`encoded`] replaced; any other backslash stays.
pub(crate) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match decode(rest.as_bytes()) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[4..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Cow::Owned(out)
}

/// The character that `\xNN` at the start of the text stands for, if it is one that some format escapes.
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
    matches!(byte, 0..=0x20 | b'#' | b'-' | b'0' | b';' | b'?' | b'\\' | 0x7f).then_some(byte)
}

/// True for what changes the meaning or look of its surroundings without being seen itself.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

fn push_visible(c: char, out: &mut String) {
    let code = c as u32;
    // Writing to a String cannot fail.
    let _ = match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        _ if code < 0x100 => write!(out, "\\x{code:02x}"),
        _ => write!(out, "\\u{{{code:x}}}"),
    };
}

/// Replaces the special characters; borrows where there is none.
fn map(text: &str, special: impl Fn(char) -> bool, replace: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let Some(first) = text.find(&special) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        if special(c) {
            replace(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(terminal("a\x1b[31m\n\u{9b}\u{202e}"), "a\\x1b[31m\\n\\x9b\\u{202e}");
        assert_eq!(terminal("Vec<u8>::push äöü 日本"), "Vec<u8>::push äöü 日本");
        assert!(matches!(terminal("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn markup_becomes_entities() {
        assert_eq!(xml("a<b>&\"'\u{ffff}"), "a&lt;b&gt;&amp;&quot;&#39;\\u{ffff}");
    }

    #[test]
    fn a_script_cannot_be_closed_from_a_string() {
        let json = serde_json::to_string("</script>&\u{2028}\u{e0041}]]>").unwrap();
        assert_eq!(json_in_script(&json), "\"\\u003c/script\\u003e\\u0026\\u2028\\udb40\\udc41]]\\u003e\"");
    }

    /// Text with more of what hurts than chance would bring.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            proptest::sample::select(vec![
                "\x1b[2J",
                "\0",
                "\u{202e}",
                "\u{200b}",
                "]]>",
                "</script>",
                "<!--",
                "&amp;",
                "\"",
                "'",
                "\u{2028}",
                "\u{fffe}",
                "\u{85}",
                "\r\n",
                "\\",
                "\u{e0020}",
            ])
            .prop_map(str::to_owned),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn terminal_text_hides_nothing(text in hostile()) {
            let shown = terminal(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c)));
            prop_assert_eq!(terminal(&shown), shown.clone());
        }

        #[test]
        fn xml_is_well_formed_and_says_the_same(text in hostile()) {
            let escaped = xml(&text);
            let document = format!("<a b=\"{escaped}\" c='{escaped}'>{escaped}</a>");
            let parsed = roxmltree::Document::parse(&document).unwrap();
            let root = parsed.root_element();
            let shown = terminal(&text);
            prop_assert_eq!(root.attribute("b"), Some(shown.as_ref()));
            prop_assert_eq!(root.attribute("c"), Some(shown.as_ref()));
            prop_assert_eq!(root.text().unwrap_or(""), shown.as_ref());
        }

        #[test]
        fn json_stays_the_same_json(text in hostile()) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = json_in_script(&json);
            prop_assert!(!escaped.chars().any(|c| matches!(c, '<' | '>' | '&') || is_hidden(c)));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }
}
