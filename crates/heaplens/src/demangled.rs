//! Demangled names taken apart, as far as it takes to see whose they are.

/// A demangled name without what surrounds its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path<'a> {
    /// The path of the function; for `<X>::f` and `<X as T>::f` the path of X. Generic arguments may follow.
    pub(crate) text: &'a str,
    /// T of `<X as T>::f`.
    pub(crate) of_trait: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// The first part: the crate, in Rust.
    pub(crate) fn root(&self) -> &'a str {
        let end = self.text.find([':', '<', '(', '[', ' ', '{', ';', ',']);
        end.map_or(self.text, |end| &self.text[..end])
    }
}

/// Takes a name apart: `<&alloc::vec::Vec<T> as core::fmt::Debug>::fmt`, `void* newImpl<false>(unsigned long)`,
/// `app::run [inline]`.
pub(crate) fn path(name: &str) -> Path<'_> {
    let mut name = name.trim();
    for mark in ["[inline]", "(inline)"] {
        name = name.strip_suffix(mark).unwrap_or(name).trim_end();
    }
    let plain = |text| Path { text, of_trait: None };
    if name.starts_with('<')
        && let Some(end) = closing(name)
    {
        let inner = &name[1..end];
        let (of_type, of_trait) = match top_level(inner, " as ") {
            Some(at) => (&inner[..at], Some(inner[at + 4..].trim())),
            None => (inner, None),
        };
        let of_type = referent(of_type);
        // A type without a crate (a slice, a number, a parameter) says less than the trait.
        return match of_trait {
            Some(t) if !of_type.contains("::") => Path { text: t, of_trait: Some(t) },
            _ => Path { text: of_type, of_trait },
        };
    }
    plain(without_return_type(name))
}

/// `void std::vector<int>::push_back<int>(int)`: what stands before the last blank outside of brackets is a type.
fn without_return_type(name: &str) -> &str {
    if name.starts_with("operator ") || name.contains("{lambda") || name.starts_with('[') {
        return name;
    }
    let Some(arguments) = name.find('(') else {
        // No arguments, no return type; but words may precede a template: `void* newImpl<false>`.
        return if name.contains("::<impl ") { name } else { last_word(name, name.len()) };
    };
    last_word(name, arguments)
}

fn last_word(name: &str, end: usize) -> &str {
    let mut depth = 0i32;
    let mut start = 0;
    let bytes = name.as_bytes();
    for (i, &byte) in bytes[..end].iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if i > 0 && bytes[i - 1] != b'-' => depth -= 1,
            b' ' if depth == 0 => {
                if name[i + 1..].starts_with("operator") || name[..i].ends_with("operator") {
                    break;
                }
                start = i + 1;
            }
            _ => {}
        }
    }
    &name[start..]
}

/// The place of the bracket that closes the first one; arrows of function types are no brackets.
fn closing(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let mut depth = 0u32;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if i > 0 && bytes[i - 1] != b'-' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The first place of a text outside of all brackets.
fn top_level(text: &str, wanted: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0i32;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'>' if i > 0 && bytes[i - 1] != b'-' => depth -= 1,
            b' ' if depth == 0 && bytes[i..].starts_with(wanted.as_bytes()) => return Some(i),
            _ => {}
        }
    }
    None
}

/// The type behind references, pointers, `dyn` and slices.
fn referent(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let shorter = ["&", "*const ", "*mut ", "mut ", "dyn ", "[", "("]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix));
        match shorter {
            Some(rest) => text = rest,
            None if text.starts_with('\'') => match text.split_once(' ') {
                Some((_, rest)) => text = rest,
                None => return text,
            },
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_path_that_tells() {
        for (name, text, of_trait) in [
            ("app::run", "app::run", None),
            ("app::run [inline]", "app::run", None),
            ("app::run[inline]", "app::run", None),
            ("<app::Cache<K>>::insert", "app::Cache<K>", None),
            ("<app::A as core::clone::Clone>::clone", "app::A", Some("core::clone::Clone")),
            ("<&'a mut app::A<fn() -> u8> as app::T>::f", "app::A<fn() -> u8>", Some("app::T")),
            ("<[u8] as alloc::slice::ToOwned>::f", "alloc::slice::ToOwned", Some("alloc::slice::ToOwned")),
            ("<u8 as serde::Serialize>::serialize", "serde::Serialize", Some("serde::Serialize")),
            ("<<a::B as c::D>::E as f::G>::h", "<a::B as c::D>::E", Some("f::G")),
            ("void* newImpl<false>(unsigned long)", "newImpl<false>(unsigned long)", None),
            ("void std::vector<int>::f<int>(int&&)", "std::vector<int>::f<int>(int&&)", None),
            ("operator new(unsigned long)", "operator new(unsigned long)", None),
            ("store::operator new[](unsigned long)", "store::operator new[](unsigned long)", None),
            ("<unclosed", "<unclosed", None),
            ("<>", "", None),
            ("", "", None),
        ] {
            assert_eq!(path(name), Path { text, of_trait }, "{name}");
        }
    }
}
