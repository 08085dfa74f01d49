//! Files that change while they are read: cut, overwritten, replaced by another build.
//!
//! The look-ups run in this process, so that a signal ends the tests.

use crate::bytes::Bytes;
use crate::dwarf::common::{FUNCTION, UNIT_WITH_LINES};
use crate::dwarf::{Dwarf, Index};
use crate::elf::{Elf, TEXT};
use crate::lab::{Lab, check, options};
use crate::watch::watched;
use heaplens::symbols;
use libtest_mimic::Failed;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Units, each with a function of its own of 4 bytes.
const UNITS: u64 = 1_500;
const ROUNDS: usize = 400;

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
    // The headers come last: bytes behind them keep a cut from always hitting them.
    let mut file = elf.build_id(&id).bytes();
    file.resize(file.len() + 10_000, 0);
    file
}

fn asked() -> Vec<u64> {
    (0..UNITS).step_by(7).map(|i| TEXT + 4 * i + 1).collect()
}

/// What became of the look-ups.
#[derive(Debug, Default)]
struct Outcomes {
    whole: usize,
    partly: usize,
    refused: usize,
}

/// Looks up again and again while `change` is at work, and once more when it has ended.
fn while_changing(
    lab: &Lab,
    name: &str,
    mut change: impl FnMut(&Path, usize) + Send,
    each: impl Fn(&[Vec<String>]),
) -> Result<Outcomes, Failed> {
    let path = lab.path("app");
    let old = program("old");
    std::fs::write(&path, &old)?;
    let (addresses, options) = (asked(), options());
    let look = |name: String| {
        let watched = watched(name.clone(), || symbols::lookup(&path, &addresses, &options));
        assert!(watched.panics.is_empty(), "{name}: {:#?}", watched.panics);
        watched.result.map(|resolution| check(&name, &resolution, &addresses))
    };
    let expected = look(format!("{name}, before"))?;
    assert_eq!(expected.problem, None);
    let all_known = |chains: &[Vec<String>]| chains.iter().all(|chain| chain.len() == 1);
    assert!(all_known(&expected.chains), "{name}: {expected:?}");
    let done = AtomicBool::new(false);
    let outcomes = std::thread::scope(|scope| {
        let changer = scope.spawn(|| {
            let mut round = 0;
            while !done.load(Ordering::Relaxed) {
                change(&path, round);
                round += 1;
            }
        });
        let rounds = || {
            let mut outcomes = Outcomes::default();
            for round in 0..ROUNDS {
                match look(format!("{name}, look-up {round}")) {
                    Err(why) => {
                        assert!(!why.is_empty());
                        outcomes.refused += 1;
                    }
                    Ok(answer) => {
                        each(&answer.chains);
                        let whole = answer.problem.is_none() && all_known(&answer.chains);
                        outcomes.whole += usize::from(whole);
                        outcomes.partly += usize::from(!whole);
                    }
                }
            }
            outcomes
        };
        let outcomes = std::panic::catch_unwind(std::panic::AssertUnwindSafe(rounds));
        done.store(true, Ordering::Relaxed);
        changer.join().unwrap();
        outcomes.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    println!("{name}: {outcomes:?}");
    std::fs::write(&path, old)?;
    assert_eq!(look(format!("{name}, after"))?.chains, expected.chains, "{name}");
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
    while_changing(&lab, "truncated", cut, |_| {})?;
    Ok(())
}

/// Pieces overwritten with anything, and with what was there.
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
    while_changing(&lab, "overwritten", overwrite, |_| {})?;
    Ok(())
}

/// Another build moved into its place, as linkers and package managers do. Each is whole, so each answer has to be,
/// and of one build.
pub(crate) fn renamed() -> Result<(), Failed> {
    let lab = Lab::new("renamed");
    let builds = [program("new"), program("old")];
    let (spare, path) = (lab.path("spare"), lab.path("app"));
    let rename = |_: &Path, round: usize| {
        std::fs::write(&spare, &builds[round % 2]).unwrap();
        std::fs::rename(&spare, &path).unwrap();
    };
    let one_build = |chains: &[Vec<String>]| {
        let of = |build: &str| chains.iter().filter(|c| c.iter().any(|name| name.starts_with(build))).count();
        assert!(of("old_") == 0 || of("new_") == 0, "builds are mixed up: {chains:?}");
    };
    let outcomes = while_changing(&lab, "renamed", rename, one_build)?;
    assert_eq!(outcomes.whole, ROUNDS, "{outcomes:?}");
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
    while_changing(&lab, "removed", remove, |_| {})?;
    Ok(())
}
