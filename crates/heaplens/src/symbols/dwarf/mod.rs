//! Addresses to functions and lines by DWARF, many at once.
//!
//! Units are found for all addresses together ([`units`]), each is read once ([`functions`], [`lines`]), gives what
//! it knows to the [`batch`], and is dropped; names that stand in other units come last ([`origins`]). So memory is
//! bounded by the largest units that are read at the same time, whatever the size of the file.

mod abbrev;
mod batch;
mod cursor;
mod effort;
mod functions;
mod lines;
mod memory;
mod nesting;
mod origins;
mod pages;
mod ranges;
mod references;
mod sections;
mod session;
mod split;
mod table;
mod unit;
mod units;
mod value;
mod worker;

use super::bytes::{Damage, Result, Stamp};
use super::chains::Chains;
use super::object::ObjectFile;
use batch::Batch;
use effort::Effort;
use memory::Memory;
use origins::{Origins, Pair};
use rustc_hash::FxHashMap;
use sections::{Reader, Sections};
pub(super) use session::Session;
use split::Package;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
#[cfg(test)]
pub(super) use table::{TableFunction, TableInlined, TableRow};
pub(super) use table::{UnitTable, everything};
use unit::{Header, LastAbbrevs};
use units::Candidate;
use worker::Worker;

/// Where debug information is read from, and at what cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'i> {
    /// The file with the DWARF sections.
    pub(super) path: &'i Path,
    /// The build that is meant, where a file holds several.
    pub(super) build_id: Option<&'i str>,
    /// Of the file when it was found.
    pub(super) stamp: Option<Stamp>,
    /// The package with the other halves of split units.
    pub(super) package: Option<&'i Path>,
    /// What units of several files share, taken out by dwz.
    pub(super) supplement: Option<&'i Path>,
    pub(super) threads: Threads,
    /// Bytes that inflated sections, and units in flight, may take.
    pub(super) max_memory: u64,
}

/// On what a file is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads {
    /// How many, the caller's own included.
    pub(super) count: usize,
    /// Called first on each of the others.
    pub(super) on_start: Option<fn()>,
}

/// What debug information knows of a list of addresses.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) chains: Chains,
    /// Where the symbol table may know the outermost function's name better: the debug information has none, or only
    /// the last part of it, which is how compilers write line tables without more.
    pub(super) incomplete: Vec<bool>,
    /// What could not be read.
    pub(super) problem: Option<String>,
}

/// A file opened: what all threads share.
struct Shared<'i> {
    input: Input<'i>,
    object: ObjectFile,
    main: Sections,
    supplement: Option<Sections>,
    package: Option<Package>,
    /// What is left of the memory for inflated sections.
    budget: u64,
    /// The same memory for what else has to be read whole.
    memory: Memory,
    /// What the other halves of split units cost, by their ids.
    halves: Mutex<FxHashMap<u64, u64>>,
    /// The first thing that could not be read and concerns no place in particular.
    note: Mutex<Option<String>>,
}

