//! Names and the scopes they stand in.

use super::encodings::Results;
use super::{Parser, Reading};
use crate::symbols::names::itanium::node::{Node, Qualifiers};
use crate::symbols::names::itanium::tree::Id;

impl<'a> Parser<'a, '_> {
    /// A name, and how the function is qualified that it may be of.
    pub(super) fn name(&mut self) -> Option<(Id, Qualifiers)> {
        match self.input.peek() {
            b'N' => self.nested_name(),
            b'Z' => self.local_name(),
            _ => self.unscoped_name().map(|name| (name, Qualifiers::default())),
        }
    }

    /// A name in no scope, or in that of the standard library; perhaps with template arguments.
    fn unscoped_name(&mut self) -> Option<Id> {
        if self.input.peek() == b'S' && self.input.peek_at(1) != b't' {
            let part = self.substitution()?;
            return match self.tree.get(part) {
                Some(Node::Module { .. }) => {
                    self.name_in_module(None, Some(part)).and_then(|name| self.perhaps_instance(name))
                }
                _ => self.instance(part),
            };
        }
        let scope = if self.input.eat_text("St") { Some(self.word("std")?) } else { None };
        let name = self.unqualified_name(scope)?;
        self.perhaps_instance(name)
    }

    fn perhaps_instance(&mut self, name: Id) -> Option<Id> {
        if self.input.peek() != b'I' {
            return Some(name);
        }
        self.remember(name);
        self.instance(name)
    }

    /// Template arguments, and what they are given to.
    pub(super) fn instance(&mut self, name: Id) -> Option<Id> {
        let args = self.template_args()?;
        self.node(Node::Template { name, args })
    }

    fn nested_name(&mut self) -> Option<(Id, Qualifiers)> {
        self.input.expect(b'N')?;
        let mut qualifiers = self.cv_qualifiers();
        if self.input.eat(b'R') {
            qualifiers = qualifiers.with(Qualifiers::LVALUE);
        } else if self.input.eat(b'O') {
            qualifiers = qualifiers.with(Qualifiers::RVALUE);
        } else if self.input.eat(b'H') {
            qualifiers = qualifiers.with(Qualifiers::EXPLICIT);
        }
        let mut scope = None;
        // The whole is a candidate only where it is a type, and then it is remembered there.
        let mut new = false;
        while !self.input.eat(b'E') {
            if self.input.eat(b'M') {
                // What follows is in the initializer of that variable.
                scope?;
                new &= !self.reads(Reading::InitializedUncounted);
                continue;
            }
            if let Some(scope) = scope.filter(|_| new) {
                self.remember(scope);
            }
            new = true;
            scope = Some(match (self.input.peek_two(), scope) {
                ([b'I', _], Some(template)) if !self.is_instance(template) => self.instance(template)?,
                ([b'S', b't'], None) => {
                    self.input.skip(2);
                    new = false;
                    self.word("std")?
                }
                ([b'S', b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_'], scope) => {
                    let part = self.substitution()?;
                    match self.tree.get(part) {
                        Some(Node::Module { .. }) => self.name_in_module(scope, Some(part))?,
                        _ if scope.is_some() => return None,
                        _ => {
                            new = false;
                            self.full_standard(part)?
                        }
                    }
                }
                ([b'T', _], None) => self.template_param()?,
                ([b'D', b't' | b'T'], None) => self.decltype()?,
                (_, scope) => self.unqualified_name(scope)?,
            });
        }
        Some((scope?, qualifiers))
    }

    fn is_instance(&self, name: Id) -> bool {
        matches!(self.tree.get(name), Some(Node::Template { .. }))
    }

    /// Abbreviations are written in full before constructors and destructors.
    fn full_standard(&mut self, part: Id) -> Option<Id> {
        match self.tree.get(part) {
            Some(Node::Standard(name)) if matches!(self.input.peek(), b'C' | b'D') => {
                self.node(Node::FullStandard(name))
            }
            _ => Some(part),
        }
    }

    /// What is in a function.
    fn local_name(&mut self) -> Option<(Id, Qualifiers)> {
        self.input.expect(b'Z')?;
        let function = self.encoding(Results::Hidden)?;
        self.input.expect(b'E')?;
        if self.input.eat(b's') {
            self.discriminator()?;
            let entity = self.word("string literal")?;
            return Some((self.node(Node::Local { function, entity })?, Qualifiers::default()));
        }
        let mut default_argument = None;
        if self.input.eat(b'd') {
            default_argument = Some(self.input.index()?.checked_add(1)?);
        }
        let (mut entity, qualifiers) = self.deeper(Parser::name)?;
        match default_argument {
            Some(number) => entity = self.node(Node::DefaultArgument { number, entity })?,
            None => self.discriminator()?,
        }
        Some((self.node(Node::Local { function, entity })?, qualifiers))
    }

    /// Tells things of one name apart: `_4`, or `__10_`. It is not shown.
    pub(super) fn discriminator(&mut self) -> Option<()> {
        match self.input.peek_two() {
            [b'_', b'_'] => {
                self.input.skip(2);
                self.input.number()?;
                self.input.expect(b'_')
            }
            [b'_', b'0'..=b'9'] => {
                self.input.skip(1);
                self.input.number().map(|_| ())
            }
            _ => Some(()),
        }
    }

    pub(super) fn cv_qualifiers(&mut self) -> Qualifiers {
        let mut qualifiers = Qualifiers::default();
        let letters = [(b'r', Qualifiers::RESTRICT), (b'V', Qualifiers::VOLATILE), (b'K', Qualifiers::CONST)];
        for (letter, qualifier) in letters {
            if self.input.eat(letter) {
                qualifiers = qualifiers.with(qualifier);
            }
        }
        qualifiers
    }
}
