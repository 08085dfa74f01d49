//! What a check found: for people, for programs, and for what shows it beside the code.

mod doubt;
mod github;
mod json;
mod junit;
mod message;
mod sarif;
mod text;

pub use github::write as write_github;
pub use json::write as write_json;
pub use junit::write as write_junit;
pub use message::sentence;
pub use sarif::write as write_sarif;
pub use text::write as write_text;

/// What the check itself does not know.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The directory of the sources: files in it are named without it.
    pub root: Option<String>,
    /// The command that shows what grew, or what would keep the dumps for it.
    pub see: Option<String>,
    /// True if no answer counts as a failure.
    pub is_strict: bool,
}
