//! The rows of a profile's tables.

use super::ids::{FrameId, FunctionId, ModuleId, StackId, StringId};
use crate::seeded::Seeded;
use indexmap::IndexSet;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// A table whose equal rows share an id.
#[derive(Clone, Debug)]
pub(super) struct Interned<T>(IndexSet<T, Seeded>);

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned(IndexSet::default())
    }
}

impl<T: Copy + Eq + Hash> Interned<T> {
    pub(super) fn insert(&mut self, row: T) -> u32 {
        self.0.insert_full(row).0 as u32
    }

    pub(super) fn get(&self, index: u32) -> T {
        self.0[index as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }
}

/// What a module is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModuleKind {
    /// A file: the executable or a shared library.
    File,
    /// The kernel's page of code, `[vdso]` (or the old `[vsyscall]`).
    Vdso,
    /// Executable memory without a file, as a JIT makes it. Offsets are addresses.
    Anonymous,
    /// Addresses outside of every mapping. Offsets are addresses.
    Unmapped,
}

/// What offsets in a module count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Offsets {
    /// Bytes of the file, as mappings do.
    #[default]
    InFile,
    /// Virtual addresses, as the file's own headers and symbol table have them: pprof's writers that know no mapping
    /// tell these.
    Virtual,
}

/// How far the symbols of a module can be believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SymbolState {
    /// Nobody has looked yet.
    #[default]
    NotLooked,
    /// The file has the build-id that the dump names.
    Verified {
        /// The file that was read.
        used: String,
    },
    /// The dump names no build-id, or the file has none: the file is believed for its name alone.
    Unverified {
        /// The file that was read.
        used: String,
    },
    /// No file was there to read; a server that the input came from gave the names.
    Served {
        /// The address that was asked.
        by: String,
    },
    /// A file was found, but it is another build; its names were not used.
    Mismatched {
        /// The file that was found.
        found: String,
        /// That file's build-id.
        found_build_id: String,
    },
    /// No file was found or it could not be read.
    Missing {
        /// Why, and what would help.
        why: String,
    },
}

/// An executable, a library, or memory that is none of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The path that the mappings name, without ` (deleted)` and with octal escapes resolved.
    pub path: String,
    /// The GNU build-id in lower-case hex, where the trailer told it.
    pub build_id: Option<String>,
    /// What it is made of.
    pub kind: ModuleKind,
    /// What its frames' offsets count.
    pub offsets: Offsets,
    /// True if the file was removed or replaced while the program ran.
    pub deleted: bool,
    /// Device and inode as the mappings give them, where they do: tells a file that was deleted later from
    /// the one that replaced it.
    pub file_id: Option<String>,
    /// True for the program itself rather than one of its libraries, as far as the mappings tell.
    pub is_main: bool,
    /// Where the code of its frames was mapped, as far as the input told; of several inputs, as in the first.
    /// Frames do not depend on it.
    pub mapped: Vec<Mapped>,
    /// How far its symbols can be believed.
    pub symbols: SymbolState,
}

/// A part of a module in the address space of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub limit: u64,
    /// The offset in the module, as [`Frame::offset`] counts it, of `start`.
    pub offset: u64,
}

impl Mapped {
    /// The address of an offset in the module, if it lies in this part.
    pub fn address(&self, offset: u64) -> Option<u64> {
        let inside = offset.checked_sub(self.offset)?;
        (inside < self.limit.saturating_sub(self.start)).then(|| self.start + inside)
    }
}

impl Module {
    /// A file known by its path only.
    pub fn file(path: impl Into<String>) -> Module {
        Module {
            path: path.into(),
            build_id: None,
            kind: ModuleKind::File,
            offsets: Offsets::InFile,
            deleted: false,
            file_id: None,
            is_main: false,
            mapped: Vec::new(),
            symbols: SymbolState::NotLooked,
        }
    }

    /// The last part of the path.
    pub fn short_name(&self) -> &str {
        match self.path.rsplit(['/', '\\']).next() {
            Some(name) if !name.is_empty() => name,
            _ => &self.path,
        }
    }

