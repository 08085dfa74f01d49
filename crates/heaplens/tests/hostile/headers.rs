//! ELF headers: counts, sizes and places that cannot be; and files of gigabytes that hold nothing.

use crate::bytes::Bytes;
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, GOOD, Index, program};
use crate::elf::{Elf, NOTE, STRTAB, SYMTAB, Section, TEXT, TEXT_SIZE};
use crate::lab::{ASKED, Answer, Lab, knows_the_good};
use libtest_mimic::Failed;
use std::fs::File;
use std::path::Path;

/// What remains where the debug information cannot be read.
fn knows_the_symbols(what: &str, answer: &Answer) {
    assert_eq!(answer.name(1), "good_symbol", "{what}: {answer:?}");
    assert_eq!(answer.name(2), "bad_symbol", "{what}: {answer:?}");
}

fn sound() -> Elf {
    Dwarf::new().elf(Index::Aranges)
}

/// 65,535 sections and more, and counts of sections that nothing holds.
pub(crate) fn counts() -> Result<(), Failed> {
    let lab = Lab::new("counts of sections");
    let empty = |count: usize| vec![Section::new(".debug_info", Vec::new()); count];
    for count in [0xfeff - 10, 0xfeff, 65_535, 100_000] {
        let what = format!("{count} empty ones");
        knows_the_good(&what, &lab.ask_file(&what, &sound().with(empty(count)).bytes()));
    }
    // Each is all of the file.
    for (name, good) in [(".debug_info", false), (".debug_str", true), (".symtab", true), (".text", true)] {
        let mut section = Section::new(name, Vec::new()).claiming_offset(0).claiming_size(1 << 20);
        section.kind = if name == ".symtab" { SYMTAB } else { 1 };
        section.link = 1;
        section.flags = if name == ".text" { 6 } else { 0 };
        let what = format!("65,535 of {name}");
        // The sound ones come first.
        let first = lab.ask_file(&what, &sound().with(vec![section.clone(); 65_535]).bytes());
        knows_the_good(&what, &first);
        if !good {
            let elf = program().with(vec![section; 65_535]).with(Dwarf::new().sections(Index::Aranges));
            knows_the_symbols(&what, &lab.ask_file(&what, &elf.bytes()));
        }
    }
    let header = |change: &dyn Fn(&mut [u8])| {
        let mut file = sound().bytes();
        change(&mut file);
        file
    };
    let shoff = |file: &[u8]| u64::from_le_bytes(file[0x28..0x30].try_into().unwrap()) as usize;
    let in_first = |count: u64| {
        header(&|file| {
            file[0x3c..0x3e].fill(0);
            let at = shoff(file) + 32;
            file[at..at + 8].copy_from_slice(&count.to_le_bytes());
        })
    };
    for (what, file) in [
        ("2^32 in the first header", in_first(1 << 32)),
        ("2^64 - 1 in the first header", in_first(u64::MAX)),
        ("2^58 in the first header, whose size wraps", in_first(1 << 58)),
        ("65,279 that are not there", header(&|f| f[0x3c..0x3e].copy_from_slice(&0xfeffu16.to_le_bytes()))),
        ("65,535 program headers", header(&|f| f[0x38..0x3a].fill(0xff))),
        ("no place of the sections", header(&|f| f[0x28..0x30].fill(0xff))),
        (
            "the place of the sections at the end",
            header(&|f| {
                let end = f.len() as u64 - 1;
                f[0x28..0x30].copy_from_slice(&end.to_le_bytes());
            }),
        ),
        ("sections of no size", header(&|f| f[0x3a..0x3c].fill(0))),
        ("sections of 65,535 bytes", header(&|f| f[0x3a..0x3c].fill(0xff))),
        ("names in no section", header(&|f| f[0x3e..0x40].copy_from_slice(&0x7777u16.to_le_bytes()))),
        ("names in a section of code", header(&|f| f[0x3e..0x40].copy_from_slice(&1u16.to_le_bytes()))),
        ("a 32-bit file by its mark", header(&|f| f[4] = 1)),
        ("a big-endian file by its mark", header(&|f| f[5] = 2)),
        ("no class", header(&|f| f[4] = 0)),
        ("the program headers nowhere", header(&|f| f[0x20..0x28].fill(0xff))),
        ("program headers of no size", header(&|f| f[0x36..0x38].fill(0))),
        ("nothing but the mark", b"\x7fELF".to_vec()),
        ("nothing but the header", sound().bytes()[..64].to_vec()),
    ] {
        lab.ask_file(what, &file);
    }
    Ok(())
}

