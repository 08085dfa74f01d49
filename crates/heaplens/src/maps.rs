//! Mapping lines, as a dump ends with them: which file is where in the address space.
//!
//! Three writers: Linux `/proc/<pid>/maps`, FreeBSD `/proc/curproc/map`, and jemalloc ≥ 5.3.1 on macOS
//! (`start-end: path`, one line an image). Addresses are looked up without any string work.

use crate::error::Warning;
use crate::octal;
use crate::profile::{Mapped, Module, ModuleKind};
use rustc_hash::FxHashMap;

/// The mappings of one process.
#[derive(Clone, Debug, Default)]
pub struct Maps {
    segments: Vec<Segment>,
    modules: Vec<Module>,
    /// Lines that are no mapping.
    pub unreadable: usize,
    /// True if a line names the end of the list (`[stack]`, `[vsyscall]`): modules lie below these addresses, so
    /// none is missing. `[vdso]` is no such end: some kernels map the loader above it.
    pub reaches_stack: bool,
    /// True if a line has Linux' form, where such an end is to be expected.
    pub is_linux: bool,
}

/// An address range of one module.
#[derive(Clone, Copy, Debug)]
struct Segment {
    start: u64,
    end: u64,
    /// File offset of `start` (for modules without a file: `start` itself, so that offsets are addresses).
    offset: u64,
    module: usize,
}

/// One parsed line.
struct Line<'a> {
    start: u64,
    end: u64,
    /// `None` where the system does not say.
    offset: Option<u64>,
    /// Device and inode, where given: tells a replaced file from the one now at its path.
    file_id: &'a [u8],
    path: &'a [u8],
    linux: bool,
}

impl Maps {
    /// Reads mapping lines; what is no mapping line is counted and skipped.
    pub fn parse(text: &[u8]) -> Maps {
        let mut maps = Maps::default();
        let mut known: FxHashMap<(String, bool, Option<String>), usize> = FxHashMap::default();
        let mut first_start: Vec<u64> = Vec::new();
        for line in text.split(|&b| b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let Some(parsed) = parse_line(line) else {
                maps.unreadable += 1;
                continue;
            };
            maps.is_linux |= parsed.linux;
            maps.reaches_stack |= matches!(parsed.path, b"[stack]" | b"[vsyscall]");
            let described = module_of(parsed.path, parsed.file_id);
            // What tells modules apart later must tell them apart here.
            let key = (described.path.clone(), described.deleted, described.file_id.clone());
            let module = *known.entry(key).or_insert_with(|| {
                maps.modules.push(described);
                first_start.push(parsed.start);
                maps.modules.len() - 1
            });
            first_start[module] = first_start[module].min(parsed.start);
            let offset = match maps.modules[module].kind {
                // Without offsets, segments count from the image's first one, as loaders lay them out.
                ModuleKind::File | ModuleKind::Vdso => {
                    parsed.offset.unwrap_or_else(|| parsed.start - first_start[module])
                }
                ModuleKind::Anonymous | ModuleKind::Unmapped => parsed.start,
            };
            maps.segments.push(Segment { start: parsed.start, end: parsed.end, offset, module });
        }
        // All systems list the program itself first: it is mapped below its libraries.
        if let Some(first) = maps.modules.iter_mut().find(|m| m.kind == ModuleKind::File) {
            first.is_main = true;
        }
        maps.segments.sort_by_key(|s| (s.start, s.end));
        maps
    }

    /// The modules that lines named, in their order.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// True if no line was a mapping.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Index of the module at an address, and the offset in it: a file offset for files, an offset from the
    /// mapping's start for `[vdso]`, the address itself for anonymous memory.
    pub fn find(&self, address: u64) -> Option<(usize, u64)> {
        let (module, mapped) = self.find_mapped(address)?;
        Some((module, mapped.offset.wrapping_add(address - mapped.start)))
    }

    /// Index of the module at an address, and the line's own range.
    pub(crate) fn find_mapped(&self, address: u64) -> Option<(usize, Mapped)> {
        let after = self.segments.partition_point(|s| s.start <= address);
        let segment = self.segments[..after].last().filter(|s| address < s.end)?;
        let Segment { start, end, offset, module } = *segment;
        Some((module, Mapped { start, limit: end, offset }))
    }

    /// Says that so many addresses lie in no mapping.
    pub(crate) fn warn_unmapped(&self, addresses: usize) -> Option<Warning> {
        (addresses > 0 && !self.is_empty()).then(|| {
            Warning::new(
                "unmapped",
                format!(
                    "{addresses} addresses lie in no mapping (code that was unloaded?): they have no names"
                ),
            )
        })
    }

