//! What a part of a mangled name is.

use super::operators::Operator;
use super::tree::{Id, List};

/// What stands behind a function's arguments, or a type that is qualified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Qualifiers(u8);

impl Qualifiers {
    pub(super) const CONST: Qualifiers = Qualifiers(1);
    pub(super) const VOLATILE: Qualifiers = Qualifiers(2);
    pub(super) const RESTRICT: Qualifiers = Qualifiers(4);
    pub(super) const LVALUE: Qualifiers = Qualifiers(8);
    pub(super) const RVALUE: Qualifiers = Qualifiers(16);
    /// `this` is an argument like others.
    pub(super) const EXPLICIT: Qualifiers = Qualifiers(32);

    pub(super) fn is_empty(self) -> bool {
        self == Qualifiers::default()
    }

    pub(super) fn has(self, other: Qualifiers) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Qualifiers) -> Qualifiers {
        Qualifiers(self.0 | other.0)
    }

    pub(super) fn without(self, other: Qualifiers) -> Qualifiers {
        Qualifiers(self.0 & !other.0)
    }
}

/// How a literal of a type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Literals {
    /// `(char)97`
    Cast,
    /// `4ul`
    Suffix(&'static str),
    /// `true`
    Bool,
    /// `(float)[3f800000]`
    Bits,
}

#[derive(Debug)]
pub(super) struct Builtin {
    pub(super) name: &'static str,
    pub(super) literals: Literals,
}

/// A name of the standard library that has an abbreviation.
#[derive(Debug)]
pub(super) struct Standard {
    pub(super) short: &'static str,
    /// As it stands before the name of a constructor or destructor.
    pub(super) full: &'static str,
    /// What its constructors are called.
    pub(super) class: &'static str,
}

/// The parts of names, types and expressions; each line says how it is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<'a> {
    // Names.
    Name(&'a str),
    Word(&'static str),
    Standard(&'static Standard),
    FullStandard(&'static Standard),
    /// `outer::name`
    Nested {
        outer: Id,
        name: Id,
    },
    /// `function::entity`
    Local {
        function: Id,
        entity: Id,
    },
    /// `{default arg#1}::entity`
    DefaultArgument {
        number: u32,
        entity: Id,
    },
    /// `name<args>`
    Template {
        name: Id,
        args: List,
    },
    /// The arguments that one parameter stands for.
    Pack(List),
    /// One after the other.
    Sequence(List),
    /// What the template argument of that number is, wherever it is written.
    Param(u32),
    Constructor(Id),
    /// The constructor of a base class, of which the arguments may be those of the constructor.
    Inherited {
        class: Id,
        base: Id,
    },
    Destructor(Id),
    /// `operator+`
    Operator(&'static Operator),
    /// `operator type`
    Conversion(Id),
    /// `name[abi:tag]`
    Tagged {
        name: Id,
        tag: &'a str,
    },
    /// `name@module`
    InModule {
        name: Id,
        module: Id,
    },
    /// `before.name`; `before:name` for a partition.
    Module {
        before: Option<Id>,
        name: Id,
        partition: bool,
    },
    /// `{lambda(params)#1}`; `head` holds the parameters of a template, `requires` what is required of them.
    Lambda {
        head: List,
        params: List,
        number: u32,
        requires: Option<Id>,
    },
    /// `{unnamed type#1}`
    Unnamed(u32),
    /// `[a, b]`
    Bindings(List),
    /// A word and what it is said of: `vtable for A`.
    Prefixed {
        word: &'static str,
        of: Id,
    },
    /// `construction vtable for base-in-class`
    ConstructionVtable {
        class: Id,
        base: Id,
    },
    /// `reference temporary #0 for name`
    Temporary {
        number: u32,
        name: Id,
    },
    /// `name(…)`
    Encoding {
        name: Id,
        signature: Id,
    },
    /// ` [enable_if:conditions]`
    EnableIf(List),
    /// ` requires constraint`
    Required(Id),
    /// `name const`, which is no function.
    QualifiedName {
        name: Id,
        qualifiers: Qualifiers,
    },

    // Parameters of a lambda's template.
    TypeParameter {
        concept: Option<Id>,
    },
    ValueParameter {
        of_type: Id,
    },
    TemplateParameter {
        params: List,
    },
    PackParameter(Id),

    // Types.
    Builtin(&'static Builtin),
    Pointer(Id),
    Reference {
        to: Id,
        rvalue: bool,
    },
    Qualified {
        of: Id,
        qualifiers: Qualifiers,
    },
    /// A type and what follows it.
    Suffixed {
        of: Id,
        word: &'static str,
    },
    VendorQualified {
        of: Id,
        by: Id,
    },
    MemberPointer {
        class: Id,
        member: Id,
    },
    /// `result (params) exceptions qualifiers end`
    Function {
        result: Option<Id>,
        params: List,
        qualifiers: Qualifiers,
        exceptions: Option<Id>,
        end: Option<Id>,
    },
    /// ` noexcept(condition)`
    Noexcept(Id),
    /// ` throw(types)`
    Throws(List),
    Array {
        of: Id,
        size: Option<Id>,
    },
    Vector {
        of: Id,
        size: Id,
    },
    /// `pattern...`
    Expansion(Id),
    Decltype(Id),
    /// `_BitInt(size)`
    BitInt {
        word: &'static str,
        size: Id,
    },
    /// `constraint auto`
    Constrained {
        by: Id,
        word: &'static str,
    },

    // Expressions.
    Literal {
        of_type: Id,
        value: &'a str,
        negative: bool,
    },
    Unary {
        operator: &'static Operator,
        of: Id,
    },
    Postfix {
        operator: &'static Operator,
        of: Id,
    },
    Binary {
        operator: &'static Operator,
        left: Id,
        right: Id,
    },
    Conditional {
        condition: Id,
        yes: Id,
        no: Id,
    },
    Call {
        callee: Id,
        args: List,
    },
    /// `static_cast<type>(of)`
    NamedCast {
        operator: &'static Operator,
        of_type: Id,
        of: Id,
    },
    /// `(type)of`
    Cast {
        of_type: Id,
        of: Id,
    },
    /// `(type)(args)`
    Construction {
        of_type: Id,
        args: List,
    },
    /// `type{items}`
    Braced {
        of_type: Option<Id>,
        items: List,
    },
    New {
        of_type: Id,
        placement: List,
        initializer: Option<Id>,
    },
    /// `(args)`
    Parenthesized(List),
    /// `{parm#1}`; `this` is the one before the first.
    Argument(u32),
    /// `sizeof...(pack)`, counted where it can be.
    PackLength(Id),
    /// The same of a list of template arguments.
    ArgsLength(List),
    Fold {
        operator: &'static Operator,
        pack: Id,
        initial: Option<Id>,
        left: bool,
    },
    /// `.name=value`
    FieldValue {
        name: Id,
        value: Id,
    },
    /// `[at]=value`
    ElementValue {
        at: Id,
        value: Id,
    },
    /// `[first ... last]=value`
    RangeValue {
        first: Id,
        last: Id,
        value: Id,
    },
    /// `object.<type at offset 0>`
    Subobject {
        object: Id,
        of_type: Id,
        offset: &'a str,
    },
    /// `name(args)` of what a vendor adds to the language.
    VendorCall {
        name: Id,
        args: List,
    },
    /// `requires (params) { … }`
    Requires {
        params: List,
        requirements: List,
    },
    /// `{of} noexcept -> result;`
    Compound {
        of: Id,
        noexcept: bool,
        result: Option<Id>,
    },
    /// `word of;`
    Requirement {
        word: &'static str,
        of: Id,
    },
}
