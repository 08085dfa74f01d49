//! What was measured, compared with what is allowed.

use super::{Baseline, Bound, Check, Doubt, Finding, Form, Growth, Limit, Limits, Measured, Outcome, Per};
use crate::leaks::Estimate;

/// Compares growth with the limits, and with a baseline if there is one. Without any limit, what leaks or grows in every
/// round fails by itself.
pub fn judge(mut measured: Measured, limits: &Limits, baseline: Option<&Baseline>) -> Check {
    let mut findings = Vec::new();
    for (place, process) in measured.processes.iter().enumerate() {
        for (function, grown) in process.functions.iter().enumerate() {
            if !grown.is_sure && limits.bound == Bound::Lower {
                continue;
            }
            let mut found = broken(&grown.growth, process.per, limits, baseline, Some(&grown.function.name));
            if limits.is_empty() && measured.looks_for_leaks {
                found.push(fault(measured.form, &grown.growth));
            }
            findings.extend(found.into_iter().map(|(limit, measured, allowed)| Finding {
                process: place,
                function: Some(function),
                limit,
                measured,
                allowed,
            }));
        }
        let found = broken(&process.growth, process.per, limits, baseline, None);
        findings.extend(found.into_iter().map(|(limit, measured, allowed)| Finding {
            process: place,
            function: None,
            limit,
            measured,
            allowed,
        }));
        let needs_times = limits.rate.is_some() && process.growth.per_second.is_none();
        if needs_times && !measured.doubts.contains(&Doubt::NoTimes) {
            measured.doubts.push(Doubt::NoTimes);
        }
    }
    findings.sort_by_key(|finding| {
        (finding.function.is_none(), finding.process, finding.function, finding.limit)
    });
    let outcome = match (findings.is_empty(), measured.doubts.is_empty()) {
        (false, _) => Outcome::Failed,
        (true, false) => Outcome::Inconclusive,
        (true, true) => Outcome::Passed,
    };
    Check { outcome, findings, limits: limits.clone(), measured }
}

type Broken = (Limit, Estimate, f64);

fn broken(
    growth: &Growth,
    per: Per,
    limits: &Limits,
    baseline: Option<&Baseline>,
    function: Option<&str>,
) -> Vec<Broken> {
    let in_all = match function {
        Some(_) => (Limit::SiteGrowth, limits.site_growth),
        None => (Limit::Growth, limits.growth),
    };
    let compared = [
        (in_all.0, Some(growth.total), in_all.1),
        (Limit::Rate, growth.per_second, limits.rate),
        (Limit::PerIteration, growth.per_iteration, limits.per_iteration),
    ];
    let mut broken: Vec<Broken> = compared
        .into_iter()
        .filter_map(|(limit, measured, allowed)| Some((limit, measured?, allowed?)))
        .filter(|(_, measured, allowed)| limits.bound.of(measured) > *allowed)
        .collect();
    if let (Some(baseline), Some(part)) = (baseline, limits.increase) {
        let measured = growth.per(per);
        let before = baseline.growth(function);
        // What shrank before may not grow at all now.
        let allowed = |earlier: f64| (earlier * (1.0 + part)).max(0.0);
        if limits.bound.of(&measured) > allowed(limits.bound.opposite(&before)) {
            broken.push((Limit::Increase, measured, allowed(before.value)));
        }
    }
    broken
}

/// What leaks is a fault by itself.
fn fault(form: Form, growth: &Growth) -> Broken {
    let per = if form == Form::Rounds { growth.per_round } else { growth.per_second };
    (form.fault(), per.unwrap_or(growth.total), 0.0)
}