    /// Names the program's module by its path, as the trailer tells it.
    pub(crate) fn set_main(&mut self, exe: &str) {
        if self.modules.iter().any(|m| m.path == exe) {
            for module in &mut self.modules {
                module.is_main = module.path == exe;
            }
        }
    }

    /// Adds what the trailer knows of build-ids.
    pub(crate) fn set_build_ids(&mut self, build_id_of: impl Fn(&str) -> Option<String>) {
        for module in &mut self.modules {
            // The kernel has one for `[vdso]` too.
            if matches!(module.kind, ModuleKind::File | ModuleKind::Vdso) {
                module.build_id = build_id_of(&module.path);
            }
        }
    }
}

/// What is missing of mapping lines, `None` where there are none at all.
pub(crate) fn warn_missing(text: Option<&[u8]>) -> Option<Warning> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(Warning::new(
            "no-maps",
            "the dump has no mapping lines (MAPPED_LIBRARIES): it was cut, or the program could not read /proc; addresses cannot be named",
        ));
    };
    let maps = Maps::parse(text);
    if !text.ends_with(b"\n") {
        Some(Warning::new("truncated", "the file ends in the middle of its mapping lines"))
    } else if maps.is_linux && !maps.reaches_stack {
        Some(Warning::new(
            "truncated",
            "the mapping lines end before [stack]: the file was cut, some libraries may be missing",
        ))
    } else {
        None
    }
}

/// What lies under a name in the kernel's list of mappings.
pub(crate) fn kind_of(path: &[u8]) -> ModuleKind {
    match path {
        b"" => ModuleKind::Anonymous,
        b"[vdso]" | b"[vsyscall]" => ModuleKind::Vdso,
        _ if path.starts_with(b"[") => ModuleKind::Anonymous,
        _ => ModuleKind::File,
    }
}

fn module_of(path: &[u8], file_id: &[u8]) -> Module {
    let (path, deleted) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (path, false),
    };
    let kind = kind_of(path);
    let path = if path.is_empty() { b"[anonymous]".to_vec() } else { octal::unescaped(path) };
    let known = kind == ModuleKind::File && !file_id.is_empty();
    let file_id = known.then(|| String::from_utf8_lossy(file_id).into_owned());
    Module { kind, deleted, file_id, ..Module::file(String::from_utf8_lossy(&path)) }
}

fn parse_line(line: &[u8]) -> Option<Line<'_>> {
    parse_freebsd(line).or_else(|| parse_dashed(line))
}

/// `start-end perms offset dev inode path` (Linux) or `start-end: path` (macOS).
fn parse_dashed(line: &[u8]) -> Option<Line<'_>> {
    let (start, rest) = hex(line)?;
    let (end, rest) = hex(rest.strip_prefix(b"-")?)?;
    if end < start {
        return None;
    }
    if let Some(path) = rest.strip_prefix(b": ") {
        return Some(Line { start, end, offset: None, file_id: b"", path, linux: false });
    }
    let (perms, rest) = word(rest.strip_prefix(b" ")?)?;
    if perms.len() < 4 || !perms.iter().all(|b| b"rwxsp-".contains(b)) {
        return None;
    }
    let (offset, rest) = hex(trim_start(rest))?;
    let device_and_inode = trim_start(rest);
    let (_, rest) = word(device_and_inode)?;
    let (_, rest) = word(trim_start(rest))?;
    let file_id = &device_and_inode[..device_and_inode.len() - rest.len()];
    Some(Line { start, end, offset: Some(offset), file_id, path: trim_start(rest), linux: true })
}

/// `0xstart 0xend resident private object perms … type path`, ten or more columns (sys/fs/procfs/procfs_map.c).
fn parse_freebsd(line: &[u8]) -> Option<Line<'_>> {
    let (start, rest) = hex(line.strip_prefix(b"0x")?)?;
    let (end, rest) = hex(trim_start(rest).strip_prefix(b"0x")?)?;
    if end < start {
        return None;
    }
    let mut rest = rest;
    let mut kind: &[u8] = b"";
    // resident, private, object, perms, references, shadows, flags, copy-on-write, needs-copy, type
    for _ in 0..10 {
        (kind, rest) = word(trim_start(rest))?;
    }
    let path = match kind {
        b"vnode" => word(trim_start(rest))?.0,
        _ => b"",
    };
    Some(Line { start, end, offset: None, file_id: b"", path, linux: false })
}

