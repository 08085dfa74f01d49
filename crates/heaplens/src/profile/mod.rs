//! The one type: stacks with values.
//!
//! Every input becomes a [`Profile`], every view and output starts from one, and everything in between
//! (symbols, filters, differences) is a function from `Profile` to `Profile`.
//!
//! Tables and typed indices, as profilers store them: a stack is a tree node `(parent, frame)`, so that
//! stacks share their callers; a frame names a place by module and offset, so that it means the same in
//! another run of the same build.

mod granularity;
mod ids;
mod stacks;
mod tables;
mod values;

pub use granularity::Granularity;
pub use ids::{FrameId, FunctionId, ModuleId, StackId, StringId, ThreadId};
pub use tables::{Frame, Function, Mapped, Module, ModuleKind, Offsets, StackNode, SymbolState, Thread};
pub use values::{Amount, SampleType, Values};

use std::borrow::Cow;

use crate::error::Warning;
use crate::seeded::SeededMap;
use crate::trailer::Trailer;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use stacks::Stacks;
use tables::Interned;

/// A stack of one thread (or of all together) and what it allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The innermost frame's node; `None` for memory without any frame.
    pub stack: Option<StackId>,
    /// The thread, where the profile keeps threads apart.
    pub thread: Option<ThreadId>,
    /// Unsampled values; all four ≥ 0, or all four ≤ 0 for the base of a difference.
    pub values: Values,
}

/// Facts about the run, as far as the input told them.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// Average bytes between two samples (2^lg_prof_sample); `None` if the values are not estimates.
    /// For sums of several inputs the largest of their rates.
    pub rate: Option<u64>,
    /// True if `alloc_*` was measured (`prof_accum:true`).
    pub has_alloc: bool,
    /// True if objects were counted (folded stacks, and pprof of some writers, have bytes alone).
    pub has_objects: bool,
    /// True for a difference: values have a sign.
    pub is_diff: bool,
    /// What the writer said about itself (see [`crate::trailer`]), of the last input that did.
    pub trailer: Option<Trailer>,
    /// What a pprof file said in comments that nothing else here says.
    pub comments: Vec<String>,
    /// What names of frames stand for (see [`crate::group`]).
    pub granularity: Granularity,
}

impl Meta {
    /// True if a type was measured, as far as the flags tell.
    pub fn has(&self, sample_type: SampleType) -> bool {
        let is_alloc = matches!(sample_type, SampleType::AllocObjects | SampleType::AllocSpace);
        (self.has_alloc || !is_alloc) && (self.has_objects || sample_type.is_bytes())
    }

    /// What was measured, in pprof's order.
    pub fn sample_types(&self) -> Vec<SampleType> {
        SampleType::ALL.into_iter().filter(|t| self.has(*t)).collect()
    }
}

/// Stacks, the code they name, and unsampled values.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    strings: IndexSet<Box<str>, FxBuildHasher>,
    modules: Vec<Module>,
    /// What each module is called in names of frames: two of one name must not merge.
    labels: Vec<String>,
    named: FxHashMap<String, u32>,
    by_build_id: FxHashMap<String, Vec<ModuleId>>,
    by_path: FxHashMap<String, Vec<ModuleId>>,
    functions: Interned<Function>,
    frames: Interned<Frame>,
    stacks: Stacks,
    threads: Vec<Thread>,
    /// The first thread of each uid.
    by_uid: SeededMap<u64, ThreadId>,
    by_uid_and_name: SeededMap<(u64, StringId), ThreadId>,
    samples: Vec<Sample>,
    /// Facts about the run.
    pub meta: Meta,
    /// What is missing or doubtful; shown beside every result.
    pub warnings: Vec<Warning>,
}

impl Profile {
    /// An empty profile.
    pub fn new(meta: Meta) -> Profile {
        Profile { meta, ..Profile::default() }
    }

    /// The id of a string, added if it is new.
    pub fn intern(&mut self, text: &str) -> StringId {
        if let Some(index) = self.strings.get_index_of(text) {
            return StringId(index as u32);
        }
        StringId(self.strings.insert_full(text.into()).0 as u32)
    }

    /// The text of an id.
    pub fn string(&self, id: StringId) -> &str {
        &self.strings[id.index()]
    }

    /// Adds a module. Use [`Profile::module_like`] first to share one between inputs.
    pub fn add_module(&mut self, module: Module) -> ModuleId {
        let id = ModuleId(self.modules.len() as u32);
        let name = module.short_name();
        let same_name = self.named.entry(name.to_owned()).or_default();
        *same_name += 1;
        self.labels.push(match (*same_name, &module.build_id) {
            (1, _) => name.to_owned(),
            (_, Some(build_id)) => format!("{name}[{}]", build_id.get(..8).unwrap_or(build_id)),
            (count, None) => format!("{name}#{count}"),
        });
        if let Some(build_id) = &module.build_id {
            self.by_build_id.entry(build_id.clone()).or_default().push(id);
        }
        self.by_path.entry(module.path.clone()).or_default().push(id);
        self.modules.push(module);
        id
    }

