//! Types, which are written around what they are the type of.

use super::Printer;
use super::scope::{Meaning, Place};
use crate::symbols::names::itanium::node::{Node, Qualifiers};
use crate::symbols::names::itanium::tree::Id;

/// What a mark like `*` has to be put in parentheses for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Function,
    Array,
    Other,
}

impl<'a> Printer<'_, 'a> {
    /// Writes the part of a type before the name; false if it is no type of several parts.
    pub(super) fn type_left(&mut self, node: &Node<'a>) -> Option<bool> {
        match *node {
            Node::Param(number) => match self.meaning(number, self.place())? {
                Meaning::Arg(arg, outer) => self.at(outer, |printer| printer.left(arg))?,
                other => self.parameter_of_lambda(&other)?,
            },
            Node::Qualified { of, qualifiers } => self.qualified_left(of, qualifiers)?,
            Node::Reference { to, rvalue } => {
                let (to, rvalue, place) = self.collapsed(to, rvalue)?;
                self.at(place, |printer| {
                    printer.left(to)?;
                    printer.open(to, true)?;
                    printer.put(if rvalue { "&&" } else { "&" })
                })?;
            }
            Node::Pointer(of) => {
                self.left(of)?;
                self.open(of, true)?;
                self.put("*")?;
            }
            Node::Suffixed { of, word } => {
                self.left(of)?;
                self.open(of, false)?;
                self.put(word)?;
            }
            Node::VendorQualified { of, by } => {
                self.left(of)?;
                self.open(of, false)?;
                self.put(" ")?;
                self.node(by)?;
            }
            Node::MemberPointer { class, member } => {
                self.left(member)?;
                self.open(member, false)?;
                if !self.ends_with(b'(') {
                    self.put(" ")?;
                }
                self.node(class)?;
                self.put("::*")?;
            }
            Node::Vector { of, size } => {
                self.left(of)?;
                self.open(of, false)?;
                self.put(" __vector(")?;
                self.node(size)?;
                self.put(")")?;
            }
            Node::Function { result: Some(result), .. } => self.result_left(result)?,
            Node::Function { result: None, .. } => {}
            Node::Array { of, .. } => self.left(of)?,
            Node::Noexcept(condition) => {
                self.put(" noexcept(")?;
                self.node(condition)?;
                self.put(")")?;
            }
            Node::Throws(types) => {
                self.put(" throw(")?;
                self.commas(types)?;
                self.put(")")?;
            }
            Node::Expansion(pattern) => self.expansion(pattern)?,
            Node::Decltype(of) => {
                self.put("decltype (")?;
                self.node(of)?;
                self.put(")")?;
            }
            Node::BitInt { word, size } => {
                self.put(word)?;
                self.put("(")?;
                self.node(size)?;
                self.put(")")?;
            }
            Node::Constrained { by, word } => {
                self.node(by)?;
                self.put(word)?;
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// What stands after the name that a type is the type of.
    pub(super) fn right(&mut self, id: Id) -> Option<()> {
        let node = self.get(id)?;
        self.deeper(|printer| match node {
            Node::Param(number) => match printer.meaning(number, printer.place())? {
                Meaning::Arg(arg, outer) => printer.at(outer, |printer| printer.right(arg)),
                _ => Some(()),
            },
            Node::Qualified { of, .. } if printer.shape(of)? != Shape::Function => printer.right(of),
            Node::Reference { to, rvalue } => {
                let (to, _, place) = printer.collapsed(to, rvalue)?;
                printer.at(place, |printer| printer.close(to))
            }
            Node::Pointer(of)
            | Node::Qualified { of, .. }
            | Node::Suffixed { of, .. }
            | Node::VendorQualified { of, .. }
            | Node::MemberPointer { member: of, .. }
            | Node::Vector { of, .. } => printer.close(of),
            Node::Function { .. } => printer.signature(id),
            Node::Array { of, size } => {
                if !printer.ends_with(b']') {
                    printer.put(" ")?;
                }
                printer.put("[")?;
                if let Some(size) = size {
                    printer.node(size)?;
                }
                printer.put("]")?;
                printer.right(of)
            }
            _ => Some(()),
        })
    }

    /// Opens parentheses around a mark, if it stands before a function's arguments or an array's size. What is written
    /// `tight` needs no space before them where there are others.
    fn open(&mut self, of: Id, tight: bool) -> Option<()> {
        match self.shape(of)? {
            Shape::Other => Some(()),
            Shape::Array => self.put(" ("),
            Shape::Function => {
                let fits = self.ends_with(b' ') || tight && (self.ends_with(b'(') || self.ends_with(b'*'));
                self.put(if fits { "(" } else { " (" })
            }
        }
    }

    fn close(&mut self, of: Id) -> Option<()> {
        if self.shape(of)? != Shape::Other {
            self.put(")")?;
        }
        self.right(of)
    }

    fn shape(&mut self, id: Id) -> Option<Shape> {
        let mut qualified = false;
        let (mut id, mut place) = (id, self.place());
        loop {
            let (node, outer) = self.meant(id, place)?;
            (id, place) = match node {
                Node::Array { .. } => return Some(Shape::Array),
                // Its qualifiers have parentheses already.
                Node::Function { .. } if !qualified => return Some(Shape::Function),
                Node::Qualified { of, .. } => (of, outer),
                _ => return Some(Shape::Other),
            };
            qualified = true;
        }
    }

    /// True if a part of the type stands after the name.
    fn has_right(&mut self, mut id: Id) -> Option<bool> {
        let mut place = self.place();
        loop {
            let (node, outer) = self.meant(id, place)?;
            place = outer;
            id = match node {
                Node::Array { .. } | Node::Function { .. } => return Some(true),
                Node::Pointer(of)
                | Node::Qualified { of, .. }
                | Node::Suffixed { of, .. }
                | Node::VendorQualified { of, .. }
                | Node::MemberPointer { member: of, .. }
                | Node::Vector { of, .. }
                | Node::Reference { to: of, .. } => of,
                _ => return Some(false),
            };
        }
    }

    /// References to references are references; a parameter can be one.
    fn collapsed(&mut self, to: Id, rvalue: bool) -> Option<(Id, bool, Place)> {
        let here = self.place();
        match self.meant(to, here)? {
            (Node::Reference { to, rvalue: inner }, place) => Some((to, rvalue && inner, place)),
            _ => Some((to, rvalue, here)),
        }
    }

    /// The qualifiers of an array are written as those of its elements.
    fn qualified_left(&mut self, of: Id, qualifiers: Qualifiers) -> Option<()> {
        self.deeper(|printer| match printer.shape(of)? {
            Shape::Array => printer.qualified_array_left(of, qualifiers),
            shape => {
                let present = printer.present(of)?;
                printer.left(of)?;
                if shape == Shape::Function {
                    printer.open(of, false)?;
                }
                printer.qualifiers(qualifiers.without(present))
            }
        })
    }

    fn qualified_array_left(&mut self, array: Id, qualifiers: Qualifiers) -> Option<()> {
        let (node, place) = self.meant(array, self.place())?;
        self.at(place, |printer| match node {
            Node::Array { of, .. } => printer.qualified_left(of, qualifiers),
            Node::Qualified { of, qualifiers: more } => printer.qualified_left(of, qualifiers.with(more)),
            _ => None,
        })
    }

    /// The qualifiers that a type has of itself.
    fn present(&mut self, mut id: Id) -> Option<Qualifiers> {
        let mut present = Qualifiers::default();
        let mut place = self.place();
        loop {
            let (node, outer) = self.meant(id, place)?;
            let Node::Qualified { of, qualifiers } = node else { return Some(present) };
            present = present.with(qualifiers);
            (id, place) = (of, outer);
        }
    }

    /// A result's part before a function's name. No space parts it where it reaches around the function.
    pub(super) fn result_left(&mut self, result: Id) -> Option<()> {
        self.left(result)?;
        if self.has_right(result)? { Some(()) } else { self.put(" ") }
    }

    /// A function's arguments and what is said behind them.
    pub(super) fn signature(&mut self, function: Id) -> Option<()> {
        let Node::Function { result, params, qualifiers, exceptions, end } = self.get(function)? else {
            return None;
        };
        self.put(if qualifiers.has(Qualifiers::EXPLICIT) { "(this " } else { "(" })?;
        self.commas(params)?;
        self.put(")")?;
        if let Some(exceptions) = exceptions {
            self.node(exceptions)?;
        }
        self.qualifiers(qualifiers)?;
        if let Some(end) = end {
            self.node(end)?;
        }
        result.map_or(Some(()), |result| self.right(result))
    }

    /// `pattern...`, once for each element of the packs in it if they are known.
    fn expansion(&mut self, pattern: Id) -> Option<()> {
        let Some(len) = self.pack_len(pattern)? else {
            self.operand(pattern)?;
            return self.put("...");
        };
        let start = self.out.len();
        for element in 0..len {
            self.step()?;
            self.separated(start, |printer| {
                printer.with_element(Some(element), |printer| printer.node(pattern))
            })?;
        }
        Some(())
    }
}
