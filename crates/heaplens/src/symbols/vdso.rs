//! Names in `[vdso]`, the code that the kernel maps into each process. No file has it; the memory of a process has.
//!
//! It is the running kernel's, so it is the same in all processes of one architecture until the machine is started
//! again. The build-id, where the dump has it, shows whether the dump is of that kernel.

use super::bytes::{Bytes, Damage, Result};
use super::chains::{Chains, RawPlace};
use super::object::ObjectFile;
use super::probe::hex;
use super::process::Process;
use super::{Options, Resolution, module, segments, symtab};
use crate::profile::{Module, ModuleKind, SymbolState};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Kernels map two to four pages of at most 16 KiB; what claims more is not read.
const MAX_BYTES: u64 = 64 << 10;

/// Names from the first of the processes whose `[vdso]` is the module's; `None` if it is another module, or no process
/// is named. `lookups` are offsets from the mapping's start.
pub(super) fn resolve(
    module: &Module,
    lookups: &[u64],
    processes: &[Process],
    options: &Options,
) -> Option<Resolution> {
    // The old [vsyscall] is of that kind too and has no symbols.
    if module.kind != ModuleKind::Vdso || module.path != "[vdso]" {
        return None;
    }
    let mut failure = None;
    for process in processes {
        // The reader promises not to panic; and a process decides itself what its memory holds.
        let read = catch_unwind(AssertUnwindSafe(|| read(process, lookups)));
        let read = read.unwrap_or_else(|_| Err(Damage::new("its symbol table is damaged")));
        let place = format!("[vdso] of process {}", process.pid());
        let state = match read {
            Err(why) => SymbolState::Missing { why: format!("{place}: {why}") },
            Ok((chains, found)) => match (&module.build_id, found) {
                (Some(wanted), Some(found)) if *wanted != found => {
                    SymbolState::Mismatched { found: place, found_build_id: found }
                }
                (wanted, found) => {
                    let sure = wanted.is_some() && found.is_some();
                    let state = if sure {
                        SymbolState::Verified { used: place }
                    } else {
                        SymbolState::Unverified { used: place }
                    };
                    let mut result = Resolution::unknown(state);
                    result.places = module::places(&mut result, &chains, module::Nameless::Dropped, options);
                    return Some(result);
                }
            },
        };
        failure.get_or_insert(state);
    }
    failure.map(Resolution::unknown)
}

/// What a process's `[vdso]` knows of places in it, and its build-id.
fn read(process: &Process, lookups: &[u64]) -> Result<(Chains, Option<String>)> {
    let range = process.vdso().ok_or_else(|| Damage::new("it has none"))?;
    let file = ObjectFile::parse(&Bytes::of_memory(memory(process.pid(), range)?))?;
    let (segments, _) = segments::with_layout(&file);
    let mut wanted: Vec<(u64, usize)> = lookups
        .iter()
        .enumerate()
        .filter_map(|(at, &lookup)| Some((segments::address(&segments, lookup)?, at)))
        .collect();
    wanted.sort_unstable();
    let addresses: Vec<u64> = wanted.iter().map(|&(address, _)| address).collect();
    let mut chains = Chains::new(lookups.len());
    for (name, (_, at)) in symtab::names(&file, &addresses, |_| {}).iter().zip(wanted) {
        let place = name.as_deref().map(|name| RawPlace { name, ..RawPlace::default() });
        chains.set(at, place);
    }
    Ok((chains, file.build_id().map(|id| hex(&id))))
}

#[cfg(target_os = "linux")]
fn memory(pid: u32, range: Range<u64>) -> Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let len = range.end.checked_sub(range.start).filter(|len| (1..=MAX_BYTES).contains(len));
    let len = len.ok_or_else(|| Damage::new("no kernel's is of its size"))?;
    let path = format!("/proc/{pid}/mem");
    let unreadable = |error: std::io::Error| {
        Damage(format!("{path} cannot be read ({error}); that takes its user, or root"))
    };
    let mut bytes = vec![0; len as usize];
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    file.read_exact_at(&mut bytes, range.start).map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(not(target_os = "linux"))]
fn memory(_: u32, _: Range<u64>) -> Result<Vec<u8>> {
    Err(Damage::new("processes are only looked into on Linux"))
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::Maps;
    use object::{Object, ObjectSymbol};

    /// This process's own, as its symbol table has it: offsets of names.
    fn own() -> (Module, Vec<(String, u64)>) {
        let maps = Maps::parse(&std::fs::read("/proc/self/maps").unwrap());
        let module = maps.modules().iter().find(|m| m.path == "[vdso]").expect("the kernel maps it").clone();
        let process = Process::read(std::process::id());
        let bytes = memory(process.pid(), process.vdso().unwrap()).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let functions = file.dynamic_symbols().filter(|s| s.is_definition() && s.size() > 0);
        // Linked at 0, so addresses are offsets.
        (module, functions.map(|s| (s.name().unwrap().to_owned(), s.address())).collect())
    }

    fn look(module: &Module, lookups: &[u64]) -> Resolution {
        let options = Options::default();
        let processes = [Process::read(std::process::id())];
        resolve(module, lookups, &processes, &options).unwrap()
    }

    #[test]
    fn this_process_has_names_for_it() {
        let (module, functions) = own();
        let (_, offset) = functions.iter().find(|(name, _)| name.ends_with("clock_gettime")).unwrap();
        // Behind the last function there is nothing.
        let found = look(&module, &[*offset + 1, 0, MAX_BYTES + 1]);
        let used = format!("[vdso] of process {}", std::process::id());
        assert_eq!(found.state, SymbolState::Unverified { used });
        let names: Vec<Vec<&str>> = found
            .places
            .iter()
            .map(|chain| {
                chain.iter().map(|place| found.named(place.function).unwrap().name.as_str()).collect()
            })
            .collect();
        assert!(matches!(names[0][..], [name] if name.ends_with("clock_gettime")), "{names:?}");
        assert_eq!(names[1..], [vec![""; 0], vec![]]);
    }

    #[test]
    fn a_build_id_decides_where_the_dump_has_it() {
        let (module, functions) = own();
        let (_, found) = read(&Process::read(std::process::id()), &[]).unwrap();
        let found = found.expect("kernels' linkers write one");
        let mut of = Module { build_id: Some(found.clone()), ..module };
        assert!(matches!(look(&of, &[functions[0].1]).state, SymbolState::Verified { .. }));
        of.build_id = Some("0123456789abcdef".to_owned());
        let other = look(&of, &[functions[0].1]);
        assert!(
            matches!(&other.state, SymbolState::Mismatched { found_build_id, .. } if *found_build_id == found)
        );
        assert!(other.places.is_empty());
    }

    #[test]
    fn other_modules_and_other_sizes_are_left_alone() {
        let options = Options::default();
        let processes = [Process::read(std::process::id())];
        let (vdso, _) = own();
        let vsyscall = Module { path: "[vsyscall]".to_owned(), ..vdso.clone() };
        assert!(resolve(&vsyscall, &[1], &processes, &options).is_none());
        assert!(resolve(&Module::file("[vdso]"), &[1], &processes, &options).is_none());
        assert!(resolve(&vdso, &[1], &[], &options).is_none());
        for range in [0..0, Range { start: 8, end: 4 }, 0x1000..0x1000 + MAX_BYTES + 1] {
            assert!(memory(std::process::id(), range).unwrap_err().0.contains("size"));
        }
        // Nothing is mapped there.
        assert!(memory(std::process::id(), 0..4096).unwrap_err().0.contains("cannot be read"));
    }
}
