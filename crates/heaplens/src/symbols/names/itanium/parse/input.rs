//! The letters, from left to right.

#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(text: &'a str) -> Input<'a> {
        Input { text, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The next letter; 0 at the end.
    pub(super) fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or_default()
    }

    pub(super) fn peek_two(&self) -> [u8; 2] {
        [self.peek(), self.peek_at(1)]
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    pub(super) fn eat(&mut self, letter: u8) -> bool {
        let eats = letter != 0 && self.peek() == letter;
        self.at += usize::from(eats);
        eats
    }

    pub(super) fn eat_text(&mut self, text: &str) -> bool {
        let eats = self.starts_with(text);
        if eats {
            self.at += text.len();
        }
        eats
    }

    /// Requires a letter.
    pub(super) fn expect(&mut self, letter: u8) -> Option<()> {
        self.eat(letter).then_some(())
    }

    pub(super) fn skip(&mut self, letters: usize) {
        self.at = (self.at + letters).min(self.text.len());
    }

    /// The letters as long as they are of a kind.
    pub(super) fn take_while(&mut self, is_one: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|&&letter| is_one(letter)).count();
        self.take(len).unwrap_or_default()
    }

    /// So many bytes, if they are whole letters.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a str> {
        let end = self.at.checked_add(len)?;
        let text = self.text.get(self.at..end)?;
        self.at = end;
        Some(text)
    }

    /// Digits of a decimal number.
    pub(super) fn number(&mut self) -> Option<u32> {
        self.take_while(|letter| letter.is_ascii_digit()).parse().ok()
    }

    /// A number that may be negative (`n8`), as text without its sign, and whether it is.
    pub(super) fn signed(&mut self) -> Option<(&'a str, bool)> {
        let negative = self.eat(b'n');
        let digits = self.take_while(|letter| letter.is_ascii_digit());
        (!digits.is_empty()).then_some((digits, negative))
    }

    /// `_` is 0, `0_` is 1, `1_` is 2.
    pub(super) fn index(&mut self) -> Option<u32> {
        if self.eat(b'_') {
            return Some(0);
        }
        let number = self.number()?;
        self.expect(b'_')?;
        number.checked_add(1)
    }

    /// The same in base 36.
    pub(super) fn sequence(&mut self) -> Option<u32> {
        if self.eat(b'_') {
            return Some(0);
        }
        let digits = self.take_while(|letter| letter.is_ascii_digit() || letter.is_ascii_uppercase());
        let number = u32::from_str_radix(digits, 36).ok()?;
        self.expect(b'_')?;
        number.checked_add(1)
    }
}
