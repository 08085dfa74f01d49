//! Demangling: each distinct name once, and no name may cost more than its worth.

mod caps;
mod itanium;
mod suffix;
#[cfg(test)]
mod tests;
mod tidy;

use caps::{Limited, MAX_DEMANGLED, MAX_MANGLED, Patience};
pub(super) use itanium::operators;
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
pub(crate) use tidy::closures;

/// Names are cut there, whatever they are.
pub(super) const MAX_NAME: usize = 64 << 10;

/// How demangled names are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Spelling {
    /// For people, and equal from build to build: without Rust's hashes and the marks of copies that a compiler made
    /// of a function (`.part.0`, `.cold`, `.llvm.123`); closures as `{closure}` and `{closure#1}`.
    #[default]
    Readable,
    /// As [`Spelling::Readable`], with Rust's hashes: `app::run::h0123456789abcdef`, `app[0123456789abcdef]::run`.
    Hashes,
    /// As binutils' tools write names with `-C`: closures as the compiler has them, copies as `[clone .part.0]`.
    Binutils,
}

/// Remembers what each mangled name means.
///
/// Rust (legacy and v0) and C++ are demangled. Swift (`$s…`), Go, Java, OCaml, and whatever else does not begin as
/// Rust and C++ do, stay as they are. Names that would cost too much time or space stay mangled.
#[derive(Debug, Default)]
pub struct Demangler {
    spelling: Spelling,
    known: FxHashMap<Box<str>, Option<Box<str>>>,
    patience: Patience,
}

impl Demangler {
    /// A demangler that knows no name yet.
    pub fn new(spelling: Spelling) -> Demangler {
        Demangler { spelling, ..Demangler::default() }
    }

    /// The name for people; the name itself where it is not mangled, or not demangled for its cost.
    pub fn name<'a>(&'a mut self, mangled: &'a str) -> &'a str {
        // Not mangled names are the majority in C programs and need no table.
        if !may_be_mangled(mangled) && !tidy::may_change(mangled) {
            return mangled;
        }
        if !self.known.contains_key(mangled) {
            // Demanglers promise not to panic; a name that finds a way all the same stays mangled.
            let name = catch_unwind(AssertUnwindSafe(|| self.demangle(mangled))).unwrap_or_default();
            self.known.insert(mangled.into(), name.map(String::into_boxed_str));
        }
        match self.known.get(mangled) {
            Some(Some(name)) => name,
            _ => mangled,
        }
    }

    /// Forgets names, for those who meet any number of them; how much they have cost it remembers.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// How many names it remembers.
    pub fn remembered(&self) -> usize {
        self.known.len()
    }

    fn demangle(&mut self, mangled: &str) -> Option<String> {
        if mangled.len() > MAX_MANGLED {
            return None;
        }
        if self.spelling == Spelling::Binutils {
            return self.as_binutils(mangled);
        }
        if !may_be_mangled(mangled) {
            return Some(tidy::unmangled(mangled).into_owned());
        }
        let (symbol, _) = suffix::split(suffix::version(mangled).0);
        let name = self.rust(symbol).or_else(|| itanium::demangle(symbol, MAX_DEMANGLED))?;
        let name = tidy::unmangled(&name);
        // What demangles to a mangled name would be demangled again by the next reader of our output.
        let again = may_be_mangled(&name)
            && (rustc_demangle::try_demangle(&name).is_ok()
                || itanium::demangle(&name, MAX_DEMANGLED).is_some());
        (!name.is_empty() && !again).then(|| name.into_owned())
    }

    fn as_binutils(&mut self, mangled: &str) -> Option<String> {
        let (symbol, version) = suffix::version(mangled);
        let (symbol, clones) = suffix::split(symbol);
        // Only C++ names tell of clones there.
        let name = self.rust(symbol).or_else(|| {
            let name = itanium::demangle(symbol, MAX_DEMANGLED)?;
            Some(name + &suffix::as_binutils(clones))
        })?;
        (!name.is_empty()).then(|| name + version)
    }

    fn rust(&mut self, symbol: &str) -> Option<String> {
        if is_cpp(symbol) {
            return None;
        }
        let name = rustc_demangle::try_demangle(symbol).ok()?;
        let mut out = Limited::new(symbol.len(), &self.patience);
        let written = match self.spelling {
            Spelling::Hashes => write!(out, "{name}"),
            Spelling::Readable | Spelling::Binutils => write!(out, "{name:#}"),
        };
        self.patience.spend(out.cost());
        written.ok()?;
        // Said where a name refers to a place that holds none, or refers to itself too often.
        let broken = ["{invalid syntax}", "{recursion limit reached}", "{size limit reached}"];
        Some(out.text).filter(|text| !broken.iter().any(|mark| text.contains(mark)))
    }
}

/// True for `_Z…` without the hash that Rust's older mangling ends with; rustc_demangle reads `_ZN1A1bE` all the same.
fn is_cpp(symbol: &str) -> bool {
    let has_hash = symbol.rsplit_once("17h").is_some_and(|(_, rest)| {
        rest.find(|c| !matches!(c, '0'..='9' | 'a'..='f')) == Some(16) && rest[16..].starts_with('E')
    });
    symbol.trim_start_matches('_').starts_with('Z') && !has_hash
}

/// How the names of a profile are written.
pub(super) fn spelling(options: &super::Options) -> Spelling {
    if options.hash_suffixes { Spelling::Hashes } else { Spelling::Readable }
}

/// A name as the file has it, cut to a size that can be shown.
pub(super) fn raw(name: &str) -> String {
    super::texts::shortened(name, MAX_NAME).into_owned()
}

/// True if the name looks mangled by Rust or C++; a look at the first letters only. Mach-O adds an underscore.
pub(super) fn may_be_mangled(name: &str) -> bool {
    ["_R", "_Z", "__R", "__Z", "___Z"].iter().any(|prefix| name.starts_with(prefix))
}
