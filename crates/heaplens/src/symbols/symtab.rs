//! Names from a symbol table, for addresses that debug information does not know.
//!
//! A name is given only inside its symbol: the nearest symbol before an address is often another function.

use object::{Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, SectionKind, SymbolIndex, SymbolKind};

/// Assignments of symbols to addresses; a table that asks for more is made to waste time.
const MAX_HITS: u64 = 100_000_000;

/// The raw name of the function around each address, `None` outside of every symbol.
///
/// `addresses` must be sorted. One pass over each table; memory in proportion to the addresses alone.
pub(super) fn names<'a>(
    file: &object::File<'a, impl object::ReadRef<'a>>,
    addresses: &[u64],
) -> Vec<Option<String>> {
    let code = code_ranges(file);
    let mut names = match file.symbol_table() {
        Some(table) => pass(&table, &code, addresses, Unsized::EndAtNext),
        None => vec![None; addresses.len()],
    };
    if names.iter().any(Option::is_none)
        && let Some(table) = file.dynamic_symbol_table()
    {
        let others = pass(&table, &code, addresses, Unsized::Ignored);
        for (name, other) in names.iter_mut().zip(others) {
            *name = name.take().or(other);
        }
    }
    if file.format() == object::BinaryFormat::MachO {
        // Mach-O puts an underscore before every name of C.
        for name in names.iter_mut().flatten() {
            if name.starts_with('_') {
                name.remove(0);
            }
        }
    }
    names
}

/// What becomes of symbols without a size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsized {
    /// They end at the next symbol or with their section: assembler code, and all of Mach-O.
    EndAtNext,
    /// Not used: a dynamic table leaves out static functions, so its next symbol bounds nothing.
    Ignored,
}

/// Start and end of each section with code.
fn code_ranges<'a>(file: &object::File<'a, impl object::ReadRef<'a>>) -> Vec<(u64, u64)> {
    file.sections()
        .filter(|s| s.kind() == SectionKind::Text)
        .map(|s| (s.address(), s.address().saturating_add(s.size())))
        .collect()
}

/// The symbol that an address lies in, or might.
#[derive(Clone, Copy)]
struct Hit {
    start: u64,
    symbol: SymbolIndex,
}

fn pass<'a, T: ObjectSymbolTable<'a>>(
    table: &T,
    code: &[(u64, u64)],
    addresses: &[u64],
    without_size: Unsized,
) -> Vec<Option<String>> {
    let mut inside: Vec<Option<Hit>> = vec![None; addresses.len()];
    // The last symbol that starts between an address and the one before it; `None` inside if it has a size.
    let mut latest: Vec<Option<(u64, Option<SymbolIndex>)>> = vec![None; addresses.len()];
    let mut hits = 0;
    for symbol in table.symbols() {
        if !names_code(&symbol, code) {
            continue;
        }
        let start = symbol.address();
        let first = addresses.partition_point(|&a| a < start);
        if first == addresses.len() {
            continue;
        }
        let unsized_symbol = (symbol.size() == 0).then(|| symbol.index());
        // Of symbols with one address, one with a size says where that place belongs.
        if latest[first]
            .is_none_or(|(s, old)| s < start || s == start && old.is_some() && unsized_symbol.is_none())
        {
            latest[first] = Some((start, unsized_symbol));
        }
        let end = start.saturating_add(symbol.size());
        for (at, &address) in addresses.iter().enumerate().skip(first) {
            if address >= end || hits == MAX_HITS {
                break;
            }
            hits += 1;
            // The innermost symbol wins; of aliases the first in the table.
            if inside[at].is_none_or(|hit| hit.start < start) {
                let symbol = symbol.index();
                inside[at] = Some(Hit { start, symbol });
            }
        }
    }
    if without_size == Unsized::EndAtNext {
        let mut last = None;
        for (at, &address) in addresses.iter().enumerate() {
            last = latest[at].or(last);
            if let (None, Some((start, Some(symbol)))) = (inside[at], last)
                && code.iter().any(|&(low, high)| low <= start && address < high)
            {
                inside[at] = Some(Hit { start, symbol });
            }
        }
    }
    let name = |hit: Hit| {
        let symbol = table.symbol_by_index(hit.symbol).ok()?;
        let name = String::from_utf8_lossy(symbol.name_bytes().ok()?);
        Some(super::names::raw(&name))
    };
    inside.into_iter().map(|hit| name(hit?)).collect()
}

/// True for functions, and for plain labels in a section with code.
fn names_code<'a>(symbol: &impl ObjectSymbol<'a>, code: &[(u64, u64)]) -> bool {
    let address = symbol.address();
    let right_kind = match symbol.kind() {
        SymbolKind::Text => symbol.is_definition(),
        SymbolKind::Unknown | SymbolKind::Label => {
            !symbol.is_undefined() && code.iter().any(|&(low, high)| low <= address && address < high)
        }
        _ => false,
    };
    // `$x`, `$d` and `.L…` mark places for tools.
    right_kind && !matches!(symbol.name_bytes(), Ok([] | [b'$' | b'.', ..]) | Err(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object as Out, StandardSection, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolScope};

    fn object(symbols: &[(&str, u64, u64, SymbolKind)]) -> Vec<u8> {
        let mut out = Out::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let text = out.section_id(StandardSection::Text);
        out.append_section_data(text, &[0x90; 0x100], 1);
        for &(name, value, size, kind) in symbols {
            out.add_symbol(Symbol {
                name: name.into(),
                value,
                size,
                kind,
                scope: SymbolScope::Compilation,
                weak: false,
                section: SymbolSection::Section(text),
                flags: SymbolFlags::None,
            });
        }
        out.write().unwrap()
    }

    fn look(symbols: &[(&str, u64, u64, SymbolKind)], addresses: &[u64]) -> Vec<String> {
        let bytes = object(symbols);
        let file = object::File::parse(&*bytes).unwrap();
        let names = names(&file, addresses);
        names.into_iter().map(|n| n.unwrap_or_else(|| "-".to_owned())).collect()
    }

    #[test]
    fn a_name_ends_with_its_symbol() {
        let f = SymbolKind::Text;
        let symbols = [("a", 0x10, 0x10, f), ("outer", 0x40, 0x20, f), ("inner", 0x48, 4, f)];
        let addresses = [0, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x48, 0x4b, 0x4c, 0x5f, 0x60, 0xff, 0x1000];
        let expected = ["-", "a", "a", "-", "-", "outer", "inner", "inner", "outer", "outer", "-", "-", "-"];
        assert_eq!(look(&symbols, &addresses), expected);
    }

    #[test]
    fn a_symbol_without_size_reaches_to_the_next() {
        let f = SymbolKind::Text;
        let symbols = [
            ("asm", 0x10, 0, f),
            ("sized", 0x20, 8, f),
            ("last", 0x80, 0, f),
            ("data", 0x18, 8, SymbolKind::Data),
        ];
        let addresses = [0xf, 0x10, 0x1f, 0x20, 0x28, 0x7f, 0x80, 0xff, 0x100];
        let expected = ["-", "asm", "asm", "sized", "-", "-", "last", "last", "-"];
        assert_eq!(look(&symbols, &addresses), expected);
    }

    #[test]
    fn an_alias_with_a_size_ends_the_one_without() {
        let f = SymbolKind::Text;
        for symbols in
            [[("label", 0x10, 0, f), ("real", 0x10, 4, f)], [("real", 0x10, 4, f), ("label", 0x10, 0, f)]]
        {
            assert_eq!(look(&symbols, &[0x10, 0x14]), ["real", "-"]);
        }
    }
}
