//! Inputs of every kind that the page takes.

use crate::lab::{Lab, files, stdout};
use libtest_mimic::Failed;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Debian's jemalloc, for programs that bring none.
pub(crate) const JEMALLOC: &str = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2";

/// Files in the order of time, and options that they need.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) options: Vec<OsString>,
}

pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Those that need neither the demo nor a compiler.
pub(crate) fn plain(lab: &Lab) -> Result<Vec<Input>, Failed> {
    let input = |name, files: &[&str]| Input {
        name,
        files: files.iter().map(|file| tests().join(file)).collect(),
        options: Vec::new(),
    };
    let named = |mut input: Input| {
        input.options = vec!["--binary".into(), tests().join("readme/tsdb").into()];
        input
    };
    let series = |name, dir: &str| -> Result<Input, Failed> {
        Ok(Input { name, files: files(&tests().join("cmd/leaks.in").join(dir))?, options: Vec::new() })
    };
    Ok(vec![
        named(input("one-dump", &["readme/leak.heap"])),
        named(input("two-dumps", &["readme/base.heap", "readme/leak.heap"])),
        input("no-symbols", &["cmd/dumps.in/base.heap", "cmd/dumps.in/later.heap"]),
        input("threads", &["cmd/dumps.in/threads.heap"]),
        input("pprof", &["peers/jemalloc_pprof.pb.gz"]),
        input("folded", &["cmd/dumps.in/crates.folded"]),
        series("a-day", "day")?,
        series("a-calm-hour", "calm")?,
        Input { name: "three-hundred", files: many(&lab.dir().join("many"))?, options: Vec::new() },
    ])
}

/// A dump of a C++ program with threads, at its end.
pub(crate) fn cpp(lab: &Lab) -> Result<Input, Failed> {
    let dir = lab.dir().join("cpp");
    std::fs::create_dir_all(&dir)?;
    // The mapping lines name it without symbolic links.
    let program = dir.canonicalize()?.join("store");
    let source = tests().join("browser/store.cc");
    stdout(
        Command::new("g++").args(["-O1", "-g", "-std=c++17", "-pthread", "-o"]).arg(&program).arg(source),
    )?;
    let prefix = dir.join("store").display().to_string();
    let conf = format!("prof:true,lg_prof_sample:10,prof_final:true,prof_prefix:{prefix}");
    stdout(Command::new(&program).env("LD_PRELOAD", JEMALLOC).env("MALLOC_CONF", conf))?;
    let dumps = files(&dir)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "heap"));
    let files: Vec<PathBuf> = dumps.collect();
    if files.len() != 1 {
        return Err(format!("one dump at the end, not {files:?}").into());
    }
    Ok(Input { name: "cpp", files, options: Vec::new() })
}

/// Five minutes apart for 25 hours: a leak, a cache, and much that comes and goes.
fn many(dir: &Path) -> Result<Vec<PathBuf>, Failed> {
    std::fs::create_dir_all(dir)?;
    let mut random = 1u64;
    for number in 0..300u64 {
        let mut text = String::new();
        for site in 0..60u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (random >> 33) % (1 << 20);
            let held = match site {
                0 => number * 400_000,
                1 => 50_000_000 - 50_000_000 / (1 + number),
                _ => site * 100_000,
            };
            let _ = writeln!(
                text,
                "main;service::run;service::part{}::handle;service::job{site};alloc::vec::Vec<u8>::push {}",
                site % 7,
                held + noise
            );
        }
        let (day, minute) = (26 + number / 288, number % 288 * 5);
        let name = format!("service-202611{day}T{:02}{:02}00Z.folded", minute / 60, minute % 60);
        std::fs::write(dir.join(name), text)?;
    }
    files(dir)
}
