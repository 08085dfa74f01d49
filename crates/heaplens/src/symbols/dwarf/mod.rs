//! Addresses to functions and lines by DWARF, many at once.
//!
//! Units are found for all addresses together ([`units`]), each is read once ([`functions`], [`lines`]), gives what
//! it knows to the [`batch`], and is dropped; names that stand in other units come last ([`origins`]). So memory is
//! bounded by the largest units that are read at the same time, whatever the size of the file.

mod abbrev;
mod batch;
mod cursor;
mod effort;
mod form;
mod functions;
mod lines;
mod memory;
mod nesting;
mod note;
mod origins;
mod pages;
mod ranges;
mod references;
mod sections;
mod session;
mod split;
mod starts;
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
use memory::{Kept, Memory};
use origins::{Origins, Pair};
use rustc_hash::FxHashMap;
use sections::{Reader, Sections};
pub(super) use session::Session;
use split::Package;
use starts::{Headers, Starts};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
#[cfg(test)]
pub(super) use table::{TableFunction, TableInlined, TableRow};
pub(super) use table::{UnitTable, everything};
use unit::{Header, LastAbbrevs};
use units::{Candidate, Unlisted};
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
    /// What may be held in memory: inflated sections, units that are read, lists of units.
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
    /// What sections that are compressed leave of it.
    memory: Arc<Memory>,
    /// What the other halves of split units cost, by their ids.
    halves: Mutex<FxHashMap<u64, u64>>,
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
        let mut main = Sections::load(&object, &mut budget);
        // Without units nothing is known. What else is damaged costs what needs it.
        main.info.ready()?;
        main.effort = Effort::new(main.size(), times).into();
        let note = main.note.clone();
        if let Some(cut) = &object.cut {
            note.say(|| cut.clone());
        }
        // The rest may be missing: then its names are.
        let optional = |path: &Path, damage: Damage| note.say(|| format!("{}: {damage}", path.display()));
        let supplement = input.supplement.and_then(|path| {
            let object = ObjectFile::open(path, None).map_err(|damage| optional(path, damage)).ok()?;
            let mut sections = Sections::load(&object, &mut budget);
            main.effort.allow(sections.info.len() + sections.abbrev.len(), times);
            sections.effort = main.effort.clone();
            sections.note = main.note.clone();
            Some(sections)
        });
        let package = input.package.and_then(|path| {
            let package = Package::open(path, &main, &mut budget);
            let package = package.map_err(|damage| optional(path, damage)).ok()?;
            main.effort.allow(package.size(), times);
            Some(package)
        });
        let (memory, halves) = (Arc::new(Memory::new(budget)), Mutex::default());
        Ok(Shared { input, object, main, supplement, package, memory, halves })
    }

    /// Looks up names in other units; `starts` are those units of the file that are known already.
    fn pair(&self, starts: Starts) -> Pair<'_> {
        let supplement = self.supplement.as_ref();
        Pair {
            main: Origins::new(Reader::new(&self.main), starts),
            supplement: supplement.map(|s| Origins::new(Reader::new(s), Starts::default())),
        }
    }
}

/// The functions at each of the addresses, which must be sorted, each once.
///
/// # Errors
/// If nothing can be read. What concerns single units or places is [`Found::problem`].
pub(super) fn find(input: Input<'_>, sorted: &[u64]) -> Result<Found> {
    let shared = Shared::open(input, effort::LOOK_UP)?;
    shared.main.effort.renew(sorted.len());
    let mut listed = units::listed(&shared.main, sorted, &shared.memory);
    let mut candidates = listed.candidates();
    let left = listed.left();
    let mut _kept = None;
    if !left.is_empty() {
        let mut headers = Headers::new(&shared.main);
        let others = headers.by_ref().filter(|header| !listed.has_unit(header.start));
        _kept = unlisted(&shared, others, sorted, &left, &mut candidates);
        if let Some(damage) = headers.damage {
            shared.main.note.say(|| uncounted(&damage));
        }
    }
    let mut starts = listed.starts();
    answer(&shared, &candidates, &mut starts, sorted)
}

/// What the candidates know. `starts` learns more of where units begin.
fn answer(
    shared: &Shared<'_>,
    candidates: &[Candidate],
    starts: &mut Starts,
    sorted: &[u64],
) -> Result<Found> {
    shared.main.effort.renew(sorted.len());
    let batch = Mutex::new(Batch::new(sorted.len()));
    parallel(
        shared.input.threads,
        candidates.iter(),
        || Worker::new(shared),
        |worker, candidate| {
            let result = worker.unit(candidate, sorted);
            lock(&batch).add(candidate, result);
        },
    );
    let mut batch = batch.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    if batch.has_references() {
        let mut pair = shared.pair(std::mem::take(starts));
        batch.resolve(&mut pair);
        *starts = pair.main.into_starts();
    }
    shared.object.require(None)?;
    Ok(batch.finish(shared.main.note.take()))
}

fn uncounted(damage: &Damage) -> String {
    format!("the units cannot be counted: {damage}")
}

/// Looks for addresses in units that `.debug_aranges` does not list, and adds those units to `candidates`. Returns the
/// memory that they take.
fn unlisted(
    shared: &Shared<'_>,
    headers: impl Iterator<Item = Header> + Send,
    sorted: &[u64],
    left: &[u32],
    candidates: &mut Vec<Candidate>,
) -> Option<Kept> {
    let (memory, note) = (&shared.memory, &shared.main.note);
    // Set aside, since it grows while threads hold leases.
    let size = memory.left() / 4;
    let what = "a list of addresses and their units";
    let aside = memory.keep(what, size).map_err(|Damage(why)| note.say(|| why)).ok()?;
    let found = Mutex::new(Unlisted::new(sorted.len(), size));
    let start = || (Reader::new(&shared.main), LastAbbrevs::default());
    parallel(shared.input.threads, headers, start, |(reader, last), header| {
        let inside = units::inside(reader, last, header, sorted, left, memory);
        if inside.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        lock(&found).add(header.start, inside);
    });
    let found = found.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(lost) = found.lost(left) {
        note.say(|| lost);
    }
    drop(aside);
    let kept = memory.keep(what, found.size()).map_err(|Damage(why)| note.say(|| why)).ok();
    candidates.extend(found.candidates());
    candidates.sort_by_key(|candidate| candidate.start);
    kept
}

/// Does pieces of work, each when a thread asks for it, on as many threads as are given; with one, on the caller's own.
fn parallel<W, T: Send>(
    threads: Threads,
    mut pieces: impl Iterator<Item = T> + Send,
    start: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, T) + Sync,
) {
    // No more threads than pieces.
    let first: Vec<T> = pieces.by_ref().take(threads.count.max(1)).collect();
    let others = first.len().saturating_sub(1);
    let pieces = Mutex::new(first.into_iter().chain(pieces));
    let run = || {
        let mut worker = start();
        loop {
            let Some(piece) = lock(&pieces).next() else { break };
            work(&mut worker, piece);
        }
    };
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
        // Where no thread can be had, this one does it all.
        let thread =
            |_| std::thread::Builder::new().name("symbols".to_owned()).spawn_scoped(scope, started).ok();
        let threads: Vec<_> = (0..others).filter_map(thread).collect();
        run();
        // The scope waits for their work alone; an allocator has back what a thread cached only when it has ended.
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
