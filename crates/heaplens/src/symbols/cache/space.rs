//! What the cache takes on disk, and which of it goes first.

use super::sum;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

/// What the cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Builds, each with the debug information that was found for it.
    pub files: u64,
    /// Their sizes in bytes.
    pub bytes: u64,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    bytes: u64,
    /// Nanoseconds since the epoch by the file system's clock.
    used: u128,
}

impl Entry {
    fn name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// One for a file of answers; checksums are not counted, as they are of such a file's debug information.
    fn builds(&self) -> u64 {
        u64::from(!self.name().starts_with(sum::PREFIX))
    }
}

/// The answers files of a directory, of this version or another; other files are none of ours.
fn entries(dir: &Path) -> Result<Vec<Entry>> {
    let list = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        list => list?,
    };
    let mut entries = Vec::new();
    for entry in list {
        let entry = entry?;
        let ours = entry.file_name().to_str().is_some_and(is_ours);
        // A file may go while we look: another process cleans up too.
        let Some(meta) = entry.metadata().ok().filter(|meta| ours && meta.is_file()) else { continue };
        let used = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let used = used.map_or(0, |t| t.as_nanos());
        entries.push(Entry { path: entry.path(), bytes: meta.len(), used });
    }
    Ok(entries)
}

fn is_ours(name: &str) -> bool {
    let version = name.rsplit_once(".hlsym").map(|(_, version)| version);
    version.is_some_and(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()))
}

pub(super) fn usage(dir: &Path) -> Result<Usage> {
    Ok(sum(&entries(dir)?))
}

fn sum(entries: &[Entry]) -> Usage {
    let files = entries.iter().map(Entry::builds).sum();
    Usage { files, bytes: entries.iter().map(|e| e.bytes).sum() }
}

/// The names in a cache's directory, read when they are first asked for: once for all modules of a run.
#[derive(Debug, Default)]
pub(in crate::symbols) struct Listing(OnceLock<Vec<Entry>>);

impl Listing {
    /// Files whose names begin so, the last used first.
    pub(super) fn beginning_with(&self, dir: &Path, prefix: &str) -> Vec<PathBuf> {
        let all = self.0.get_or_init(|| {
            let mut entries = entries(dir).unwrap_or_default();
            entries.sort_by(|a, b| a.name().cmp(b.name()));
            entries
        });
        let from = all.partition_point(|entry| entry.name() < prefix);
        let mut found: Vec<&Entry> =
            all[from..].iter().take_while(|entry| entry.name().starts_with(prefix)).collect();
        found.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.path.cmp(&b.path)));
        found.into_iter().map(|entry| entry.path.clone()).collect()
    }
}

/// Removes the files that were not used for longest until `most` bytes are left; what was removed.
pub(super) fn shrink(dir: &Path, most: u64) -> Result<Usage> {
    let mut entries = entries(dir)?;
    let mut left = sum(&entries).bytes;
    entries.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
    let mut removed = Usage::default();
    for entry in entries {
        if left <= most {
            break;
        }
        match std::fs::remove_file(&entry.path) {
            Ok(()) => {
                removed.files += entry.builds();
                removed.bytes += entry.bytes;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        left -= entry.bytes;
    }
    Ok(removed)
}
