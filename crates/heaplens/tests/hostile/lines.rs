//! Line programs: endless, without steps, with more files than there are.

use crate::bytes::Bytes;
use crate::dwarf::common::{FUNCTION, UNIT_WITH_LINES};
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, Index, LineHeader};
use crate::lab::{Lab, knows_the_good};
use libtest_mimic::Failed;

const CODE: (u64, u64) = (BAD, BAD_SIZE);

fn unit(program: u32) -> Bytes {
    let unit = Bytes::default().u8(UNIT_WITH_LINES).text("bad.c").u64(BAD).u32(BAD_SIZE as u32).u32(program);
    unit.u8(FUNCTION).text("bad").u64(BAD).u32(BAD_SIZE as u32).zeros(2)
}

/// The function must be known whatever its lines are.
fn ask(lab: &Lab, what: &str, program: impl FnOnce(&mut Dwarf) -> u32) {
    let mut dwarf = Dwarf::new();
    let program = program(&mut dwarf);
    dwarf.unit(0, &unit(program), CODE);
    lab.ask_dwarf(what, &dwarf, &["bad"]);
}

fn one_file() -> Bytes {
    Bytes::default().u8(0).text("bad.c").zeros(4)
}

fn set_address(address: u64) -> Bytes {
    Bytes::default().bytes(&[0, 9, 2]).u64(address)
}

pub(crate) fn headers() -> Result<(), Failed> {
    let lab = Lab::new("headers of line programs");
    let usual = LineHeader::default();
    let operations = set_address(BAD).bytes(&[1, 0x80, 0xff, 2, 0x7f, 0, 1, 1]);
    for (what, header) in [
        ("instructions of no size", LineHeader { instruction: 0, ..usual }),
        ("no operation in an instruction", LineHeader { operations_each: 0, ..usual }),
        ("255 operations in an instruction", LineHeader { operations_each: 255, ..usual }),
        ("no range of lines", LineHeader { range: 0, ..usual }),
        ("no first operation", LineHeader { base: 0, ..usual }),
        ("a first operation of 1", LineHeader { base: 1, ..usual }),
        ("a first operation of 255", LineHeader { base: 255, ..usual }),
        ("all zero", LineHeader { instruction: 0, operations_each: 0, range: 0, base: 0 }),
    ] {
        ask(&lab, what, |dwarf| dwarf.lines(&header, &one_file(), &operations));
    }
    for (what, bytes) in [
        ("a length of 2^32", Bytes::default().u32(0xffff_ffef).u16(4)),
        ("a length of 2^63", Bytes::default().u32(u32::MAX).u64(1 << 63).u16(4)),
        ("a length of 2^64 - 1", Bytes::default().u32(u32::MAX).u64(u64::MAX).u16(4)),
        ("a reserved length", Bytes::default().u32(0xffff_fff0).u16(4)),
        ("no length", Bytes::default().zeros(64)),
        ("a header of 2^32 bytes", Bytes::default().u32(60).u16(4).u32(u32::MAX).zeros(60)),
        ("version 0", Bytes::default().u32(60).zeros(60)),
        ("version 99", Bytes::default().u32(60).u16(99).zeros(60)),
    ] {
        ask(&lab, what, |dwarf| dwarf.raw_lines(&bytes));
    }
    ask(&lab, "no program there", |_| u32::MAX);
    Ok(())
}

pub(crate) fn operations() -> Result<(), Failed> {
    let lab = Lab::new("line programs");
    let usual = LineHeader::default();
    let program = |what: &str, operations: Bytes| {
        ask(&lab, what, |dwarf| dwarf.lines(&usual, &one_file(), &operations));
    };
    let wide = |byte: u8| Bytes::default().u8(byte).uleb(u64::MAX);
    program("no end of the sequence", set_address(BAD).u8(1));
    program("steps of 2^64", set_address(BAD).u8(1).bytes(&wide(2).0).u8(1).bytes(&wide(2).0).u8(1));
    program("lines of 2^64", set_address(BAD).bytes(&wide(3).0).u8(1).bytes(&wide(3).0).u8(1));
    program("file 2^64", set_address(BAD).bytes(&wide(4).0).u8(1).bytes(&[2, 9, 0, 1, 1]));
    program("column 2^64", set_address(BAD).bytes(&wide(5).0).u8(1).bytes(&[2, 9, 0, 1, 1]));
    program("a step without end", set_address(BAD).u8(2).repeat(&[0xff], 1_000_000));
    program("an extended operation of no length", set_address(BAD).bytes(&[1, 0, 0, 1, 0, 0]));
    program("an extended operation of 2^64", set_address(BAD).u8(1).u8(0).uleb(u64::MAX).u8(2));
    program("an address of no size", Bytes::default().bytes(&[0, 1, 2, 1]));
    program("an address of 200 bytes", Bytes::default().bytes(&[0, 201, 2]).zeros(250));
    program("an unknown extended operation", set_address(BAD).bytes(&[0, 3, 0x7f, 1, 2, 1]));
    let file = [0, 6, 3, b'x', 0, 1, 0, 0];
    program(
        "5,000,000 files in between",
        set_address(BAD).repeat(&file, 5_000_000).bytes(&[1, 2, 9, 0, 1, 1]),
    );
    program("the last address", set_address(u64::MAX).bytes(&[1, 2, 9, 1, 2, 9, 1, 0, 1, 1]));
    let back = set_address(BAD + 0x100).u8(1).bytes(&set_address(BAD).0).u8(1);
    program("backwards, again and again", Bytes::default().repeat(&back.0, 100_000));
    const MANY: usize = 10_000_000;
    program("10,000,000 advances", set_address(BAD).repeat(&[8], MANY).u8(1));
    program("10,000,000 rows", set_address(BAD).repeat(&[13], MANY));
    program("10,000,000 rows of one address", set_address(BAD).repeat(&[1], MANY));
    Ok(())
}

