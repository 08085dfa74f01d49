//! Outputs: one module a format, each writes to an [`std::io::Write`].

pub mod callgrind;
pub mod check;
pub mod csv;
pub mod dot;
pub mod escape;
pub mod figures;
pub mod folded;
pub mod json;
pub mod leaks;
mod locations;
pub mod page;
pub mod pprof;
pub(crate) mod redact;
pub mod script;
mod space;
pub mod speedscope;
mod stacks;
pub mod svg;
pub mod symbolized;
pub mod symbols;
pub mod text;
pub mod units;
