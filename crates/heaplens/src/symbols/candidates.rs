//! All places where a module's file may be, in the order in which they are believed.

use super::RecordedPaths;
use super::locate::Locator;
use super::paths::{inside, resolve_in_root, suffixes};
use crate::profile::Module;
use std::path::{Path, PathBuf};

/// Where a candidate came from, as far as it matters whether it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Named by the user for this module.
    Explicit,
    /// Named after the module.
    Named,
    /// Named after the module, and of no use without its build-id.
    Proven,
    /// Found by its build-id alone.
    BuildId,
    /// The file that a process has mapped.
    Process(u32),
}

/// A file to look at.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    /// The directory that is `/` to the profiled program, if it is another one.
    pub(super) root: Option<PathBuf>,
}

impl Candidate {
    pub(super) fn new(path: PathBuf, origin: Origin) -> Candidate {
        Candidate { path, origin, root: None }
    }
}

/// Build-ids first, then paths, then the ends of paths: made as they are looked at, since a hostile path has many.
pub(super) fn candidates<'l>(
    locator: &'l Locator<'l>,
    module: &'l Module,
) -> impl Iterator<Item = Candidate> + 'l {
    let options = locator.options;
    let id = module.build_id.as_deref();
    // A Linux path looked at on Windows has a root, though it is not absolute there.
    let whole = Path::new(&module.path).has_root();
    let origin = match options.recorded_paths {
        RecordedPaths::Proven => Origin::Proven,
        _ => Origin::Named,
    };
    let recorded = (whole && options.recorded_paths.may_open(id))
        .then(|| Candidate::new(PathBuf::from(&module.path), origin));
    // Without a build-id only the name speaks for a file, and what the user points at comes first.
    // What now stands where a deleted file stood is some other build.
    let (early, late) = match id {
        Some(_) => (recorded, None),
        None => (None, recorded.filter(|_| !module.deleted)),
    };
    let stored = id.into_iter().flat_map(|id| stores(locator, id)).map(by_id);
    let mapped = locator.processes.iter().flat_map(|process| {
        process.places(module).into_iter().map(|place| {
            let origin = if place.is_mapped_file { Origin::Process(process.pid()) } else { Origin::Named };
            Candidate { path: place.path, origin, root: Some(process.root().to_owned()) }
        })
    });
    let in_roots = options.sysroots.iter().filter_map(|root| {
        let path = resolve_in_root(root, &module.path)?;
        Some(Candidate { path, origin: Origin::Named, root: Some(root.clone()) })
    });
    let named = options
        .binary_dirs
        .iter()
        .flat_map(|dir| suffixes(&module.path).map(|suffix| Candidate::new(dir.join(suffix), Origin::Named)));
    let all_mapped = id.into_iter().flat_map(|id| locator.mapped(id).cloned());
    let listed = id.into_iter().flat_map(|id| locator.listed(id).cloned());
    let dirs = options.binary_dirs.iter().filter(move |_| id.is_some());
    let bundles = dirs.flat_map(|dir| bundled(&dir.join(module.short_name()), None)).map(by_id);
    explicit(locator, module)
        .into_iter()
        .chain(stored)
        .chain(early)
        .chain(mapped)
        .chain(in_roots)
        .chain(named)
        .chain(late)
        .chain(all_mapped)
        .chain(bundles)
        .chain(listed)
}

fn by_id(path: PathBuf) -> Candidate {
    Candidate::new(path, Origin::BuildId)
}

/// What the user named for this module, the one with its build-id first.
fn explicit(locator: &Locator<'_>, module: &Module) -> Vec<Candidate> {
    let mut list = Vec::new();
    for (i, explicit) in locator.explicit.iter().enumerate() {
        let id = explicit.probe.as_ref().ok().and_then(|p| p.build_id.as_deref());
        if id.is_some() && id == module.build_id.as_deref() {
            list.insert(0, Candidate::new(explicit.path.clone(), Origin::BuildId));
        } else if locator.is_named_as(i, module) {
            list.push(Candidate::new(explicit.path.clone(), Origin::Explicit));
        }
    }
    list
}

/// The files of a build-id in all directories that keep files by it.
pub(super) fn stores<'l>(locator: &'l Locator<'l>, id: &'l str) -> impl Iterator<Item = PathBuf> + 'l {
    let options = locator.options;
    let dirs = options.debug_dirs.iter().chain(&options.binary_dirs);
    let direct = dirs.flat_map(|dir| by_build_id(id).map(|name| dir.join(name)));
    // Links in another root lead to places inside it.
    let roots =
        options.sysroots.iter().map(PathBuf::as_path).chain(locator.processes.iter().map(|p| p.root()));
    let inside = roots.flat_map(|root| {
        by_build_id(id)
            .filter_map(|name| resolve_in_root(root, Path::new("usr/lib/debug").join(name).to_str()?))
    });
    direct.chain(inside)
}

/// The names in a directory under which files are kept by build-id. The first two are debuggers' own.
fn by_build_id(id: &str) -> impl Iterator<Item = PathBuf> + use<> {
    // Ids are checked to be hexadecimal where they are read, and again here, as they become a path.
    let plain = id.len() > 2 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (first, rest) = id.split_at_checked(2).unwrap_or(("", ""));
    let kept = Path::new(".build-id").join(first);
    let list = [
        kept.join(rest),
        kept.join(format!("{rest}.debug")),
        Path::new(first).join(format!("{rest}.debug")),
        PathBuf::from(id),
        PathBuf::from(format!("{id}.debug")),
    ];
    list.into_iter().filter(move |_| plain)
}

/// The files in the bundle of debug information that belongs to a Mach-O image (`app.dSYM`) in this root, if it is in one.
pub(super) fn bundled(image: &Path, root: Option<&Path>) -> Vec<PathBuf> {
    /// A bundle holds one file for each image it was made of.
    const MAX_FILES: usize = 64;
    let Some(name) = image.file_name() else { return Vec::new() };
    let mut bundle = name.to_owned();
    bundle.push(".dSYM");
    let dir = inside(root, image.with_file_name(bundle).join("Contents/Resources/DWARF"));
    let Some(Ok(entries)) = dir.map(std::fs::read_dir) else { return Vec::new() };
    let paths = entries.take(MAX_FILES).filter_map(|entry| Some(entry.ok()?.path()));
    let mut list: Vec<PathBuf> = paths.filter_map(|path| inside(root, path)).collect();
    list.sort();
    list
}

pub(super) fn file_name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|n| n.to_str())
}
