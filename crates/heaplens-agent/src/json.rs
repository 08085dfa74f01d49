//! JSON objects, written by hand: the agent's answers are flat and few, a dependency would be larger than this.

use std::fmt::Write as _;

/// An object under construction; members keep their order.
#[derive(Default)]
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Object {
        Object::default()
    }

    fn member(mut self, key: &str, write: impl FnOnce(&mut String)) -> Object {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        quote(key, &mut self.0);
        self.0.push(':');
        write(&mut self.0);
        self
    }

    pub(crate) fn string(self, key: &str, value: &str) -> Object {
        self.member(key, |out| quote(value, out))
    }

    pub(crate) fn boolean(self, key: &str, value: bool) -> Object {
        self.member(key, |out| out.push_str(if value { "true" } else { "false" }))
    }

    /// A number, or anything else whose display is valid JSON.
    pub(crate) fn number(self, key: &str, value: impl std::fmt::Display) -> Object {
        // Writing to a String cannot fail.
        self.member(key, |out| {
            let _ = write!(out, "{value}");
        })
    }

    pub(crate) fn object(self, key: &str, value: Object) -> Object {
        self.member(key, |out| out.push_str(&value.finish()))
    }

    /// A number, or `null` if there is none.
    pub(crate) fn number_or_null(self, key: &str, value: Option<impl std::fmt::Display>) -> Object {
        match value {
            Some(value) => self.number(key, value),
            None => self.number(key, "null"),
        }
    }

    /// Adds what is there to be added, and leaves out what is missing.
    pub(crate) fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Object, T) -> Object) -> Object {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    pub(crate) fn finish(self) -> String {
        format!("{{{}}}", self.0)
    }
}

/// Quotes a string. All control characters are escaped, so that an answer can be shown on a terminal.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                // All of these are in the basic plane: four digits suffice.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_survive_a_parser() {
        let text = "a\"b\\c\nd\te\u{1b}\u{7f}\u{85}\u{2028}</script>ü🔥";
        let object = Object::new().string(text, text).finish();
        let parsed: serde_json::Value = serde_json::from_str(&object).unwrap();
        assert_eq!(parsed[text], text);
        assert!(!object.chars().any(char::is_control));
    }

    #[test]
    fn members_are_separated_and_nested() {
        let inner = Object::new().boolean("b", true).number("n", -1);
        let object = Object::new()
            .object("o", inner)
            .number_or_null("x", None::<u64>)
            .maybe(Some(3), |o, v| o.number("m", v))
            .maybe(None::<u64>, |o, v| o.number("absent", v));
        assert_eq!(object.finish(), r#"{"o":{"b":true,"n":-1},"x":null,"m":3}"#);
        assert_eq!(Object::new().finish(), "{}");
    }
}
