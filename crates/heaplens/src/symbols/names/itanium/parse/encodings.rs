//! Whole symbols: functions with their arguments, data, and what compilers make beside them.

use super::Parser;
use crate::symbols::names::itanium::node::{Node, Qualifiers};
use crate::symbols::names::itanium::tree::{Id, List};

/// Whether the type of a function's result is written: not where the function is only the place of something else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Results {
    Shown,
    Hidden,
}

impl<'a> Parser<'a, '_> {
    pub(super) fn symbol(&mut self) -> Option<Id> {
        // Mach-O adds an underscore; blocks have two of their own.
        let underscores = self.input.take_while(|letter| letter == b'_').len();
        self.input.expect(b'Z')?;
        let block = underscores > 2;
        if !(1..=4).contains(&underscores) {
            return None;
        }
        let mut root = self.encoding(Results::Shown)?;
        if block {
            if !self.input.eat_text("_block_invoke") {
                return None;
            }
            self.input.eat(b'_');
            self.input.take_while(|letter| letter.is_ascii_digit());
            root = self.prefixed("invocation function for block in ", root)?;
        }
        self.input.is_at_end().then_some(root)
    }

    pub(super) fn encoding(&mut self, results: Results) -> Option<Id> {
        self.deeper(|parser| match parser.input.peek() {
            b'G' | b'T' => parser.special(),
            _ => parser.function_or_data(results),
        })
    }

    fn function_or_data(&mut self, results: Results) -> Option<Id> {
        let (name, qualifiers) = self.name()?;
        let enable_if = self.enable_if()?;
        if self.is_end_of_encoding() {
            return match qualifiers.is_empty() {
                true => Some(name),
                false => self.node(Node::QualifiedName { name, qualifiers }),
            };
        }
        let has_result = self.input.eat(b'J') || self.has_result(name)?;
        let mut result = None;
        if has_result {
            result = Some(self.of_type()?);
        }
        let params = self.params()?;
        let requires = self.requires()?;
        let end = enable_if.or(requires);
        let result = result.filter(|_| results == Results::Shown);
        let signature = self.node(Node::Function { result, params, qualifiers, exceptions: None, end })?;
        self.node(Node::Encoding { name, signature })
    }

    /// The types of a function's arguments; `v` alone is none.
    pub(super) fn params(&mut self) -> Option<List> {
        let start = self.pending.len();
        if self.input.peek() == b'v' {
            self.input.skip(1);
            if self.is_end_of_params() {
                return self.finish(start);
            }
            let void = self.word("void")?;
            self.pending.push(void);
        }
        while !self.is_end_of_params() {
            let of_type = self.of_type()?;
            self.pending.push(of_type);
        }
        let list = self.finish(start)?;
        (!self.tree.ids(list).is_empty()).then_some(list)
    }

    fn is_end_of_encoding(&self) -> bool {
        matches!(self.input.peek(), 0 | b'E' | b'.' | b'_')
    }

    fn is_end_of_params(&self) -> bool {
        // A function type may end with its reference qualifier.
        let reference = matches!(self.input.peek_two(), [b'R' | b'O', b'E']);
        reference || self.input.peek() == b'Q' || self.is_end_of_encoding()
    }

    /// What clang's attribute requires.
    fn enable_if(&mut self) -> Option<Option<Id>> {
        if !self.input.eat_text("Ua9enable_ifI") {
            return Some(None);
        }
        let conditions = self.until_end(Parser::template_arg)?;
        self.node(Node::EnableIf(conditions)).map(Some)
    }

    /// `Q` and an expression.
    pub(super) fn requires(&mut self) -> Option<Option<Id>> {
        if !self.input.eat(b'Q') {
            return Some(None);
        }
        let constraint = self.expression()?;
        self.node(Node::Required(constraint)).map(Some)
    }

    /// The type of its result is mangled with a template's instance, but not with what has none.
    fn has_result(&mut self, name: Id) -> Option<bool> {
        let entity = self.innermost(name, |node| match node {
            Node::Local { entity, .. } | Node::DefaultArgument { entity, .. } => Some(entity),
            _ => None,
        })?;
        let Some(Node::Template { name: of, .. }) = self.tree.get(entity) else { return Some(false) };
        let of = self.innermost(of, |node| match node {
            Node::Nested { name, .. } | Node::Tagged { name, .. } | Node::InModule { name, .. } => Some(name),
            Node::Local { entity, .. } => Some(entity),
            _ => None,
        })?;
        let has_none = matches!(
            self.tree.get(of),
            Some(Node::Constructor(_) | Node::Inherited { .. } | Node::Destructor(_) | Node::Conversion(_))
        );
        Some(!has_none)
    }

    fn special(&mut self) -> Option<Id> {
        let code = self.input.peek_two();
        self.input.skip(2);
        let of_type = |parser: &mut Self, word| parser.of_type().and_then(|of| parser.prefixed(word, of));
        let of_name = |parser: &mut Self, word| parser.bare_name().and_then(|of| parser.prefixed(word, of));
        match &code {
            b"TV" => of_type(self, "vtable for "),
            b"TT" => of_type(self, "VTT for "),
            b"TI" => of_type(self, "typeinfo for "),
            b"TS" => of_type(self, "typeinfo name for "),
            b"TF" => of_type(self, "typeinfo fn for "),
            b"TJ" => of_type(self, "java Class for "),
            b"TH" => of_name(self, "TLS init function for "),
            b"TW" => of_name(self, "TLS wrapper function for "),
            b"TA" => {
                let arg = self.template_arg()?;
                self.prefixed("template parameter object for ", arg)
            }
            b"TC" => {
                let class = self.of_type()?;
                self.input.number()?;
                self.input.expect(b'_')?;
                let base = self.of_type()?;
                self.node(Node::ConstructionVtable { class, base })
            }
            b"Th" => {
                self.fixed_offset()?;
                self.thunk("non-virtual thunk to ")
            }
            b"Tv" => {
                self.virtual_offset()?;
                self.thunk("virtual thunk to ")
            }
            b"Tc" => {
                self.call_offset()?;
                self.call_offset()?;
                self.thunk("covariant return thunk to ")
            }
            b"GV" => of_name(self, "guard variable for "),
            b"GR" => {
                let name = self.bare_name()?;
                let number = if self.input.is_at_end() { 0 } else { self.input.sequence()? };
                self.node(Node::Temporary { number, name })
            }
            b"GA" => self.thunk("hidden alias for "),
            b"GT" if self.input.eat(b'n') => self.thunk("non-transaction clone for "),
            b"GT" => {
                self.input.skip(1);
                self.thunk("transaction clone for ")
            }
            b"GI" => {
                let module = self.module(None)??;
                self.prefixed("initializer for module ", module)
            }
            _ => None,
        }
    }

    fn thunk(&mut self, word: &'static str) -> Option<Id> {
        let function = self.encoding(Results::Shown)?;
        self.prefixed(word, function)
    }

    fn call_offset(&mut self) -> Option<()> {
        match self.input.peek() {
            b'h' => {
                self.input.skip(1);
                self.fixed_offset()
            }
            b'v' => {
                self.input.skip(1);
                self.virtual_offset()
            }
            _ => None,
        }
    }

    fn fixed_offset(&mut self) -> Option<()> {
        self.input.signed()?;
        self.input.expect(b'_')
    }

    fn virtual_offset(&mut self) -> Option<()> {
        self.fixed_offset()?;
        self.fixed_offset()
    }

    /// A name for which it does not matter how it is qualified.
    pub(super) fn bare_name(&mut self) -> Option<Id> {
        let (name, qualifiers) = self.name()?;
        match qualifiers.without(Qualifiers::EXPLICIT).is_empty() {
            true => Some(name),
            false => self.node(Node::QualifiedName { name, qualifiers }),
        }
    }

    pub(super) fn word(&mut self, word: &'static str) -> Option<Id> {
        self.node(Node::Word(word))
    }

    pub(super) fn prefixed(&mut self, word: &'static str, of: Id) -> Option<Id> {
        self.node(Node::Prefixed { word, of })
    }
}
