//! The functions that jeprof takes for the allocator's own, by their short names.

/// With `_` before them as well, as macOS writes them.
const NAMES: &[&str] = &[
    "calloc",
    "cfree",
    "malloc",
    "newImpl",
    "void* newImpl",
    "free",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "pvalloc",
    "valloc",
    "realloc",
    "mallocx",
    "rallocx",
    "xallocx",
    "dallocx",
    "sdallocx",
    "sdallocx_noflags",
    "tc_calloc",
    "tc_cfree",
    "tc_malloc",
    "tc_free",
    "tc_memalign",
    "tc_posix_memalign",
    "tc_pvalloc",
    "tc_valloc",
    "tc_realloc",
    "tc_new",
    "tc_delete",
    "tc_newarray",
    "tc_deletearray",
    "tc_new_nothrow",
    "tc_newarray_nothrow",
    "do_malloc",
    "::do_malloc",
    "::do_malloc_or_cpp_alloc",
    "DoSampledAllocation",
    "simple_alloc::allocate",
    "__malloc_alloc_template::allocate",
    "__builtin_delete",
    "__builtin_new",
    "__builtin_vec_delete",
    "__builtin_vec_new",
    "operator new",
    "operator new[]",
    "malloc_zone_malloc",
    "malloc_zone_calloc",
    "malloc_zone_valloc",
    "malloc_zone_realloc",
    "malloc_zone_memalign",
    "malloc_zone_free",
    "__start_google_malloc",
    "__stop_google_malloc",
    "__start_malloc_hook",
    "__stop_malloc_hook",
];

/// True for a short name that jeprof 5.3.0 skips.
pub(super) fn is_skipped(short: &str) -> bool {
    // jeprof drops the unnamed namespace that these two are in.
    let plain = short.replace("(anonymous namespace)", "");
    let listed = |name: &str| NAMES.contains(&name);
    listed(&plain)
        || plain.strip_prefix('_').is_some_and(listed)
        || plain.contains("TCMalloc")
        || plain.starts_with("tcmalloc::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_jeprofs() {
        for name in [
            "malloc",
            "_malloc",
            "operator new[]",
            "(anonymous namespace)::do_malloc",
            "tcmalloc::a",
            "x::TCMalloc_y",
        ] {
            assert!(is_skipped(name), "{name}");
        }
        for name in
            ["__malloc", "my_malloc", "je_malloc", "alloc::alloc::alloc", "app::free", "x::tcmalloc::a", ""]
        {
            assert!(!is_skipped(name), "{name}");
        }
    }
}
