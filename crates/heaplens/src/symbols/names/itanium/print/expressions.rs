//! Expressions.

use super::Printer;
use super::scope::Meaning;
use crate::symbols::names::itanium::node::{Literals, Node};
use crate::symbols::names::itanium::operators::{Kind, Operator};
use crate::symbols::names::itanium::tree::{Id, List};

impl<'a> Printer<'_, 'a> {
    /// Writes an expression; false if it is none.
    pub(super) fn expression(&mut self, node: &Node<'a>) -> Option<bool> {
        match *node {
            Node::Literal { of_type, value, negative } => self.literal(of_type, value, negative)?,
            Node::Unary { operator, of } => self.unary(operator, of)?,
            Node::Postfix { operator, of } => {
                self.operand(of)?;
                self.put(operator.text)?;
            }
            Node::Binary { operator, left, right } => self.binary(operator, left, right)?,
            Node::Conditional { condition, yes, no } => {
                self.operand(condition)?;
                self.put("?")?;
                self.operand(yes)?;
                self.put(" : ")?;
                self.operand(no)?;
            }
            Node::Call { callee, args } => {
                // Which function is called is told by its name here.
                let name = match self.get(callee)? {
                    Node::Encoding { name, .. } => name,
                    _ => callee,
                };
                self.operand(name)?;
                self.parenthesized(args)?;
            }
            Node::NamedCast { operator, of_type, of } => {
                self.put(operator.text)?;
                self.put("<")?;
                self.node(of_type)?;
                self.put(">(")?;
                self.node(of)?;
                self.put(")")?;
            }
            Node::Cast { of_type, of } => {
                self.cast(of_type)?;
                self.operand(of)?;
            }
            Node::Construction { of_type, args } => {
                self.cast(of_type)?;
                self.parenthesized(args)?;
            }
            Node::Braced { of_type, items } => {
                if let Some(of_type) = of_type {
                    self.node(of_type)?;
                }
                self.put("{")?;
                self.commas(items)?;
                self.put("}")?;
            }
            Node::New { of_type, placement, initializer } => {
                self.put("new ")?;
                if !self.tree.ids(placement).is_empty() {
                    self.parenthesized(placement)?;
                    self.put(" ")?;
                }
                self.node(of_type)?;
                if let Some(initializer) = initializer {
                    self.node(initializer)?;
                }
            }
            Node::Parenthesized(args) => self.parenthesized(args)?,
            Node::Argument(0) => self.put("this")?,
            Node::Argument(number) => {
                self.put("{parm#")?;
                self.number(number)?;
                self.put("}")?;
            }
            Node::PackLength(pack) => match self.arg_len(pack)? {
                Some(len) => self.number(len)?,
                None => {
                    self.put("sizeof...(")?;
                    self.node(pack)?;
                    self.put(")")?;
                }
            },
            Node::ArgsLength(args) => {
                let tree = self.tree;
                let mut len = 0;
                for &arg in tree.ids(args) {
                    len += match self.get(arg)? {
                        Node::Expansion(pattern) => self.pack_len(pattern)?.unwrap_or(1),
                        _ => self.arg_len(arg)?.unwrap_or(1),
                    };
                }
                self.number(len)?;
            }
            Node::Fold { operator, pack, initial, left } => self.fold(operator, pack, initial, left)?,
            Node::FieldValue { name, value } => {
                self.put(".")?;
                self.node(name)?;
                self.put("=")?;
                self.operand(value)?;
            }
            Node::ElementValue { at, value } => {
                self.put("[")?;
                self.node(at)?;
                self.put("]=")?;
                self.operand(value)?;
            }
            Node::RangeValue { first, last, value } => {
                self.put("[")?;
                self.node(first)?;
                self.put(" ... ")?;
                self.node(last)?;
                self.put("]=")?;
                self.operand(value)?;
            }
            Node::Subobject { object, of_type, offset } => {
                self.node(object)?;
                self.put(".<")?;
                self.node(of_type)?;
                self.put(" at offset ")?;
                self.put(if offset.is_empty() { "0" } else { offset })?;
                self.put(">")?;
            }
            Node::VendorCall { name, args } => {
                self.node(name)?;
                self.parenthesized(args)?;
            }
            Node::Requires { params, requirements } => {
                self.put("requires ")?;
                if !self.tree.ids(params).is_empty() {
                    self.parenthesized(params)?;
                    self.put(" ")?;
                }
                self.put("{ ")?;
                self.sequence(requirements)?;
                self.put("}")?;
            }
            Node::Compound { of, noexcept, result } => self.compound(of, noexcept, result)?,
            Node::Requirement { word, of } => {
                self.put(word)?;
                self.node(of)?;
                self.put("; ")?;
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// An expression within another one, in parentheses unless it is a word.
    pub(super) fn operand(&mut self, id: Id) -> Option<()> {
        let is_simple = matches!(
            self.get(id)?,
            Node::Name(_) | Node::Word(_) | Node::Nested { .. } | Node::Braced { .. } | Node::Argument(_)
        );
        if is_simple {
            return self.node(id);
        }
        self.put("(")?;
        self.node(id)?;
        self.put(")")
    }

    fn parenthesized(&mut self, args: List) -> Option<()> {
        self.put("(")?;
        self.commas(args)?;
        self.put(")")
    }

    fn cast(&mut self, of_type: Id) -> Option<()> {
        self.put("(")?;
        self.node(of_type)?;
        self.put(")")
    }

    fn literal(&mut self, of_type: Id, value: &str, negative: bool) -> Option<()> {
        let form = match self.get(of_type)? {
            Node::Builtin(builtin) => builtin.literals,
            _ => Literals::Cast,
        };
        match (form, value, negative) {
            (Literals::Bool, "0", false) => return self.put("false"),
            (Literals::Bool, "1", false) => return self.put("true"),
            (Literals::Suffix(_), ..) => {}
            _ => self.cast(of_type)?,
        }
        if negative {
            self.put("-")?;
        }
        if form == Literals::Bits {
            self.put("[")?;
        }
        self.put(value)?;
        match form {
            Literals::Suffix(suffix) => self.put(suffix),
            Literals::Bits => self.put("]"),
            Literals::Bool | Literals::Cast => Some(()),
        }
    }

    fn unary(&mut self, operator: &Operator, of: Id) -> Option<()> {
        self.put(operator.text)?;
        if operator.kind == Kind::OfType {
            return self.cast(of);
        }
        // The address of a member function is that of its name.
        if operator.is(b"ad")
            && let Node::Encoding { name, signature } = self.get(of)?
            && let Node::Nested { .. } = self.get(name)?
            && let Node::Function { qualifiers, .. } = self.get(signature)?
            && qualifiers.is_empty()
        {
            return self.node(name);
        }
        self.operand(of)
    }

    fn binary(&mut self, operator: &Operator, left: Id, right: Id) -> Option<()> {
        // Which would end the template's arguments.
        let is_greater = operator.is(b"gt");
        if is_greater {
            self.put("(")?;
        }
        self.operand(left)?;
        if operator.is(b"ix") {
            self.put("[")?;
            self.node(right)?;
            self.put("]")?;
        } else {
            self.put(operator.text)?;
            self.operand(right)?;
        }
        if is_greater { self.put(")") } else { Some(()) }
    }

    fn fold(&mut self, operator: &Operator, pack: Id, initial: Option<Id>, left: bool) -> Option<()> {
        self.put("(")?;
        let parts = if left { [initial, None, Some(pack)] } else { [Some(pack), None, initial] };
        let start = self.out.len();
        for (part, is_dots) in parts.into_iter().zip([false, true, false]) {
            if part.is_none() && !is_dots {
                continue;
            }
            if self.out.len() > start {
                self.put(operator.text)?;
            }
            match part {
                // All of the pack at once.
                Some(part) => self.with_element(None, |printer| printer.operand(part))?,
                None => self.put("...")?,
            }
        }
        self.put(")")
    }

    /// How many arguments a parameter of a template stands for, if it is a pack.
    fn arg_len(&mut self, id: Id) -> Option<Option<usize>> {
        let Node::Param(number) = self.get(id)? else { return Some(None) };
        let whole = self.place().whole();
        Some(match self.meaning(number, whole)? {
            Meaning::Arg(arg, _) => match self.get(arg)? {
                Node::Pack(elements) => Some(self.tree.ids(elements).len()),
                _ => None,
            },
            _ => None,
        })
    }

    fn compound(&mut self, of: Id, noexcept: bool, result: Option<Id>) -> Option<()> {
        let is_braced = noexcept || result.is_some();
        if is_braced {
            self.put("{")?;
        }
        self.node(of)?;
        if is_braced {
            self.put("}")?;
        }
        if noexcept {
            self.put(" noexcept")?;
        }
        if let Some(result) = result {
            self.put(" -> ")?;
            self.node(result)?;
        }
        self.put("; ")
    }
}
