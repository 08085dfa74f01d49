//! Paths that options name. A mistyped one must not end in symbols from elsewhere.

use anyhow::{Context, bail};
use std::path::PathBuf;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    File,
    Directory,
}

/// Refuses paths that are not there, and directories in the place of files or files in that of directories.
///
/// # Errors
/// Names the option and the path.
pub(crate) fn require(option: &str, paths: &[PathBuf], expected: Expected) -> anyhow::Result<()> {
    for path in paths {
        let found = path.metadata().with_context(|| format!("{option} {}", path.display()))?;
        match (expected, found.is_dir()) {
            (Expected::File, true) => bail!("{option} {}: expected a file", path.display()),
            (Expected::Directory, false) => bail!("{option} {}: expected a directory", path.display()),
            _ => {}
        }
    }
    Ok(())
}
