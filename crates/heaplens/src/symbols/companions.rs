//! What belongs to an image: its debug file, the file that debug files share, the package of split units.

use super::candidates::{Candidate, bundled, file_name, stores};
use super::checksum;
use super::fetch::{Wanted, fetched};
use super::lineless::Lacking;
use super::locate::Locator;
use super::paths::{inside, resolve_in_root, suffixes};
use super::probe::{Probe, probe};
use crate::profile::Module;
use std::path::{Path, PathBuf};

/// An image and the directories that count as its own.
pub(super) struct Home<'a> {
    locator: &'a Locator<'a>,
    image: &'a Path,
    /// Real directories: those of the image.
    beside: Vec<PathBuf>,
    /// The same as the profiled system calls them, without the leading `/`.
    names: Vec<PathBuf>,
    /// What the profiled system calls the image.
    recorded: Option<PathBuf>,
    /// The `/` of the profiled system, if it is another one than ours.
    root: Option<&'a Path>,
}

impl<'a> Home<'a> {
    pub(super) fn new(
        locator: &'a Locator<'a>,
        candidate: &'a Candidate,
        module: Option<&Module>,
    ) -> Home<'a> {
        let image = candidate.path.as_path();
        let root = candidate.root.as_deref().or_else(|| locator.root_of(image));
        let recorded = module.and_then(|module| suffixes(&module.path).next());
        let recorded_dir = recorded.as_deref().and_then(Path::parent).map(Path::to_owned);
        let mut beside: Vec<PathBuf> = image.parent().map(Path::to_owned).into_iter().collect();
        let mut names: Vec<PathBuf> = Vec::new();
        match root {
            Some(root) => {
                // Not those of `/proc/PID/exe`.
                beside.retain(|dir| dir.starts_with(root));
                names.extend(beside.iter().filter_map(|dir| Some(dir.strip_prefix(root).ok()?.to_owned())));
                beside.extend(recorded_dir.iter().filter_map(|dir| inside(Some(root), root.join(dir))));
            }
            // Directories of build-ids hold links to where the files are.
            None => {
                let real = image.canonicalize().ok();
                beside.extend(real.as_deref().and_then(Path::parent).map(Path::to_owned));
                names.extend(beside.iter().filter_map(|dir| suffixes(&dir.to_string_lossy()).next()));
            }
        }
        names.extend(recorded_dir);
        dedup(&mut beside);
        dedup(&mut names);
        Home { locator, image, beside, names, recorded, root }
    }

    /// Where a path leads to; `None` if it is in another root and leads nowhere there.
    fn place(&self, path: PathBuf) -> Option<PathBuf> {
        inside(self.locator.root_of(&path), path)
    }

    /// The file with the debug information of the image, and its headers.
    ///
    /// # Errors
    /// What was not found, if the image names it and nothing else is said of it.
    pub(super) fn debug_file(
        &self,
        of: &Probe,
        notes: &mut Vec<String>,
    ) -> Result<(PathBuf, Probe), Option<Lacking>> {
        if of.has_dwarf {
            return Ok((self.image.to_owned(), of.clone()));
        }
        let id = of.build_id.as_deref();
        if let Some(id) = id {
            let explicit = self.locator.explicit.iter().map(|e| e.path.clone());
            let bundles = if of.is_macho { self.bundles() } else { Vec::new() };
            let listed = std::iter::once(id).flat_map(|id| self.locator.listed(id));
            let listed = listed.map(|found| found.path.clone());
            let fits = |path: PathBuf| {
                let found = probe(&path, Some(id)).ok().filter(|_| path != self.image)?;
                (found.has_dwarf && found.build_id.as_deref() == Some(id)).then_some((path, found))
            };
            if let Some(found) =
                explicit.chain(stores(self.locator, id)).chain(bundles).chain(listed).find_map(fits)
            {
                return Ok(found);
            }
        }
        let linked = of.debuglink.as_ref().map_or(Ok(None), |(name, crc)| self.linked(name, *crc, id));
        let file = of.debuglink.as_ref().map(|(name, _)| name.clone());
        let mut lacking =
            (file.is_some() || id.is_some()).then(|| Lacking { file, build_id: of.build_id.clone() });
        match linked {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(refused) => {
                notes.push(refused);
                lacking = None;
            }
        }
        let fetch = self.locator.options.fetch.as_deref();
        let found = id.and_then(|id| fetched(fetch, Wanted::DebugInfo, id, notes));
        found.filter(|(_, found)| found.has_dwarf).ok_or(lacking)
    }

    /// The file that `.gnu_debuglink` names, believed for its build-id, or for its checksum where one of the two has none.
    ///
    /// # Errors
    /// Says what was found and is not believed.
    fn linked(&self, name: &str, crc: u32, id: Option<&str>) -> Result<Option<(PathBuf, Probe)>, String> {
        let mut refused = None;
        for path in self.link_places(name) {
            let Ok(found) = probe(&path, id) else { continue };
            if path == self.image || !found.has_dwarf {
                continue;
            }
            let why = match (&found.build_id, id) {
                (Some(found), Some(id)) if found != id => {
                    Err("its build-id is another build's; it was not used".to_owned())
                }
                // Surer than any checksum, and known without reading the file.
                (Some(_), Some(_)) => Ok(()),
                _ => match checksum::fits(&path, crc, self.locator.options.cache.as_ref()) {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(format!(
                        "its checksum differs from the one that {} names; it was not used",
                        self.image.display()
                    )),
                    Err(damage) => Err(damage.to_string()),
                },
            };
            match why {
                Ok(()) => return Ok(Some((path, found))),
                Err(why) => refused.get_or_insert(format!("found {}, but {why}", path.display())),
            };
        }
        refused.map_or(Ok(None), Err)
    }

    /// A path without links. Those of another root are followed already, and mean something else here.
    fn real(&self, path: &Path) -> Option<PathBuf> {
        let ours = self.root.is_none() && self.locator.root_of(path).is_none();
        if ours { path.canonicalize().ok() } else { None }
    }

    fn link_places(&self, name: &str) -> Vec<PathBuf> {
        let options = self.locator.options;
        let explicit = self.locator.explicit.iter().map(|explicit| &explicit.path);
        let mut list: Vec<PathBuf> = explicit.filter(|path| file_name(path) == Some(name)).cloned().collect();
        for dir in &self.beside {
            list.extend([dir.join(name), dir.join(".debug").join(name)]);
        }
        for dir in &options.debug_dirs {
            list.extend(self.names.iter().map(|n| dir.join(n).join(name)));
        }
        if let Some(root) = self.root {
            let dir = root.join("usr/lib/debug");
            list.extend(self.names.iter().map(|n| dir.join(n).join(name)));
        }
        list.extend(options.debug_dirs.iter().chain(&options.binary_dirs).map(|d| d.join(name)));
        let mut list: Vec<PathBuf> = list.into_iter().filter_map(|path| self.place(path)).collect();
        dedup(&mut list);
        list
    }

    fn bundles(&self) -> Vec<PathBuf> {
        let Some(name) = self.image.file_name() else { return Vec::new() };
        let options = self.locator.options;
        let dirs = self.beside.iter().chain(&options.binary_dirs).chain(&options.debug_dirs);
        dirs.flat_map(|dir| bundled(&dir.join(name), self.locator.root_of(dir))).collect()
    }

    /// The file that `.gnu_debugaltlink` of the debug information names, believed for its build-id.
    pub(super) fn supplementary(
        &self,
        dwarf: &Path,
        path: &str,
        id: &str,
        notes: &mut Vec<String>,
    ) -> Option<PathBuf> {
        let mut other = None;
        for place in self.shared_places(dwarf, path, id) {
            let Ok(found) = probe(&place, Some(id)) else { continue };
            if found.build_id.as_deref() == Some(id) {
                return Some(place);
            }
            if place.file_name() == Path::new(path).file_name() {
                other.get_or_insert(place);
            }
        }
        let fetch = self.locator.options.fetch.as_deref();
        if let Some((place, _)) = fetched(fetch, Wanted::DebugInfo, id, notes) {
            return Some(place);
        }
        let what = match other {
            Some(place) => format!("{} is another build (wanted is build-id {id})", place.display()),
            None => format!("{path} (build-id {id}) was not found"),
        };
        notes.push(format!(
            "{} shares debug information with a file that is missing: {what}; what is named there stays unknown; give its \
             directory with --debug-dir",
            dwarf.display()
        ));
        None
    }

    fn shared_places(&self, dwarf: &Path, path: &str, id: &str) -> Vec<PathBuf> {
        let options = self.locator.options;
        let mut list: Vec<PathBuf> = self.locator.explicit.iter().map(|e| e.path.clone()).collect();
        if path.starts_with('/') {
            let root = self.root.or_else(|| self.locator.root_of(dwarf));
            list.extend(root.and_then(|root| resolve_in_root(root, path)));
            if root.is_none() && options.recorded_paths.may_open(Some(id)) {
                list.push(PathBuf::from(path));
            }
        } else {
            list.extend(dwarf.parent().and_then(|dir| self.place(dir.join(path))));
            list.extend(self.real(dwarf).and_then(|real| Some(real.parent()?.join(path))));
        }
        // Distributions keep these files in one directory, `.dwz`, whatever the link says.
        let names: Vec<PathBuf> = suffixes(path).collect();
        let name = names.last().cloned().unwrap_or_default();
        let below = path.rsplit_once("/.dwz/").and_then(|(_, rest)| suffixes(rest).next());
        for dir in options.debug_dirs.iter().chain(&options.binary_dirs) {
            list.extend(below.iter().map(|rest| dir.join(".dwz").join(rest)));
            list.extend([dir.join(".dwz").join(&name), dir.join(&name)]);
        }
        list.extend(stores(self.locator, id));
        dedup(&mut list);
        list
    }

    /// The package of split debug information: `app.dwp` for `app`, `app.debug.dwp` or `app.dwp` for `app.debug`, beside
    /// the image or its debug file, or in the directories that the user names. Units are known by their own ids, so one
    /// of another build has none that fit.
    pub(super) fn package(&self, dwarf: &Path, notes: &mut Vec<String>) -> Option<PathBuf> {
        let options = self.locator.options;
        let real = [self.real(dwarf), self.real(self.image)];
        let real = || real.iter().flatten().map(PathBuf::as_path);
        // A deleted program's own file has no name of its own.
        let files = [dwarf, self.image].into_iter().chain(real()).chain(self.recorded.as_deref());
        let mut names: Vec<PathBuf> = files.flat_map(package_names).collect();
        dedup(&mut names);
        let dirs = dwarf.parent().into_iter().chain(self.beside.iter().map(PathBuf::as_path));
        let dirs = dirs.chain(real().filter_map(Path::parent));
        let named = options.binary_dirs.iter().chain(&options.debug_dirs).map(PathBuf::as_path);
        let dirs: Vec<&Path> = dirs.chain(named).collect();
        let all = names.iter().flat_map(|name| dirs.iter().map(move |dir| dir.join(name)));
        let mut list: Vec<PathBuf> = all.filter_map(|path| self.place(path)).collect();
        dedup(&mut list);
        for path in list {
            match path.metadata() {
                Ok(meta) if meta.is_file() => return Some(path),
                // Opening it might never end.
                Ok(_) => notes.push(format!("{} is not a regular file; it was not used", path.display())),
                Err(_) => {}
            }
        }
        None
    }
}

