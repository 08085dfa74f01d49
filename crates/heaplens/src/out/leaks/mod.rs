//! What a series tells about leaks, for people and for programs.

mod json;
mod rate;
mod sentence;
mod text;

pub(crate) use json::for_page;
pub use json::write as write_json;
pub use rate::{Per, duration};
pub use sentence::sentence;
pub(super) use sentence::{dumps, inconclusive, span, too_few};
pub use text::{Options, write as write_text};
pub(super) use text::{left_out, listed};
