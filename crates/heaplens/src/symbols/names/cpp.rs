//! C++ names.

use super::caps::{Limited, Patience};
use cpp_demangle::error::Error;
use cpp_demangle::{DemangleOptions, ParseOptions, Symbol};
use std::borrow::Cow;

/// How deep cpp_demangle may recurse while it parses: enough for 99 of 100 names of LLVM. It tries alternatives anew
/// at each level, so time can grow as a power of the depth, and at its own default (96) a name of 400 letters took a
/// second, one of 1,500 some.
const DEPTH: u32 = 40;
/// The same for what [`DEPTH`] was too small for: all but one in ten thousand, about a tenth of a second at worst.
const GREATER_DEPTH: u32 = 64;
const GREATER_DEPTH_OF_LONG: u32 = 56;
const LONG: usize = 512;
/// Steps that such a second try counts for, however fast it was.
const SECOND_TRY: u64 = 1 << 25;

/// The name for people: `None` if it is none of C++, or would cost too much.
pub(super) fn demangle(symbol: &str, patience: &mut Patience) -> Option<String> {
    let (kind, symbol) = thunk(symbol);
    let depth = match symbol.len() {
        ..=LONG => GREATER_DEPTH,
        _ => GREATER_DEPTH_OF_LONG,
    };
    let name = match parse(&symbol, DEPTH) {
        Err(Error::TooMuchRecursion) if patience.is_left() => {
            patience.spend(SECOND_TRY);
            parse(&symbol, depth)
        }
        first => first,
    };
    let name = name.ok()?;
    let mut out = Limited::new(symbol.len(), patience);
    let options = DemangleOptions::default().recursion_limit(2 * GREATER_DEPTH);
    let written = name.structured_demangle(&mut out, &options);
    patience.spend(out.cost());
    written.ok()?;
    // An empty pack leaves its comma behind.
    Some(kind.to_owned() + &literals(&out.text).replace(", >", ">"))
}

fn parse(symbol: &str, depth: u32) -> Result<Symbol<&str>, Error> {
    Symbol::new_with_options(symbol, &ParseOptions::default().recursion_limit(depth))
}

/// What a thunk is called, and the symbol of the function that it leads to, which cpp_demangle reads; thunks it writes
/// as no other demangler does. `_ZThn8_N1A1fEv` is a thunk to `_ZN1A1fEv`.
fn thunk(symbol: &str) -> (&'static str, Cow<'_, str>) {
    let none = ("", Cow::Borrowed(symbol));
    let Some(rest) = symbol.trim_start_matches('_').strip_prefix("ZT") else { return none };
    let found = match rest.as_bytes().first() {
        Some(b'h') => offset(rest).map(|rest| ("non-virtual thunk to ", rest)),
        Some(b'v') => offset(rest).map(|rest| ("virtual thunk to ", rest)),
        Some(b'c') => offset(&rest[1..]).and_then(offset).map(|rest| ("covariant return thunk to ", rest)),
        _ => None,
    };
    found.map_or(none, |(kind, rest)| (kind, Cow::Owned(format!("_Z{rest}"))))
}

/// What follows a call offset: `h8_`, `hn8_`, `v0_n24_`.
fn offset(text: &str) -> Option<&str> {
    let numbers = match text.as_bytes().first()? {
        b'h' => 1,
        b'v' => 2,
        _ => return None,
    };
    (0..numbers).try_fold(&text[1..], |text, _| {
        let digits = text.strip_prefix('n').unwrap_or(text);
        let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.strip_prefix('_').filter(|_| rest.len() < digits.len())
    })
}

/// `(unsigned int)4` as `4u`, as other demanglers and programs write it.
fn literals(name: &str) -> Cow<'_, str> {
    const TYPES: [(&str, &str); 5] = [
        ("(unsigned int)", "u"),
        ("(long)", "l"),
        ("(unsigned long)", "ul"),
        ("(long long)", "ll"),
        ("(unsigned long long)", "ull"),
    ];
    let mut text = String::new();
    let mut done = 0;
    for (at, _) in name.match_indices('(') {
        let Some((of_type, suffix)) = TYPES.iter().find(|(of_type, _)| name[at..].starts_with(of_type))
        else {
            continue;
        };
        let start = at + of_type.len();
        let number = &name[start..];
        let digits = number.strip_prefix('-').unwrap_or(number);
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        if len > 0 {
            let end = start + (number.len() - digits.len()) + len;
            text = text + &name[done..at] + &name[start..end] + suffix;
            done = end;
        }
    }
    if done == 0 { Cow::Borrowed(name) } else { Cow::Owned(text + &name[done..]) }
}
