//! Trees of entries: references that do not end, nesting without end, abbreviations that promise the impossible.

use crate::bytes::Bytes;
use crate::dwarf::common::{
    BARE_UNIT, BLOCK, FAR_INSTANCE, FAR_SPECIFIED, FUNCTION, INLINED, INSTANCE, NAME, NAMESPACE, SPECIFIED,
    UNIT,
};
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, HEADER, Index, at, bad_unit, form, next_in_bad, tag};
use crate::elf::TEXT;
use crate::lab::{Lab, knows_the_good};
use libtest_mimic::Failed;

fn instance(origin: u32) -> Bytes {
    Bytes::default().u8(INSTANCE).u64(BAD).u32(BAD_SIZE as u32).u32(origin)
}

fn function(name: &str) -> Bytes {
    Bytes::default().u8(FUNCTION).text(name).u64(BAD).u32(BAD_SIZE as u32)
}

/// What stays to be known where nothing of the damaged unit is.
const SYMBOL: &[&str] = &["bad_symbol"];
/// What may be known where a reader can come as far as the function.
const EITHER: &[&str] = &["bad", "bad_symbol"];

/// Origins and specifications in a circle, in a long chain, and to where no entry is.
pub(crate) fn references() -> Result<(), Failed> {
    let lab = Lab::new("references");
    let ask = |what: &str, children: Bytes, names: &[&str]| {
        let mut dwarf = Dwarf::new();
        dwarf.bad(&children);
        lab.ask_dwarf(what, &dwarf, names);
    };
    let here = next_in_bad(&Bytes::default());
    let one = instance(0).len() as u32;
    ask("to itself", instance(here), SYMBOL);
    ask("two in a circle", instance(here + one).u8(SPECIFIED).u32(here), SYMBOL);
    ask("a circle behind a tail", instance(here + one).u8(SPECIFIED).u32(here + one), SYMBOL);
    let chain = |length: u32| {
        let each = 5;
        let links =
            (0..length).fold(instance(here + one), |b, i| b.u8(SPECIFIED).u32(here + one + each * (i + 1)));
        links.u8(NAME).text("bad")
    };
    ask("a chain of 8", chain(8), &["bad"]);
    ask("a chain of 1,000", chain(1_000), EITHER);
    ask("a chain of 100,000", chain(100_000), EITHER);
    ask("to the unit's own entry", instance(HEADER), &["bad.c", "bad_symbol"]);
    ask("into the header", instance(3), SYMBOL);
    ask("into the middle of an entry", instance(here + 4), SYMBOL);
    ask("to the end of the siblings", instance(here + one), SYMBOL);
    ask("behind the unit", instance(here + one + 2), SYMBOL);
    ask("far behind the unit", instance(u32::MAX), SYMBOL);
    Ok(())
}

