//! What template parameters stand for.

use super::Printer;
use crate::symbols::names::itanium::node::Node;
use crate::symbols::names::itanium::tree::{Id, List, Tree};

/// Where something is written, and so what parameters in it mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The arguments that parameters stand for, as a number in [`Scopes::all`].
    scope: Option<usize>,
    /// Which element of packs is meant; all of them if none.
    element: Option<usize>,
    /// The parameters of the lambda's template, in a lambda.
    lambda: Option<List>,
}

impl Place {
    /// The same, where packs are meant as a whole.
    pub(super) fn whole(self) -> Place {
        Place { element: None, ..self }
    }
}

/// Template arguments, and where they were written themselves.
#[derive(Clone, Copy, Debug)]
struct Scope {
    args: List,
    outer: Place,
}

#[derive(Debug)]
pub(super) struct Scopes {
    all: Vec<Scope>,
    place: Place,
    /// What the type of a conversion operator refers to: arguments that are written after it.
    pub(super) converted: Option<List>,
}

impl Default for Scopes {
    fn default() -> Scopes {
        let place = Place { scope: None, element: Some(0), lambda: None };
        Scopes { all: Vec::new(), place, converted: None }
    }
}

/// What a parameter means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// A template argument, and where it was written.
    Arg(Id, Place),
    /// The parameter of a lambda's template, by its number.
    OfLambda(Id, u32),
    /// An argument of a lambda that is declared `auto`.
    Auto(u32),
    /// A pack that has no such element.
    Nothing,
}

impl<'a> Printer<'_, 'a> {
    pub(super) fn place(&self) -> Place {
        self.scopes.place
    }

    fn scope(&self, place: Place) -> Option<&Scope> {
        self.scopes.all.get(place.scope?)
    }

    /// What the parameter of that number stands for.
    pub(super) fn meaning(&self, number: u32, place: Place) -> Option<Meaning> {
        let index = usize::try_from(number).ok()?;
        if let Some(head) = place.lambda {
            return Some(match self.tree.ids(head).get(index) {
                Some(&declared) => Meaning::OfLambda(declared, number),
                None => Meaning::Auto(number),
            });
        }
        let scope = self.scope(place)?;
        let arg = *self.tree.ids(scope.args).get(index)?;
        let found = match (self.tree.get(arg)?, place.element) {
            (Node::Pack(elements), Some(element)) => self.tree.ids(elements).get(element).copied(),
            _ => Some(arg),
        };
        Some(found.map_or(Meaning::Nothing, |arg| Meaning::Arg(arg, scope.outer)))
    }

    /// What is meant by something that may be a parameter, and where that was written.
    pub(super) fn meant(&mut self, mut id: Id, mut place: Place) -> Option<(Node<'a>, Place)> {
        loop {
            let node = self.get(id)?;
            let Node::Param(number) = node else { return Some((node, place)) };
            match self.meaning(number, place)? {
                Meaning::Arg(arg, outer) => (id, place) = (arg, outer),
                _ => return Some((node, place)),
            }
        }
    }

    /// Writes something as if in another place.
    pub(super) fn at(&mut self, place: Place, part: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let here = std::mem::replace(&mut self.scopes.place, place);
        part(self)?;
        self.scopes.place = here;
        Some(())
    }

    /// Writes something where parameters stand for these arguments.
    pub(super) fn with_args(
        &mut self,
        args: Option<List>,
        part: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let Some(args) = args else { return part(self) };
        let scope = self.scopes.all.len();
        self.scopes.all.push(Scope { args, outer: self.place() });
        self.at(Place { scope: Some(scope), element: Some(0), lambda: None }, part)?;
        self.scopes.all.truncate(scope);
        Some(())
    }

    /// Writes the arguments of a lambda.
    pub(super) fn in_lambda(&mut self, head: List, part: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.at(Place { lambda: Some(head), ..self.place() }, part)
    }

    /// Writes something with that element of packs.
    pub(super) fn with_element(
        &mut self,
        element: Option<usize>,
        part: impl FnOnce(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.at(Place { element, ..self.place() }, part)
    }

    /// How many elements the packs in a pattern have; `None` within if there is no pack in it.
    pub(super) fn pack_len(&mut self, pattern: Id) -> Option<Option<usize>> {
        let tree = self.tree;
        let place = self.place();
        let Some(args) = self.scope(place).filter(|_| place.lambda.is_none()).map(|scope| scope.args) else {
            return Some(None);
        };
        let params = tree.params(pattern);
        for (&arg, number) in tree.ids(args).iter().zip(0..) {
            self.step()?;
            if Tree::may_hold(params, number)
                && let Node::Pack(elements) = self.get(arg)?
            {
                return Some(Some(tree.ids(elements).len()));
            }
        }
        Some(None)
    }
}
