//! A leak test under way: the sampling it needs, and the dumps after each round.

use std::hint::black_box;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::{LeakTest, LeakTestFailure, unable, verdict};
use crate::dump;
use crate::state::{self, State};
use crate::stats;
use crate::sys::mallctl::{self, Errno, unsampled};

/// Dropped in this order: others wait until the sampling is as it was.
pub(super) struct Session {
    test: LeakTest,
    dumps: Vec<Vec<u8>>,
    /// A live object that every dump must show: whoever forgets or stops the sampling meanwhile is noticed.
    _probe: Vec<u8>,
    _sampling: Sampling,
    _alone: Alone,
}

impl Session {
    pub(super) fn begin(test: LeakTest) -> Result<Session, LeakTestFailure> {
        if test.rounds < 2 || test.iters == 0 {
            let found = format!("{} rounds of {} iterations", test.rounds, test.iters);
            return Err(unable(found, "Growth shows from 2 rounds of 1 iteration on."));
        }
        let alone = Alone::take().ok_or_else(|| {
            unable(
                "another one runs in this thread",
                "Run one behind the other, not one inside of the other, and not two in one thread at a time.",
            )
        })?;
        require(State::now())?;
        let sampling = Sampling::of_everything().map_err(|error| {
            unable(
                format!("jemalloc refuses to sample everything: {error}"),
                "Start with lg_prof_sample:0 instead.",
            )
        })?;
        let session =
            Session { test, dumps: Vec::new(), _probe: probe(), _sampling: sampling, _alone: alone };
        if session.dump()?.is_none() {
            return Err(unable(
                "what this thread allocates is not sampled",
                "thread.prof.active is off in it: leave prof_thread_active_init at its default.",
            ));
        }
        Ok(session)
    }

    pub(super) fn end_round(&mut self) -> Result<(), LeakTestFailure> {
        let Some(dump) = self.dump()? else {
            return Err(unable(
                format!("the sampling was changed in round {}", self.dumps.len() + 1),
                "Something else in this process calls prof.reset, or switches prof.active: run the test alone.",
            ));
        };
        unsampled(|| self.dumps.push(dump));
        Ok(())
    }

    /// Looks at all rounds.
    pub(super) fn verdict(self) -> Result<(), LeakTestFailure> {
        verdict::of(self.test, &self.dumps)
    }

    /// `None` if not every allocation is sampled.
    fn dump(&self) -> Result<Option<Vec<u8>>, LeakTestFailure> {
        let dump = unsampled(dump::fresh).map_err(|problem| {
            let [what, fix] = problem.sentences();
            unable(what, fix)
        })?;
        let exact = dump.bytes.starts_with(b"heap_v2/1\n") && shows_probe(&dump.bytes);
        Ok((exact && dump.taken.state == State::Active).then_some(dump.bytes))
    }
}

/// `Ok` if jemalloc can be made to sample.
fn require(state: State) -> Result<(), LeakTestFailure> {
    const LINE: &str = "heaplens_agent::jemalloc!(\"prof:true,prof_active:false,lg_prof_sample:0\");";
    const WHERE: &str = "at the top of the test file, or for unit tests in lib.rs below #[cfg(test)]; it needs \
                         heaplens-agent's feature `jemalloc`";
    let Err(problem) = state.require_enabled() else { return Ok(()) };
    let [why, fix] = problem.sentences();
    let fix = match state {
        State::NoJemalloc => format!("Write this {WHERE}:\n    {LINE}"),
        State::NotEnabled => format!(
            "Write this {WHERE}:\n    {LINE}\n  Or set it in the environment, which overrides what is compiled in:\n    \
             {}=prof:true,prof_active:false,lg_prof_sample:0 cargo test",
            state::variable()
        ),
        State::NotCompiledIn | State::Inactive | State::Active => fix,
    };
    Err(unable(why, fix))
}

/// One leak test of the process at a time, since the rate of sampling is the process's. Unlike a mutex's guard it may
/// go to another thread, as tasks do.
struct Alone;

static HOLDER: Mutex<Option<ThreadId>> = Mutex::new(None);
static FREE: Condvar = Condvar::new();

fn holder() -> MutexGuard<'static, Option<ThreadId>> {
    HOLDER.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Alone {
    /// Waits for the others; `None` if that would be for ever.
    fn take() -> Option<Alone> {
        let own = thread::current().id();
        let mut holder = holder();
        while let Some(other) = *holder {
            if other == own {
                return None;
            }
            holder = FREE.wait(holder).unwrap_or_else(PoisonError::into_inner);
        }
        *holder = Some(own);
        Some(Alone)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        *holder() = None;
        FREE.notify_one();
    }
}

/// Every allocation is sampled until this is dropped; then it is as it was before.
struct Sampling {
    lg_sample: u64,
    was_active: bool,
}

impl Sampling {
    fn of_everything() -> Result<Sampling, Errno> {
        let former = Sampling {
            lg_sample: stats::lg_sample().unwrap_or(0),
            was_active: mallctl::read_bool(c"prof.active")?,
        };
        mallctl::reset_prof(0)?;
        mallctl::set_prof_active(true)?;
        pass_next_sample(former.lg_sample);
        Ok(former)
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        // Both were possible a moment ago; if not, more is sampled than before.
        let _ = mallctl::set_prof_active(self.was_active);
        let _ = mallctl::reset_prof(self.lg_sample);
    }
}

const MIB: usize = 1 << 20;

/// When it takes a sample jemalloc draws how many bytes the thread may allocate until the next, and a reset does not
/// draw anew. So this thread allocates more than it will have drawn: forty times the mean, but for a chance of e^-40.
fn pass_next_sample(lg_sample: u64) {
    const PIECE: usize = 4 * MIB;
    let mean = u32::try_from(lg_sample).ok().and_then(|lg| 1u64.checked_shl(lg)).unwrap_or(u64::MAX);
    let pieces = mean.saturating_mul(40) / PIECE as u64 + 1;
    // Address space only. Beyond any rate in use it is left undone, and the missing probe noticed.
    for _ in 0..pieces.min(1_000_000) {
        drop(black_box(Vec::<u8>::with_capacity(PIECE)));
    }
}

/// A size that jemalloc does not round, and that hardly any other object has. It is address space only.
const PROBE: usize = 5 * MIB;

#[inline(never)]
fn probe() -> Vec<u8> {
    black_box(Vec::with_capacity(PROBE))
}

/// True if a stack of the dump holds the probe and nothing else.
fn shows_probe(dump: &[u8]) -> bool {
    let line = format!("  t*: 1: {PROBE} [");
    dump.windows(line.len()).any(|window| window == line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_with_the_line_to_write() {
        let refused = |state| require(state).unwrap_err().to_string();
        for state in [State::NoJemalloc, State::NotEnabled] {
            let text = refused(state);
            assert!(text.contains("\n    heaplens_agent::jemalloc!(\"prof:true,"), "{text}");
        }
        assert!(refused(State::NotEnabled).contains("MALLOC_CONF=prof:true,"));
        assert!(refused(State::NotCompiledIn).contains("feature `profiling`"));
        assert_eq!((require(State::Inactive), require(State::Active)), (Ok(()), Ok(())));
    }
}
