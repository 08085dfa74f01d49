//! Threads as the roots of stacks.

use crate::profile::{FrameId, Profile, Thread, ThreadId};
use rustc_hash::FxHashMap;

/// The root of samples without a thread.
pub(crate) const NO_THREAD: &str = "[no thread]";

/// Puts a frame for its thread around every stack; every sample and every total stays. The profile must keep threads
/// apart ([`Threads::Separate`](crate::dump::Threads::Separate)).
///
/// The frame is `[thread: NAME]` with the digits of the name folded, so that the threads of a pool are one, in this run
/// and in another (`worker-1` and `worker-12` are `worker-*`); `[thread UID]` for a thread without a name, and
/// `[no thread]` for samples without a thread. The brackets tell a thread from a function of its name.
pub fn by_thread(profile: &Profile) -> Profile {
    let mut roots: FxHashMap<Option<ThreadId>, FrameId> = FxHashMap::default();
    profile.rebuild_samples(|new, sample| {
        let root = *roots.entry(sample.thread).or_insert_with(|| {
            let name = sample.thread.map(|id| root_name(&profile.threads()[id.index()]));
            new.add_named_frame(name.as_deref().unwrap_or(NO_THREAD))
        });
        let frames = profile.stack_from_root(sample.stack);
        Some(new.add_stack_from_root([root].into_iter().chain(frames)))
    })
}

pub(crate) fn root_name(thread: &Thread) -> String {
    match &thread.name {
        Some(name) => format!("[thread: {}]", pool(name)),
        None => format!("[thread {}]", thread.uid),
    }
}

/// The name without its numbers.
fn pool(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_digit() {
            text.push(c);
        } else if !text.ends_with('*') {
            text.push('*');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::pool;

    #[test]
    fn threads_of_a_pool_have_one_name() {
        for (name, folded) in [
            ("tokio-runtime-worker", "tokio-runtime-worker"),
            ("worker-7", "worker-*"),
            ("worker-12", "worker-*"),
            ("pool-3-thread-11", "pool-*-thread-*"),
            ("7", "*"),
            ("", ""),
            ("wörker ١", "wörker ١"),
        ] {
            assert_eq!(pool(name), folded);
        }
    }
}
