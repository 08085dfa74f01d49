//! From a name's tree to its text, as binutils writes it.
//!
//! Types surround names: what stands before a name, and what after it, is written by [`Printer::left`] and
//! [`Printer::right`]. What a template parameter means depends on where it is written, since one substitution can
//! mean the parameter of a lambda here and that of a function there; so [`Scope`]s are opened while writing.

mod expressions;
mod names;
mod scope;
mod types;

use super::MAX_DEPTH;
use super::node::Node;
use super::tree::{Id, List, Tree};
use scope::Scopes;

/// Nodes that may be visited for each byte of the longest text, since most of them write something; and for any text.
const STEPS_PER_BYTE: usize = 4;
const STEPS: usize = 1 << 12;

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It is longer than allowed, or takes more steps.
    TooLong,
    /// It has parameters that mean nothing, or themselves.
    Senseless,
}

/// The steps that a text of at most `max` bytes may take.
pub(super) fn most_steps(max: usize) -> usize {
    max.saturating_mul(STEPS_PER_BYTE).saturating_add(STEPS)
}

/// The text of a tree, if it has no more than `max` bytes; counts its `steps`.
pub(super) fn print(tree: &Tree<'_>, root: Id, max: usize, steps: &mut usize) -> Result<String, Failure> {
    let most = most_steps(max);
    let mut printer = Printer {
        tree,
        out: String::with_capacity(128),
        last: 0,
        max,
        steps: most,
        depth: 0,
        full: false,
        scopes: Scopes::default(),
    };
    let written = printer.node(root);
    *steps += most - printer.steps;
    match written {
        Some(()) => Ok(printer.out),
        None if printer.full => Err(Failure::TooLong),
        None => Err(Failure::Senseless),
    }
}

struct Printer<'t, 'a> {
    tree: &'t Tree<'a>,
    out: String,
    /// The last byte that was written, even if it was taken back: that is how binutils decides between `>>` and `> >`.
    last: u8,
    max: usize,
    steps: usize,
    depth: u32,
    /// That it stopped for its limits.
    full: bool,
    scopes: Scopes,
}

impl<'a> Printer<'_, 'a> {
    fn put(&mut self, text: &str) -> Option<()> {
        self.full |= text.len() > self.max.saturating_sub(self.out.len());
        if self.full {
            return None;
        }
        self.out.push_str(text);
        self.last = text.as_bytes().last().copied().unwrap_or(self.last);
        Some(())
    }

    fn number(&mut self, number: impl std::fmt::Display) -> Option<()> {
        self.put(&number.to_string())
    }

    fn ends_with(&self, byte: u8) -> bool {
        self.last == byte
    }

    fn step(&mut self) -> Option<()> {
        self.full |= self.steps == 0;
        self.steps = self.steps.saturating_sub(1);
        (!self.full).then_some(())
    }

    fn get(&mut self, id: Id) -> Option<Node<'a>> {
        self.step()?;
        self.tree.get(id)
    }

    /// Goes one level deeper. Where that fails all fails, so the level is not restored then.
    fn deeper<T>(&mut self, part: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= 2 * MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let done = part(self)?;
        self.depth -= 1;
        Some(done)
    }

    /// All of a node.
    fn node(&mut self, id: Id) -> Option<()> {
        self.left(id)?;
        self.right(id)
    }

    /// What stands before the name that a type is the type of; of anything else all.
    fn left(&mut self, id: Id) -> Option<()> {
        let node = self.get(id)?;
        self.deeper(|printer| match node {
            Node::Builtin(builtin) => printer.put(builtin.name),
            Node::Name(name) => printer.put(name),
            Node::Word(word) => printer.put(word),
            _ => {
                if printer.type_left(&node)? || printer.name(&node)? || printer.expression(&node)? {
                    return Some(());
                }
                None
            }
        })
    }

    /// A list with commas. What writes nothing, as an empty pack, has none.
    fn commas(&mut self, list: List) -> Option<()> {
        let tree = self.tree;
        let start = self.out.len();
        for &id in tree.ids(list) {
            self.separated(start, |printer| printer.node(id))?;
        }
        Some(())
    }

    /// An element of a list that begins at `start`.
    fn separated(&mut self, start: usize, element: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let before = self.out.len();
        if before > start {
            self.put(", ")?;
        }
        let empty = self.out.len();
        element(self)?;
        if self.out.len() == empty {
            self.out.truncate(before);
        }
        Some(())
    }

    fn sequence(&mut self, list: List) -> Option<()> {
        let tree = self.tree;
        tree.ids(list).iter().try_for_each(|&id| self.node(id))
    }
}
