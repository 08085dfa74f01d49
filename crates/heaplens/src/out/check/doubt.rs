//! Why there is no answer, in words, and what to do. Names are raw: escape them for where they go.

use super::message::rounds_of;
use crate::check::{Apart, Doubt};
use crate::out::leaks::{self, dumps, listed, too_few};
use crate::out::units;

/// Why there is no answer.
pub(super) fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Leaks(why) => leaks::inconclusive(why),
        Doubt::TooFew { found, needed, warmup: 0 } => {
            format!("{} of one process; {needed} are needed", dumps(*found))
        }
        Doubt::TooFew { found, needed, warmup } => too_few(*found, *needed, *warmup),
        Doubt::TooFewRounds { found, needed } => {
            let fewer = match *found {
                0 | 1 => String::new(),
                found => format!(", or compare fewer (--rounds {found})"),
            };
            let found = rounds_of(*found);
            format!("{found} after the warm-up; {needed} are needed: let the program do more{fewer}")
        }
        Doubt::Gone { answered, wanted, why } => {
            let given = dumps(usize::try_from(*answered).unwrap_or(usize::MAX));
            format!("the server stopped answering after {given} of {wanted}: {why}")
        }
        Doubt::NoSamples { rate } => format!(
            "neither dump holds a sample, at one in {}; sample finer (lg_prof_sample)",
            units::amount(*rate as f64, true)
        ),
        Doubt::NoTimes => {
            "nothing tells when the dumps were made, so no rate is known; say with --every how far apart they are"
                .to_owned()
        }
        Doubt::Swapped => "the base was made after the new dump; swap them".to_owned(),
        Doubt::Apart(apart) => format!("{}; compare dumps of one process", differ(apart)),
        Doubt::LeftOut { names, why } => {
            let names = listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
            format!("{names} cannot be used: {}", why.description())
        }
    }
}

fn differ(apart: &Apart) -> String {
    match apart {
        Apart::Processes(Some(base), Some(new)) if base != new => {
            format!(
                "the dumps are of two processes (pid {base}, then {new}): it was restarted, or is another one"
            )
        }
        Apart::Processes(..) => {
            "the dumps are of two processes: it was restarted, or is another one".to_owned()
        }
        Apart::Rates(base, new) => format!(
            "the dumps were sampled at two rates (one in {}, then in {})",
            units::amount(*base as f64, true),
            units::amount(*new as f64, true)
        ),
        Apart::Sampling => "sampling was switched off and on between the dumps".to_owned(),
        Apart::Mappings => {
            "the dumps are of two programs, or of two runs: their code is at other addresses".to_owned()
        }
    }
}
