//! Names without their scopes: words, operators, constructors, lambdas.

use super::Parser;
use crate::symbols::names::itanium::node::Node;
use crate::symbols::names::itanium::operators;
use crate::symbols::names::itanium::tree::Id;

impl<'a> Parser<'a, '_> {
    /// A name, within `scope` if there is one.
    pub(super) fn unqualified_name(&mut self, scope: Option<Id>) -> Option<Id> {
        self.name_in_module(scope, None)
    }

    /// A name that may be in a module, of which a part may have been substituted.
    pub(super) fn name_in_module(&mut self, scope: Option<Id>, module: Option<Id>) -> Option<Id> {
        let module = self.module(module)?;
        let friend = scope.is_some() && self.input.eat(b'F');
        let internal = self.input.eat(b'L');
        let mut name = match self.input.peek_two() {
            [b'0'..=b'9', _] => self.source_name()?,
            [b'C', _] => self.constructor(scope?)?,
            [b'D', b'C'] => self.bindings()?,
            [b'D', _] => self.destructor(scope?)?,
            [b'U', b't'] => {
                self.input.skip(2);
                let number = self.input.index()?.checked_add(1)?;
                self.node(Node::Unnamed(number))?
            }
            [b'U', b'l'] => self.lambda()?,
            [b'U', b'b'] => {
                self.input.skip(2);
                self.input.index()?;
                self.word("{block}")?
            }
            _ => self.operator_name()?,
        };
        if internal {
            self.discriminator()?;
        }
        if let Some(module) = module {
            name = self.node(Node::InModule { name, module })?;
        }
        name = self.tags(name)?;
        if friend {
            name = self.prefixed("friend ", name)?;
        }
        match scope {
            Some(outer) => self.node(Node::Nested { outer, name }),
            None => Some(name),
        }
    }

    /// `B5cxx11`, any number of them.
    pub(super) fn tags(&mut self, mut name: Id) -> Option<Id> {
        while self.input.eat(b'B') {
            let len = self.input.number()?;
            let tag = self.input.take(usize::try_from(len).ok()?)?;
            name = self.node(Node::Tagged { name, tag })?;
        }
        Some(name)
    }

    /// `W3foo`, any number of them; `WP` begins a partition. `None` within if there is none.
    pub(super) fn module(&mut self, mut before: Option<Id>) -> Option<Option<Id>> {
        while self.input.eat(b'W') {
            let partition = self.input.eat(b'P');
            let name = self.source_name()?;
            let module = self.node(Node::Module { before, name, partition })?;
            before = Some(self.remember(module));
        }
        Some(before)
    }

    /// A length and so many letters.
    pub(super) fn source_name(&mut self) -> Option<Id> {
        let len = self.input.number()?;
        let name = self.input.take(usize::try_from(len).ok()?).filter(|name| !name.is_empty())?;
        // Compilers write it with `.`, `_` or `$`, whichever the assembler takes.
        let rest = name.strip_prefix("_GLOBAL_").unwrap_or_default();
        match rest.as_bytes() {
            [b'.' | b'_' | b'$', b'N', ..] => self.word("(anonymous namespace)"),
            _ => self.node(Node::Name(name)),
        }
    }

    fn constructor(&mut self, scope: Id) -> Option<Id> {
        self.input.expect(b'C')?;
        let inherited = self.input.eat(b'I');
        if !matches!(self.input.peek(), b'1'..=b'5') {
            return None;
        }
        self.input.skip(1);
        if !inherited {
            let class = self.class_name(scope)?;
            return self.node(Node::Constructor(class));
        }
        // Named for the base class, since what is called is a constructor of that.
        let base = self.of_type()?;
        let class = self.class_name(base)?;
        self.node(Node::Inherited { class, base })
    }

    fn destructor(&mut self, scope: Id) -> Option<Id> {
        self.input.expect(b'D')?;
        if !matches!(self.input.peek(), b'0'..=b'5') {
            return None;
        }
        self.input.skip(1);
        let class = self.class_name(scope)?;
        self.node(Node::Destructor(class))
    }

    /// What constructors of a class are called.
    fn class_name(&mut self, class: Id) -> Option<Id> {
        let class = self.innermost(class, |node| match node {
            Node::Nested { name, .. }
            | Node::Template { name, .. }
            | Node::Tagged { name, .. }
            | Node::InModule { name, .. } => Some(name),
            Node::Local { entity, .. } | Node::DefaultArgument { entity, .. } => Some(entity),
            _ => None,
        })?;
        match self.tree.get(class)? {
            Node::Standard(name) | Node::FullStandard(name) => self.word(name.class),
            Node::Name(_) | Node::Lambda { .. } | Node::Unnamed(_) => Some(class),
            _ => None,
        }
    }

    /// `auto [a, b]`
    fn bindings(&mut self) -> Option<Id> {
        self.input.skip(2);
        let names = self.until_end(Parser::source_name)?;
        (!self.tree.ids(names).is_empty()).then_some(())?;
        self.node(Node::Bindings(names))
    }

    /// `Ul`, what its template and its arguments are, and its number in the scope.
    pub(super) fn lambda(&mut self) -> Option<Id> {
        self.deeper(|parser| {
            parser.input.skip(2);
            let head = parser.list(|parser| match parser.is_param_declaration() {
                true => parser.param_declaration().map(Some),
                false => Some(None),
            })?;
            let of_template = parser.requires()?;
            let params = parser.params()?;
            let of_function = parser.requires()?;
            parser.input.expect(b'E')?;
            let number = parser.input.index()?.checked_add(1)?;
            let requires = of_template.or(of_function);
            parser.node(Node::Lambda { head, params, number, requires })
        })
    }

    pub(super) fn operator_name(&mut self) -> Option<Id> {
        let code = self.input.peek_two();
        self.input.skip(2);
        match code {
            [b'c', b'v'] => {
                let outer = std::mem::replace(&mut self.converts, true);
                let to = self.of_type()?;
                self.converts = outer;
                self.node(Node::Conversion(to))
            }
            [b'l', b'i'] => {
                let suffix = self.source_name()?;
                self.prefixed("operator\"\" ", suffix)
            }
            [b'v', b'0'..=b'9'] => {
                let name = self.source_name()?;
                self.prefixed("operator ", name)
            }
            _ => operators::find(code).and_then(|operator| self.node(Node::Operator(operator))),
        }
    }
}
