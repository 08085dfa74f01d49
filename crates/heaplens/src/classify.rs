//! Whose code a frame is: the allocator's, the standard library's, a runtime's, a dependency's or the user's.
//!
//! Judged by the name where it is telling, else by the file that declares the function: generic code is compiled
//! into its user's binary, so neither module nor compilation unit tells.

use crate::demangled::{Path, path};

mod owners;
mod pattern;

pub use owners::Owners;
pub use pattern::allocator_pattern;

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The allocator and what only passes requests on to it: jemalloc, `alloc::alloc`, `RawVec` growth,
    /// `operator new`.
    Allocator,
    /// Standard libraries: `Vec::push` and `HashMap::insert` are here.
    Std,
    /// What starts and schedules code: thread entry, tokio's and rayon's workers, hyper and tower glue.
    Runtime,
    /// Dependencies.
    ThirdParty,
    /// The program's own code, and all that nothing says otherwise of.
    FirstParty,
}

impl Owner {
    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Owner::Allocator => "allocator",
            Owner::Std => "std",
            Owner::Runtime => "runtime",
            Owner::ThirdParty => "third-party",
            Owner::FirstParty => "first-party",
        }
    }
}

/// A crate as the path of its sources names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version, or the revision of a git dependency.
    pub version: Option<String>,
}

/// Names of C functions of the allocator, as they appear after any prefix of [`PREFIXES`].
///
/// The public interface; jemalloc's own functions that lie between it and the sample; TCMalloc's entry points.
const ALLOCATOR_C: &[&str] = &[
    // The C library's interface and jemalloc's additions.
    "aligned_alloc",
    "calloc",
    "cfree",
    "dallocx",
    "free",
    "free_aligned_sized",
    "free_sized",
    "mallocx",
    "malloc",
    "malloc_usable_size",
    "memalign",
    "nallocx",
    "posix_memalign",
    "pvalloc",
    "rallocx",
    "realloc",
    "reallocarray",
    "reallocf",
    "sallocx",
    "sdallocx",
    "sdallocx_noflags",
    "smallocx",
    "valloc",
    "xallocx",
    // macOS zones.
    "malloc_zone_calloc",
    "malloc_zone_free",
    "malloc_zone_malloc",
    "malloc_zone_memalign",
    "malloc_zone_realloc",
    "malloc_zone_valloc",
    "zone_calloc",
    "zone_malloc",
    "zone_memalign",
    "zone_realloc",
    "zone_valloc",
    // TCMalloc, old compilers and their hooks.
    "tc_calloc",
    "tc_cfree",
    "tc_delete",
    "tc_deletearray",
    "tc_free",
    "tc_malloc",
    "tc_memalign",
    "tc_new",
    "tc_new_nothrow",
    "tc_newarray",
    "tc_newarray_nothrow",
    "tc_posix_memalign",
    "tc_pvalloc",
    "tc_realloc",
    "tc_valloc",
    "do_malloc",
    "do_malloc_or_cpp_alloc",
    "DoSampledAllocation",
    "builtin_delete",
    "builtin_new",
    "builtin_vec_delete",
    "builtin_vec_new",
    "start_google_malloc",
    "start_malloc_hook",
    "stop_google_malloc",
    "stop_malloc_hook",
];

/// jemalloc's own functions, distinct enough to be known under any prefix.
const JEMALLOC_INTERNAL: &[&str] = &[
    "aligned_alloc_default",
    "arena_malloc",
    "arena_malloc_hard",
    "arena_palloc",
    "arena_ralloc",
    "calloc_default",
    "do_rallocx",
    "do_realloc_nonnull",
    "do_realloc_nonnull_zero",
    "fallbackNewImpl",
    "fallback_impl",
    "handleOOM",
    "iallocztm",
    "iallocztm_explicit_slab",
    "imalloc",
    "imalloc_body",
    "imalloc_fastpath",
    "imalloc_no_sample",
    "imalloc_sample",
    "ipallocztm",
    "ipallocztm_explicit_slab",
    "ipalloct",
    "iralloct",
    "iralloct_realign",
    "irallocx_prof",
    "irallocx_prof_sample",
    "ixallocx_helper",
    "ixallocx_prof",
    "ixallocx_prof_sample",
    "large_malloc",
    "large_palloc",
    "malloc_default",
    "mallocx_default",
    "memalign_default",
    "newImpl",
    "posix_memalign_default",
    "prof_alloc_prep",
    "prof_backtrace",
    "prof_backtrace_impl",
    "prof_lookup",
    "prof_malloc",
    "prof_malloc_sample_object",
    "prof_realloc",
    "prof_tctx_create",
    "prof_tctx_create_impl",
    "rallocx_default",
    "realloc_default",
    "tcache_alloc_large",
    "tcache_alloc_small",
    "tcache_alloc_small_hard",
    "valloc_default",
    "xallocx_default",
];

