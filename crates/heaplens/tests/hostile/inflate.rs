//! Compressed sections that claim, or hold, more than any memory.

use crate::bytes::Bytes;
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, GOOD, GOOD_SIZE, Index, at, form, program, tag};
use crate::elf::{Elf, Section, compressed};
use crate::lab::{ASKED, Answer, Lab, knows_the_good};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use libtest_mimic::Failed;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

const ZLIB: u32 = 1;
const ZSTD: u32 = 2;

/// A zstd frame of so many zeros and what comes after them; four bytes for 128 KiB.
fn zstd(zeros: u64, tail: &[u8]) -> Vec<u8> {
    const BLOCK: u64 = 128 << 10;
    let block = |last: u32, kind: u32, size: u64| (last | kind << 1 | (size as u32) << 3).to_le_bytes();
    let mut out = Bytes::default().bytes(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
    let whole = [&block(0, 1, BLOCK)[..3], &[0]].concat();
    out = out.repeat(&whole, (zeros / BLOCK) as usize);
    if !zeros.is_multiple_of(BLOCK) {
        out = out.bytes(&block(0, 1, zeros % BLOCK)[..3]).u8(0);
    }
    out.bytes(&block(1, 0, tail.len() as u64)[..3]).bytes(tail).0
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// One of the two names of the function, by debug information or by the symbol table.
fn knows_a_name(what: &str, answer: &Answer) {
    assert!(["good", "good_symbol"].contains(&answer.name(1)), "{what}: {answer:?}");
}

const SECTIONS: [&str; 10] = [
    ".debug_info",
    ".debug_abbrev",
    ".debug_line",
    ".debug_aranges",
    ".debug_str",
    ".debug_line_str",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_addr",
    ".debug_str_offsets",
];

/// The sound file with one section taken out and another of its name put in.
fn with(section: Section) -> Elf {
    let mut elf = Dwarf::new().elf(Index::Aranges);
    elf.sections.retain(|s| s.name != section.name);
    elf.with([section])
}

/// Sizes in the header that the data does not have.
pub(crate) fn claims() -> Result<(), Failed> {
    let lab = Lab::new("sizes of compressed sections");
    let some = [(ZLIB, zlib(&[0; 1000])), (ZSTD, zstd(1000, b""))];
    for name in SECTIONS {
        for (kind, stream) in &some {
            for size in [0, 1, 999, 1001, 1 << 20, 1 << 33, 1 << 40, 1 << 63, u64::MAX] {
                let what = format!("{name} of kind {kind}, {size} bytes");
                let answer = lab.ask_file(&what, &with(compressed(name, *kind, size, stream)).bytes());
                knows_a_name(&what, &answer);
            }
        }
        for (what, section) in [
            ("an unknown kind", compressed(name, 77, 1000, &some[0].1)),
            ("kind 0", compressed(name, 0, 1000, &some[0].1)),
            ("no stream", compressed(name, ZLIB, 1000, b"")),
            ("no zstd stream", compressed(name, ZSTD, 1000, b"")),
            ("half a stream", compressed(name, ZLIB, 1000, &some[0].1[..5])),
            ("half a zstd stream", compressed(name, ZSTD, 1000, &some[1].1[..7])),
            ("no zlib", compressed(name, ZLIB, 1000, &[0xff; 1000])),
            ("no zstd", compressed(name, ZSTD, 1000, &[0xff; 1000])),
            ("a window of 2^41", compressed(name, ZSTD, 1000, &[0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 1, 0, 0])),
            (
                "a dictionary",
                compressed(name, ZSTD, 1000, &[0x28, 0xb5, 0x2f, 0xfd, 3, 0x38, 1, 2, 3, 4, 1, 0, 0]),
            ),
            (
                "frames to skip",
                compressed(name, ZSTD, 1000, &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0].repeat(100_000)),
            ),
            ("empty frames", compressed(name, ZSTD, 1000, &zstd(0, b"").repeat(100_000))),
            ("half a header", {
                let mut section = compressed(name, ZLIB, 1000, b"");
                section.data.truncate(9);
                section
            }),
        ] {
            let what = format!("{name}: {what}");
            knows_a_name(&what, &lab.ask_file(&what, &with(section).bytes()));
        }
        let old = name.replace(".debug", ".zdebug");
        for size in [0, 1000, 1001, 1 << 40, 1 << 63, u64::MAX] {
            let head = Bytes::default().bytes(b"ZLIB").bytes(&u64::to_be_bytes(size)).bytes(&some[0].1);
            let what = format!("{old} of {size} bytes");
            let mut elf = with(Section::new(name, Vec::new()));
            elf.sections.retain(|s| s.name != name);
            let elf = elf.with([Section::new(&old, head.0)]);
            knows_a_name(&what, &lab.ask_file(&what, &elf.bytes()));
        }
    }
    Ok(())
}

/// Streams that do inflate to a terabyte, whatever their header says.
pub(crate) fn bombs() -> Result<(), Failed> {
    let lab = Lab::new("section bombs");
    let terabyte = zstd(1 << 40, b"");
    for size in [1000, 32 << 20, 1 << 40] {
        for name in [".debug_info", ".debug_str"] {
            let what = format!("{name} with a terabyte that says {size}");
            let answer = lab.ask_file(&what, &with(compressed(name, ZSTD, size, &terabyte)).bytes());
            knows_a_name(&what, &answer);
        }
    }
    let large = zlib(&vec![0; 64 << 20]);
    for size in [1000, 16 << 20, 1 << 40] {
        let what = format!("64 MB in zlib that say {size}");
        let answer = lab.ask_file(&what, &with(compressed(".debug_str", ZLIB, size, &large)).bytes());
        knows_a_name(&what, &answer);
    }
    // Each section is small enough to be believed.
    let mut all = Dwarf::new().elf(Index::Aranges);
    for name in SECTIONS.iter().filter(|name| **name != ".debug_info") {
        let size = 15 << 20;
        all.sections.retain(|s| s.name != *name);
        all = all.with([compressed(name, ZSTD, size, &zstd(size, b""))]);
    }
    knows_a_name("all sections", &lab.ask_file("all sections", &all.bytes()));
    Ok(())
}

/// Sections that nothing refers to are not inflated, be they sound or broken; and one that is broken costs what is in
/// it.
pub(crate) fn only_what_is_needed() -> Result<(), Failed> {
    let lab = Lab::new("sections that are not needed");
    let size = 15 << 20;
    let sound = zstd(size, b"");
    let unneeded = [".debug_str", ".debug_line_str", ".debug_ranges", ".debug_rnglists", ".debug_addr"];
    for (what, stream) in
        [("sound", &sound[..]), ("broken", &sound[..sound.len() / 2]), ("no zstd", &[0xff; 99])]
    {
        let mut elf = Dwarf::new().elf(Index::Aranges);
        for name in unneeded {
            elf = elf.with([compressed(name, ZSTD, size, stream)]);
        }
        let answer = lab.ask_file(what, &elf.bytes());
        knows_the_good(what, &answer);
        assert!(answer.problem.is_none(), "{what}: {answer:?}");
        assert!(answer.peak < 1 << 20, "{what}: {} bytes", answer.peak);
    }
    // What stands for itself is known, and what is lost is said.
    let broken = |name: &str| with(compressed(name, ZLIB, 1000, &[0xff; 1000])).bytes();
    let answer = lab.ask_file("no index", &broken(".debug_aranges"));
    knows_the_good("no index", &answer);
    let answer = lab.ask_file("no lines", &broken(".debug_line"));
    assert_eq!(answer.name(1), "good", "{answer:?}");
    assert!(answer.problem.is_some_and(|why| why.contains("section .debug_line:")));
    let mut dwarf = Dwarf::new();
    let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let named = [&[(at::NAME, form::STRP)], &range[..]].concat();
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &range), (tag::SUBPROGRAM, false, &named)]);
    let code = |bytes: Bytes| bytes.u64(BAD).u32(BAD_SIZE as u32);
    let unit = code(code(Bytes::default().u8(1)).u8(2).u32(0)).u8(0);
    dwarf.unit(table, &unit, (BAD, BAD_SIZE));
    dwarf.others.push(compressed(".debug_str", ZLIB, 1000, &[0xff; 1000]));
    for index in [Index::Aranges, Index::None] {
        let answer = lab.ask_file("no names", &dwarf.elf(index).bytes());
        knows_the_good("no names", &answer);
        assert_eq!(answer.name(2), "bad_symbol");
        assert!(answer.problem.is_some_and(|why| why.contains("names are lost (section .debug_str:")));
    }
    Ok(())
}

