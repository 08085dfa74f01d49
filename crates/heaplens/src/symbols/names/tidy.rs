//! One way to write closures and shims, whichever mangling or debug information they come from.

use super::suffix;
use std::borrow::Cow;

/// False for names that [`unmangled`] leaves alone; most names are.
pub(super) fn may_change(name: &str) -> bool {
    name.contains("{{") || name.contains("#0}") || suffix::without(name).len() < name.len()
}

/// A name that is not mangled, or no longer, as people read it.
///
/// `{closure#0}` of v0 and `{{closure}}` of the older mangling, which does not count them, are both `{closure}`, since
/// most functions that have a closure have one; the second is `{closure#1}` where it is known to be. The same for
/// `{async_block#0}` and whatever else rustc counts so, and for shims: `{{vtable.shim}}` and `{shim:vtable#0}` are
/// `{shim:vtable}`.
pub(super) fn unmangled(name: &str) -> Cow<'_, str> {
    closures(suffix::without(name))
}

pub(crate) fn closures(name: &str) -> Cow<'_, str> {
    let mut text = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(found) = name[at..].find('{') {
        let start = at + found;
        at = start + 1;
        let alone = !name[..start].ends_with('{');
        let Some((word, len)) =
            word(&name[start..]).filter(|(_, len)| alone && !name[start + len..].starts_with('}'))
        else {
            continue;
        };
        text.push_str(&name[done..start]);
        match word.strip_suffix(".shim") {
            Some(shim) => {
                let colons = if text.is_empty() || text.ends_with("::") { "" } else { "::" };
                text = text + colons + "{shim:" + shim + "}";
            }
            None => text = text + "{" + word + "}",
        }
        done = start + len;
        at = done;
    }
    if done == 0 {
        return Cow::Borrowed(name);
    }
    text.push_str(&name[done..]);
    Cow::Owned(text)
}

/// The word of `{{word}}…` or `{word#0}…`, and the length of all that.
fn word(text: &str) -> Option<(&str, usize)> {
    let (inner, end) = match text.strip_prefix("{{") {
        Some(inner) => (inner, "}}"),
        None => (text.strip_prefix('{')?, "#0}"),
    };
    let len = inner.find(|c: char| !c.is_ascii_alphanumeric() && !"_:.".contains(c))?;
    let word = &inner[..len];
    let closed = !word.is_empty() && inner[len..].starts_with(end);
    closed.then_some((word, text.len() - inner.len() + len + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_written_one_way() {
        for (name, tidied) in [
            ("app::run::{{closure}}", "app::run::{closure}"),
            ("app::run::{closure#0}", "app::run::{closure}"),
            ("app::run::{closure#1}", "app::run::{closure#1}"),
            ("app::run::{{closure}}::{{closure}}", "app::run::{closure}::{closure}"),
            ("app::run::{closure#0}::<u8>", "app::run::{closure}::<u8>"),
            ("{async_fn#0}<app::A>", "{async_fn}<app::A>"),
            ("{async_block_env#0}<{closure#10}>", "{async_block_env}<{closure#10}>"),
            (
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
                "core::ops::function::FnOnce::call_once::{shim:vtable}",
            ),
            ("app::f::{shim:vtable#0}", "app::f::{shim:vtable}"),
            ("app::_::{{impl}}::f", "app::_::{impl}::f"),
            ("f()::{lambda(int)#1}::operator()(int) const", "f()::{lambda(int)#1}::operator()(int) const"),
            ("a{{b}}c{{d}}", "a{b}c{d}"),
            ("{{{a}}}", "{{{a}}}"),
            ("{{a#0}}", "{{a#0}}"),
            ("{{a", "{{a"),
            ("{}{{}}{#0}", "{}{{}}{#0}"),
            ("é{é#0}", "é{é#0}"),
            ("imalloc_body.constprop.0", "imalloc_body"),
            ("", ""),
        ] {
            assert_eq!(unmangled(name), tidied);
            assert_eq!(unmangled(tidied), tidied);
            assert!(name == tidied || may_change(name), "{name}");
        }
    }
}
