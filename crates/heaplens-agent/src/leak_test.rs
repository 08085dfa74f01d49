//! Leak tests for `cargo test`: the same work round after round, and a failure that names what keeps growing.

mod session;
mod verdict;

use std::fmt;

use session::Session;

/// Fails the test (by a panic) if a place in the code keeps more memory after every round of the same work, and names it.
///
/// ```
/// # #[cfg(feature = "jemalloc")]
/// # mod tests {
/// // tests/leaks.rs, with the features `jemalloc` and `leak-test`.
/// heaplens_agent::jemalloc!("prof:true,prof_active:false,lg_prof_sample:0");
///
/// // #[test]
/// # pub
/// fn what_is_removed_is_freed() {
///     let mut index = std::collections::HashMap::new();
///     heaplens_agent::heap_leak_test!(warmup = 2, rounds = 8, iters = 100, max_per_iter = 0, || {
///         index.insert(7, "seven".to_owned());
///         index.remove(&7);
///     });
/// }
/// # }
/// # #[cfg(feature = "jemalloc")]
/// # fn main() { tests::what_is_removed_is_freed() }
/// # #[cfg(not(feature = "jemalloc"))]
/// # fn main() {}
/// ```
///
/// The arguments may stand in any order, and each may be left out; above are their defaults. The last argument is
/// anything that is `FnMut()`. The closure runs `iters` times a round. After the `warmup` rounds a site (a stack, by the
/// names of its functions) may grow by at most `max_per_iter` bytes for each iteration. See [`LeakTest`] for what is
/// found, and for tests that are `async`.
#[macro_export]
macro_rules! heap_leak_test {
    (@with $test:expr; warmup = $value:expr, $($rest:tt)+) => {
        $crate::heap_leak_test!(@with $test.warmup($value); $($rest)+)
    };
    (@with $test:expr; rounds = $value:expr, $($rest:tt)+) => {
        $crate::heap_leak_test!(@with $test.rounds($value); $($rest)+)
    };
    (@with $test:expr; iters = $value:expr, $($rest:tt)+) => {
        $crate::heap_leak_test!(@with $test.iters($value); $($rest)+)
    };
    (@with $test:expr; max_per_iter = $value:expr, $($rest:tt)+) => {
        $crate::heap_leak_test!(@with $test.max_per_iter($value); $($rest)+)
    };
    (@with $test:expr; $iteration:expr $(,)?) => {
        if let ::core::result::Result::Err(failure) = $test.run($iteration) {
            ::core::panic!("{}", failure);
        }
    };
    ($($arguments:tt)+) => {
        $crate::heap_leak_test!(@with $crate::LeakTest::new(); $($arguments)+)
    };
}

/// A leak test, as [`heap_leak_test!`](crate::heap_leak_test) runs it; `async` too. Feature `leak-test`.
///
/// ```
/// # async fn work() {}
/// # async fn test() {
/// heaplens_agent::LeakTest::new().iters(10).run_async(async || work().await).await.unwrap();
/// # }
/// ```
///
/// # What is found
///
/// A site that holds more bytes after every round, by however little, unless it is allowed. A collection whose capacity
/// doubles does not grow in every round; it is found if it never shrinks and its bytes keep pace with the rounds, within
/// the factor of two of such collections. For that all rounds must be four times those of the warm-up at least, as they
/// are by default. What grows less often than once a round, or has grown to its size when the warm-up ends, is not found.
///
/// What is needed to run, above all profiling, is checked; where it is missing the test fails and says what to do.
///
/// # What is counted
///
/// Allocations of all threads, since work may hand memory to any of them: also those of other tests that run meanwhile
/// in the same process. So put a leak test into a file of its own in `tests/`, or run with `--test-threads=1`. Two leak
/// tests of one process never run at once: one waits for the other.
///
/// While a test runs every allocation is sampled (`prof.reset` to `lg_prof_sample:0`; what was profiled before is
/// forgotten); the former rate is restored behind it. A thread that is older than the test is sampled from its next sample
/// at the former rate on: start with `lg_prof_sample:0`, and nothing is missed. A sampled object takes a page of memory at
/// least: a test can hold some 100,000 objects, in 400 MB, but not millions.
///
/// What the test itself needs is neither counted nor sampled.
#[derive(Clone, Copy, Debug)]
#[must_use = "a leak test does nothing until it is run"]
pub struct LeakTest {
    warmup: u32,
    rounds: u32,
    iters: u64,
    max_per_iter: u64,
}

impl Default for LeakTest {
    fn default() -> LeakTest {
        LeakTest { warmup: 2, rounds: 8, iters: 100, max_per_iter: 0 }
    }
}

impl LeakTest {
    /// With 2 rounds of warm-up and 8 that count, 100 iterations each, and no growth allowed.
    pub fn new() -> LeakTest {
        LeakTest::default()
    }

    /// Rounds in which growth does not count: caches fill, buffers take their size. At least 1 is run, since growth is
    /// measured from its end.
    pub fn warmup(mut self, rounds: u32) -> LeakTest {
        self.warmup = rounds;
        self
    }

    /// Rounds that count, at least 2.
    pub fn rounds(mut self, rounds: u32) -> LeakTest {
        self.rounds = rounds;
        self
    }

    /// Iterations in each round, at least 1.
    pub fn iters(mut self, iterations: u64) -> LeakTest {
        self.iters = iterations;
        self
    }

    /// Bytes that a site may keep for each iteration, on the average.
    pub fn max_per_iter(mut self, bytes: u64) -> LeakTest {
        self.max_per_iter = bytes;
        self
    }

    /// Runs all rounds.
    ///
    /// # Errors
    /// If a site leaks, or if that cannot be told; both in words.
    pub fn run(self, mut iteration: impl FnMut()) -> Result<(), LeakTestFailure> {
        let mut session = Session::begin(self)?;
        for _ in 0..self.all_rounds() {
            self.one_round(&mut iteration);
            session.end_round()?;
        }
        session.verdict()
    }

    /// As [`LeakTest::run`], for work that waits. What other tasks allocate meanwhile counts too.
    ///
    /// # Errors
    /// As [`LeakTest::run`].
    pub async fn run_async(self, mut iteration: impl AsyncFnMut()) -> Result<(), LeakTestFailure> {
        let mut session = Session::begin(self)?;
        for _ in 0..self.all_rounds() {
            for _ in 0..self.iters {
                iteration().await;
            }
            session.end_round()?;
        }
        session.verdict()
    }

    fn all_rounds(self) -> u64 {
        u64::from(self.warmup.max(1)) + u64::from(self.rounds)
    }

    /// A function of its own, so that stacks show where the test's own code begins.
    #[inline(never)]
    fn one_round(self, iteration: &mut impl FnMut()) {
        for _ in 0..self.iters {
            iteration();
        }
    }
}

/// Why a leak test failed: what leaks, or why that could not be told. Shown the same by `{}` and by `{:?}`, since tests
/// print errors by the latter.
#[derive(Clone, PartialEq, Eq)]
pub struct LeakTestFailure(String);

impl fmt::Display for LeakTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LeakTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LeakTestFailure {}

/// Nothing can be said of leaks.
fn unable(why: impl fmt::Display, fix: impl fmt::Display) -> LeakTestFailure {
    LeakTestFailure(format!("the leak test cannot run: {why}\n  {fix}"))
}
