//! What is printed for an address, word for word as addr2line does.

use heaplens::out::escape;
use heaplens::symbols::{Demangler, Place, Resolution};
use std::fmt::Write;

/// What is printed of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Format {
    /// How many digits the address has, if it is printed.
    pub(super) address_digits: Option<usize>,
    pub(super) functions: bool,
    pub(super) inlines: bool,
    pub(super) pretty: bool,
    pub(super) basenames: bool,
}

impl Format {
    /// Adds the answer for an address to `out`; `places` are its functions, the innermost first.
    pub(super) fn write(
        &self,
        address: u64,
        places: &[Place],
        known: &Resolution,
        mut demangler: Option<&mut Demangler>,
        out: &mut String,
    ) {
        let or_line = |pretty: &'static str| if self.pretty { pretty } else { "\n" };
        if let Some(digits) = self.address_digits {
            // Writing to a String cannot fail.
            let _ = write!(out, "0x{address:0digits$x}{}", or_line(": "));
        }
        if places.is_empty() {
            if self.functions {
                *out += "??";
                *out += or_line(" ");
            }
            *out += "??:0\n";
            return;
        }
        let most = if self.inlines { places.len() } else { 1 };
        for (depth, place) in places.iter().take(most).enumerate() {
            if depth > 0 && self.pretty {
                *out += " (inlined by) ";
            }
            let named = known.named(place.function);
            if self.functions {
                let name = named.map_or("", |named| &named.system_name);
                let name = match &mut demangler {
                    Some(demangler) => demangler.name(name),
                    None => name,
                };
                *out += &escape::terminal(if name.is_empty() { "??" } else { name });
                *out += or_line(" at ");
            }
            let file = named.and_then(|named| named.file.as_deref()).unwrap_or("??");
            let base = file.rsplit('/').next().filter(|_| self.basenames);
            *out += &escape::terminal(base.unwrap_or(file));
            let _ = match place.line {
                0 => writeln!(out, ":?"),
                line => writeln!(out, ":{line}"),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(format: Format) -> String {
        let mut known = Resolution::default();
        let inner = known.function("inner", "_ZN1a5innerEv", Some("/src/a.cc"));
        let outer = known.function("outer", "outer\x1b[31m", Some("rel/b.c"));
        let nameless = known.function("", "", Some("start.S"));
        let symbol = known.function("symbol", "symbol", None);
        let place = |function, line| Place { function, line, column: 0 };
        let chains = [
            vec![place(inner, 7), place(outer, 0)],
            vec![place(nameless, 3)],
            vec![place(symbol, 0)],
            vec![],
        ];
        let mut out = String::new();
        for (chain, address) in chains.iter().zip([0x10, 0x20, 0x30, 0xffff_ffff_ffff_ffff]) {
            let mut demangler = Demangler::new(heaplens::symbols::Spelling::Binutils);
            format.write(address, chain, &known, Some(&mut demangler), &mut out);
        }
        out
    }

    #[test]
    fn answers_are_addr2lines() {
        let plain = Format::default();
        assert_eq!(answers(plain), "/src/a.cc:7\nstart.S:3\n??:?\n??:0\n");
        let functions = Format { functions: true, ..plain };
        assert_eq!(answers(functions), "a::inner()\n/src/a.cc:7\n??\nstart.S:3\nsymbol\n??:?\n??\n??:0\n");
        let all =
            Format { address_digits: Some(8), inlines: true, pretty: true, basenames: true, ..functions };
        assert_eq!(
            answers(all),
            "0x00000010: a::inner() at a.cc:7\n (inlined by) outer\\x1b[31m at b.c:?\n0x00000020: ?? at start.S:3\n\
             0x00000030: symbol at ??:?\n0xffffffffffffffff: ?? ??:0\n"
        );
    }
}
