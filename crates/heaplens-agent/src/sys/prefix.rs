//! Which environment variable this binary's jemalloc reads. The wrong one is ignored in silence, so guessing hurts.
#![allow(unsafe_code)]

/// The name for a jemalloc whose symbols carry the prefix `_rjem_`, or no prefix.
pub(crate) fn variable(prefixed: bool) -> &'static str {
    if prefixed { "_RJEM_MALLOC_CONF" } else { "MALLOC_CONF" }
}

// A word that the linker fills: a weak reference is null where the symbol does not exist. The word itself is weak
// too, so that two versions of this crate in one program do not collide.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android"), not(target_os = "dragonfly")))]
std::arch::global_asm!(
    ".weak _rjem_mallctl",
    ".pushsection .data.heaplens_agent_prefix,\"aw\"",
    ".balign 8",
    ".weak heaplens_agent_rjem_mallctl",
    ".hidden heaplens_agent_rjem_mallctl",
    "heaplens_agent_rjem_mallctl:",
    ".dc.a _rjem_mallctl",
    ".popsection",
);

/// Whether the jemalloc linked into this program has prefixed symbols.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android"), not(target_os = "dragonfly")))]
pub(crate) fn is_prefixed() -> bool {
    unsafe extern "C" {
        static heaplens_agent_rjem_mallctl: usize;
    }
    // SAFETY: the word is defined just above, aligned, and never written after loading.
    let address = unsafe { std::ptr::read_volatile(&raw const heaplens_agent_rjem_mallctl) };
    address != 0
}

/// On these systems the tikv crates always build jemalloc with a prefix.
#[cfg(not(all(
    unix,
    not(target_vendor = "apple"),
    not(target_os = "android"),
    not(target_os = "dragonfly")
)))]
pub(crate) fn is_prefixed() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_prefix() {
        assert_eq!(variable(true), "_RJEM_MALLOC_CONF");
        assert_eq!(variable(false), "MALLOC_CONF");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_tests_own_jemalloc_is_seen_as_it_was_built() {
        // The dev-dependency asks for unprefixed symbols.
        assert!(!is_prefixed());
    }
}
