//! How the Itanium ABI writes C++ operators, whose names no mangled symbol has in letters.

use super::names;

/// The codes that a function's name may have as an operator: several, where what follows may belong to the operator or
/// to what it is generic over (`operator<<int>`). `None` if it is no operator.
pub(super) fn codes(name: &str) -> Option<impl Iterator<Item = &'static str>> {
    let rest = name.strip_prefix("operator")?;
    // `operators` is a name like any other.
    let continues = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    // A type is what is converted to.
    let conversion = rest.starts_with(' ').then_some("cv");
    let literal = rest.starts_with("\"\"").then_some("li");
    (!continues && !rest.is_empty()).then(|| names::operators(rest).chain(conversion).chain(literal))
}

/// A mangled symbol without the names in it, each of which stands behind its length.
pub(super) fn without_names(symbol: &str) -> String {
    let mut rest = symbol;
    let mut left = String::with_capacity(symbol.len());
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        left.push_str(&rest[..at]);
        let digits = rest[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - at);
        let (number, behind) = rest[at..].split_at(digits);
        let length = number.parse::<usize>().ok().filter(|_| !is_other(&left, behind)).unwrap_or(0);
        rest = behind.get(length..).unwrap_or(behind);
    }
    left + rest
}

/// True for a number between these that is no length: of a lambda, a parameter or an array (`E1_`, `T0_`, `A8_`), or a
/// literal (`Li5E`).
fn is_other(before: &str, behind: &str) -> bool {
    let counts = behind.starts_with('_') && before.ends_with(['E', 'T', 'S', 'A', 'p']);
    let of_type = before.strip_suffix(|c: char| c.is_ascii_lowercase());
    counts || of_type.is_some_and(|before| before.ends_with('L'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_known_by_their_codes() {
        let codes = |name| codes(name).map(|codes| codes.collect::<Vec<_>>());
        assert_eq!(codes("operator()"), Some(vec!["cl"]));
        assert_eq!(codes("operator()<int>"), Some(vec!["cl"]));
        assert_eq!(codes("operator-"), Some(vec!["mi", "ng"]));
        assert_eq!(codes("operator<<int>"), Some(vec!["ls", "lt"]));
        assert_eq!(codes("operator->*"), Some(vec!["mi", "ng", "pm", "pt"]));
        assert_eq!(codes("operator new[]"), Some(vec!["na", "nw", "cv"]));
        assert_eq!(codes("operator bool"), Some(vec!["cv"]));
        assert_eq!(codes("operator\"\"_km"), Some(vec!["li"]));
        for other in ["operators", "operator_", "operator", "run", ""] {
            assert_eq!(codes(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_taken_out_of_symbols() {
        for (symbol, expected) in [
            ("_ZZNK2ns5Outer5Inner1fEiENKUliE_clEi", "_ZZNKEiENKUliE_clEi"),
            ("_ZN5store5IndexIiElsEi", "_ZNIiElsEi"),
            ("_ZN7include3runEv", "_ZNEv"),
            ("_ZN3FooILi5EEclEv", "_ZNILiEEclEv"),
            ("_ZZ1fvENKUlvE10_clEv", "_ZZvENKUlvE_clEv"),
            ("_ZN99shortE", "_ZNshortE"),
            ("_ZN99999999999999999999xE", "_ZNxE"),
            ("_Z3f\u{e9}v", "_Zv"),
            ("", ""),
        ] {
            assert_eq!(without_names(symbol), expected, "{symbol}");
        }
    }
}
