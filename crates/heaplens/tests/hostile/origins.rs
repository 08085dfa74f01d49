//! Names that stand in other units: behind several references, and lost.

use crate::bytes::Bytes;
use crate::dwarf::common::{BARE_UNIT, FAR_INSTANCE, FAR_SPECIFIED, NAME};
use crate::dwarf::{BAD, BAD_SIZE, Dwarf, HEADER, Index, at, bad_unit, form, tag};
use crate::lab::{ASKED, Lab, knows_the_good};
use libtest_mimic::Failed;

/// Functions of four bytes each.
const COUNT: u32 = BAD_SIZE as u32 / 4;
/// What the entry of each takes.
const EACH: u32 = 17;
/// The first entry of a unit below a root with a name of one letter.
const FIRST: u32 = HEADER + 3;

/// Adds the damaged unit, with functions whose names are elsewhere.
fn functions(dwarf: &mut Dwarf, origin: impl Fn(u32) -> u32) {
    let all = (0..COUNT).fold(Bytes::default(), |all, i| {
        all.u8(FAR_INSTANCE).u64(BAD + 4 * u64::from(i)).u32(4).u32(origin(i))
    });
    assert_eq!(all.len() as u32, COUNT * EACH);
    dwarf.bad(&all);
}

/// Where the unit begins that is added behind [`functions`].
fn behind(dwarf: &Dwarf) -> u32 {
    (dwarf.info.len() + bad_unit().len()) as u32 + HEADER + COUNT * EACH + 1
}

/// A unit in which each entry is specified by one elsewhere.
fn specified(dwarf: &mut Dwarf, by: impl Fn(u32) -> u32) {
    let root = Bytes::default().u8(BARE_UNIT).text("b");
    let all = (0..COUNT).fold(root, |all, i| all.u8(FAR_SPECIFIED).u32(by(i)));
    dwarf.unit(0, &all.u8(0), (0, 0));
}

/// Each name stands in a third unit, behind an entry of a second one. The third is large: whoever reads it for each
/// name has too much to read.
pub(crate) fn chains() -> Result<(), Failed> {
    let lab = Lab::new("chains of references");
    const PADDING: u32 = 1 << 20;
    for backward in [false, true] {
        // Steps against the order of the file, too.
        let order = |i: u32| if backward { COUNT - 1 - i } else { i };
        let mut dwarf = Dwarf::new();
        let second = behind(&dwarf);
        let third = second + FIRST + COUNT * 5 + 1;
        functions(&mut dwarf, |i| second + FIRST + 5 * order(i));
        specified(&mut dwarf, |i| third + FIRST + 7 * order(i));
        let name = [(at::NAME, form::STRING)];
        let table = dwarf.table(&[
            (tag::COMPILE_UNIT, true, &name),
            (tag::SUBPROGRAM, false, &name),
            (tag::LEXICAL_BLOCK, false, &[(at::LOCATION, form::BLOCK4)]),
        ]);
        let names = Bytes::default().u8(1).text("c");
        let names = (0..COUNT).fold(names, |all, i| all.u8(2).text(&format!("n{i:04}")));
        dwarf.unit(table, &names.u8(3).u32(PADDING).zeros(PADDING as usize + 1), (0, 0));
        for index in [Index::Aranges, Index::None] {
            let what = format!("{index:?}, backward: {backward}");
            let path = lab.path("app");
            std::fs::write(&path, dwarf.elf(index).bytes())?;
            let addresses: Vec<u64> = (0..COUNT).map(|i| BAD + 4 * u64::from(i)).collect();
            let answer = lab.ask(&what, &path, &addresses);
            assert_eq!(answer.problem, None, "{what}");
            for i in 0..COUNT as usize {
                assert_eq!(answer.name(i), format!("n{i:04}"), "{what}");
            }
        }
    }
    Ok(())
}

/// Names that cannot be had are said to be lost; so no cache keeps such answers.
pub(crate) fn lost() -> Result<(), Failed> {
    let lab = Lab::new("lost names");
    let ask = |what: &str, dwarf: &Dwarf, why: &str| {
        for index in [Index::Aranges, Index::None] {
            // All of these lie in some unit, so that only the name is missing.
            let path = lab.path("app");
            std::fs::write(&path, dwarf.elf(index).bytes()).unwrap();
            let answer = lab.ask(what, &path, &ASKED[..4]);
            knows_the_good(what, &answer);
            assert_eq!(answer.name(2), "bad_symbol", "{what}: {answer:?}");
            let problem = answer.problem.as_deref().unwrap_or("no problem");
            assert!(problem.contains("are lost") && problem.contains(why), "{what}: {problem}");
        }
    };
    // The unit with the names has no abbreviations.
    let mut dwarf = Dwarf::new();
    let second = behind(&dwarf);
    functions(&mut dwarf, |_| second + FIRST);
    dwarf.unit(u32::MAX, &Bytes::default().u8(BARE_UNIT).text("b").u8(NAME).text("n").u8(0), (0, 0));
    ask("no abbreviations", &dwarf, "abbreviations");
    // The entry has an unknown one.
    let mut dwarf = Dwarf::new();
    functions(&mut dwarf, |_| second + FIRST);
    dwarf.unit(0, &Bytes::default().u8(BARE_UNIT).text("b").u8(99).u8(0), (0, 0));
    ask("an unknown abbreviation", &dwarf, "abbreviation 99");
    // The third unit is as the first.
    let mut dwarf = Dwarf::new();
    functions(&mut dwarf, |_| second + FIRST);
    specified(&mut dwarf, |_| u32::MAX - 1);
    ask("behind the section", &dwarf, "outside its section");
    let mut dwarf = Dwarf::new();
    functions(&mut dwarf, |_| second + FIRST);
    specified(&mut dwarf, |i| second + FIRST + 5 * ((i + 1) % 2));
    ask("in a circle", &dwarf, "without end");
    let third = second + FIRST + COUNT * 5 + 1;
    let mut dwarf = Dwarf::new();
    functions(&mut dwarf, |_| second + FIRST);
    specified(&mut dwarf, |_| third + FIRST);
    dwarf.unit(
        0,
        &Bytes::default().u8(BARE_UNIT).text("b").u8(FAR_SPECIFIED).u32(second + FIRST).u8(0),
        (0, 0),
    );
    ask("in a circle of units", &dwarf, "without end");
    Ok(())
}
