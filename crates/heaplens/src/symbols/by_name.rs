//! Where symbols are: from names to addresses.
//!
//! A table of symbols is in no order, and its names lie anywhere. So the names are looked through first, from the
//! first byte to the last, for the offsets of those that are wanted, and then the table for these offsets.

use super::bytes::{Bytes, Result, is_hole};
use super::names::{self, Demangler, MAX_NAME};
use super::object::{ObjectFile, Rows, Symbols, Table};
use super::symtab::each_elf;
use object::{BinaryFormat, Object, ObjectSymbol, ObjectSymbolTable, elf};
use rustc_hash::FxHashMap;

/// How much of the names is read at once.
const STEP: u64 = 1 << 18;
/// Larger tables of names are read up to here.
const MAX_NAMES: u64 = 1 << 30;
/// Places in a table of names where a wanted one stands; one that has it more often is made to take memory.
const MAX_OFFSETS: usize = 1 << 20;
/// Names of real tables rarely are the end of another one.
const TIMES: u64 = 4;
/// So many names are demangled before they are forgotten.
const REMEMBERED: usize = 1 << 12;

/// Wanted names, and the places in the caller's list that want each.
type Wanted<'n> = FxHashMap<&'n [u8], Vec<usize>>;

/// See [`Binary::symbols`](super::Binary::symbols).
pub(super) fn addresses(
    file: &ObjectFile,
    wanted: &[&[u8]],
    demangler: Option<&mut Demangler>,
) -> Vec<Option<u64>> {
    let mut found = vec![None; wanted.len()];
    look(file, &of(wanted, &found), Spelled::AsTheyAre, &mut found);
    if let Some(demangler) = demangler
        && found.contains(&None)
    {
        look(file, &of(wanted, &found), Spelled::Demangled(demangler), &mut found);
    }
    found
}

/// Which spelling of a symbol's name has to be the wanted one.
enum Spelled<'d> {
    AsTheyAre,
    Demangled(&'d mut Demangler),
}

/// Those that are not found yet.
fn of<'n>(wanted: &[&'n [u8]], found: &[Option<u64>]) -> Wanted<'n> {
    let mut names = Wanted::default();
    for (at, name) in wanted.iter().enumerate().filter(|&(at, _)| found[at].is_none()) {
        names.entry(name).or_default().push(at);
    }
    names
}

fn look(file: &ObjectFile, wanted: &Wanted<'_>, mut spelled: Spelled<'_>, found: &mut [Option<u64>]) {
    let mut take = |places: &[usize], address| {
        for &at in places {
            found[at] = found[at].or(Some(address));
        }
    };
    match &file.symbols {
        Symbols::None => {}
        Symbols::Elf { tables, rows } => {
            for table in tables {
                // What was read before damage counts.
                let _ = in_table(file, table, *rows, wanted, &mut spelled, &mut take);
            }
        }
        Symbols::Other(bytes) => {
            let cache = file.cache(bytes);
            let Ok(file) = object::File::parse(&cache) else { return };
            // Mach-O puts an underscore before every name of C.
            let prefix: &[u8] = if file.format() == BinaryFormat::MachO { b"_" } else { b"" };
            for symbol in file.symbol_table().iter().flat_map(|table| table.symbols()) {
                let Ok(name) = symbol.name_bytes() else { continue };
                let name = name.strip_prefix(prefix).unwrap_or(name);
                if let Some(places) = spelled.name(name).and_then(|name| wanted.get(name)) {
                    take(places, symbol.address());
                }
            }
        }
    }
}

