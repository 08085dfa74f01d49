//! What the frames of a profile stand for.

/// What a frame's name stands for, from fine to coarse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// A place in the code: the function, then module and offset.
    Address,
    /// A source line: the function, then `file:line`.
    Line,
    /// A function. What every input begins with; views merge the places of one function by its name.
    #[default]
    Function,
    /// A source file.
    File,
    /// A Rust crate.
    Crate,
    /// A binary or library.
    Module,
}

impl Granularity {
    /// One of what frames stand for: `function`, `line` and so on.
    pub fn noun(self) -> &'static str {
        match self {
            Granularity::Address => "address",
            Granularity::Line => "line",
            Granularity::Function => "function",
            Granularity::File => "file",
            Granularity::Crate => "crate",
            Granularity::Module => "module",
        }
    }

    /// Several of what frames stand for.
    pub fn nouns(self) -> &'static str {
        match self {
            Granularity::Address => "addresses",
            Granularity::Line => "lines",
            Granularity::Function => "functions",
            Granularity::File => "files",
            Granularity::Crate => "crates",
            Granularity::Module => "modules",
        }
    }
}
