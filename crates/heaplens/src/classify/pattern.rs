//! The allocator's functions as one regular expression, for readers that fold frames themselves.

use super::{ALLOCATOR_C, ALLOCATOR_RUST, JEMALLOC_INTERNAL, PREFIXES};

/// A regular expression (RE2 and Rust alike) for the names that [`is_allocator`](super::is_allocator) knows: to match
/// the whole of a demangled name, without or with its arguments. It judges by names alone.
pub fn allocator_pattern() -> String {
    let any = |names: &mut dyn Iterator<Item = &&str>| names.copied().collect::<Vec<_>>().join("|");
    let c = any(&mut ALLOCATOR_C.iter().chain(JEMALLOC_INTERNAL));
    let prefixes = any(&mut PREFIXES.iter());
    let with_prefix = any(&mut JEMALLOC_INTERNAL.iter().filter(|name| name.contains('_')));
    let rust = any(&mut ALLOCATOR_RUST.iter());
    // What may follow C's names: GCC's marks of clones, template arguments, arguments.
    let end = r"(?:[.<(].*)?";
    [
        format!("(?:::)?(?:[a-z]+\\*? )?_*(?:libc_)?(?:{c}){end}"),
        format!("_*(?:libc_)?(?:{prefixes})[^:<(]*{end}"),
        format!("[^:<( ]*_je_[^:<(]*{end}"),
        format!("[^:<( ]*_(?:{with_prefix}|mallocx|rallocx|xallocx|smallocx){end}"),
        r"(?:[^<( ]*::)?__(?:rust|rdl|rg)_(?:re|de)?alloc[^:]*".to_owned(),
        format!("<?(?:{rust})(?:[:<( \\[].*)?"),
        r"<.* as (?:[^<> ]*::)?GlobalAlloc(?:<.*)?>::.*".to_owned(),
        r".*::<impl core::alloc::(?:global::)?GlobalAlloc for .*".to_owned(),
        "operator (?:new|delete).*".to_owned(),
        "_Z(?:nw|na|dl|da).*".to_owned(),
    ]
    .join("|")
}
