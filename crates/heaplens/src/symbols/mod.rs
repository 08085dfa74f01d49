//! Names for places: which function, which line, inlined into what.
//!
//! Only this module opens files. A binary is found by its build-id, by its path, or by the end of its path
//! (see [`Options`]); what was used, and whether it was surely the right one, stands in
//! [`Module::symbols`](crate::profile::Module) and in the profile's warnings.

mod answers;
mod by_id;
mod by_name;
mod bytes;
pub mod cache;
mod candidates;
mod chains;
mod checksum;
mod companions;
mod dwarf;
mod fallback;
mod fat;
mod fetch;
mod lineless;
mod locate;
mod lookup;
mod module;
mod names;
mod numbers;
mod object;
mod open;
mod operators;
mod paths;
mod probe;
mod process;
mod report;
mod resolution;
mod segments;
mod session;
mod symtab;
pub mod table;
mod texts;
mod vdso;

pub use fetch::Fetch;
pub use lineless::Lacking;
pub use lookup::{Binary, Lookup, lookup};
pub(crate) use names::closures;
pub use names::{Demangler, Spelling};
pub use resolution::{Named, Place, Resolution, Resolve};

use crate::profile::{Frame, FrameId, Function, Module, ModuleId, ModuleKind, Profile, StackId, SymbolState};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether the paths that a dump names may be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordedPaths {
    /// Yes, as the last choice (and, with a build-id to check, an earlier one).
    #[default]
    Use,
    /// Only where the dump has the module's build-id, and the file is used only if it has that one: the dump comes from
    /// another machine.
    Proven,
    /// No.
    Ignore,
}

impl RecordedPaths {
    /// True if a path of the dump may be opened for a file that must have this build-id.
    fn may_open(self, build_id: Option<&str>) -> bool {
        match self {
            RecordedPaths::Use => true,
            RecordedPaths::Proven => build_id.is_some(),
            RecordedPaths::Ignore => false,
        }
    }
}

/// Where binaries and their debug information are looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Binaries by name (`--binary`). Each serves the module with its build-id, or with its file name; a single
    /// one serves the program itself, whatever its name.
    pub binaries: Vec<PathBuf>,
    /// Directories that hold binaries under the end of their path, or under their build-id (`--binary-dir`).
    pub binary_dirs: Vec<PathBuf>,
    /// Copies of the profiled machine's `/` (`--sysroot`). Symbolic links are followed inside.
    pub sysroots: Vec<PathBuf>,
    /// Directories with separate debug information, as debuggers use them; by default `/usr/lib/debug`.
    pub debug_dirs: Vec<PathBuf>,
    /// Local processes that have the modules mapped (`--pid`): their files are read inside their own root, also
    /// those that were deleted or replaced since. `[vdso]` is read from their memory. Linux only.
    pub processes: Vec<u32>,
    /// Where files that are not found here come from, if anywhere.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// Whether the dump's own paths are opened.
    pub recorded_paths: RecordedPaths,
    /// How many threads read symbols; 0 for one on each core. With 1 all is done on the caller's.
    pub threads: usize,
    /// Called first on each thread that is started to read symbols.
    pub on_thread_start: Option<fn()>,
    /// Most bytes of memory that reading one module may take, beside the answers: inflated sections, units of debug
    /// information that are read at once, lists of units. What would pass it is left out and said; its places have
    /// symbol table names. By default 384 MiB: units are far smaller, but compressed debug information of more than
    /// that needs more.
    pub max_memory: u64,
    /// Whether Rust's names keep the hashes that tell builds apart (`app::run::h0123456789abcdef`).
    pub hash_suffixes: bool,
    /// Where answers are kept for the next time, if anywhere.
    pub cache: Option<cache::Cache>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            binaries: Vec::new(),
            binary_dirs: Vec::new(),
            sysroots: Vec::new(),
            debug_dirs: vec![PathBuf::from("/usr/lib/debug")],
            processes: Vec::new(),
            fetch: None,
            recorded_paths: RecordedPaths::Use,
            threads: 0,
            on_thread_start: None,
            max_memory: 384 << 20,
            hash_suffixes: false,
            cache: None,
        }
    }
}

impl Options {
    fn thread_count(&self) -> dwarf::Threads {
        let count = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        };
        dwarf::Threads { count, on_start: self.on_thread_start }
    }
}

/// The build-id (Mach-O: the UUID) of an object file, in lower-case hex; `None` if it has none.
///
/// # Errors
/// Says in words why the file cannot be read.
pub fn build_id(path: &Path) -> Result<Option<String>, String> {
    Ok(probe::probe(path, None)?.build_id)
}

/// The same profile with names for the frames that had none.
///
/// Each place becomes the chain of its inlined functions. Places that stay unknown stay as they are. What is
/// missing, another build or unproven is said in [`Profile::warnings`]; totals do not change.
pub fn symbolize(profile: &Profile, options: &Options) -> Profile {
    symbolize_or(profile, options, &fallback::Nothing)
}

/// As [`symbolize`]; `other` is asked for modules of which no file was found that could be used.
pub fn symbolize_or(profile: &Profile, options: &Options, other: &dyn Resolve) -> Profile {
    let locator = locate::Locator::new(options, profile.modules());
    let files = module::FileResolver::new(locator, options);
    let mut new = symbolize_with(profile, &fallback::Or { files: &files, other });
    for (path, why) in files.locator.unused(new.modules()) {
        report::unused(&mut new, &path, &why);
    }
    new
}