fn hex(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if digits == 0 || digits > 16 {
        return None;
    }
    let value = text[..digits]
        .iter()
        .fold(0u64, |value, &b| value << 4 | u64::from((b as char).to_digit(16).unwrap_or(0)));
    Some((value, &text[digits..]))
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&b| b == b' ' || b == b'\t').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|&&b| b == b' ' || b == b'\t').count();
    &text[spaces..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(maps: &Maps, address: u64) -> Option<(&str, u64)> {
        maps.find(address).map(|(m, o)| (maps.modules()[m].path.as_str(), o))
    }

    #[test]
    fn linux_lines_with_all_their_oddities() {
        let mut maps = Maps::parse(
            b"55d0a0000000-55d0a0001000 r--p 00000000 08:01 42                         /opt/my app/server (deleted)\n\
              55d0a0001000-55d0a0009000 r-xp 00001000 08:01 42                         /opt/my app/server (deleted)\n\
              55d0a1000000-55d0a1100000 rw-p 00000000 00:00 0                          [heap]\n\
              7f0000000000-7f0000010000 r-xp 00000000 00:00 0 \n\
              7f0000020000-7f0000030000 r-xp 00003000 08:01 43                         /lib/odd\\012name.so\n\
              7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                          [vdso]\n\
              7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0                          [stack]\n\
              nonsense\n",
        );
        assert_eq!(at(&maps, 0x55d0a0001234), Some(("/opt/my app/server", 0x1234)));
        assert_eq!(at(&maps, 0x55d0a0009000), None);
        assert_eq!(at(&maps, 0x7f0000000010), Some(("[anonymous]", 0x7f0000000010)));
        assert_eq!(at(&maps, 0x7f0000020010), Some(("/lib/odd\nname.so", 0x3010)));
        assert_eq!(at(&maps, 0x7ffc00000abc), Some(("[vdso]", 0xabc)));
        let server = &maps.modules()[0];
        assert!(server.deleted && server.is_main);
        assert_eq!(maps.modules().iter().filter(|m| m.is_main).count(), 1);
        assert!(maps.reaches_stack && maps.is_linux);
        assert_eq!(maps.unreadable, 1);
        maps.set_build_ids(|path| Some(format!("of {path}")));
        let ids: Vec<_> = maps.modules().iter().filter_map(|m| m.build_id.as_deref()).collect();
        assert_eq!(ids, ["of /opt/my app/server", "of /lib/odd\nname.so", "of [vdso]"]);
    }

    #[test]
    fn a_replaced_file_is_another_module_than_the_one_now_at_its_path() {
        let maps = Maps::parse(
            b"1000-2000 r-xp 00000000 08:01 7 /lib/a.so\n2000-3000 r-xp 00000000 08:01 8 /lib/a.so\n",
        );
        assert_ne!(maps.find(0x1800).map(|f| f.0), maps.find(0x2800).map(|f| f.0));
    }

    #[test]
    fn freebsd_and_macos_lines() {
        let maps = Maps::parse(
            b"0x200000 0x210000 26 0 0xfffff800035a0000 r-- 75 33 0x1004 COW NC vnode /usr/bin/prog NCH -1\n\
              0x210000 0x230000 26 0 0xfffff800035a0000 r-x 75 33 0x1004 COW NC vnode /usr/bin/prog NCH -1\n\
              0x800600000 0x80061a000 2 0 0 rw- 1 0 0x3000 NCOW NNC default - CH 1\n\
              0000000104f3c000-0000000104f70000: /Users/me/My App/server\n",
        );
        assert_eq!(at(&maps, 0x210010), Some(("/usr/bin/prog", 0x10010)));
        assert_eq!(at(&maps, 0x800600010), Some(("[anonymous]", 0x800600010)));
        assert_eq!(at(&maps, 0x104f3c020), Some(("/Users/me/My App/server", 0x20)));
        assert!(!maps.is_linux);
    }

    #[test]
    fn hostile_lines_are_counted_and_harmless() {
        let maps = Maps::parse(b"-\n5-1 r-xp 0 0 0 /x\nffffffffffffffff-ffffffffffffffff r-xp ffffffffffffffff 0 0 /y\n0x 0x\n11111111111111111-2 r\n\xff\xfe");
        assert_eq!(maps.unreadable, 5);
        assert_eq!(maps.find(u64::MAX), None);
        assert_eq!(maps.find(0), None);
    }
}
