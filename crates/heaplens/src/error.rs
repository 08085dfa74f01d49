//! Errors, when no profile is possible, and warnings, when a part of one is missing.

use std::fmt;

/// No profile is possible: what was found, where, what was expected, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is something else.
    #[error("this is {found}, not a heap profile; {hint}")]
    NotAProfile {
        /// What it is instead, with its article: "an HTML page".
        found: String,
        /// What to do about it.
        hint: String,
    },
    /// The input is a profile, but a line of it cannot be understood.
    #[error("line {line} (byte {byte}): found {found}, expected {expected}")]
    Syntax {
        /// Line, from 1.
        line: u64,
        /// Byte offset of the line, from 0.
        byte: u64,
        /// What stands there, escaped and shortened.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// The compressed data is damaged.
    #[error("gzip: {0}")]
    Gzip(String),
    /// The compressed data grows past [`Limits::unpacked`](crate::input::Limits::unpacked).
    #[error(
        "gzip: the content is larger than the limit of {limit} bytes; unpack it with gunzip first if it is meant to be"
    )]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// A pprof message that its definition does not allow.
    #[error("pprof, {place} (byte {byte}): found {found}, expected {expected}")]
    Pprof {
        /// Which part of it: `location 7`, counted from 1.
        place: String,
        /// Byte offset, from 0, of the unpacked message.
        byte: u64,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A file that describes far more than its size suggests.
    #[error(
        "{bytes} bytes that would become more than {limit} bytes of memory; no program's profile repeats itself \
         so often. Unpack it with gunzip first if it is compressed and meant to be"
    )]
    TooCostly {
        /// What was read, as it came.
        bytes: u64,
        /// What that may become.
        limit: u64,
    },
    /// A regular expression that the caller gave cannot be used.
    #[error("pattern {pattern:?}: {why}")]
    Pattern {
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// The output's form has no place for what the profile is.
    #[error("{format} cannot hold {what}; {hint}")]
    CannotHold {
        /// The form.
        format: &'static str,
        /// What it has no place for.
        what: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// Writing the output failed.
    #[error("writing the output: {0}")]
    Write(String),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Error {
        Error::Write(error.to_string())
    }
}

/// A part of the result is missing or doubtful. Shown beside the result in every output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Warning {
    /// A stable word for programs: `truncated`, `no-maps`, `mismatched-binary` and so on.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl Warning {
    /// A warning of one kind.
    pub fn new(code: &'static str, message: impl Into<String>) -> Warning {
        Warning { code, message: message.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
