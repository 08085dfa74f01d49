//! Files that make their reader hold more than it may.

use crate::bytes::Bytes;
use crate::dwarf::common::UNIT;
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, Index, at, form, tag};
use crate::elf::{Elf, Section};
use crate::lab::{ASKED, Lab, knows_the_good};
use crate::others::{ID, skeleton};
use libtest_mimic::Failed;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

const MIB: u64 = 1 << 20;
/// What lookups take beside what they count.
const ASIDE: u64 = 3 * MIB;

/// Writes a file whose last section, of this name, begins with `head` and is a hole behind it.
fn hole(path: &Path, elf: &Elf, name: &str, head: &[u8], size: u64) -> Result<(), Failed> {
    let at = elf.clone().with([Section::new(name, Vec::new())]).bytes().len() as u64;
    let section = Section::new(name, Vec::new()).claiming_offset(at).claiming_size(size);
    std::fs::write(path, elf.clone().with([section]).bytes())?;
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(head)?;
    file.set_len(at + size)?;
    Ok(())
}

/// Units without number: none may be held, whether a list names them or not.
pub(crate) fn units() -> Result<(), Failed> {
    let lab = Lab::within(16 * MIB, "many units");
    const COUNT: usize = 200_000;
    let mut dwarf = Dwarf::new();
    let table = dwarf.table(&[(tag::COMPILE_UNIT, false, &[])]);
    // Twelve bytes each.
    let unit = Bytes::default().u32(8).u16(4).u32(table).u8(8).u8(1);
    dwarf.raw_unit(&Bytes::default().repeat(&unit.0, COUNT), (0, 0));
    for index in [Index::Aranges, Index::None] {
        let answer = lab.ask_file("without code", &dwarf.elf(index).bytes());
        knows_the_good("without code", &answer);
        assert!(answer.peak < ASIDE as usize, "{index:?}: {} bytes", answer.peak);
    }
    // Each says that it has everything.
    let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let mut dwarf = Dwarf::new();
    let table = dwarf.table(&[(tag::COMPILE_UNIT, false, &range)]);
    let unit = Bytes::default().u32(20).u16(4).u32(table).u8(8).u8(1).u64(BAD).u32(BAD_SIZE as u32);
    dwarf.raw_unit(&Bytes::default().repeat(&unit.0, COUNT), (0, 0));
    let path = lab.path("app");
    std::fs::write(&path, dwarf.elf(Index::Aranges).bytes())?;
    let addresses: Vec<u64> = (0..100).map(|i| BAD + i).collect();
    let answer = lab.ask("with all code", &path, &addresses);
    assert_eq!(answer.name(0), "bad_symbol");
    assert!(answer.problem.is_some_and(|why| why.contains("too many units")));
    assert!(answer.peak < (16 * MIB + ASIDE) as usize, "{} bytes", answer.peak);
    Ok(())
}

/// Lists of addresses, long and many: the units that do not fit are looked at one by one.
pub(crate) fn lists() -> Result<(), Failed> {
    let lab = Lab::within(2 * MIB, "lists of addresses");
    let set = |pairs: &Bytes| {
        let set = Bytes::default().u16(2).u32(0).u8(8).u8(0).u32(0).bytes(&pairs.0).zeros(16);
        Bytes::default().u32(set.len() as u32).bytes(&set.0)
    };
    let pair = Bytes::default().u64(BAD + BAD_SIZE).u64(1);
    let one = Bytes::default().repeat(&pair.0, 1 << 19);
    let many = Bytes::default().repeat(&set(&pair).0, 200_000);
    for (what, index) in [("a long one", set(&one)), ("many", many)] {
        let mut dwarf = Dwarf::new();
        dwarf.raw_aranges(&index);
        let entries = Bytes::default().u8(UNIT).text("bad.c").u64(BAD).u32(BAD_SIZE as u32).u8(0);
        dwarf.unit(0, &entries, (BAD, BAD_SIZE));
        let answer = lab.ask_file(what, &dwarf.elf(Index::Aranges).bytes());
        knows_the_good(what, &answer);
        assert!(answer.peak < (2 * MIB + ASIDE) as usize, "{what}: {} bytes", answer.peak);
    }
    Ok(())
}

