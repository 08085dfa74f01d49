//! Names: nowhere, without end, enormous, and made to explode when they are made readable.

use crate::bytes::Bytes;
use crate::dwarf::common::BARE_UNIT;
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, GOOD, Index, LineHeader, at, form, tag};
use crate::elf::{Elf, TEXT};
use crate::lab::{Lab, MAX_NAME, knows_the_good};
use libtest_mimic::Failed;

const CODE: (u64, u64) = (BAD, BAD_SIZE);
const MEGABYTE: usize = 1 << 20;

/// A function whose name is of this form and value.
fn named(form: u64, value: &Bytes, sections: &[(&str, Vec<u8>)]) -> Dwarf {
    let mut dwarf = Dwarf::new();
    for (name, data) in sections {
        dwarf.other(name, data.clone());
    }
    let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let unit = [&[(at::STR_OFFSETS_BASE, form::SEC_OFFSET)], &range[..]].concat();
    let function = [&[(at::LINKAGE_NAME, form)], &range[..]].concat();
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &unit), (tag::SUBPROGRAM, false, &function)]);
    let entries = Bytes::default().u8(1).u32(8).u64(BAD).u32(BAD_SIZE as u32);
    let entries = entries.u8(2).bytes(&value.0).u64(BAD).u32(BAD_SIZE as u32).u8(0);
    dwarf.unit5(table, &entries, CODE);
    dwarf
}

pub(crate) fn places() -> Result<(), Failed> {
    let lab = Lab::new("places of names");
    let offset = |n: u32| Bytes::default().u32(n);
    let index = |n: u64| Bytes::default().uleb(n);
    let strings = |text: &[u8]| (".debug_str", text.to_vec());
    let offsets = |n: u32| (".debug_str_offsets", Bytes::default().u32(8).u16(5).u16(0).u32(n).0);
    const SYMBOL: &[&str] = &["bad_symbol"];
    for (what, form, value, sections, names) in [
        ("sound", form::STRP, offset(1), vec![strings(b"\0bad\0")], &["bad"][..]),
        ("no section", form::STRP, offset(1), vec![], SYMBOL),
        ("behind the section", form::STRP, offset(5), vec![strings(b"\0bad\0")], SYMBOL),
        ("far behind the section", form::STRP, offset(u32::MAX), vec![strings(b"\0bad\0")], SYMBOL),
        ("no end", form::STRP, offset(1), vec![strings(b"\0bad")], SYMBOL),
        ("empty", form::STRP, offset(0), vec![strings(b"\0bad\0")], SYMBOL),
        ("no supplementary file", form::GNU_STRP_ALT, offset(1), vec![], SYMBOL),
        ("by index", form::STRX, index(0), vec![strings(b"\0bad\0"), offsets(1)], &["bad"]),
        ("by an index behind the table", form::STRX, index(1), vec![strings(b"\0bad\0"), offsets(1)], SYMBOL),
        ("by an index of 2^64", form::STRX, index(u64::MAX), vec![strings(b"\0bad\0"), offsets(1)], SYMBOL),
        ("by an index of 2^62", form::STRX, index(1 << 62), vec![strings(b"\0bad\0"), offsets(1)], SYMBOL),
        ("by index, nowhere", form::STRX, index(0), vec![strings(b"\0bad\0"), offsets(u32::MAX)], SYMBOL),
    ] {
        lab.ask_dwarf(what, &named(form, &value, &sections), names);
    }
    Ok(())
}

/// Names of a megabyte, of every kind of byte.
pub(crate) fn sizes() -> Result<(), Failed> {
    let lab = Lab::new("sizes of names");
    for (what, letter) in [
        ("letters", &b"a"[..]),
        ("no text", b"\xff"),
        ("umlauts", "\u{fc}".as_bytes()),
        ("escapes", b"\x1b["),
    ] {
        let long = letter.repeat(MEGABYTE / letter.len());
        let mut text = Bytes::default().u8(0).bytes(&long);
        let dwarf = named(form::STRP, &Bytes::default().u32(1), &[(".debug_str", text.clone().u8(0).0)]);
        let answer = lab.ask_file(what, &dwarf.elf(Index::Aranges).bytes());
        knows_the_good(what, &answer);
        assert!(!answer.chains[2].is_empty(), "{what}");
        text = text.u8(0);
        let table = Bytes::default().zeros(24).symbol(1, BAD, BAD_SIZE).symbol(2, GOOD, 0x100);
        let answer = lab.ask_file(what, &Elf::with_symbols(table, text).bytes());
        assert!(!answer.chains[0].is_empty() && !answer.chains[2].is_empty(), "{what}: {answer:?}");
    }
    Ok(())
}

