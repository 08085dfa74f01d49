//! Two runs of one program, whose address spaces differ: their difference is of the same stacks as within one run.

use crate::place::Mappings;
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The least share of bytes that stacks of both runs must have. Names: nearly all, 99.9 % when this was written.
///
/// Places: seen from 88.9 % to 99.1 %, and within one run from 88.9 % to 98.8 %. A single table of several megabytes
/// counts for the route through tokio's scheduler on which the request came that made it grow, so the rest is the
/// program's own chance, which no matching of addresses can mend. If addresses were matched wrongly, hardly any stack
/// would be shared.
const SHARED_NAMES: f64 = 0.9;
const SHARED_PLACES: f64 = 0.5;

type Folded = BTreeMap<String, (i128, i128)>;

pub(crate) fn two_runs(lab: &Lab) -> Result<(), Failed> {
    let (one, two) = (lab.fine(), lab.fine_again());
    let start = |dump: &Path| Mappings::of(dump).start_of(&one.program);
    assert_ne!(start(&one.leak), start(&two.leak), "both runs had the program at one address");
    assert_eq!(start(&one.base), start(&one.leak), "dumps of one run");

    for (options, at_least) in
        [(&["--no-symbols", "--show-allocator"][..], SHARED_PLACES), (&[], SHARED_NAMES)]
    {
        let (first, second) = (folded(options, None, &one.leak), folded(options, None, &two.leak));
        let both = folded(options, Some(&one.leak), &two.leak);
        // Every stack once, with the bytes that each run has of it alone: nothing lost, nothing twice.
        let all: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        assert_eq!(both.keys().collect::<BTreeSet<_>>(), all);
        for (stack, &(before, after)) in &both {
            let alone = |run: &Folded| run.get(stack).map_or(0, |bytes| bytes.1);
            assert_eq!((before, after), (alone(&first), alone(&second)), "{stack}");
        }
        let across = shared(&both);
        let within = shared(&folded(options, Some(&one.base), &one.leak));
        assert!(
            across > at_least,
            "{options:?}: {across} of the bytes are of stacks in both runs; within one run {within}"
        );
    }

    let grown = folded(&[], Some(&one.base), &two.leak);
    let growth = |of: &str| -> i128 {
        grown.iter().filter(|(stack, _)| stack.contains(of)).map(|(_, (before, after))| after - before).sum()
    };
    let (leak, all) = (growth("remember_label"), growth(""));
    assert!(leak > 0 && 2 * leak > all, "remember_label grew by {leak} of {all} bytes");
    let mut command = heaplens(["diff", "--cum", "--limit", "0"]);
    let table = stdout(command.arg(&one.base).arg(&two.leak));
    assert!(table.contains("remember_label"), "{table}");
    Ok(())
}

/// The share of bytes that belong to stacks with bytes on both sides.
fn shared(difference: &Folded) -> f64 {
    let sum = |wanted: fn(i128, i128) -> bool| -> i128 {
        let those = difference.values().filter(|(before, after)| wanted(*before, *after));
        those.map(|(before, after)| before + after).sum()
    };
    sum(|before, after| before > 0 && after > 0) as f64 / sum(|_, _| true) as f64
}

/// The columns of `heaplens folded`; without a base the first is 0.
fn folded(options: &[&str], base: Option<&Path>, dump: &Path) -> Folded {
    let mut command = heaplens(["folded"]);
    command.args(options);
    if let Some(base) = base {
        command.arg("--base").arg(base);
    }
    let text = stdout(command.arg(dump));
    let columns = if base.is_some() { 2 } else { 1 };
    let mut folded = Folded::new();
    for line in text.lines() {
        let mut parts = line.rsplitn(columns + 1, ' ');
        let after = parts.next().unwrap().parse().unwrap();
        let before = if columns == 2 { parts.next().unwrap().parse().unwrap() } else { 0 };
        let stack = parts.next().unwrap().to_owned();
        assert_eq!(folded.insert(stack, (before, after)), None, "printed twice: {line}");
    }
    folded
}
