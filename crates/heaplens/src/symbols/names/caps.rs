//! What a name may cost. Nothing here reads a clock, so costs are counted in steps of about a nanosecond.
//!
//! C++ names are bounded by how they are read (`itanium`), to about a millisecond each; the rest here is for Rust's.

use std::fmt;

/// Longer mangled names are shown as they are.
pub(super) const MAX_MANGLED: usize = 16 << 10;
/// A name that demangles to more is shown mangled: some short ones grow exponentially.
pub(super) const MAX_DEMANGLED: usize = 32 << 10;

/// Steps that one name may take, less than a tenth of a second.
const NAME: u64 = 1 << 26;
/// The same once patience is at its end, less than a millisecond.
const NAME_IN_HASTE: u64 = 1 << 19;
/// Steps of one name that are not counted.
const FREE: u64 = 1 << 20;
/// Steps for all names of a file together.
const ALL: u64 = 1 << 30;

/// What the names of one file may still cost. A file can hold a bomb as every name.
#[derive(Debug)]
pub(super) struct Patience(u64);

impl Default for Patience {
    fn default() -> Patience {
        Patience(ALL)
    }
}

impl Patience {
    pub(super) fn spend(&mut self, steps: u64) {
        self.0 = self.0.saturating_sub(steps.saturating_sub(FREE));
    }

    /// False once nothing more may be spent on anything but cheap names.
    pub(super) fn is_left(&self) -> bool {
        self.0 > 0
    }

    fn of_one_name(&self) -> u64 {
        if self.is_left() { NAME } else { NAME_IN_HASTE }
    }
}

/// Takes what a demangler writes, and stops it once it has written too much or too often: between two pieces of text
/// a demangler may have gone through the whole name.
pub(super) struct Limited {
    pub(super) text: String,
    pieces: u64,
    most_pieces: u64,
    mangled: u64,
}

impl Limited {
    /// For a mangled name of this length.
    pub(super) fn new(mangled: usize, patience: &Patience) -> Limited {
        let mangled = mangled.max(1) as u64;
        Limited { text: String::new(), pieces: 0, most_pieces: patience.of_one_name() / mangled, mangled }
    }

    /// The steps that it took at most.
    pub(super) fn cost(&self) -> u64 {
        self.pieces * self.mangled
    }
}

impl fmt::Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.pieces += 1;
        if self.pieces > self.most_pieces || self.text.len() + text.len() > MAX_DEMANGLED {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}