fn package_names(file: &Path) -> Vec<PathBuf> {
    let Some(name) = file.file_name() else { return Vec::new() };
    let mut appended = name.to_owned();
    appended.push(".dwp");
    let mut list = vec![PathBuf::from(appended), Path::new(name).with_extension("dwp")];
    dedup(&mut list);
    list
}

/// Leaves out repetitions; the order stays.
fn dedup(list: &mut Vec<PathBuf>) {
    let mut seen = std::collections::BTreeSet::new();
    list.retain(|path| seen.insert(path.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Options;
    use object::write::Object as Out;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};

    /// A file with debug information.
    fn program(path: &Path) {
        let mut out = Out::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let section = out.add_section(Vec::new(), b".debug_info".to_vec(), SectionKind::Debug);
        out.append_section_data(section, &[0; 16], 1);
        std::fs::write(path, out.write().unwrap()).unwrap();
    }

    fn package_of(path: &Path, options: &Options) -> Option<PathBuf> {
        let locator = Locator::new(options, &[]);
        locator.files_of(path).unwrap().package
    }

    #[test]
    fn a_package_lies_beside_the_debug_information() {
        let dir = tempfile::tempdir().unwrap();
        let named = |name: &str| dir.path().join(name);
        let options = Options::default();
        for (file, names) in [("app", &["app.dwp"][..]), ("lib.so", &["lib.so.dwp", "lib.dwp"])] {
            program(&named(file));
            assert_eq!(package_of(&named(file), &options), None);
            for name in names.iter().rev() {
                std::fs::write(named(name), "DWP").unwrap();
                assert_eq!(package_of(&named(file), &options), Some(named(name)));
            }
        }
        std::fs::create_dir(named("store")).unwrap();
        std::fs::rename(named("app.dwp"), named("store/app.dwp")).unwrap();
        assert_eq!(package_of(&named("app"), &options), None);
        let options = Options { binary_dirs: vec![named("store")], ..Options::default() };
        assert_eq!(package_of(&named("app"), &options), Some(named("store/app.dwp")));
    }

    #[cfg(unix)]
    #[test]
    fn a_package_lies_beside_what_a_link_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        let real = dir.path().canonicalize().unwrap().join("real/app");
        program(&real);
        std::fs::write(real.with_extension("dwp"), "DWP").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(package_of(&link, &Options::default()), Some(real.with_extension("dwp")));
    }
}
