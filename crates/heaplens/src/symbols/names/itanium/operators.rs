//! The operators' codes.

/// What follows an operator in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One operand.
    Unary,
    /// One, before it or (with `_`) after it.
    Increment,
    /// Two.
    Binary,
    /// Three.
    Ternary,
    /// A type.
    OfType,
    /// A type and an expression.
    NamedCast,
    /// An expression and a name.
    Member,
    /// A form of its own.
    Special,
}

#[derive(Debug)]
pub(super) struct Operator {
    code: [u8; 2],
    /// As it stands in expressions.
    pub(super) text: &'static str,
    pub(super) kind: Kind,
}

impl Operator {
    pub(super) fn is(&self, code: &[u8; 2]) -> bool {
        self.code == *code
    }
}

pub(super) fn find(code: [u8; 2]) -> Option<&'static Operator> {
    OPERATORS.binary_search_by_key(&code, |operator| operator.code).ok().and_then(|at| OPERATORS.get(at))
}

/// The codes of the operators that begin a text as it stands behind `operator` in a function's name.
pub(in super::super::super) fn beginning(text: &str) -> impl Iterator<Item = &'static str> {
    let begins = move |operator: &&Operator| {
        let word = operator.text.trim_end();
        match word.starts_with(char::is_alphabetic) {
            true => text.strip_prefix(' ').is_some_and(|text| text.starts_with(word)),
            false => text.starts_with(word),
        }
    };
    OPERATORS.iter().filter(begins).filter_map(|operator| std::str::from_utf8(&operator.code).ok())
}

const fn operator(code: &[u8; 2], text: &'static str, kind: Kind) -> Operator {
    Operator { code: *code, text, kind }
}

/// In the order of their codes.
static OPERATORS: [Operator; 63] = [
    operator(b"aN", "&=", Kind::Binary),
    operator(b"aS", "=", Kind::Binary),
    operator(b"aa", "&&", Kind::Binary),
    operator(b"ad", "&", Kind::Unary),
    operator(b"an", "&", Kind::Binary),
    operator(b"at", "alignof ", Kind::OfType),
    operator(b"aw", "co_await ", Kind::Unary),
    operator(b"az", "alignof ", Kind::Unary),
    operator(b"cc", "const_cast", Kind::NamedCast),
    operator(b"cl", "()", Kind::Special),
    operator(b"cm", ",", Kind::Binary),
    operator(b"co", "~", Kind::Unary),
    operator(b"dV", "/=", Kind::Binary),
    operator(b"da", "delete[] ", Kind::Unary),
    operator(b"dc", "dynamic_cast", Kind::NamedCast),
    operator(b"de", "*", Kind::Unary),
    operator(b"dl", "delete ", Kind::Unary),
    operator(b"ds", ".*", Kind::Binary),
    operator(b"dt", ".", Kind::Member),
    operator(b"dv", "/", Kind::Binary),
    operator(b"eO", "^=", Kind::Binary),
    operator(b"eo", "^", Kind::Binary),
    operator(b"eq", "==", Kind::Binary),
    operator(b"ge", ">=", Kind::Binary),
    operator(b"gt", ">", Kind::Binary),
    operator(b"ix", "[]", Kind::Binary),
    operator(b"lS", "<<=", Kind::Binary),
    operator(b"le", "<=", Kind::Binary),
    operator(b"ls", "<<", Kind::Binary),
    operator(b"lt", "<", Kind::Binary),
    operator(b"mI", "-=", Kind::Binary),
    operator(b"mL", "*=", Kind::Binary),
    operator(b"mi", "-", Kind::Binary),
    operator(b"ml", "*", Kind::Binary),
    operator(b"mm", "--", Kind::Increment),
    operator(b"na", "new[]", Kind::Special),
    operator(b"ne", "!=", Kind::Binary),
    operator(b"ng", "-", Kind::Unary),
    operator(b"nt", "!", Kind::Unary),
    operator(b"nw", "new", Kind::Special),
    operator(b"nx", "noexcept ", Kind::Unary),
    operator(b"oR", "|=", Kind::Binary),
    operator(b"oo", "||", Kind::Binary),
    operator(b"or", "|", Kind::Binary),
    operator(b"pL", "+=", Kind::Binary),
    operator(b"pl", "+", Kind::Binary),
    operator(b"pm", "->*", Kind::Binary),
    operator(b"pp", "++", Kind::Increment),
    operator(b"ps", "+", Kind::Unary),
    operator(b"pt", "->", Kind::Member),
    operator(b"qu", "?", Kind::Ternary),
    operator(b"rM", "%=", Kind::Binary),
    operator(b"rS", ">>=", Kind::Binary),
    operator(b"rc", "reinterpret_cast", Kind::NamedCast),
    operator(b"rm", "%", Kind::Binary),
    operator(b"rs", ">>", Kind::Binary),
    operator(b"sc", "static_cast", Kind::NamedCast),
    operator(b"ss", "<=>", Kind::Binary),
    operator(b"st", "sizeof ", Kind::OfType),
    operator(b"sz", "sizeof ", Kind::Unary),
    operator(b"te", "typeid ", Kind::Unary),
    operator(b"ti", "typeid ", Kind::OfType),
    operator(b"tw", "throw ", Kind::Unary),
];
