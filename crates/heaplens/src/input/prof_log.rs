//! jemalloc's `prof.log` (`prof_log`, `prof.log_start`): the sampled allocations that were freed while it ran.
//!
//! They become `alloc_objects` and `alloc_space`, since none of them is live; what was allocated and not freed is not in
//! the file. Each is unsampled by its usable size.

use super::json::{self, Stacks};
use super::samples::{Allocation, Builder, State};
use crate::dump::Threads;
use crate::error::{Error, Warning};
use crate::profile::Profile;
use serde::Deserialize;
use std::borrow::Cow;

const EXPECTED: &str = "jemalloc's prof_log JSON: info, threads, stack_traces, allocations";

#[derive(Deserialize)]
struct Log<'a> {
    info: Info,
    #[serde(borrow)]
    threads: Vec<LoggedThread<'a>>,
    stack_traces: Stacks,
    allocations: Vec<Logged>,
}

#[derive(Deserialize)]
struct Info {
    lg_sample_rate: u32,
}

#[derive(Deserialize)]
struct LoggedThread<'a> {
    thr_uid: u64,
    #[serde(borrow)]
    thr_name: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Logged {
    /// Index into the threads.
    alloc_thread: u32,
    /// Index into the stack traces.
    alloc_trace: u32,
    usize: u64,
}

pub(super) fn read(text: &[u8], threads: Threads) -> Result<Profile, Error> {
    // jemalloc writes threads' names as they are, of any bytes.
    let text = String::from_utf8_lossy(text);
    let log: Log<'_> = json::parse(&text, EXPECTED)?;
    let rate = 1u64.checked_shl(log.info.lg_sample_rate).unwrap_or(u64::MAX);
    let mut builder = Builder::new(State::Freed, rate, threads);
    let ids: Vec<_> = log.threads.iter().map(|t| builder.thread(t.thr_uid, t.thr_name.as_deref())).collect();
    let allocations = log.allocations.iter().map(|logged| Allocation {
        stack: logged.alloc_trace as usize,
        size: logged.usize,
        thread: ids.get(logged.alloc_thread as usize).copied().flatten(),
    });
    let mut profile = builder.finish(&log.stack_traces, allocations).ok_or_else(|| Error::NotAProfile {
        found: "a prof_log file with an allocation whose stack it does not have".to_owned(),
        hint: "it is damaged; make a new one".to_owned(),
    })?;
    profile.warnings.push(Warning::new(
        "freed-only",
        "a prof_log file has only what was freed while it ran, and nothing that is live: count alloc_space or alloc_objects",
    ));
    Ok(profile)
}
