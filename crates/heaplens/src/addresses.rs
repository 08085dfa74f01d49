//! Addresses of one run to frames: a place in the code is module and offset, and perhaps the input names it itself.

use crate::error::Error;
use crate::input::budget::{self, Budget};
use crate::maps::Maps;
use crate::out::escape;
use crate::profile::{Frame, FrameId, Function, Module, ModuleId, ModuleKind, Profile, StackId};
use crate::seeded::{Seeded, SeededMap};
use std::cell::RefCell;
use std::collections::HashSet;

/// More functions than that no compiler inlines into one another.
const MOST_NAMES: usize = 4096;

/// Names that an input gives to addresses, as jeprof writes them: the functions of one place, the outermost first,
/// separated by `--`. A leaf stands under its own address, a caller under the one before.
#[derive(Debug)]
pub(crate) struct Symbols<'a> {
    names: SeededMap<u64, &'a [u8]>,
    /// For the frames that names add to stacks; the error once they cost more.
    left: RefCell<Result<Budget, Error>>,
}

impl Default for Symbols<'_> {
    fn default() -> Self {
        Symbols::new(0)
    }
}

impl<'a> Symbols<'a> {
    /// None yet, of a file of so many bytes.
    pub(crate) fn new(file: usize) -> Symbols<'a> {
        Symbols { names: SeededMap::default(), left: RefCell::new(Ok(Budget::new(file))) }
    }

    pub(crate) fn add(&mut self, address: u64, names: &'a [u8]) {
        self.names.insert(address, names);
    }

    /// Fails if stacks were to become longer than the file deserves: they are without names then.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.left.borrow().as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// False if so many frames more are too many.
    fn charge(&self, frames: usize) -> bool {
        let mut left = self.left.borrow_mut();
        if let Err(error) = left.as_mut().map_or(Ok(()), |left| left.charge(frames * budget::NODE)) {
            *left = Err(error);
        }
        left.is_ok()
    }

    /// The functions at a return address, the outermost first. Some writers count back at leaves too, others never.
    fn of(&self, address: u64, is_leaf: bool) -> Option<Vec<String>> {
        if self.names.is_empty() {
            return None;
        }
        let (own, before) = (address, address.wrapping_sub(1));
        let [first, second] = if is_leaf { [own, before] } else { [before, own] };
        // A server answers `??`, or the address, for what it does not know.
        let is_name = |text: &&&[u8]| **text != b"??" && !text.starts_with(b"0x");
        let named = |address: u64| self.names.get(&address).filter(is_name);
        let text = String::from_utf8_lossy(named(first).or_else(|| named(second))?);
        let names = text.split("--").filter(|name| !name.is_empty()).take(MOST_NAMES);
        let names: Vec<String> = names.map(|name| escape::decoded(name).into_owned()).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// Turns addresses into frames, each distinct address once.
pub(crate) struct Addresses<'a> {
    maps: &'a Maps,
    symbols: &'a Symbols<'a>,
    modules: Vec<ModuleId>,
    outside: Option<ModuleId>,
    known: SeededMap<u64, FrameId>,
    /// The frames of what the input names, the outermost first, by address and whether it is a leaf.
    named: SeededMap<(u64, bool), Option<Box<[FrameId]>>>,
    /// Starts of the mappings that code was met in.
    met: HashSet<u64, Seeded>,
    frames: Vec<FrameId>,
    /// Nameless addresses outside of all mappings.
    pub(crate) unmapped: usize,
}

impl<'a> Addresses<'a> {
    pub(crate) fn new(maps: &'a Maps, symbols: &'a Symbols<'a>, profile: &mut Profile) -> Addresses<'a> {
        Addresses {
            maps,
            symbols,
            modules: maps.modules().iter().map(|m| profile.add_module(m.clone())).collect(),
            outside: None,
            known: SeededMap::default(),
            named: SeededMap::default(),
            met: HashSet::default(),
            frames: Vec::new(),
            unmapped: 0,
        }
    }

    /// The stack of return addresses, the innermost first.
    pub(crate) fn stack(&mut self, addresses: &[u64], profile: &mut Profile) -> Option<StackId> {
        let symbols = self.symbols;
        let mut frames = std::mem::take(&mut self.frames);
        frames.clear();
        for (i, &address) in addresses.iter().enumerate().rev() {
            match self.named(address, i == 0, profile) {
                Some(named) if symbols.charge(named.len()) => frames.extend_from_slice(named),
                _ => frames.push(self.frame(address, profile)),
            }
        }
        let stack = profile.add_stack_from_root(frames.iter().copied());
        self.frames = frames;
        stack
    }

    fn named(&mut self, address: u64, is_leaf: bool, profile: &mut Profile) -> Option<&[FrameId]> {
        if self.symbols.names.is_empty() {
            return None;
        }
        let key = (address, is_leaf);
        if !self.named.contains_key(&key) {
            let frames = self.symbols.of(address, is_leaf).map(|names| {
                let place = self.place(address, profile);
                let count = names.len() as u32;
                let frame = |(i, name): (usize, &String)| {
                    let name = profile.intern(name);
                    let function = profile.add_function(Function { name, system_name: name, file: None });
                    let inlined = i > 0;
                    let inline_depth = count - 1 - i as u32;
                    profile.add_frame(Frame { function: Some(function), inlined, inline_depth, ..place })
                };
                names.iter().enumerate().map(frame).collect()
            });
            self.named.insert(key, frames);
        }
        self.named.get(&key)?.as_deref()
    }

    fn frame(&mut self, address: u64, profile: &mut Profile) -> FrameId {
        if let Some(&id) = self.known.get(&address) {
            return id;
        }
        let frame = self.place(address, profile);
        self.unmapped += usize::from(frame.module == self.outside);
        let id = profile.add_frame(frame);
        self.known.insert(address, id);
        id
    }

    fn place(&mut self, address: u64, profile: &mut Profile) -> Frame {
        // A call at the very end of a mapping returns to the first byte behind it: look where the call is.
        let call = address.wrapping_sub(1);
        let Some((module, mapped)) = self.maps.find_mapped(call) else {
            let outside = *self.outside.get_or_insert_with(|| {
                profile.add_module(Module { kind: ModuleKind::Unmapped, ..Module::file("[unmapped]") })
            });
            return Frame::at(outside, address);
        };
        let module = self.modules[module];
        if self.met.insert(mapped.start) {
            profile.module_mut(module).mapped.push(mapped);
        }
        let offset = mapped.offset.wrapping_add(call - mapped.start);
        Frame::at(module, offset.wrapping_add(1))
    }
}
