//! Which bracket belongs to which, in names where `<` can also be an operator and `>` the end of an arrow.

/// Operators of C++ with brackets in them, the longer ones first.
const OPERATORS: [&str; 12] = ["<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">", "()"];

/// Where an operator's name ends that begins here: `operator<<`.
pub(super) fn operator(name: &str, at: usize) -> Option<usize> {
    const WORD: &str = "operator";
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let rest = name[at..].strip_prefix(WORD)?;
    if name[..at].ends_with(is_letter) || rest.starts_with(is_letter) {
        return None;
    }
    let sign = OPERATORS.iter().find(|sign| rest.starts_with(**sign));
    Some(at + WORD.len() + sign.map_or(0, |sign| sign.len()))
}

/// The brackets of a name.
pub(super) struct Pairs {
    /// For each byte of the name that opens a bracket, the byte that closes it; else 0.
    close: Vec<u32>,
}

impl Pairs {
    /// `None` if the brackets are not balanced, so that what is between them cannot be told.
    pub(super) fn of(name: &str) -> Option<Pairs> {
        let bytes = name.as_bytes();
        let mut close = vec![0; bytes.len()];
        let mut open: Vec<usize> = Vec::new();
        let mut operator_end = 0;
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'o'
                && let Some(after) = operator(name, at)
            {
                (at, operator_end) = (after, after);
                continue;
            }
            match bytes[at] {
                // "Less than" in an expression: `(4u)<(8u)`; but `operator()<int>`.
                b'<' if at != operator_end && bytes[..at].ends_with(b")") => {}
                b'<' | b'(' | b'[' | b'{' => open.push(at),
                // An arrow, or "greater than" in an expression.
                b'>' if at > 0 && bytes[at - 1] == b'-' => {}
                b'>' => {
                    if let Some(start) = open.pop_if(|start| bytes[*start] == b'<') {
                        close[start] = at as u32;
                    }
                }
                byte @ (b')' | b']' | b'}') => {
                    // Another "less than": it has no end.
                    while open.pop_if(|start| bytes[*start] == b'<').is_some() {}
                    let start = open.pop()?;
                    if !matches!((bytes[start], byte), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
                        return None;
                    }
                    close[start] = at as u32;
                }
                // A character as an argument: `<'>'>`. A lifetime has no second quote there.
                b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 2,
                _ => {}
            }
            at += 1;
        }
        open.is_empty().then_some(Pairs { close })
    }

    /// Where the bracket ends that opens at this byte.
    pub(super) fn close(&self, open: usize) -> Option<usize> {
        self.close.get(open).filter(|&&close| close > 0).map(|&close| close as usize)
    }

    /// The first place of a text between two bytes that is in none of the brackets there.
    pub(super) fn outside(&self, name: &str, start: usize, end: usize, wanted: &str) -> Option<usize> {
        let mut at = start;
        while at < end {
            if let Some(close) = self.close(at) {
                at = close;
            } else if name.as_bytes()[at..end].starts_with(wanted.as_bytes()) {
                return Some(at);
            }
            at += 1;
        }
        None
    }
}
