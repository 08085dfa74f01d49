//! Headers of units and the index of addresses.

use crate::bytes::Bytes;
use crate::dwarf::common::{BARE_UNIT, FUNCTION, UNIT};
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, GOOD, GOOD_SIZE, Index, at, bad_unit, form, tag};
use crate::lab::{Lab, knows_the_good};
use libtest_mimic::Failed;

const SYMBOL: &[&str] = &["bad_symbol"];
const EITHER: &[&str] = &["bad", "bad_symbol"];
const CODE: (u64, u64) = (BAD, BAD_SIZE);

fn entries() -> Bytes {
    let unit = bad_unit().u8(FUNCTION).text("bad").u64(BAD).u32(BAD_SIZE as u32);
    unit.zeros(2)
}

/// The damaged unit comes last, since nothing can be found behind a length that is not true.
pub(crate) fn lengths() -> Result<(), Failed> {
    let lab = Lab::new("lengths of units");
    let rest = Bytes::default().u16(4).u32(0).u8(8).bytes(&entries().0);
    let long = |length: u64| Bytes::default().u32(u32::MAX).u64(length).bytes(&rest.0);
    for (what, unit) in [
        ("2^32 - 1 of 64 bits", long(u64::from(u32::MAX))),
        ("2^63", long(1 << 63)),
        ("2^64 - 1", long(u64::MAX)),
        ("such that the end wraps", long(u64::MAX - 11)),
        ("reserved", Bytes::default().u32(0xffff_fff0).bytes(&rest.0)),
        ("reserved, the last", Bytes::default().u32(0xffff_fffe).bytes(&rest.0)),
        ("0", Bytes::default().u32(0).bytes(&rest.0)),
        ("6, less than the header", Bytes::default().u32(6).bytes(&rest.0)),
        ("7, the header alone", Bytes::default().u32(7).bytes(&rest.0)),
        ("one too long", Bytes::default().u32(rest.len() as u32 + 1).bytes(&rest.0)),
        ("one too short", Bytes::default().u32(rest.len() as u32 - 1).bytes(&rest.0)),
        ("cut in the length", Bytes::default().u16(0xffff)),
        ("cut in the long length", Bytes::default().u32(u32::MAX).u16(7)),
    ] {
        let mut dwarf = Dwarf::new();
        dwarf.raw_unit(&unit, CODE);
        lab.ask_dwarf(what, &dwarf, EITHER);
    }
    Ok(())
}

pub(crate) fn headers() -> Result<(), Failed> {
    let lab = Lab::new("headers of units");
    let whole = |rest: Bytes| Bytes::default().u32(rest.len() as u32).bytes(&rest.0);
    let four = |version: u16, table: u32, address_size: u8| {
        whole(Bytes::default().u16(version).u32(table).u8(address_size).bytes(&entries().0))
    };
    let five = |kind: u8, table: u32| {
        whole(Bytes::default().u16(5).u8(kind).u8(8).u32(table).zeros(20).bytes(&entries().0))
    };
    for (what, unit, names) in [
        ("version 0", four(0, 0, 8), SYMBOL),
        ("version 1", four(1, 0, 8), SYMBOL),
        ("version 6", four(6, 0, 8), SYMBOL),
        ("version 65,535", four(u16::MAX, 0, 8), SYMBOL),
        ("addresses of no size", four(4, 0, 0), SYMBOL),
        ("addresses of 3 bytes", four(4, 0, 3), SYMBOL),
        ("addresses of 255 bytes", four(4, 0, 255), SYMBOL),
        ("no table of abbreviations", four(4, u32::MAX, 8), SYMBOL),
        ("abbreviations from the middle", four(4, 7, 8), EITHER),
        ("an unknown kind", five(0, 0), SYMBOL),
        ("kind 255", five(255, 0), SYMBOL),
        ("a type unit", five(2, 0), SYMBOL),
        ("a skeleton without its half", five(4, 0), EITHER),
    ] {
        // Version 4 counts from a root that is all there; behind an unknown version nothing can be read.
        let mut dwarf = Dwarf::new();
        dwarf.raw_unit(&unit, CODE);
        lab.ask_dwarf(what, &dwarf, names);
    }
    Ok(())
}

