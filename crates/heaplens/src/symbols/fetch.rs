//! Files that come from elsewhere, such as a debuginfod server. The library itself asks no network.

use super::probe::{Probe, probe};
use std::fmt::Debug;
use std::path::PathBuf;

/// Gets files by their build-id, lower-case hex, from somewhere else.
///
/// What comes is looked at before it is believed: a file with another build-id is not used, and that is said.
/// Called from several threads at once.
pub trait Fetch: Debug + Send + Sync {
    /// The executable or library; `None` if it is not there.
    ///
    /// # Errors
    /// Says in one sentence, for people, why nothing could be got.
    fn executable(&self, build_id: &str) -> Result<Option<PathBuf>, String>;

    /// The file with its debug information, or the one that several such files share (dwz); `None` if it is not
    /// there.
    ///
    /// # Errors
    /// As [`Fetch::executable`].
    fn debug_info(&self, build_id: &str) -> Result<Option<PathBuf>, String>;
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Executable,
    DebugInfo,
}

/// A file that was got and has the build-id it was asked for by. Anything else goes to the notes.
pub(super) fn fetched(
    fetch: Option<&dyn Fetch>,
    wanted: Wanted,
    build_id: &str,
    notes: &mut Vec<String>,
) -> Option<(PathBuf, Probe)> {
    let fetch = fetch?;
    let answer = match wanted {
        Wanted::Executable => fetch.executable(build_id),
        Wanted::DebugInfo => fetch.debug_info(build_id),
    };
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    let path = match answer {
        Ok(path) => path?,
        Err(why) => {
            note(why);
            return None;
        }
    };
    match probe(&path, Some(build_id)) {
        Ok(probe) if probe.build_id.as_deref() == Some(build_id) => return Some((path, probe)),
        Ok(probe) => note(format!(
            "{} was fetched for build-id {build_id} and has {}; it was not used",
            path.display(),
            probe.build_id.as_deref().unwrap_or("none")
        )),
        Err(why) => note(format!("{} was fetched for build-id {build_id}: {why}", path.display())),
    }
    None
}
