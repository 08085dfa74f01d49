//! What takes more than options to compare; and what cannot be compared, since heaplens does it better: each difference
//! shown by itself.

use crate::differences;
use crate::judge;
use crate::options;
use crate::shapes::{Lab, Language};
use crate::tools::{both, heaplens, stdout};
use libtest_mimic::Failed;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

type Test = fn(&Lab) -> Result<(), Failed>;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("the_allocators_frames_are_left_out_whatever_the_language", allocator),
    ("a_base_from_another_address_space_is_the_same_program", other_run),
    ("a_program_under_another_path_has_names", other_path),
    ("overloads_have_their_whole_names", overloads),
    ("stacks_that_shrank_stay_and_are_said", shrunk),
    ("addresses_on_standard_input_have_jeprofs_names", addresses),
    ("options_are_those_of_jeprof_by_every_beginning", options::test),
    ("jeprof_reads_what_raw_writes", raw),
    ("what_cannot_be_listed_is_said", unlisted),
    ("a_dump_without_mappings_has_the_names_of_a_program_that_was_not_moved", no_mappings),
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

/// `--symbols`: mapping lines and addresses, names in the order of the addresses.
fn addresses(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::C);
    let dump = std::fs::read_to_string(&shapes.last)?;
    let (stacks, maps) = dump.split_once("\nMAPPED_LIBRARIES:\n").unwrap();
    let stacks = stacks.lines().filter_map(|line| line.strip_prefix("@ "));
    let addresses: Vec<&str> =
        stacks.flat_map(|stack| stack.split(' ')).chain(["0xffff00", "0x7ffffffff0000000"]).collect();
    let input = format!("{maps}{}\n", addresses.join("\n"));
    let answer = |mut command: Command| {
        command.arg("--symbols").arg(&shapes.program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let ours = answer(heaplens(["jeprof"]));
    assert_eq!(answer(Command::new("jeprof")), ours);
    assert_eq!(ours.lines().count(), addresses.len());
    assert!(
        ours.contains("\nkeep_mixed\n") && ours.ends_with("\n0x0000000000ffff00\n0x7ffffffff0000000\n"),
        "{ours}"
    );
    Ok(())
}

fn no_mappings(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir();
    let program = dir.join("not-moved");
    let mut compiler = Language::C.compiler(&program);
    stdout(compiler.arg("-no-pie"));
    let [base, last] = ["base", "last"].map(|name| dir.join(format!("not-moved.{name}")));
    let conf = "prof:true,lg_prof_sample:8";
    stdout(Command::new(&program).args([&base, &last]).env("MALLOC_CONF", conf));
    let dump = std::fs::read_to_string(&last)?;
    let without = dir.join("without-maps.heap");
    std::fs::write(&without, dump.split("\nMAPPED_LIBRARIES:").next().unwrap())?;
    let only = "--retain=^(run|work|nest|keep.*|grow)$";
    let other = &lab.shapes(Language::C).program;
    let add = format!("--add_lib={}", program.display());
    for (options, program) in [
        (vec!["--text"], &program),
        (vec!["--files", only], &program),
        (vec!["--list=^work"], &program),
        (vec!["--text"], &program),
        // A library has the addresses that it was linked for.
        (vec!["--text", &add], other),
        (vec!["--list=^keep", &add], other),
    ] {
        let theirs = stdout(judge::jeprof(lab).args(&options).arg(program).arg(&without));
        let ours = ours(&[&["--jeprof-skip-list"], &options[..]].concat(), program, &without);
        assert_eq!(theirs, ours, "{options:?}");
        assert!(ours.lines().count() > 1, "{ours}");
    }
    Ok(())
}

/// A program of another processor whose source is not here.
fn unlisted(lab: &Lab) -> Result<(), Failed> {
    let shapes = lab.shapes(Language::C);
    let mut program = std::fs::read(&shapes.program)?;
    let is_source: Vec<usize> =
        program.windows(8).enumerate().filter(|(_, w)| w == b"shapes.c").map(|(at, _)| at).collect();
    is_source.iter().for_each(|at| program[at + 7] = b'x');
    let aarch64 = 183u16;
    program[18..20].copy_from_slice(&aarch64.to_le_bytes());
    let path = lab.dir().join("elsewhere");
    std::fs::write(&path, program)?;
    for (option, words) in [
        ("--list=^work$", "shapes.x: the source cannot be read: No such file"),
        ("--disasm=^work$", "work in .*elsewhere: only x86-64's code is disassembled"),
        ("--list=no.such", "no function of the profile matches"),
        ("--disasm=no.such", "no function of the profile matches"),
    ] {
        let (text, said) = both(heaplens(["jeprof", option]).arg(&path).arg(&shapes.last));
        assert_eq!(text, "", "{option}");
        assert!(regex::Regex::new(words).unwrap().is_match(&said), "{option}: {said}");
    }
    Ok(())
}

/// What `--raw` writes has all that jeprof and heaplens need.
fn raw(lab: &Lab) -> Result<(), Failed> {
    let sorted = |text: String| {
        let text = text.replace("\\x3b", ";");
        differences::sorted(text.lines().filter(|line| !line.ends_with(" 0")))
    };
    for language in Language::ALL {
        let shapes = lab.shapes(language);
        let text = ours(&["--raw"], &shapes.program, &shapes.last);
        let head = format!("--- symbol\nbinary={}\n0x", shapes.program.display());
        assert!(text.starts_with(&head) && text.contains("\n---\n--- heap\nheap_v2/256\n"), "{text}");
        let file = lab.dir().join(format!("{}.raw", language.name()));
        std::fs::write(&file, text)?;
        for sample in ["--inuse_space", "--alloc_objects"] {
            let mut heaplens = heaplens(["jeprof", "--jeprof-skip-list", "--collapsed", sample]);
            let again = sorted(stdout(heaplens.arg(&file)));
            let theirs = stdout(Command::new("jeprof").args(["--collapsed", sample]).arg(&file));
            assert_eq!(sorted(theirs), again, "{sample}");
            let before = ours(&["--jeprof-skip-list", "--collapsed", sample], &shapes.program, &shapes.last);
            assert_eq!(sorted(before), again, "{sample}");
        }
    }
    Ok(())
}
