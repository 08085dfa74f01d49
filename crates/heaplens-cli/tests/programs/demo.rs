//! The demo service as a program: named by a variable, or built by cargo.

use crate::programs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A variant of the demo service: named by a variable, or built by cargo in a target directory of its own. Either way
/// a copy, which another variant's build cannot replace.
pub(crate) fn program(features: &[&str], variable: &str, dir: &Path) -> Result<PathBuf, String> {
    let built = match std::env::var_os(variable).filter(|path| !path.is_empty()) {
        // A relative path would mean another file: tests run in their crate's directory.
        Some(path) if Path::new(&path).is_absolute() => PathBuf::from(path),
        Some(path) => return Err(format!("{variable}: {} is not an absolute path", path.display())),
        None => build(features)?,
    };
    let copy = || {
        std::fs::create_dir_all(dir)?;
        // The mapping lines name it without symbolic links, and jeprof compares letter by letter.
        let program = dir.canonicalize()?.join("heaplens-demo");
        programs::copy(&built, &program)?;
        Ok(program)
    };
    copy()
        .map_err(|error: std::io::Error| format!("copying {} to {}: {error}", built.display(), dir.display()))
}

fn build(features: &[&str]) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--locked", "--release", "-p", "heaplens-demo"])
        .args(features)
        .arg("--target-dir")
        .arg(&target)
        // Full debug information, as the largest that a program can have to read about itself.
        .env("CARGO_PROFILE_RELEASE_DEBUG", "full")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !built.status.success() {
        return Err(format!("building the demo failed: {}", String::from_utf8_lossy(&built.stderr)));
    }
    Ok(target.join("release/heaplens-demo"))
}
