//! A C program on Debian's jemalloc 5.3.0, under several of jemalloc's options.

use crate::by_address::{compare_difference, compare_stacks, compare_totals, read};
use crate::jeprof;
use crate::prefixes;
use crate::service::Lab;
use crate::tools::{both, heaplens, stdout};
use heaplens::Dump;
use heaplens::dump::Writer;
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's jemalloc 5.3.0, for programs that bring none.
pub(crate) const JEMALLOC: &str = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2";

/// What the program itself defines and allocates in.
pub(crate) const FUNCTIONS: [&str; 8] =
    ["main", "work", "keep", "keep_mixed", "keep_large", "keep_zeroed", "grow", "nest"];

/// Two dumps of one run.
pub(crate) struct Dumps {
    pub(crate) program: PathBuf,
    pub(crate) base: PathBuf,
    pub(crate) last: PathBuf,
}

/// Whether `alloc_*` is counted.
#[derive(Clone, Copy, PartialEq)]
enum Accum {
    Off,
    On,
}

pub(crate) fn jeprof(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("c");
    std::fs::create_dir_all(&dir)?;
    let program = compile(&dir)?;
    for (name, options, writer, accum) in [
        ("unbiased", "", Writer::Unbiased, Accum::Off),
        ("accum", ",prof_accum:true", Writer::Unbiased, Accum::On),
        ("raw", ",prof_unbias:false", Writer::Raw, Accum::Off),
        ("raw-accum", ",prof_unbias:false,prof_accum:true", Writer::Raw, Accum::On),
    ] {
        let dumps = run(&program, &dir.join(name), options)?;
        for dump in [&dumps.base, &dumps.last] {
            accounting(dump, writer, accum);
            compare_stacks(dump, &dir, 10);
            names(&dumps.program, dump, &[], &[]);
            if accum == Accum::On {
                names(&dumps.program, dump, &["--alloc_space"], &["--sample", "alloc_space"]);
            }
        }
        let Dumps { program, base, last } = &dumps;
        let changes = compare_difference(base, last, &dir, 10);
        // It allocates at places where it did not before, and frees all of `gone`.
        assert!(
            changes.grown > 0 && changes.shrunk > 0,
            "{} grown, {} shrunk",
            changes.grown,
            changes.shrunk
        );
        compare_totals(program, &[(None, base), (None, last), (Some(base), last), (Some(last), base)]);
    }
    Ok(())
}

/// A dump without trailer and by another jemalloc than the demo's; with accumulated counts and named threads.
pub(crate) fn prefixes(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("c-prefixes");
    std::fs::create_dir_all(&dir)?;
    let program = compile(&dir)?;
    for (name, options) in [("accum", ",prof_accum:true"), ("raw", ",prof_unbias:false")] {
        prefixes::file(&run(&program, &dir.join(name), options)?.last)?;
    }
    Ok(())
}

/// A dump at the end of a run with these options besides the usual ones.
pub(crate) fn dump(dir: &Path, options: &str) -> Result<PathBuf, Failed> {
    std::fs::create_dir_all(dir)?;
    Ok(run(&compile(dir)?, &dir.join("run"), options)?.last)
}

pub(crate) fn compile(dir: &Path) -> Result<PathBuf, Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/alloc.c");
    // The mapping lines name it without symbolic links.
    let program = dir.canonicalize()?.join("alloc");
    stdout(Command::new("gcc").args(["-O1", "-g", "-pthread", "-o"]).arg(&program).arg(source));
    Ok(program)
}

pub(crate) fn run(program: &Path, dir: &Path, options: &str) -> Result<Dumps, Failed> {
    std::fs::create_dir_all(dir)?;
    let base = dir.join("base.heap");
    let conf = format!(
        "prof:true,lg_prof_sample:12,prof_final:true,prof_prefix:{}{options}",
        dir.join("last").display()
    );
    let (_, said) =
        both(Command::new(program).arg(&base).env("LD_PRELOAD", JEMALLOC).env("MALLOC_CONF", conf));
    // jemalloc says there what it does not know.
    assert!(!said.contains("conf"), "{said}");
    let mut last = std::fs::read_dir(dir)?.filter_map(|entry| Some(entry.ok()?.path()));
    let last = last.find(|path| path.to_string_lossy().ends_with(".f.heap")).ok_or("no dump at exit")?;
    Ok(Dumps { program: program.to_owned(), base, last })
}

/// The dump is whole, by the right writer, and its threads have their names.
fn accounting(dump: &Path, writer: Writer, accum: Accum) {
    let bytes = std::fs::read(dump).unwrap();
    let parsed = Dump::parse(&bytes).unwrap();
    let accounting = parsed.accounting();
    assert_eq!(accounting.writer, writer, "{}: {accounting:?}", dump.display());
    let codes: Vec<&str> = read(dump).warnings.iter().map(|warning| warning.code).collect();
    let expected: &[&str] = if writer == Writer::Raw { &["biased"] } else { &[] };
    assert_eq!(codes, expected, "{}", dump.display());
    assert_eq!(parsed.has_accum(), accum == Accum::On);
    let names: Vec<&[u8]> = parsed.threads().filter_map(|(_, _, name)| name).collect();
    assert!(names.contains(&&b"writer one"[..]), "{}: {names:?}", dump.display());
}

/// The chains of the program's own functions, and the bytes of each. jeprof's names inside of the C library and of
/// the stripped jemalloc are the nearest exported functions, so they are left out on both sides.
fn names(program: &Path, dump: &Path, options: &[&str], our_options: &[&str]) {
    let own = |names: Vec<String>| -> String {
        let own = names.into_iter().filter(|name| FUNCTIONS.contains(&name.as_str()));
        own.collect::<Vec<_>>().join(";")
    };
    let mut judged: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    let options: Vec<&str> = options.iter().copied().chain(["--collapsed"]).collect();
    let text = jeprof::run(&options, program, None, dump);
    for line in jeprof::lines(&text).into_iter().filter(|line| line.bytes != 0) {
        let entry = judged.entry(own(line.places.concat())).or_default();
        entry.0 += line.bytes;
        entry.1 += 1;
    }
    let text = stdout(heaplens(["folded", "--binary"]).arg(program).args(our_options).arg(dump));
    let mut ours: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    for line in text.lines() {
        let (stack, bytes) = line.rsplit_once(' ').unwrap();
        let names: Vec<String> = stack.split(';').map(str::to_owned).collect();
        let is_own = |name: &String| FUNCTIONS.contains(&name.as_str());
        // The allocator is folded away, so what the program allocated ends in the program.
        let ends_in_program = names.last().is_some_and(is_own);
        assert!(ends_in_program || !names.iter().any(is_own) || stack.contains("pthread_create"), "{stack}");
        let entry = ours.entry(own(names)).or_default();
        entry.0 += bytes.parse::<i128>().unwrap();
        entry.1 += 1;
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), judged.keys().collect::<Vec<_>>(), "{}", dump.display());
    for (stack, (bytes, lines)) in &ours {
        let (theirs, their_lines) = judged[stack];
        assert!((bytes - theirs).abs() <= *lines.max(&their_lines), "{stack}: {bytes}, jeprof {theirs}");
    }
    assert!(ours.keys().any(|stack| stack.ends_with("work;keep_mixed;keep")), "{ours:?}");
    assert!(ours.len() > 10, "{ours:?}");
}
