//! All scenes: what each is, and what is to be said of it.

use crate::app::Feature;
use crate::healthy::{batches, caches, loads, retention, steady};
use crate::leaking::{buffers, lists, maps, pointers, queues, shared};

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) about: &'static str,
    /// Functions one of which is to be named first, as parts of their names; empty if nothing leaks.
    pub(crate) culprits: &'static [&'static str],
    pub(crate) lg_sample: u32,
    /// From a seed.
    pub(crate) feature: fn(u64) -> Box<dyn Feature>,
}

const fn leak(
    name: &'static str,
    lg_sample: u32,
    culprits: &'static [&'static str],
    feature: fn(u64) -> Box<dyn Feature>,
    about: &'static str,
) -> Scene {
    Scene { name, about, culprits, lg_sample, feature }
}

const fn none(
    name: &'static str,
    lg_sample: u32,
    feature: fn(u64) -> Box<dyn Feature>,
    about: &'static str,
) -> Scene {
    Scene { name, about, culprits: &[], lg_sample, feature }
}

pub(crate) const SCENES: &[Scene] = &[
    leak(
        "slow-small",
        17,
        &["Audit::note"],
        |_| Box::<lists::Audit>::default(),
        "a list of small notes, half a megabyte a tick",
    ),
    leak(
        "fast",
        19,
        &["Staging::keep"],
        |_| Box::<buffers::Staging>::default(),
        "staged uploads stay, seven megabytes a tick",
    ),
    leak(
        "bursts",
        19,
        &["Reports::archive"],
        |_| Box::<buffers::Reports>::default(),
        "ten megabytes of reports every four ticks",
    ),
    leak(
        "vector",
        19,
        &["Latencies::record"],
        |_| Box::<lists::Latencies>::default(),
        "a vector of u64 that only grows, by doubling",
    ),
    leak(
        "sessions",
        19,
        &["Sessions::open"],
        |_| Box::<maps::Sessions>::default(),
        "sessions, of which three in ten end",
    ),
    leak(
        "labels",
        19,
        &["Labels::remember"],
        |_| Box::<maps::Labels>::default(),
        "an index of labels that name requests",
    ),
    leak("timeline", 19, &["Timeline::record"], |_| Box::<maps::Timeline>::default(), "a BTreeMap of events"),
    leak(
        "orders",
        17,
        &["Orders::place"],
        |_| Box::<maps::Orders>::default(),
        "a busy map where one order in ten is not removed",
    ),
    leak(
        "pages",
        19,
        &["Pages::render"],
        |_| Box::<maps::Pages>::default(),
        "a cache without a bound, by keys that never come again",
    ),
    leak(
        "channel",
        19,
        &["Outbox::publish"],
        |_| Box::new(queues::Outbox::new()),
        "a channel whose receiver stalls",
    ),
    leak(
        "replication",
        19,
        &["ReplicationLog::append"],
        |_| Box::<queues::ReplicationLog>::default(),
        "shared buffers in a VecDeque that is never cut",
    ),
    leak(
        "late",
        19,
        &["Retries::park"],
        |_| Box::<queues::Retries>::default(),
        "retries pile up from tick 8 on",
    ),
    leak(
        "futures",
        19,
        &["Waiters::wait"],
        |_| Box::<queues::Waiters>::default(),
        "futures that are never woken",
    ),
    leak(
        "under-load",
        19,
        &["Spans::start"],
        |_| Box::<queues::Spans>::default(),
        "spans that are not ended, under a load that rises and falls",
    ),
    leak("cycle", 19, &["parse_tree"], |_| Box::new(pointers::Documents), "trees with cycles of Rc"),
    leak("messages", 17, &["static_message"], |_| Box::new(pointers::Rows), "Box::leak in an error path"),
    leak(
        "raw-pointer",
        19,
        &["Decoder::open", "pointers::decode"],
        |_| Box::new(pointers::Decoders),
        "Box::into_raw without its return in an error path",
    ),
    leak(
        "listeners",
        19,
        &["Feed::watch"],
        |_| Box::<pointers::Feed>::default(),
        "a listener is registered for each request",
    ),
    leak(
        "shared-utility",
        19,
        &["Exports::begin"],
        |_| Box::<buffers::Exports>::default(),
        "buffers from a function that healthy callers use as well",
    ),
    leak(
        "metrics",
        17,
        &["Metrics::observe"],
        |_| Box::<shared::Metrics>::default(),
        "a map of metrics that ten handlers feed",
    ),
    leak(
        "documents",
        19,
        &["Documents::accept"],
        |_| Box::<shared::Documents>::default(),
        "parsed JSON is kept: all allocated below serde_json",
    ),
    leak(
        "snapshots",
        19,
        &["Snapshots::take"],
        |_| Box::<buffers::Snapshots>::default(),
        "one object of a megabyte a tick",
    ),
    leak(
        "beside-cache",
        19,
        &["Tenants::copy_settings"],
        |_| Box::new(buffers::Tenants::new()),
        "a leak beside a cache that fills over the whole run",
    ),
    leak(
        "two",
        19,
        &["Papers::issue_invoice"],
        |_| Box::<shared::Papers>::default(),
        "two leaks, one three times as fast as the other",
    ),
    none(
        "warm-up-fast",
        19,
        |_| Box::new(caches::Thumbnails::new(2400, 4, 10 << 10)),
        "a cache fills within a few ticks",
    ),
    none(
        "warm-up-slow",
        19,
        |_| Box::new(caches::Thumbnails::new(9600, 4, 4 << 10)),
        "a cache fills ever more slowly, with a time constant of a third of the run",
    ),
    none(
        "lru-at-cap",
        19,
        |seed| Box::new(caches::Results::at_cap(seed, 40 << 20)),
        "a cache at its cap, replaced in a few ticks",
    ),
    none(
        "lru-preloaded",
        19,
        |seed| Box::new(caches::Preloaded::read(seed)),
        "a cache at its cap from a file; what ten handlers put in replaces it over the whole run",
    ),
    none(
        "lru-fills",
        19,
        |_| Box::new(caches::Results::empty(48 << 20)),
        "a cache reaches its cap at about half of the run",
    ),
    none(
        "interner",
        19,
        |_| Box::<caches::Interner>::default(),
        "words stored once, of which there are only so many",
    ),
    none(
        "sawtooth",
        19,
        |_| Box::new(batches::Batches::new(6)),
        "rows are gathered and flushed every six ticks",
    ),
    none(
        "sawtooth-long",
        19,
        |_| Box::new(batches::Batches::new(18)),
        "rows grow for eighteen ticks, are released, and grow again",
    ),
    none(
        "segments",
        19,
        |_| Box::new(batches::Segments::running()),
        "buffers become segments, and these are merged",
    ),
    none(
        "vector-stops",
        19,
        |_| Box::<batches::Migration>::default(),
        "a vector doubles for eight ticks, then stays",
    ),
    none(
        "ranking",
        19,
        |seed| Box::new(batches::Ranking::new(seed)),
        "tables that are replaced every three ticks",
    ),
    none("step", 19, |_| Box::<steady::Dictionary>::default(), "one step of twenty megabytes"),
    none("load-doubles", 17, |_| Box::new(loads::Doubled::new(1.0)), "the load doubles at once and stays"),
    none(
        "load-ramps",
        17,
        |_| Box::new(loads::Doubled::new(3.0)),
        "the load doubles within three ticks and stays",
    ),
    none(
        "load-wanders",
        17,
        |seed| Box::new(loads::Wandering::new(seed)),
        "the load of a tick is much like that of the one before",
    ),
    none("load-daily", 17, |_| Box::new(loads::Daily), "two days of load"),
    none(
        "pool",
        19,
        |seed| Box::new(loads::Connections::new(seed)),
        "a pool as large as the most that was needed at once",
    ),
    none(
        "retention",
        19,
        |seed| Box::new(retention::Window::full(8, seed)),
        "rows are kept for eight ticks, in a steady state",
    ),
    none(
        "retention-fills",
        19,
        |_| Box::new(retention::Window::empty(8)),
        "rows are kept for eight ticks, from an empty start",
    ),
    none("churn", 17, |seed| Box::new(retention::Churn::running(seed)), "sizes and lives with heavy tails"),
    none("static", 19, |seed| Box::new(steady::Static::load(seed)), "a heap that does not change"),
    none(
        "released-slowly",
        19,
        |seed| Box::new(steady::Import::read(seed)),
        "forty megabytes from the start are given back bit by bit",
    ),
    none(
        "scratch",
        19,
        |seed| Box::new(steady::Scratch::new(seed)),
        "buffers as large as the largest message each has held",
    ),
];
