//! Values: jeprof's and ours for the same stacks of addresses, so that no name can blur the comparison.

use crate::jeprof;
use crate::place::Mappings;
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use heaplens::profile::{Amount, SampleType};
use heaplens::{Profile, diff, input};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::Path;

/// jeprof's bytes of each stack of places, and of how many lines they are the sum.
type Judged = BTreeMap<String, (i128, i128)>;

/// Every stack of each dump has jeprof's bytes, to the last one, and neither has a stack more.
pub(crate) fn stacks(lab: &Lab) -> Result<(), Failed> {
    for (run, at_least) in [(lab.coarse(), 1), (lab.fine(), 10)] {
        for dump in [&run.base, &run.leak] {
            compare_stacks(dump, lab.dir(), at_least);
        }
    }
    Ok(())
}

/// `heaplens folded` against `jeprof --collapsed` on one dump.
pub(crate) fn compare_stacks(dump: &Path, dir: &Path, at_least: usize) {
    let judged = judge(None, dump, dir);
    let ours = stdout(heaplens(["folded", "--no-symbols", "--show-allocator"]).arg(dump));
    let mut left: Judged = judged.into_iter().filter(|(_, (bytes, _))| *bytes != 0).collect();
    assert!(left.len() >= at_least, "{}: {} stacks only", dump.display(), left.len());
    for line in ours.lines() {
        let (stack, bytes) = line.rsplit_once(' ').unwrap();
        let bytes: i128 = bytes.parse().unwrap();
        let (theirs, lines) = left.remove(stack).unwrap_or_else(|| panic!("jeprof has no {stack}"));
        // Each of jeprof's lines was cut to a whole number by itself.
        assert!((theirs..theirs + lines).contains(&bytes), "{stack}: {bytes}, jeprof {theirs}");
    }
    assert!(left.is_empty(), "only jeprof has {left:?}");
}

/// How many stacks have more bytes than before, and how many less.
pub(crate) struct Changes {
    pub(crate) grown: usize,
    pub(crate) shrunk: usize,
}

/// The same for `--base`, in either direction: both columns of ours together, and the exact difference. The service
/// surely grew, while what shrinks beside it is left to chance.
pub(crate) fn difference(lab: &Lab) -> Result<(), Failed> {
    for (run, at_least) in [(lab.coarse(), 1), (lab.fine(), 10)] {
        let forth = compare_difference(&run.base, &run.leak, lab.dir(), at_least);
        let back = compare_difference(&run.leak, &run.base, lab.dir(), at_least);
        assert!(forth.grown > 0);
        assert_eq!((forth.grown, forth.shrunk), (back.shrunk, back.grown));
    }
    Ok(())
}

/// `heaplens folded --base` against `jeprof --collapsed --base` on two dumps of one run.
pub(crate) fn compare_difference(base: &Path, new: &Path, dir: &Path, at_least: usize) -> Changes {
    let judged = judge(Some(base), new, dir);
    let mut command = heaplens(["folded", "--no-symbols", "--show-allocator", "--base"]);
    let ours = stdout(command.arg(base).arg(new));
    let mut changes = Changes { grown: 0, shrunk: 0 };
    let mut seen = 0;
    for line in ours.lines() {
        let mut parts = line.rsplitn(3, ' ');
        let after: i128 = parts.next().unwrap().parse().unwrap();
        let before: i128 = parts.next().unwrap().parse().unwrap();
        let stack = parts.next().unwrap();
        let (theirs, _) = judged.get(stack).unwrap_or_else(|| panic!("jeprof has no {stack}"));
        // Both columns were cut, jeprof's difference once.
        assert!((after - before - theirs).abs() <= 1, "{stack}: {before} to {after}, jeprof {theirs}");
        seen += 1;
        changes.grown += usize::from(after > before);
        changes.shrunk += usize::from(after < before);
    }
    assert!(seen >= at_least, "{seen} stacks only");

    let exact = diff::diff(&read(base), &read(new)).net_stacks();
    let mut exact: BTreeMap<String, Amount> =
        exact.into_iter().map(|(names, values)| (names.join(";"), values.inuse_space)).collect();
    for (stack, (theirs, lines)) in &judged {
        assert_eq!(*lines, 1, "{stack} is there twice");
        let net = exact.remove(stack).unwrap_or_default();
        assert!(same(net, *theirs), "{stack}: {}, jeprof {theirs}", net.as_f64());
    }
    assert!(exact.is_empty(), "only we have {exact:?}");
    changes
}

