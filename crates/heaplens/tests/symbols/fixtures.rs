//! Every address of small programs of every layout, against answers that were looked at.
//!
//! A fixture is a directory of `fixtures/`, made by `fixtures/build.sh`; its answers stand in `NAME.golden`, one
//! line for each run of addresses with the same answer: the functions from the innermost outwards with their file,
//! line and column. `HEAPLENS_BLESS=1` writes them anew.

use crate::binaries::nowhere;
use crate::chains::{Chain, chains, code, ours};
use crate::crate_judge;
use crate::differences::{Differences, Evidence, Kind, compare, strict};
use crate::llvm_judge::llvm;
use crate::split_bases::SplitBases;
use crate::symbols_of::SymbolsOf;
use crate::trial;
use heaplens::symbols;
use libtest_mimic::{Failed, Trial};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/symbols/fixtures")
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials =
        vec![trial("fixtures::complete", &[], complete), trial("fixtures::judges_are_strict", &[], strict)];
    for kind in Kind::ALL {
        let tools = if kind.is_of_llvm() { &["llvm-symbolizer"][..] } else { &[] };
        trials.push(trial(format!("fixtures::kind::{kind:?}"), tools, move || shown(kind)));
    }
    for name in names() {
        let mut add = |judge: &str, tools: &[&str], check: fn(&str) -> Result<(), Failed>| {
            let (title, name) = (format!("fixtures::{judge}::{name}"), name.clone());
            trials.push(trial(title, tools, move || check(&name)));
        };
        add("golden", &[], golden);
        add("alone", &[], alone);
        add("table", &[], as_table);
        add("one_by_one", &[], one_by_one);
        add("crate", &[], as_crate);
        // Some version of it fails there, others may not; that is no failure of ours.
        if !LLVM_FAILS.iter().any(|(start, _)| name.starts_with(start)) {
            add("llvm", &["llvm-symbolizer"], as_llvm);
        }
    }
    trials
}

/// The names of all fixtures, sorted.
fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir())
        .expect("the fixtures are in the repository")
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "src" && entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// All addresses of a fixture's code and a few around it.
fn addresses(name: &str) -> Vec<u64> {
    let path = dir().join(name).join("app");
    let mut all: Vec<u64> =
        code(&path).into_iter().flat_map(|r| r.start.saturating_sub(2)..r.end.saturating_add(2)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The answers as the golden file has them.
fn answers(name: &str) -> String {
    let path = dir().join(name).join("app");
    let addresses = addresses(name);
    let mut text = String::new();
    let (chains, problem) = match ours(&path, &addresses, &nowhere()) {
        Ok(result) => result,
        Err(why) => return format!("error: {why}\n"),
    };
    if let Some(problem) = problem {
        // Where the repository lies is no matter of the answer.
        let problem = problem.replace(&format!("{}/", dir().join(name).display()), "");
        writeln!(text, "problem: {problem}").unwrap();
    }
    for (first, last, chain) in runs(&addresses, &chains) {
        writeln!(text, "{first:x}-{last:x} {chain}").unwrap();
    }
    text
}

/// Neighbouring addresses with one answer.
fn runs<'a>(addresses: &[u64], chains: &'a [Chain]) -> Vec<(u64, u64, &'a Chain)> {
    let mut runs: Vec<(u64, u64, &Chain)> = Vec::new();
    for (&address, chain) in addresses.iter().zip(chains) {
        match runs.last_mut() {
            Some((_, last, before)) if *before == chain && *last + 1 == address => *last = address,
            _ => runs.push((address, address, chain)),
        }
    }
    runs
}

fn golden(name: &str) -> Result<(), Failed> {
    let found = answers(name);
    let path = dir().join(format!("{name}.golden"));
    if crate::golden::is_written() {
        std::fs::write(&path, found)?;
        return Ok(());
    }
    let expected = std::fs::read_to_string(&path)?.replace("\r\n", "\n");
    if found == expected {
        return Ok(());
    }
    let mut message = format!(
        "{} differs ({} lines, {} found)",
        path.display(),
        expected.lines().count(),
        found.lines().count()
    );
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    for line in old.iter().filter(|l| !new.contains(l)) {
        write!(message, "\n- {line}")?;
    }
    for line in new.iter().filter(|l| !old.contains(l)) {
        write!(message, "\n+ {line}")?;
    }
    Err(message.into())
}

/// What is asked beside an address does not matter to its answer.
fn alone(name: &str) -> Result<(), Failed> {
    let path = dir().join(name).join("app");
    let addresses = addresses(name);
    let Ok((together, _)) = ours(&path, &addresses, &nowhere()) else { return Ok(()) };
    for (address, _, together) in runs(&addresses, &together) {
        let (alone, _) = ours(&path, &[address], &nowhere())?;
        if alone != [together.clone()] {
            return Err(format!("{address:#x}: alone {}, among others {together}", alone[0]).into());
        }
    }
    Ok(())
}

/// A table of a fixture gives the answers of the fixture.
fn as_table(name: &str) -> Result<(), Failed> {
    let path = dir().join(name).join("app");
    let addresses = addresses(name);
    let Ok((direct, _)) = ours(&path, &addresses, &nowhere()) else {
        let refused = symbols::table::write(&path, &nowhere(), Vec::new());
        assert!(refused.is_err(), "{refused:?}");
        return Ok(());
    };
    let tables = tempfile::tempdir()?;
    let file = std::fs::File::create(tables.path().join(format!("app{}", symbols::table::SUFFIX)))?;
    symbols::table::write(&path, &nowhere(), file)?;
    let mut options = nowhere();
    options.binary_dirs = vec![tables.path().to_owned()];
    // Without a problem of its own it is the table that answered.
    let (by_table, problem) = ours(&path, &addresses, &options)?;
    assert_eq!(problem, None);
    for (address, (direct, by_table)) in addresses.iter().zip(direct.iter().zip(&by_table)) {
        if direct != by_table {
            return Err(format!("{address:#x}: the file says {direct}, the table {by_table}").into());
        }
    }
    Ok(())
}

/// A file that stays open has the same answers for each address alone, and for all again.
fn one_by_one(name: &str) -> Result<(), Failed> {
    let path = dir().join(name).join("app");
    let addresses = addresses(name);
    let together = ours(&path, &addresses, &nowhere());
    let binary = match (symbols::Binary::open(&path, &nowhere()), &together) {
        (Ok(binary), Ok(_)) => binary,
        (opened, together) => {
            assert_eq!(opened.err().as_ref(), together.as_ref().err());
            return Ok(());
        }
    };
    let (together, problem) = together?;
    let mut lookup = binary.lookup();
    // From the last to the first, in steps that leave none out.
    let step = 7;
    for first in 0..step {
        for (address, expected) in addresses.iter().zip(&together).skip(first).step_by(step).rev() {
            let found = &chains(&lookup.places(&[*address]))[0];
            if found != expected {
                return Err(format!("{address:#x}: alone {found}, together {expected}").into());
            }
        }
    }
    let again = lookup.places(&addresses);
    // Which of several is said is a matter of threads.
    assert_eq!(again.problem.is_some(), problem.is_some());
    assert!(chains(&again) == together, "all at once, afterwards");
    Ok(())
}

/// Each golden file has its fixture.
fn complete() -> Result<(), Failed> {
    let names = names();
    for entry in std::fs::read_dir(dir())? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "golden") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(names.contains(&name), "{} has no fixture", path.display());
        }
    }
    Ok(())
}

