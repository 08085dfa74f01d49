//! `--thread`: which threads' profiles are printed.

use crate::notes;
use heaplens::Profile;
use heaplens::out::escape;
use heaplens::profile::{Thread, ThreadId};

/// The threads that are meant, by number, with their labels: all with `*`, else that of the number, else those of the
/// name. If there is none, which there are is said on stderr, and as from jeprof nothing is printed.
pub(super) fn chosen(profile: &Profile, wanted: &str) -> Vec<(ThreadId, String)> {
    let mut ids: Vec<ThreadId> = profile.samples().iter().filter_map(|sample| sample.thread).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.sort_by_key(|id| profile.threads()[id.index()].uid);
    let number: Option<u64> = wanted.trim().parse().ok();
    let is_meant = |thread: &Thread| match number {
        Some(number) => thread.uid == number,
        None => wanted == "*" || thread.name.as_deref() == Some(wanted),
    };
    let chosen: Vec<(ThreadId, String)> = ids
        .iter()
        .map(|&id| (id, &profile.threads()[id.index()]))
        .filter(|(_, thread)| is_meant(thread))
        .map(|(id, thread)| (id, label(thread)))
        .collect();
    if chosen.is_empty() && wanted != "*" {
        let there: Vec<String> =
            ids.iter().take(10).map(|id| label(&profile.threads()[id.index()])).collect();
        notes::line(&format!("warning: no thread {wanted} has stacks; there are {}", there.join(", ")));
    }
    chosen
}

/// `t1`, with the name where there is one.
fn label(thread: &Thread) -> String {
    match &thread.name {
        Some(name) => format!("t{} {}", thread.uid, escape::terminal(name)),
        None => format!("t{}", thread.uid),
    }
}