/// References from one unit to another, in a circle and to nowhere.
pub(crate) fn references_across_units() -> Result<(), Failed> {
    let lab = Lab::new("references across units");
    let far = |origin: u32| Bytes::default().u8(FAR_INSTANCE).u64(BAD).u32(BAD_SIZE as u32).u32(origin);
    let ask = |what: &str, origin: &dyn Fn(u32) -> u32, names: &[&str]| {
        let mut dwarf = Dwarf::new();
        let unit = dwarf.info.len() as u32;
        dwarf.bad(&far(origin(unit)));
        // Another unit, whose one function is specified by the first's.
        let back = unit + next_in_bad(&Bytes::default());
        dwarf.unit(
            0,
            &Bytes::default().u8(BARE_UNIT).text("third.c").u8(FAR_SPECIFIED).u32(back).u8(0),
            (0, 0),
        );
        lab.ask_dwarf(what, &dwarf, names);
    };
    let own = |unit: u32| unit + next_in_bad(&Bytes::default());
    let third = |unit: u32| unit + next_in_bad(&far(0)) + 1 + HEADER + 1 + 8;
    ask("to itself", &own, SYMBOL);
    ask("two in a circle", &third, SYMBOL);
    ask("to a unit's header", &|unit| unit, SYMBOL);
    ask("to the first byte", &|_| 0, SYMBOL);
    ask("behind the section", &|_| u32::MAX - 1, SYMBOL);
    // A type unit's signature, and a supplementary file, where there is neither.
    let range = [(at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    for form in [form::REF_SIG8, form::GNU_REF_ALT] {
        let mut dwarf = Dwarf::new();
        let origin = [&range[..], &[(at::ABSTRACT_ORIGIN, form)]].concat();
        let named = [&[(at::NAME, form::STRING)], &range[..]].concat();
        let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &named), (tag::SUBPROGRAM, false, &origin)]);
        let entries = Bytes::default().u8(1).text("bad.c").u64(BAD).u32(BAD_SIZE as u32);
        let entries = entries.u8(2).u64(BAD).u32(BAD_SIZE as u32).u64(0x1234).u8(0);
        dwarf.unit(table, &entries, (BAD, BAD_SIZE));
        lab.ask_dwarf(&format!("of form {form:#x}"), &dwarf, SYMBOL);
    }
    Ok(())
}

/// Entries inside of one another, deeper than any stack.
pub(crate) fn depth() -> Result<(), Failed> {
    let lab = Lab::new("depth");
    let ask = |what: &str, children: Bytes, names: &[&str]| {
        let mut dwarf = Dwarf::new();
        dwarf.bad(&children);
        lab.ask_dwarf(what, &dwarf, names);
    };
    const DEEP: usize = 1_000_000;
    ask("blocks in a function", function("bad").repeat(&[BLOCK], DEEP).zeros(DEEP + 1), EITHER);
    ask("blocks that are never closed", function("bad").repeat(&[BLOCK], DEEP), EITHER);
    let spaces = Bytes::default().repeat(&[NAMESPACE], DEEP);
    ask("namespaces around a function", spaces.bytes(&function("bad").0).zeros(DEEP + 1), EITHER);
    ask("functions in functions", Bytes::default().repeat(&function("bad").0, 100_000), EITHER);
    ask("closed too often", function("bad").zeros(DEEP), EITHER);
    // All of it again in front of a function that is all right.
    let blocks = Bytes::default().repeat(&[BLOCK], DEEP).zeros(DEEP);
    ask("blocks before a function", blocks.bytes(&function("bad").0).u8(0), EITHER);
    Ok(())
}

/// A function inlined into itself a hundred thousand times, at each of a thousand addresses.
pub(crate) fn inlined() -> Result<(), Failed> {
    let lab = Lab::new("inlined");
    let name = next_in_bad(&Bytes::default());
    let call = |origin: u32| {
        let call = Bytes::default().u8(INLINED).u32(origin).u64(BAD).u32(BAD_SIZE as u32);
        call.u8(1).u8(7).0
    };
    let outer = Bytes::default().u8(NAME).text("inner").bytes(&function("bad").0);
    const MANY: usize = 100_000;
    for (what, children) in [
        ("nested", outer.clone().repeat(&call(name), MANY).zeros(MANY + 1)),
        ("side by side", outer.clone().repeat(&[&call(name)[..], &[0]].concat(), MANY).u8(0)),
        ("nested into themselves", {
            let own = next_in_bad(&outer);
            outer.clone().repeat(&call(own), MANY).zeros(MANY + 1)
        }),
    ] {
        let mut dwarf = Dwarf::new();
        dwarf.bad(&children);
        for index in [Index::Aranges, Index::None] {
            let what = format!("{what}, {index:?}");
            let answer = lab.ask_file(&what, &dwarf.elf(index).bytes());
            knows_the_good(&what, &answer);
            assert!(EITHER.contains(&answer.name(2)), "{what}: {:?}", answer.chains[2].last());
            let path = lab.path("many");
            std::fs::write(&path, dwarf.elf(index).bytes())?;
            let addresses: Vec<u64> = (BAD..BAD + 1_000).collect();
            lab.ask(&format!("{what}, 1,000 addresses"), &path, &addresses);
        }
    }
    Ok(())
}

