//! Which symbols hold an address: read with another library than the one that is judged uses.

use object::read::{ReadCache, ReadRef};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind};
use std::io::Read;
use std::path::Path;

/// The names of a file's code symbols.
pub(crate) struct SymbolsOf {
    all: Vec<Symbol>,
    /// The largest end of each symbol and those before it.
    ends: Vec<u64>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Symbol {
    start: u64,
    /// Of those without a size, the next start or the end of the section.
    end: u64,
    section_end: u64,
    name: String,
}

impl SymbolsOf {
    /// All symbol tables of the files that can be read.
    pub(crate) fn files(paths: &[&Path]) -> SymbolsOf {
        let mut all = Vec::new();
        for file in paths.iter().filter_map(|path| std::fs::File::open(path).ok()) {
            add(&ReadCache::new(file), &mut all);
        }
        all.sort();
        let mut next = u64::MAX;
        for at in (0..all.len()).rev() {
            if all[at].start == all[at].end {
                all[at].end = next.min(all[at].section_end);
            }
            if at > 0 && all[at - 1].start < all[at].start {
                next = all[at].start;
            }
        }
        let ends = all.iter().scan(0, |most: &mut u64, symbol| {
            *most = symbol.end.max(*most);
            Some(*most)
        });
        SymbolsOf { ends: ends.collect(), all }
    }

    pub(crate) fn at(&self, address: u64) -> Vec<String> {
        let before = self.all.partition_point(|s| s.start <= address);
        let reach = (0..before).rev().take_while(|&at| self.ends[at] > address);
        let holding = reach.map(|at| &self.all[at]).filter(|s| address < s.end);
        holding.map(|s| s.name.clone()).collect()
    }
}

fn add<'a>(bytes: impl ReadRef<'a>, all: &mut Vec<Symbol>) {
    let Ok(file) = object::File::parse(bytes) else { return };
    let mach_o = file.format() == object::BinaryFormat::MachO;
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        let code = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Unknown | SymbolKind::Label);
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let Some(section) = section.filter(|s| code && is_code(s)) else { continue };
        let Ok(name) = symbol.name() else { continue };
        let name = if mach_o { name.strip_prefix('_').unwrap_or(name) } else { name }.to_owned();
        let start = symbol.address();
        let section_end = section.address().saturating_add(section.size());
        all.push(Symbol { start, end: start.saturating_add(symbol.size()), section_end, name });
    }
    // Fedora's mini debug information is an ELF file in xz.
    if let Some(section) = file.section_by_name_bytes(b".gnu_debugdata") {
        let mut inner = Vec::new();
        let mut reader = lzma_rust2::XzReader::new(section.data().unwrap(), true);
        reader.read_to_end(&mut inner).unwrap();
        add(&*inner, all);
    }
}

/// In files of debug information alone, sections of code are empty but marked as such.
fn is_code<'a>(section: &impl ObjectSection<'a>) -> bool {
    match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(object::elf::SHF_EXECINSTR),
        _ => section.kind() == SectionKind::Text,
    }
}
