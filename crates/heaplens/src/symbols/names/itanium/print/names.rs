//! Names.

use super::Printer;
use super::scope::Meaning;
use crate::symbols::names::itanium::node::{Node, Qualifiers};
use crate::symbols::names::itanium::tree::{Id, List};

impl<'a> Printer<'_, 'a> {
    /// Writes a name; false if it is none.
    pub(super) fn name(&mut self, node: &Node<'a>) -> Option<bool> {
        match *node {
            Node::Standard(name) => self.put(name.short)?,
            Node::FullStandard(name) => self.put(name.full)?,
            Node::Nested { outer, name } | Node::Local { function: outer, entity: name } => {
                self.node(outer)?;
                self.put("::")?;
                self.node(name)?;
            }
            Node::DefaultArgument { number, entity } => {
                self.put("{default arg#")?;
                self.number(number)?;
                self.put("}::")?;
                self.node(entity)?;
            }
            Node::Template { name, args } => {
                self.node(name)?;
                let converted = self.scopes.converted.take();
                self.template_args(args)?;
                self.scopes.converted = converted;
            }
            Node::Pack(list) => self.commas(list)?,
            Node::Sequence(list) => self.sequence(list)?,
            Node::Constructor(class) | Node::Inherited { class, .. } => self.node(class)?,
            Node::Destructor(class) => {
                self.put("~")?;
                self.node(class)?;
            }
            Node::Operator(operator) => {
                let text = operator.text.trim_end();
                self.put(if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    "operator "
                } else {
                    "operator"
                })?;
                self.put(text)?;
            }
            Node::Conversion(to) => {
                self.put("operator ")?;
                let converted = self.scopes.converted.take();
                self.with_args(converted, |printer| printer.node(to))?;
                self.scopes.converted = converted;
            }
            Node::Tagged { name, tag } => {
                self.node(name)?;
                self.put("[abi:")?;
                self.put(tag)?;
                self.put("]")?;
            }
            Node::InModule { name, module } => {
                self.node(name)?;
                self.put("@")?;
                self.node(module)?;
            }
            Node::Module { before, name, partition } => {
                if let Some(before) = before {
                    self.node(before)?;
                }
                match (before, partition) {
                    (_, true) => self.put(":")?,
                    (Some(_), false) => self.put(".")?,
                    (None, false) => {}
                }
                self.node(name)?;
            }
            Node::Lambda { head, params, number, requires } => self.lambda(head, params, number, requires)?,
            Node::Unnamed(number) => {
                self.put("{unnamed type#")?;
                self.number(number)?;
                self.put("}")?;
            }
            Node::Bindings(names) => {
                self.put("[")?;
                self.commas(names)?;
                self.put("]")?;
            }
            Node::Prefixed { word, of } => {
                self.put(word)?;
                self.node(of)?;
            }
            Node::ConstructionVtable { class, base } => {
                self.put("construction vtable for ")?;
                self.node(base)?;
                self.put("-in-")?;
                self.node(class)?;
            }
            Node::Temporary { number, name } => {
                self.put("reference temporary #")?;
                self.number(number)?;
                self.put(" for ")?;
                self.node(name)?;
            }
            Node::Encoding { name, signature } => self.encoding(name, signature)?,
            Node::EnableIf(conditions) => {
                self.put(" [enable_if:")?;
                self.commas(conditions)?;
                self.put("]")?;
            }
            Node::Required(constraint) => {
                self.put(" requires ")?;
                self.node(constraint)?;
            }
            Node::QualifiedName { name, qualifiers } => {
                self.node(name)?;
                self.qualifiers(qualifiers)?;
            }
            Node::TypeParameter { .. }
            | Node::ValueParameter { .. }
            | Node::TemplateParameter { .. }
            | Node::PackParameter(_) => self.declaration(node, None)?,
            _ => return Some(false),
        }
        Some(true)
    }

    pub(super) fn template_args(&mut self, args: List) -> Option<()> {
        if self.ends_with(b'<') {
            self.put(" ")?;
        }
        self.put("<")?;
        self.commas(args)?;
        if self.ends_with(b'>') {
            self.put(" ")?;
        }
        self.put(">")
    }

    /// A function with its arguments. Its result stands around it.
    fn encoding(&mut self, name: Id, signature: Id) -> Option<()> {
        let Node::Function { result, .. } = self.get(signature)? else { return None };
        let args = self.args_of(name)?;
        if let Some(result) = result {
            self.with_args(args, |printer| printer.result_left(result))?;
        }
        let converted = std::mem::replace(&mut self.scopes.converted, args);
        self.node(name)?;
        self.scopes.converted = None;
        self.with_args(args, |printer| printer.signature(signature))?;
        self.scopes.converted = converted;
        Some(())
    }

    /// The template arguments that parameters in a function's type stand for: the last that are in its name.
    fn args_of(&mut self, mut name: Id) -> Option<Option<List>> {
        loop {
            name = match self.get(name)? {
                Node::Template { args, .. } => return Some(Some(args)),
                Node::Local { entity, .. } | Node::DefaultArgument { entity, .. } => entity,
                Node::Nested { outer, name } => match self.get(name)? {
                    Node::Inherited { base, .. } => base,
                    _ => outer,
                },
                _ => return Some(None),
            };
        }
    }

    fn lambda(&mut self, head: List, params: List, number: u32, requires: Option<Id>) -> Option<()> {
        self.put("{lambda")?;
        self.in_lambda(head, |printer| {
            let tree = printer.tree;
            if !tree.ids(head).is_empty() {
                printer.put("<")?;
                let start = printer.out.len();
                for (&id, number) in tree.ids(head).iter().zip(0..) {
                    let declared = printer.get(id)?;
                    printer.separated(start, |printer| printer.declaration(&declared, Some(number)))?;
                }
                printer.put(">")?;
            }
            printer.put("(")?;
            printer.commas(params)?;
            printer.put(")")?;
            requires.map_or(Some(()), |requires| printer.node(requires))
        })?;
        self.put("#")?;
        self.number(number)?;
        self.put("}")
    }

    /// The declaration of a template's parameter, with the name that the one of that number has.
    fn declaration(&mut self, node: &Node<'a>, number: Option<u32>) -> Option<()> {
        self.deeper(|printer| {
            printer.declared_kind(node)?;
            let Some(number) = number else { return Some(()) };
            printer.put(" ")?;
            printer.declared_name(node, number)
        })
    }

    fn declared_kind(&mut self, node: &Node<'a>) -> Option<()> {
        match *node {
            Node::TypeParameter { concept: None } => self.put("typename"),
            Node::TypeParameter { concept: Some(concept) } => self.node(concept),
            Node::ValueParameter { of_type } => self.node(of_type),
            Node::TemplateParameter { params } => {
                self.put("template<")?;
                self.commas(params)?;
                self.put("> class")
            }
            Node::PackParameter(of) => {
                let of = self.get(of)?;
                self.deeper(|printer| printer.declared_kind(&of))?;
                self.put("...")
            }
            _ => None,
        }
    }

    /// A parameter of a lambda's template has no name in the symbol: `$T0`.
    fn declared_name(&mut self, node: &Node<'a>, number: u32) -> Option<()> {
        let kind = match *node {
            Node::TypeParameter { .. } => "$T",
            Node::ValueParameter { .. } => "$N",
            Node::TemplateParameter { .. } => "$TT",
            Node::PackParameter(of) => {
                let of = self.get(of)?;
                return self.deeper(|printer| printer.declared_name(&of, number));
            }
            _ => return None,
        };
        self.put(kind)?;
        self.number(number)
    }

    /// A parameter that stands for no template argument.
    pub(super) fn parameter_of_lambda(&mut self, meaning: &Meaning) -> Option<()> {
        match *meaning {
            Meaning::OfLambda(declared, number) => {
                let declared = self.get(declared)?;
                self.declared_name(&declared, number)
            }
            Meaning::Auto(number) => {
                self.put("auto:")?;
                self.number(number.checked_add(1)?)
            }
            Meaning::Arg(..) | Meaning::Nothing => Some(()),
        }
    }

    pub(super) fn qualifiers(&mut self, qualifiers: Qualifiers) -> Option<()> {
        let words = [
            (Qualifiers::CONST, " const"),
            (Qualifiers::VOLATILE, " volatile"),
            (Qualifiers::RESTRICT, " restrict"),
            (Qualifiers::LVALUE, " &"),
            (Qualifiers::RVALUE, " &&"),
        ];
        words
            .iter()
            .filter(|(qualifier, _)| qualifiers.has(*qualifier))
            .try_for_each(|(_, word)| self.put(word))
    }
}
