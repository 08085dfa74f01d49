//! Names from a symbol table, for addresses that debug information does not know.
//!
//! A name is given only inside its symbol: the nearest symbol before an address is often another function.

use super::Options;
use super::bytes::{Bytes, Damage, Result, Window, is_hole};
use super::locate::Files;
use super::names::{self, MAX_NAME};
use super::object::{Cache, ObjectFile, Rows, Symbols, Table};
use super::texts::{Texts, cut};
use object::{BinaryFormat, Object, ObjectSymbol, ObjectSymbolTable, SymbolKind, elf};

/// Assignments of symbols to addresses; a table that asks for more is made to waste time.
const MAX_HITS: u64 = 10_000_000;
/// How much of a table is read at once.
const STEP: u64 = 1 << 16;
/// Larger tables than 40 million symbols are read up to here.
const MAX_TABLE: u64 = 1 << 30;

/// The raw name of the function around each address, `None` outside of every symbol.
///
/// `addresses` must be sorted. One pass over each table; memory in proportion to the addresses alone (for Mach-O and
/// PE, to the table). Names that are lost are told to `lost`.
pub(super) fn names(
    file: &ObjectFile,
    addresses: &[u64],
    mut lost: impl FnMut(Damage),
) -> Vec<Option<String>> {
    let code = Code::of(file);
    let mut found = match &file.symbols {
        Symbols::None => vec![None; addresses.len()],
        Symbols::Elf { tables, rows } => elf_names(tables, *rows, &code, addresses, &mut lost),
        Symbols::Other(bytes) => {
            let cache = file.cache(bytes);
            let names = other_names(&cache, &code, addresses, &mut lost);
            cache.whole().unwrap_or_else(&mut lost);
            names.unwrap_or(vec![None; addresses.len()])
        }
    };
    // Static functions of a stripped library, where its packager kept them.
    if found.iter().any(Option::is_none)
        && let Some(mini) = file.mini_debug_info()
    {
        let mini = mini.unwrap_or_else(|damage| {
            lost(damage);
            ObjectFile::default()
        });
        if let Symbols::Elf { tables, rows } = &mini.symbols {
            let more = elf_names(tables, *rows, &code, addresses, &mut lost);
            for (name, more) in found.iter_mut().zip(more) {
                *name = name.take().or(more);
            }
        }
    }
    found
}

