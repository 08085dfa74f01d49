//! Files that change while they are read: cut, overwritten, replaced by another build.
//!
//! The look-ups run in this process, so that a signal ends the tests.

use crate::bytes::Bytes;
use crate::dwarf::common::{FUNCTION, UNIT_WITH_LINES};
use crate::dwarf::{Dwarf, Index};
use crate::elf::{Elf, TEXT};
use crate::lab::{Answer, Lab, check, options};
use crate::watch::watched;
use heaplens::symbols;
use libtest_mimic::Failed;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Units, each with a function of its own of 4 bytes.
const UNITS: u64 = 1_500;
/// How far the places that are asked for lie apart, in units.
const STEP: usize = 7;
/// Look-ups of each test: at least, and at most where one kind of outcome does not show.
const ROUNDS: std::ops::Range<usize> = 200..20_000;
/// How many look-ups should meet the file whole, and how many should not.
const ENOUGH: usize = 20;

/// A program of many units, whose names begin with that of the build. Of every second function only the symbol
/// table knows.
fn program(build: &str) -> Vec<u8> {
    let mut dwarf = Dwarf::new();
    dwarf.info.clear();
    let place = |i: u64| TEXT + 4 * i;
    let names: Vec<String> = (0..UNITS).map(|i| format!("{build}_{i}")).collect();
    for (i, name) in (0..).zip(&names).step_by(2) {
        let operations = Bytes::default().bytes(&[0, 9, 2]).u64(place(i)).bytes(&[1, 2, 4, 0, 1, 1]);
        let lines = dwarf.lines4(&format!("{build}.c"), &operations);
        let unit = Bytes::default().u8(UNIT_WITH_LINES).text(name).u64(place(i)).u32(4).u32(lines);
        let unit = unit.u8(FUNCTION).text(name).u64(place(i)).u32(4).zeros(2);
        dwarf.unit(0, &unit, (place(i), 4));
    }
    let symbols: Vec<_> = (0..).zip(&names).map(|(i, name)| (name.as_str(), place(i), 4)).collect();
    let sections = dwarf.sections(Index::None);
    let elf = Elf::program(&symbols).with(sections);
    let id = if build == "new" { [2; 20] } else { [1; 20] };
    headers_first(elf.build_id(&id).bytes())
}

/// The table of sections between the header and the code, where it survives most cuts.
fn headers_first(mut file: Vec<u8>) -> Vec<u8> {
    let at = u64::from_le_bytes(file[0x28..0x30].try_into().unwrap()) as usize;
    let table = file.split_off(at);
    file[0x200..0x200 + table.len()].copy_from_slice(&table);
    file[0x28..0x30].copy_from_slice(&0x200u64.to_le_bytes());
    file
}

fn asked() -> Vec<u64> {
    (0..UNITS).step_by(STEP).map(|i| TEXT + 4 * i + 1).collect()
}

/// What became of the look-ups.
#[derive(Debug, Default)]
struct Outcomes {
    /// All names, and no word of anything.
    whole: usize,
    /// What is missing is said.
    said: usize,
    /// Something is missing, and nothing is said.
    silent: usize,
    refused: usize,
}

/// True if every place that has a name has the right one, all of one build.
fn right_as_far_as_known(chains: &[Vec<String>]) -> bool {
    let of = |build: &str| {
        let is_right = |(i, chain): (usize, &Vec<String>)| {
            let right = format!("{build}_{i}");
            chain.iter().all(|place| place.split(' ').next() == Some(&*right))
        };
        (0..).step_by(STEP).zip(chains).all(is_right)
    };
    of("old") || of("new")
}

/// The rule where the file is at all times a part of one build: what is named is right, and what is missing is said.
fn right(chains: &[Vec<String>]) {
    assert!(right_as_far_as_known(chains), "{chains:?}");
}

