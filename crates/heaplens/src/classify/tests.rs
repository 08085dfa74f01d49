use super::*;
use Owner::{Allocator, FirstParty, Runtime, Std, ThirdParty};

const ALLOCATOR_NAMES: &[&str] = &[
    "malloc",
    "_malloc",
    "__libc_malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "reallocarray",
    "je_malloc",
    "je_prof_backtrace",
    "_rjem_malloc",
    "_rjem_je_prof_backtrace",
    "_rjem_je_malloc_default",
    "_rjem_mallocx",
    "__rjem_calloc",
    "prof_alloc_prep",
    "prof_backtrace_impl",
    "prof_tctx_create",
    "imalloc",
    "imalloc_body",
    "imalloc_body.constprop.0",
    "irallocx_prof",
    "ixallocx_prof",
    "do_rallocx",
    "int imalloc",
    "fallback_impl",
    "newImpl",
    "void* newImpl<false>(unsigned long)",
    "fallbackNewImpl",
    "myservice_je_prof_tctx_create",
    "custom_mallocx",
    "custom_prof_backtrace_impl",
    "malloc_default",
    "operator new(unsigned long)",
    "operator new[](unsigned long)",
    "operator new",
    "_Znwm",
    "_Znam",
    "tc_malloc",
    "tc_new",
    "tcmalloc::allocate_full_malloc_oom",
    "::do_malloc",
    "DoSampledAllocation",
    "TCMalloc",
    "malloc_zone_malloc",
    "simple_alloc::allocate",
    "__builtin_new",
    "cfree",
    "__gnu_cxx::new_allocator<int>::allocate(unsigned long, void const*)",
    "std::__new_allocator<char>::allocate(unsigned long, void const*)",
    "std::allocator_traits<std::allocator<int> >::allocate(std::allocator<int>&, unsigned long)",
    "__rust_alloc",
    "__rust_realloc",
    "__rust_alloc_zeroed",
    "__rdl_alloc",
    "__rg_alloc",
    "__rg_realloc",
    "__rustc::__rust_alloc",
    "__rustc::__rdl_realloc",
    "std::alloc::__default_lib_allocator::__rdl_alloc",
    "alloc::alloc::alloc",
    "alloc::alloc::alloc[inline]",
    "alloc::alloc::alloc (inline)",
    "alloc::alloc::realloc",
    "alloc::alloc::alloc_zeroed",
    "alloc::alloc::exchange_malloc",
    "alloc::alloc::Global::alloc_impl",
    "<alloc::alloc::Global>::alloc_impl_runtime",
    "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
    "<alloc::alloc::Global as core::alloc::Allocator>::grow",
    "<tikv_jemallocator::Jemalloc as core::alloc::global::GlobalAlloc>::alloc",
    "<app::Counting as core::alloc::GlobalAlloc>::realloc",
    "core::alloc::global::GlobalAlloc::alloc_zeroed",
    "std::sys::alloc::unix::<impl core::alloc::global::GlobalAlloc for std::alloc::System>::alloc",
    "alloc::raw_vec::finish_grow",
    "alloc::raw_vec::RawVec<T,A>::grow_one",
    "alloc::raw_vec::RawVec<T,A>::reserve::do_reserve_and_handle",
    "alloc::raw_vec::RawVecInner<A>::with_capacity_in",
    "<alloc::raw_vec::RawVec<u8>>::grow_one",
    "<alloc::raw_vec::RawVecInner<alloc::alloc::Global>>::finish_grow",
    "<alloc::raw_vec::RawVecInner>::grow_amortized",
    "tikv_jemallocator::layout_to_flags",
];

const OTHER_NAMES: &[&str] = &[
    "allocate",
    "app::allocate",
    "my::malloc_pool::get",
    "my_malloc",
    "mallocator",
    "free_list_push",
    "xmalloc",
    "app::alloc::alloc",
    "app::raw_vec::grow_one",
    "myalloc::alloc::alloc",
    "alloc::vec::Vec<T,A>::push",
    "<alloc::vec::Vec<u8>>::push",
    "alloc::boxed::Box<T>::new",
    "<alloc::string::String as core::convert::From<&str>>::from",
    "hashbrown::raw::RawTable<T,A>::reserve_rehash",
    "hashbrown::raw::alloc::inner::do_alloc",
    "alloc::slice::<impl [T]>::to_vec",
    "prof_report",
    "import",
    "imallocate",
    "Pool::operator new(unsigned long)",
    "app::prof_backtrace",
    "app::malloc",
    "app::je_malloc",
    "store::index(int)",
    "rdl_alloc",
    "__rust_begin_unwind",
    "<app::Arena as core::alloc::Allocator>::allocate",
    "<app::Alloc as app::GlobalAllocLike>::alloc",
    "std::vector<int, std::allocator<int> >::push_back(int const&)",
    "alloc::allocator::f",
    "",
    "<",
    "::",
    "é",
    "bump.malloc",
    "libjemalloc.so.2+0x1234",
];