/// The resolver that [`symbolize`] uses, for callers that decide about each module themselves before they hand it
/// on. `modules` are all of the profile's: a lone `--binary` means the program only if it is none of its libraries.
pub fn files<'a>(options: &'a Options, modules: &[Module]) -> impl Resolve + use<'a> {
    module::FileResolver::new(locate::Locator::new(options, modules), options)
}

/// As [`symbolize`], with a resolver of the caller's, which is asked for one module after the other.
pub fn symbolize_with(profile: &Profile, resolver: &dyn Resolve) -> Profile {
    let jobs = jobs(profile);
    let results: Vec<Resolution> =
        jobs.iter().map(|job| resolver.resolve(profile.module(job.module), &job.lookups)).collect();
    let mut new = rebuild(profile, &jobs, &results);
    let notes = jobs.iter().zip(&results).flat_map(|(job, r)| r.notes.iter().map(|note| (job.module, note)));
    report::notes(&mut new, notes);
    let lacking = jobs.iter().zip(&results).filter_map(|(job, r)| Some((job.module, r.lacks.as_ref()?)));
    lineless::warn(&mut new, lacking);
    for (job, result) in jobs.iter().zip(results) {
        let module = new.module_mut(job.module);
        if rank(&result.state) >= rank(&module.symbols) {
            module.symbols = result.state;
        }
        report::problem(&mut new, job.module, result.problem.as_deref());
    }
    report::states(&mut new);
    new
}

/// A module and the places in it that are wanted.
struct Job {
    module: ModuleId,
    /// Sorted, each once.
    lookups: Vec<u64>,
}

/// All sampled places without a name, by module.
fn jobs(profile: &Profile) -> Vec<Job> {
    let mut lookups: Vec<Vec<u64>> = vec![Vec::new(); profile.modules().len()];
    for id in profile.sampled_frames() {
        if let Some((module, lookup)) = unknown_place(&profile.frame(id)) {
            lookups[module.index()].push(lookup);
        }
    }
    let with_id = lookups.into_iter().enumerate();
    with_id
        .filter(|(_, lookups)| !lookups.is_empty())
        .map(|(i, mut lookups)| {
            lookups.sort_unstable();
            lookups.dedup();
            let module = ModuleId(i as u32);
            Job { module, lookups }
        })
        .collect()
}

/// Where the call lies, for a frame that has no name yet.
fn unknown_place(frame: &Frame) -> Option<(ModuleId, u64)> {
    if frame.function.is_some() {
        return None;
    }
    Some((frame.module?, frame.offset.checked_sub(1)?))
}

/// How much a state is worth: looking again with other options must not lose what was known.
fn rank(state: &SymbolState) -> u8 {
    match state {
        SymbolState::NotLooked => 0,
        SymbolState::Missing { .. } => 1,
        SymbolState::Mismatched { .. } => 2,
        SymbolState::Served { .. } => 3,
        SymbolState::Unverified { .. } => 4,
        SymbolState::Verified { .. } => 5,
    }
}

/// The profile with chains of functions in the place of unknown frames.
fn rebuild(profile: &Profile, jobs: &[Job], results: &[Resolution]) -> Profile {
    let mut job_of: Vec<Option<usize>> = vec![None; profile.modules().len()];
    for (i, job) in jobs.iter().enumerate() {
        job_of[job.module.index()] = Some(i);
    }
    let resolved = |frame: &Frame| {
        let (module, lookup) = unknown_place(frame)?;
        let job = job_of[module.index()]?;
        let at = jobs[job].lookups.binary_search(&lookup).ok()?;
        let places = results[job].places.get(at).filter(|p| !p.is_empty())?;
        Some((&results[job], places))
    };
    // The new frames of each old one, the outermost first; and the new stack of each old one.
    let mut chains: Vec<Option<Vec<FrameId>>> = vec![None; profile.frame_count()];
    let mut stacks: Vec<Option<StackId>> = vec![None; profile.stack_count()];
    profile.rebuild_stacks(|new, leaf| {
        let mut path = Vec::new();
        let mut parent = None;
        for (stack, frame) in profile.stack_from_leaf(leaf) {
            parent = stacks[stack.index()];
            if parent.is_some() {
                break;
            }
            path.push((stack, frame));
        }
        for (stack, frame) in path.into_iter().rev() {
            let chain = chains[frame.index()].get_or_insert_with(|| {
                let old = profile.frame(frame);
                match resolved(&old) {
                    Some((result, places)) => add_chain(new, old, result, places),
                    None => vec![frame],
                }
            });
            for &frame in chain.iter() {
                parent = Some(new.add_stack(parent, frame));
            }
            stacks[stack.index()] = parent;
        }
        Some(parent)
    })
}

/// The frames of one place, the outermost first.
fn add_chain(new: &mut Profile, old: Frame, result: &Resolution, places: &[Place]) -> Vec<FrameId> {
    let outermost = places.len() - 1;
    let mut chain = Vec::with_capacity(places.len());
    for (depth, place) in places.iter().enumerate() {
        let function = result.named(place.function).map(|named| {
            let function = Function {
                name: new.intern(&named.name),
                system_name: new.intern(&named.system_name),
                file: named.file.as_deref().map(|f| new.intern(f)),
            };
            new.add_function(function)
        });
        chain.push(new.add_frame(Frame {
            inline_depth: depth as u32,
            inlined: depth != outermost,
            function,
            line: place.line,
            column: place.column,
            ..old
        }));
    }
    chain.reverse();
    chain
}

/// True for what has no file by nature, so that no symbols are no news.
fn has_no_file(kind: ModuleKind) -> bool {
    kind != ModuleKind::File
}

#[cfg(test)]
mod tests;
