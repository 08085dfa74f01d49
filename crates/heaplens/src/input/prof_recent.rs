//! jemalloc's `experimental.prof_recent.alloc_dump`: the latest sampled allocations.
//!
//! Those that were not released are live: `inuse_objects` and `inuse_space`, unsampled by usable size as in a dump. What
//! the program asked for (`size`) is less than that, and is not kept.

use super::json::{self, Stack, Stacks};
use super::samples::{Allocation, Builder, State};
use crate::dump::Threads;
use crate::error::{Error, Warning};
use crate::profile::{Profile, ThreadId};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

const EXPECTED: &str = "jemalloc's prof_recent JSON: sample_interval, recent_alloc_max, recent_alloc";

#[derive(Deserialize)]
struct Recent<'a> {
    sample_interval: u64,
    /// -1 for no limit.
    recent_alloc_max: i64,
    #[serde(borrow)]
    recent_alloc: Live<'a>,
}

#[derive(Deserialize)]
struct Allocated<'a> {
    usize: u64,
    released: bool,
    alloc_thread_uid: u64,
    #[serde(borrow)]
    alloc_thread_name: Option<Cow<'a, str>>,
    alloc_trace: Stack,
}

/// What of the list is live.
#[derive(Default)]
struct Live<'a> {
    all: usize,
    stacks: Stacks,
    /// Size, thread, its name.
    live: Vec<(u64, u64, Option<Cow<'a, str>>)>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Live<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Live<'a>, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Live<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of allocations")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Live<'de>, A::Error> {
                let mut list = Live::default();
                while let Some(one) = from.next_element::<Allocated<'_>>()? {
                    list.all += 1;
                    if !one.released {
                        list.stacks.push(&one.alloc_trace.0);
                        list.live.push((one.usize, one.alloc_thread_uid, one.alloc_thread_name));
                    }
                }
                Ok(list)
            }
        }
        from.deserialize_seq(List)
    }
}

pub(super) fn read(text: &[u8], threads: Threads) -> Result<Profile, Error> {
    // jemalloc writes threads' names as they are, of any bytes.
    let text = String::from_utf8_lossy(text);
    let recent: Recent<'_> = json::parse(&text, EXPECTED)?;
    let list = &recent.recent_alloc;
    let mut builder = Builder::new(State::Live, recent.sample_interval, threads);
    let ids: Vec<Option<ThreadId>> =
        list.live.iter().map(|(_, uid, name)| builder.thread(*uid, name.as_deref())).collect();
    let allocations = list.live.iter().zip(ids).enumerate().map(|(stack, ((size, ..), thread))| Allocation {
        stack,
        size: *size,
        thread,
    });
    let mut profile = builder.finish(&list.stacks, allocations).unwrap_or_default();
    if usize::try_from(recent.recent_alloc_max).is_ok_and(|max| list.all >= max) {
        profile.warnings.push(Warning::new(
            "recent-only",
            format!(
                "the file has the latest {} sampled allocations, as many as prof_recent keeps: what is live since earlier is missing",
                list.all
            ),
        ));
    }
    Ok(profile)
}
