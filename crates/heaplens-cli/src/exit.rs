//! Exit codes, in one place.

use crate::notes;
use std::fmt;
use std::process::ExitCode;

/// What was typed makes no sense, or must not be done: exit code 2, as clap's own errors.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The reader of our output has gone (`heaplens top … | head`): not an error. Only [`crate::output`] makes one,
/// so that a network connection that breaks is never taken for it.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of the output has gone")
    }
}

impl std::error::Error for ReaderGone {}

/// The result, which was written, is that nothing could be decided: exit code 3.
#[derive(Debug)]
pub(crate) struct Inconclusive;

impl fmt::Display for Inconclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("inconclusive")
    }
}

impl std::error::Error for Inconclusive {}

/// The result, which was written, is that more grew than is allowed: exit code 1.
#[derive(Debug)]
pub(crate) struct GateFailed;

impl fmt::Display for GateFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the gate failed")
    }
}

impl std::error::Error for GateFailed {}

/// The end of `heaplens --help`: the same words as the constants below.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  the gate failed (`check`)
  2  usage
  3  inconclusive: the inputs do not tell (`leaks`, `check`)
  4  an input could not be read, or the result could not be written";

const GATE_FAILED: u8 = 1;
const USAGE: u8 = 2;
const INCONCLUSIVE: u8 = 3;
const FAILED: u8 = 4;

/// Says what went wrong on stderr, in one line, and gives the exit code.
pub(crate) fn code(result: &anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if error.is::<ReaderGone>() {
        return ExitCode::SUCCESS;
    }
    if error.is::<GateFailed>() {
        return ExitCode::from(GATE_FAILED);
    }
    if error.is::<Inconclusive>() {
        return ExitCode::from(INCONCLUSIVE);
    }
    notes::line(&format!("error: {error:#}"));
    ExitCode::from(if error.is::<Usage>() { USAGE } else { FAILED })
}
