//! The only place with `unsafe`: calls into jemalloc and the operating system, each wrapped in a safe function.

#[cfg(target_os = "linux")]
pub(crate) mod linux;
pub(crate) mod mallctl;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) mod modules;
#[cfg(any(feature = "axum-08", feature = "listener"))]
pub(crate) mod pages;
pub(crate) mod prefix;
#[cfg(target_os = "linux")]
pub(crate) mod signal;
