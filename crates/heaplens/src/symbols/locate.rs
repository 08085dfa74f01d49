//! Which file is the module: build-id first, then names.
//!
//! A file with another build-id than the dump's is never used; it is remembered for the warning.

use super::by_id::{ByBuildId, MOST_FILES};
use super::bytes::Stamp;
use super::candidates::{Candidate, Origin, candidates, file_name};
use super::companions::Home;
use super::fetch::{Wanted, fetched};
use super::lineless::Lacking;
use super::paths::is_too_long;
use super::probe::{Probe, probe};
use super::process::Process;
use super::segments::{self, Layout, Segment};
use super::{Options, RecordedPaths};
use crate::profile::{Module, ModuleKind, SymbolState};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// The files of a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// The executable or library itself, or the debug file in its place.
    pub(super) image: PathBuf,
    /// The image's own; picks the part of a Mach-O file of several architectures ([`open::slice`](super::open::slice)).
    pub(super) build_id: Option<String>,
    /// How the segments are known.
    pub(super) layout: Layout,
    /// The program's segments: places in the program's file turn into virtual addresses by these.
    pub(super) segments: Vec<Segment>,
    /// Where the debug information is: the image, its debug file or nowhere.
    pub(super) dwarf: Option<PathBuf>,
    /// The package of split debug information (`.dwp`) that lies beside them. Its units are known by their own ids.
    pub(super) package: Option<PathBuf>,
    /// What several debug files share (dwz's `.gnu_debugaltlink`), its build-id the one that the link names.
    pub(super) supplementary: Option<PathBuf>,
    /// The root that the image lies in, if it is another one than ours.
    pub(super) root: Option<PathBuf>,
    /// What was missing or not used, and why: a sentence each, for people.
    pub(super) notes: Vec<String>,
    /// The debug information that the image names and that was not found.
    pub(super) lacks: Option<Lacking>,
    /// Of the image and the file with debug information when they were found.
    stamps: Vec<(PathBuf, Stamp)>,
}

impl Files {
    /// See [`segments::addresses`].
    pub(super) fn addresses(&self, module: &Module, lookups: &[u64]) -> Vec<Option<u64>> {
        segments::addresses(&self.segments, module, lookups)
    }

    /// Files with symbol tables, the best first.
    pub(super) fn symbol_tables(&self) -> impl Iterator<Item = &Path> {
        // A debug file has the static functions that were stripped from the image.
        let debug = self.dwarf.as_deref().filter(|&d| d != self.image);
        debug.into_iter().chain([self.image.as_path()])
    }

    /// Of a file when it was found, to tell whether it is still that file when it is read.
    pub(super) fn stamp(&self, path: &Path) -> Option<Stamp> {
        self.stamps.iter().find(|(known, _)| known == path).map(|&(_, stamp)| stamp)
    }

    fn all(&self) -> impl Iterator<Item = &Path> {
        let others = [&self.dwarf, &self.supplementary, &self.package];
        [self.image.as_path()].into_iter().chain(others.into_iter().filter_map(|path| path.as_deref()))
    }
}

/// What came of the search.
#[derive(Debug)]
pub(super) enum Located {
    Found {
        files: Box<Files>,
        verified: bool,
    },
    /// No file; and what was met on the way, as [`Files::notes`].
    Not(SymbolState, Vec<String>),
}

/// A `--binary` and what its headers say.
pub(super) struct Explicit {
    pub(super) path: PathBuf,
    pub(super) probe: Result<Probe, String>,
}

