//! Lists of ranges: endless, enormous, everywhere.

use crate::bytes::Bytes;
use crate::dwarf::common::{BARE_UNIT, RANGED};
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, Index, at, bad_unit, form, tag};
use crate::lab::Lab;
use libtest_mimic::Failed;

const EITHER: &[&str] = &["bad", "bad_symbol"];
const CODE: (u64, u64) = (BAD, BAD_SIZE);

fn pair(from: u64, to: u64) -> Vec<u8> {
    Bytes::default().u64(from).u64(to).0
}

/// `.debug_ranges`, of DWARF 2 to 4.
pub(crate) fn old_lists() -> Result<(), Failed> {
    let lab = Lab::new("old range lists");
    let ask = |what: &str, list: Bytes, offset: u32| {
        let mut dwarf = Dwarf::new();
        dwarf.other(".debug_ranges", list.0);
        // No range at the root: what is in the list counts.
        let unit = Bytes::default().u8(BARE_UNIT).text("bad.c");
        dwarf.unit(0, &unit.u8(RANGED).text("bad").u32(offset).u8(0), CODE);
        lab.ask_dwarf(what, &dwarf, EITHER);
    };
    let all = pair(BAD, BAD + BAD_SIZE);
    ask("sound", Bytes::default().bytes(&all).zeros(16), 0);
    ask("no end", Bytes::default().bytes(&all), 0);
    ask("outside", Bytes::default().bytes(&all).zeros(16), 0x7fff_ffff);
    ask("half a pair", Bytes::default().bytes(&all).zeros(7), 0);
    ask("from the last byte", Bytes::default().bytes(&all).zeros(16), 31);
    ask("a million times everything", Bytes::default().repeat(&all, 1_000_000).zeros(16), 0);
    ask("backwards", Bytes::default().bytes(&pair(BAD + BAD_SIZE, BAD)).zeros(16), 0);
    let bases = pair(u64::MAX, BAD);
    ask("bases only, without end", Bytes::default().repeat(&bases, 1_000_000), 0);
    let wraps = Bytes::default().bytes(&pair(u64::MAX, u64::MAX - 2)).bytes(&pair(BAD, u64::MAX - 1));
    ask("sums that wrap", wraps.zeros(16), 0);
    Ok(())
}

/// A function of version 5 whose ranges are at an offset or an index of a list.
fn five(rnglists: Bytes, form: u64, value: Bytes) -> Dwarf {
    let mut dwarf = Dwarf::new();
    dwarf.other(".debug_rnglists", rnglists.0);
    dwarf.other(".debug_addr", Bytes::default().u32(12).u16(5).u8(8).u8(0).u64(BAD).0);
    let unit =
        [(at::NAME, form::STRING), (at::ADDR_BASE, form::SEC_OFFSET), (at::RNGLISTS_BASE, form::SEC_OFFSET)];
    let table = dwarf.table(&[
        (tag::COMPILE_UNIT, true, &unit),
        (tag::SUBPROGRAM, false, &[(at::NAME, form::STRING), (at::RANGES, form)]),
        (
            tag::SUBPROGRAM,
            false,
            &[(at::NAME, form::STRING), (at::LOW_PC, form::ADDRX), (at::HIGH_PC, form::DATA4)],
        ),
    ]);
    let entries = Bytes::default().u8(1).text("bad.c").u32(8).u32(12).u8(2).text("bad").bytes(&value.0).u8(0);
    dwarf.unit5(table, &entries, CODE);
    dwarf
}

