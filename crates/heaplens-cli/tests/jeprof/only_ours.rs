//! What cannot be compared with jeprof, since heaplens does it better: each difference shown by itself.

use crate::shapes::{Lab, Language};
use crate::tools::{both, heaplens, stdout};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

type Test = fn(&Lab) -> Result<(), Failed>;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("the_allocators_frames_are_left_out_whatever_the_language", allocator),
    ("a_base_from_another_address_space_is_the_same_program", other_run),
    ("a_program_under_another_path_has_names", other_path),
    ("overloads_have_their_whole_names", overloads),
    ("stacks_that_shrank_stay_and_are_said", shrunk),
];

fn ours(options: &[&str], program: &Path, dump: &Path) -> String {
    stdout(heaplens(["jeprof"]).args(options).arg(program).arg(dump))
}

/// The function of the first row.
fn top(table: &str) -> &str {
    table.lines().nth(1).unwrap().split('%').next_back().unwrap().trim()
}

/// With jemalloc linked in, jeprof shows jemalloc.
fn allocator(lab: &Lab) -> Result<(), Failed> {
    for (language, expected) in [
        (Language::C, "block (inline)"),
        (Language::Cpp, "store::make"),
        (Language::Rust, "Vec::with_capacity_in (inline)"),
    ] {
        let shapes = lab.shapes(language);
        let theirs = stdout(Command::new("jeprof").arg("--text").arg(&shapes.program).arg(&shapes.whole));
        assert_eq!(top(&theirs), "prof_backtrace_impl", "{theirs}");
        let ours = ours(&["--text"], &shapes.program, &shapes.whole);
        assert!(top(&ours).ends_with(expected), "{ours}");
        for name in
            [" prof_", "malloc", "% std::allocator", "% std::__new_allocator", "raw_vec", "alloc::alloc::"]
        {
            assert!(!ours.contains(name), "{name}: {ours}");
        }
        let lenient =
            stdout(heaplens(["jeprof", "--jeprof-skip-list"]).arg(&shapes.program).arg(&shapes.whole));
        assert_eq!(top(&lenient), "prof_backtrace_impl", "{lenient}");
    }
    Ok(())
}

/// The same dump as of a run elsewhere in the address space.
fn other_run(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::C);
    let moved = lab.dir().join("moved.heap");
    let shift = |hex: &str| format!("{:x}", u64::from_str_radix(hex, 16).unwrap() + 0x123_4000);
    let lines = std::fs::read_to_string(&shapes.last)?;
    let lines = lines.lines().map(|line| {
        if let Some(addresses) = line.strip_prefix("@ 0x") {
            let addresses: Vec<String> = addresses.split(" 0x").map(shift).collect();
            return format!("@ 0x{}\n", addresses.join(" 0x"));
        }
        match line.split_once(' ') {
            Some((range, rest)) if rest.starts_with('r') => {
                let (start, end) = range.split_once('-').unwrap();
                format!("{}-{} {rest}\n", shift(start), shift(end))
            }
            _ => format!("{line}\n"),
        }
    });
    std::fs::write(&moved, lines.collect::<String>())?;
    let base = format!("--base={}", moved.display());
    let theirs =
        stdout(Command::new("jeprof").args(["--collapsed", &base]).arg(&shapes.program).arg(&shapes.last));
    assert!(theirs.lines().any(|line| !line.ends_with(" 0")), "{theirs}");
    assert_eq!(ours(&["--collapsed", &base], &shapes.program, &shapes.last), "");
    Ok(())
}

fn other_path(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::C);
    let copy = lab.dir().join("renamed");
    std::fs::copy(&shapes.program, &copy)?;
    let theirs = stdout(Command::new("jeprof").arg("--text").arg(&copy).arg(&shapes.last));
    assert!(!theirs.contains("keep_mixed"), "{theirs}");
    let expected = ours(&["--text"], &shapes.program, &shapes.last);
    assert!(expected.contains(" keep_mixed\n"));
    assert_eq!(ours(&["--text"], &copy, &shapes.last), expected);
    Ok(())
}

fn overloads(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::Cpp);
    let table = ours(&["--text"], &shapes.program, &shapes.last);
    for name in [" fill(store::Table&)\n", " store::Table::insert(int)\n", " store::make\n"] {
        assert!(table.contains(name), "{name}: {table}");
    }
    assert_eq!(table.matches(" fill(").count(), 2, "{table}");
    Ok(())
}

fn shrunk(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::C);
    let mut command = heaplens(["jeprof", "--collapsed", "--base"]);
    let (text, said) = both(command.arg(&shapes.base).arg(&shapes.program).arg(&shapes.last));
    let shrunk = text.lines().filter(|line| line.contains(" -")).count();
    assert!(shrunk > 0, "{text}");
    let expected = format!("{shrunk} stacks shrank");
    assert!(said.contains(&expected) && said.contains("heaplens folded --base"), "{said}");
    Ok(())
}