/// Searches by one set of options.
pub(super) struct Locator<'a> {
    pub(super) options: &'a Options,
    pub(super) explicit: Vec<Explicit>,
    /// The one explicit binary that means the program itself, whatever it is called.
    pub(super) main: Option<usize>,
    pub(super) processes: Vec<Process>,
    /// What the processes map.
    mapped: OnceLock<ByBuildId>,
    /// What lies in the directories of binaries.
    listed: OnceLock<ByBuildId>,
    /// Files that served some module.
    used: Mutex<BTreeSet<PathBuf>>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(options: &'a Options, modules: &[Module]) -> Locator<'a> {
        let read = |path: &PathBuf| {
            // Of several architectures the one that some module is of.
            let mut ids =
                modules.iter().filter_map(|m| m.build_id.as_deref()).map(|id| probe(path, Some(id)));
            let fits = |p: &Result<Probe, String>| {
                let id = p.as_ref().ok().and_then(|p| p.build_id.as_deref());
                id.is_some() && modules.iter().any(|m| m.build_id.as_deref() == id)
            };
            let first = probe(path, None);
            let several = super::open::is_fat(path);
            let probe = if several { ids.find(fits).unwrap_or(first) } else { first };
            Explicit { path: path.clone(), probe }
        };
        let explicit: Vec<Explicit> = options.binaries.iter().map(read).collect();
        let main = match explicit.as_slice() {
            [one] => {
                let id = one.probe.as_ref().ok().and_then(|p| p.build_id.as_deref());
                let anothers = modules.iter().any(|m| {
                    let same_id = id.is_some() && m.build_id.as_deref() == id;
                    !m.is_main && (same_id || file_name(&one.path) == Some(m.short_name()))
                });
                (!anothers).then_some(0)
            }
            _ => None,
        };
        let processes = options.processes.iter().map(|&pid| Process::read(pid)).collect();
        let (mapped, listed, used) = Default::default();
        Locator { options, explicit, main, processes, mapped, listed, used }
    }

    /// Files that some process maps, by the build-id in them.
    pub(super) fn mapped(&self, id: &str) -> impl Iterator<Item = &Candidate> {
        let all = self.processes.iter().flat_map(|process| {
            let root = process.root().to_owned();
            let places = process.all_places().into_iter();
            places.map(move |place| Candidate {
                path: place.path,
                origin: Origin::BuildId,
                root: Some(root.clone()),
            })
        });
        self.mapped.get_or_init(|| ByBuildId::read(all)).with(id)
    }

    /// Files directly in the directories of binaries, by the build-id in them.
    pub(super) fn listed(&self, id: &str) -> impl Iterator<Item = &Candidate> {
        self.listed.get_or_init(|| ByBuildId::in_dirs(&self.options.binary_dirs)).with(id)
    }

    /// The copy of another `/` that a path lies in: links there lead to places inside.
    pub(super) fn root_of(&self, path: &Path) -> Option<&Path> {
        let sysroots = self.options.sysroots.iter().map(PathBuf::as_path);
        sysroots.chain(self.processes.iter().map(Process::root)).find(|root| path.starts_with(root))
    }

    /// True if an explicit binary is called as the module, or is the one that means the program itself.
    pub(super) fn is_named_as(&self, explicit: usize, module: &Module) -> bool {
        let named = self.explicit.get(explicit).and_then(|explicit| file_name(&explicit.path));
        named == Some(module.short_name()) || module.is_main && self.main == Some(explicit)
    }

    /// What the user named and nothing came of, and why.
    pub(super) fn unused(&self, modules: &[Module]) -> Vec<(String, String)> {
        let used = self.used.lock().unwrap_or_else(|e| e.into_inner());
        let serves = |explicit: &Explicit, id: Option<&str>| {
            let path = explicit.path.display().to_string();
            used.contains(&explicit.path)
                || modules.iter().any(|module| match &module.symbols {
                    SymbolState::Verified { used } | SymbolState::Unverified { used } => {
                        *used == path || (id.is_some() && module.build_id.as_deref() == id)
                    }
                    // That one is warned about already.
                    SymbolState::Mismatched { found, .. } => *found == path,
                    _ => false,
                })
        };
        let why = |at: usize, explicit: &Explicit| {
            match &explicit.probe {
            Err(why) => Some(why.clone()),
            Ok(probe) if serves(explicit, probe.build_id.as_deref()) => None,
            Ok(probe) if probe.layout != Layout::Stated => Some(
                "it holds debug information alone, and no module that lacks some has its build-id or its name".to_owned(),
            ),
            Ok(_) if modules.iter().any(|module| self.is_named_as(at, module)) => {
                Some("it does not have the build-id of the profile, and another file does".to_owned())
            }
            Ok(_) => Some("no module of the profile has its build-id or its name".to_owned()),
        }
        };
        let all = self.explicit.iter().enumerate();
        let binaries = all.filter_map(|(at, e)| Some((e.path.display().to_string(), why(at, e)?)));
        let processes = self.processes.iter();
        let processes = processes.filter_map(|p| Some((format!("process {}", p.pid()), p.problem.clone()?)));
        binaries.chain(processes).collect()
    }

    pub(super) fn locate(&self, module: &Module) -> Located {
        if module.kind != ModuleKind::File {
            let why = match module.kind {
                ModuleKind::Vdso => "it is the kernel's own page, not a file",
                _ => "it is not a file",
            };
            return Located::Not(SymbolState::Missing { why: why.to_owned() }, Vec::new());
        }
        let mut search = Search::new(module);
        for candidate in candidates(self, module) {
            if let Some((probe, verified)) = search.fits(&candidate) {
                search.notes.extend(doubt(&candidate, module));
                if let (Some(_), Some((debug, ..))) = (search.required, search.debug_only) {
                    // It has said which build is meant.
                    self.used.lock().unwrap_or_else(|e| e.into_inner()).insert(debug.path);
                }
                let files = Box::new(self.files(&candidate, probe, Some(module), search.notes));
                return Located::Found { files, verified };
            }
        }
        let fetch = self.options.fetch.as_deref();
        if let Some(id) = &module.build_id
            && let Some((path, probe)) = fetched(fetch, Wanted::Executable, id, &mut search.notes)
                .filter(|(_, probe)| probe.layout == Layout::Stated)
        {
            let candidate = Candidate::new(path, Origin::BuildId);
            return Located::Found {
                files: Box::new(self.files(&candidate, probe, Some(module), search.notes)),
                verified: true,
            };
        }
        if let Some(id) = &module.build_id
            && !search.debug_only.as_ref().is_some_and(|(_, _, verified)| *verified)
            && let Some((path, probe)) = fetched(fetch, Wanted::DebugInfo, id, &mut search.notes)
                .filter(|(_, probe)| probe.layout != Layout::Unknown)
        {
            search.debug_only = Some((Candidate::new(path, Origin::BuildId), probe, true));
        }
        match search.last_choice() {
            Some((candidate, probe, verified)) => {
                let files = Box::new(self.files(&candidate, probe, Some(module), search.notes));
                Located::Found { files, verified }
            }
            None => {
                let cut = self.listed.get().into_iter().flat_map(|listed| &listed.cut);
                search.notes.extend(cut.map(|dir| {
                    format!("only {MOST_FILES} files of {} were looked at for its build-id", dir.display())
                }));
                let notes = std::mem::take(&mut search.notes);
                Located::Not(search.failure(module, self.options), notes)
            }
        }
    }

    /// One file as the image, and its debug information.
    ///
    /// # Errors
    /// Says in words why the file cannot be used.
    pub(super) fn files_of(&self, image: &Path) -> Result<Files, String> {
        let probe = probe(image, None)?;
        let candidate = Candidate::new(image.to_owned(), Origin::Explicit);
        Ok(self.files(&candidate, probe, None, Vec::new()))
    }

    fn files(
        &self,
        candidate: &Candidate,
        probe: Probe,
        module: Option<&Module>,
        mut notes: Vec<String>,
    ) -> Files {
        let home = Home::new(self, candidate, module);
        let debug = home.debug_file(&probe, &mut notes);
        let root = self.root_of(&candidate.path).map(Path::to_owned);
        let mut files = Files { image: candidate.path.clone(), root, ..Files::default() };
        files.stamps.extend(probe.stamp.map(|stamp| (files.image.clone(), stamp)));
        match debug {
            Ok((dwarf, headers)) => {
                files.stamps.extend(headers.stamp.map(|stamp| (dwarf.clone(), stamp)));
                if let Some((path, id)) = &headers.altlink {
                    files.supplementary = home.supplementary(&dwarf, path, id, &mut notes);
                }
                files.package = home.package(&dwarf, &mut notes);
                files.dwarf = Some(dwarf);
            }
            Err(lacks) => files.lacks = lacks,
        }
        files.build_id = probe.build_id;
        files.layout = probe.layout;
        files.segments = probe.segments;
        files.notes = notes;
        let mut used = self.used.lock().unwrap_or_else(|e| e.into_inner());
        used.extend(files.all().map(Path::to_owned));
        drop(used);
        files
    }
}