fn in_table(
    file: &ObjectFile,
    table: &Table,
    rows: Rows,
    wanted: &Wanted<'_>,
    spelled: &mut Spelled<'_>,
    take: &mut impl FnMut(&[usize], u64),
) -> Result<()> {
    let mut offsets: FxHashMap<u64, &[usize]> = FxHashMap::default();
    match spelled {
        Spelled::AsTheyAre => {
            let mut lengths: Vec<usize> = wanted.keys().map(|name| name.len()).collect();
            lengths.sort_unstable();
            lengths.dedup();
            each_text(&table.names, |start, text| {
                // The end of a longer name serves as a shorter one.
                for &length in lengths.iter().take_while(|&&length| length <= text.len()) {
                    let from = text.len() - length;
                    if let Some(places) = wanted.get(&text[from..])
                        && offsets.len() < MAX_OFFSETS
                    {
                        offsets.insert(start + from as u64, places);
                    }
                }
            })?;
        }
        spelled => {
            let mut left = table.names.len().saturating_mul(TIMES);
            each_text(&table.names, |start, text| {
                // The same holds for mangled names, which begin nowhere else.
                for from in memchr::memchr_iter(b'_', text) {
                    let name = &text[from..];
                    if !matches!(name, [b'_', b'Z' | b'R' | b'_', ..]) {
                        continue;
                    }
                    let Some(rest) = left.checked_sub(name.len() as u64) else { return };
                    left = rest;
                    if let Some(places) = spelled.name(name).and_then(|name| wanted.get(name))
                        && offsets.len() < MAX_OFFSETS
                    {
                        offsets.insert(start + from as u64, places);
                    }
                }
            })?;
        }
    }
    each_elf(&table.symbols, rows, |symbol| {
        let places = match symbol.kind {
            // Such a symbol has its section's name.
            elf::STT_SECTION => {
                let section = file.sections.get(usize::from(symbol.section));
                section.and_then(|section| wanted.get(section.name.as_slice()).map(Vec::as_slice))
            }
            // The first entry of a table stands for no symbol.
            _ if symbol.name == 0 && symbol.section == 0 => None,
            _ => offsets.get(&u64::from(symbol.name)).copied(),
        };
        if let Some(places) = places {
            take(places, symbol.start);
        }
    })
}

impl Spelled<'_> {
    /// The name in this spelling, if it has one.
    fn name<'a>(&'a mut self, name: &'a [u8]) -> Option<&'a [u8]> {
        let Spelled::Demangled(demangler) = self else { return Some(name) };
        if demangler.remembered() >= REMEMBERED {
            demangler.forget();
        }
        let text = std::str::from_utf8(name).ok().filter(|text| names::may_be_mangled(text))?;
        Some(demangler.name(text).as_bytes())
    }
}

