//! Files that are known by the build-id in them alone, whatever their names: each is looked at once a run, for all modules
//! together.

use super::candidates::{Candidate, Origin};
use super::open::is_fat;
use super::probe::probe;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// More files of one directory are not looked at.
pub(super) const MOST_FILES: usize = 4096;

/// Files by their build-id.
#[derive(Debug, Default)]
pub(super) struct ByBuildId {
    known: FxHashMap<String, Vec<Candidate>>,
    /// Mach-O files of several architectures have several.
    fat: Vec<Candidate>,
    /// Directories with more than [`MOST_FILES`].
    pub(super) cut: Vec<PathBuf>,
}

impl ByBuildId {
    /// Looks at files; what is none that could be used is left out.
    pub(super) fn read(files: impl IntoIterator<Item = Candidate>) -> ByBuildId {
        let mut list = ByBuildId::default();
        for file in files {
            if is_fat(&file.path) {
                list.fat.push(file);
            } else if let Some(id) = probe(&file.path, None).ok().and_then(|probe| probe.build_id) {
                list.known.entry(id).or_default().push(file);
            }
        }
        list
    }

    /// The files directly in directories.
    pub(super) fn in_dirs(dirs: &[PathBuf]) -> ByBuildId {
        let mut cut = Vec::new();
        let mut files = Vec::new();
        for dir in dirs {
            let found = files_of(dir);
            if found.len() > MOST_FILES {
                cut.push(dir.clone());
            }
            files.extend(found.into_iter().take(MOST_FILES));
        }
        let files = files.into_iter().map(|path| Candidate::new(path, Origin::BuildId));
        ByBuildId { cut, ..ByBuildId::read(files) }
    }

    /// Files that have this build-id, or may have it.
    pub(super) fn with(&self, id: &str) -> impl Iterator<Item = &Candidate> {
        self.known.get(id).into_iter().flatten().chain(&self.fat)
    }
}

/// At most one more than is looked at.
fn files_of(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let files =
        entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    let mut files: Vec<PathBuf> = files.take(MOST_FILES + 1).map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_looked_at_up_to_a_limit() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = [dir.path().to_owned(), dir.path().join("absent")];
        for i in 0..MOST_FILES {
            std::fs::write(dir.path().join(format!("{i:04}")), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("0")).unwrap();
        assert_eq!(ByBuildId::in_dirs(&dirs).cut, [""; 0].map(PathBuf::from));
        std::fs::write(dir.path().join("one more"), "").unwrap();
        assert_eq!(ByBuildId::in_dirs(&dirs).cut, dirs[..1]);
    }
}
