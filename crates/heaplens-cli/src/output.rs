//! Where results go: stdout, or a file that is either wholly there or not at all.

use crate::exit::{ReaderGone, Usage};
use anyhow::{Context, bail};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Stdout,
    File(PathBuf),
}

/// Who may read a file that we write, and what happens to one that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A drawing or a table, made again at will: replaces an older one, permissions by the umask.
    Report,
    /// A raw dump, which cannot be made again: never replaces a file, and only its owner may read it, since it
    /// gives away the program's addresses.
    Dump,
    /// A raw dump that may replace a file.
    DumpReplacing,
}

impl Target {
    /// The target that `-o` names: `-` or nothing is stdout.
    pub(crate) fn new(option: Option<&Path>) -> Target {
        match option {
            Some(path) if path != OsStr::new("-") => Target::File(path.to_owned()),
            _ => Target::Stdout,
        }
    }

    /// Columns, if this is a person's terminal: files and pipes get lines whole.
    pub(crate) fn width(&self) -> Option<usize> {
        let is_terminal = *self == Target::Stdout && std::io::stdout().is_terminal();
        is_terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0))
    }

    /// Writes a whole result.
    ///
    /// # Errors
    /// [`ReaderGone`] if stdout is closed, [`Usage`] if a dump would replace a file, else what the system says.
    pub(crate) fn write(&self, bytes: &[u8], kind: Kind) -> anyhow::Result<()> {
        match self {
            Target::Stdout => write_stdout(bytes),
            Target::File(path) => {
                write_file(path, bytes, kind).with_context(|| format!("writing {}", path.display()))
            }
        }
    }
}

fn write_stdout(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        other => other.context("writing to stdout"),
    }
}

fn write_file(path: &Path, bytes: &[u8], kind: Kind) -> anyhow::Result<()> {
    fill_file(path, kind, |file| match file.write_all(bytes) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        other => Ok(other?),
    })
}

/// Writes a result that is made piece by piece; the file is there once `fill` is done.
///
/// # Errors
/// What `fill` says, or the system.
pub(crate) fn fill<T>(path: &Path, fill: impl FnOnce(&mut File) -> anyhow::Result<T>) -> anyhow::Result<T> {
    fill_file(path, Kind::Report, fill)
}

fn fill_file<T>(
    path: &Path,
    kind: Kind,
    fill: impl FnOnce(&mut File) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // A symbolic link keeps pointing where it points; what it points to is replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Ok(found) = path.metadata() {
        if kind == Kind::Dump {
            return Err(Usage("the file exists; choose another name or add --force".to_owned()).into());
        }
        if found.is_dir() {
            return Err(Usage("that is a directory; name a file in it".to_owned()).into());
        }
        if !found.is_file() {
            // /dev/null and pipes are written to, not replaced.
            return fill(&mut File::options().write(true).open(path)?);
        }
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        bail!("there is no directory {}; make it first", directory.display());
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".heaplens-").suffix(".part");
    #[cfg(unix)]
    if kind == Kind::Report {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory)?;
    let filled = fill(file.as_file_mut())?;
    file.as_file().sync_all()?;
    if kind == Kind::Dump {
        match file.persist_noclobber(path) {
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Err(Usage("the file exists; choose another name or add --force".to_owned()).into())
            }
            other => other.map(|_| filled).map_err(|e| e.error.into()),
        }
    } else {
        Ok(file.persist(path).map(|_| filled).map_err(|e| e.error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_and_a_dump_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let target = Target::new(Some(&path));
        target.write(b"one", Kind::Dump).unwrap();
        let refused = target.write(b"two", Kind::Dump).unwrap_err();
        assert!(refused.is::<Usage>(), "{refused:#}");
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        target.write(b"three", Kind::DumpReplacing).unwrap();
        target.write(b"four", Kind::Report).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"four");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("missing");
        let refused = Target::new(Some(&missing.join("x"))).write(b"one", Kind::Report).unwrap_err();
        assert!(
            format!("{refused:#}").contains(&format!("no directory {}", missing.display())),
            "{refused:#}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_dump() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.heap");
        Target::new(Some(&path)).write(b"heap_v2/1", Kind::Dump).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_are_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Target::new(Some(&link)).write(b"new", Kind::Report).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        Target::new(Some(Path::new("/dev/null"))).write(b"x", Kind::Report).unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }
}
