//! The stacks, frames and threads that options choose, in the order of `go tool pprof`.

use crate::args::Selection;
use crate::exit::Usage;
use crate::notes;
use anyhow::anyhow;
use heaplens::Profile;
use heaplens::filter::{self, Regex, ThreadChoice};
use heaplens::profile::Thread;

/// Threads in an error: a server can have thousands.
const MOST_THREADS: usize = 20;

/// What to do with what a pattern matches.
type Filter = fn(&Profile, &Regex) -> Profile;

/// All that was chosen, compiled.
pub(crate) struct Chosen {
    thread: Option<ThreadChoice>,
    /// With the names of their options, in the order in which they apply.
    patterns: Vec<(&'static str, Regex, Filter)>,
}

impl Chosen {
    /// # Errors
    /// [`Usage`] that names the option whose pattern is none.
    pub(crate) fn compile(typed: &Selection) -> Result<Chosen, Usage> {
        let usage = |option: &str, error| Usage(format!("{option}: {error}"));
        let thread = typed.thread.as_deref().map(ThreadChoice::parse).transpose();
        let options: [(&str, &Option<String>, Filter); 4] = [
            ("--focus", &typed.focus, filter::focus),
            ("--ignore", &typed.ignore, filter::ignore),
            ("--hide", &typed.hide, filter::hide),
            ("--show-from", &typed.show_from, filter::show_from),
        ];
        let mut patterns = Vec::new();
        for (option, text, filter) in options {
            if let Some(text) = text {
                let regex = filter::pattern(text).map_err(|error| usage(option, error))?;
                patterns.push((option, regex, filter));
            }
        }
        Ok(Chosen { thread: thread.map_err(|error| usage("--thread", error))?, patterns })
    }

    /// True if nothing is left out: a large profile is then folded in one go.
    pub(crate) fn is_everything(&self) -> bool {
        self.thread.is_none() && self.patterns.is_empty()
    }

    /// Each option as it was typed, for who sees only the result.
    pub(crate) fn described(&self) -> Vec<String> {
        let thread = self.thread.as_ref().map(|choice| match choice {
            ThreadChoice::Uid(uid) => format!("--thread {uid}"),
            ThreadChoice::Name(name) => format!("--thread {:?}", name.as_str()),
        });
        let patterns = self.patterns.iter().map(|(option, pattern, _)| typed(option, pattern));
        thread.into_iter().chain(patterns).collect()
    }

    /// Which threads were asked for, if any were.
    pub(crate) fn threads(&self) -> Option<&ThreadChoice> {
        self.thread.as_ref()
    }

    /// The profile of what was chosen; patterns that match nothing are said on stderr.
    ///
    /// # Errors
    /// If no thread is meant.
    pub(crate) fn apply(&self, mut profile: Profile) -> anyhow::Result<Profile> {
        if let Some(choice) = &self.thread {
            if !profile.samples().is_empty() && !profile.threads().iter().any(|t| choice.includes(t)) {
                return Err(no_thread(profile.threads()));
            }
            profile = filter::thread(&profile, choice);
        }
        Ok(self.match_names(profile))
    }

    /// The profile without what patterns leave out, whatever its threads; patterns that match nothing are said on stderr.
    pub(crate) fn match_names(&self, mut profile: Profile) -> Profile {
        for (option, pattern, filter) in &self.patterns {
            if profile.samples().is_empty() {
                break;
            }
            let matches = filter::matches(&profile, pattern);
            profile = filter(&profile, pattern);
            let typed = typed(option, pattern);
            match (matches, profile.samples().is_empty()) {
                (true, false) => {}
                (true, true) => notes::line(&format!("warning: no stack is left after {typed}")),
                (false, false) => notes::line(&format!("warning: {typed} matches no function and no file")),
                (false, true) => {
                    notes::line(&format!(
                        "warning: no stack is left: {typed} matches no function and no file"
                    ));
                }
            }
        }
        profile
    }
}

fn typed(option: &str, pattern: &Regex) -> String {
    format!("{option} {:?}", pattern.as_str())
}

/// That none of these is meant.
pub(crate) fn no_thread(threads: &[Thread]) -> anyhow::Error {
    let advice = match threads.iter().any(|thread| thread.name.is_some()) {
        true => "",
        false => "; none has a name: start the program with prof_sys_thread_name:true added to MALLOC_CONF",
    };
    anyhow!("--thread: no thread matches; the threads are {}{advice}", list(threads))
}

fn list(threads: &[Thread]) -> String {
    let shown = threads.iter().take(MOST_THREADS).map(|thread| match &thread.name {
        Some(name) => format!("{} ({name})", thread.uid),
        None => thread.uid.to_string(),
    });
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if threads.len() > MOST_THREADS {
        list += &format!(" and {} more", threads.len() - MOST_THREADS);
    }
    list
}
