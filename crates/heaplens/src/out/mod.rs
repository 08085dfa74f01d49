//! Outputs: one module a format, each writes to an [`std::io::Write`].

pub mod callgrind;
pub mod dot;
pub mod escape;
pub mod figures;
pub mod folded;
pub mod json;
pub mod pprof;
pub mod svg;
pub mod symbols;
pub mod text;
pub mod units;
