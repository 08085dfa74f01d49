//! What a mangled name says: nodes that refer to each other by number, so that what is substituted stands once.

use super::node::Node;
use std::num::NonZeroU32;

/// A node's number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(NonZeroU32);

/// Several nodes in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    start: u32,
    len: u32,
}

/// A parameter's number as a bit, the last one for all that have none.
fn bit(param: u32) -> u64 {
    1 << param.min(63)
}

/// All nodes of a name.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    /// Of each node: which template parameters are in it, outside of what is expanded by itself.
    params: Vec<u64>,
    lists: Vec<Id>,
}

impl<'a> Tree<'a> {
    pub(super) fn with_capacity(nodes: usize) -> Tree<'a> {
        let params = Vec::with_capacity(nodes);
        Tree { nodes: Vec::with_capacity(nodes), params, lists: Vec::with_capacity(nodes) }
    }

    pub(super) fn push(&mut self, node: Node<'a>) -> Option<Id> {
        self.params.push(self.params_in(&node));
        self.nodes.push(node);
        u32::try_from(self.nodes.len()).ok().and_then(NonZeroU32::new).map(Id)
    }

    pub(super) fn list(&mut self, ids: impl Iterator<Item = Id>) -> Option<List> {
        let start = u32::try_from(self.lists.len()).ok()?;
        self.lists.extend(ids);
        let len = u32::try_from(self.lists.len()).ok()? - start;
        Some(List { start, len })
    }

    pub(super) fn get(&self, id: Id) -> Option<Node<'a>> {
        self.nodes.get(id.0.get() as usize - 1).copied()
    }

    pub(super) fn ids(&self, list: List) -> &[Id] {
        let start = list.start as usize;
        self.lists.get(start..start + list.len as usize).unwrap_or_default()
    }

    /// Which template parameters are in a node; see [`Tree::may_hold`].
    pub(super) fn params(&self, id: Id) -> u64 {
        self.params.get(id.0.get() as usize - 1).copied().unwrap_or_default()
    }

    /// True if the parameter of that number may be among `params`.
    pub(super) fn may_hold(params: u64, number: u32) -> bool {
        params & bit(number) != 0
    }

    fn params_in(&self, node: &Node<'_>) -> u64 {
        let of = |id: Id| self.params(id);
        let any = |list: List| self.ids(list).iter().fold(0, |all, &id| all | self.params(id));
        let maybe = |id: Option<Id>| id.map_or(0, |id| self.params(id));
        match *node {
            Node::Param(number) => bit(number),
            Node::Name(_)
            | Node::Word(_)
            | Node::Standard(_)
            | Node::FullStandard(_)
            | Node::Operator(_)
            | Node::Unnamed(_)
            | Node::Module { .. }
            | Node::Builtin(_)
            | Node::Argument(_)
            // Those have parameters of their own, or are expanded by themselves.
            | Node::Lambda { .. }
            | Node::Encoding { .. }
            | Node::Expansion(_)
            | Node::Bindings(_)
            | Node::TypeParameter { .. }
            | Node::ValueParameter { .. }
            | Node::TemplateParameter { .. }
            | Node::PackParameter(_)
            | Node::ConstructionVtable { .. }
            | Node::EnableIf(_)
            | Node::Required(_)
            | Node::Requires { .. }
            | Node::Requirement { .. } => 0,
            Node::Constructor(id)
            | Node::Destructor(id)
            | Node::Conversion(id)
            | Node::Pointer(id)
            | Node::Noexcept(id)
            | Node::Decltype(id)
            | Node::PackLength(id) => of(id),
            Node::Nested { outer: a, name: b }
            | Node::Local { function: a, entity: b }
            | Node::Inherited { class: a, base: b }
            | Node::VendorQualified { of: a, by: b }
            | Node::MemberPointer { class: a, member: b }
            | Node::Vector { of: a, size: b }
            | Node::Binary { left: a, right: b, .. }
            | Node::NamedCast { of_type: a, of: b, .. }
            | Node::Cast { of_type: a, of: b }
            | Node::FieldValue { name: a, value: b }
            | Node::ElementValue { at: a, value: b }
            | Node::Subobject { object: a, of_type: b, .. } => of(a) | of(b),
            Node::Conditional { condition: a, yes: b, no: c }
            | Node::RangeValue { first: a, last: b, value: c } => of(a) | of(b) | of(c),
            Node::DefaultArgument { entity: id, .. }
            | Node::Tagged { name: id, .. }
            | Node::InModule { name: id, .. }
            | Node::Prefixed { of: id, .. }
            | Node::Temporary { name: id, .. }
            | Node::QualifiedName { name: id, .. }
            | Node::Reference { to: id, .. }
            | Node::Qualified { of: id, .. }
            | Node::Suffixed { of: id, .. }
            | Node::BitInt { size: id, .. }
            | Node::Constrained { by: id, .. }
            | Node::Literal { of_type: id, .. }
            | Node::Unary { of: id, .. }
            | Node::Postfix { of: id, .. } => of(id),
            Node::Pack(list) | Node::Sequence(list) | Node::Throws(list) | Node::Parenthesized(list) | Node::ArgsLength(list) => any(list),
            Node::Template { name: id, args: list }
            | Node::Call { callee: id, args: list }
            | Node::Construction { of_type: id, args: list }
            | Node::VendorCall { name: id, args: list } => of(id) | any(list),
            Node::Function { result, params, exceptions, .. } => {
                any(params) | maybe(result) | maybe(exceptions)
            }
            Node::Array { of: id, size: other }
            | Node::Fold { pack: id, initial: other, .. }
            | Node::Compound { of: id, result: other, .. } => of(id) | maybe(other),
            Node::Braced { of_type, items } => maybe(of_type) | any(items),
            Node::New { of_type, placement, initializer } => of(of_type) | any(placement) | maybe(initializer),
        }
    }
}