/// `.gnu_debugdata` that inflates without end, asks for an endless window, or holds itself.
pub(crate) fn mini_debug_info() -> Result<(), Failed> {
    let lab = Lab::new("mini debug info");
    // A megabyte of zeros, one stream of it.
    let stream = include_bytes!("fixtures/zeros.xz");
    // The size of its window is the byte behind the filter's name and length; the head's checksum follows.
    let window = |size: u8| {
        let mut stream = stream.to_vec();
        stream[16] = size;
        let sum = crc32fast::hash(&stream[12..20]).to_le_bytes();
        stream[20..24].copy_from_slice(&sum);
        stream
    };
    let own = program().bytes();
    for (what, data) in [
        ("a megabyte of nothing", stream.to_vec()),
        ("100 GB of nothing", stream.repeat(100_000)),
        ("a window of 4 GB", window(40)),
        ("a window beyond the largest", window(41)),
        ("half a stream", stream[..stream.len() / 2].to_vec()),
        ("a head alone", stream[..12].to_vec()),
        ("no xz", vec![0xff; 1000]),
        ("nothing", Vec::new()),
        ("the program as it is", own),
        ("padding", [&stream[..], &[0; 4_000_000]].concat()),
    ] {
        // Nothing else knows the damaged unit, so that this is looked at.
        let elf = Elf::program(&[("good_symbol", GOOD, GOOD_SIZE)]);
        let elf = elf.with(Dwarf::new().sections(Index::None)).with([Section::new(".gnu_debugdata", data)]);
        knows_the_good(what, &lab.ask_file(what, &elf.bytes()));
    }
    Ok(())
}

