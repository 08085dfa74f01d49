//! Literals: `Li4E`, `L_Z1fvE`.

use super::Parser;
use super::encodings::Results;
use crate::symbols::names::itanium::node::Node;
use crate::symbols::names::itanium::tree::Id;

impl<'a> Parser<'a, '_> {
    pub(super) fn literal(&mut self) -> Option<Id> {
        self.input.expect(b'L')?;
        // Old compilers left the underscore out.
        if self.input.eat_text("_Z") || self.input.eat(b'Z') {
            let of = self.encoding(Results::Shown)?;
            self.input.expect(b'E')?;
            return Some(of);
        }
        let of_type = self.of_type()?;
        if self.input.eat(b'E') {
            return self.of_no_value(of_type);
        }
        let negative = self.input.eat(b'n');
        let value = self.input.take_while(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f' | b'_'));
        self.input.expect(b'E')?;
        (!value.is_empty()).then_some(())?;
        self.node(Node::Literal { of_type, value, negative })
    }

    /// `nullptr`, a lambda, a string: all that is known of them is their type.
    fn of_no_value(&mut self, of_type: Id) -> Option<Id> {
        match self.tree.get(of_type)? {
            Node::Array { .. } => {
                let parts = [self.word("\"<")?, of_type, self.word(">\"")?];
                let parts = self.of(&parts)?;
                self.node(Node::Sequence(parts))
            }
            Node::Builtin(builtin) if builtin.name == "decltype(nullptr)" => Some(of_type),
            Node::Lambda { .. } | Node::Local { .. } => Some(of_type),
            _ => None,
        }
    }
}
