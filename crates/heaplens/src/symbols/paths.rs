//! Paths that a dump names, taken apart so that they stay where they are looked for.

use std::path::{Component, Path, PathBuf};

/// As many symbolic links as Linux follows.
const MAX_LINKS: u32 = 40;
/// No system opens a longer path, but a dump may name one, and what is made of its parts grows with its square.
const MAX_PATH: usize = 4096;

/// True for a path that no file can have.
pub(super) fn is_too_long(path: &str) -> bool {
    path.len() > MAX_PATH
}

/// The names in a path, `.` and `..` resolved by the text alone.
fn names(path: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for name in path.split(['/', '\\']) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            // A drive letter is no directory.
            _ if name.ends_with(':') => {}
            _ => names.push(name),
        }
    }
    names
}

/// The ends of a path as relative paths, from the whole to the file name alone; none of one that is too long.
pub(super) fn suffixes(path: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let path = if is_too_long(path) { "" } else { path };
    let names: Vec<String> = names(path).into_iter().map(str::to_owned).collect();
    (0..names.len()).map(move |from| names[from..].iter().collect())
}

/// A path inside a root directory, its symbolic links followed as if the root were `/`; `None` if it is not
/// there, or its links do not end.
pub(super) fn resolve_in_root(root: &Path, path: &str) -> Option<PathBuf> {
    if is_too_long(path) {
        return None;
    }
    // The next name last.
    let mut todo: Vec<String> = names(path).into_iter().rev().map(str::to_owned).collect();
    let mut here = root.to_owned();
    let mut depth = 0;
    let mut links = 0;
    while let Some(name) = todo.pop() {
        if name == ".." {
            if depth > 0 {
                here.pop();
                depth -= 1;
            }
            continue;
        }
        here.push(&name);
        if !here.symlink_metadata().ok()?.is_symlink() {
            depth += 1;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return None;
        }
        let target = here.read_link().ok()?;
        here.pop();
        if target.has_root() {
            here = root.to_owned();
            depth = 0;
        }
        for part in target.components().rev() {
            match part {
                Component::Normal(n) => todo.push(n.to_str()?.to_owned()),
                Component::ParentDir => todo.push("..".to_owned()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
    }
    Some(here)
}

/// The path itself, or where it leads to if links in it are followed inside a root that it lies in; `None` if it is not
/// there.
pub(super) fn inside(root: Option<&Path>, path: PathBuf) -> Option<PathBuf> {
    match root {
        Some(root) => resolve_in_root(root, path.strip_prefix(root).ok()?.to_str()?),
        None => Some(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_run_from_long_to_short_and_never_up() {
        let list: Vec<PathBuf> = suffixes("/opt/../srv/./app/bin").collect();
        assert_eq!(list, ["srv/app/bin", "app/bin", "bin"].map(PathBuf::from));
        assert_eq!(suffixes("/../../..").count(), 0);
        assert_eq!(suffixes(&"/a".repeat(MAX_PATH / 2)).count(), MAX_PATH / 2);
        assert_eq!(suffixes(&"/a".repeat(MAX_PATH / 2 + 1)).count(), 0);
        assert_eq!(suffixes(r"C:\app\x.exe").next().unwrap().components().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_inside_the_root() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("usr/lib")).unwrap();
        std::fs::write(root.join("usr/lib/a.so"), "inside").unwrap();
        std::fs::write(dir.path().join("secret"), "outside").unwrap();
        symlink("/usr/lib", root.join("lib")).unwrap();
        symlink("../../../../secret", root.join("usr/lib/up.so")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(resolve_in_root(&root, "/lib/a.so"), Some(root.join("usr/lib/a.so")));
        assert_eq!(resolve_in_root(&root, "/lib/../../lib/a.so"), Some(root.join("usr/lib/a.so")));
        assert_eq!(resolve_in_root(&root, "/lib/up.so"), None);
        assert_eq!(resolve_in_root(&root, "/loop"), None);
        assert_eq!(resolve_in_root(&root, "/../secret"), None);
        assert_eq!(resolve_in_root(&root, &"/.".repeat(MAX_PATH)), None);
    }
}