/// Twelve thousand functions whose names are the ends of one long text, each asked for: in debug information, and
/// in the symbol table.
pub(crate) fn suffixes() -> Result<(), Failed> {
    let lab = Lab::new("ends of one long name");
    const COUNT: u32 = 12_000;
    let long = Bytes::default().repeat(b"a", MEGABYTE).u8(0);
    let place = |i: u32| TEXT + u64::from(i);
    let mut dwarf = Dwarf::new();
    dwarf.other(".debug_str", long.0.clone());
    let range = [(at::NAME, form::STRP), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &[]), (tag::SUBPROGRAM, false, &range)]);
    let entries = (0..COUNT).fold(Bytes::default().u8(1), |b, i| b.u8(2).u32(i).u64(place(i)).u32(1)).u8(0);
    dwarf.info.clear();
    dwarf.unit(table, &entries, (TEXT, u64::from(COUNT)));
    let symbols = (0..COUNT).fold(Bytes::default().zeros(24), |b, i| b.symbol(i, place(i), 1));
    let addresses: Vec<u64> = (0..COUNT).map(place).collect();
    let path = lab.path("app");
    for (what, file) in
        [("in .debug_str", dwarf.elf(Index::Aranges)), ("in .strtab", Elf::with_symbols(symbols, long))]
    {
        std::fs::write(&path, file.bytes())?;
        let answer = lab.ask(what, &path, &addresses);
        assert!(answer.chains.iter().all(|chain| chain.len() == 1), "{what}");
        // Which of them are cut is a matter of their order; that they are is said.
        assert!(answer.problem.is_some_and(|why| why.contains(" cut")), "{what}");
    }
    Ok(())
}

/// Names that are short as they stand and grow without end when they are made readable.
pub(crate) fn bombs() -> Result<(), Failed> {
    let lab = Lab::new("bombs of names");
    let letter = |n: u32| char::from_digit(n, 36).unwrap().to_ascii_uppercase();
    // Each type is made of the one before, twice.
    let templates = |levels: u32| {
        let level = |level: u32| format!("S0_IS{0}_S{0}_E", letter(level));
        format!("_Z1fI1AIiiE{}EvT_", (1..=levels).map(level).collect::<String>())
    };
    let base62 = |mut n: usize| {
        let mut digits = String::new();
        while n > 0 {
            n -= 1;
            let digit = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 62];
            digits.insert(0, char::from(digit));
            n /= 62;
        }
        digits + "_"
    };
    // The same in the newer mangling of Rust: tuples of two references back to the tuple before.
    let tuples = |levels: usize| {
        let mut name = String::from("_RINvC1a1f");
        let mut last = name.len() - 2;
        name.push_str("Tuu");
        let start = name.len() - 3 - 2;
        name.push('E');
        let mut back = start;
        for _ in 0..levels {
            let here = name.len() - 2;
            name.push_str(&format!("TB{0}B{0}E", base62(back)));
            last = back;
            back = here;
        }
        let _ = last;
        name + "E"
    };
    let names = [
        templates(24),
        templates(30),
        tuples(40),
        tuples(400),
        format!("_Z1f{}i", "P".repeat(100_000)),
        format!("_Z1f{}i", "PK".repeat(2_000)),
        format!("_Z{}1fv{}", "N".repeat(3_000), "E".repeat(3_000)),
        format!("_RNvC1a{}", "B_".repeat(3_000)),
        format!("_RINvC1a1f{}uE", "R".repeat(8_000)),
        format!("_RINvC1a1f{}uE", "R".repeat(1_000_000)),
        "_RNvB_1a".to_owned(),
        "_RINvC1a1fB0_E".to_owned(),
        "_RINvC1a1fTB8_B8_EE".to_owned(),
        format!("_ZN{}{}E", MEGABYTE, "a".repeat(MEGABYTE)),
        format!("_ZN{}E", "1a".repeat(500_000)),
        format!("_ZN{}17h0123456789abcdefE", "1a".repeat(8_000)),
        "_ZN18446744073709551615aE".to_owned(),
        format!("_ZN{}aE", "9".repeat(10_000)),
        format!("_RNvC{}_1a1b", "s".repeat(10_000)),
        format!("_RNvCu{}_1b", "99999999".repeat(100)),
        format!("_RNvC1au{}xn--", 4_000) + &"zz9".repeat(1_400),
        format!("_Z1fI{}E", "XadL".repeat(2_000)),
        format!("_Z1fI{}", "J".repeat(8_000)),
        format!("_Z{}v", "cv".repeat(6_000)),
        format!("_Z1fIiE{}", "SaI".repeat(40)),
        format!("_Z1fIiE{}", "St1aI".repeat(40)),
        format!("_Z1fIiE{}", "srSt1rI".repeat(40)),
        format!("_Z1fIiE{}", "S_I".repeat(40)),
        format!("_Z1f{}{}", "St1aI".repeat(13), "i".repeat(10_000)),
    ];
    let size = 8;
    let place = |i: usize| TEXT + (i * size) as u64;
    // Each in debug information and in the symbol table.
    let symbols: Vec<_> =
        names.iter().enumerate().map(|(i, n)| (n.as_str(), place(i), size as u64)).collect();
    let elf = Elf::program(&symbols);
    let mut dwarf = Dwarf::new();
    dwarf.info.clear();
    let functions = names
        .iter()
        .enumerate()
        .fold(Bytes::default(), |b, (i, name)| b.u8(2).text(name).u64(place(i)).u32(size as u32).u8(0));
    dwarf.unit(0, &Bytes::default().u8(BARE_UNIT).text("bad.c").bytes(&functions.0).u8(0), (TEXT, 0x1000));
    let addresses: Vec<u64> = (0..names.len()).map(place).collect();
    let path = lab.path("app");
    for (what, file) in [("in .strtab", elf.bytes()), ("in .debug_info", dwarf.elf(Index::Aranges).bytes())] {
        std::fs::write(&path, file)?;
        let answer = lab.ask(what, &path, &addresses);
        for (chain, name) in answer.chains.iter().zip(&names) {
            assert_eq!(chain.len(), 1, "{what}: {}", &name[..name.len().min(60)]);
            assert!(chain[0].len() <= MAX_NAME);
        }
    }
    Ok(())
}