/// Shows each text and where it begins; longer ones than a name may be are left out.
fn each_text(texts: &Bytes, mut visit: impl FnMut(u64, &[u8])) -> Result<()> {
    let mut piece = Vec::new();
    let mut at = 0;
    while at < texts.len().min(MAX_NAMES) {
        texts.read_up_to(at, STEP, &mut piece)?;
        if is_hole(&piece) {
            at += piece.len() as u64;
            continue;
        }
        let mut start = 0;
        for end in memchr::memchr_iter(0, &piece) {
            if end - start <= MAX_NAME {
                visit(at + start as u64, &piece[start..end]);
            }
            start = end + 1;
        }
        // What has no end here is read again with its end, or passed if it is no name.
        at += if start > 0 { start } else { piece.len() } as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Spelling;
    use object::write::{Object as Out, StandardSection, Symbol, SymbolSection};
    use object::{Architecture, Endianness, SymbolFlags, SymbolKind, SymbolScope};

    /// A file whose symbols have these names and addresses; those at 0 are not defined.
    fn file(symbols: &[(&str, u64)]) -> ObjectFile {
        let mut out = Out::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let text = out.section_id(StandardSection::Text);
        out.append_section_data(text, &[0x90; 0x100], 1);
        for &(name, value) in symbols {
            let section = if value == 0 { SymbolSection::Undefined } else { SymbolSection::Section(text) };
            out.add_symbol(Symbol {
                name: name.into(),
                value,
                size: 1,
                kind: SymbolKind::Text,
                scope: SymbolScope::Compilation,
                weak: false,
                section,
                flags: SymbolFlags::None,
            });
        }
        ObjectFile::parse(&Bytes::of_memory(out.write().unwrap())).unwrap()
    }

    fn with(table: Table) -> ObjectFile {
        let rows = Rows { wide: true, big_endian: false, thumb_bit: false };
        let mut file = ObjectFile::default();
        file.symbols = Symbols::Elf { tables: vec![table], rows };
        file
    }

    #[test]
    fn symbols_are_found_by_either_spelling() {
        let mangled = "_ZN5store3run4moreEi";
        let symbols = [
            ("main", 0x10),
            ("twice", 0x20),
            (mangled, 0x30),
            ("twice", 0x40),
            ("absent", 0),
            ("_ZN1aE", 0x50),
        ];
        let file = file(&symbols);
        let wanted = ["twice", "main", "store::run::more(int)", "mai", "ain", "absent", mangled, "main", "a"];
        let wanted: Vec<&[u8]> = wanted.iter().map(|name| name.as_bytes()).collect();
        let as_they_are = addresses(&file, &wanted, None);
        let main = Some(0x10);
        assert_eq!(as_they_are, [Some(0x20), main, None, None, None, Some(0), Some(0x30), main, None]);
        let mut demangler = Demangler::new(Spelling::Binutils);
        let demangled = addresses(&file, &wanted, Some(&mut demangler));
        assert_eq!(demangled[2], Some(0x30));
        assert_eq!(demangled[8], Some(0x50));
        for at in [0, 1, 3, 4, 5, 6, 7] {
            assert_eq!(demangled[at], as_they_are[at], "{at}");
        }
    }

    /// Linkers keep a name once where another ends with it.
    #[test]
    fn the_end_of_a_name_can_be_another() {
        let names = Bytes::of_memory(b"\0subdomain\0x_ZN1aE\0".to_vec());
        let row = |name: u32, value: u64| {
            let mut row = [0; 24];
            row[..4].copy_from_slice(&name.to_le_bytes());
            (row[4], row[6]) = (2, 1);
            row[8..16].copy_from_slice(&value.to_le_bytes());
            row
        };
        let rows = [[0; 24], row(1, 0x10), row(6, 0x20), row(12, 0x30), row(11, 0x40)].concat();
        let file = with(Table { symbols: Bytes::of_memory(rows), names, dynamic: false });
        let wanted: [&[u8]; 5] = [b"main", b"subdomain", b"a", b"_ZN1aE", b"x_ZN1aE"];
        let mut demangler = Demangler::new(Spelling::Binutils);
        let found = addresses(&file, &wanted, Some(&mut demangler));
        assert_eq!(found, [Some(0x20), Some(0x10), Some(0x30), Some(0x30), Some(0x40)]);
    }

    /// Without a bound this would take hours and gigabytes.
    #[test]
    fn tables_made_to_be_looked_through_for_ever_are_not() {
        let ends = "_Z".repeat(MAX_NAME / 2) + "\0";
        let names =
            Bytes::of_memory(("\0".to_owned() + &ends.repeat(100) + &"a\0".repeat(2 << 20)).into_bytes());
        let file = with(Table { symbols: Bytes::default(), names, dynamic: false });
        let mut demangler = Demangler::new(Spelling::Binutils);
        let wanted: [&[u8]; 3] = [b"a", b"b()", b""];
        assert_eq!(addresses(&file, &wanted, Some(&mut demangler)), [None; 3]);
    }

    #[test]
    fn texts_may_be_longer_than_what_is_read_at_once() {
        let long = "x".repeat(STEP as usize * 2);
        let texts: Vec<String> =
            (0..60_000).map(|n| format!("name{n}")).chain([long, "end".into()]).collect();
        let bytes = texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect::<Vec<u8>>();
        let mut found = Vec::new();
        let mut starts = 0;
        each_text(&Bytes::of_memory(bytes.clone()), |start, text| {
            assert_eq!(bytes[start as usize..][..text.len()], *text);
            starts += 1;
            found.push(String::from_utf8(text.to_vec()).unwrap());
        })
        .unwrap();
        assert!(starts >= texts.len() - 1);
        assert_eq!(found[..60_000], texts[..60_000]);
        assert_eq!(found.last(), texts.last());
    }
}
