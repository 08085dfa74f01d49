//! Shorter names: what a function is generic over folded away.

mod brackets;
#[cfg(test)]
mod tests;

use crate::profile::{Frame, FrameId, Function, Profile, StringId};
use crate::symbols::closures;
use brackets::{Pairs, operator};
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Longer names, and what lies deeper in brackets, stay as they are.
const MAX_NAME: usize = 64 << 10;
const MAX_DEPTH: u32 = 64;

/// The same profile with the names that [`name`] gives; functions whose short names are equal merge in every view.
/// [`Function::system_name`] stays.
pub fn names(profile: &Profile) -> Profile {
    let mut short: FxHashMap<StringId, StringId> = FxHashMap::default();
    let mut frames: FxHashMap<FrameId, FrameId> = FxHashMap::default();
    profile.rebuild_stacks(|new, leaf| {
        let mut stack: Vec<FrameId> = profile.stack_from_leaf(leaf).map(|(_, frame)| frame).collect();
        stack.reverse();
        for id in &mut stack {
            *id = *frames.entry(*id).or_insert_with(|| {
                let frame = profile.frame(*id);
                let Some(function) = frame.function.map(|function| profile.function(function)) else {
                    return *id;
                };
                let old = function.name;
                let name = *short.entry(old).or_insert_with(|| new.intern(&name(profile.string(old))));
                let function = new.add_function(Function { name, ..function });
                new.add_frame(Frame { function: Some(function), ..frame })
            });
        }
        Some(new.add_stack_from_root(stack))
    })
}

/// A demangled name with its arguments folded; names of other languages, and what is no name, stay as they are.
///
/// - Type arguments, Rust's and C++'s, become `<…>`: `alloc::vec::Vec<…>::push`, `app::read::<…>`.
/// - Of `<Type as Trait>::method` both paths stay; the trait's own arguments go:
///   `<alloc::vec::Vec<…> as core::iter::Extend>::extend`.
/// - Arguments of C++ functions become `(…)`, and return types go: `store::index(…)`.
/// - Operators, closures and lambdas stay what they are; closures are written as
///   [`symbolize`](crate::symbols::symbolize) writes them.
pub fn name(full: &str) -> Cow<'_, str> {
    if full.len() > MAX_NAME || !full.contains(['<', '(', '{']) {
        return Cow::Borrowed(full);
    }
    let tidied = closures(full);
    let Some(pairs) = Pairs::of(&tidied) else {
        return tidied;
    };
    let mut folder = Folder { name: &tidied, pairs, text: String::with_capacity(tidied.len()), word: None };
    folder.fold(0, tidied.len(), Arguments::Folded, 0);
    if folder.text == *tidied { tidied } else { Cow::Owned(folder.text) }
}

/// The path of a library's source file from its crate on, without what is only the builder's machine.
/// `None` for other paths.
pub fn library_path(path: &str) -> Option<&str> {
    if let Some((_, rest)) = path.split_once("/registry/src/") {
        return Some(rest.split_once('/').map_or(rest, |(_, rest)| rest));
    }
    if let Some((_, rest)) = path.split_once("/git/checkouts/") {
        return Some(rest);
    }
    if let Some((_, rest)) = path.split_once("/rust/deps/") {
        return Some(rest);
    }
    let (before, rest) = path.split_once("/library/")?;
    (path.starts_with("/rustc/") || before.ends_with("/lib/rustlib/src/rust")).then_some(rest)
}

/// What becomes of type arguments.
#[derive(Clone, Copy, PartialEq)]
enum Arguments {
    Folded,
    Dropped,
}

struct Folder<'a> {
    name: &'a str,
    pairs: Pairs,
    text: String,
    /// At the outermost level: where the last word of `text` begins, if what stands before it may be a return type.
    word: Option<usize>,
}

