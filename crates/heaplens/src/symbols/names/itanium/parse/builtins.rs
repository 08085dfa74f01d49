//! Types of one word, and their letters.

use crate::symbols::names::itanium::node::{Builtin, Literals};

const fn builtin(name: &'static str, literals: Literals) -> Builtin {
    Builtin { name, literals }
}

/// Those of one letter.
pub(super) static LETTERS: [(u8, Builtin); 21] = [
    (b'v', builtin("void", Literals::Cast)),
    (b'w', builtin("wchar_t", Literals::Cast)),
    (b'b', builtin("bool", Literals::Bool)),
    (b'c', builtin("char", Literals::Cast)),
    (b'a', builtin("signed char", Literals::Cast)),
    (b'h', builtin("unsigned char", Literals::Cast)),
    (b's', builtin("short", Literals::Cast)),
    (b't', builtin("unsigned short", Literals::Cast)),
    (b'i', builtin("int", Literals::Suffix(""))),
    (b'j', builtin("unsigned int", Literals::Suffix("u"))),
    (b'l', builtin("long", Literals::Suffix("l"))),
    (b'm', builtin("unsigned long", Literals::Suffix("ul"))),
    (b'x', builtin("long long", Literals::Suffix("ll"))),
    (b'y', builtin("unsigned long long", Literals::Suffix("ull"))),
    (b'n', builtin("__int128", Literals::Cast)),
    (b'o', builtin("unsigned __int128", Literals::Cast)),
    (b'f', builtin("float", Literals::Bits)),
    (b'd', builtin("double", Literals::Bits)),
    (b'e', builtin("long double", Literals::Bits)),
    (b'g', builtin("__float128", Literals::Bits)),
    (b'z', builtin("...", Literals::Cast)),
];

/// Those of a letter after `D`.
pub(super) static LETTERS_AFTER_D: [(u8, Builtin); 8] = [
    (b'd', builtin("decimal64", Literals::Bits)),
    (b'e', builtin("decimal128", Literals::Bits)),
    (b'f', builtin("decimal32", Literals::Bits)),
    (b'h', builtin("half", Literals::Bits)),
    (b'i', builtin("char32_t", Literals::Cast)),
    (b'n', builtin("decltype(nullptr)", Literals::Cast)),
    (b's', builtin("char16_t", Literals::Cast)),
    (b'u', builtin("char8_t", Literals::Cast)),
];

pub(super) fn find(table: &'static [(u8, Builtin)], letter: u8) -> Option<&'static Builtin> {
    table.iter().find(|(of, _)| *of == letter).map(|(_, builtin)| builtin)
}