/// All places where a name may change in a module, sorted.
pub(super) fn all_bounds(files: &Files, options: &Options) -> Vec<u64> {
    let open = |path| {
        let file = ObjectFile::open(path, files.build_id.as_deref()).ok()?;
        Some(file.within(options.max_memory))
    };
    let tables = files.symbol_tables().filter_map(open);
    let mut all: Vec<u64> = tables.flat_map(|file| bounds(&file)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Addresses between which no name changes: where symbols begin and end, and sections with code. In no order.
fn bounds(file: &ObjectFile) -> Vec<u64> {
    let mut bounds: Vec<u64> = Code::of(file).0.iter().flat_map(|&(from, to)| [from, to]).collect();
    symbol_bounds(file, &mut bounds);
    if let Some(Ok(mini)) = file.mini_debug_info() {
        symbol_bounds(&mini, &mut bounds);
    }
    bounds
}

fn symbol_bounds(file: &ObjectFile, bounds: &mut Vec<u64>) {
    match &file.symbols {
        Symbols::None => {}
        Symbols::Elf { tables, rows } => {
            for table in tables {
                // What is read before damage is all that names are found by.
                let _ = each_elf(&table.symbols, *rows, |symbol| {
                    bounds.extend([symbol.start, symbol.start.saturating_add(symbol.size)]);
                });
            }
        }
        Symbols::Other(bytes) => {
            let cache = file.cache(bytes);
            let Ok(file) = object::File::parse(&cache) else { return };
            for symbol in file.symbol_table().iter().flat_map(|table| table.symbols()) {
                bounds.extend([symbol.address(), symbol.address().saturating_add(symbol.size())]);
            }
        }
    }
}

fn elf_names(
    tables: &[Table],
    rows: Rows,
    code: &Code,
    addresses: &[u64],
    lost: &mut impl FnMut(Damage),
) -> Vec<Option<String>> {
    let mut found = vec![None; addresses.len()];
    for table in tables {
        if found.iter().all(Option::is_some) {
            break;
        }
        let without_size = if table.dynamic { Unsized::Ignored } else { Unsized::EndAtNext };
        let mut pass = Pass::new(addresses);
        let mut texts = Window::new(&table.names, 64);
        // What was read before damage counts.
        let _ = each_elf(&table.symbols, rows, |symbol| {
            if symbol.section == 0 || !pass.matters(symbol.start) {
                return;
            }
            let names_code = match symbol.kind {
                elf::STT_FUNC | elf::STT_GNU_IFUNC => true,
                elf::STT_NOTYPE if code.holds(symbol.start) => {
                    let first =
                        texts.at(u64::from(symbol.name), 1).ok().and_then(|bytes| bytes.first().copied());
                    names_something(first)
                }
                _ => false,
            };
            if names_code {
                pass.symbol(symbol.start, symbol.size, u64::from(symbol.name));
            }
        });
        let text = |name: u64, most: usize| texts.text(name, most).ok().map(readable);
        fill(&mut found, pass.finish(code, without_size), text, lost);
    }
    found
}

fn readable(text: &[u8]) -> String {
    names::raw(&String::from_utf8_lossy(text))
}

/// Adds the names of symbols; `text` gives one, at most so many bytes of it.
fn fill(
    found: &mut [Option<String>],
    hits: Vec<Option<u64>>,
    mut text: impl FnMut(u64, usize) -> Option<String>,
    lost: &mut impl FnMut(Damage),
) {
    let mut texts = Texts::default();
    for (name, hit) in found.iter_mut().zip(hits) {
        if name.is_none() {
            // One byte more than is kept, so that it shows where there was more.
            let found = hit.and_then(|hit| text(hit, texts.most().min(MAX_NAME) + 1));
            *name = found.map(|found| texts.cut(&found).into_owned());
        }
    }
    if texts.have_cut() {
        lost(Damage(cut()));
    }
}

/// `$x`, `$d` and `.L…` mark places for tools.
fn names_something(first: Option<u8>) -> bool {
    !matches!(first, None | Some(0 | b'$' | b'.'))
}

pub(super) struct ElfSymbol {
    pub(super) name: u32,
    pub(super) kind: elf::SymbolType,
    /// The section that it lies in, 0 if it is not defined.
    pub(super) section: u16,
    pub(super) start: u64,
    size: u64,
}

/// Reads a table a piece at a time.
pub(super) fn each_elf(table: &Bytes, rows: Rows, mut visit: impl FnMut(ElfSymbol)) -> Result<()> {
    let Rows { wide, big_endian, thumb_bit } = rows;
    let row = if wide { 24 } else { 16 };
    let mut piece = Vec::new();
    let mut at = 0;
    while at + row <= table.len().min(MAX_TABLE) {
        table.read_up_to(at, STEP / row * row, &mut piece)?;
        at += piece.len() as u64 / row * row;
        // Nothing is defined there.
        if is_hole(&piece) {
            continue;
        }
        for bytes in piece.chunks_exact(row as usize) {
            let number = |from: usize, len: usize| {
                let part = bytes[from..from + len].iter();
                let add = |number, &byte| number << 8 | u64::from(byte);
                if big_endian { part.fold(0, add) } else { part.rev().fold(0, add) }
            };
            let (info, section, start, size) = match wide {
                true => (bytes[4], number(6, 2), number(8, 8), number(16, 8)),
                false => (bytes[12], number(14, 2), number(4, 4), number(8, 4)),
            };
            let kind = elf::SymbolType(info & 0xf);
            let is_function = matches!(kind, elf::STT_FUNC | elf::STT_GNU_IFUNC);
            visit(ElfSymbol {
                name: number(0, 4) as u32,
                kind,
                section: section as u16,
                start: if thumb_bit && is_function { start & !1 } else { start },
                size,
            });
        }
    }
    Ok(())
}

/// Mach-O and PE, whose tables the library reads whole.
fn other_names(
    cache: &Cache,
    code: &Code,
    addresses: &[u64],
    lost: &mut impl FnMut(Damage),
) -> Option<Vec<Option<String>>> {
    let file = object::File::parse(cache).ok()?;
    let table = file.symbol_table()?;
    let mut pass = Pass::new(addresses);
    for symbol in table.symbols() {
        let start = symbol.address();
        let names_code = match symbol.kind() {
            SymbolKind::Text => symbol.is_definition(),
            SymbolKind::Unknown | SymbolKind::Label => !symbol.is_undefined() && code.holds(start),
            _ => false,
        };
        if names_code
            && pass.matters(start)
            && names_something(symbol.name_bytes().ok().and_then(|name| name.first().copied()))
        {
            pass.symbol(start, symbol.size(), symbol.index().0 as u64);
        }
    }
    // Mach-O puts an underscore before every name of C.
    let prefix = if file.format() == BinaryFormat::MachO { "_" } else { "" };
    let text = |index: u64, _: usize| {
        let symbol = table.symbol_by_index(object::SymbolIndex(index as usize)).ok()?;
        let name = readable(symbol.name_bytes().ok()?);
        Some(name.strip_prefix(prefix).map(str::to_owned).unwrap_or(name))
    };
    let mut found = vec![None; addresses.len()];
    fill(&mut found, pass.finish(code, Unsized::EndAtNext), text, lost);
    Some(found)
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
struct Code(Vec<(u64, u64)>);

impl Code {
    fn of(file: &ObjectFile) -> Code {
        let sections = file.sections.iter().filter(|s| s.executable);
        let mut ranges: Vec<_> = sections.map(|s| (s.address, s.address.saturating_add(s.size))).collect();
        ranges.sort_unstable();
        Code(ranges)
    }

    fn holds(&self, address: u64) -> bool {
        self.around(address).is_some()
    }

    /// The end of the section around an address.
    fn around(&self, address: u64) -> Option<u64> {
        let before = self.0.partition_point(|&(low, _)| low <= address);
        let &(_, high) = self.0.get(before.checked_sub(1)?)?;
        (address < high).then_some(high)
    }
}

/// The symbol that an address lies in, or might.
#[derive(Clone, Copy)]
struct Hit {
    start: u64,
    name: u64,
}

/// One pass over a table.
struct Pass<'a> {
    addresses: &'a [u64],
    inside: Vec<Option<Hit>>,
    /// The last symbol that starts between an address and the one before it; `None` inside if it has a size.
    latest: Vec<Option<(u64, Option<u64>)>>,
    hits: u64,
}

impl<'a> Pass<'a> {
    fn new(addresses: &'a [u64]) -> Pass<'a> {
        Pass { addresses, inside: vec![None; addresses.len()], latest: vec![None; addresses.len()], hits: 0 }
    }

    /// False for symbols behind the last address.
    fn matters(&self, start: u64) -> bool {
        self.addresses.last().is_some_and(|&last| start <= last)
    }

    fn symbol(&mut self, start: u64, size: u64, name: u64) {
        let first = self.addresses.partition_point(|&a| a < start);
        let Some(latest) = self.latest.get_mut(first) else { return };
        let unsized_symbol = (size == 0).then_some(name);
        // Of symbols with one address, one with a size says where that place belongs.
        if latest.is_none_or(|(s, old)| s < start || s == start && old.is_some() && unsized_symbol.is_none())
        {
            *latest = Some((start, unsized_symbol));
        }
        let end = start.saturating_add(size);
        for (at, &address) in self.addresses.iter().enumerate().skip(first) {
            if address >= end || self.hits == MAX_HITS {
                break;
            }
            self.hits += 1;
            // The innermost symbol wins; of aliases the first in the table.
            if self.inside[at].is_none_or(|hit| hit.start < start) {
                self.inside[at] = Some(Hit { start, name });
            }
        }
    }

    /// The name of each address's symbol, as [`Pass::symbol`] was told.
    fn finish(mut self, code: &Code, without_size: Unsized) -> Vec<Option<u64>> {
        if without_size == Unsized::EndAtNext {
            let mut last = None;
            for (at, &address) in self.addresses.iter().enumerate() {
                last = self.latest[at].or(last);
                if let (None, Some((start, Some(name)))) = (self.inside[at], last)
                    && code.around(start).is_some_and(|end| address < end)
                {
                    self.inside[at] = Some(Hit { start, name });
                }
            }
        }
        self.inside.into_iter().map(|hit| hit.map(|hit| hit.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object as Out, StandardSection, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolScope};

    fn object(symbols: &[(&str, u64, u64, SymbolKind)], architecture: Architecture) -> Vec<u8> {
        let mut out = Out::new(BinaryFormat::Elf, architecture, Endianness::Little);
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
        look_on(Architecture::X86_64, symbols, addresses)
    }

    fn look_on(
        architecture: Architecture,
        symbols: &[(&str, u64, u64, SymbolKind)],
        addresses: &[u64],
    ) -> Vec<String> {
        let bytes = object(symbols, architecture);
        let file = ObjectFile::parse(&Bytes::of_memory(bytes)).unwrap();
        let names = names(&file, addresses, |damage| panic!("{damage}"));
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

    #[test]
    fn on_arm_functions_begin_at_even_addresses() {
        let f = SymbolKind::Text;
        let symbols = [("thumb", 0x11, 0x10, f), ("arm", 0x30, 4, f), ("next", 0x21, 0, f)];
        let addresses = [0xf, 0x10, 0x1f, 0x20, 0x2f, 0x30, 0x33];
        let expected = ["-", "thumb", "thumb", "next", "next", "arm", "arm"];
        assert_eq!(look_on(Architecture::Arm, &symbols, &addresses), expected);
        let elsewhere = ["-", "-", "thumb", "thumb", "next", "arm", "arm"];
        assert_eq!(look(&symbols, &addresses), elsewhere);
    }
}
