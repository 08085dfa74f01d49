//! Filters and groupings judged by `go tool pprof`: what `heaplens top` prints of a dump with our options is what it
//! prints of the same dump, written as pprof, with its own.

use crate::by_name::named;
use crate::c_program;
use crate::pprof::{top, write};
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use heaplens::dump::Threads;
use heaplens::filter::{Folding, fold};
use heaplens::input::{self, Limits};
use heaplens::symbols::{Options, symbolize};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::Path;

/// Flat and cumulative bytes by name.
type Rows = BTreeMap<String, (i64, i64)>;

/// What differs by rounding: each of the tool's samples is a whole number, of ours the sum.
const ROUNDED: i64 = 500;

/// Names in Rust, and its inlined functions. Where a match of `-show_from` was inlined, the tool cuts off what it was
/// inlined into in all stacks, those that begin further out as well; so the patterns match nothing twice.
pub(crate) fn service(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let file =
        write(&fold(&named(&run.leak, &run.program), Folding::default()), lab.dir().join("filters.pb.gz"));
    let binary = run.program.to_string_lossy().into_owned();
    for (ours, theirs) in [
        (&["--focus", "hashbrown"][..], &["-focus=hashbrown"][..]),
        (&["--ignore", r"raw/.*\.rs$"], &[r"-ignore=raw/.*\.rs$"]),
        (&["--hide", "^<?(alloc|core|std)::"], &["-hide=^<?(alloc|core|std)::"]),
        (&["--show-from", "remember|hashbrown"], &["-show_from=remember|hashbrown"]),
        (
            &["--show-from", "Engine::", "--hide", "::index|series", "--ignore", "intern", "--focus", "Vec"],
            &["-show_from=Engine::", "-hide=::index|series", "-ignore=intern", "-focus=Vec"],
        ),
    ] {
        let ours = [&["--binary", &binary], ours].concat();
        compare(&table(&ours, &run.leak), &judged(theirs, &file), &ours);
    }
    Ok(())
}

/// Threads with names, and a source file whose path needs no shortening.
pub(crate) fn c_program(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("c-filters");
    let dump = c_program::dump(&dir, "")?;
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let profile = symbolize(&input::read(&std::fs::read(&dump)?, &limits)?, &Options::default());
    let file = write(&fold(&profile, Folding::default()), dir.join("threads.pb.gz"));

    for (ours, theirs) in [
        (&["--focus", r"alloc\.c$"][..], &[r"-focus=alloc\.c$"][..]),
        (&["--ignore", "^keep_mixed$"], &["-ignore=^keep_mixed$"]),
        (&["--hide", "^(keep|nest)$"], &["-hide=^(keep|nest)$"]),
        (&["--show-from", "^nest$|^grow$"], &["-show_from=^nest$|^grow$"]),
        (&["--thread", "^writer one$"], &["-tagfocus=thread=^writer one$"]),
        (&["--thread", "1", "--focus", "nest"], &["-tagfocus=thread_id=^1$", "-focus=nest"]),
        (&["--by-thread", "--ignore", "^nest$"], &["-tagroot=thread", "-ignore=^nest$"]),
        (&["--granularity", "function"], &["-functions"]),
        (&["--granularity", "line", "--focus", "work"], &["-lines", "-focus=work"]),
        (&["--granularity", "file"], &["-files"]),
    ] {
        // Threads are told apart in any case, so that the same lines are unsampled.
        let by_thread: &[&str] = if ours.contains(&"--by-thread") { &[] } else { &["--by-thread"] };
        let mut rows = table(&[by_thread, ours].concat(), &dump);
        for (ours, name) in [
            ("[thread: writer one]", "writer one"),
            ("[thread: writer/two: *]", "writer/two: 7"),
            ("[thread 0]", "<unknown>"),
        ] {
            let row = rows.remove(ours);
            if let Some(row) = row.filter(|_| theirs.contains(&"-tagroot=thread")) {
                rows.insert(name.to_owned(), row);
            }
        }
        let mut judged = judged(theirs, &file);
        if ["-lines", "-files"].iter().any(|option| theirs.contains(option)) {
            // The tool simplifies what the C library has, paths like `./misc/../sysdeps`.
            rows.retain(|name, _| name.contains("alloc.c"));
            judged.retain(|name, _| name.contains("alloc.c"));
        }
        compare(&rows, &judged, ours);
    }

    // The same calls are there, each by itself; the two count their addresses from different starts.
    let calls = |rows: Rows, function: fn(&str) -> &str| -> Vec<(String, (i64, i64))> {
        let mut calls: Vec<_> =
            rows.into_iter().map(|(name, row)| (function(&name).to_owned(), row)).collect();
        calls.sort_unstable();
        calls
    };
    let all = ["--by-thread", "--granularity", "address"];
    let ours = calls(rows(&all, &dump), |name| name.split(' ').next().unwrap_or_default());
    let theirs = calls(top(&["-addresses"], &file), |name| name.split(' ').nth(1).unwrap_or_default());
    for function in c_program::FUNCTIONS {
        let of = |calls: &[(String, (i64, i64))]| -> Vec<(i64, i64)> {
            calls.iter().filter(|(name, _)| name == function).map(|(_, row)| *row).collect()
        };
        let (ours, theirs) = (of(&ours), of(&theirs));
        assert_eq!(ours.len(), theirs.len(), "{function}: {ours:?}, go tool pprof {theirs:?}");
        assert!(
            ours.iter().zip(&theirs).all(|(a, b)| alike(*a, *b)),
            "{function}: {ours:?}, go tool pprof {theirs:?}"
        );
    }
    Ok(())
}

/// `heaplens top` with these options: what has no name aside.
fn table(options: &[&str], dump: &Path) -> Rows {
    let rows = rows(options, dump).into_iter();
    rows.filter(|(name, _)| !name.contains("+0x") && !is_module(name)).collect()
}

fn rows(options: &[&str], dump: &Path) -> Rows {
    let all = ["top", "--format", "json", "--limit", "0"];
    let text = stdout(heaplens([&all[..], options].concat()).arg(dump));
    let table: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = table["functions"].as_array().unwrap().iter();
    let bytes = |row: &serde_json::Value, column: &str| row[column]["value"].as_i64().unwrap();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), (bytes(row, "flat"), bytes(row, "cum"))))
        .collect()
}

/// `-top` with these options: what has no name aside.
fn judged(options: &[&str], file: &Path) -> Rows {
    top(options, file).into_iter().filter(|(name, _)| !is_module(name)).collect()
}

fn is_module(name: &str) -> bool {
    name.starts_with('[') && !name.starts_with("[thread")
}

fn compare(ours: &Rows, theirs: &Rows, options: &[&str]) {
    let names = |rows: &Rows| rows.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(theirs), "{options:?}");
    assert!(!ours.is_empty(), "{options:?} leave nothing to compare");
    for (name, row) in ours {
        let theirs = theirs[name];
        assert!(alike(*row, theirs), "{options:?}: {name}: {row:?}, go tool pprof {theirs:?}");
    }
}

fn alike(ours: (i64, i64), theirs: (i64, i64)) -> bool {
    (ours.0 - theirs.0).abs() <= ROUNDED && (ours.1 - theirs.1).abs() <= ROUNDED
}