#[test]
fn what_stands_for_a_runtime_or_a_thread_is_no_ones_own() {
    for name in ["[runtime: tokio]", "[thread: worker-*]", "[thread 7]", "[no thread]"] {
        assert_eq!(owner(name, None), Owner::Runtime, "{name}");
    }
}

#[test]
fn allocator_frames_under_every_name() {
    for name in ALLOCATOR_NAMES {
        assert!(is_allocator(name), "{name}");
        assert_eq!(owner(name, None), Allocator, "{name}");
        assert_eq!(owner(name, Some("/home/u/app/src/x.rs")), Allocator, "{name}");
    }
}

#[test]
fn others_are_not_the_allocator() {
    for name in OTHER_NAMES {
        assert!(!is_allocator(name), "{name}");
        assert_ne!(owner(name, None), Allocator, "{name}");
    }
}

#[test]
fn the_pattern_for_other_readers_matches_the_same_names() {
    let pattern = regex::Regex::new(&format!("^(?:{})$", allocator_pattern())).unwrap();
    for name in ALLOCATOR_NAMES {
        // Go's pprof cuts the arguments off before it looks.
        for name in [name, name.split('(').next().unwrap()] {
            assert!(pattern.is_match(name), "{name}");
        }
    }
    for name in OTHER_NAMES {
        assert!(!pattern.is_match(name), "{name}");
    }
}

#[test]
fn runtime_frames() {
    for name in [
        "clone3",
        "start_thread",
        "__libc_start_main",
        "__libc_start_main_impl",
        "__libc_start_call_main",
        "_start",
        "std::rt::lang_start",
        "std::rt::lang_start_internal",
        "std::rt::lang_start::{{closure}}",
        "std::sys::backtrace::__rust_begin_short_backtrace",
        "std::sys_common::backtrace::__rust_begin_short_backtrace",
        "std::thread::Builder::spawn_unchecked_::{closure#1}",
        "std::sys::thread::unix::Thread::new::thread_start",
        "std::sys::pal::unix::thread::Thread::new::thread_start",
        "std::panicking::try::do_call",
        "std::panic::catch_unwind",
        "__rust_try",
        "core::ops::function::FnOnce::call_once{{vtable.shim}}",
        "core::ops::function::FnOnce::call_once",
        "<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once",
        "<core::panic::unwind_safe::AssertUnwindSafe<F> as core::ops::function::FnOnce<()>>::call_once",
        "tokio::runtime::task::raw::poll",
        "tokio::runtime::scheduler::multi_thread::worker::run",
        "<tokio::runtime::blocking::task::BlockingTask<T> as core::future::future::Future>::poll",
        "rayon_core::registry::WorkerThread::wait_until_cold",
        "hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T>::poll_loop",
        "<tower::util::oneshot::Oneshot<S,Req> as core::future::future::Future>::poll",
        "axum::serve::handle_connection::{{closure}}",
        "h2::server::Connection<T,B>::poll",
        "<futures_util::future::Map<Fut,F> as core::future::future::Future>::poll",
        "execute_native_thread_routine",
    ] {
        assert_eq!(owner(name, None), Runtime, "{name}");
    }
}

