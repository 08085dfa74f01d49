//! Other files that a file names: itself, what never ends, what is no file, and nothing.

use crate::bytes::Bytes;
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, Index, at, form, program, tag};
use crate::elf::{Elf, Section, compressed};
use crate::lab::{Lab, knows_the_good};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

const ID: u64 = 0x1122_3344_5566_7788;
const CODE: (u64, u64) = (BAD, BAD_SIZE);

/// A program with a unit for each id, whose other halves are in the file of this name.
fn skeleton(name: &str, directory: &str, ids: &[u64]) -> Dwarf {
    let mut dwarf = Dwarf::new();
    let unit = [
        (at::DWO_NAME, form::STRING),
        (at::COMP_DIR, form::STRING),
        (at::LOW_PC, form::ADDR),
        (at::HIGH_PC, form::DATA4),
    ];
    let table = dwarf.table(&[(tag::COMPILE_UNIT, false, &unit)]);
    let entries = Bytes::default().u8(1).text(name).text(directory).u64(BAD).u32(BAD_SIZE as u32);
    for &id in ids {
        let rest = Bytes::default().u16(5).u8(4).u8(8).u32(table).u64(id).bytes(&entries.0);
        dwarf.raw_unit(&Bytes::default().u32(rest.len() as u32).bytes(&rest.0), CODE);
    }
    dwarf
}

/// The other half, with the function `bad`; or one whose unit is of another kind, or of another build.
fn half(kind: u8, id: u64) -> Vec<Section> {
    halves(kind, &[id])
}

/// Several of them in one file.
fn halves(kind: u8, ids: &[u64]) -> Vec<Section> {
    let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let function = [&[(at::NAME, form::STRING)], &range[..]].concat();
    let mut dwarf = Dwarf::new();
    dwarf.abbrev.clear();
    dwarf.table(&[
        (tag::COMPILE_UNIT, true, &[(at::DWO_NAME, form::STRING)]),
        (tag::SUBPROGRAM, false, &function),
    ]);
    let entries =
        Bytes::default().u8(1).text("bad.dwo").u8(2).text("bad").u64(BAD).u32(BAD_SIZE as u32).u8(0);
    let units = ids.iter().fold(Bytes::default(), |units, &id| {
        let rest = Bytes::default().u16(5).u8(kind).u8(8).u32(0).u64(id).bytes(&entries.0);
        units.u32(rest.len() as u32).bytes(&rest.0)
    });
    vec![Section::new(".debug_info.dwo", units.0), Section::new(".debug_abbrev.dwo", dwarf.abbrev)]
}

fn ask(lab: &Lab, what: &str, elf: &Elf, names: &[&str]) {
    let answer = lab.ask_file(what, &elf.bytes());
    knows_the_good(what, &answer);
    assert!(names.contains(&answer.name(2)), "{what}: expected one of {names:?}: {answer:?}");
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Split debug information in a file of its own.
pub(crate) fn split() -> Result<(), Failed> {
    let lab = Lab::new("other halves");
    const EITHER: &[&str] = &["bad", "bad_symbol"];
    const SYMBOL: &[&str] = &["bad_symbol"];
    let here = lab.path("").display().to_string();
    let file = |name: &str, elf: Elf| std::fs::write(lab.path(name), elf.bytes()).unwrap();
    let empty = || Elf { sections: Vec::new(), segments: Vec::new(), start: 64 };
    file("bad.dwo", empty().with(half(5, ID)));
    file("other.dwo", empty().with(half(5, !ID)));
    file("skeleton.dwo", empty().with(half(4, ID)));
    file("types.dwo", empty().with(half(6, ID)));
    file("empty.dwo", empty());
    fifo(&lab.path("fifo.dwo"));
    std::fs::create_dir(lab.path("directory.dwo"))?;
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("loop.dwo", lab.path("loop.dwo"))?;
        std::os::unix::fs::symlink("fifo.dwo", lab.path("link.dwo"))?;
        std::os::unix::fs::symlink("/dev/zero", lab.path("zero.dwo"))?;
    }
    let long = "a/".repeat(500_000);
    for (name, names) in [
        ("bad.dwo", &["bad"][..]),
        ("other.dwo", SYMBOL),
        ("skeleton.dwo", EITHER),
        ("types.dwo", EITHER),
        ("empty.dwo", SYMBOL),
        ("app", SYMBOL),
        ("./../././app", SYMBOL),
        ("fifo.dwo", SYMBOL),
        ("directory.dwo", SYMBOL),
        ("loop.dwo", SYMBOL),
        ("link.dwo", SYMBOL),
        ("zero.dwo", SYMBOL),
        ("/dev/zero", SYMBOL),
        ("/dev/stdin", SYMBOL),
        ("/proc/self/mem", SYMBOL),
        ("/proc/self/exe", SYMBOL),
        ("../../../../../../../../etc/passwd", SYMBOL),
        ("", SYMBOL),
        (".", SYMBOL),
        ("..", SYMBOL),
        ("/", SYMBOL),
        ("\u{1b}[2J\nnew line", SYMBOL),
        (&long, SYMBOL),
    ] {
        let what: String = name.escape_debug().take(60).collect();
        for directory in [&here, "", "/dev", &long] {
            let names = if name == "bad.dwo" { EITHER } else { names };
            ask(&lab, &what, &skeleton(name, directory, &[ID]).elf(Index::Aranges), names);
        }
        ask(&lab, &what, &skeleton(name, &here, &[ID]).elf(Index::None), names);
    }
    // The program is its own other half.
    let own = skeleton("app", &here, &[ID]).elf(Index::Aranges).with(half(5, ID));
    ask(&lab, "in the program itself", &own, EITHER);
    Ok(())
}

