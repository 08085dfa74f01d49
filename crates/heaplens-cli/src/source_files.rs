//! Source files that debug information names.

use anyhow::{Context, bail};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

/// No source file that people read is larger.
const MAX_SIZE: u64 = 64 << 20;

/// The lines of files that were asked for.
#[derive(Default)]
pub(crate) struct Sources(HashMap<String, Result<Vec<String>, String>>);

impl Sources {
    /// The lines of a file, without their ends; each file is read once.
    ///
    /// # Errors
    /// Why it cannot be read. A binary can name anything, so only regular files are opened.
    pub(crate) fn lines(&mut self, path: &str) -> Result<&[String], &str> {
        let known = self.0.entry(path.to_owned());
        let lines = known.or_insert_with(|| read(path).map_err(|why| format!("{why:#}")));
        lines.as_deref().map_err(String::as_str)
    }
}

/// The lines of one file.
///
/// # Errors
/// As [`Sources::lines`].
pub(crate) fn read(path: &str) -> anyhow::Result<Vec<String>> {
    // Looked at before it is opened: opening a FIFO waits for its writer.
    let found = std::fs::metadata(path).context("the source cannot be read")?;
    if !found.is_file() {
        bail!("this is no source: it is not a regular file");
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        bail!("larger than any source");
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect())
}