/// Prefixes of jemalloc's functions, `_` at the start left out; what a build with a prefix of its own makes of
/// jemalloc's functions ends with `_je_` and the name.
const PREFIXES: &[&str] = &["rjem_je_", "rjem_", "je_"];

/// Rust paths whose functions only pass on to the allocator.
const ALLOCATOR_RUST: &[&str] = &[
    "alloc::alloc",
    "alloc::raw_vec",
    "std::alloc",
    "std::sys::alloc",
    "std::sys_common::alloc",
    "core::alloc::global",
    "core::alloc::GlobalAlloc",
    "alloc::boxed::box_new_uninit",
    "tikv_jemallocator",
    "jemallocator",
    "tikv_jemalloc_sys",
    "jemalloc_sys",
    // C++.
    "tcmalloc",
    "TCMalloc",
    "simple_alloc::allocate",
    "__malloc_alloc_template::allocate",
    "__gnu_cxx::new_allocator",
    "std::__new_allocator",
    "std::allocator",
    "std::allocator_traits",
    "std::__1::allocator",
    "std::__1::allocator_traits",
];

/// Crates of the standard library. hashbrown is its `HashMap`, wherever it was built from.
const STD: &[&str] = &[
    "alloc",
    "core",
    "std",
    "hashbrown",
    "compiler_builtins",
    "panic_unwind",
    "proc_macro",
    "std_detect",
    "test",
    "__rustc",
    "__gnu_cxx",
    "__cxxabiv1",
];

/// Paths of code that runs other code.
const RUNTIME: &[&str] = &[
    "std::rt",
    "std::thread",
    "std::sys::thread",
    "std::sys::pal",
    "std::sys::unix::thread",
    "std::sys::backtrace",
    "std::sys_common::backtrace",
    "std::panic",
    "std::panicking",
    "core::panic::unwind_safe",
    "core::ops::function",
    "tokio::runtime",
    "tokio::task",
    "tokio::macros",
    "tokio::loom",
    "tokio::util",
    "tokio_util::task",
    "rayon_core",
    "hyper",
    "hyper_util",
    "h2",
    "tower",
    "tower_http",
    "tower_layer",
    "tower_service",
    "axum",
    "axum_core",
    "futures_util",
    "futures_core",
    "futures_executor",
    "async_std",
    "async_executor",
    "async_global_executor",
    "smol",
    "tracing::instrument",
    "tracing_futures",
    "crossbeam_utils::thread",
    "std::__invoke_impl",
    "std::__invoke",
    "std::thread::_Invoker",
    "std::__1::__thread_proxy",
    "std::__1::__invoke",
];

/// C functions that start programs and threads.
const RUNTIME_C: &[&str] = &[
    "__clone",
    "__clone3",
    "__libc_start_call_main",
    "__libc_start_main",
    "__libc_start_main_impl",
    "_pthread_start",
    "_start",
    "clone",
    "clone3",
    "execute_native_thread_routine",
    "generic_start_main",
    "lang_start",
    "lang_start_internal",
    "start_thread",
    "thread_start",
    "__rust_begin_short_backtrace",
    "__rust_try",
    "__rust_maybe_catch_panic",
    "_dl_start_user",
    "call_init",
    "_dl_init",
];

/// Whose code a function is, by its demangled name and the file that declares it.
pub fn owner(name: &str, file: Option<&str>) -> Owner {
    if is_made_up(name) {
        return Owner::Runtime;
    }
    let path = path(name);
    let file = file.map(|f| f.replace('\\', "/"));
    let file = file.as_deref().unwrap_or("");
    if is_allocator_path(&path) || is_allocator_file(file) {
        return Owner::Allocator;
    }
    if is_runtime(&path) || !path.text.contains("::") && is_runtime_file(file) {
        return Owner::Runtime;
    }
    let root = path.root();
    if is_std_file(file) || root == "hashbrown" {
        return Owner::Std;
    }
    if is_dependency_file(file) {
        return Owner::ThirdParty;
    }
    // `std::` and its like may also be the user's, where a file says so: a trait of theirs on a type of std's.
    if file.is_empty() && STD.contains(&root) {
        return Owner::Std;
    }
    if file.is_empty() && root == "tokio" {
        return Owner::ThirdParty;
    }
    Owner::FirstParty
}

