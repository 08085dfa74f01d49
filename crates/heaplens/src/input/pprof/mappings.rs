//! Mappings to modules, and addresses to offsets in them.

use super::Reader;
use super::budget;
use super::ids::Ids;
use super::wire::{Fault, Field};
use crate::error::Error;
use crate::maps;
use crate::profile::{Mapped, Module, ModuleId, ModuleKind, Offsets, StringId};
use crate::profile_proto::mapping as field;
use rustc_hash::FxHashMap;

#[derive(Default)]
pub(super) struct Mappings {
    pub(super) ids: Ids,
    pub(super) rows: Vec<Mapping>,
    /// What makes two mappings parts of one module.
    modules: FxHashMap<(StringId, StringId, Offsets), ModuleId>,
}

/// An address range of a module.
#[derive(Clone, Copy)]
pub(super) struct Mapping {
    module: ModuleId,
    start: u64,
    /// The address behind the last; `u64::MAX` if the file does not tell.
    limit: u64,
    /// The offset of `start`.
    offset: u64,
}

impl Mapping {
    /// The module of a call's address, and the offset of what it returns to.
    pub(super) fn place(&self, address: u64) -> Option<(ModuleId, u64)> {
        let inside =
            (self.start..self.limit).contains(&address) || address == self.limit && address == u64::MAX;
        let offset = self.offset.wrapping_add(address.wrapping_sub(self.start));
        inside.then(|| (self.module, offset.saturating_add(1)))
    }
}

/// A mapping as it stands in the file.
#[derive(Default)]
struct Raw {
    start: u64,
    limit: u64,
    offset: u64,
    file: (u64, usize),
    build_id: (u64, usize),
}

impl Mappings {
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'_>,
        count: u64,
        found: Field<'_>,
    ) -> Result<(), Error> {
        let within = |fault: Fault| fault.within(format!("mapping {count}"));
        let raw = self.raw(found).map_err(within)?;
        let (path, build_id) = {
            let text = |(index, at)| reader.strings.bytes(index, at).map_err(within);
            (text(raw.file)?, text(raw.build_id)?)
        };
        reader.budget.charge(budget::MAPPING)?;
        let kind = maps::kind_of(path);
        // Writers without mappings have one of all addresses, which are then those of the file's own headers.
        let is_everything = raw.start == 0 && raw.offset == 0 && matches!(raw.limit, 0 | u64::MAX);
        let offsets =
            if is_everything && kind == ModuleKind::File { Offsets::Virtual } else { Offsets::InFile };
        let Reader { strings, profile, budget, .. } = reader;
        let key = (
            strings.keep(raw.file.0, profile, budget)?,
            strings.keep(raw.build_id.0, profile, budget)?,
            offsets,
        );
        let module = match self.modules.get(&key) {
            Some(&known) => known,
            None => {
                budget.charge(6 * path.len().saturating_add(build_id.len()) + budget::MODULE)?;
                let module = Module { kind, offsets, is_main: count == 1, ..module(path, build_id) };
                let id = profile.add_module(module);
                self.modules.insert(key, id);
                id
            }
        };
        let offset = match kind {
            ModuleKind::File | ModuleKind::Vdso => raw.offset,
            // Memory without a file: offsets are addresses.
            ModuleKind::Anonymous | ModuleKind::Unmapped => raw.start,
        };
        if raw.start < raw.limit && !is_everything {
            let part = Mapped { start: raw.start, limit: raw.limit, offset };
            profile.module_mut(module).mapped.push(part);
        }
        let limit = if raw.limit == 0 { u64::MAX } else { raw.limit };
        self.rows.push(Mapping { module, start: raw.start, limit, offset });
        Ok(())
    }

    fn raw(&mut self, found: Field<'_>) -> Result<Raw, Fault> {
        let (mut raw, mut id) = (Raw::default(), (0, found.at));
        let mut limit_at = found.at;
        let mut part = found.part()?;
        while let Some(inner) = part.next_field()? {
            match inner.number {
                field::ID => id = (inner.number()?, inner.at),
                field::MEMORY_START => raw.start = inner.number()?,
                field::MEMORY_LIMIT => (raw.limit, limit_at) = (inner.number()?, inner.at),
                field::FILE_OFFSET => raw.offset = inner.number()?,
                field::FILENAME => raw.file = (inner.number()?, inner.at),
                field::BUILD_ID => raw.build_id = (inner.number()?, inner.at),
                _ => {}
            }
        }
        self.ids.add(id.0, id.1)?;
        // Where no end is told, 0 stands.
        if raw.limit != 0 && raw.limit < raw.start {
            let found = format!("the end {:#x} before the start {:#x}", raw.limit, raw.start);
            return Err(Fault::new(limit_at, found, "an end behind it"));
        }
        Ok(raw)
    }
}

fn module(path: &[u8], build_id: &[u8]) -> Module {
    let path = if path.is_empty() { b"[anonymous]" } else { path };
    let (path, deleted) = match path.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (path, false),
    };
    // Go has ids of its own kind where there is no other.
    let is_hex = build_id.len() >= 8 && build_id.iter().all(u8::is_ascii_hexdigit);
    let build_id = is_hex.then(|| String::from_utf8_lossy(build_id).to_ascii_lowercase());
    Module { build_id, deleted, ..Module::file(String::from_utf8_lossy(path)) }
}
