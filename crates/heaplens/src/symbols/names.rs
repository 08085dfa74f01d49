//! Demangling: each distinct name once, and no name may cost more than its worth.

use rustc_hash::FxHashMap;
use std::fmt::{self, Write};

/// Longer mangled names are shown as they are.
const MAX_MANGLED: usize = 16 << 10;
/// A name that demangles to more is shown mangled: some short ones grow exponentially.
const MAX_DEMANGLED: usize = 32 << 10;
/// Names are cut there, whatever they are.
pub(super) const MAX_NAME: usize = 64 << 10;

/// Remembers what each mangled name means.
#[derive(Default)]
pub(super) struct Demangler {
    known: FxHashMap<String, Option<String>>,
}

impl Demangler {
    /// The name for people; the name itself where it is not mangled.
    pub(super) fn name<'a>(&'a mut self, mangled: &'a str) -> &'a str {
        // Not mangled names are the majority in C programs and need no table.
        if !may_be_mangled(mangled) {
            return mangled;
        }
        if !self.known.contains_key(mangled) {
            self.known.insert(mangled.to_owned(), demangle(mangled));
        }
        match self.known.get(mangled) {
            Some(Some(name)) => name,
            _ => mangled,
        }
    }
}

/// A name as the file has it, cut to a size that can be shown.
pub(super) fn raw(name: &str) -> String {
    super::texts::shortened(name, MAX_NAME).into_owned()
}

/// True if the name looks mangled; a look at the first letters only.
pub(super) fn may_be_mangled(name: &str) -> bool {
    ["_R", "_Z", "__R", "__Z", "R", "Z", "___Z"].iter().any(|prefix| name.starts_with(prefix))
}

/// Rust's hash suffix is left out: it changes with every compiler and would keep builds from being compared.
fn demangle(mangled: &str) -> Option<String> {
    if mangled.len() > MAX_MANGLED {
        return None;
    }
    let mut out = Limited(String::new());
    if let Ok(name) = rustc_demangle::try_demangle(mangled) {
        write!(out, "{name:#}").ok()?;
        return Some(out.0);
    }
    let name = cpp_demangle::Symbol::new(mangled).ok()?;
    let options = cpp_demangle::DemangleOptions::default();
    name.structured_demangle(&mut out, &options).ok()?;
    Some(out.0).filter(|name| !name.is_empty())
}

/// Stops the demangler once it has written too much.
struct Limited(String);

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_DEMANGLED {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demangles_rust_and_cpp() {
        let mut names = Demangler::default();
        for (mangled, name) in [
            ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"),
            ("_ZN3app4leak17h0123456789abcdefE.llvm.123456", "app::leak"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"),
            ("_RNvCs5QKde7ScR4H_7___rustc12___rust_alloc", "__rustc::__rust_alloc"),
            ("_ZN5store5indexEi", "store::index(int)"),
            ("_Znwm", "operator new(unsigned long)"),
            ("malloc", "malloc"),
            ("Zebra", "Zebra"),
            ("_Zzz", "_Zzz"),
            ("", ""),
        ] {
            assert_eq!(names.name(mangled), name);
            assert_eq!(names.name(mangled), name, "second time");
        }
    }

    /// `A<int, int>`, and 24 times the template of the type before, twice: 2^24 words from 200 letters.
    #[test]
    fn bombs_stay_as_they_are() {
        let bomb = |levels: u32| {
            let mut mangled = String::from("_Z1fI1AIiiE");
            for level in 1..=levels {
                let before = std::char::from_digit(level, 36).unwrap().to_ascii_uppercase();
                write!(mangled, "S0_IS{before}_S{before}_E").unwrap();
            }
            mangled + "EvT_"
        };
        let length = |levels| Demangler::default().name(&bomb(levels)).len();
        assert!(length(9) > 2 * length(7), "{} {}", length(9), length(7));
        let mangled = bomb(24);
        let mut names = Demangler::default();
        let name = names.name(&mangled).to_owned();
        assert_eq!(name, mangled);

        let deep = format!("_Z1f{}i", "P".repeat(10_000));
        assert_eq!(names.name(&deep), deep);
        let long = format!("_ZN{}{}E", 1 << 20, "a".repeat(1 << 20));
        assert_eq!(names.name(&long), long);
        assert!(raw(&long).len() < 70 << 10);
        let wide = "é".repeat(MAX_NAME);
        assert!(raw(&wide).ends_with("é…"));
    }
}