impl Folder<'_> {
    /// Writes a part of the name that has all its brackets.
    fn fold(&mut self, start: usize, end: usize, arguments: Arguments, depth: u32) {
        let name = self.name;
        let bytes = name.as_bytes();
        // Java, Go and Swift separate by dots and slashes, and have other rules for arguments.
        let mut is_foreign = false;
        let mut is_operator = false;
        let mut has_arguments = false;
        let mut at = start;
        while at < end {
            if let Some(after) = operator(name, at).filter(|&after| after <= end) {
                self.text.push_str(&name[at..after]);
                is_operator = true;
                at = after;
                // `operator()<int>`, and `operator< <int>`, where a blank keeps the two apart.
                if name[at..end].starts_with(" <") {
                    self.text.push(' ');
                    at += 1;
                }
                if name[at..end].starts_with('<') {
                    at = self.type_arguments(at, arguments);
                }
                if name[at..end].starts_with('(') {
                    at = self.function_arguments(at, depth, &mut has_arguments);
                }
                continue;
            }
            let close = self.pairs.close(at);
            at = match (bytes[at], close) {
                (b'<', Some(close)) if is_qualified(name, start, at, close) => {
                    self.qualified(at, close, depth);
                    close + 1
                }
                (b'<', Some(_)) => self.type_arguments(at, arguments),
                (b'(', Some(_)) if !is_foreign && follows_name(bytes, start, at) => {
                    self.function_arguments(at, depth, &mut has_arguments)
                }
                (b'{', Some(close)) if name[at..].starts_with("{lambda(") => {
                    self.text.push('{');
                    self.inner(at + 1, close, arguments, depth);
                    self.text.push('}');
                    close + 1
                }
                (b'{', Some(close)) => {
                    self.text.push_str(&name[at..=close]);
                    close + 1
                }
                (b'(' | b'[', Some(close)) => {
                    self.text.push_str(&name[at..=at]);
                    self.inner(at + 1, close, arguments, depth);
                    self.text.push_str(&name[close..=close]);
                    close + 1
                }
                (byte, _) => {
                    is_foreign |= matches!(byte, b'.' | b'/');
                    let len = name[at..].chars().next().map_or(1, char::len_utf8);
                    self.text.push_str(&name[at..at + len]);
                    if byte == b' ' && depth == 0 && !is_operator && !has_arguments {
                        self.word = Some(self.text.len());
                    }
                    at + len
                }
            };
        }
    }

    /// What stands in brackets that stay.
    fn inner(&mut self, start: usize, end: usize, arguments: Arguments, depth: u32) {
        if depth < MAX_DEPTH {
            self.fold(start, end, arguments, depth + 1);
        } else {
            self.text.push_str(&self.name[start..end]);
        }
    }

    /// `<Type>`, `<Type as Trait>`, `<impl Trait for Type>`.
    fn qualified(&mut self, open: usize, close: usize, depth: u32) {
        let inner = &self.name[open + 1..close];
        self.text.push('<');
        let (word, first, second) = match inner.strip_prefix("impl ") {
            Some(_) => (" for ", Arguments::Dropped, Arguments::Folded),
            None => (" as ", Arguments::Folded, Arguments::Dropped),
        };
        match self.pairs.outside(self.name, open + 1, close, word) {
            Some(at) => {
                self.inner(open + 1, at, first, depth);
                self.text.push_str(word);
                self.inner(at + word.len(), close, second, depth);
            }
            None => self.inner(open + 1, close, Arguments::Folded, depth),
        }
        self.text.push('>');
    }

    /// `<int>`, and where the name goes on.
    fn type_arguments(&mut self, open: usize, arguments: Arguments) -> usize {
        let Some(close) = self.pairs.close(open) else {
            self.text.push('<');
            return open + 1;
        };
        match arguments {
            _ if close == open + 1 => self.text.push_str("<>"),
            Arguments::Folded => self.text.push_str("<…>"),
            Arguments::Dropped => {
                let kept = self.text.trim_end_matches("::").len();
                self.text.truncate(kept);
            }
        }
        close + 1
    }

    /// `(int)`, and where the name goes on. The first ones of a name show where a return type would end.
    fn function_arguments(&mut self, open: usize, depth: u32, has_arguments: &mut bool) -> usize {
        let Some(close) = self.pairs.close(open) else {
            self.text.push('(');
            return open + 1;
        };
        if depth == 0 && !*has_arguments {
            *has_arguments = true;
            // `virtual thunk to A::f()`, `guard variable for f()::x`: what a demangler says of a symbol.
            let says = |before: &str| [" to ", " for ", " in "].iter().any(|word| before.ends_with(word));
            if let Some(word) = self.word.filter(|&word| !says(&self.text[..word])) {
                self.text.drain(..word);
            }
        }
        self.text.push_str(if close == open + 1 { "()" } else { "(…)" });
        close + 1
    }
}

/// True for the `<` of a type in its own right, not of a generic function's or type's arguments.
fn is_qualified(name: &str, start: usize, open: usize, close: usize) -> bool {
    let inner = &name[open + 1..close];
    let before = &name[start..open];
    // Names that a language or a compiler gives.
    let given = ["init", "clinit", "lambda", "unnamed", "anonymous"];
    let is_given = given.contains(&inner) || inner.starts_with("impl ") || inner.starts_with("lambda(");
    let follows = before.ends_with("::")
        || before.ends_with(['}', ']', '_', '$'])
        || before.ends_with(char::is_alphanumeric);
    is_given || !follows
}

/// True for the `(` of a function's arguments, not of a tuple, a cast or `(anonymous namespace)`.
fn follows_name(bytes: &[u8], start: usize, open: usize) -> bool {
    let before = bytes[start..open].last();
    before.is_some_and(|&b| {
        b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'_' | b'>' | b']' | b'$')
    })
}
