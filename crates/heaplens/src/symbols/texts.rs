//! How much text the names of one module may take.
//!
//! A file can have names of a megabyte, and as many of them as it has functions for the price of one: each the end of
//! the next. What programs have are some bytes, rarely a thousand.

use std::borrow::Cow;

/// Texts up to here are as they are.
pub(super) const SHORT: usize = 256;
/// Bytes of longer ones, in all.
const MOST: usize = 32 << 20;

/// What longer texts may still take.
#[derive(Debug)]
pub(super) struct Texts {
    left: usize,
    has_cut: bool,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts { left: MOST, has_cut: false }
    }
}

impl Texts {
    /// How much of the next text is worth reading.
    pub(super) fn most(&self) -> usize {
        self.left.max(SHORT)
    }

    /// True once a text was cut, which must be said.
    pub(super) fn have_cut(&self) -> bool {
        self.has_cut
    }

    /// The text, or its beginning if longer ones have taken too much already.
    pub(super) fn cut<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        if text.len() <= SHORT {
            return Cow::Borrowed(text);
        }
        match self.left.checked_sub(text.len()) {
            Some(left) => {
                self.left = left;
                Cow::Borrowed(text)
            }
            None => {
                self.left = 0;
                self.has_cut = true;
                shortened(text, SHORT)
            }
        }
    }
}

/// Says that names were cut.
pub(super) fn cut() -> String {
    format!("names longer than {SHORT} bytes take more than {MOST} in all; the rest of them is cut")
}

/// At most so many bytes of a text, and a sign where there were more.
pub(super) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_once_there_were_too_many() {
        let mut texts = Texts::default();
        let long = "é".repeat(1 << 20);
        for _ in 0..MOST / long.len() {
            assert_eq!(texts.cut(&long), long);
        }
        assert!(texts.most() < long.len() && !texts.have_cut());
        assert_eq!(texts.cut(&long), format!("{}…", "é".repeat(SHORT / 2)));
        assert!(texts.have_cut());
        assert_eq!(texts.cut(&long[..SHORT]), long[..SHORT]);
        assert_eq!(shortened("aé", 2), "a…");
        assert_eq!(shortened("aé", 3), "aé");
    }
}