/// True for a function of the allocator, or one that only passes requests on to it, by its demangled name.
///
/// `Vec::push`, `Box::new` and hash tables are not: their callers choose how much.
pub fn is_allocator(name: &str) -> bool {
    is_allocator_path(&path(name))
}

/// True for the name of a frame that stands for a folded runtime or for a thread, rather than for a function.
pub(crate) fn is_made_up(name: &str) -> bool {
    ["[runtime: ", "[thread: ", "[thread ", "[no thread]"].iter().any(|start| name.starts_with(start))
}

/// The crate that a function was compiled from, by its file, else by the first part of its name.
pub fn crate_of(name: &str, file: Option<&str>) -> Option<Crate> {
    let from_name = || {
        let path = path(name);
        let root = path.root();
        (path.text.contains("::") && !root.is_empty()).then(|| root.to_owned())
    };
    let file = file.map(|f| f.replace('\\', "/"));
    if let Some(file) = file.as_deref() {
        if let Some(dir) = after(file, "/registry/src/").and_then(|rest| rest.split('/').nth(1)) {
            return Some(name_and_version(dir));
        }
        if let Some(rest) = after(file, "/git/checkouts/") {
            let mut parts = rest.split('/');
            let repository = parts.next().unwrap_or("");
            let repository = repository.rsplit_once('-').map_or(repository, |(name, _)| name);
            let revision = parts.next().map(str::to_owned);
            let root = from_name().filter(|root| !STD.contains(&root.as_str()));
            let name = root.unwrap_or_else(|| repository.to_owned());
            return Some(Crate { name, version: revision });
        }
        if let Some(rest) = after(file, "/rust/deps/").or_else(|| after(file, "/library/vendor/")) {
            return Some(name_and_version(rest.split('/').next().unwrap_or("")));
        }
        if is_std_file(file)
            && let Some(name) = after(file, "/library/").and_then(|rest| rest.split('/').next())
        {
            let name = name.to_owned();
            return Some(Crate { name, version: None });
        }
    }
    from_name().map(|name| Crate { name, version: None })
}

fn is_allocator_path(path: &Path<'_>) -> bool {
    let text = path.text;
    // `<X as GlobalAlloc>::alloc`, and how older compilers write it: `<impl GlobalAlloc for X>::alloc`.
    if let Some(of) = path.of_trait {
        let of = of.split('<').next().unwrap_or(of);
        if of.ends_with("::GlobalAlloc") || of == "GlobalAlloc" {
            return true;
        }
    }
    if text.contains("::<impl core::alloc::GlobalAlloc for ")
        || text.contains("::<impl core::alloc::global::GlobalAlloc for ")
    {
        return true;
    }
    if under(text, ALLOCATOR_RUST) {
        return true;
    }
    let last = text.rsplit("::").next().unwrap_or(text);
    if ["__rust_", "__rdl_", "__rg_"].iter().any(|p| {
        let rest = last.strip_prefix(p);
        rest.is_some_and(|r| r.starts_with("alloc") || r.starts_with("realloc") || r.starts_with("dealloc"))
    }) {
        return true;
    }
    if text.starts_with("operator new") || text.starts_with("operator delete") {
        return true;
    }
    if ["_Znw", "_Zna", "_Zdl", "_Zda"].iter().any(|p| text.starts_with(p)) {
        return true;
    }
    let plain = text.trim_start_matches("::");
    let plain = plain.split(['<', '(']).next().unwrap_or(plain);
    !plain.contains("::") && is_allocator_c(plain)
}

