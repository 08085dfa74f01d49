//! What keeps dumps from being an answer.

use crate::leaks::Inconclusive;
use crate::series::Why;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// The captures do not tell leaks, or anything where filters left none of the stacks of a process.
    Leaks(Inconclusive),
    /// Fewer captures of one process than it takes.
    TooFew {
        /// How many there are, without those of the warm-up.
        found: usize,
        /// How many it takes.
        needed: usize,
        /// How many the warm-up took.
        warmup: usize,
    },
    /// A server stopped answering, so that its end was not seen.
    Gone {
        /// How many captures it gave.
        answered: u64,
        /// How many there should have been.
        wanted: u64,
        /// What happened instead.
        why: String,
    },
    /// Fewer rounds than it takes, or than were asked for.
    TooFewRounds {
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Nothing was sampled in either dump.
    NoSamples {
        /// Average bytes between two samples.
        rate: u64,
    },
    /// There is a limit on the rate, and nothing tells when the captures were made.
    NoTimes,
    /// The second dump was made before the first.
    Swapped,
    /// The two dumps are not of one process that was sampled in one way.
    Apart(Apart),
    /// Captures are of no use.
    LeftOut {
        /// What people call them.
        names: Vec<String>,
        /// Why, all of them.
        why: Why,
    },
}

/// What two dumps differ by.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Apart {
    /// The rates of sampling, in average bytes between two samples.
    Rates(u64, u64),
    /// The processes.
    Processes(Option<u64>, Option<u64>),
    /// When sampling was switched on.
    Sampling,
    /// Where their code was in memory.
    Mappings,
}