/// Thousands of units with one other half, which takes its time to be read.
pub(crate) fn shared_half() -> Result<(), Failed> {
    let lab = Lab::new("a shared other half");
    let size = 16 << 20;
    let block = (131_072u32 << 3 | 1 << 1).to_le_bytes();
    let blocks = Bytes::default().bytes(&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]);
    let stream = blocks.repeat(&[block[0], block[1], block[2], 0], size / 131_072).bytes(&[1, 0, 0]);
    let strings = compressed(".debug_str.dwo", 2, size as u64, &stream.0);
    let other = Elf { sections: half(5, ID), segments: Vec::new(), start: 64 }.with([strings]);
    std::fs::write(lab.path("bad.dwo"), other.bytes())?;
    let here = lab.path("").display().to_string();
    for units in [1, 2_000] {
        let what = format!("{units} units");
        let dwarf = skeleton("bad.dwo", &here, &vec![ID; units]);
        ask(&lab, &what, &dwarf.elf(Index::Aranges), &["bad"]);
    }
    Ok(())
}

/// The other halves of thousands of units in one file, behind many more that nobody asks for.
pub(crate) fn many_halves() -> Result<(), Failed> {
    let lab = Lab::new("other halves in one file");
    let ids: Vec<u64> = (1..=50_000).collect();
    let other = Elf { sections: halves(5, &ids), segments: Vec::new(), start: 64 };
    std::fs::write(lab.path("bad.dwo"), other.bytes())?;
    let here = lab.path("").display().to_string();
    let asked = &ids[48_000..];
    let last = skeleton("bad.dwo", &here, asked).elf(Index::Aranges);
    ask(&lab, "2,000 of 50,000", &last, &["bad"]);
    assert_eq!(lab.ask_file("2,000 of 50,000, again", &last.bytes()).problem, None);
    let strange: Vec<u64> = asked.iter().map(|id| !id).collect();
    let strange = skeleton("bad.dwo", &here, &strange).elf(Index::Aranges);
    ask(&lab, "2,000 of another build", &strange, &["bad_symbol"]);
    Ok(())
}

/// What lies beside the program where a package of other halves, or a debug file, should.
pub(crate) fn beside() -> Result<(), Failed> {
    let lab = Lab::new("beside the program");
    let sound = skeleton("absent.dwo", "", &[ID]).elf(Index::Aranges);
    let link = |name: &str| {
        let data = Bytes::default().text(name);
        let padded = data.len().next_multiple_of(4) - data.len();
        program().with([Section::new(".gnu_debuglink", data.zeros(padded).u32(7).0)])
    };
    let alternative = |name: &str| {
        let link = Section::new(".gnu_debugaltlink", Bytes::default().text(name).bytes(&[7; 20]).0);
        skeleton("absent.dwo", "", &[ID]).elf(Index::Aranges).with([link])
    };
    let ask_all = |what: &str| {
        ask(&lab, what, &sound, &["bad", "bad_symbol"]);
        for name in ["app", "app.dwp", "/dev/zero", "", ".", "../app", "\n"] {
            ask(
                &lab,
                &format!("{what}, {name:?} as alternative"),
                &alternative(name),
                &["bad", "bad_symbol"],
            );
            let what = format!("{what}, {name:?} as debug file");
            let answer = lab.ask_file(&what, &link(name).bytes());
            assert_eq!(answer.name(2), "bad_symbol", "{what}: {answer:?}");
        }
    };
    ask_all("nothing");
    let package = lab.path("app.dwp");
    fifo(&package);
    ask_all("a FIFO");
    std::fs::remove_file(&package)?;
    std::fs::create_dir(&package)?;
    ask_all("a directory");
    std::fs::remove_dir(&package)?;
    #[cfg(unix)]
    for target in ["app", "app.dwp", "/dev/zero", "/dev/stdin", "/nowhere"] {
        std::os::unix::fs::symlink(target, &package)?;
        ask_all(&format!("a link to {target}"));
        std::fs::remove_file(&package)?;
    }
    let index = |version: u32, columns: u32, units: u32, slots: u32| {
        Bytes::default().u32(version).u32(columns).u32(units).u32(slots)
    };
    let one = |slots: u32| index(5, 2, 1, slots).u64(ID).u32(1).u32(1).u32(3).u32(0).u32(0).u32(99).u32(99);
    for (what, index) in [
        ("no index", Bytes::default()),
        ("an empty index", index(5, 0, 0, 0)),
        ("2^32 slots", index(5, 2, 1, u32::MAX)),
        ("2^31 slots", index(5, 2, 1, 1 << 31)),
        ("2^32 units", index(5, 2, u32::MAX, 1)),
        ("2^32 columns", index(5, u32::MAX, 1, 1)),
        ("three slots", one(3)),
        ("version 99", index(99, 2, 1, 1).zeros(1000)),
        ("no free slot", index(5, 2, 1, 8).repeat(&[9; 8], 8).repeat(&[1, 0, 0, 0], 8).zeros(100)),
        ("rows outside", index(5, 2, 1, 1).u64(ID).u32(u32::MAX).zeros(100)),
        ("parts outside", index(5, 2, 1, 1).u64(ID).u32(1).u32(1).u32(3).repeat(&[0xff; 4], 4)),
        ("sound but for its sizes", one(1)),
    ] {
        let sections = half(5, ID).into_iter().chain([Section::new(".debug_cu_index", index.0)]);
        let elf = Elf { sections: sections.collect(), segments: Vec::new(), start: 64 };
        std::fs::write(&package, elf.bytes())?;
        ask(&lab, what, &sound, &["bad", "bad_symbol"]);
    }
    Ok(())
}