/// Looks up again and again while `change` is at work, and once more when it has ended. A look-up during which nothing
/// changed has all names.
fn while_changing(
    lab: &Lab,
    mut change: impl FnMut(&Path, usize) + Send,
    each: impl Fn(&[Vec<String>]),
) -> Result<Outcomes, Failed> {
    let path = lab.path("app");
    let old = program("old");
    std::fs::write(&path, &old)?;
    let (addresses, options) = (asked(), options());
    let look = |what: &str| {
        let name = format!("{}, {what}", lab.name);
        let watched = watched(name.clone(), || symbols::lookup(&path, &addresses, &options));
        assert!(watched.panics.is_empty(), "{name}: {:#?}", watched.panics);
        watched.result.map(|resolution| check(&name, &resolution, &addresses))
    };
    let all_known = |chains: &[Vec<String>]| chains.iter().all(|chain| chain.len() == 1);
    let before = look("before")?;
    let whole = |answer: &Answer| {
        answer.problem.is_none() && all_known(&answer.chains) && right_as_far_as_known(&answer.chains)
    };
    assert!(whole(&before), "{before:?}");
    let done = AtomicBool::new(false);
    // Odd while something changes.
    let changes = AtomicUsize::new(0);
    let rounds = || {
        let mut outcomes = Outcomes::default();
        for round in 0..ROUNDS.end {
            if round >= ROUNDS.start && outcomes.whole.min(outcomes.said + outcomes.refused) >= ENOUGH {
                break;
            }
            let began = changes.load(Ordering::SeqCst);
            let looked = look("meanwhile");
            if began.is_multiple_of(2) && changes.load(Ordering::SeqCst) == began {
                assert!(looked.as_ref().is_ok_and(&whole), "nothing changed: {looked:?}");
            }
            match looked {
                Err(_) => outcomes.refused += 1,
                Ok(answer) => {
                    each(&answer.chains);
                    match (&answer.problem, all_known(&answer.chains)) {
                        (Some(_), _) => outcomes.said += 1,
                        (None, true) => outcomes.whole += 1,
                        (None, false) => outcomes.silent += 1,
                    }
                }
            }
        }
        outcomes
    };
    let outcomes = std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                changes.fetch_add(1, Ordering::SeqCst);
                change(&path, round);
                changes.fetch_add(1, Ordering::SeqCst);
                // Long enough for a look-up to begin, and sometimes to end.
                (0..round % 300).for_each(|_| std::thread::yield_now());
            }
        });
        // A failed assertion must not leave the other thread running for ever.
        let outcomes = catch_unwind(AssertUnwindSafe(rounds));
        done.store(true, Ordering::Relaxed);
        outcomes
    });
    let outcomes = outcomes.unwrap_or_else(|panic| resume_unwind(panic));
    println!("{}: {outcomes:?}", lab.name);
    std::fs::write(&path, old)?;
    assert_eq!(look("after")?.chains, before.chains);
    Ok(outcomes)
}

fn writer(path: &Path) -> File {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap()
}

/// Cut at any length, and written again.
pub(crate) fn truncated() -> Result<(), Failed> {
    let lab = Lab::new("truncated");
    let old = program("old");
    let cut = |path: &Path, round: usize| {
        let mut file = writer(path);
        file.set_len((round * 7_919 % old.len()) as u64).unwrap();
        std::thread::yield_now();
        file.write_all(&old).unwrap();
    };
    let outcomes = while_changing(&lab, cut, right)?;
    assert_eq!(outcomes.silent, 0, "{outcomes:?}");
    Ok(())
}

/// Pieces overwritten with anything, and with what was there. A look-up that meets nothing else cannot tell it from a
/// file, so its names may be anything; that it ends, and what holds for every file, is checked.
pub(crate) fn overwritten() -> Result<(), Failed> {
    let lab = Lab::new("overwritten");
    let old = program("old");
    let overwrite = |path: &Path, round: usize| {
        let mut file = writer(path);
        let at = round * 104_729 % (old.len() - 5_000);
        let noise: Vec<u8> = (0..4_999).map(|i| (i * i * 31 + i * 7 + round) as u8).collect();
        for bytes in [&noise[..], &old[at..at + noise.len()]] {
            file.seek(SeekFrom::Start(at as u64)).unwrap();
            file.write_all(bytes).unwrap();
            std::thread::yield_now();
        }
    };
    while_changing(&lab, overwrite, |_| {})?;
    Ok(())
}

/// Another build moved into its place, as linkers and package managers do. An answer is of one build, and if it is not
/// whole it says so.
pub(crate) fn renamed() -> Result<(), Failed> {
    let lab = Lab::new("renamed");
    let builds = [program("new"), program("old")];
    let (spare, path) = (lab.path("spare"), lab.path("app"));
    let rename = |_: &Path, round: usize| {
        std::fs::write(&spare, &builds[round % 2]).unwrap();
        std::fs::rename(&spare, &path).unwrap();
    };
    let outcomes = while_changing(&lab, rename, right)?;
    assert_eq!(outcomes.silent, 0, "{outcomes:?}");
    Ok(())
}

/// Removed and written anew.
pub(crate) fn removed() -> Result<(), Failed> {
    let lab = Lab::new("removed");
    let old = program("old");
    let remove = |path: &Path, _: usize| {
        std::fs::remove_file(path).unwrap();
        std::thread::yield_now();
        std::fs::write(path, &old).unwrap();
    };
    let outcomes = while_changing(&lab, remove, right)?;
    assert_eq!(outcomes.silent, 0, "{outcomes:?}");
    Ok(())
}
