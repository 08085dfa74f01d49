//! What an answer depends on: which build, which debug information, which engine.
//!
//! A build-id names a build, but not what was found of it: the same build stripped, with its debug file or without,
//! gives other answers. So the key holds, beside the build-id, the names and sizes of all sections of the files that
//! are read. They change with whatever changes answers, and not with a copy's path or time. A file without a
//! build-id is only known by where it lies and when it was last changed.

use crate::symbols::locate::Files;
use crate::symbols::object::ObjectFile;
use crate::symbols::segments::{Layout, Segment};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// To be raised with every change to what the engine answers; versions of heaplens never share answers.
const ENGINE: u32 = 3;
/// Ends the names of the cache's files; the number is the format's version.
pub(super) const SUFFIX: &str = ".hlsym1";
/// A build-id has 40 digits or fewer; one of more than this is no name for a file.
const MAX_ID: usize = 128;

/// Ends the keys of debug files without their program, whose places were computed.
pub(super) const COMPUTED_LINE: &str = "layout computed\n";

/// The key of one image with its debug information.
#[derive(Debug)]
pub(in crate::symbols) struct Key {
    /// The name of its file in the cache.
    pub(super) file_name: String,
    /// The key itself; a file's name is only made of it.
    pub(super) text: String,
    pub(super) segments: Vec<Segment>,
    /// The files and their states when the key was made.
    pub(super) files: Vec<(PathBuf, String)>,
}

impl Key {
    /// The key for a module's files; `None` if they cannot be read, or cannot be told from others.
    pub(in crate::symbols) fn of(files: &Files) -> Option<Key> {
        let id = files.build_id.as_deref().filter(|id| prefixes(id).is_some());
        let mut stamps = Vec::new();
        let mut facts = Fnv::default();
        let mut paths = vec![&files.image];
        let others = [&files.dwarf, &files.package, &files.supplementary].into_iter().flatten();
        paths.extend(others.filter(|&path| *path != files.image));
        for path in paths {
            stamps.push((path.clone(), stamp(path)?));
            let file = ObjectFile::open(path, files.build_id.as_deref()).ok()?;
            // What was found must be what this is the key of.
            file.require(files.stamp(path)).ok()?;
            facts.sections(&file);
        }
        let detail = if files.dwarf.is_some() { 'd' } else { 's' };
        let mut text = format!("heaplens {} engine {ENGINE}\ndetail {detail}\n", env!("CARGO_PKG_VERSION"));
        match id {
            Some(id) => text.push_str(&format!("build-id {id}\nsections {:016x}\n", facts.0)),
            None => {
                for (path, stamp) in &stamps {
                    // A path that is no text is still told from others by its stamp.
                    text.push_str(&format!("file {stamp} {:?}\n", std::path::absolute(path).ok()?));
                }
            }
        }
        if files.layout == Layout::Computed {
            text.push_str(COMPUTED_LINE);
        }
        let id = id.unwrap_or("file");
        Some(Key {
            file_name: format!("{id}-{detail}{:016x}{SUFFIX}", hash(text.as_bytes())),
            text,
            segments: files.segments.clone(),
            files: stamps,
        })
    }

    /// True if no file was changed or replaced since the key was made.
    pub(in crate::symbols) fn still_holds(&self) -> bool {
        self.files.iter().all(|(path, then)| stamp(path).as_ref() == Some(then))
    }
}

/// How the names of a build's files begin, the better ones (with debug information) first.
pub(super) fn prefixes(build_id: &str) -> Option<[String; 2]> {
    let plain = build_id.bytes().all(|b| b.is_ascii_hexdigit()) && (1..=MAX_ID).contains(&build_id.len());
    plain.then(|| [format!("{build_id}-d"), format!("{build_id}-s")])
}

/// The line of a key that names the build.
pub(super) fn build_line(build_id: &str) -> String {
    format!("\nbuild-id {build_id}\n")
}

/// A file's size, time of change, and place in its file system, as far as the system tells them.
pub(super) fn stamp(path: &Path) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    let changed = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
    Some(format!("{} {changed} {}", meta.len(), place(&meta)))
}

#[cfg(unix)]
fn place(meta: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{} {} {}.{:09}", meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> String {
    "-".to_owned()
}

/// For the names of files.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = Fnv::default();
    hash.bytes(bytes);
    hash.0
}

/// FNV-1a, 64 bits: the same in every version and on every machine.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The names, places and sizes of a file's sections.
    fn sections(&mut self, file: &ObjectFile) {
        for section in &file.sections {
            let stored = section.stored.as_ref().map_or(0, |stored| stored.bytes.len());
            let numbers = [section.name.len() as u64, section.address, section.size, stored];
            numbers.iter().for_each(|number| self.bytes(&number.to_le_bytes()));
            self.bytes(&section.name);
        }
        self.bytes(b"end");
    }
}
