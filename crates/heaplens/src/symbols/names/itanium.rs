//! C++ names as the Itanium C++ ABI mangles them, written as binutils' `addr2line -C` writes them.
//!
//! <https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling> is the grammar that [`parse`] follows, with what
//! compilers do beyond it. A name becomes a [`tree`], in which what is said twice stands once; [`print`] writes it,
//! and decides there what template parameters stand for.
//!
//! Any bytes cost little: the parser never goes back, so its steps are as many as the letters (what two compilers mean
//! differently is read a second time, as a whole); nesting is limited; and since a short name can stand for one of
//! exponential length, the printer counts what it writes and what it visits.

mod node;
mod operators;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod tree;

pub(in super::super) use operators::beginning as operators;
use parse::Reading;
use print::Failure;

/// How deep parts may nest: six times what any name of LLVM needs, and little of a stack.
const MAX_DEPTH: u32 = 192;

/// The name for people, of at most `max` bytes: `None` if it is none of C++, or would cost too much.
pub(super) fn demangle(symbol: &str, max: usize) -> Option<String> {
    read(symbol, max, &mut 0)
}

/// The same, counting the nodes that are made and visited.
fn read(symbol: &str, max: usize, steps: &mut usize) -> Option<String> {
    let mut choices = vec![Reading::Usual];
    let mut next = 0;
    while let Some(&reading) = choices.get(next) {
        next += 1;
        let Some((tree, root)) = parse::parse(symbol, reading, &mut choices, steps) else { continue };
        match print::print(&tree, root, max, steps) {
            Ok(name) => return Some(name),
            Err(Failure::TooLong) => return None,
            Err(Failure::Senseless) => {}
        }
    }
    None
}