/// Sections that are somewhere else, and larger than anything.
pub(crate) fn sizes() -> Result<(), Failed> {
    let lab = Lab::new("sizes of sections");
    let names: Vec<String> = sound().sections.iter().map(|s| s.name.clone()).collect();
    for name in names.iter().map(String::as_str) {
        for (what, offset, size) in [
            ("2^63 bytes", None, Some(1 << 63)),
            ("2^64 - 1 bytes", None, Some(u64::MAX)),
            ("2^40 bytes", None, Some(1 << 40)),
            ("no bytes", None, Some(0)),
            ("one byte", None, Some(1)),
            ("the end of the file", Some(u64::from(u32::MAX)), None),
            ("the last byte there can be", Some(u64::MAX), Some(1)),
            ("an end that wraps", Some(u64::MAX - 10), Some(100)),
            ("the whole file", Some(0), Some(0x4000)),
        ] {
            let mut elf = sound();
            let section = elf.sections.iter_mut().find(|s| s.name == name).unwrap();
            section.claimed_offset = offset.or(section.claimed_offset);
            section.claimed_size = size;
            let what = format!("{name}, {what}");
            let answer = lab.ask_file(&what, &elf.bytes());
            if name == ".debug_info" && what.contains("2^") {
                knows_the_symbols(&what, &answer);
            }
            if name == ".symtab" || name == ".strtab" {
                knows_the_good(&what, &answer);
            }
        }
    }
    Ok(())
}

/// Loaded parts that overlap, wrap and lie nowhere.
pub(crate) fn segments() -> Result<(), Failed> {
    let lab = Lab::new("segments");
    for (what, segments) in [
        ("none", vec![]),
        ("2^64 - 1 bytes", vec![(1, 5, 0, 0, u64::MAX)]),
        ("addresses that wrap", vec![(1, 5, 0, u64::MAX - 5, u64::MAX)]),
        ("places that wrap", vec![(1, 5, u64::MAX - 5, 0, u64::MAX)]),
        ("50 that overlap", (0..50).map(|i| (1, 5, i, i * 7, TEXT_SIZE)).collect()),
        ("no size", vec![(1, 5, TEXT, TEXT, 0)]),
    ] {
        let mut elf = sound();
        elf.segments = segments;
        knows_the_good(what, &lab.ask_file(what, &elf.bytes()));
    }
    Ok(())
}

