//! Short names of functions, as jeprof's tables and graphs have them: without arguments, template arguments and leading
//! types; but whole where jeprof would leave nothing that tells functions apart.

/// The short form of a demangled name.
///
/// `std::vector<int>::push_back(int)` becomes `std::vector::push_back`. Unlike jeprof's, what Rust writes in angle
/// brackets before a method stays (`<alloc::vec::Vec as core::iter::Extend>::extend`), and so do
/// `(anonymous namespace)`, `operator()` and arrows.
pub(super) fn short(full: &str) -> String {
    if !full.contains(['(', '<', ' ']) {
        return full.to_owned();
    }
    let mut text = full.replace("->", ARROW);
    for (kept, mark) in KEPT {
        text = text.replace(kept, mark);
    }
    let is_qualified = text.starts_with('<') || text.contains("<impl ");
    if is_qualified {
        text = keep_qualified(&text);
    } else {
        text = without_parentheses(text);
    }
    // Rust's arguments at the end of a path, with the two colons before them.
    text = without_brackets(text.replace("::<", "<"));
    if !is_qualified {
        text = without_leading_type(&text).to_owned();
    }
    for (kept, mark) in KEPT {
        text = text.replace(mark, kept);
    }
    text.replace(ARROW, "->").replace(OPEN, "<").replace(CLOSE, ">")
}

/// No name has these; they stand for what must not be taken apart.
const ARROW: &str = "\u{1}";
const OPEN: &str = "\u{2}";
const CLOSE: &str = "\u{3}";
const KEPT: [(&str, &str); 2] = [("(anonymous namespace)", "\u{4}"), ("operator()", "\u{5}")];

/// Marks the brackets of `<T as Trait>::f` and `<impl Trait for T>`, so that only those of arguments are left.
fn keep_qualified(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut result = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '<' => {
                let begins = at == 0 || b"< &(,".contains(&bytes[at - 1]) || text[at..].starts_with("<impl ");
                open.push(begins);
                result.push_str(if begins { OPEN } else { "<" });
            }
            '>' => result.push_str(if open.pop() == Some(true) { CLOSE } else { ">" }),
            c => result.push(c),
        }
    }
    result
}

/// Removes pairs of parentheses from the inside out, and `const` behind them.
fn without_parentheses(mut text: String) -> String {
    let mut from = 0;
    while let Some(close) = text[from..].find(')').map(|at| from + at) {
        let Some(open) = text[..close].rfind('(') else {
            from = close + 1;
            continue;
        };
        let behind = text[close + 1..].trim_start();
        let end = match behind.strip_prefix("const") {
            Some(rest) => text.len() - rest.len(),
            None => close + 1,
        };
        text.replace_range(open..end, "");
        from = 0;
    }
    text
}

/// Removes pairs of angle brackets from the inside out.
fn without_brackets(mut text: String) -> String {
    let mut from = 0;
    while let Some(close) = text[from..].find('>').map(|at| from + at) {
        match text[from..close].rfind('<').map(|at| from + at) {
            Some(open) => {
                text.replace_range(open..=close, "");
                from = 0;
            }
            None => from = close + 1,
        }
    }
    text
}

/// What follows the last blank, if it begins with a name and `::`.
fn without_leading_type(text: &str) -> &str {
    for (at, _) in text.rmatch_indices(char::is_whitespace) {
        let rest = &text[at + 1..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if word > 0 && rest[word..].starts_with("::") {
            return rest;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As perl's regular expressions in jeprof 5.3.0 make them.
    #[test]
    fn names_are_as_short_as_jeprofs() {
        for (full, expected) in [
            ("main", "main"),
            ("operator new(unsigned long)", "operator new"),
            ("void* newImpl<false>(unsigned long)", "void* newImpl"),
            ("std::vector<int, std::allocator<int> >::push_back(int const&)", "std::vector::push_back"),
            ("void std::vector<int>::f<int>(int&&) const", "std::vector::f"),
            ("store::Table::size() const", "store::Table::size"),
            ("main::{lambda(int)#1}::f", "main::{lambda#1}::f"),
            ("std::__throw_ios_failure@@GLIBCXX_3.4.26", "std::__throw_ios_failure@@GLIBCXX_3.4.26"),
            ("void keep<int>(int)", "void keep"),
            ("alloc::vec::Vec<T,A>::push", "alloc::vec::Vec::push"),
            ("bool operator==<int>(a, b)", "bool operator=="),
            ("a) b", "a) b"),
            ("a( b", "a( b"),
            ("a> b<", "a> b<"),
        ] {
            assert_eq!(short(full), expected, "{full}");
        }
    }

    /// What jeprof would destroy: `::from_iter`, `Box u8>::new`, `::f`, `Table::operator`.
    #[test]
    fn what_tells_functions_apart_stays() {
        for (full, expected) in [
            (
                "<alloc::vec::Vec<T> as alloc::vec::spec_from_iter::SpecFromIter<T,I>>::from_iter",
                "<alloc::vec::Vec as alloc::vec::spec_from_iter::SpecFromIter>::from_iter",
            ),
            ("<<a::B<u8> as c::D>::E as f::G>::h", "<<a::B as c::D>::E as f::G>::h"),
            ("<(A, B<C>) as x::T>::f::{closure#0}", "<(A, B) as x::T>::f::{closure#0}"),
            (
                "core::fmt::impls::<impl core::fmt::Debug for bool>::fmt",
                "core::fmt::impls::<impl core::fmt::Debug for bool>::fmt",
            ),
            ("app::read::<alloc::vec::Vec<u8>>", "app::read"),
            ("alloc::boxed::Box<dyn Fn(u8) -> u8>::new", "alloc::boxed::Box::new"),
            ("(anonymous namespace)::f(int)", "(anonymous namespace)::f"),
            ("Table<int>::operator()(int) const", "Table::operator()"),
            ("Pointer<int>::operator->() const", "Pointer::operator->"),
        ] {
            assert_eq!(short(full), expected, "{full}");
        }
    }
}
