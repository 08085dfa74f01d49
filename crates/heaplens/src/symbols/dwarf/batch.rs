//! Answers of all units, brought together.

use super::super::chains::{Chains, RawPlace};
use super::super::names;
use super::super::texts::{Texts, cut};
use super::Found;
use super::functions::Name;
use super::origins::Pair;
use super::references::Reference;
use super::units::Candidate;
use super::worker::{Answer, Answers, Frame};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::rc::Rc;

/// Equal texts and references are kept once.
#[derive(Default)]
pub(super) struct Batch {
    texts: IndexSet<Box<str>, FxBuildHasher>,
    room: Texts,
    references: IndexSet<Reference, FxBuildHasher>,
    /// The name of each reference, once they are looked up.
    names: Vec<Option<String>>,
    frames: Vec<Stored>,
    chosen: Vec<Option<Chosen>>,
    /// Addresses whose unit could not be read, and the first reason.
    failed: Vec<bool>,
    first_damage: Option<String>,
}

#[derive(Clone, Copy)]
enum StoredName {
    Unknown,
    Text(u32),
    Reference(u32),
}

struct Stored {
    name: StoredName,
    file: Option<u32>,
    line: u32,
    column: u32,
}

/// The answer that counts for an address.
struct Chosen {
    from: u32,
    to: u32,
    /// Units can overlap; one that knows the function counts more, then the first of the file.
    rank: (bool, std::cmp::Reverse<u64>),
    mangles: bool,
    /// False if the unit is damaged: then it may lack a part.
    is_sound: bool,
}

impl Batch {
    pub(super) fn new(count: usize) -> Batch {
        let mut batch = Batch::default();
        batch.chosen.resize_with(count, || None);
        batch.failed.resize(count, false);
        batch
    }

    pub(super) fn add(&mut self, candidate: &Candidate, answers: Answers) {
        let is_sound = answers.damage.is_none();
        if let Some(damage) = answers.damage {
            // Those that another unit answers are no loss.
            for &at in &candidate.addresses {
                self.failed[at as usize] = true;
            }
            self.first_damage.get_or_insert(damage.to_string());
        }
        for answer in answers.list {
            self.answer(candidate.start, answer, answers.mangles, is_sound);
        }
    }

    fn answer(&mut self, unit: u64, answer: Answer, mangles: bool, is_sound: bool) {
        let rank = (answer.has_function, std::cmp::Reverse(unit));
        let slot = answer.at as usize;
        if self.chosen[slot].as_ref().is_some_and(|chosen| chosen.rank >= rank) {
            return;
        }
        let from = self.frames.len() as u32;
        for Frame { name, file, line, column } in answer.frames {
            let name = match name {
                Name::Unknown => StoredName::Unknown,
                Name::Known(text) => StoredName::Text(self.text(&text)),
                Name::Elsewhere(offset) => self.reference(Reference::Main(offset)),
                Name::Supplementary(offset) => self.reference(Reference::Supplementary(offset)),
            };
            let file = file.map(|file: Rc<str>| self.text(&file));
            self.frames.push(Stored { name, file, line, column });
        }
        self.chosen[slot] = Some(Chosen { from, to: self.frames.len() as u32, rank, mangles, is_sound });
    }

    fn text(&mut self, text: &str) -> u32 {
        match self.texts.get_index_of(text) {
            Some(index) => index as u32,
            None => self.texts.insert_full(self.room.cut(text).into()).0 as u32,
        }
    }

    fn reference(&mut self, reference: Reference) -> StoredName {
        StoredName::Reference(self.references.insert_full(reference).0 as u32)
    }

    pub(super) fn has_references(&self) -> bool {
        !self.references.is_empty()
    }

    /// Looks up the names that stand elsewhere.
    pub(super) fn resolve(&mut self, pair: &mut Pair<'_>) {
        let Batch { references, room, names, .. } = self;
        let list: Vec<Reference> = references.iter().copied().collect();
        names.resize(list.len(), None);
        pair.resolve(&list, |at, name| names[at] = Some(room.cut(name).into_owned()));
    }

    /// All answers; `note` is a problem with the file as a whole.
    pub(super) fn finish(self, note: Option<String>) -> Found {
        let mut chains = Chains::new(self.chosen.len());
        let mut incomplete = vec![true; self.chosen.len()];
        let mut lost = 0;
        for (at, chosen) in self.chosen.iter().enumerate() {
            lost += u64::from(self.failed[at] && !chosen.as_ref().is_some_and(|c| c.rank.0 && c.is_sound));
            let Some(chosen) = chosen else { continue };
            let frames = &self.frames[chosen.from as usize..chosen.to as usize];
            let places = frames.iter().map(|frame| RawPlace {
                name: self.name(frame.name),
                file: frame.file.map(|file| &*self.texts[file as usize]),
                line: frame.line,
                column: frame.column,
            });
            chains.set(at, places);
            let name = frames.last().map_or("", |frame| self.name(frame.name));
            incomplete[at] = name.is_empty() || (chosen.mangles && !names::may_be_mangled(name));
        }
        let damage = self.first_damage.filter(|_| lost > 0);
        let damage = damage.map(|why| format!("the debug information of {lost} places is damaged ({why})"));
        let cut = self.room.have_cut().then(cut);
        Found { chains, incomplete, problem: damage.or(note).or(cut) }
    }

    fn name(&self, name: StoredName) -> &str {
        match name {
            StoredName::Unknown => "",
            StoredName::Text(text) => &self.texts[text as usize],
            StoredName::Reference(i) => {
                self.names.get(i as usize).and_then(Option::as_deref).unwrap_or_default()
            }
        }
    }
}