fn is_allocator_c(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    let name = name.strip_prefix("libc_").unwrap_or(name);
    if PREFIXES.iter().any(|p| name.starts_with(p)) {
        return true;
    }
    // GCC's clones: `imalloc_body.constprop.0`, `prof_alloc_prep.isra.0`.
    let name = name.split('.').next().unwrap_or(name);
    let custom_prefix = |known: &&str| name.strip_suffix(*known).is_some_and(|prefix| prefix.ends_with('_'));
    ALLOCATOR_C.contains(&name)
        || JEMALLOC_INTERNAL.contains(&name)
        || name.contains("_je_")
        || JEMALLOC_INTERNAL.iter().filter(|n| n.contains('_')).any(&custom_prefix)
        || ["mallocx", "rallocx", "xallocx", "smallocx"].iter().any(custom_prefix)
}

/// Files that hold nothing but allocation.
fn is_allocator_file(file: &str) -> bool {
    let std = is_std_file(file)
        && ["/alloc/src/alloc.rs", "/alloc/src/raw_vec.rs", "/alloc/src/raw_vec/mod.rs", "/std/src/alloc.rs"]
            .iter()
            .any(|end| file.ends_with(end));
    // jemalloc is built from a directory of that name: `…/jemalloc/src/prof.c`.
    let jemalloc = file.contains("/jemalloc/src/") && (file.ends_with(".c") || file.ends_with(".cpp"))
        || file.contains("/jemalloc/internal/") && file.ends_with(".h");
    std || jemalloc || file.contains("/tikv-jemallocator-") || file.contains("/jemallocator-")
}

fn is_runtime(path: &Path<'_>) -> bool {
    let plain = path.text.split('.').next().unwrap_or(path.text);
    let last = plain.rsplit("::").next().unwrap_or(plain);
    under(path.text, RUNTIME)
        || RUNTIME_C.contains(&plain)
        || last == "__rust_begin_short_backtrace"
        || path.of_trait.is_some_and(|t| {
            // Calling a boxed closure is no one's own code.
            let std_type = STD.contains(&path.root());
            std_type && under(t, &["core::ops::function"])
        })
}

/// Files of runtimes, for inlined functions: those often have no more than their own name (`poll<F>`).
fn is_runtime_file(file: &str) -> bool {
    const IN_STD: &[&str] = &[
        "std/src/rt.rs",
        "std/src/thread/",
        "std/src/panic.rs",
        "std/src/panicking.rs",
        "std/src/sys/backtrace.rs",
        "std/src/sys/thread/",
        "core/src/ops/function.rs",
        "core/src/panic/unwind_safe.rs",
    ];
    if is_std_file(file) {
        return after(file, "/library/").is_some_and(|rest| IN_STD.iter().any(|p| rest.starts_with(p)));
    }
    let Some(rest) = after(file, "/registry/src/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let (dir, inside) = rest.1.split_once('/').unwrap_or((rest.1, ""));
    let name = name_and_version(dir).name.replace('-', "_");
    match name.as_str() {
        "tokio" => ["src/runtime/", "src/task/", "src/util/"].iter().any(|p| inside.starts_with(p)),
        "tracing" => inside == "src/instrument.rs",
        name => RUNTIME.contains(&name),
    }
}

fn is_std_file(file: &str) -> bool {
    let rustc = after(file, "/rustc/").is_some_and(|rest| rest.contains("/library/"))
        || file.contains("/lib/rustlib/src/rust/library/");
    rustc
        || file.contains("/rust/deps/")
        || file.contains("/include/c++/")
        || file.contains("/libcxx/include/")
}

fn is_dependency_file(file: &str) -> bool {
    file.contains("/registry/src/")
        || file.contains("/git/checkouts/")
        || file.starts_with("/usr/lib/")
        || file.starts_with("/usr/include/")
        || file.starts_with("/usr/src/")
}

/// True if the path is one of these or lies inside of one.
fn under(text: &str, list: &[&str]) -> bool {
    list.iter().any(|parent| {
        let rest = text.strip_prefix(parent);
        rest.is_some_and(|r| r.is_empty() || r.starts_with("::") || r.starts_with(['<', '(', ' ']))
    })
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

/// `tikv-jemalloc-sys-0.6.0+5.3.0-1` is a name and a version: the version begins at the first `-1.`.
fn name_and_version(dir: &str) -> Crate {
    let starts_version = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest[digits..].starts_with('.')
    };
    match dir.match_indices('-').find(|(at, _)| starts_version(&dir[at + 1..])) {
        Some((at, _)) => Crate { name: dir[..at].to_owned(), version: Some(dir[at + 1..].to_owned()) },
        None => Crate { name: dir.to_owned(), version: None },
    }
}

#[cfg(test)]
mod tests;
