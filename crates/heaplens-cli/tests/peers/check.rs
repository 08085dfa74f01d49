//! `heaplens check --run` on a C program with Debian's jemalloc.

use crate::c_program::JEMALLOC;
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

/// Every allocation is counted, so that nothing is left to chance.
const EXACT: &str = "lg_prof_sample:0";

pub(crate) fn rounds(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("soak");
    std::fs::create_dir_all(&dir)?;
    let program = dir.canonicalize()?.join("soak");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/soak.c");
    stdout(Command::new("gcc").args(["-O0", "-g", "-o"]).arg(&program).arg(source));
    for (leaks, marks, code, words) in [
        ("leaks", "marks", 1, "grew in every one of 8 rounds, by +15.6 KiB a round\n"),
        ("leaks", "lets-jemalloc", 1, "grew in every one of 8 rounds, by "),
        ("frees", "marks", 0, "passed: nothing leaks, in 8 rounds\n"),
        ("frees", "lets-jemalloc", 0, "passed: nothing leaks, in 8 rounds\n"),
    ] {
        let command = format!("LD_PRELOAD={JEMALLOC} {} 10 {leaks} {marks}", program.display());
        let ran = heaplens(["check", "--run", &command]).env("MALLOC_CONF", EXACT).output()?;
        let said = String::from_utf8(ran.stdout)?;
        let explained = format!("{command}: {said}{}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(ran.status.code(), Some(code), "{explained}");
        assert!(said.contains(words), "{explained}");
        assert_eq!(said.starts_with("failed: keep ("), leaks == "leaks", "{explained}");
        assert!(said.contains("every allocation was counted"), "{explained}");
    }
    Ok(())
}