/// Units that import one another, and one that imports itself.
pub(crate) fn imports() -> Result<(), Failed> {
    let lab = Lab::new("imports");
    let mut dwarf = Dwarf::new();
    let import = [(at::IMPORT, form::REF_ADDR)];
    let range = [(at::NAME, form::STRING), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let table = dwarf.table(&[
        (tag::COMPILE_UNIT, true, &range),
        (tag::PARTIAL_UNIT, true, &[]),
        (tag::IMPORTED_UNIT, false, &import),
        (tag::SUBPROGRAM, false, &range),
    ]);
    let start = dwarf.info.len() as u32;
    let bad = Bytes::default().u8(1).text("bad.c").u64(BAD).u32(BAD_SIZE as u32);
    let bad = |to: u32| {
        bad.clone().u8(3).u32(to).u8(3).u32(start).u8(4).text("bad").u64(BAD).u32(BAD_SIZE as u32).u8(0)
    };
    let second = start + 11 + bad(0).len() as u32;
    dwarf.unit(table, &bad(second + 11), CODE);
    dwarf.unit(table, &Bytes::default().u8(2).u8(3).u32(start + 11).u8(3).u32(second).u8(0), (0, 0));
    lab.ask_dwarf("in a circle", &dwarf, EITHER);
    Ok(())
}

/// Units inside of units: each begins in the one before, and all end together, a megabyte later.
pub(crate) fn nested() -> Result<(), Failed> {
    let lab = Lab::new("units in units");
    let name = [(at::NAME, form::BLOCK4)];
    let kinds = [
        (tag::LEXICAL_BLOCK, false, &[][..]),
        (tag::COMPILE_UNIT, true, &[]),
        (tag::LEXICAL_BLOCK, false, &name),
        (tag::COMPILE_UNIT, true, &name),
    ];
    const COUNT: u32 = 20_000;
    const TAIL: u32 = 1 << 20;
    // Its first entry, or the root itself, has one value: all of the headers that follow.
    for (what, entry) in [("20,000", &[2, 3][..]), ("20,000 in roots", &[4])] {
        let mut dwarf = Dwarf::new();
        let table = dwarf.table(&kinds);
        let each = 11 + entry.len() as u32 + 4;
        let start = dwarf.info.len() as u32;
        let mut bytes = Bytes::default();
        for i in 0..COUNT {
            let left = (COUNT - i - 1) * each;
            let length = each - 4 + left + TAIL;
            bytes = bytes.u32(length).u16(4).u32(table).u8(8).bytes(entry).u32(left);
            dwarf.arange(start + i * each, &[CODE]);
        }
        dwarf.raw_unit(&bytes.repeat(&[1], TAIL as usize), CODE);
        let answer = lab.ask_file(what, &dwarf.elf(Index::Aranges).bytes());
        knows_the_good(what, &answer);
        assert_eq!(answer.name(2), "bad_symbol", "{answer:?}");
        let problem = answer.problem.unwrap_or_default();
        assert!(problem.contains("more work"), "{what}: {problem:?}");
    }
    Ok(())
}

/// `.debug_aranges` that says what is not so.
pub(crate) fn index() -> Result<(), Failed> {
    let lab = Lab::new("index of addresses");
    let set = |unit: u32, address_size: u8, segment_size: u8| {
        Bytes::default().u16(2).u32(unit).u8(address_size).u8(segment_size).u32(0)
    };
    let whole = |set: Bytes| Bytes::default().u32(set.len() as u32).bytes(&set.0);
    let tuples = |set: Bytes| set.u64(BAD).u64(BAD_SIZE).zeros(16);
    let ask = |what: &str, index: Bytes, names: &[&str]| {
        let mut dwarf = Dwarf::new();
        dwarf.raw_aranges(&index);
        dwarf.unit(0, &entries(), CODE);
        let answer = lab.ask_file(what, &dwarf.elf(Index::Aranges).bytes());
        knows_the_good(what, &answer);
        assert!(names.contains(&answer.name(2)), "{what}: {answer:?}");
    };
    ask("a unit outside", whole(tuples(set(u32::MAX, 8, 0))), EITHER);
    ask("the middle of a unit", whole(tuples(set(5, 8, 0))), EITHER);
    ask("another unit", whole(tuples(set(0, 8, 0))), EITHER);
    ask("addresses of no size", whole(tuples(set(0, 0, 0))), EITHER);
    ask("addresses of 255 bytes", whole(tuples(set(0, 255, 0))), EITHER);
    ask("sizes whose sum wraps", whole(tuples(set(0, 255, 255))), EITHER);
    ask("addresses of 128 bytes, whose pair wraps", whole(tuples(set(0, 128, 1))), EITHER);
    ask("no end", whole(set(0, 8, 0).u64(BAD).u64(BAD_SIZE)), EITHER);
    ask("half a pair", whole(set(0, 8, 0).u64(BAD).u32(3)), EITHER);
    ask("a range that wraps", whole(set(0, 8, 0).u64(u64::MAX).u64(u64::MAX).zeros(16)), EITHER);
    ask("everything", whole(set(0, 8, 0).u64(1).u64(u64::MAX).zeros(16)), EITHER);
    ask("a length of 2^63", Bytes::default().u32(u32::MAX).u64(1 << 63), EITHER);
    ask("a length of 2^64 - 1", Bytes::default().u32(u32::MAX).u64(u64::MAX).zeros(64), EITHER);
    ask("a reserved length", Bytes::default().u32(0xffff_fff0).zeros(64), EITHER);
    ask("no length", Bytes::default().zeros(4096), EITHER);
    let each = whole(tuples(set(0, 8, 0)));
    ask("one unit 100,000 times", Bytes::default().repeat(&each.0, 100_000), EITHER);
    let many = set(0, 8, 0).repeat(&Bytes::default().u64(BAD).u64(BAD_SIZE).0, 1_000_000).zeros(16);
    ask("one range a million times", whole(many), EITHER);
    // Both units claim all of the code; each must give what is its own.
    let mut dwarf = Dwarf::new();
    let second = dwarf.unit(0, &entries(), (GOOD, BAD + BAD_SIZE - GOOD));
    dwarf.arange(0, &[(GOOD, BAD + BAD_SIZE - GOOD)]);
    dwarf.arange(second, &[(GOOD, GOOD_SIZE)]);
    lab.ask_dwarf("both units have everything", &dwarf, &["bad"]);
    // Units whose one entry says nothing of where its code is.
    let mut dwarf = Dwarf::new();
    for _ in 0..50_000 {
        dwarf.unit(0, &Bytes::default().u8(BARE_UNIT).text("").u8(0), (0, 0));
    }
    dwarf.unit(0, &Bytes::default().u8(UNIT).text("").u64(0).u32(0).u8(0), (0, 0));
    lab.ask_dwarf("50,000 units without code", &dwarf, SYMBOL);
    Ok(())
}
