//! Which file is the module: build-id first, then names.
//!
//! A file with another build-id than the dump's is never used; it is remembered for the warning.

use super::open::{Probe, crc32, probe};
use super::paths::{resolve_in_root, suffixes};
use super::segments::{self, Segment};
use super::{Options, RecordedPaths};
use crate::profile::{Module, ModuleKind, SymbolState};
use std::path::{Path, PathBuf};

/// The files of a module.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    /// The executable or library itself, or the debug file in its place.
    pub(super) image: PathBuf,
    /// The image's own; picks the part of a Mach-O file of several architectures.
    pub(super) build_id: Option<String>,
    /// The image's segments: places in the program's file turn into virtual addresses by these.
    pub(super) segments: Vec<Segment>,
    /// Where the debug information is: the image, its debug file or nowhere.
    pub(super) dwarf: Option<PathBuf>,
    /// The package of split debug information (`.dwp`) that lies beside them. Its units are known by their own ids.
    pub(super) package: Option<PathBuf>,
    /// What several debug files share (dwz's `.gnu_debugaltlink`), its build-id the one that the link names.
    pub(super) supplementary: Option<PathBuf>,
    /// What was missing or not used, and why: a sentence each, for people.
    pub(super) notes: Vec<String>,
}

impl Files {
    /// Places in the program's file as virtual addresses; `None` for those that no segment holds.
    pub(super) fn addresses(&self, lookups: &[u64]) -> Vec<Option<u64>> {
        lookups.iter().map(|&lookup| segments::address(&self.segments, lookup)).collect()
    }

    /// Files with symbol tables, the best first.
    pub(super) fn symbol_tables(&self) -> impl Iterator<Item = &Path> {
        // A debug file has the static functions that were stripped from the image.
        let debug = self.dwarf.as_deref().filter(|&d| d != self.image);
        debug.into_iter().chain([self.image.as_path()])
    }
}

/// What came of the search.
#[derive(Debug)]
pub(super) enum Located {
    Found {
        files: Files,
        verified: bool,
    },
    /// No file; and what was met on the way, as [`Files::notes`].
    Not(SymbolState, Vec<String>),
}

/// An `--binary` and what its headers say.
struct Explicit {
    path: PathBuf,
    probe: Result<Probe, String>,
}

/// Searches by one set of options.
pub(super) struct Locator<'a> {
    options: &'a Options,
    explicit: Vec<Explicit>,
    /// The one explicit binary that means the program itself, whatever it is called.
    main: Option<usize>,
}

/// Where a candidate came from, as far as it matters whether it is believed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Named after the module, or named by the user for it.
    Named,
    /// Found by its build-id alone.
    BuildId,
}