/// What compilers make of a function with a thousand calls, each of which is inlined eight levels deep: as much as is
/// asked is answered.
pub(crate) fn inlined_by_thousands() -> Result<(), Failed> {
    let lab = Lab::new("inlined by thousands");
    const DEEP: usize = 8;
    let name = next_in_bad(&Bytes::default());
    let mut children = Bytes::default().u8(NAME).text("inner").bytes(&function("bad").0);
    for start in (BAD..BAD + BAD_SIZE).step_by(4) {
        let call = Bytes::default().u8(INLINED).u32(name).u64(start).u32(4).u8(1).u8(7).0;
        children = children.repeat(&call, DEEP).zeros(DEEP);
    }
    let mut dwarf = Dwarf::new();
    dwarf.bad(&children.u8(0));
    let addresses: Vec<u64> = (BAD..BAD + BAD_SIZE).collect();
    for index in [Index::Aranges, Index::None] {
        let path = lab.path("many");
        std::fs::write(&path, dwarf.elf(index).bytes())?;
        let answer = lab.ask(&format!("{index:?}"), &path, &addresses);
        assert_eq!(answer.problem, None, "{index:?}");
        for (address, chain) in addresses.iter().zip(&answer.chains) {
            let (outer, inner) = chain.split_last().unwrap();
            assert_eq!(outer, "bad", "{index:?}, {address:#x}: {chain:?}");
            assert_eq!(inner, vec!["inner"; DEEP], "{index:?}, {address:#x}");
        }
    }
    Ok(())
}

/// A million functions, and ten thousand units, that all have the address.
pub(crate) fn overlaps() -> Result<(), Failed> {
    let lab = Lab::new("overlaps");
    let each = function("bad").u8(0);
    let mut dwarf = Dwarf::new();
    dwarf.bad(&Bytes::default().repeat(&each.0, 300_000));
    let mut units = Dwarf::new();
    for _ in 0..10_000 {
        units.bad(&each);
    }
    for (what, dwarf) in [("functions", dwarf), ("units", units)] {
        lab.ask_dwarf(what, &dwarf, EITHER);
        for index in [Index::Aranges, Index::None] {
            let path = lab.path("many");
            std::fs::write(&path, dwarf.elf(index).bytes())?;
            let addresses: Vec<u64> = (BAD..BAD + 1_000).collect();
            lab.ask(&format!("{what}, {index:?}, 1,000 addresses"), &path, &addresses);
        }
    }
    Ok(())
}

