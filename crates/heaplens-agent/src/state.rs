//! Can this process be profiled? Four states of jemalloc, and one where it is not the allocator at all.

use std::ffi::OsStr;

use http::StatusCode;

use crate::problem::Problem;
use crate::sys::{mallctl, prefix};

/// Where profiling stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Another allocator serves the program.
    NoJemalloc,
    /// jemalloc was built without profiling.
    NotCompiledIn,
    /// Profiling was not asked for at the start, and cannot be switched on later.
    NotEnabled,
    /// Enabled, but new allocations are not sampled.
    Inactive,
    /// Sampling.
    Active,
}

impl State {
    /// Asks jemalloc.
    pub(crate) fn now() -> State {
        let on = |name| mallctl::read_bool(name).unwrap_or(false);
        if !mallctl::is_global_allocator() {
            State::NoJemalloc
        } else if !on(c"config.prof") {
            State::NotCompiledIn
        } else if !on(c"opt.prof") {
            State::NotEnabled
        } else if !on(c"prof.active") {
            State::Inactive
        } else {
            State::Active
        }
    }

    /// The word for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            State::NoJemalloc => "no-jemalloc",
            State::NotCompiledIn => "not-compiled-in",
            State::NotEnabled => "not-enabled",
            State::Inactive => "inactive",
            State::Active => "active",
        }
    }

    /// What to do to get from here to profiling; `None` where nothing is to be done.
    pub(crate) fn fix(self) -> Option<String> {
        match self {
            State::NoJemalloc => Some(
                "make jemalloc the global allocator: heaplens_agent::jemalloc!() in main.rs, with heaplens-agent's feature `jemalloc`"
                    .to_owned(),
            ),
            State::NotCompiledIn => Some(
                "build with the feature `profiling` of tikv-jemallocator, or with heaplens-agent's feature `jemalloc`"
                    .to_owned(),
            ),
            State::NotEnabled => Some(format!("start the program with {}=prof:true", variable())),
            State::Inactive => Some("POST /debug/prof/mem/activate".to_owned()),
            State::Active => None,
        }
    }

    /// `Ok` if dumps can be taken; GreptimeDB's words and statuses where it has them.
    pub(crate) fn require_enabled(self) -> Result<State, Problem> {
        let (status, error, why) = match self {
            State::Inactive | State::Active => return Ok(self),
            State::NoJemalloc => (
                StatusCode::NOT_IMPLEMENTED,
                "Memory profiling needs jemalloc",
                "another allocator is the program's global allocator".to_owned(),
            ),
            State::NotCompiledIn => (
                StatusCode::NOT_IMPLEMENTED,
                "Memory profiling is not compiled in",
                "this program's jemalloc was built without profiling".to_owned(),
            ),
            State::NotEnabled => (
                StatusCode::BAD_REQUEST,
                "Memory profiling is not enabled",
                why_not_enabled(prefix::is_prefixed(), |name| std::env::var_os(name).is_some()),
            ),
        };
        Err(Problem::new(status, self.word(), error).why(why).fix(self.fix().unwrap_or_default()))
    }
}

/// The environment variable that this program's jemalloc reads.
pub(crate) fn variable() -> &'static str {
    prefix::variable(prefix::is_prefixed())
}

fn why_not_enabled(prefixed: bool, is_set: impl Fn(&OsStr) -> bool) -> String {
    let (right, wrong) = (prefix::variable(prefixed), prefix::variable(!prefixed));
    let set = |name: &str| is_set(OsStr::new(name));
    if set(right) {
        format!("{right} is set, but opt.prof is off: prof:true is missing, or jemalloc did not take it")
    } else if set(wrong) {
        format!("{wrong} is set, but this program reads {right}")
    } else {
        format!("opt.prof is off: jemalloc samples only if {right} says prof:true when the program starts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_names_the_variable_that_was_missed() {
        let with = |prefixed, name: &'static str| why_not_enabled(prefixed, move |asked| asked == name);
        assert_eq!(
            with(false, "_RJEM_MALLOC_CONF"),
            "_RJEM_MALLOC_CONF is set, but this program reads MALLOC_CONF"
        );
        assert_eq!(with(true, "MALLOC_CONF"), "MALLOC_CONF is set, but this program reads _RJEM_MALLOC_CONF");
        assert!(with(false, "MALLOC_CONF").contains("prof:true is missing"));
        assert!(with(true, "").contains("only if _RJEM_MALLOC_CONF says"));
    }

    #[test]
    fn every_state_but_the_best_says_what_to_do() {
        for state in [State::NoJemalloc, State::NotCompiledIn, State::NotEnabled, State::Inactive] {
            assert!(state.fix().is_some_and(|fix| !fix.is_empty()));
        }
        assert_eq!(State::Active.fix(), None);
    }

    #[test]
    fn states_have_statuses_of_their_own() {
        let status = |state: State| state.require_enabled().map_err(|problem| problem.status());
        assert_eq!(status(State::NoJemalloc), Err(StatusCode::NOT_IMPLEMENTED));
        assert_eq!(status(State::NotCompiledIn), Err(StatusCode::NOT_IMPLEMENTED));
        assert_eq!(status(State::NotEnabled), Err(StatusCode::BAD_REQUEST));
        assert_eq!(status(State::Inactive), Ok(State::Inactive));
        assert_eq!(status(State::Active), Ok(State::Active));
    }
}
