//! Outputs: one module a format, each writes to any `io::Write`.

pub mod escape;
pub mod svg;
