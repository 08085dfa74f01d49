//! The cache of symbol answers and tables of symbols, as they are used.

use crate::run::{Ran, heaplens, run};
use std::path::{Path, PathBuf};
use std::process::Command;

fn readme(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme").join(name)
}

/// The program with a cache, which tests else go without.
fn cached(args: &[&str]) -> Command {
    let mut command = heaplens(args);
    command.env_remove("HEAPLENS_NO_CACHE");
    command
}

fn ran(mut command: Command) -> Ran {
    command.output().expect("the program starts").into()
}

#[test]
fn a_dump_has_names_after_its_binary_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (binary, cache) = (dir.path().join("tsdb"), dir.path().join("cache"));
    std::fs::copy(readme("tsdb"), &binary).unwrap();
    let (dump, cache) = (readme("leak.heap"), cache.to_str().unwrap().to_owned());
    let folded = |with: &[&str]| {
        let args = [&["folded", dump.to_str().unwrap(), "--cache-dir", &cache], with].concat();
        let ran = ran(cached(&args));
        (ran.stderr.clone(), ran.ok())
    };
    let binary_dir = ["--binary-dir", dir.path().to_str().unwrap()];
    let (_, nameless) = folded(&binary_dir[..0]);
    assert!(nameless.contains("tsdb+0x"), "{nameless}");
    let (said, without) = folded(&[&binary_dir[..], &["--no-cache"]].concat());
    assert!(!Path::new(&cache).exists());
    assert_eq!(folded(&binary_dir), (said.clone(), without.clone()));
    assert_eq!(folded(&binary_dir), (said, without.clone()), "the second time");
    std::fs::remove_file(&binary).unwrap();
    let (said, from_cache) = folded(&binary_dir);
    assert_eq!(from_cache, without);
    assert!(said.contains("tsdb from the cache (verified)"), "{said}");

    let show =
        |with: &[&str]| ran(cached(&[&["symbols", "cache", "--cache-dir", &cache], with].concat())).ok();
    let line = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].trim().to_owned()
    };
    let shown = show(&[]);
    assert_eq!((line(&shown, "directory"), line(&shown, "limit")), (cache.clone(), "256 MiB".to_owned()));
    assert!(line(&shown, "holds").starts_with("1 build, "), "{shown}");
    assert!(line(&show(&["--prune", "1MiB"]), "removed").starts_with("0 builds"));
    let cleared = show(&["--clear"]);
    assert_eq!(line(&cleared, "removed"), line(&shown, "holds"));
    assert_eq!(line(&cleared, "holds"), "0 builds, 0 B");
}

#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn the_cache_is_where_the_system_wants_it() {
    let dir = tempfile::tempdir().unwrap();
    let directory = |variables: &[(&str, &Path)]| {
        let mut command = cached(&["symbols", "cache"]);
        command.env_remove("XDG_CACHE_HOME").env_remove("HOME").env_remove("HEAPLENS_CACHE_DIR");
        command.envs(variables.iter().copied());
        ran(command)
    };
    let home = dir.path();
    let (xdg, own) = (home.join("xdg"), home.join("own"));
    let relative = Path::new("relative");
    for (variables, expected) in [
        (&[("HOME", home)][..], home.join(".cache/heaplens/symbols")),
        (&[("HOME", home), ("XDG_CACHE_HOME", &xdg)], xdg.join("heaplens/symbols")),
        (&[("HOME", home), ("XDG_CACHE_HOME", relative)], home.join(".cache/heaplens/symbols")),
        (&[("HOME", home), ("HEAPLENS_CACHE_DIR", &own)], own.clone()),
    ] {
        let shown = directory(variables).ok();
        assert!(shown.contains(&format!("directory  {}\n", expected.display())), "{shown}");
        assert!(!expected.exists(), "looking makes nothing");
    }
    directory(&[]).fails(2, &["--cache-dir"]);
    run(["symbols", "cache", "--no-cache"]).fails(2, &["--no-cache"]);
    run(["symbols", "cache", "--clear", "--prune", "1MiB"]).code.filter(|code| *code == 2).unwrap();
}

#[test]
fn a_table_stands_in_for_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("tsdb");
    std::fs::copy(readme("tsdb"), &program).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let folded = || {
        run(["folded", "--binary-dir", dir.path().to_str().unwrap(), readme("leak.heap").to_str().unwrap()])
    };
    let by_program = folded().ok();
    assert!(by_program.contains("tsdb::main"), "{by_program}");

    let made = run(["symbols", "prefetch", &path("tsdb")]);
    assert!(made.stderr.contains("wrote ") && made.stderr.contains("tsdb.heaplens-symbols: "), "{made:?}");
    assert_eq!(made.ok(), "");
    std::fs::remove_file(&program).unwrap();
    let by_table = folded();
    assert!(by_table.stderr.contains("tsdb.heaplens-symbols (verified)"), "{by_table:?}");
    assert_eq!(by_table.ok(), by_program);

    // What is no program, and what must not be written over.
    run(["symbols", "prefetch", &path("tsdb")]).fails(4, &["no such file"]);
    let dump = readme("leak.heap");
    run(["symbols", "prefetch", dump.to_str().unwrap(), "-o", &path("x")]).fails(4, &["not an executable"]);
    assert!(!dir.path().join("x").exists());
    for (debug_dir, why) in
        [(path("mistyped"), "No such file"), (path("tsdb.heaplens-symbols"), "a directory")]
    {
        let ran = run(["symbols", "prefetch", &path("tsdb"), "-o", &path("x"), "--debug-dir", &debug_dir]);
        ran.fails(4, &["--debug-dir", &debug_dir, why]);
    }
    assert!(!dir.path().join("x").exists());
    std::fs::copy(readme("tsdb"), &program).unwrap();
    run(["symbols", "prefetch", &path("tsdb"), "-o", &path("tsdb")]).fails(2, &["is the program"]);
    run(["symbols", "prefetch", &path("tsdb"), "-o", "-"]).fails(2, &["goes to a file"]);
    run(["symbols", "prefetch", &path("tsdb"), "-o", &path("no/such/dir")]).fails(4, &["no/such/dir"]);
    assert_eq!(std::fs::read(&program).unwrap(), std::fs::read(readme("tsdb")).unwrap());
}