/// Three thousand names that each grow to what one may be.
pub(crate) fn many_bombs() -> Result<(), Failed> {
    let lab = Lab::new("thousands of bombs");
    let letter = |n: u32| char::from_digit(n, 36).unwrap().to_ascii_uppercase();
    let types: String = (1..=10).map(|i| format!("S0_IS{0}_S{0}_E", letter(i))).collect();
    let names: Vec<String> = (0..3_000).map(|i| format!("_Z7f{i:06}I1AIiiE{types}EvT_")).collect();
    let place = |i: u64| TEXT + i;
    let symbols: Vec<_> = (0..).zip(&names).map(|(i, name)| (name.as_str(), place(i), 1)).collect();
    let path = lab.path("app");
    std::fs::write(&path, Elf::program(&symbols).bytes())?;
    let addresses: Vec<u64> = (0..names.len() as u64).map(place).collect();
    let answer = lab.ask("in .strtab", &path, &addresses);
    assert!(answer.chains.iter().all(|chain| chain.len() == 1));
    Ok(())
}

/// Directories and files of a megabyte each, and as many paths as there are lines.
pub(crate) fn paths() -> Result<(), Failed> {
    let lab = Lab::new("paths");
    let long = "a".repeat(MEGABYTE / 4);
    let mut dwarf = Dwarf::new();
    let files = (0..200).fold(Bytes::default().text(&long).u8(0), |b, i| {
        b.text(&format!("{i}{}", &long[..4_000])).u8(1).u8(0).u8(0)
    });
    let rows = (0..200u16).fold(Bytes::default().bytes(&[0, 9, 2]).u64(BAD), |b, i| {
        b.u8(4).uleb(u64::from(i) + 1).bytes(&[1, 2, 4])
    });
    let lines = dwarf.lines(&LineHeader::default(), &files.u8(0), &rows.bytes(&[0, 1, 1]));
    let unit = [
        (at::COMP_DIR, form::STRING),
        (at::LOW_PC, form::ADDR),
        (at::HIGH_PC, form::DATA4),
        (at::STMT_LIST, form::SEC_OFFSET),
    ];
    let function = [(at::NAME, form::STRING), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &unit), (tag::SUBPROGRAM, false, &function)]);
    let entries = Bytes::default().u8(1).text(&long).u64(BAD).u32(BAD_SIZE as u32).u32(lines);
    let entries = entries.u8(2).text("bad").u64(BAD).u32(BAD_SIZE as u32).u8(0);
    for _ in 0..20 {
        dwarf.unit(table, &entries, CODE);
    }
    lab.ask_dwarf("long", &dwarf, &["bad"]);
    let path = lab.path("app");
    std::fs::write(&path, dwarf.elf(Index::Aranges).bytes())?;
    let addresses: Vec<u64> = (BAD..BAD + 800).collect();
    let answer = lab.ask("800 addresses", &path, &addresses);
    assert!(answer.chains.iter().all(|chain| chain.len() == 1), "{:?}", answer.problem);
    Ok(())
}

/// A thousand inlined functions with a long name each, at each of a thousand addresses.
pub(crate) fn products() -> Result<(), Failed> {
    let lab = Lab::new("many long names");
    let mut dwarf = Dwarf::new();
    dwarf.other(".debug_str", Bytes::default().repeat(b"a", MEGABYTE).u8(0).0);
    let range = [(at::NAME, form::STRP), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let table = dwarf.table(&[
        (tag::COMPILE_UNIT, true, &range),
        (tag::SUBPROGRAM, true, &range),
        (tag::INLINED_SUBROUTINE, false, &range),
    ]);
    let each = |code: u8, name: u32| Bytes::default().u8(code).u32(name).u64(BAD).u32(BAD_SIZE as u32);
    let mut entries = each(1, 0).bytes(&each(2, 1).0);
    for i in 0..3_000 {
        entries = entries.bytes(&Bytes::default().u8(3).u32(i * 300).u64(BAD + u64::from(i)).u32(1).0);
    }
    dwarf.unit(table, &entries.zeros(2), CODE);
    let path = lab.path("app");
    std::fs::write(&path, dwarf.elf(Index::None).bytes())?;
    let addresses: Vec<u64> = (BAD..BAD + 3_000).collect();
    let answer = lab.ask("inlined", &path, &addresses);
    assert!(answer.chains.iter().all(|chain| !chain.is_empty()), "{:?}", answer.problem);
    Ok(())
}
