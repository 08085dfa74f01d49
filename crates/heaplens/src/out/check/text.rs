//! What a person reads.

use super::message::{Message, doubt, facts, suppressions};
use super::{Options, sentence};
use crate::check::{Check, Outcome};
use crate::error::Error;
use crate::out::escape;
use crate::out::leaks::left_out;
use crate::series::Series;
use std::collections::BTreeSet;
use std::io::Write;

/// Writes the answer in one line, then what it rests on. Amounts are unsampled estimates.
///
/// # Errors
/// Those of `out`.
pub fn write(series: &Series, check: &Check, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let mut line = |text: &str| writeln!(out, "{}", escape::terminal(text));
    if check.findings.is_empty() {
        line(&sentence(check, options))?;
    }
    let mut told = BTreeSet::new();
    for finding in &check.findings {
        let message = Message::new(check, finding, options);
        line(&format!("{}: {}", Outcome::Failed.name(), message.headline))?;
        // A function that breaks several limits is shown once.
        if told.insert((finding.process, finding.function.unwrap_or(0))) {
            for detail in message.details(options) {
                line(&format!("  {detail}"))?;
            }
        }
    }
    // The first one stands in the sentence, unless something failed.
    let is_said = usize::from(check.outcome == Outcome::Inconclusive);
    for open in check.measured.doubts.iter().skip(is_said) {
        line(&format!("{}: {}", Outcome::Inconclusive.name(), doubt(open)))?;
    }
    for fact in check.measured.processes.iter().flat_map(facts) {
        line(&fact)?;
    }
    for said in suppressions(check).iter().chain(&left_out(series, &check.measured.left_out)) {
        line(said)?;
    }
    Ok(())
}