impl<'a> Locator<'a> {
    pub(super) fn new(options: &'a Options, modules: &[Module]) -> Locator<'a> {
        let read = |path: &PathBuf| Explicit { path: path.clone(), probe: probe(path) };
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
        Locator { options, explicit, main }
    }

    /// Binaries that the user named and that served no module, and why.
    pub(super) fn unused(&self, modules: &[Module]) -> Vec<(String, String)> {
        let serves = |explicit: &Explicit, id: Option<&str>| {
            let path = explicit.path.display().to_string();
            modules.iter().any(|module| match &module.symbols {
                SymbolState::Verified { used } | SymbolState::Unverified { used } => {
                    *used == path || (id.is_some() && module.build_id.as_deref() == id)
                }
                // That one is warned about already.
                SymbolState::Mismatched { found, .. } => *found == path,
                _ => false,
            })
        };
        let why = |explicit: &Explicit| match &explicit.probe {
            Err(why) => Some(why.clone()),
            Ok(probe) if serves(explicit, probe.build_id.as_deref()) => None,
            // It may hold the debug information of a module without a build-id in the dump.
            Ok(probe) if !probe.has_code => None,
            Ok(_) => Some("no module of the profile has its build-id or its name".to_owned()),
        };
        let all = self.explicit.iter();
        all.filter_map(|e| Some((e.path.display().to_string(), why(e)?))).collect()
    }

    pub(super) fn locate(&self, module: &Module) -> Located {
        if module.kind != ModuleKind::File {
            let why = "it is not a file".to_owned();
            return Located::Not(SymbolState::Missing { why }, Vec::new());
        }
        let mut search = Search { wanted: module.build_id.as_deref(), mismatch: None, refused: None };
        for (path, origin) in self.candidates(module) {
            if let Some((probe, verified)) = search.fits(&path, origin) {
                return Located::Found { files: self.files(path, probe), verified };
            }
        }
        Located::Not(search.failure(module, self.options), Vec::new())
    }

    /// One file as the image, and its debug information.
    ///
    /// # Errors
    /// Says in words why the file cannot be used.
    pub(super) fn files_of(&self, image: &Path) -> Result<Files, String> {
        let probe = probe(image)?;
        Ok(self.files(image.to_owned(), probe))
    }

    fn files(&self, image: PathBuf, probe: Probe) -> Files {
        let dwarf = self.debug_file(&image, &probe);
        let package = dwarf.as_deref().and_then(package);
        Files {
            image,
            dwarf,
            package,
            build_id: probe.build_id,
            segments: probe.segments,
            ..Files::default()
        }
    }

    /// All places to look at, in order.
    fn candidates(&self, module: &Module) -> Vec<(PathBuf, Origin)> {
        let mut list = Vec::new();
        for (i, explicit) in self.explicit.iter().enumerate() {
            let id = explicit.probe.as_ref().ok().and_then(|p| p.build_id.as_deref());
            let means_this = file_name(&explicit.path) == Some(module.short_name())
                || module.is_main && self.main == Some(i);
            if id.is_some() && id == module.build_id.as_deref() {
                list.insert(0, (explicit.path.clone(), Origin::BuildId));
            } else if means_this {
                list.push((explicit.path.clone(), Origin::Named));
            }
        }
        // A Linux path looked at on Windows has a root, though it is not absolute there.
        let whole = Path::new(&module.path).has_root();
        let recorded = (whole && self.options.recorded_paths == RecordedPaths::Use)
            .then(|| (PathBuf::from(&module.path), Origin::Named));
        if let Some(id) = &module.build_id {
            for dir in &self.options.debug_dirs {
                list.extend(by_build_id(dir, id).map(|p| (p, Origin::BuildId)));
            }
            list.extend(recorded.clone());
        }
        for root in &self.options.sysroots {
            list.extend(resolve_in_root(root, &module.path).map(|p| (p, Origin::Named)));
        }
        for dir in &self.options.binary_dirs {
            if let Some(id) = &module.build_id {
                list.extend(by_build_id(dir, id).map(|p| (p, Origin::BuildId)));
            }
            list.extend(suffixes(&module.path).map(|s| (dir.join(s), Origin::Named)));
        }
        // Without a build-id only the name speaks for a file, and what the user points at comes first.
        // What now stands where a deleted file stood is some other build.
        if module.build_id.is_none() && !module.deleted {
            list.extend(recorded);
        }
        list
    }

    /// The file with the debug information of an image.
    fn debug_file(&self, image: &Path, probe_of_image: &Probe) -> Option<PathBuf> {
        if probe_of_image.has_dwarf {
            return Some(image.to_owned());
        }
        let fits = |path: &Path| {
            path != image && probe(path).is_ok_and(|p| p.has_dwarf && p.build_id == probe_of_image.build_id)
        };
        if let Some(id) = &probe_of_image.build_id {
            let explicit = self.explicit.iter().map(|e| e.path.clone());
            let roots = self.options.sysroots.iter().map(|r| r.join("usr/lib/debug"));
            let dirs = self.options.debug_dirs.iter().cloned().chain(roots);
            let dirs = dirs.chain(self.options.binary_dirs.iter().cloned());
            let in_dirs = dirs.flat_map(|d| by_build_id(&d, id).collect::<Vec<_>>());
            if let Some(found) = explicit.chain(in_dirs).find(|p| fits(p)) {
                return Some(found);
            }
        }
        let (name, crc) = probe_of_image.debuglink.as_ref()?;
        let beside = image.parent()?;
        let relative: PathBuf = suffixes(&beside.to_string_lossy()).next().unwrap_or_default();
        let mut places = vec![beside.join(name), beside.join(".debug").join(name)];
        places.extend(self.options.debug_dirs.iter().map(|d| d.join(&relative).join(name)));
        places.extend(self.options.binary_dirs.iter().map(|d| d.join(name)));
        places.into_iter().find(|path| {
            let other_build = |p: &Probe| {
                p.build_id.is_some()
                    && probe_of_image.build_id.is_some()
                    && p.build_id != probe_of_image.build_id
            };
            path != image
                && probe(path).is_ok_and(|p| p.has_dwarf && !other_build(&p))
                && crc32(path) == Some(*crc)
        })
    }
}

/// One search: what is wanted, and what was met on the way.
struct Search<'a> {
    wanted: Option<&'a str>,
    mismatch: Option<(PathBuf, String)>,
    refused: Option<(PathBuf, String)>,
}

