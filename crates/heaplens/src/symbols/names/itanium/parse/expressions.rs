//! Expressions.

use super::Parser;
use crate::symbols::names::itanium::node::Node;
use crate::symbols::names::itanium::operators::{self, Kind, Operator};
use crate::symbols::names::itanium::tree::{Id, List};

impl<'a> Parser<'a, '_> {
    pub(super) fn expression(&mut self) -> Option<Id> {
        self.deeper(|parser| {
            let outer = std::mem::replace(&mut parser.converts, false);
            let id = parser.any_expression()?;
            parser.converts = outer;
            Some(id)
        })
    }

    fn any_expression(&mut self) -> Option<Id> {
        let code = self.input.peek_two();
        match &code {
            [b'L', _] => return self.literal(),
            [b'T', _] => return self.template_param(),
            [b'0'..=b'9', _] | b"on" | b"dn" | b"sr" => return self.unresolved_name(),
            b"fp" | b"fL" if self.is_argument() => return self.argument(),
            b"fl" | b"fr" | b"fL" | b"fR" => return self.fold(code),
            [b'u', b'0'..=b'9'] => return self.vendor_call(),
            _ => {}
        }
        self.input.skip(2);
        match &code {
            b"gs" => {
                let of = self.expression()?;
                self.prefixed("::", of)
            }
            b"cl" => {
                let callee = self.expression()?;
                let args = self.until_end(Parser::expression)?;
                self.node(Node::Call { callee, args })
            }
            // As `cl`, but of a name in parentheses, which is looked up as it is.
            b"cp" => {
                let callee = self.unresolved_name()?;
                let args = self.until_end(Parser::expression)?;
                self.node(Node::Call { callee, args })
            }
            b"cv" => self.conversion(),
            b"tl" => {
                let of_type = Some(self.of_type()?);
                self.braced(of_type)
            }
            b"il" => self.braced(None),
            b"nw" | b"na" => self.new_expression(),
            b"tr" => self.word("throw"),
            b"sp" => {
                let pattern = self.expression()?;
                self.node(Node::Expansion(pattern))
            }
            b"sZ" => {
                let pack = self.expression()?;
                self.node(Node::PackLength(pack))
            }
            b"sP" => {
                let args = self.until_end(Parser::template_arg)?;
                self.node(Node::ArgsLength(args))
            }
            b"mc" => {
                let of_type = self.of_type()?;
                let of = self.expression()?;
                self.input.signed();
                self.input.expect(b'E')?;
                self.node(Node::Cast { of_type, of })
            }
            b"so" => self.subobject(),
            b"rq" | b"rQ" => self.requires_expression(code == *b"rQ"),
            _ => operators::find(code).and_then(|operator| self.operation(operator)),
        }
    }

    fn vendor_call(&mut self) -> Option<Id> {
        self.input.skip(1);
        let name = self.source_name()?;
        let args = self.until_end(Parser::template_arg)?;
        self.node(Node::VendorCall { name, args })
    }

    fn operation(&mut self, operator: &'static Operator) -> Option<Id> {
        let node = match operator.kind {
            Kind::Increment if !self.input.eat(b'_') => Node::Postfix { operator, of: self.expression()? },
            Kind::Unary | Kind::Increment => Node::Unary { operator, of: self.expression()? },
            Kind::OfType => Node::Unary { operator, of: self.of_type()? },
            Kind::Binary => {
                let left = self.expression()?;
                Node::Binary { operator, left, right: self.expression()? }
            }
            Kind::Member => {
                let left = self.expression()?;
                let right = self.unresolved_name()?;
                Node::Binary { operator, left, right }
            }
            Kind::Ternary => {
                let condition = self.expression()?;
                let yes = self.expression()?;
                Node::Conditional { condition, yes, no: self.expression()? }
            }
            Kind::NamedCast => {
                let of_type = self.of_type()?;
                Node::NamedCast { operator, of_type, of: self.expression()? }
            }
            Kind::Special => return None,
        };
        self.node(node)
    }

    /// `fp_`, `fp0_`, `fpK_`, `fL1p_`; a fold is `fL` and an operator.
    fn is_argument(&self) -> bool {
        self.input.peek_two() == *b"fp" || self.input.peek_at(2).is_ascii_digit()
    }

    /// An argument of the function, or of the one around it; `this` is `fpT`.
    fn argument(&mut self) -> Option<Id> {
        self.input.skip(1);
        if self.input.eat(b'L') {
            self.input.number()?;
        }
        self.input.expect(b'p')?;
        if self.input.eat(b'T') {
            return self.node(Node::Argument(0));
        }
        self.cv_qualifiers();
        let number = self.input.index()?.checked_add(1)?;
        self.node(Node::Argument(number))
    }

    /// `(... + pack)`
    fn fold(&mut self, code: [u8; 2]) -> Option<Id> {
        self.input.skip(2);
        let operator =
            operators::find(self.input.peek_two()).filter(|operator| operator.kind == Kind::Binary)?;
        self.input.skip(2);
        let first = self.expression()?;
        let (pack, initial) = match code[1] {
            b'L' => (self.expression()?, Some(first)),
            b'R' => (first, Some(self.expression()?)),
            _ => (first, None),
        };
        let left = matches!(code[1], b'l' | b'L');
        self.node(Node::Fold { operator, pack, initial, left })
    }

    /// `cv` and a type, then one expression, or `_` and several.
    fn conversion(&mut self) -> Option<Id> {
        let of_type = self.of_type()?;
        if self.input.eat(b'_') {
            let args = self.until_end(Parser::expression)?;
            return self.node(Node::Construction { of_type, args });
        }
        let of = self.expression()?;
        self.node(Node::Cast { of_type, of })
    }

    fn braced(&mut self, of_type: Option<Id>) -> Option<Id> {
        let items = self.until_end(Parser::item)?;
        self.node(Node::Braced { of_type, items })
    }

    /// What is in braces; it may say for which field or elements it is.
    fn item(&mut self) -> Option<Id> {
        let designator = self.input.peek_two();
        if !matches!(&designator, b"di" | b"dx" | b"dX") {
            return self.expression();
        }
        self.deeper(|parser| {
            parser.input.skip(2);
            let node = match designator[1] {
                b'i' => {
                    let name = parser.source_name()?;
                    Node::FieldValue { name, value: parser.item()? }
                }
                b'x' => {
                    let at = parser.expression()?;
                    Node::ElementValue { at, value: parser.item()? }
                }
                _ => {
                    let first = parser.expression()?;
                    let last = parser.expression()?;
                    Node::RangeValue { first, last, value: parser.item()? }
                }
            };
            parser.node(node)
        })
    }

    /// Placement, `_`, the type, and how the object begins.
    fn new_expression(&mut self) -> Option<Id> {
        let placement = self
            .list(|parser| if parser.input.eat(b'_') { Some(None) } else { parser.expression().map(Some) })?;
        let of_type = self.of_type()?;
        let initializer = if self.input.eat(b'E') {
            None
        } else if self.input.eat_text("pi") {
            let args = self.until_end(Parser::expression)?;
            Some(self.node(Node::Parenthesized(args))?)
        } else if self.input.starts_with("il") {
            Some(self.expression()?)
        } else {
            return None;
        };
        self.node(Node::New { of_type, placement, initializer })
    }

    /// A part of an object that a pointer points to; what of a union is chosen is not shown.
    fn subobject(&mut self) -> Option<Id> {
        let of_type = self.of_type()?;
        let object = self.expression()?;
        let offset = self.input.take_while(|letter| letter.is_ascii_digit() || letter == b'n');
        while self.input.eat(b'_') {
            self.input.take_while(|letter| letter.is_ascii_digit());
        }
        self.input.eat(b'p');
        self.input.expect(b'E')?;
        self.node(Node::Subobject { object, of_type, offset })
    }

    fn requires_expression(&mut self, has_params: bool) -> Option<Id> {
        let mut params = List::default();
        if has_params {
            params = self.params()?;
            self.input.expect(b'_')?;
        }
        let requirements = self.until_end(Parser::requirement)?;
        self.node(Node::Requires { params, requirements })
    }

    fn requirement(&mut self) -> Option<Id> {
        let node = match self.input.peek() {
            b'X' => {
                self.input.skip(1);
                let of = self.expression()?;
                let noexcept = self.input.eat(b'N');
                let result = if self.input.eat(b'R') { Some(self.bare_name()?) } else { None };
                Node::Compound { of, noexcept, result }
            }
            b'T' => {
                self.input.skip(1);
                Node::Requirement { word: "typename ", of: self.of_type()? }
            }
            b'Q' => {
                self.input.skip(1);
                Node::Requirement { word: "requires ", of: self.expression()? }
            }
            _ => return None,
        };
        self.node(node)
    }
}