impl Found {
    /// Nothing known of any of `count` addresses.
    pub(super) fn nothing(count: usize) -> Found {
        Found { chains: Chains::new(count), incomplete: vec![true; count], problem: None }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl<'i> Shared<'i> {
    fn open(input: Input<'i>, times: u64) -> Result<Shared<'i>> {
        let mut budget = input.max_memory;
        let object = ObjectFile::open(input.path, input.build_id)?;
        object.require(input.stamp)?;
        let mut main = Sections::load(&object, &mut budget)?;
        main.effort = Effort::new(&main, times).into();
        let mut note = object.cut.clone();
        // The rest may be missing: then its names are.
        let mut optional = |path: &Path, damage: Damage| {
            note.get_or_insert(format!("{}: {damage}", path.display()));
        };
        let supplement = input.supplement.and_then(|path| {
            let sections =
                ObjectFile::open(path, None).and_then(|object| Sections::load(&object, &mut budget));
            let mut sections = sections.map_err(|damage| optional(path, damage)).ok()?;
            main.effort.allow(sections.info.len() + sections.abbrev.len(), times);
            sections.effort = main.effort.clone();
            Some(sections)
        });
        let package = input.package.and_then(|path| {
            let package = Package::open(path, &main, &mut budget);
            let package = package.map_err(|damage| optional(path, damage)).ok()?;
            main.effort.allow(package.size(), times);
            Some(package)
        });
        let (memory, halves, note) = (Memory::new(budget), Mutex::default(), Mutex::new(note));
        Ok(Shared { input, object, main, supplement, package, budget, memory, halves, note })
    }

    /// Looks up names in other units; `starts` are those units of the file that are known already.
    fn pair(&self, starts: units::Starts) -> Pair<'_> {
        let most = self.most();
        let supplement = self.supplement.as_ref();
        Pair {
            main: (Reader::new(&self.main), Origins::new(starts, most)),
            supplement: supplement.map(|s| (Reader::new(s), Origins::new(units::Starts::default(), most))),
        }
    }

    /// The largest unit that one thread may keep for the names in it.
    fn most(&self) -> u64 {
        self.input.max_memory / self.input.threads.count.max(1) as u64
    }
}

/// The functions at each of the addresses, which must be sorted, each once.
///
/// # Errors
/// If nothing can be read. What concerns single units or places is [`Found::problem`].
pub(super) fn find(input: Input<'_>, sorted: &[u64]) -> Result<Found> {
    let shared = Shared::open(input, effort::LOOK_UP)?;
    shared.main.effort.allow(sorted.len() as u64, effort::EACH_ADDRESS);
    let mut listed = units::listed(&shared.main, sorted);
    let mut candidates = listed.candidates();
    let left = listed.left();
    if !left.is_empty() {
        let mut headers: Vec<Header> = Vec::new();
        let walked = units::headers(&shared.main, |header| {
            if !listed.has_unit(header.start) {
                headers.push(header);
            }
        });
        if let Err(damage) = walked {
            lock(&shared.note).get_or_insert(uncounted(&damage));
        }
        units::add(&mut candidates, unlisted(&shared, &headers, sorted, &left));
        shared.main.effort.renew();
    }
    let mut starts = listed.starts(shared.main.info.len());
    drop(listed);
    answer(&shared, &candidates, &mut starts, sorted)
}

/// What the candidates know.
fn answer(
    shared: &Shared<'_>,
    candidates: &[Candidate],
    starts: &mut units::Starts,
    sorted: &[u64],
) -> Result<Found> {
    let batch = Mutex::new(Batch::new(sorted.len()));
    parallel(
        shared.input.threads,
        candidates.len(),
        || Worker::new(shared),
        |worker, at| {
            let result = worker.unit(&candidates[at], sorted);
            lock(&batch).add(&candidates[at], result);
        },
    );
    let mut batch = batch.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    if batch.has_references() {
        let mut pair = shared.pair(std::mem::take(starts));
        batch.resolve(|name| pair.resolve(name));
        *starts = pair.main.1.into_starts();
    }
    shared.object.require(None)?;
    let note = lock(&shared.note).take();
    Ok(batch.finish(note))
}

fn uncounted(damage: &Damage) -> String {
    format!("the units cannot be counted: {damage}")
}

/// Looks for addresses in units that `.debug_aranges` does not list.
fn unlisted(shared: &Shared<'_>, headers: &[Header], sorted: &[u64], left: &[u32]) -> Vec<Candidate> {
    let found = Mutex::new(Vec::new());
    let pairs = AtomicUsize::new(0);
    let start = || (Reader::new(&shared.main), LastAbbrevs::default());
    parallel(shared.input.threads, headers.len(), start, |(reader, last), at| {
        let header = headers[at];
        // A unit that cannot be read has no places; the symbol table may know them.
        if let Ok(addresses) = units::inside(reader, last, header, sorted, left, &shared.memory)
            && !addresses.is_empty()
        {
            if pairs.fetch_add(addresses.len(), Ordering::Relaxed) > units::MAX_PAIRS {
                lock(&shared.note)
                    .get_or_insert_with(|| "too many units claim the same addresses".to_owned());
                return;
            }
            lock(&found).push(Candidate { start: header.start, addresses });
        }
    });
    found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Does pieces of work on as many threads as are given; with one, on the caller's own.
fn parallel<W>(
    threads: Threads,
    count: usize,
    start: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize) + Sync,
) {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut worker = start();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            work(&mut worker, at);
        }
    };
    let others = threads.count.min(count).saturating_sub(1);
    if others == 0 {
        return run();
    }
    let started = || {
        if let Some(on_start) = threads.on_start {
            on_start();
        }
        run();
    };
    std::thread::scope(|scope| {
        for _ in 0..others {
            // Where no thread can be had, this one does it all.
            let _ = std::thread::Builder::new().name("symbols".to_owned()).spawn_scoped(scope, started);
        }
        run();
    });
}