/// Symbol tables whose every symbol has the address, whose names do not end, and that are cut.
pub(crate) fn symbols() -> Result<(), Failed> {
    let lab = Lab::new("symbol tables");
    let names = Bytes::default().u8(0).text("bad_symbol").text("good_symbol").text("inner");
    let one = Bytes::default().symbol(1, BAD, BAD_SIZE);
    let good = Bytes::default().symbol(12, GOOD, 0x100);
    let path = lab.path("app");
    let addresses: Vec<u64> = (BAD..BAD + 1_000).collect();
    for (what, symbols) in [
        ("a million of one place", one.clone().repeat(&one.0, 1_000_000)),
        (
            "a million, each inside the one before",
            (0..1_000_000u64).fold(one.clone(), |b, i| b.symbol(24, BAD + i % 1000, BAD_SIZE - i % 1000)),
        ),
        ("a million without a size", one.clone().repeat(&Bytes::default().symbol(24, BAD, 0).0, 1_000_000)),
        (
            "a million of everything",
            one.clone().repeat(&Bytes::default().symbol(24, 0, u64::MAX).0, 1_000_000),
        ),
        ("sizes that wrap", one.clone().symbol(24, BAD, u64::MAX).symbol(24, u64::MAX, u64::MAX)),
    ] {
        let elf =
            Elf::with_symbols(Bytes::default().zeros(24).bytes(&good.0).bytes(&symbols.0), names.clone());
        let answer = lab.ask_file(what, &elf.bytes());
        assert_eq!(answer.name(1), "good_symbol", "{what}: {answer:?}");
        assert!(["bad_symbol", "inner"].contains(&answer.name(2)), "{what}: {answer:?}");
        std::fs::write(&path, elf.bytes())?;
        let answer = lab.ask(&format!("{what}, 1,000 addresses"), &path, &addresses);
        assert!(["bad_symbol", "inner"].contains(&answer.name(5)), "{what}");
    }
    let ends = Bytes::default().zeros(24).symbol(1, BAD, BAD_SIZE);
    let whole = ends.clone().symbol(12, GOOD, 0x100);
    for (what, table, names, expected) in [
        ("names without end", whole.clone(), Bytes::default().u8(0).bytes(b"bad_symbol"), ""),
        ("no names", whole.clone(), Bytes::default(), ""),
        ("names outside", Bytes::default().zeros(24).symbol(u32::MAX, BAD, BAD_SIZE), names.clone(), ""),
        ("half a symbol", ends.bytes(&[1, 2, 3]), names.clone(), "bad_symbol"),
        ("whole", whole, names, "bad_symbol"),
    ] {
        let answer = lab.ask_file(what, &Elf::with_symbols(table, names).bytes());
        assert_eq!(answer.name(2), expected, "{what}: {answer:?}");
    }
    Ok(())
}

/// Notes that should hold the build-id.
pub(crate) fn notes() -> Result<(), Failed> {
    let lab = Lab::new("notes");
    let note = |name: u32, size: u32| Bytes::default().u32(name).u32(size).u32(3).text("GNU").bytes(&[7; 20]);
    for (what, note) in [
        ("sound", note(4, 20)),
        ("a name of 2^32 - 1", note(u32::MAX, 20)),
        ("an id of 2^32 - 1", note(4, u32::MAX)),
        ("both", note(u32::MAX, u32::MAX)),
        ("no size", note(0, 0)),
        ("an id of a megabyte", Bytes::default().u32(4).u32(1 << 20).u32(3).text("GNU").zeros(1 << 20)),
        ("a million of nothing", Bytes::default().zeros(12_000_000)),
        ("half", Bytes::default().u32(4).u16(20)),
    ] {
        for name in [".note.gnu.build-id", ".note"] {
            let mut section = Section::new(name, note.0.clone());
            section.kind = NOTE;
            let mut elf = sound().with([section]);
            let at = elf.sections.iter().map(|s| s.data.len() as u64).sum::<u64>() + TEXT - note.len() as u64;
            elf.segments.push((4, 4, at, at, note.len() as u64));
            knows_the_good(what, &lab.ask_file(what, &elf.bytes()));
        }
    }
    let note = Section { kind: NOTE, ..Section::new(".note", vec![1; 1 << 16]) };
    let elf = Elf { sections: vec![note], ..sound() };
    let at = TEXT;
    let mut many = sound();
    many.segments.extend(vec![(4, 4, at, at, 1 << 16); 60]);
    let sections = vec![
        Section {
            claimed_offset: Some(at),
            claimed_size: Some(1 << 16),
            data: vec![],
            ..elf.sections[0].clone()
        };
        60_000
    ];
    knows_the_good("60,000 notes", &lab.ask_file("60,000 notes", &many.with(sections).bytes()));
    for (what, link) in [
        ("no end", Bytes::default().repeat(b"a", 100)),
        ("a megabyte", Bytes::default().repeat(b"a", 1 << 20).zeros(8)),
        ("itself", Bytes::default().text("app").zeros(4).u32(7)),
        ("a directory", Bytes::default().text(".").u16(0).u32(7)),
        ("a path", Bytes::default().text("../../../../../../dev/zero").zeros(1).u32(7)),
        ("nothing", Bytes::default()),
    ] {
        let what = format!("a link: {what}");
        let elf = program().with([Section::new(".gnu_debuglink", link.0)]);
        knows_the_symbols(&what, &lab.ask_file(&what, &elf.bytes()));
    }
    Ok(())
}

