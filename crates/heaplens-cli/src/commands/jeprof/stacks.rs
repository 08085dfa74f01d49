//! A profile as jeprof sees it: amounts by stacks of addresses, and what is at each address.

use super::names::short;
use heaplens::Profile;
use heaplens::profile::{Amount, Frame, FrameId, ModuleId, ModuleKind, SampleType, ThreadId};
use std::collections::{HashMap, HashSet};

/// What is at an address.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Of the call, where it is known.
    pub(super) address: Option<u64>,
    /// The module and the call's place in its file.
    pub(super) code: Option<(ModuleId, u64)>,
    /// The functions there, the one that is not inlined first; none if no name is known.
    pub(super) functions: Vec<Function>,
    /// What it is called without a function.
    pub(super) nameless: String,
}

/// A function and a line in it.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) short: String,
    pub(super) full: String,
    pub(super) file: Option<String>,
    /// 0 if unknown.
    pub(super) line: u32,
}

impl Function {
    /// True if the short name lacks nothing but what stands at its end.
    fn differs_in_arguments(&self) -> bool {
        self.full.starts_with(&self.short)
    }

    /// `file:line` as addr2line writes it, `??:0` if nothing is known.
    pub(super) fn location(&self) -> String {
        match (&self.file, self.line) {
            (None, _) => "??:0".to_owned(),
            (Some(file), 0) => format!("{file}:?"),
            (Some(file), line) => format!("{file}:{line}"),
        }
    }
}

impl Place {
    /// The short name of the function that is not inlined.
    pub(super) fn name(&self) -> &str {
        self.functions.first().map_or(&self.nameless, |function| &function.short)
    }

    /// The address as jeprof writes it.
    pub(super) fn digits(&self) -> Option<String> {
        self.address.map(|address| format!("{address:016x}"))
    }
}

/// All places of a profile.
#[derive(Debug, Default)]
pub(super) struct Places {
    list: Vec<Place>,
    /// Short names that stand for several overloads of a function; instances of a template are one.
    ambiguous: HashSet<String>,
}

/// A stack from its innermost place to its outermost, and what it allocated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stack {
    pub(super) places: Vec<usize>,
    pub(super) amount: Amount,
}

/// Which samples count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    All,
    Thread(ThreadId),
}

impl Places {
    pub(super) fn get(&self, place: usize) -> &Place {
        &self.list[place]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.list.iter()
    }

    /// What a place's function is called in tables: by its short name, if that means one function alone.
    pub(super) fn shown<'p>(&self, place: &Place, function: &'p Function) -> &'p str {
        let is_outermost = place.functions.first().is_some_and(|first| std::ptr::eq(first, function));
        let is_overload = is_outermost && function.differs_in_arguments();
        let is_ambiguous = is_overload && self.ambiguous.contains(&function.short);
        if is_ambiguous { &function.full } else { &function.short }
    }

    fn find_ambiguous(&mut self) {
        let mut first: HashMap<&str, &str> = HashMap::new();
        let functions = self.list.iter().filter_map(|place| place.functions.first());
        for function in functions.filter(|function| function.differs_in_arguments()) {
            let known = *first.entry(&function.short).or_insert(&function.full);
            if known != function.full {
                self.ambiguous.insert(function.short.clone());
            }
        }
    }
}

/// All places of a profile's samples, and for each sample its thread, stack and values' index.
pub(super) struct Reader<'p> {
    profile: &'p Profile,
    /// The stack of each sample.
    stacks: Vec<Vec<usize>>,
}

/// Takes a profile with names apart.
pub(super) fn read(profile: &Profile) -> (Places, Reader<'_>) {
    let mut places = Places::default();
    let mut known: HashMap<Vec<FrameId>, usize> = HashMap::new();
    let mut short_names: HashMap<FrameId, String> = HashMap::new();
    let mut stacks = Vec::with_capacity(profile.samples().len());
    for sample in profile.samples() {
        let mut stack = Vec::new();
        let mut chain: Vec<FrameId> = Vec::new();
        for (_, id) in profile.stack_from_leaf(sample.stack) {
            chain.push(id);
            if profile.frame(id).inlined {
                continue;
            }
            let place = match known.get(&chain) {
                Some(&place) => place,
                None => {
                    places.list.push(place(profile, &chain, &mut short_names));
                    known.insert(chain.clone(), places.list.len() - 1);
                    places.list.len() - 1
                }
            };
            stack.push(place);
            chain.clear();
        }
        stacks.push(stack);
    }
    places.find_ambiguous();
    (places, Reader { profile, stacks })
}

fn place(profile: &Profile, chain: &[FrameId], short_names: &mut HashMap<FrameId, String>) -> Place {
    let outermost = profile.frame(chain[chain.len() - 1]);
    let function = |&id: &FrameId| {
        let frame = profile.frame(id);
        let function = profile.function(frame.function?);
        let full = profile.string(function.name);
        let short = short_names.entry(id).or_insert_with(|| short(full)).clone();
        let file = function.file.map(|file| profile.string(file).to_owned());
        Some(Function { short, full: full.to_owned(), file, line: frame.line })
    };
    let address = address(profile, &outermost);
    let is_file = |module: ModuleId| profile.module(module).kind == ModuleKind::File;
    Place {
        address,
        code: outermost.module.and_then(|module| Some((module, outermost.offset.checked_sub(1)?))),
        functions: chain.iter().rev().filter_map(function).collect(),
        nameless: match address {
            Some(address) if !outermost.module.is_some_and(is_file) => format!("{address:#018x}"),
            _ => profile.frame_name(chain[chain.len() - 1]).into_owned(),
        },
    }
}

/// The address of the call in the run that was read first.
fn address(profile: &Profile, frame: &Frame) -> Option<u64> {
    let module = profile.module(frame.module?);
    let offset = frame.offset.checked_sub(1)?;
    let mapped = module.mapped.iter().find_map(|part| part.address(offset));
    mapped.or_else(|| matches!(module.kind, ModuleKind::Anonymous | ModuleKind::Unmapped).then_some(offset))
}

impl Reader<'_> {
    /// The net amount of each stack, in the order in which they come first.
    pub(super) fn stacks(&self, sample_type: SampleType, of: Of) -> Vec<Stack> {
        let samples = self.profile.samples().iter().zip(&self.stacks);
        let chosen = samples.filter(|(sample, _)| match of {
            Of::All => true,
            Of::Thread(thread) => sample.thread == Some(thread),
        });
        merged(
            chosen.map(|(sample, places)| Stack {
                places: places.clone(),
                amount: sample.values.get(sample_type),
            }),
        )
    }
}

/// Each stack once.
pub(super) fn merged(stacks: impl IntoIterator<Item = Stack>) -> Vec<Stack> {
    let mut at: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut list: Vec<Stack> = Vec::new();
    for stack in stacks {
        match at.get(&stack.places) {
            Some(&known) => list[known].amount += stack.amount,
            None => {
                at.insert(stack.places.clone(), list.len());
                list.push(stack);
            }
        }
    }
    list
}

pub(super) fn total(stacks: &[Stack]) -> Amount {
    stacks.iter().map(|stack| stack.amount).sum()
}