    /// True if an offset means the same code in both: equal build-ids; or, where one is unknown, equal paths,
    /// unless one file was deleted and the other is not the same file.
    pub fn same_code(&self, other: &Module) -> bool {
        if (self.kind, self.offsets) != (other.kind, other.offsets) {
            return false;
        }
        match (&self.build_id, &other.build_id) {
            (Some(a), Some(b)) => a == b,
            _ => {
                let one_file = self.file_id.is_some() && self.file_id == other.file_id;
                self.path == other.path && (self.deleted == other.deleted || one_file)
            }
        }
    }

    /// True if nothing tells the two files apart.
    pub(crate) fn same_file(&self, other: &Module) -> bool {
        (&self.file_id, self.deleted) == (&other.file_id, other.deleted)
    }

    /// Takes over what another description of the same code knows more.
    pub(crate) fn learn(&mut self, other: &Module) {
        if self.build_id.is_none() {
            self.build_id.clone_from(&other.build_id);
        }
        if self.symbols == SymbolState::NotLooked {
            self.symbols = other.symbols.clone();
        }
        self.is_main |= other.is_main;
        self.learn_mapped(&other.mapped);
    }

    /// Takes over parts that only another run had code of. Loaders move a module as a whole, so one part that both
    /// have tells where the others would have been.
    fn learn_mapped(&mut self, theirs: &[Mapped]) {
        if self.mapped.is_empty() {
            self.mapped = theirs.to_vec();
            return;
        }
        let own: FxHashMap<u64, u64> = self.mapped.iter().map(|m| (m.offset, m.start)).collect();
        let start_of = |part: &Mapped| own.get(&part.offset);
        let Some(moved) = theirs.iter().find_map(|m| Some(start_of(m)?.wrapping_sub(m.start))) else {
            return;
        };
        for part in theirs.iter().filter(|part| start_of(part).is_none()) {
            let (start, limit) = (part.start.wrapping_add(moved), part.limit.wrapping_add(moved));
            if start < limit {
                self.mapped.push(Mapped { start, limit, ..*part });
            }
        }
    }
}

/// A function as its symbols name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Function {
    /// The name for people, demangled.
    pub name: StringId,
    /// The name in the symbol table, mangled; equal to `name` where there is no other.
    pub system_name: StringId,
    /// The source file that the debug information names.
    pub file: Option<StringId>,
}

/// A place in the code. Equal offsets in two modules are two frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The module; `None` for frames known by name alone (folded stacks).
    pub module: Option<ModuleId>,
    /// The return address as an offset in the module's file (a place in the file, not a virtual address, unless the
    /// module's [`Offsets`] say so).
    /// The call itself lies before it: symbols are looked up at `offset - 1`.
    pub offset: u64,
    /// 0 for the innermost function at that offset, 1 for the function it was inlined into, and so on.
    pub inline_depth: u32,
    /// True if the function was inlined into the next outer one.
    pub inlined: bool,
    /// The function, once known.
    pub function: Option<FunctionId>,
    /// The source line, 0 if unknown.
    pub line: u32,
    /// The source column, 0 if unknown.
    pub column: u32,
}

impl Frame {
    /// A return address without symbols.
    pub fn at(module: ModuleId, offset: u64) -> Frame {
        Frame {
            module: Some(module),
            offset,
            inline_depth: 0,
            inlined: false,
            function: None,
            line: 0,
            column: 0,
        }
    }

    /// A function without an address.
    pub fn named(function: FunctionId) -> Frame {
        Frame {
            module: None,
            offset: 0,
            inline_depth: 0,
            inlined: false,
            function: Some(function),
            line: 0,
            column: 0,
        }
    }
}

/// A frame and the stack of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StackNode {
    /// The caller; `None` at the root.
    pub parent: Option<StackId>,
    /// The frame.
    pub frame: FrameId,
}

/// A thread of the profiled program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// jemalloc's number for it, unique in its process; equal numbers of several inputs become one thread.
    pub uid: u64,
    /// Its name, where one was set.
    pub name: Option<String>,
}
