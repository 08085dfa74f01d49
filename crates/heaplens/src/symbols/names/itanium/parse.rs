//! From the letters of a mangled name to its tree.
//!
//! Each part is told by its first letters, so nothing is read twice. Where the grammar has a choice that shows only
//! later, or compilers have different grammars, the whole name has another [`Reading`].

mod builtins;
mod encodings;
mod expressions;
mod input;
mod literals;
mod names;
mod template;
mod types;
mod unqualified;
mod unresolved;

use super::MAX_DEPTH;
use super::node::Node;
use super::tree::{Id, List, Tree};
use input::Input;

/// What is meant by letters that can mean two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Usual,
    /// `sr1A1BE1C` is `A::B`, and then `C`, as gcc writes it; usually it is `A::B::C`.
    TypesBeforeNames,
    /// In `cvT_IiE` the arguments are those of the type; usually they are those of the operator.
    ArgsOfConverted,
    /// A variable that a lambda initializes is no candidate for substitution, as gcc has it; usually it is one.
    InitializedUncounted,
}

struct Parser<'a, 'c> {
    input: Input<'a>,
    tree: Tree<'a>,
    substitutions: Vec<Id>,
    /// Parts of lists that are not complete.
    pending: Vec<Id>,
    depth: u32,
    /// In the type of a conversion operator.
    converts: bool,
    reading: Reading,
    /// The other readings that this name has.
    choices: &'c mut Vec<Reading>,
    steps: &'c mut usize,
}

/// The tree of a whole symbol and its root; adds to `choices` how else it could be read, and counts its `steps`.
pub(super) fn parse<'a>(
    symbol: &'a str,
    reading: Reading,
    choices: &mut Vec<Reading>,
    steps: &mut usize,
) -> Option<(Tree<'a>, Id)> {
    let mut parser = Parser {
        input: Input::new(symbol),
        tree: Tree::with_capacity(symbol.len()),
        substitutions: Vec::with_capacity(symbol.len() / 4),
        pending: Vec::with_capacity(16),
        depth: 0,
        converts: false,
        reading,
        choices,
        steps,
    };
    let root = parser.symbol()?;
    Some((parser.tree, root))
}

impl<'a> Parser<'a, '_> {
    /// True if this is the reading; that there is one is noted.
    fn reads(&mut self, reading: Reading) -> bool {
        if !self.choices.contains(&reading) {
            self.choices.push(reading);
        }
        self.reading == reading
    }

    fn node(&mut self, node: Node<'a>) -> Option<Id> {
        *self.steps += 1;
        self.tree.push(node)
    }

    /// Where a name leads, part by part. Substitutions can make it deeper than it is nested.
    fn innermost(&mut self, mut id: Id, inner: impl Fn(Node<'a>) -> Option<Id>) -> Option<Id> {
        for _ in 0..MAX_DEPTH {
            *self.steps += 1;
            match inner(self.tree.get(id)?) {
                Some(next) => id = next,
                None => return Some(id),
            }
        }
        None
    }

    /// Goes one level deeper. Where that fails all fails, so the level is not restored then.
    fn deeper<T>(&mut self, part: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        *self.steps += 1;
        let done = part(self)?;
        self.depth -= 1;
        Some(done)
    }

    /// All parts until there is none: `next` gives `None` for an error, `Some(None)` at the end.
    fn list(&mut self, mut next: impl FnMut(&mut Self) -> Option<Option<Id>>) -> Option<List> {
        let start = self.pending.len();
        while let Some(id) = next(self)? {
            self.pending.push(id);
        }
        self.finish(start)
    }

    /// All parts until an `E`, which is read.
    fn until_end(&mut self, mut next: impl FnMut(&mut Self) -> Option<Id>) -> Option<List> {
        self.list(|parser| if parser.input.eat(b'E') { Some(None) } else { next(parser).map(Some) })
    }

    fn of(&mut self, parts: &[Id]) -> Option<List> {
        self.tree.list(parts.iter().copied())
    }

    /// A list of what is pending from there on.
    fn finish(&mut self, start: usize) -> Option<List> {
        let parts = self.pending.get(start..)?;
        let list = self.tree.list(parts.iter().copied());
        self.pending.truncate(start);
        list
    }

    /// Makes something a candidate for substitution.
    fn remember(&mut self, id: Id) -> Id {
        self.substitutions.push(id);
        id
    }
}