/// Where the `addr2line` crate is wrong or cannot answer, by the beginning of the fixture's name, and why; what is right
/// stands in the golden files.
const CRATE_FAILS: [(&str, &str); 9] = [
    ("dropped-clang5", "it takes entries of code that the linker dropped for code at address 0"),
    ("dropped-gcc5", "it takes entries of code that the linker dropped for code at address 0"),
    ("dropped-mixed", "it takes entries of code that the linker dropped for code at address 0"),
    ("macho-fat", "it does not read files of several architectures"),
    ("dwo-lto", "it takes the first unit of a .dwo file for the one that is meant; here there are several"),
    (
        "dwo-types5",
        "it takes the first unit of a .dwo file for the one with the code; here that holds a type",
    ),
    (
        "dwz-alone",
        "in DWARF 4 it takes the line program of a partial unit for code of that unit, which has no functions",
    ),
    ("icf", "it names one of two functions that share their code and gives the line of the other"),
    ("debuglink-wrong-checksum", "it is handed the debug file of another build, which we do not use"),
];

/// Where `llvm-symbolizer` 14, 16 or 19 is wrong or cannot answer, by the beginning of the fixture's name, and why.
const LLVM_FAILS: [(&str, &str); 8] = [
    ("broken-unit", "it has no answer in JSON for places of such a unit"),
    ("compressed-zlib-gnu", "LLVM reads these up to version 15"),
    ("compressed-zstd", "LLVM reads these from version 16 on"),
    ("debuglink-dwz", "it does not follow the link to what dwz took out"),
    ("dropped-", "it takes entries of code that the linker dropped for code at address 0"),
    ("dwo-", "it looks for the files only where the compiler wrote them"),
    ("dwz", "it does not follow the link to what dwz took out"),
    ("macho-fat", "it has to be told the architecture"),
];

/// All answers as the `addr2line` crate has them.
fn as_crate(name: &str) -> Result<(), Failed> {
    let path = dir().join(name).join("app");
    let fails = CRATE_FAILS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, why)| *why);
    let theirs = match crate_judge::of_parts(&path, &addresses(name)) {
        Err(_) if fails.is_some() => return Ok(()),
        theirs => theirs?,
    };
    let differences = differences(name, &theirs)?;
    match (differences.open.is_empty(), fails) {
        (true, None) | (false, Some(_)) => Ok(()),
        (false, None) => Err(differences.report().into()),
        (true, Some(why)) => Err(format!("no difference is left, although {why}").into()),
    }
}

/// All answers as `llvm-symbolizer` has them.
fn as_llvm(name: &str) -> Result<(), Failed> {
    let theirs = llvm(&dir().join(name).join("app"), &addresses(name))?;
    let differences = differences(name, &theirs)?;
    if differences.open.is_empty() { Ok(()) } else { Err(differences.report().into()) }
}

fn differences(name: &str, theirs: &[Chain]) -> Result<Differences, String> {
    let path = dir().join(name).join("app");
    let addresses = addresses(name);
    let (ours, _) = ours(&path, &addresses, &nowhere())?;
    let symbols = SymbolsOf::files(&[&path, &path.with_extension("debug")]);
    let split = SplitBases::of(&path);
    let evidence = Evidence { symbols: &|at| symbols.at(at), split_base: &|at| split.hold(at) };
    Ok(compare(&addresses, &ours, theirs, &evidence))
}

/// The fixture that a kind of difference names shows it.
fn shown(kind: Kind) -> Result<(), Failed> {
    let name = kind.fixture();
    let path = dir().join(name).join("app");
    let judge = if kind.is_of_llvm() { llvm } else { crate_judge::of_parts };
    let differences = differences(name, &judge(&path, &addresses(name))?)?;
    match differences.judged.get(&kind) {
        Some(_) => Ok(()),
        None => Err(format!("{name} shows no {kind:?}: {}", differences.report()).into()),
    }
}
