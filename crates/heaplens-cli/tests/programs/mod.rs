//! Programs that a test puts somewhere and then starts.
//!
//! Another process writes them. A file that this one had open for writing is open, for a moment, in every child that
//! another thread's test forks meanwhile, and as long as it is, starting it fails: "Text file busy".

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let output = Command::new("cp").args([from, to]).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

pub(crate) fn script(path: &Path, text: &str) -> std::io::Result<()> {
    let written = path.with_extension("txt");
    std::fs::write(&written, text)?;
    std::fs::set_permissions(&written, PermissionsExt::from_mode(0o755))?;
    copy(&written, path)
}