/// The totals of `--text --show_bytes`, with and without a base.
pub(crate) fn totals(lab: &Lab) -> Result<(), Failed> {
    for run in [lab.coarse(), lab.fine()] {
        let (base, leak) = (run.base.as_path(), run.leak.as_path());
        compare_totals(&run.program, &[(None, base), (None, leak), (Some(base), leak), (Some(leak), base)]);
    }
    Ok(())
}

/// `heaplens top` against the `Total:` of `jeprof --text --show_bytes`.
pub(crate) fn compare_totals(program: &Path, cases: &[(Option<&Path>, &Path)]) {
    for &(base, dump) in cases {
        let theirs = jeprof::total(program, base, dump);
        let profile = match base {
            Some(base) => diff::diff(&read(base), &read(dump)),
            None => read(dump),
        };
        let total = profile.total().get(SampleType::InuseSpace);
        assert!(same(total, theirs), "{}: {}, jeprof {theirs}", dump.display(), total.as_f64());

        let mut command = heaplens(["top", "--no-symbols", "--format", "json"]);
        if let Some(base) = base {
            command.arg("--base").arg(base);
        }
        let said: serde_json::Value = serde_json::from_str(&stdout(command.arg(dump))).unwrap();
        let said = said["total"]["value"].as_i64().expect("a total");
        // `top` rounds to the nearest byte.
        assert_eq!(i128::from(said), total.round(), "{}, jeprof {theirs}", dump.display());
    }
}

/// The agent's trailer changes nothing of what jeprof prints.
pub(crate) fn trailer(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let bytes = std::fs::read(&run.leak)?;
    let (body, trailer) = heaplens::trailer::split(&bytes);
    assert!(trailer.len() > 200 && trailer.ends_with(b"\n"), "the agent's dump has no trailer");
    let cut = lab.dir().join("without-trailer.heap");
    std::fs::write(&cut, body)?;
    for options in [&["--collapsed"][..], &["--text", "--show_bytes", "--lines"]] {
        let sorted = |dump: &Path| {
            let text = jeprof::run(options, &run.program, None, dump);
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        let with = sorted(&run.leak);
        assert!(with.len() > 10 && with.iter().any(|line| line.contains("heaplens_demo::")), "{with:?}");
        assert_eq!(with, sorted(&cut), "{options:?}");
    }
    Ok(())
}

/// jeprof's lines with addresses turned into places. The leaf stands as it is, callers less one.
fn judge(base: Option<&Path>, dump: &Path, dir: &Path) -> Judged {
    let (program, bare) = jeprof::nameless(dump, dir);
    let bare_base = base.map(|base| jeprof::nameless(base, dir).1);
    let mappings = Mappings::of(dump);
    let mut judged = Judged::new();
    for line in jeprof::collapsed(&program, bare_base.as_deref(), &bare) {
        let last = line.places.len() - 1;
        let places = line.places.iter().enumerate().map(|(i, place)| {
            let address =
                u64::from_str_radix(&place[0], 16).unwrap_or_else(|_| panic!("{place:?} has a name"));
            mappings.name(if i == last { address } else { address + 1 })
        });
        let entry = judged.entry(places.collect::<Vec<_>>().join(";")).or_default();
        entry.0 += line.bytes;
        entry.1 += 1;
    }
    judged
}

pub(crate) fn read(dump: &Path) -> Profile {
    input::read(&std::fs::read(dump).unwrap(), &input::Limits::default()).unwrap()
}

/// Equal after cutting. jeprof sums floating-point numbers in an order that changes from run to run, so a sum that
/// is a whole number but for its last digits may be cut to either side.
pub(crate) fn same(ours: Amount, theirs: i128) -> bool {
    let value = ours.as_f64();
    let nearly_whole = (value - value.round()).abs() < 1e-4;
    ours.trunc() == theirs || (nearly_whole && (ours.round() - theirs).abs() <= 1)
}
