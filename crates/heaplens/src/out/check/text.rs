//! What a person reads.

use super::doubt::doubt;
use super::message::{Message, facts, suppressions};
use super::{Options, sentence};
use crate::check::{Check, Doubt, Outcome};
use crate::error::Error;
use crate::out::escape;
use crate::out::leaks::left_out;
use crate::series::{LeftOut, Series};
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
    // In the sentence it is said already.
    if !check.findings.is_empty() && !series.chosen().is_empty() {
        line(&format!("only stacks of {}", series.chosen().join(" ")))?;
    }
    for fact in check.measured.processes.iter().flat_map(facts) {
        line(&fact)?;
    }
    // What is a doubt was said above.
    let is_said = |left: &&LeftOut| {
        let is_it = |open: &Doubt| match open {
            Doubt::LeftOut { why, .. } => why.description() == left.why.description(),
            _ => false,
        };
        check.measured.doubts.iter().any(is_it)
    };
    let others: Vec<LeftOut> =
        check.measured.left_out.iter().filter(|left| !is_said(left)).cloned().collect();
    for said in suppressions(check).iter().chain(&left_out(series, &others)) {
        line(said)?;
    }
    Ok(())
}
