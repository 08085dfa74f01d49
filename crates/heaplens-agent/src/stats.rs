//! jemalloc's own figures, and the options that decide about them.

use crate::json::Object;
use crate::process;
use crate::state::State;
use crate::sys::mallctl::{self, Text, read, read_bool, read_text};

/// `stats.*` in bytes.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) bytes: Vec<(&'static str, u64)>,
}

fn size(name: &std::ffi::CStr) -> Option<u64> {
    u64::try_from(read::<usize>(name).ok()?).ok()
}

/// Reads the six totals as of now. Empty if jemalloc was built without statistics.
pub(crate) fn read_totals() -> Stats {
    // Without a new epoch the figures are as old as the last reader's.
    if mallctl::advance_epoch().is_err() {
        return Stats::default();
    }
    let bytes = [
        ("allocated", c"stats.allocated"),
        ("active", c"stats.active"),
        ("resident", c"stats.resident"),
        ("metadata", c"stats.metadata"),
        ("retained", c"stats.retained"),
        ("mapped", c"stats.mapped"),
    ];
    Stats { bytes: bytes.into_iter().filter_map(|(name, key)| Some((name, size(key)?))).collect() }
}

/// jemalloc's version.
pub(crate) fn version() -> Option<String> {
    read_text(Text::Version)
}

/// Base-2 logarithm of the mean number of bytes between two samples, as in force now;
/// `None` if profiling is not enabled (jemalloc would answer 0, which is a rate).
pub(crate) fn lg_sample() -> Option<u64> {
    let enabled = read_bool(c"opt.prof").unwrap_or(false);
    enabled.then(|| size(c"prof.lg_sample")).flatten()
}

/// The answer to `/stats`.
pub(crate) fn json(state: State) -> String {
    let totals = read_totals();
    let memory = process::memory();
    let numbers = |figures: &[(&'static str, u64)]| {
        figures.iter().fold(Object::new(), |object, (name, value)| object.number(name, value))
    };
    let arenas = arenas();
    let jemalloc = Object::new()
        .maybe(version(), |o, v| o.string("version", &v))
        .object("stats", numbers(&totals.bytes))
        .object("arenas", numbers(&arenas))
        .maybe(read::<u32>(c"arenas.narenas").ok(), |o, v| o.number("narenas", v))
        .maybe(read_bool(c"background_thread").ok(), |o, v| o.boolean("background_thread", v))
        .maybe(read::<isize>(c"arenas.dirty_decay_ms").ok(), |o, v| o.number("dirty_decay_ms", v))
        .maybe(read::<isize>(c"arenas.muzzy_decay_ms").ok(), |o, v| o.number("muzzy_decay_ms", v))
        .maybe(lg_sample(), |o, v| o.number("lg_sample", v))
        .object("opt", options());
    let process = Object::new()
        .number("pid", std::process::id())
        .maybe(process::start_ms(), |o, v| o.number("start_ms", v))
        .number("time_ms", process::now_ms())
        .maybe(memory.threads, |o, v| o.number("threads", v))
        .object("rss", numbers(&memory.bytes));
    Object::new()
        .string("state", state.word())
        .object("jemalloc", jemalloc)
        .object("process", process)
        .finish()
}

/// Sums over all arenas, in bytes: pages that wait to be given back, and the caches of threads.
fn arenas() -> Vec<(&'static str, u64)> {
    // 4096 is MALLCTL_ARENAS_ALL.
    let page = size(c"arenas.page").unwrap_or(0);
    let pages = |name| size(name).and_then(|pages| pages.checked_mul(page));
    [
        ("dirty", pages(c"stats.arenas.4096.pdirty")),
        ("muzzy", pages(c"stats.arenas.4096.pmuzzy")),
        ("tcache", size(c"stats.arenas.4096.tcache_bytes")),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The options, as the program started with them.
fn options() -> Object {
    let mut object = Object::new();
    for (key, name) in [
        ("prof", c"opt.prof"),
        ("prof_active", c"opt.prof_active"),
        ("prof_thread_active_init", c"opt.prof_thread_active_init"),
        ("prof_accum", c"opt.prof_accum"),
        ("prof_gdump", c"opt.prof_gdump"),
        ("prof_final", c"opt.prof_final"),
        ("prof_leak", c"opt.prof_leak"),
        ("background_thread", c"opt.background_thread"),
        ("tcache", c"opt.tcache"),
        ("retain", c"opt.retain"),
    ] {
        object = object.maybe(read_bool(name).ok(), |o, v| o.boolean(key, v));
    }
    for (key, name) in [
        ("lg_prof_interval", c"opt.lg_prof_interval"),
        ("dirty_decay_ms", c"opt.dirty_decay_ms"),
        ("muzzy_decay_ms", c"opt.muzzy_decay_ms"),
    ] {
        object = object.maybe(read::<isize>(name).ok(), |o, v| o.number(key, v));
    }
    object = object
        .maybe(size(c"opt.lg_prof_sample"), |o, v| o.number("lg_prof_sample", v))
        .maybe(read::<u32>(c"opt.narenas").ok(), |o, v| o.number("narenas", v));
    for (key, which) in [
        ("thp", Text::OptThp),
        ("metadata_thp", Text::OptMetadataThp),
        ("percpu_arena", Text::OptPercpuArena),
    ] {
        object = object.maybe(read_text(which), |o, v| o.string(key, &v));
    }
    object
}
