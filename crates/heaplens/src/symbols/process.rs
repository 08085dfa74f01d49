//! Files as a local process has them: inside its own root, and those that are no longer at any path.

use super::paths::resolve_in_root;
use crate::maps::Maps;
use crate::profile::{Module, ModuleKind};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// More mappings are not read: the kernel allows 65,530 unless told otherwise.
const MAX_MAPPINGS: usize = 1 << 20;

/// A local process and the files that it maps.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    /// Its root directory, as it can be reached from here.
    root: PathBuf,
    /// The program that it runs, as the mappings name it.
    executable: Option<String>,
    mapped: Vec<Mapped>,
    /// Where it has the kernel's code.
    vdso: Option<Range<u64>>,
    /// Why nothing is known of it.
    pub(super) problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapped {
    /// The name in `map_files`: the kernel gives the very file that is mapped, whatever became of its path.
    range: String,
    /// As seen inside the process's root.
    path: String,
    deleted: bool,
    file_id: Option<String>,
    executable: bool,
}

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// True if the kernel says that this is the mapped file itself.
    pub(super) is_mapped_file: bool,
}

impl Process {
    pub(super) fn read(pid: u32) -> Process {
        let dir = PathBuf::from(format!("/proc/{pid}"));
        let mut process = Process {
            pid,
            root: dir.join("root"),
            executable: None,
            mapped: Vec::new(),
            vdso: None,
            problem: None,
        };
        match std::fs::read(dir.join("maps")) {
            Ok(text) => {
                let outside = dir.join("root").read_link().ok();
                let outside = outside.and_then(|p| p.to_str().map(str::to_owned)).unwrap_or_default();
                process.mapped = mapped(&text, &outside);
                process.vdso = vdso(&text);
                if process.mapped.is_empty() {
                    process.problem =
                        Some("it maps no file: it has ended, or is the kernel's own".to_owned());
                }
                let executable = dir.join("exe").read_link().ok();
                process.executable = executable.and_then(|p| {
                    let text = p.to_str()?;
                    Some(inside(text.strip_suffix(" (deleted)").unwrap_or(text), &outside))
                });
            }
            Err(error) => process.problem = Some(unreadable(pid, &error)),
        }
        process
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// The addresses of its `[vdso]`.
    pub(super) fn vdso(&self) -> Option<Range<u64>> {
        self.vdso.clone()
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the process has the file that a dump calls by this module's name, the surest first.
    pub(super) fn places(&self, module: &Module) -> Vec<Place> {
        let same_name: Vec<&Mapped> = self.mapped.iter().filter(|m| m.path == module.path).collect();
        // A file that was replaced has another inode than the one that the dump names. Devices are not compared: a
        // container that is started again has new ones.
        let inode = |id: &Option<String>| {
            id.as_deref().and_then(|id| id.split_ascii_whitespace().nth(1)).map(str::to_owned)
        };
        let wanted = inode(&module.file_id);
        let same_file =
            |m: &&&Mapped| wanted.is_none() || inode(&m.file_id).is_none() || inode(&m.file_id) == wanted;
        let by_name = same_name.iter().find(same_file).copied();
        // Renamed since: the mappings have the new name.
        let renamed = || self.mapped.iter().find(|m| m.file_id.is_some() && m.file_id == module.file_id);
        let found = by_name.or_else(renamed);
        // With a build-id the reader of the file decides.
        let found = found.or_else(|| same_name.first().copied().filter(|_| module.build_id.is_some()));
        found.map(|mapped| self.places_of(mapped)).unwrap_or_default()
    }

    /// All files with code, each once, for a module that no name leads to.
    pub(super) fn all_places(&self) -> Vec<Place> {
        let mut seen: Vec<&Mapped> = Vec::new();
        for mapped in self.mapped.iter().filter(|m| m.executable) {
            if !seen.iter().any(|s| (&s.path, &s.file_id) == (&mapped.path, &mapped.file_id)) {
                seen.push(mapped);
            }
        }
        seen.into_iter().flat_map(|mapped| self.places_of(mapped)).collect()
    }

    fn places_of(&self, mapped: &Mapped) -> Vec<Place> {
        let dir = PathBuf::from(format!("/proc/{}", self.pid));
        let mut list = Vec::new();
        // What now stands where a deleted file stood is another one.
        if !mapped.deleted {
            let path = resolve_in_root(&self.root, &mapped.path);
            list.extend(path.map(|path| Place { path, is_mapped_file: false }));
        }
        // Needs no more than the right to trace the process, which map_files does on older kernels.
        if self.executable.as_deref() == Some(&mapped.path) {
            list.push(Place { path: dir.join("exe"), is_mapped_file: true });
        }
        list.push(Place { path: dir.join("map_files").join(&mapped.range), is_mapped_file: true });
        list
    }
}

fn unreadable(pid: u32, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound if !cfg!(target_os = "linux") => {
            "processes are only looked into on Linux".to_owned()
        }
        io::ErrorKind::NotFound => "there is no such process".to_owned(),
        io::ErrorKind::PermissionDenied => {
            format!("/proc/{pid}/maps may not be read; run this as its user or as root")
        }
        _ => format!("/proc/{pid}/maps cannot be read: {error}"),
    }
}

/// The files that mapping lines name. `outside` is the path of the process's root as seen from here, which the kernel
/// puts before paths if it is not `/`.
fn mapped(text: &[u8], outside: &str) -> Vec<Mapped> {
    let line = |line: &[u8]| {
        let maps = Maps::parse(line);
        let module = maps.modules().first().filter(|m| m.kind == ModuleKind::File)?;
        let range = range(line)?;
        let range = format!("{:x}-{:x}", range.start, range.end);
        let executable = line.split(|&b| b == b' ').nth(1)?.get(2) == Some(&b'x');
        let (deleted, file_id) = (module.deleted, module.file_id.clone());
        Some(Mapped { range, path: inside(&module.path, outside), deleted, file_id, executable })
    };
    text.split(|&b| b == b'\n').take(MAX_MAPPINGS).filter_map(line).collect()
}

/// The addresses that a mapping line begins with.
fn range(line: &[u8]) -> Option<Range<u64>> {
    let (start, end) = std::str::from_utf8(line.split(|&b| b == b' ').next()?).ok()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some(number(start)?..number(end)?)
}

/// The range of `[vdso]`; none if its pages have come apart, since offsets in a part tell no place in the whole.
fn vdso(text: &[u8]) -> Option<Range<u64>> {
    let lines = text.split(|&b| b == b'\n').take(MAX_MAPPINGS);
    let mut lines = lines.filter(|line| line.ends_with(b" [vdso]"));
    let line = lines.next().filter(|_| lines.next().is_none())?;
    // A file of that name has a device and an inode.
    (Maps::parse(line).modules().first()?.kind == ModuleKind::Vdso).then(|| range(line)).flatten()
}

/// A path as the process itself sees it.
fn inside(path: &str, root: &str) -> String {
    match path.strip_prefix(root.trim_end_matches('/')) {
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &[u8] = b"00400000-00401000 r--p 00000000 fe:00 5 /srv/root/app/server (deleted)\n\
        00401000-00402000 r-xp 00001000 fe:00 5 /srv/root/app/server (deleted)\n\
        7f0000000000-7f0000001000 r-xp 00000000 fe:00 6 /srv/root/lib/a.so\n\
        7f0000002000-7f0000003000 r-xp 00000000 fe:00 7 /srv/root/lib/a.so (deleted)\n\
        7f0000004000-7f0000005000 rw-p 00000000 00:00 0 \n\
        7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0 [stack]\n\
        nonsense\n";

    fn process() -> Process {
        let mapped = mapped(MAPS, "/srv/root");
        let executable = Some("/app/server".to_owned());
        Process { pid: 7, root: "/proc/7/root".into(), executable, mapped, vdso: None, problem: None }
    }

    fn named(path: &str, inode: &str, build_id: Option<&str>) -> Vec<String> {
        let mut module = Module::file(path);
        module.file_id = (!inode.is_empty()).then(|| format!("fe:00 {inode}"));
        module.build_id = build_id.map(str::to_owned);
        process().places(&module).into_iter().map(|place| place.path.display().to_string()).collect()
    }

    #[test]
    fn the_kernels_code_counts_while_it_is_whole() {
        let line = b"7ffc000f0000-7ffc000f2000 r-xp 00000000 00:00 0                          [vdso]\n";
        assert_eq!(vdso(line), Some(0x7ffc_000f_0000..0x7ffc_000f_2000));
        assert_eq!(vdso(MAPS), None);
        assert_eq!(
            vdso(&[&line[..], b"7ffc000f2000-7ffc000f3000 r-xp 00000000 00:00 0 [vdso]\n"].concat()),
            None
        );
        assert_eq!(vdso(b"1000-2000 r-xp 00000000 fe:00 9 /srv/a [vdso]\n"), None);
    }

    #[test]
    fn a_deleted_program_is_had_from_the_kernel() {
        assert_eq!(named("/app/server", "", None), ["/proc/7/exe", "/proc/7/map_files/400000-401000"]);
    }

    #[test]
    fn of_two_files_of_one_name_the_dumps_own_is_meant() {
        assert_eq!(named("/lib/a.so", "7", None), ["/proc/7/map_files/7f0000002000-7f0000003000"]);
        assert_eq!(
            named("/lib/a.so", "6", None).last().unwrap(),
            "/proc/7/map_files/7f0000000000-7f0000001000"
        );
        // Replaced before this process began: not the dump's file, unless its build-id shows that it is.
        assert_eq!(named("/lib/a.so", "8", None), [""; 0]);
        assert_eq!(named("/lib/a.so", "8", Some("abcd")).len(), 1);
    }

    #[test]
    fn a_renamed_file_is_known_by_its_inode() {
        assert_eq!(named("/lib/old.so", "7", None), ["/proc/7/map_files/7f0000002000-7f0000003000"]);
        assert_eq!(named("/lib/old.so", "", None), [""; 0]);
        let all = process().all_places();
        assert_eq!(
            all.iter().filter(|place| place.path.starts_with("/proc/7/map_files")).count(),
            3,
            "{all:?}"
        );
    }

    #[test]
    fn paths_are_those_inside_the_root() {
        assert_eq!(inside("/srv/root/a", "/srv/root"), "/a");
        assert_eq!(inside("/srv/rooter/a", "/srv/root"), "/srv/rooter/a");
        assert_eq!(inside("/a", "/"), "/a");
        assert_eq!(inside("/a", ""), "/a");
    }
}