/// A name behind megabytes that pack a thousand to one, within the caps: it is found.
pub(crate) fn within_the_cap() -> Result<(), Failed> {
    let lab = Lab::new("sections that pack well");
    let zeros = 12 << 20;
    let mut content = vec![0; zeros];
    content.extend_from_slice(b"bad\0");
    let size = content.len() as u64;
    for (what, kind, stream) in [("zlib", ZLIB, zlib(&content)), ("zstd", ZSTD, zstd(zeros as u64, b"bad\0"))]
    {
        let mut dwarf = Dwarf::new();
        let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
        let named = [&[(at::NAME, form::STRP)], &range[..]].concat();
        let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &named), (tag::SUBPROGRAM, false, &named)]);
        let each = |code: u8| Bytes::default().u8(code).u32(zeros as u32).u64(BAD).u32(BAD_SIZE as u32);
        dwarf.unit(table, &each(1).bytes(&each(2).0).u8(0), (BAD, BAD_SIZE));
        dwarf.others.push(compressed(".debug_str", kind, size, &stream));
        lab.ask_dwarf(what, &dwarf, &["bad"]);
    }
    Ok(())
}

/// What the option allows is allowed once: not to inflated sections, and to units, and to line programs of each
/// thread again.
pub(crate) fn everything_at_once() -> Result<(), Failed> {
    let lab = Lab::within(256 << 20, "everything at once");
    let unit_size: u64 = 110 << 20;
    let mut elf = program();
    for name in [".debug_str", ".debug_line_str", ".debug_ranges"] {
        let size = 15 << 20;
        elf = elf.with([compressed(name, ZSTD, size, &zstd(size, b""))]);
    }
    let mut dwarf = Dwarf::new();
    let block = [(at::NAME, form::BLOCK4)];
    let table = dwarf
        .table(&[(tag::COMPILE_UNIT, true, &[(at::STMT_LIST, form::SEC_OFFSET)]), (0x34, false, &block)]);
    // Two units and two programs, which are holes but for their heads.
    let unit = Bytes::default().u32(unit_size as u32 - 4).u16(4).u32(table).u8(8);
    let unit = |line: u64| unit.clone().u8(1).u32(line as u32).u8(2).u32(unit_size as u32 - 30);
    let line = Bytes::default().u32(unit_size as u32 - 4).u16(4).u32(30).bytes(&[1, 1, 1, 0xfb, 14, 13]);
    let line = line.bytes(&[0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]).zeros(20);
    let start = dwarf.info.len() as u64;
    for at in [start, start + unit_size] {
        dwarf.arange(at as u32, &[(BAD, BAD_SIZE)]);
    }
    let mut sections = dwarf.sections(Index::Aranges);
    sections.retain(|s| s.name != ".debug_info" && s.name != ".debug_line");
    elf = elf.with(sections);
    let head = elf.clone().with([Section::new(".debug_info", vec![]), Section::new(".debug_line", vec![])]);
    let info_at = head.bytes().len() as u64;
    let line_at = info_at + start + 2 * unit_size;
    let size = start + 2 * unit_size;
    let elf = elf.with([
        Section::new(".debug_info", vec![]).claiming_offset(info_at).claiming_size(size),
        Section::new(".debug_line", vec![]).claiming_offset(line_at).claiming_size(2 * unit_size),
    ]);
    let path = lab.path("app");
    std::fs::write(&path, elf.bytes())?;
    let mut file = File::options().write(true).open(&path)?;
    file.set_len(line_at + 2 * unit_size)?;
    for (at, bytes) in [
        (info_at, &dwarf.info),
        (info_at + start, &unit(0).0),
        (info_at + start + unit_size, &unit(unit_size).0),
        (line_at, &line.0),
        (line_at + unit_size, &line.0),
    ] {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
    }
    let what = "sections, units and programs";
    let answer = lab.ask(what, &path, &ASKED);
    assert_eq!(answer.name(1), "good", "{what}: {answer:?}");
    assert_eq!(answer.name(2), "bad_symbol", "{what}: {answer:?}");
    assert!(answer.peak as u64 <= lab.options.max_memory + (8 << 20), "{what}: {} bytes", answer.peak);
    Ok(())
}
