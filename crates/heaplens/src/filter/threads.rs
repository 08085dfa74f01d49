//! Samples chosen by their thread.

use super::pattern;
use crate::error::Error;
use crate::profile::{Profile, Thread};
use regex::Regex;

/// Which threads.
#[derive(Clone, Debug)]
pub enum ThreadChoice {
    /// The one that jemalloc gave this number; of several runs, each one's.
    Uid(u64),
    /// Those whose name matches.
    Name(Regex),
}

impl ThreadChoice {
    /// A number is a uid, anything else a regular expression for names.
    ///
    /// # Errors
    /// As [`pattern`].
    pub fn parse(text: &str) -> Result<ThreadChoice, Error> {
        match text.parse() {
            Ok(uid) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(ThreadChoice::Uid(uid)),
            _ => pattern(text).map(ThreadChoice::Name),
        }
    }

    /// True for a thread that is meant. Threads without a name match no pattern.
    pub fn includes(&self, thread: &Thread) -> bool {
        match self {
            ThreadChoice::Uid(uid) => thread.uid == *uid,
            ThreadChoice::Name(pattern) => thread.name.as_ref().is_some_and(|name| pattern.is_match(name)),
        }
    }
}

/// Only the samples of these threads. The profile must keep threads apart
/// ([`Threads::Separate`](crate::dump::Threads::Separate)): other samples are of no thread.
pub fn thread(profile: &Profile, choice: &ThreadChoice) -> Profile {
    let chosen: Vec<bool> = profile.threads().iter().map(|thread| choice.includes(thread)).collect();
    profile.rebuild_samples(|new, sample| {
        let keep = sample.thread.is_some_and(|thread| chosen[thread.index()]);
        keep.then(|| new.add_stack_from_root(profile.stack_from_root(sample.stack)))
    })
}
