//! The user's cache directory, by the customs of each system.

use std::env::var_os;
use std::path::{Path, PathBuf};

/// Where symbol answers are kept unless the user says otherwise; `None` if the system names no place.
pub(crate) fn symbols() -> Option<PathBuf> {
    Some(base()?.join("heaplens").join("symbols"))
}

/// Where files from debuginfod servers are kept.
pub(crate) fn debuginfod() -> Option<PathBuf> {
    Some(base()?.join("heaplens").join("debuginfod"))
}

#[cfg(windows)]
fn base() -> Option<PathBuf> {
    absolute("LOCALAPPDATA")
}

#[cfg(target_os = "macos")]
fn base() -> Option<PathBuf> {
    Some(absolute("HOME")?.join("Library/Caches"))
}

/// The XDG Base Directory Specification: a relative path counts as none.
#[cfg(not(any(windows, target_os = "macos")))]
fn base() -> Option<PathBuf> {
    absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
}

fn absolute(variable: &str) -> Option<PathBuf> {
    var_os(variable).map(PathBuf::from).filter(|path| Path::is_absolute(path))
}
