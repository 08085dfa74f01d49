//! Names in expressions of templates, as they were written there.

use super::{Parser, Reading};
use crate::symbols::names::itanium::node::Node;
use crate::symbols::names::itanium::tree::Id;

impl<'a> Parser<'a, '_> {
    /// A name with the scope that was written before it, if any.
    pub(super) fn unresolved_name(&mut self) -> Option<Id> {
        if !self.input.eat_text("sr") {
            return self.last_name(None);
        }
        let scope = match self.input.peek() {
            b'0'..=b'9' if self.reads(Reading::TypesBeforeNames) => self.scope_type()?,
            b'0'..=b'9' => self.written_scope()?,
            _ => self.of_type()?,
        };
        self.last_name(Some(scope))
    }

    /// `1A1BE`: nothing in it is a candidate but what arguments there are.
    fn written_scope(&mut self) -> Option<Id> {
        let mut scope = None;
        while !self.input.eat(b'E') {
            let name = self.source_name().and_then(|name| self.tags(name))?;
            let mut level = match scope {
                Some(outer) => self.node(Node::Nested { outer, name })?,
                None => name,
            };
            if self.input.peek() == b'I' {
                level = self.instance(level)?;
            }
            scope = Some(level);
        }
        scope
    }

    /// A type; but for `3stdE`, which is one level of a scope even where scopes are types.
    fn scope_type(&mut self) -> Option<Id> {
        let before = self.substitutions.len();
        let scope = self.of_type()?;
        if self.input.eat(b'E') {
            self.substitutions.truncate(before);
        }
        Some(scope)
    }

    /// What stands after the scopes: a name, an operator, or a destructor.
    fn last_name(&mut self, scope: Option<Id>) -> Option<Id> {
        let name = match self.input.peek_two() {
            [b'0'..=b'9', _] => {
                let name = self.source_name()?;
                self.tags(name)?
            }
            [b'o', b'n'] => {
                self.input.skip(2);
                self.operator_name()?
            }
            [b'd', b'n'] => {
                self.input.skip(2);
                let of = match self.input.peek() {
                    b'0'..=b'9' => self.last_name(None)?,
                    _ => self.of_type()?,
                };
                self.prefixed("~", of)?
            }
            // gcc leaves the mark of operators out.
            _ => self.operator_name()?,
        };
        let name = match scope {
            Some(outer) => self.node(Node::Nested { outer, name })?,
            None => name,
        };
        if self.input.peek() == b'I' { self.instance(name) } else { Some(name) }
    }
}