#[test]
fn the_rest_by_file_and_name() {
    let registry = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/";
    let own = |path: &str| format!("{registry}{path}");
    for (name, file, expected) in [
        ("<alloc::vec::Vec<u8>>::push", None, Std),
        ("alloc::vec::Vec<T,A>::push", Some("/rustc/0123abcd/library/alloc/src/vec/mod.rs".to_owned()), Std),
        (
            "push<u8, alloc::alloc::Global>",
            Some("/rustc/0123abcd/library/alloc/src/vec/mod.rs".to_owned()),
            Std,
        ),
        ("grow_one<u8>", Some("/rustc/0123abcd/library/alloc/src/raw_vec/mod.rs".to_owned()), Allocator),
        (
            "hashbrown::raw::RawTable<T,A>::reserve_rehash",
            Some("/rust/deps/hashbrown-0.15.5/src/raw/mod.rs".to_owned()),
            Std,
        ),
        ("hashbrown::map::HashMap<K,V>::insert", Some(own("hashbrown-0.14.5/src/map.rs")), Std),
        ("void std::vector<int>::_M_realloc_insert<int>(int&&)", None, Std),
        ("std::vector<int>::push_back(int&&)", Some("/usr/include/c++/12/bits/stl_vector.h".to_owned()), Std),
        ("serde_json::de::from_str", Some(own("serde_json-1.0.145/src/de.rs")), ThirdParty),
        (
            "x::f",
            Some("/home/u/.cargo/git/checkouts/x-0123456789abcdef/abc1234/src/lib.rs".to_owned()),
            ThirdParty,
        ),
        ("g_hash_table_insert", Some("/usr/src/glib/hash.c".to_owned()), ThirdParty),
        ("tokio::sync::mpsc::channel", None, ThirdParty),
        ("arena_new", Some(own("tikv-jemalloc-sys-0.6.0+5.3.0/jemalloc/src/arena.c")), Allocator),
        ("custom_malloc", Some("/build/jemalloc/src/jemalloc.c".to_owned()), Allocator),
        ("app::sessions::insert", Some("/home/u/app/src/sessions.rs".to_owned()), FirstParty),
        ("poll<F>", Some(own("tokio-1.48.0/src/runtime/task/raw.rs")), Runtime),
        ("send<T>", Some(own("tokio-1.48.0/src/sync/mpsc/bounded.rs")), ThirdParty),
        ("call<S>", Some(own("hyper-util-0.1.17/src/service/oneshot.rs")), Runtime),
        ("f", Some(own("towering-0.1.0/src/lib.rs")), ThirdParty),
        ("call_once<F>", Some("/rustc/0123abcd/library/core/src/ops/function.rs".to_owned()), Runtime),
        ("new<u64>", Some("/rustc/0123abcd/library/alloc/src/vec/mod.rs".to_owned()), Std),
        ("app::sessions::insert", None, FirstParty),
        ("<app::A as core::clone::Clone>::clone", None, FirstParty),
        ("<&app::A as core::fmt::Debug>::fmt", None, FirstParty),
        ("<[T] as alloc::slice::Join<S>>::join", None, Std),
        ("main", None, FirstParty),
        ("app::runtime::start_thread", None, FirstParty),
        ("hyperscan::f", None, FirstParty),
        ("stdlike::f", None, FirstParty),
        ("", None, FirstParty),
    ] {
        assert_eq!(owner(name, file.as_deref()), expected, "{name} {file:?}");
    }
}

#[test]
fn crates_and_versions() {
    let registry = "/r/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/";
    for (name, file, expected) in [
        ("a::f", Some("serde_json-1.0.145/src/de.rs"), Some(("serde_json", Some("1.0.145")))),
        (
            "a::f",
            Some("tikv-jemalloc-sys-0.6.0+5.3.0-1-ge13c/jemalloc/src/a.c"),
            Some(("tikv-jemalloc-sys", Some("0.6.0+5.3.0-1-ge13c"))),
        ),
        ("a::f", Some("x-2-y-1.0.0-rc.1/src/lib.rs"), Some(("x-2-y", Some("1.0.0-rc.1")))),
        ("a::f", Some("odd/src/lib.rs"), Some(("odd", None))),
        ("app::f", None, Some(("app", None))),
        ("<app::A as core::clone::Clone>::clone", None, Some(("app", None))),
        ("main", None, None),
        ("", None, None),
    ] {
        let file = file.map(|f| format!("{registry}{f}"));
        let found = crate_of(name, file.as_deref());
        let found = found.as_ref().map(|c| (c.name.as_str(), c.version.as_deref()));
        assert_eq!(found, expected, "{name} {file:?}");
    }
    let of = |name, file| crate_of(name, Some(file)).map(|c| (c.name, c.version.unwrap_or_default()));
    let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
    let git = "/r/.cargo/git/checkouts/big-repo-0123456789abcdef/abc1234/crates/x/src/lib.rs";
    assert_eq!(of("x::f", git), pair("x", "abc1234"));
    assert_eq!(of("f", git), pair("big-repo", "abc1234"));
    assert_eq!(of("x", "/rustc/0123/library/alloc/src/vec/mod.rs"), pair("alloc", ""));
    assert_eq!(of("x", "/rust/deps/hashbrown-0.15.5/src/map.rs"), pair("hashbrown", "0.15.5"));
    assert_eq!(of("x::f", r"C:\u\.cargo\registry\src\idx\serde-1.0.2\src\lib.rs"), pair("serde", "1.0.2"));
}