/// Siblings that are not where they are said to be.
pub(crate) fn siblings() -> Result<(), Failed> {
    let lab = Lab::new("siblings");
    let header = bad_unit().len() as u32 + HEADER;
    for (what, sibling) in [
        ("itself", header),
        ("backwards", HEADER),
        ("into the header", 0),
        ("behind the unit", 0x00ff_ffff),
        ("beyond everything", u32::MAX),
    ] {
        let mut dwarf = Dwarf::new();
        let range = [(at::NAME, form::STRING), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
        let table = dwarf.table(&[
            (tag::COMPILE_UNIT, true, &range),
            (tag::NAMESPACE, true, &[(at::SIBLING, form::REF4)]),
            (tag::SUBPROGRAM, true, &range),
            (tag::SUBPROGRAM, true, &[&[(at::SIBLING, form::REF4)], &range[..]].concat()),
        ]);
        let unit = Bytes::default().u8(1).text("bad.c").u64(BAD).u32(BAD_SIZE as u32);
        let space = unit.u8(2).u32(sibling).u8(4).u32(sibling).text("other").u64(TEXT).u32(0).zeros(2);
        let entries = space.bytes(&Bytes::default().u8(3).text("bad").u64(BAD).u32(BAD_SIZE as u32).0);
        dwarf.unit(table, &entries.zeros(2), (BAD, BAD_SIZE));
        lab.ask_dwarf(what, &dwarf, EITHER);
    }
    Ok(())
}

/// Tables of abbreviations that cannot be.
pub(crate) fn abbreviations() -> Result<(), Failed> {
    let lab = Lab::new("abbreviations");
    let ask = |what: &str, table: Bytes, entries: Bytes, names: &[&str]| {
        let mut dwarf = Dwarf::new();
        let table = dwarf.raw_table(&table);
        dwarf.unit(table, &entries, (BAD, BAD_SIZE));
        lab.ask_dwarf(what, &dwarf, names);
    };
    let named = |code: u64, tag: u64| {
        let entry = Bytes::default().uleb(code).uleb(tag).u8(1).uleb(at::NAME).uleb(form::STRING);
        entry.uleb(at::LOW_PC).uleb(form::ADDR).uleb(at::HIGH_PC).uleb(form::DATA4).u16(0)
    };
    let range = |b: Bytes| b.u64(BAD).u32(BAD_SIZE as u32);
    let unit = |code: u64, function: u64| {
        let unit = range(Bytes::default().uleb(code).text("bad.c"));
        range(unit.uleb(function).text("bad")).zeros(2)
    };
    let both =
        |first: u64, second: u64| named(first, tag::COMPILE_UNIT).bytes(&named(second, tag::SUBPROGRAM).0);
    ask("huge codes", both(u64::MAX, u64::MAX - 1).u8(0), unit(u64::MAX, u64::MAX - 1), EITHER);
    ask("a huge code after small ones", both(1, u64::MAX).u8(0), unit(1, u64::MAX), EITHER);
    ask("one code twice", both(1, 1).u8(0), unit(1, 1), &["bad", "bad.c", "bad_symbol"]);
    ask("unknown codes", both(1, 2).u8(0), unit(1, 77), SYMBOL);
    ask("no end of the table", both(1, 2), unit(1, 2), EITHER);
    ask(
        "no end of the attributes",
        named(1, 0x11).u8(2).u8(0x2e).u8(1).repeat(&[0x3f, 0x19], 500_000),
        unit(1, 2),
        EITHER,
    );
    ask("no end of a number", Bytes::default().repeat(&[0xff], 1_000_000), unit(1, 2), SYMBOL);
    ask("form 0, tag 0", Bytes::default().bytes(&[1, 0, 1, 3, 0, 0, 0, 0]), unit(1, 2), SYMBOL);
    ask("an unknown form", Bytes::default().bytes(&[1, 0x11, 1, 3, 0x7f, 0, 0, 0]), unit(1, 2), SYMBOL);
    let many = (1..300_000).fold(Bytes::default(), |b, i| b.uleb(i * 7_777).bytes(&[0x34, 0, 0, 0]));
    ask("300,000 abbreviations", both(1, 2).bytes(&many.0).u8(0), unit(1, 2), EITHER);
    let indirect = [(at::NAME, form::INDIRECT), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let mut dwarf = Dwarf::new();
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &indirect), (tag::SUBPROGRAM, true, &indirect)]);
    let forms = Bytes::default().u8(1).repeat(&[form::INDIRECT as u8], 1_000_000);
    let entries = range(forms.u8(form::STRING as u8).text("bad.c")).u8(2).u8(form::STRING as u8).text("bad");
    dwarf.unit(table, &range(entries).zeros(2), (BAD, BAD_SIZE));
    lab.ask_dwarf("a million forms of a form", &dwarf, EITHER);
    for (what, form, length) in [
        ("a block of 2^32 bytes", form::BLOCK4, Bytes::default().u32(u32::MAX)),
        ("a block of 2^64 bytes", form::BLOCK, Bytes::default().uleb(u64::MAX)),
        ("an expression of 2^64 bytes", form::EXPRLOC, Bytes::default().uleb(u64::MAX)),
        ("a block as long as the section", form::BLOCK, Bytes::default().uleb(0x200)),
    ] {
        let mut dwarf = Dwarf::new();
        let name = [(at::LOCATION, form), (at::NAME, form::STRING)];
        let table = dwarf
            .table(&[(tag::COMPILE_UNIT, true, &[(at::NAME, form::STRING)]), (tag::SUBPROGRAM, true, &name)]);
        let entries = Bytes::default().u8(1).text("bad.c").u8(2).bytes(&length.0).text("bad").zeros(2);
        dwarf.unit(table, &entries, (BAD, BAD_SIZE));
        lab.ask_dwarf(what, &dwarf, SYMBOL);
    }
    Ok(())
}

