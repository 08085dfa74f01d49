//! What compilers and linkers add to the symbols of copies that they make of a function: `.part.0`, `.cold`.
//!
//! Debug information names such a copy as its function is named, and so do we.

/// gcc's and LLVM's words for copies, and for the parts of coroutines.
const WORDS: &[&str] = &[
    "__uniq",
    "actor",
    "cleanup",
    "clone",
    "cold",
    "constprop",
    "destroy",
    "exit",
    "hot",
    "ifunc",
    "isra",
    "llvm",
    "localalias",
    "lto_priv",
    "part",
    "resolver",
    "resume",
    "simdclone",
    "specialized",
    "unlikely",
    "warm",
];

/// A mangled symbol without the version that a linker gave it, and the version: `@GLIBCXX_3.4`, `@@V1`.
pub(super) fn version(symbol: &str) -> (&str, &str) {
    symbol.split_at(symbol.find('@').unwrap_or(symbol.len()))
}

/// A mangled symbol without its suffixes, and the suffixes.
pub(super) fn split(symbol: &str) -> (&str, &str) {
    symbol.split_at(end(symbol, |_| true))
}

/// A name that is not mangled, without the suffixes that carry a number. `main.cold` may be all of a name in Go.
pub(super) fn without(name: &str) -> &str {
    &name[..end(name, |numbered| numbered)]
}

/// Where the suffixes begin; `is_one` decides by whether a number follows the word.
fn end(name: &str, is_one: impl Fn(bool) -> bool) -> usize {
    let mut end = name.len();
    let mut numbered = false;
    let mut rest = name;
    while let Some((before, part)) = rest.rsplit_once('.') {
        let number =
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
        if number {
            numbered = true;
        } else if WORDS.contains(&part) && is_one(numbered) && !before.is_empty() {
            end = before.len();
            numbered = false;
        } else {
            break;
        }
        rest = before;
    }
    end
}

/// `.constprop.1.isra.0` as ` [clone .constprop.1] [clone .isra.0]`.
pub(super) fn as_binutils(suffixes: &str) -> String {
    let mut text = String::new();
    for part in suffixes.split('.').skip(1) {
        if part.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(']') {
            text.pop();
            text = text + "." + part + "]";
        } else {
            text = text + " [clone ." + part + "]";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_from_names() {
        for (symbol, name, suffixes) in [
            ("_ZN1A1fEv", "_ZN1A1fEv", ""),
            ("_ZN1A1fEv.cold", "_ZN1A1fEv", ".cold"),
            ("_ZN1A1fEv.part.0.constprop.12", "_ZN1A1fEv", ".part.0.constprop.12"),
            ("_RNvC3app3run.llvm.123456", "_RNvC3app3run", ".llvm.123456"),
            ("_Z1fPZ1fvE11_Z1fv.Frame.actor", "_Z1fPZ1fvE11_Z1fv.Frame", ".actor"),
            ("_ZN3app9a..b.cold17h0123456789abcdefE", "_ZN3app9a..b.cold17h0123456789abcdefE", ""),
            ("_ZN1A1fEv.unknown.0", "_ZN1A1fEv.unknown.0", ""),
            (".cold", ".cold", ""),
            ("", "", ""),
        ] {
            assert_eq!(split(symbol), (name, suffixes));
        }
        for (symbol, name) in [
            ("imalloc_body.constprop.0", "imalloc_body"),
            ("f.isra.0.part.1", "f"),
            ("f.cold.0", "f"),
            ("main.cold", "main.cold"),
            ("main.part.func1", "main.part.func1"),
            ("java.util.List.part", "java.util.List.part"),
            ("f.1", "f.1"),
            ("libm.so.6", "libm.so.6"),
        ] {
            assert_eq!(without(symbol), name);
        }
    }

    #[test]
    fn binutils_has_a_bracket_for_each() {
        assert_eq!(as_binutils(""), "");
        assert_eq!(as_binutils(".cold"), " [clone .cold]");
        assert_eq!(as_binutils(".constprop.1.isra.0"), " [clone .constprop.1] [clone .isra.0]");
    }
}
