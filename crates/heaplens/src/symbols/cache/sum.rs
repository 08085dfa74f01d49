//! Checksums of debug files that were right: a file is read for them once, and known afterwards by its place, size, times
//! and inode.

use super::key::{SUFFIX, hash, stamp};
use super::{Cache, make_dir, store};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Begins the names of these files, which no build-id does.
pub(super) const PREFIX: &str = "sum-";

/// One file's checksum, and where it is kept.
#[derive(Debug)]
pub(in crate::symbols) struct Sum<'c> {
    cache: &'c Cache,
    /// Of the debug file when this was made.
    stamp: String,
    /// The place of the note in the cache, and all that stands there: it is compared as a whole.
    note: PathBuf,
    text: String,
}

impl Sum<'_> {
    /// `None` if the file cannot be told from others.
    pub(in crate::symbols) fn of<'c>(cache: &'c Cache, path: &Path, crc: u32) -> Option<Sum<'c>> {
        let stamp = stamp(path)?;
        let file = format!("file {stamp} {:?}\n", std::path::absolute(path).ok()?);
        let note = cache.dir.join(format!("{PREFIX}{:016x}{SUFFIX}", hash(file.as_bytes())));
        Some(Sum { cache, stamp, note, text: format!("heaplens checksum {crc:08x}\n{file}") })
    }

    /// True if it was right before.
    pub(in crate::symbols) fn is_kept(&self) -> bool {
        let Ok(file) = store::open(&self.note) else { return false };
        let mut found = Vec::new();
        let read = file.take(self.text.len() as u64 + 1).read_to_end(&mut found);
        let kept = read.is_ok() && found == self.text.as_bytes();
        if kept {
            store::touch(&self.note);
        }
        kept
    }

    /// Keeps it, unless the file was changed meanwhile.
    pub(in crate::symbols) fn keep(&self, path: &Path) {
        if stamp(path).as_ref() != Some(&self.stamp) {
            return;
        }
        let write = || {
            make_dir(&self.cache.dir)?;
            store::private(std::fs::OpenOptions::new().write(true).create(true).truncate(true))
                .open(&self.note)?
                .write_all(self.text.as_bytes())?;
            self.cache.fit()
        };
        // Without a place to keep it, it is computed again next time.
        let _: std::io::Result<()> = write();
    }
}