/// What speaks against the file at the path that the dump names, where no build-id decides.
fn doubt(candidate: &Candidate, module: &Module) -> Option<String> {
    let recorded = candidate.root.is_none() && candidate.path == Path::new(&module.path);
    let ran = module.file_id.as_deref().filter(|_| recorded && module.build_id.is_none());
    let ran = ran?.split_ascii_whitespace().nth(1)?;
    let found = inode(&candidate.path)?;
    (found != ran).then(|| {
        format!(
            "{} is not the file that ran (inode {found} instead of {ran}): it was replaced since, or the dump is from \
             another machine; its names are wrong unless it is the same build",
            module.path
        )
    })
}

#[cfg(unix)]
fn inode(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    Some(path.metadata().ok()?.ino().to_string())
}

#[cfg(not(unix))]
fn inode(_: &Path) -> Option<String> {
    None
}

/// One search: what is wanted, and what was met on the way.
struct Search<'a> {
    wanted: Option<&'a str>,
    /// Where the dump names no build: that of the debug file which the user named.
    required: Option<String>,
    mismatch: Option<(PathBuf, String)>,
    refused: Option<(PathBuf, String)>,
    /// A file that has only debug information, for want of the program; and whether it is verified.
    debug_only: Option<(Candidate, Probe, bool)>,
    /// A file without a build-id where one is wanted, for want of one that has it.
    unproven: Option<(Candidate, Probe)>,
    notes: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(module: &'a Module) -> Search<'a> {
        Search {
            wanted: module.build_id.as_deref(),
            required: None,
            mismatch: None,
            refused: None,
            debug_only: None,
            unproven: None,
            notes: Vec::new(),
        }
    }

    /// The probe of a file that may be used, and whether it is surely the right one.
    fn fits(&mut self, candidate: &Candidate) -> Option<(Probe, bool)> {
        let (path, origin) = (&candidate.path, candidate.origin);
        let named = origin != Origin::BuildId;
        let probe = match probe(path, self.wanted) {
            Ok(probe) => probe,
            Err(why) => {
                // Absent files are no news; a file that is there and cannot be used is.
                if let Origin::Process(pid) = origin {
                    let why = format!(
                        "process {pid} has it mapped, but it cannot be read from there ({why}); that takes root, or \
                         CAP_CHECKPOINT_RESTORE"
                    );
                    self.refused.get_or_insert((path.to_owned(), why));
                } else if named && path.symlink_metadata().is_ok() {
                    self.refused.get_or_insert((path.to_owned(), why));
                }
                return None;
            }
        };
        let verified = match (self.wanted, &probe.build_id) {
            (Some(wanted), Some(found)) if wanted == found => true,
            (Some(_), Some(found)) => {
                if named {
                    let found = found.clone();
                    self.mismatch.get_or_insert((path.to_owned(), found));
                }
                return None;
            }
            // A name made of the build-id proves nothing about a file without one.
            (Some(_), None) if matches!(origin, Origin::BuildId | Origin::Proven) => return None,
            (None, found) if self.required.is_some() && *found != self.required => return None,
            _ => false,
        };
        match probe.layout {
            Layout::Stated if verified || self.wanted.is_none() => return Some((probe, verified)),
            Layout::Stated => {
                self.unproven.get_or_insert_with(|| (candidate.clone(), probe));
            }
            Layout::Unknown => {
                let why = "it holds debug information alone, and where the program's code lies in its file cannot be told \
                           from it; the program or library itself is needed beside it";
                self.refused.get_or_insert((path.to_owned(), why.to_owned()));
            }
            Layout::Computed if self.debug_only.as_ref().is_none_or(|(_, _, sure)| verified && !sure) => {
                if origin == Origin::Explicit {
                    self.required.clone_from(&probe.build_id);
                }
                self.debug_only = Some((candidate.clone(), probe, verified));
            }
            Layout::Computed => {}
        }
        None
    }

    /// What is used where no program was found that is surely the right one: debug information that is, else what has no
    /// build-id.
    fn last_choice(&mut self) -> Option<(Candidate, Probe, bool)> {
        let sure = self.debug_only.take_if(|(_, _, verified)| *verified);
        let unproven = self.unproven.take().map(|(candidate, probe)| (candidate, probe, false));
        let (candidate, probe, verified) = sure.or(unproven).or_else(|| self.debug_only.take())?;
        if probe.layout == Layout::Computed {
            self.notes.push(format!(
                "{} holds debug information alone: where the program's code lies was computed from its segments; give \
                 the program too, to be sure",
                candidate.path.display()
            ));
        }
        if let (false, Some(wanted), Some((path, found))) = (verified, self.wanted, &self.mismatch) {
            self.notes.push(format!(
                "{} is another build (build-id {found}; the profile has {wanted}); it was not used",
                path.display()
            ));
        }
        Some((candidate, probe, verified))
    }

    fn failure(self, module: &Module, options: &Options) -> SymbolState {
        if let Some((found, found_build_id)) = self.mismatch {
            let found = found.display().to_string();
            return SymbolState::Mismatched { found, found_build_id };
        }
        let why = match self.refused {
            Some((path, why)) => format!("{}: {why}", path.display()),
            None if is_too_long(&module.path) => {
                format!("its path has {} bytes, which no file's has", module.path.len())
            }
            None if module.deleted => "the file was removed or replaced while the program ran".to_owned(),
            None if !options.recorded_paths.may_open(module.build_id.as_deref()) => {
                match options.recorded_paths {
                    RecordedPaths::Proven => {
                        "no file was found (the dump comes from another machine and has no build-id for \
                                              it, so its path was not opened here)"
                    }
                    _ => "no file was found (the paths in the dump were not to be used)",
                }
                .to_owned()
            }
            None => "no file was found".to_owned(),
        };
        SymbolState::Missing { why }
    }
}
