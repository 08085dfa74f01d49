//! Heap profiles of programs that use jemalloc: from a dump to the line that leaks.
//!
//! The way of the data is a straight line:
//!
//! ```text
//! bytes -> Dump -> Profile -> (symbolize | filter | diff : Profile -> Profile) -> view -> output
//! ```
//!
//! [`Profile`] is the one type to learn.

mod demangled;
pub mod classify;
pub mod diff;
pub mod dump;
pub mod error;
pub mod filter;
pub mod group;
pub mod input;
pub mod maps;
pub mod out;
pub mod profile;
pub mod sampling;
pub mod symbols;
pub mod trailer;
pub mod view;

pub use dump::Dump;
pub use error::{Error, Warning};
pub use profile::Profile;