/// Eight gigabytes of nothing in the place of each section, where the file system has holes.
pub(crate) fn sparse() -> Result<(), Failed> {
    let lab = Lab::new("holes");
    const HOLE: u64 = 8 << 30;
    let path = lab.path("app");
    let note = {
        let mut section = Section::new(".note.gnu.build-id", Vec::new());
        section.kind = NOTE;
        section
    };
    let names = sound().sections.into_iter().map(|s| s.name).skip(1);
    let others = [
        ".debug_str",
        ".debug_line_str",
        ".debug_ranges",
        ".debug_rnglists",
        ".debug_addr",
        ".gnu_debuglink",
    ];
    for name in names.chain(others.map(str::to_owned)).chain([note.name.clone()]) {
        let mut elf = sound();
        if !elf.sections.iter().any(|s| s.name == name) {
            elf = elf.with([Section { kind: note.kind, ..Section::new(&name, Vec::new()) }]);
        }
        let length = elf.bytes().len() as u64;
        let section = elf.sections.iter_mut().find(|s| s.name == name).unwrap();
        section.claimed_size = Some(HOLE);
        section.claimed_offset = Some(length);
        let what = format!("{name} of 8 GB");
        hole(&path, &elf.bytes(), HOLE)?;
        let answer = lab.ask(&what, &path, &ASKED);
        match name.as_str() {
            ".debug_info" | ".debug_abbrev" => knows_the_symbols(&what, &answer),
            ".debug_line" => assert_eq!(answer.name(1), "good", "{what}: {answer:?}"),
            _ => knows_the_good(&what, &answer),
        }
    }
    // The same with a head that claims all of the hole: a unit, a program, an index, a table.
    let length = Bytes::default().u32(u32::MAX).u64(HOLE - 12);
    let lines = length.clone().u16(4).u64(HOLE - 100);
    let unit = length.clone().u16(4).u64(0).u8(8).u8(8);
    let listed = length.u16(2).u64(0).u8(8).u8(0).zeros(8);
    for (name, head) in [
        (".debug_line", lines),
        (".debug_info", unit),
        (".debug_aranges", listed),
        (".debug_abbrev", Bytes::default().bytes(&[1, 0x11, 1])),
        (".strtab", Bytes::default().u8(0).text("good_symbol").text("bad_symbol")),
    ] {
        let mut elf = sound();
        let end = elf.bytes().len() as u64;
        let section = elf.sections.iter_mut().find(|s| s.name == name).unwrap();
        section.claimed_size = Some(HOLE);
        section.claimed_offset = Some(end);
        let mut file = elf.bytes();
        file.truncate(end as usize);
        file.extend_from_slice(&head.0);
        // The headers come behind the hole's head; what they cover reads as something else, no matter what.
        let headers = elf.bytes();
        let moved = file.len() as u64;
        let at = u64::from_le_bytes(headers[0x28..0x30].try_into()?);
        file.extend_from_slice(&headers[at as usize..]);
        file[0x28..0x30].copy_from_slice(&moved.to_le_bytes());
        hole(&path, &file, HOLE)?;
        let what = format!("{name} with a head");
        let answer = lab.ask(&what, &path, &ASKED);
        assert!(!answer.chains[1].is_empty(), "{what}: {answer:?}");
    }
    Ok(())
}

/// A file and a hole behind it.
fn hole(path: &Path, head: &[u8], size: u64) -> Result<(), Failed> {
    std::fs::write(path, head)?;
    File::options().write(true).open(path)?.set_len(head.len() as u64 + size + 64)?;
    Ok(())
}

/// A string table is no symbol table, and the other way round.
pub(crate) fn kinds() -> Result<(), Failed> {
    let lab = Lab::new("kinds of sections");
    for kind in [0, SYMTAB, STRTAB, NOTE, 8, 11, 17, 0x6fff_ffff, u32::MAX] {
        for at in 0..sound().sections.len() {
            let mut elf = sound();
            elf.sections[at].kind = kind;
            elf.sections[at].link = 0x7777;
            lab.ask_file(&format!("section {at} of kind {kind:#x}"), &elf.bytes());
        }
    }
    Ok(())
}