    /// The module that is the same code as this one (see [`Module::same_code`]), if there is one.
    pub fn module_like(&self, module: &Module) -> Option<ModuleId> {
        let by_build_id = module.build_id.as_ref().and_then(|id| self.by_build_id.get(id));
        let by_path = self.by_path.get(&module.path);
        let mut alike = by_build_id
            .into_iter()
            .chain(by_path)
            .flatten()
            .copied()
            .filter(|&id| self.module(id).same_code(module));
        let first = alike.next()?;
        // Of several files that had one path, the very same one.
        let same = |&id: &ModuleId| self.module(id).same_file(module);
        Some(if same(&first) { first } else { alike.find(same).unwrap_or(first) })
    }

    /// The id of a function, added if it is new.
    pub fn add_function(&mut self, function: Function) -> FunctionId {
        FunctionId(self.functions.insert(function))
    }

    /// The id of a frame, added if it is new.
    pub fn add_frame(&mut self, frame: Frame) -> FrameId {
        FrameId(self.frames.insert(frame))
    }

    /// The id of a frame that is a name and nothing else.
    pub(crate) fn add_named_frame(&mut self, name: &str) -> FrameId {
        let name = self.intern(name);
        let function = self.add_function(Function { name, system_name: name, file: None });
        self.add_frame(Frame::named(function))
    }

    /// Makes room for so many more samples and stack nodes.
    pub(crate) fn reserve(&mut self, samples: usize, nodes: usize) {
        self.samples.reserve(samples);
        self.stacks.reserve(samples, nodes);
    }

    /// The id of a frame under its caller, added if it is new.
    #[inline]
    pub fn add_stack(&mut self, parent: Option<StackId>, frame: FrameId) -> StackId {
        self.stacks.insert(StackNode { parent, frame })
    }

    /// The id of a whole stack given from its outermost frame to its innermost.
    pub fn add_stack_from_root(&mut self, frames: impl IntoIterator<Item = FrameId>) -> Option<StackId> {
        frames.into_iter().fold(None, |parent, frame| Some(self.add_stack(parent, frame)))
    }

    /// The id of a thread, added if it is new: uid and name tell threads apart, but a name that is known once counts
    /// for the thread of that uid whose name is not. Two runs can use one uid for two threads, and the dump of a thread
    /// that has ended no longer names it.
    pub fn add_thread(&mut self, thread: Thread) -> ThreadId {
        let name = thread.name.as_deref().map(|name| self.intern(name));
        let Profile { threads, by_uid, by_uid_and_name, .. } = self;
        let new = ThreadId(threads.len() as u32);
        let first = *by_uid.entry(thread.uid).or_insert(new);
        let Some(name) = name else {
            if first == new {
                threads.push(thread);
            }
            return first;
        };
        let nameless = threads.get(first.index()).is_some_and(|known| known.name.is_none());
        let id = *by_uid_and_name.entry((thread.uid, name)).or_insert(if nameless { first } else { new });
        match threads.get_mut(id.index()) {
            Some(known) => known.name = thread.name,
            None => threads.push(thread),
        }
        id
    }

    /// Adds a sample; samples of equal stacks may repeat, views add them up.
    pub fn add_sample(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// All samples, which are then gone from the profile.
    pub(crate) fn take_samples(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.samples)
    }