/// `.debug_rnglists`, of DWARF 5.
pub(crate) fn new_lists() -> Result<(), Failed> {
    let lab = Lab::new("new range lists");
    let header = |offsets: u32| Bytes::default().u32(u32::MAX - 99).u16(5).u8(8).u8(0).u32(offsets);
    let ask = |what: &str, list: Bytes| {
        let lists = header(0).bytes(&list.0);
        lab.ask_dwarf(what, &five(lists, form::SEC_OFFSET, Bytes::default().u32(12)), EITHER);
    };
    let all = Bytes::default().u8(7).u64(BAD).uleb(BAD_SIZE).0;
    ask("sound", Bytes::default().bytes(&all).u8(0));
    ask("no end", Bytes::default().bytes(&all));
    ask("an unknown kind", Bytes::default().u8(99).bytes(&all).u8(0));
    ask("a number without end", Bytes::default().u8(4).repeat(&[0xff], 1_000_000));
    ask("huge numbers", Bytes::default().u8(4).uleb(u64::MAX).uleb(u64::MAX).bytes(&all).u8(0));
    ask("an index outside", Bytes::default().u8(3).uleb(1 << 60).uleb(1).bytes(&all).u8(0));
    ask("an index whose place wraps", Bytes::default().u8(1).uleb(u64::MAX / 8).bytes(&all).u8(0));
    ask("a start and a length that wrap", Bytes::default().u8(7).u64(BAD).uleb(u64::MAX - 5).u8(0));
    ask("a base near the end", Bytes::default().u8(5).u64(u64::MAX - 7).u8(4).uleb(1).uleb(u64::MAX).u8(0));
    let small = Bytes::default().u8(5).u64(BAD);
    ask("10,000,000 entries", small.clone().repeat(&[4, 1, 2], 10_000_000).bytes(&all).u8(0));
    ask("3,000,000 of everything", small.repeat(&[4, 0, 0x7f], 3_000_000).bytes(&all).u8(0));
    ask("bases only", Bytes::default().repeat(&[1, 0], 3_000_000));
    for (what, count, index) in [
        ("an index in no table", 0, 5),
        ("an index beyond everything", u32::MAX, u64::MAX),
        ("an index whose place wraps", u32::MAX, u64::MAX / 4),
        ("a table of 2^32 offsets", u32::MAX, 0),
    ] {
        let lists = header(count).u32(u32::MAX).bytes(&all).u8(0);
        lab.ask_dwarf(what, &five(lists, form::RNGLISTX, Bytes::default().uleb(index)), EITHER);
    }
    Ok(())
}

/// One long list, named by thousands of functions, and by thousands of units.
pub(crate) fn shared_lists() -> Result<(), Failed> {
    let lab = Lab::new("shared range lists");
    let all = pair(BAD, BAD + 0x10);
    let list = Bytes::default().repeat(&all, 100_000).zeros(16);
    let mut functions = Dwarf::new();
    functions.other(".debug_ranges", list.0.clone());
    let each = Bytes::default().u8(RANGED).text("bad").u32(0);
    functions.bad(&Bytes::default().repeat(&each.0, 20_000));
    let mut units = Dwarf::new();
    units.other(".debug_ranges", list.0);
    let table = units.table(&[(tag::COMPILE_UNIT, false, &[(at::RANGES, form::SEC_OFFSET)])]);
    for _ in 0..20_000 {
        units.unit(table, &Bytes::default().u8(1).u32(0), CODE);
    }
    lab.ask_dwarf("by 20,000 functions", &functions, EITHER);
    lab.ask_dwarf("by 20,000 units", &units, EITHER);
    // Ends before starts, and sizes that wrap.
    for (what, low, size) in
        [("no size", BAD, 0), ("the last address", u64::MAX, u32::MAX), ("0", 0, u32::MAX)]
    {
        let mut dwarf = Dwarf::new();
        let function = Bytes::default().u8(2).text("bad").u64(low).u32(size).u8(0);
        dwarf.unit(0, &bad_unit().bytes(&function.0).u8(0), CODE);
        let names: &[&str] = if low == 0 { EITHER } else { &["bad_symbol"] };
        for index in [Index::Aranges, Index::None] {
            let answer = lab.ask_file(what, &dwarf.elf(index).bytes());
            assert!(names.contains(&answer.name(2)), "{what}: {answer:?}");
        }
    }
    Ok(())
}
