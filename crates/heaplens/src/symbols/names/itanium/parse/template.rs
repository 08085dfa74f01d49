//! Templates' parameters and arguments, and what stands for something said before.

use super::Parser;
use crate::symbols::names::itanium::node::{Node, Standard};
use crate::symbols::names::itanium::tree::{Id, List};

const fn standard(short: &'static str, full: &'static str, class: &'static str) -> Standard {
    Standard { short, full, class }
}

static ALLOCATOR: Standard = standard("std::allocator", "std::allocator", "allocator");
static BASIC_STRING: Standard = standard("std::basic_string", "std::basic_string", "basic_string");
static STRING: Standard = standard(
    "std::string",
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
    "basic_string",
);
static ISTREAM: Standard =
    standard("std::istream", "std::basic_istream<char, std::char_traits<char> >", "basic_istream");
static OSTREAM: Standard =
    standard("std::ostream", "std::basic_ostream<char, std::char_traits<char> >", "basic_ostream");
static IOSTREAM: Standard =
    standard("std::iostream", "std::basic_iostream<char, std::char_traits<char> >", "basic_iostream");

impl<'a> Parser<'a, '_> {
    /// `S_`, `S0_`, or an abbreviation; with tags, which make it a new candidate.
    pub(super) fn substitution(&mut self) -> Option<Id> {
        self.input.expect(b'S')?;
        let name = match self.input.peek() {
            b'a' => &ALLOCATOR,
            b'b' => &BASIC_STRING,
            b's' => &STRING,
            b'i' => &ISTREAM,
            b'o' => &OSTREAM,
            b'd' => &IOSTREAM,
            _ => {
                let index = self.input.sequence()?;
                return self.substitutions.get(usize::try_from(index).ok()?).copied();
            }
        };
        self.input.skip(1);
        let name = self.node(Node::Standard(name))?;
        if self.input.peek() != b'B' {
            return Some(name);
        }
        let tagged = self.tags(name)?;
        Some(self.remember(tagged))
    }

    /// `T_`, `T0_`: the template argument of that number. `TL0__` is one of a lambda within a template; each lambda
    /// knows its own.
    pub(super) fn template_param(&mut self) -> Option<Id> {
        self.input.expect(b'T')?;
        if self.input.eat(b'L') {
            self.input.number()?;
            self.input.expect(b'_')?;
        }
        let number = self.input.index()?;
        self.node(Node::Param(number))
    }

    pub(super) fn template_args(&mut self) -> Option<List> {
        self.input.expect(b'I')?;
        let outer = std::mem::replace(&mut self.converts, false);
        let args = self.list(|parser| {
            if parser.input.eat(b'Q') {
                // What is required of the arguments says nothing of which they are.
                parser.expression()?;
                return parser.input.expect(b'E').map(|()| None);
            }
            if parser.input.eat(b'E') { Some(None) } else { parser.template_arg().map(Some) }
        })?;
        self.converts = outer;
        Some(args)
    }

    pub(super) fn template_arg(&mut self) -> Option<Id> {
        self.deeper(|parser| match parser.input.peek() {
            b'X' => {
                parser.input.skip(1);
                let value = parser.expression()?;
                parser.input.expect(b'E')?;
                Some(value)
            }
            b'L' => parser.literal(),
            // Old compilers write packs as they write arguments.
            b'J' | b'I' => {
                parser.input.skip(1);
                let args = parser.until_end(Parser::template_arg)?;
                parser.node(Node::Pack(args))
            }
            // The parameter, where the argument alone does not say which template is meant.
            b'T' if parser.is_param_declaration() => {
                parser.param_declaration()?;
                parser.template_arg()
            }
            _ => parser.of_type(),
        })
    }

    pub(super) fn is_param_declaration(&self) -> bool {
        matches!(self.input.peek_two(), [b'T', b'y' | b'n' | b't' | b'p' | b'k'])
    }

    pub(super) fn param_declaration(&mut self) -> Option<Id> {
        self.deeper(|parser| {
            let kind = parser.input.peek_at(1);
            parser.input.skip(2);
            match kind {
                b'y' => parser.node(Node::TypeParameter { concept: None }),
                b'k' => {
                    let concept = Some(parser.bare_name()?);
                    parser.node(Node::TypeParameter { concept })
                }
                b'n' => {
                    let of_type = parser.of_type()?;
                    parser.node(Node::ValueParameter { of_type })
                }
                b't' => {
                    let params = parser.list(|parser| {
                        parser.requires()?;
                        if parser.input.eat(b'E') { Some(None) } else { parser.param_declaration().map(Some) }
                    })?;
                    parser.node(Node::TemplateParameter { params })
                }
                b'p' => {
                    let of = parser.param_declaration()?;
                    parser.node(Node::PackParameter(of))
                }
                _ => None,
            }
        })
    }
}