    /// All modules.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// One module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.index()]
    }

    /// One module, to change what is known of it (its symbol state).
    pub fn module_mut(&mut self, id: ModuleId) -> &mut Module {
        &mut self.modules[id.index()]
    }

    /// One function.
    pub fn function(&self, id: FunctionId) -> Function {
        self.functions.get(id.0)
    }

    /// One frame.
    pub fn frame(&self, id: FrameId) -> Frame {
        self.frames.get(id.0)
    }

    /// How many frames there are; ids run from 0.
    pub fn frame_count(&self) -> usize {
        self.frames.len()
    }

    /// All frame ids.
    pub fn frame_ids(&self) -> impl ExactSizeIterator<Item = FrameId> + use<> {
        (0..self.frames.len() as u32).map(FrameId)
    }

    /// One stack node.
    pub fn stack(&self, id: StackId) -> StackNode {
        self.stacks.get(id.0)
    }

    /// How many stack nodes there are. A parent's id is smaller than its child's.
    pub fn stack_count(&self) -> usize {
        self.stacks.len()
    }

    /// All stack node ids, callers before callees.
    pub fn stack_ids(&self) -> impl DoubleEndedIterator<Item = StackId> + ExactSizeIterator + use<> {
        (0..self.stacks.len() as u32).map(StackId)
    }

    /// The frames of a stack from its outermost to its innermost.
    pub(crate) fn stack_from_root(&self, leaf: Option<StackId>) -> Vec<FrameId> {
        let mut frames: Vec<FrameId> = self.stack_from_leaf(leaf).map(|(_, frame)| frame).collect();
        frames.reverse();
        frames
    }

    /// The nodes of a stack from its innermost frame to its outermost.
    pub fn stack_from_leaf(&self, leaf: Option<StackId>) -> impl Iterator<Item = (StackId, FrameId)> + '_ {
        std::iter::successors(leaf, |&id| self.stack(id).parent).map(|id| (id, self.stack(id).frame))
    }

    /// The frames of all samples' stacks, each once, in order of their ids.
    pub fn sampled_frames(&self) -> Vec<FrameId> {
        let mut seen_stacks = vec![false; self.stack_count()];
        let mut seen_frames = vec![false; self.frame_count()];
        for sample in &self.samples {
            for (stack, frame) in self.stack_from_leaf(sample.stack) {
                if std::mem::replace(&mut seen_stacks[stack.index()], true) {
                    break;
                }
                seen_frames[frame.index()] = true;
            }
        }
        self.frame_ids().filter(|id| seen_frames[id.index()]).collect()
    }

    /// All threads.
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }

    /// All samples, in the order of the input.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The sum of all samples, unsampled.
    pub fn total(&self) -> Values {
        self.samples.iter().map(|s| s.values).sum()
    }

    /// What people call the frame: its function, else `module+0xoffset`.
    pub fn frame_name(&self, id: FrameId) -> Cow<'_, str> {
        let frame = self.frame(id);
        match frame.function {
            Some(function) => Cow::Borrowed(self.string(self.function(function).name)),
            None => Cow::Owned(self.place_name(frame)),
        }
    }

    /// `module+0xoffset`, whether or not the frame has a function.
    pub(crate) fn place_name(&self, frame: Frame) -> String {
        match frame.module {
            Some(module) => format!("{}+{:#x}", self.labels[module.index()], frame.offset),
            None => format!("{:#x}", frame.offset),
        }
    }

    /// `file:line` of a frame, where known.
    pub fn frame_location(&self, id: FrameId) -> Option<String> {
        let frame = self.frame(id);
        let file = self.string(self.function(frame.function?).file?);
        Some(if frame.line == 0 { file.to_owned() } else { format!("{file}:{}", frame.line) })
    }

    /// Adds every sample of another profile, shared modules and frames found again.
    pub fn absorb(&mut self, other: &Profile) {
        self.absorb_scaled(other, |v| v);
        self.meta.rate = self.meta.rate.max(other.meta.rate);
        self.meta.has_alloc |= other.meta.has_alloc;
        self.meta.has_objects |= other.meta.has_objects;
        self.meta.is_diff |= other.meta.is_diff;
        if other.meta.trailer.is_some() {
            self.meta.trailer.clone_from(&other.meta.trailer);
        }
        let known: FxHashSet<&String> = self.meta.comments.iter().collect();
        let new = other.meta.comments.iter().filter(|c| !known.contains(c)).cloned();
        let new: Vec<String> = new.collect();
        self.meta.comments.extend(new);
    }

    /// As [`Profile::absorb`], values changed on the way; meta data stays.
    pub(crate) fn absorb_scaled(&mut self, other: &Profile, scale: impl Fn(Values) -> Values) {
        let strings: Vec<StringId> = other.strings.iter().map(|s| self.intern(s)).collect();
        let modules: Vec<ModuleId> = other
            .modules
            .iter()
            .map(|m| match self.module_like(m) {
                Some(id) => {
                    if let (None, Some(build_id)) = (&self.module(id).build_id, &m.build_id) {
                        self.by_build_id.entry(build_id.clone()).or_default().push(id);
                    }
                    self.modules[id.index()].learn(m);
                    id
                }
                None => self.add_module(m.clone()),
            })
            .collect();
        let functions: Vec<FunctionId> = other
            .functions
            .iter()
            .map(|f| {
                self.add_function(Function {
                    name: strings[f.name.index()],
                    system_name: strings[f.system_name.index()],
                    file: f.file.map(|s| strings[s.index()]),
                })
            })
            .collect();
        let frames: Vec<FrameId> = other
            .frames
            .iter()
            .map(|f| {
                self.add_frame(Frame {
                    module: f.module.map(|m| modules[m.index()]),
                    function: f.function.map(|id| functions[id.index()]),
                    ..f
                })
            })
            .collect();
        let mut stacks: Vec<StackId> = Vec::with_capacity(other.stacks.len());
        for node in other.stacks.iter() {
            let parent = node.parent.map(|p| stacks[p.index()]);
            stacks.push(self.add_stack(parent, frames[node.frame.index()]));
        }
        let threads: Vec<ThreadId> = other.threads.iter().map(|t| self.add_thread(t.clone())).collect();
        self.samples.extend(other.samples.iter().map(|s| Sample {
            stack: s.stack.map(|id| stacks[id.index()]),
            thread: s.thread.map(|id| threads[id.index()]),
            values: scale(s.values),
        }));
        let known: FxHashSet<&Warning> = self.warnings.iter().collect();
        let new: Vec<Warning> = other.warnings.iter().filter(|w| !known.contains(w)).cloned().collect();
        self.warnings.extend(new);
    }

    /// The same profile with every sample's stack replaced; `None` drops a sample.
    ///
    /// `change` sees the old profile through `self` and builds stacks in the new one, which starts with all
    /// tables but samples and stacks. This is what symbolizing, filtering and grouping are made of.
    pub(crate) fn rebuild_stacks(
        &self,
        mut change: impl FnMut(&mut Profile, Option<StackId>) -> Option<Option<StackId>>,
    ) -> Profile {
        let mut seen: FxHashMap<Option<StackId>, Option<Option<StackId>>> = FxHashMap::default();
        self.rebuild_samples(|new, sample| {
            *seen.entry(sample.stack).or_insert_with(|| change(new, sample.stack))
        })
    }

    /// As [`Profile::rebuild_stacks`], where the new stack depends on more of the sample than its stack.
    pub(crate) fn rebuild_samples(
        &self,
        mut change: impl FnMut(&mut Profile, &Sample) -> Option<Option<StackId>>,
    ) -> Profile {
        let mut new = Profile {
            strings: self.strings.clone(),
            modules: self.modules.clone(),
            labels: self.labels.clone(),
            named: self.named.clone(),
            by_build_id: self.by_build_id.clone(),
            by_path: self.by_path.clone(),
            functions: self.functions.clone(),
            frames: self.frames.clone(),
            stacks: Stacks::with_capacity(self.stacks.len()),
            threads: self.threads.clone(),
            by_uid: self.by_uid.clone(),
            by_uid_and_name: self.by_uid_and_name.clone(),
            samples: Vec::with_capacity(self.samples.len()),
            meta: self.meta.clone(),
            warnings: self.warnings.clone(),
        };
        for sample in &self.samples {
            if let Some(stack) = change(&mut new, sample) {
                new.samples.push(Sample { stack, ..*sample });
            }
        }
        new
    }

    /// The net values of each stack, as `(frame names from the root, values)`, zero ones left out, sorted.
    ///
    /// Two profiles that mean the same have equal lists, whatever their tables look like.
    pub fn net_stacks(&self) -> Vec<(Vec<String>, Values)> {
        let mut sums: FxHashMap<Vec<String>, Values> = FxHashMap::default();
        for sample in &self.samples {
            let mut names: Vec<String> =
                self.stack_from_leaf(sample.stack).map(|(_, f)| self.frame_name(f).into_owned()).collect();
            names.reverse();
            *sums.entry(names).or_default() += sample.values;
        }
        let mut list: Vec<_> = sums.into_iter().filter(|(_, v)| !v.is_zero()).collect();
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list
    }

    /// Checks the type's own rules; every reader calls it in tests and in fuzzing.
    ///
    /// # Errors
    /// Says which rule is broken: an id out of range, a child before its parent, a sample of mixed sign.
    pub fn check(&self) -> Result<(), String> {
        for (i, node) in self.stacks.iter().enumerate() {
            if node.parent.is_some_and(|p| p.index() >= i) {
                return Err(format!("stack {i} comes before its parent"));
            }
            if node.frame.index() >= self.frames.len() {
                return Err(format!("stack {i} names frame {}, which does not exist", node.frame.0));
            }
        }
        for (i, frame) in self.frames.iter().enumerate() {
            if frame.module.is_some_and(|m| m.index() >= self.modules.len()) {
                return Err(format!("frame {i} names a module that does not exist"));
            }
            if frame.function.is_some_and(|f| f.index() >= self.functions.len()) {
                return Err(format!("frame {i} names a function that does not exist"));
            }
        }
        for (i, sample) in self.samples.iter().enumerate() {
            if sample.stack.is_some_and(|s| s.index() >= self.stacks.len()) {
                return Err(format!("sample {i} names a stack that does not exist"));
            }
            let signs = SampleType::ALL.map(|t| sample.values.get(t));
            if !self.meta.is_diff && signs.iter().any(|v| v.is_negative()) {
                return Err(format!("sample {i} is negative in a profile that is no difference"));
            }
            if signs.iter().any(|v| v.is_negative()) && signs.iter().any(|v| *v > Amount::ZERO) {
                return Err(format!("sample {i} mixes positive and negative values"));
            }
        }
        Ok(())
    }
}
