//! JUnit's XML, as Jenkins and GitLab read it: a test for each limit that is kept, and for each finding.

use super::Options;
use super::doubt::doubt;
use super::message::{Message, facts, sentence, suppressions};
use crate::check::{Check, Limit};
use crate::error::Error;
use crate::out::escape::xml;
use std::io::Write;

/// Writes the answer as a suite of tests. What could not be decided is a test that was skipped, or an error if
/// [`Options::is_strict`] is set.
///
/// # Errors
/// Those of `out`.
pub fn write(check: &Check, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let kept = kept(check);
    let doubts = &check.measured.doubts;
    let (failures, open) = (check.findings.len(), doubts.len());
    let (errors, skipped) = if options.is_strict { (open, 0) } else { (0, open) };
    let tests = kept.len() + failures + open;
    let counts = format!(r#"tests="{tests}" failures="{failures}" errors="{errors}""#);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="heaplens" {counts}>"#)?;
    writeln!(out, r#"  <testsuite name="heaplens check" {counts} skipped="{skipped}">"#)?;
    for limit in kept {
        writeln!(out, "    {}/>", case(limit.name(), limit.description()))?;
    }
    for finding in &check.findings {
        let message = Message::new(check, finding, options);
        let process = &check.measured.processes[finding.process];
        let function = finding.function.map(|at| process.functions[at].function.name.as_str());
        writeln!(out, "    {}>", case(finding.limit.name(), function.unwrap_or("the heap")))?;
        writeln!(
            out,
            r#"      <failure type="{}" message="{}">{}</failure>"#,
            finding.limit.name(),
            xml(&message.headline),
            lines(message.details(options))
        )?;
        writeln!(out, "    </testcase>")?;
    }
    for open in doubts {
        let said = doubt(open);
        writeln!(out, "    {}>", case("inconclusive", "The dumps tell."))?;
        match options.is_strict {
            true => writeln!(out, r#"      <error type="inconclusive" message="{}"/>"#, xml(&said))?,
            false => writeln!(out, r#"      <skipped message="{}"/>"#, xml(&said))?,
        }
        writeln!(out, "    </testcase>")?;
    }
    let facts = std::iter::once(sentence(check, options))
        .chain(check.measured.processes.iter().flat_map(facts))
        .chain(suppressions(check));
    writeln!(out, "    <system-out>{}</system-out>", lines(facts))?;
    writeln!(out, "  </testsuite>\n</testsuites>")?;
    Ok(())
}

/// What was asked for and not broken.
fn kept(check: &Check) -> Vec<Limit> {
    let limits = &check.limits;
    let is_asked = |limit: &Limit| match limit {
        Limit::Leak | Limit::EveryRound => limits.is_empty() && *limit == check.measured.form.fault(),
        Limit::SiteGrowth => limits.site_growth.is_some(),
        Limit::PerIteration => limits.per_iteration.is_some(),
        Limit::Rate => limits.rate.is_some(),
        Limit::Increase => limits.increase.is_some(),
        Limit::Growth => limits.growth.is_some(),
    };
    let is_kept = |limit: &Limit| check.findings.iter().all(|finding| finding.limit != *limit);
    // What could not be decided is not kept either.
    let is_decided = !check.measured.processes.is_empty() && check.measured.doubts.is_empty();
    Limit::ALL.into_iter().filter(|limit| is_decided && is_asked(limit) && is_kept(limit)).collect()
}

/// The start of a test, without its end.
fn case(class: &str, name: &str) -> String {
    format!(r#"<testcase classname="heaplens.check.{class}" name="{}""#, xml(name))
}

fn lines(text: impl IntoIterator<Item = String>) -> String {
    text.into_iter().map(|line| xml(&line).into_owned()).collect::<Vec<_>>().join("\n")
}