/// A million sequences that all hold a thousand addresses, one of which is never found.
pub(crate) fn sequences() -> Result<(), Failed> {
    let lab = Lab::new("sequences of lines");
    let each = set_address(BAD).bytes(&[1, 2, 0xe8, 0x07, 0, 1, 1]);
    let mut dwarf = Dwarf::new();
    let program =
        dwarf.lines(&LineHeader::default(), &one_file(), &Bytes::default().repeat(&each.0, 200_000));
    dwarf.unit(0, &unit(program), CODE);
    for index in [Index::Aranges, Index::None] {
        let path = lab.path("many");
        std::fs::write(&path, dwarf.elf(index).bytes())?;
        let addresses: Vec<u64> = (BAD..BAD + 1_000).chain([BAD + 0x900]).collect();
        let answer = lab.ask(&format!("all of everything, {index:?}"), &path, &addresses);
        assert_eq!(answer.name(5), "bad", "{answer:?}");
    }
    Ok(())
}

/// One long program that is the program of thousands of units.
pub(crate) fn shared() -> Result<(), Failed> {
    let lab = Lab::new("shared line programs");
    let mut dwarf = Dwarf::new();
    let operations = set_address(BAD).repeat(&[8, 1], 250_000).bytes(&[0, 1, 1]);
    let program = dwarf.lines(&LineHeader::default(), &one_file(), &operations);
    for _ in 0..5_000 {
        dwarf.unit(0, &unit(program), CODE);
    }
    lab.ask_dwarf("by 5,000 units", &dwarf, &["bad", "bad_symbol"]);
    // Units that say nothing of where they are, so that their programs have to.
    let mut dwarf = Dwarf::new();
    let program = dwarf.lines(&LineHeader::default(), &one_file(), &operations);
    let table = dwarf.table(&[(0x11, false, &[(0x10, 0x17)])]);
    for _ in 0..5_000 {
        dwarf.unit(table, &Bytes::default().u8(1).u32(program), CODE);
    }
    lab.ask_dwarf("by 5,000 units without ranges", &dwarf, &["bad_symbol"]);
    Ok(())
}

/// Tables of files of version 5 that promise more than there is.
pub(crate) fn files() -> Result<(), Failed> {
    let lab = Lab::new("files of line programs");
    let program = |tables: Bytes| {
        let rest = Bytes::default().u8(1).u8(1).u8(1).u8(0xfb).u8(14).u8(13);
        let rest = rest.bytes(&[0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]).bytes(&tables.0);
        let body = Bytes::default().u16(5).u8(8).u8(0).u32(rest.len() as u32).bytes(&rest.0);
        let body = body.bytes(&set_address(BAD).bytes(&[4, 0, 1, 2, 0x7f, 1, 0, 1, 1]).0);
        Bytes::default().u32(body.len() as u32).bytes(&body.0)
    };
    let one = Bytes::default().bytes(&[1, 1, 8, 1, b'd', 0]);
    let huge = Bytes::default().uleb(u64::MAX);
    for (what, tables) in [
        ("sound", one.clone().bytes(&[1, 1, 8, 1, b'f', 0])),
        ("directories of no format, 2^64 of them", Bytes::default().u8(0).bytes(&huge.0)),
        ("files of no format, 2^64 of them", one.clone().u8(0).bytes(&huge.0)),
        ("directories of no size", Bytes::default().bytes(&[1, 1, 0x19]).bytes(&huge.0)),
        ("files of no size", one.clone().bytes(&[1, 1, 0x19]).bytes(&huge.0)),
        ("files of an implicit constant", one.clone().bytes(&[1, 1, 0x21]).bytes(&huge.0)),
        ("255 formats", Bytes::default().u8(255).repeat(&[1, 8], 255).bytes(&huge.0)),
        ("an unknown form", Bytes::default().bytes(&[1, 1, 0x7f, 1, 1])),
        ("a directory outside", one.clone().bytes(&[2, 1, 8, 2, 0xb, 1, b'f', 0, 99])),
        ("a name outside", one.clone().bytes(&[1, 1, 0x1f, 1]).u32(u32::MAX)),
        ("10,000,000 files", one.clone().bytes(&[1, 1, 8]).uleb(10_000_000).repeat(b"f\0", 10_000_000)),
        ("files without end", one.bytes(&[1, 1, 8]).uleb(u64::MAX).repeat(b"f\0", 1_000_000)),
    ] {
        let mut dwarf = Dwarf::new();
        let lines = dwarf.raw_lines(&program(tables));
        dwarf.unit5(0, &unit(lines), CODE);
        for index in [Index::Aranges, Index::None] {
            let answer = lab.ask_file(what, &dwarf.elf(index).bytes());
            knows_the_good(what, &answer);
            assert_eq!(answer.name(2), "bad", "{what}: {answer:?}");
        }
    }
    let files = (0..500_000).fold(Bytes::default().u8(0), |b, _| b.bytes(b"f\0\0\0\0"));
    ask(&lab, "500,000 files of version 4", |dwarf| {
        dwarf.lines(
            &LineHeader::default(),
            &files.u8(0),
            &set_address(BAD).bytes(&[4, 9, 1, 2, 9, 1, 0, 1, 1]),
        )
    });
    Ok(())
}
