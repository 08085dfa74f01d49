//! Answers of earlier times, kept on disk: reading a gigabyte of debug information once a build is enough.
//!
//! A directory of files, one for each build with the debug information that was found for it; see [`Cache`]. What
//! is kept is what the files say, mangled names and all, so that every way of showing names has its use of it.

mod key;
mod record;
mod session;
mod space;
mod store;
mod sum;

pub(super) use session::Session;
pub(super) use space::Listing;
pub use space::Usage;

use super::chains::Chains;
use super::locate::Files;
use super::{Options, module};
use crate::profile::Module;
pub(super) use key::Key;
use std::path::{Path, PathBuf};
pub(super) use sum::Sum;

/// A directory of answers, shared by any number of processes.
///
/// It is believed: whoever may write to the directory decides about names. It is made so that only its owner may.
/// A directory that cannot be read or written serves as an empty one; no error comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    dir: PathBuf,
    max_bytes: u64,
}

impl Cache {
    /// Bytes on disk unless [`Cache::max_bytes`] says otherwise: some hundreds of large programs.
    pub const DEFAULT_MAX_BYTES: u64 = 256 << 20;

    /// A cache in this directory, which is made with the first answer.
    pub fn at(dir: impl Into<PathBuf>) -> Cache {
        Cache { dir: dir.into(), max_bytes: Cache::DEFAULT_MAX_BYTES }
    }

    /// The same with another limit in bytes. Where it is passed, files that were not used for longest are removed.
    #[must_use]
    pub fn max_bytes(self, max_bytes: u64) -> Cache {
        Cache { max_bytes, ..self }
    }

    /// Most bytes that it may hold.
    pub fn limit(&self) -> u64 {
        self.max_bytes
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it holds; nothing if the directory is not there.
    ///
    /// # Errors
    /// If the directory is there and cannot be read.
    pub fn usage(&self) -> std::io::Result<Usage> {
        space::usage(&self.dir)
    }

    /// Removes the files that were not used for longest until `most` bytes are left, and says what it removed.
    /// Other files in the directory stay.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn shrink(&self, most: u64) -> std::io::Result<Usage> {
        space::shrink(&self.dir, most)
    }

    fn keep(&self, path: &Path, key: &Key, sound: u64, records: &[Vec<u8>]) -> std::io::Result<u64> {
        make_dir(&self.dir)?;
        let sound = store::append(path, key, sound, records)?;
        self.fit()?;
        Ok(sound)
    }

    /// Makes room if there is too much.
    fn fit(&self) -> std::io::Result<()> {
        if space::usage(&self.dir)?.bytes > self.max_bytes {
            // Some more than needed, so that not each answer from now on costs a file.
            space::shrink(&self.dir, self.max_bytes / 8 * 7)?;
        }
        Ok(())
    }
}

fn make_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// [`module::chains`], less what the cache knows. What is found is kept, unless something could not be read.
pub(super) fn chains(files: &Files, addresses: &[Option<u64>], options: &Options) -> Answer {
    let read = |addresses: &[Option<u64>]| module::chains(files, addresses, options);
    match options.cache.as_ref().and_then(|cache| Some((cache, Key::of(files)?))) {
        Some((cache, key)) => through(cache, &key, addresses, read),
        None => read(addresses),
    }
}

/// What is known of addresses, and what could not be read.
type Answer = (Chains, Option<String>);

/// Answers from the cache, and from `read` for the addresses that it does not know.
fn through(
    cache: &Cache,
    key: &Key,
    addresses: &[Option<u64>],
    read: impl FnOnce(&[Option<u64>]) -> Answer,
) -> Answer {
    let path = cache.dir.join(&key.file_name);
    let found = store::read(&path, key, addresses);
    if found.known.contains(&true) {
        store::touch(&path);
    }
    let rest: Vec<Option<u64>> =
        addresses.iter().zip(&found.known).map(|(address, known)| address.filter(|_| !known)).collect();
    if rest.iter().all(Option::is_none) {
        return (found.chains, None);
    }
    let (mut chains, problem) = read(&rest);
    // An answer that was made from half of what should have been read must not stay. Nor one from files that were
    // changed meanwhile: it may be the one's or the other's.
    if problem.is_none() && key.still_holds() {
        let mut answers: Vec<(u64, usize)> =
            rest.iter().enumerate().filter_map(|(at, address)| Some(((*address)?, at))).collect();
        answers.sort_unstable();
        answers.dedup_by_key(|(address, _)| *address);
        let records = record::write(key, &chains, &answers);
        // Without a place to keep it, it is looked up again next time.
        let _ = cache.keep(&path, key, found.end, &records);
    }
    for at in (0..addresses.len()).filter(|&at| found.known[at]) {
        chains.set(at, found.chains.get(at));
    }
    (chains, problem)
}

/// What the cache knows of places in a module whose file is not there.
pub(super) struct Kept {
    pub(super) chains: Chains,
    /// How many of the places it knows.
    pub(super) count: usize,
    /// True if where the program's code lies was computed from a debug file alone, for one of them at least.
    pub(super) computed: bool,
}

/// See [`Kept`]; `None` if the cache knows none of the places.
pub(super) fn without_file(
    module: &Module,
    lookups: &[u64],
    options: &Options,
    listing: &Listing,
) -> Option<Kept> {
    let (cache, id) = (options.cache.as_ref()?, module.build_id.as_deref()?);
    let line = key::build_line(id);
    let mut kept = Kept { chains: Chains::new(lookups.len()), count: 0, computed: false };
    let mut known = vec![false; lookups.len()];
    for path in key::prefixes(id)?.iter().flat_map(|prefix| listing.beginning_with(&cache.dir, prefix)) {
        kept.computed |=
            store::read_without_image(&path, &line, module, lookups, &mut kept.chains, &mut known);
        let now = known.iter().filter(|known| **known).count();
        if now > kept.count {
            store::touch(&path);
        }
        kept.count = now;
    }
    (kept.count > 0).then_some(kept)
}

#[cfg(test)]
mod tests;
