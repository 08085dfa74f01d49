//! What is known of addresses before names are made readable: chains of functions, names as the file has them.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// One function of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RawPlace<'a> {
    /// As the file has it, mangled or not; empty if unknown.
    pub(super) name: &'a str,
    /// The source file of the line, as the compiler was told, joined with its directory.
    pub(super) file: Option<&'a str>,
    /// 0 if unknown.
    pub(super) line: u32,
    /// 0 if unknown.
    pub(super) column: u32,
}

/// The chains of a list of addresses, by the address's place in the list. Equal texts are kept once.
#[derive(Clone, Debug, Default)]
pub(super) struct Chains {
    texts: IndexSet<Box<str>, FxBuildHasher>,
    places: Vec<IndexedPlace>,
    /// Where each address's chain lies in `places`.
    spans: Vec<(u32, u32)>,
}

/// As [`RawPlace`], its texts as places in the table of [`Chains`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexedPlace {
    pub(super) name: u32,
    pub(super) file: Option<u32>,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Chains {
    /// Nothing known of any of `count` addresses.
    pub(super) fn new(count: usize) -> Chains {
        Chains { spans: vec![(0, 0); count], ..Chains::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The chain of an address, the innermost function first; empty if unknown.
    pub(super) fn get(&self, at: usize) -> impl DoubleEndedIterator<Item = RawPlace<'_>> + ExactSizeIterator {
        self.indexed(at).iter().map(|place| RawPlace {
            name: self.text(place.name),
            file: place.file.map(|i| self.text(i)),
            line: place.line,
            column: place.column,
        })
    }

    /// As [`Chains::get`], without looking at the texts.
    pub(super) fn indexed(&self, at: usize) -> &[IndexedPlace] {
        let (start, end) = self.spans[at];
        &self.places[start as usize..end as usize]
    }

    /// A text by its place in the table.
    pub(super) fn text(&self, index: u32) -> &str {
        &self.texts[index as usize]
    }

    /// How many texts there are.
    pub(super) fn text_count(&self) -> usize {
        self.texts.len()
    }

    /// Sets the chain of an address, the innermost function first. What was there before is forgotten.
    pub(super) fn set<'a>(&mut self, at: usize, chain: impl IntoIterator<Item = RawPlace<'a>>) {
        let start = self.places.len() as u32;
        for place in chain {
            let name = self.intern(place.name);
            let file = place.file.map(|file| self.intern(file));
            self.places.push(IndexedPlace { name, file, line: place.line, column: place.column });
        }
        self.spans[at] = (start, self.places.len() as u32);
    }

    /// Adds the chain of one more address, at the end of the list.
    pub(super) fn push<'a>(&mut self, chain: impl IntoIterator<Item = RawPlace<'a>>) {
        self.spans.push((0, 0));
        self.set(self.spans.len() - 1, chain);
    }

    /// As [`Chains::set`], with indices that [`Chains::intern`] returned: for tables whose texts are met often.
    pub(super) fn set_indexed(&mut self, at: usize, chain: impl IntoIterator<Item = IndexedPlace>) {
        let start = self.places.len() as u32;
        self.places.extend(chain);
        self.spans[at] = (start, self.places.len() as u32);
    }

    /// Names the outermost function of an address, which had no name or a worse one.
    pub(super) fn rename_outermost(&mut self, at: usize, name: &str) {
        let (start, end) = self.spans[at];
        let name = self.intern(name);
        match self.places[start as usize..end as usize].last_mut() {
            Some(place) => place.name = name,
            None => {
                let start = self.places.len() as u32;
                self.places.push(IndexedPlace { name, file: None, line: 0, column: 0 });
                self.spans[at] = (start, start + 1);
            }
        }
    }

    /// A text's place in the table, added if it is new.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        match self.texts.get_index_of(text) {
            Some(index) => index as u32,
            None => self.texts.insert_full(text.into()).0 as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_comes_back_as_it_went_in() {
        let inner = RawPlace { name: "inner", file: Some("a.c"), line: 7, column: 3 };
        let outer = RawPlace { name: "", file: None, line: 0, column: 0 };
        let mut chains = Chains::new(3);
        chains.set(1, [inner, outer]);
        chains.set(2, [inner]);
        assert_eq!(chains.get(0).count(), 0);
        assert_eq!(chains.get(1).collect::<Vec<_>>(), [inner, outer]);
        chains.rename_outermost(1, "outer");
        chains.rename_outermost(0, "alone");
        assert_eq!(chains.get(1).map(|p| p.name).collect::<Vec<_>>(), ["inner", "outer"]);
        assert_eq!(chains.get(0).map(|p| p.name).collect::<Vec<_>>(), ["alone"]);
        assert_eq!(chains.get(2).collect::<Vec<_>>(), [inner]);
        chains.push([outer]);
        assert_eq!(chains.get(3).collect::<Vec<_>>(), [outer]);
        assert_eq!(chains.len(), 4);
    }
}