/// Small files whose parts multiply: each table, list or program is long, and each is used many times.
pub(crate) fn products() -> Result<(), Failed> {
    let lab = Lab::new("products");
    // A million entries with half a million attributes, none of which takes a byte.
    let mut dwarf = Dwarf::new();
    let flags = vec![(at::EXTERNAL, form::FLAG_PRESENT); 500_000];
    let range = [(at::NAME, form::STRING), (at::LOW_PC, form::ADDR), (at::HIGH_PC, form::DATA4)];
    let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &range), (tag::SUBPROGRAM, false, &flags)]);
    let unit = Bytes::default().u8(1).text("bad.c").u64(BAD).u32(BAD_SIZE as u32);
    dwarf.unit(table, &unit.clone().repeat(&[2], 1_000_000).u8(0), (BAD, BAD_SIZE));
    lab.ask_dwarf("attributes of no size", &dwarf, SYMBOL);
    // The same where entries are read, since they say that they have code, and where attributes are.
    let place = (at::LOW_PC, form::FLAG_PRESENT);
    let read = [at::LOW_PC, at::HIGH_PC, at::NAME, at::LINKAGE_NAME, at::CALL_FILE, at::CALL_LINE];
    let read: Vec<_> = read.iter().map(|&name| (name, form::FLAG_PRESENT)).collect();
    for (what, attributes) in [
        ("flags of no size", [&[place][..], &flags[..100_000]].concat()),
        ("values of no size", read.repeat(20_000)),
    ] {
        let mut dwarf = Dwarf::new();
        let table = dwarf.table(&[(tag::COMPILE_UNIT, true, &range), (tag::SUBPROGRAM, false, &attributes)]);
        dwarf.unit(table, &unit.clone().repeat(&[2], 100_000).u8(0), (BAD, BAD_SIZE));
        lab.ask_dwarf(&format!("{what} of functions"), &dwarf, SYMBOL);
        let mut dwarf = Dwarf::new();
        let table = dwarf.table(&[(tag::COMPILE_UNIT, false, &attributes)]);
        for _ in 0..100_000 {
            dwarf.unit(table, &Bytes::default().u8(1), (BAD, BAD_SIZE));
        }
        lab.ask_dwarf(&format!("{what} of units"), &dwarf, SYMBOL);
    }
    // 100,000 units, each with a table that starts a little later and is a megabyte long.
    let mut dwarf = Dwarf::new();
    let tables = Bytes::default().repeat(&[2, 0x34, 0, 0, 0], 300_000);
    let last = Bytes::default().u8(UNIT).uleb(tag::COMPILE_UNIT).u8(0).u16(0).u8(0);
    let first = dwarf.raw_table(&tables.bytes(&last.0));
    for i in 0..100_000 {
        dwarf.unit(first + 5 * i, &Bytes::default().u8(UNIT), (BAD, BAD_SIZE));
    }
    lab.ask_dwarf("tables in tables", &dwarf, SYMBOL);
    Ok(())
}
