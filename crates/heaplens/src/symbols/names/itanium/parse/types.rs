//! Types.

use super::builtins::{LETTERS, LETTERS_AFTER_D, find};
use super::{Parser, Reading};
use crate::symbols::names::itanium::node::{Node, Qualifiers};
use crate::symbols::names::itanium::tree::Id;

impl<'a> Parser<'a, '_> {
    /// A type. All but those of one word are candidates for substitution.
    pub(super) fn of_type(&mut self) -> Option<Id> {
        if let Some(builtin) = find(&LETTERS, self.input.peek()) {
            self.input.skip(1);
            return self.node(Node::Builtin(builtin));
        }
        self.deeper(Parser::compound_type)
    }

    fn compound_type(&mut self) -> Option<Id> {
        let of = |parser: &mut Self| {
            parser.input.skip(1);
            parser.of_type()
        };
        let node = match self.input.peek() {
            b'P' => Node::Pointer(of(self)?),
            b'R' => Node::Reference { to: of(self)?, rvalue: false },
            b'O' => Node::Reference { to: of(self)?, rvalue: true },
            b'C' => Node::Suffixed { of: of(self)?, word: " _Complex" },
            b'G' => Node::Suffixed { of: of(self)?, word: " _Imaginary" },
            b'r' | b'V' | b'K' => return self.qualified_type(),
            b'F' => return self.function_type(Qualifiers::default()),
            b'A' => self.array_type()?,
            b'M' => {
                let class = of(self)?;
                Node::MemberPointer { class, member: self.of_type()? }
            }
            b'U' if self.input.peek_at(1).is_ascii_digit() => {
                self.input.skip(1);
                let by = self.vendor_name()?;
                Node::VendorQualified { of: self.of_type()?, by }
            }
            b'u' => {
                self.input.skip(1);
                let name = self.vendor_name()?;
                return Some(self.remember(name));
            }
            b'D' => return self.type_after_d(),
            b'T' => return self.type_after_t(),
            b'S' if self.input.peek_at(1) != b't' => return self.substituted_type(),
            _ => {
                let name = self.bare_name()?;
                return Some(self.remember(name));
            }
        };
        let id = self.node(node)?;
        Some(self.remember(id))
    }

    /// A name that a vendor adds to the language; its arguments are as those of templates.
    fn vendor_name(&mut self) -> Option<Id> {
        let name = self.source_name()?;
        if self.input.peek() == b'I' { self.instance(name) } else { Some(name) }
    }

    /// The qualifiers of a function are its own, and no candidates without it.
    fn qualified_type(&mut self) -> Option<Id> {
        let qualifiers = self.cv_qualifiers();
        if self.is_function_type() {
            return self.function_type(qualifiers);
        }
        let of = self.of_type()?;
        let id = self.node(Node::Qualified { of, qualifiers })?;
        Some(self.remember(id))
    }

    fn is_function_type(&self) -> bool {
        matches!(self.input.peek_two(), [b'F', _] | [b'D', b'o' | b'O' | b'w' | b'x'])
    }

    fn function_type(&mut self, mut qualifiers: Qualifiers) -> Option<Id> {
        let exceptions = self.exceptions()?;
        self.input.expect(b'F')?;
        // `extern "C"`, which nobody shows.
        self.input.eat(b'Y');
        let result = Some(self.of_type()?);
        let params = self.params()?;
        if self.input.eat(b'R') {
            qualifiers = qualifiers.with(Qualifiers::LVALUE);
        } else if self.input.eat(b'O') {
            qualifiers = qualifiers.with(Qualifiers::RVALUE);
        }
        self.input.expect(b'E')?;
        let id = self.node(Node::Function { result, params, qualifiers, exceptions, end: None })?;
        Some(self.remember(id))
    }

    /// What is said of exceptions and transactions; the last said is written first.
    fn exceptions(&mut self) -> Option<Option<Id>> {
        let mut said = None;
        while let [b'D', kind @ (b'o' | b'O' | b'w' | b'x')] = self.input.peek_two() {
            self.input.skip(2);
            let this = match kind {
                b'o' => self.word(" noexcept")?,
                b'x' => self.word(" transaction_safe")?,
                b'O' => {
                    let condition = self.expression()?;
                    self.input.expect(b'E')?;
                    self.node(Node::Noexcept(condition))?
                }
                _ => {
                    let types = self.until_end(Parser::of_type)?;
                    self.node(Node::Throws(types))?
                }
            };
            said = Some(match said {
                None => this,
                Some(before) => {
                    let both = self.of(&[this, before])?;
                    self.node(Node::Sequence(both))?
                }
            });
        }
        Some(said)
    }

    fn array_type(&mut self) -> Option<Node<'a>> {
        self.input.skip(1);
        let size = match self.input.peek() {
            b'_' => None,
            b'0'..=b'9' => Some(self.digits()?),
            _ => Some(self.expression()?),
        };
        self.input.expect(b'_')?;
        Some(Node::Array { of: self.of_type()?, size })
    }

    fn digits(&mut self) -> Option<Id> {
        let digits = self.input.take_while(|letter| letter.is_ascii_digit());
        (!digits.is_empty()).then_some(())?;
        self.node(Node::Name(digits))
    }

    fn type_after_d(&mut self) -> Option<Id> {
        let letter = self.input.peek_at(1);
        if let Some(builtin) = find(&LETTERS_AFTER_D, letter) {
            self.input.skip(2);
            return self.node(Node::Builtin(builtin));
        }
        let id = match letter {
            b'a' => return self.skip_to_word(2, "auto"),
            b'c' => return self.skip_to_word(2, "decltype(auto)"),
            b't' | b'T' => self.decltype()?,
            b'o' | b'O' | b'w' | b'x' => return self.function_type(Qualifiers::default()),
            b'F' => return self.sized_float(),
            b'p' => {
                self.input.skip(2);
                let pattern = self.of_type()?;
                self.node(Node::Expansion(pattern))?
            }
            b'v' => {
                self.input.skip(2);
                let node = self.vector_type()?;
                self.node(node)?
            }
            b'B' | b'U' => {
                self.input.skip(2);
                let size = match self.input.peek() {
                    b'0'..=b'9' => self.digits()?,
                    _ => self.expression()?,
                };
                self.input.expect(b'_')?;
                let word = if letter == b'B' { "_BitInt" } else { "unsigned _BitInt" };
                return self.node(Node::BitInt { word, size });
            }
            b'k' | b'K' => {
                self.input.skip(2);
                let by = self.bare_name()?;
                let word = if letter == b'k' { " auto" } else { " decltype(auto)" };
                return self.node(Node::Constrained { by, word });
            }
            _ => return None,
        };
        Some(self.remember(id))
    }

    pub(super) fn decltype(&mut self) -> Option<Id> {
        self.input.skip(2);
        let of = self.expression()?;
        self.input.expect(b'E')?;
        self.node(Node::Decltype(of))
    }

    /// `DF16_`, `DF32x`, `DF16b`
    fn sized_float(&mut self) -> Option<Id> {
        self.input.skip(2);
        let size = self.input.take_while(|letter| letter.is_ascii_digit());
        let word = match self.input.peek() {
            _ if size.is_empty() => return None,
            b'b' if size == "16" => return self.skip_to_word(1, "std::bfloat16_t"),
            b'x' => "x",
            b'_' => "",
            _ => return None,
        };
        self.input.skip(1);
        let name = self.node(Node::Name(size))?;
        let name = self.prefixed("_Float", name)?;
        if word.is_empty() { Some(name) } else { self.node(Node::Suffixed { of: name, word }) }
    }

    fn skip_to_word(&mut self, letters: usize, word: &'static str) -> Option<Id> {
        self.input.skip(letters);
        self.word(word)
    }

    /// gcc and clang put the mark after a size that is computed at different places.
    fn vector_type(&mut self) -> Option<Node<'a>> {
        let size = match self.input.peek() {
            b'0'..=b'9' => self.digits()?,
            _ => {
                self.input.eat(b'_');
                self.expression()?
            }
        };
        self.input.expect(b'_')?;
        Some(Node::Vector { of: self.of_type()?, size })
    }

    /// A parameter of a template, with arguments if it is a template itself; or `struct A`.
    fn type_after_t(&mut self) -> Option<Id> {
        let word = match self.input.peek_at(1) {
            b's' => "struct ",
            b'u' => "union ",
            b'e' => "enum ",
            _ => {
                let param = self.template_param()?;
                self.remember(param);
                return self.perhaps_of_template(param);
            }
        };
        self.input.skip(2);
        let name = self.bare_name()?;
        let id = self.prefixed(word, name)?;
        Some(self.remember(id))
    }

    /// The arguments after the type that a conversion operator converts to may be its own.
    fn perhaps_of_template(&mut self, param: Id) -> Option<Id> {
        if self.input.peek() != b'I' {
            return Some(param);
        }
        if self.converts && !self.reads(Reading::ArgsOfConverted) {
            return Some(param);
        }
        let id = self.instance(param)?;
        Some(self.remember(id))
    }

    fn substituted_type(&mut self) -> Option<Id> {
        let part = self.substitution()?;
        if let Some(Node::Module { .. }) = self.tree.get(part) {
            let name = self.name_in_module(None, Some(part))?;
            self.remember(name);
            return if self.input.peek() == b'I' {
                let id = self.instance(name)?;
                Some(self.remember(id))
            } else {
                Some(name)
            };
        }
        match self.tree.get(part) {
            Some(Node::Param(_)) => self.perhaps_of_template(part),
            _ if self.input.peek() == b'I' => {
                let id = self.instance(part)?;
                Some(self.remember(id))
            }
            _ => Some(part),
        }
    }
}
