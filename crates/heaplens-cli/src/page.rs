//! The page that shows a series, in its two homes: a file that stands alone, and a local server.

pub(crate) mod assets;
pub(crate) mod server;
pub(crate) mod showing;
pub(crate) mod single_file;
