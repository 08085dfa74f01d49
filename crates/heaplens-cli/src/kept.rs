//! Files that were fetched from debuginfod servers and kept: `BUILD-ID/executable` and `BUILD-ID/debuginfo`, and which
//! of them go when there are too many.

use std::ffi::OsStr;
use std::fs::{File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Bytes that are kept between runs, unless one run needs more.
pub(crate) const MAX_BYTES: u64 = 2 << 30;

struct Entry {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// Notes that a file is used now. The time of its last change stays: readers tell by it whether a file is still the
/// one that they found.
pub(crate) fn touch(file: &Path) {
    let now = FileTimes::new().set_accessed(SystemTime::now());
    // A file that cannot be marked goes earlier, and is fetched again.
    let _ = File::open(file).and_then(|file| file.set_times(now));
}

/// Removes the files that were not used for longest until `most` bytes are left; never those of `needed`. Returns how
/// many went. Whatever else lies in the directory stays.
///
/// # Errors
/// If a file cannot be removed.
pub(crate) fn prune(dir: &Path, most: u64, needed: &[PathBuf]) -> io::Result<usize> {
    let mut entries = entries(dir);
    let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
    entries.sort_by(|a, b| a.used.cmp(&b.used).then_with(|| a.path.cmp(&b.path)));
    let mut removed = 0;
    for entry in entries.iter().filter(|entry| !needed.contains(&entry.path)) {
        if left <= most {
            break;
        }
        match std::fs::remove_file(&entry.path) {
            Ok(()) => removed += 1,
            // Another process cleans up too.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        left = left.saturating_sub(entry.bytes);
        if let Some(parent) = entry.path.parent() {
            // It stays if there is another file in it.
            let _ = std::fs::remove_dir(parent);
        }
    }
    Ok(removed)
}

/// What cannot be listed counts as none.
fn entries(dir: &Path) -> Vec<Entry> {
    let list = |dir: &Path| std::fs::read_dir(dir).into_iter().flatten().flatten();
    let builds = list(dir).filter(|build| {
        let name = build.file_name();
        let is_id = name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_hexdigit()));
        is_id && build.file_type().is_ok_and(|kind| kind.is_dir())
    });
    let files = builds.flat_map(|build| list(&build.path()));
    let entry = |file: std::fs::DirEntry| {
        let meta = file.metadata().ok().filter(|meta| meta.is_file() && is_ours(&file.file_name()))?;
        // Some file systems do not write down when a file was read.
        let used = meta.accessed().into_iter().chain(meta.modified()).max()?;
        Some(Entry { path: file.path(), bytes: meta.len(), used })
    };
    files.filter_map(entry).collect()
}

/// Downloads that were broken off by force count too: nothing else removes them.
fn is_ours(name: &OsStr) -> bool {
    let part = |name: &str| name.starts_with('.') && name.ends_with(".part");
    name.to_str().is_some_and(|name| matches!(name, "executable" | "debuginfo") || part(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A file of 100 bytes that was used last so many days after the epoch.
    fn file(dir: &Path, name: &str, day: u64) -> PathBuf {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, [0; 100]).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86400);
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
        path
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let oldest = file(dir, "aaaaaaaa/executable", 1);
        let part = file(dir, "aaaaaaaa/.abc.part", 2);
        let young = file(dir, "bbbbbbbb/executable", 9);
        let needed = file(dir, "bbbbbbbb/debuginfo", 3);
        let used = file(dir, "cccccccc/debuginfo", 4);
        let strangers = [file(dir, "notes/executable", 0), file(dir, "aaaaaaaa/notes", 0), file(dir, "x", 0)];
        let here = || {
            let all = [&oldest, &part, &young, &needed, &used];
            all.map(|path| path.exists())
        };
        assert_eq!(prune(dir, 500, &[]).unwrap(), 0);
        let changed = used.metadata().unwrap().modified().unwrap();
        touch(&used);
        assert_eq!(used.metadata().unwrap().modified().unwrap(), changed);
        let needed_now = [needed.clone()];
        assert_eq!(prune(dir, 350, &needed_now).unwrap(), 2);
        assert_eq!(here(), [false, false, true, true, true]);
        assert_eq!(prune(dir, 299, &needed_now).unwrap(), 1);
        assert_eq!(here(), [false, false, false, true, true]);
        assert_eq!(prune(dir, 0, &needed_now).unwrap(), 1);
        assert_eq!(here(), [false, false, false, true, false]);
        assert!(!dir.join("cccccccc").exists() && dir.join("bbbbbbbb").exists());
        assert!(strangers.iter().all(|path| path.exists()));
        assert_eq!(prune(&dir.join("absent"), 0, &[]).unwrap(), 0);
    }
}