/// Units of holes: two gigabytes, more than there is by default; and as much as there is, which is read.
pub(crate) fn large_units() -> Result<(), Failed> {
    let lab = Lab::new("large units");
    let path = lab.path("app");
    for (size, is_read) in [(2 << 30, false), (lab.options.max_memory + MIB, false), (300 * MIB, true)] {
        let mut dwarf = Dwarf::new();
        let start = dwarf.info.len() as u64;
        dwarf.arange(start as u32, &[(BAD, BAD_SIZE)]);
        let length = size - 12 - start;
        let unit = Bytes::default().u32(u32::MAX).u64(length).u16(4).u64(0).u8(8);
        let unit = unit.u8(UNIT).text("bad.c").u64(BAD).u32(BAD_SIZE as u32);
        let head = [&dwarf.info[..], &unit.0].concat();
        let mut elf = dwarf.elf(Index::Aranges);
        elf.sections.retain(|section| section.name != ".debug_info");
        hole(&path, &elf, ".debug_info", &head, size)?;
        let what = format!("{size} bytes");
        let answer = lab.ask(&what, &path, &ASKED);
        knows_the_good(&what, &answer);
        assert_eq!(answer.name(2), "bad_symbol", "{what}");
        let refused = answer.problem.is_some_and(|why| why.contains("--max-symbol-memory"));
        assert_eq!(refused, !is_read, "{what}");
        let most = if is_read { size + ASIDE } else { ASIDE };
        assert!(answer.peak < most as usize, "{what}: {} bytes", answer.peak);
    }
    Ok(())
}

/// A package whose index of units is a hole.
pub(crate) fn packages() -> Result<(), Failed> {
    let lab = Lab::within(16 * MIB, "packages");
    let empty = Elf { sections: Vec::new(), segments: Vec::new(), start: 64 };
    let index = Bytes::default().u32(5).u32(0).u32(0).u32(0);
    hole(&lab.path("app.dwp"), &empty, ".debug_cu_index", &index.0, 200 * MIB)?;
    let program = skeleton("absent.dwo", "", &[ID]).elf(Index::Aranges).bytes();
    let answer = lab.ask_file("an index of 200 MB", &program);
    knows_the_good("an index of 200 MB", &answer);
    assert!(answer.problem.is_some());
    assert!(answer.peak < ASIDE as usize, "{} bytes", answer.peak);
    Ok(())
}

/// Symbol tables that have to be held: mini debug info, and those of Mach-O.
pub(crate) fn symbols() -> Result<(), Failed> {
    let lab = Lab::within(16 * MIB, "symbols in memory");
    let stream = include_bytes!("fixtures/zeros.xz").repeat(40);
    let mut elf = Elf::program(&[]);
    elf.sections.retain(|section| section.name == ".text");
    let answer = lab.ask_file("40 MB in xz", &elf.with([Section::new(".gnu_debugdata", stream)]).bytes());
    assert!(answer.problem.is_some_and(|why| why.contains("mini debug info")));
    assert!(answer.peak < (16 * MIB) as usize, "{} bytes", answer.peak);
    // A gigabyte of load commands, and a gigabyte of symbols.
    let head = |commands: u32, size: u32| {
        let head = Bytes::default().u32(0xfeed_facf).u32(0x0100_0007).u32(3).u32(2);
        head.u32(commands).u32(size).u32(0).u32(0)
    };
    let path = lab.path("app");
    let sparse = |what: &str, head: Bytes| -> Result<(), Failed> {
        std::fs::write(&path, &head.0)?;
        File::options().write(true).open(&path)?.set_len(4 << 30)?;
        let answer = lab.ask(what, &path, &ASKED);
        assert!(answer.problem.is_some(), "{what}");
        assert!(answer.peak < (16 * MIB + ASIDE) as usize, "{what}: {} bytes", answer.peak);
        Ok(())
    };
    sparse("load commands", head(1, 1 << 30))?;
    let segment = Bytes::default().u32(0x19).u32(72 + 80).bytes(b"__TEXT\0\0\0\0\0\0\0\0\0\0");
    let segment = segment.u64(0).u64(0x1_0000).u64(0).u64(0x1_0000).u32(5).u32(5).u32(1).u32(0);
    let section = Bytes::default().bytes(b"__text\0\0\0\0\0\0\0\0\0\0__TEXT\0\0\0\0\0\0\0\0\0\0");
    let section = section.u64(0).u64(0x1_0000).u32(0).u32(0).u32(0).u32(0).u32(0x8000_0400).zeros(12);
    let table = Bytes::default().u32(2).u32(24).u32(0x1000).u32((1 << 30) / 16).u32(0x1000).u32(16);
    let commands = segment.bytes(&section.0).bytes(&table.0);
    sparse("symbols", head(2, commands.len() as u32).bytes(&commands.0))
}