impl Search<'_> {
    /// The probe of a file that may be used, and whether it is surely the right one.
    fn fits(&mut self, path: &Path, origin: Origin) -> Option<(Probe, bool)> {
        let probe = match probe(path) {
            Ok(probe) => probe,
            Err(why) => {
                // Absent files are no news; a file that is there and cannot be used is.
                if origin == Origin::Named && path.symlink_metadata().is_ok() {
                    self.refused.get_or_insert((path.to_owned(), why));
                }
                return None;
            }
        };
        let verified = match (self.wanted, &probe.build_id) {
            (Some(wanted), Some(found)) if wanted == found => true,
            (Some(_), Some(found)) => {
                if origin == Origin::Named {
                    let found = found.clone();
                    self.mismatch.get_or_insert((path.to_owned(), found));
                }
                return None;
            }
            // A name made of the build-id proves nothing about a file without one.
            (Some(_), None) if origin == Origin::BuildId => return None,
            _ => false,
        };
        if !probe.has_code {
            let why = "it holds debug information only; the program or library itself is needed beside it";
            self.refused.get_or_insert((path.to_owned(), why.to_owned()));
            return None;
        }
        Some((probe, verified))
    }

    fn failure(self, module: &Module, options: &Options) -> SymbolState {
        if let Some((found, found_build_id)) = self.mismatch {
            let found = found.display().to_string();
            return SymbolState::Mismatched { found, found_build_id };
        }
        let why = match self.refused {
            Some((path, why)) => format!("{}: {why}", path.display()),
            None if module.deleted => "the file was removed or replaced while the program ran".to_owned(),
            None if options.recorded_paths == RecordedPaths::Ignore => {
                "no file was found (the paths in the dump were not to be used)".to_owned()
            }
            None => "no file was found".to_owned(),
        };
        SymbolState::Missing { why }
    }
}

/// The places in a directory where files are kept by build-id. The first two are debuggers' own.
fn by_build_id(dir: &Path, id: &str) -> impl Iterator<Item = PathBuf> + use<> {
    // Ids are checked to be hexadecimal where they are read, and again here, as they become a path.
    let plain = id.len() > 2 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (first, rest) = id.split_at_checked(2).unwrap_or(("", ""));
    let list = [
        dir.join(".build-id").join(first).join(rest),
        dir.join(".build-id").join(first).join(format!("{rest}.debug")),
        dir.join(first).join(format!("{rest}.debug")),
        dir.join(id),
        dir.join(format!("{id}.debug")),
    ];
    list.into_iter().filter(move |_| plain)
}

/// The package of split debug information beside a file: `app.dwp`, `app.debug.dwp`, and `app.dwp` for `app.debug`.
fn package(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(".dwp");
    let list = [path.with_file_name(name), path.with_extension("dwp")];
    list.into_iter().find(|package| package.metadata().is_ok_and(|meta| meta.is_file()))
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|n| n.to_str())
}
