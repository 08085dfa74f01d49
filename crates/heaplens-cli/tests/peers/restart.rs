//! Two runs of one program, in address spaces that differ: each stack of one is the same stack of the other.

use crate::place::Mappings;
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Bytes between the places of the program in the two runs, at least.
const APART: u64 = 1 << 36;

type Folded = BTreeMap<String, (i128, i128)>;

pub(crate) fn two_runs(lab: &Lab) -> Result<(), Failed> {
    let (one, two) = (lab.fine(), lab.fine_again());
    let start = |dump: &Path| Mappings::of(dump).start_of(&one.program);
    assert_eq!(start(&one.base), start(&one.leak), "dumps of one run");
    // Without randomized address spaces both runs have the program at one place.
    let by = start(&two.leak).saturating_sub(start(&one.leak)) + APART;
    let leak = moved(&two.leak, by, lab.dir())?;
    assert!(start(&leak) + APART <= start(&one.leak));

    for options in [&["--no-symbols", "--show-allocator"][..], &[]] {
        let (first, second) = (folded(options, None, &one.leak), folded(options, None, &two.leak));
        let unmoved = folded(options, Some(&two.leak), &leak);
        assert_eq!(unmoved.len(), second.len());
        for (stack, bytes) in &second {
            assert_eq!(unmoved.get(stack), Some(&(bytes.1, bytes.1)), "{stack}");
        }
        let both = folded(options, Some(&one.leak), &leak);
        // Every stack once, with the bytes that each run has of it alone: nothing lost, nothing twice.
        let all: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        assert_eq!(both.keys().collect::<BTreeSet<_>>(), all);
        for (stack, &(before, after)) in &both {
            let alone = |run: &Folded| run.get(stack).map_or(0, |bytes| bytes.1);
            assert_eq!((before, after), (alone(&first), alone(&second)), "{stack}");
        }
        // Not all: which way a request takes through the scheduler is the program's own chance.
        assert!(
            both.values().any(|(before, after)| *before > 0 && *after > 0),
            "{options:?}: no stack of both"
        );
    }

    // Twice the load, so twice the labels that are never forgotten.
    let grown = folded(&[], Some(&one.base), &leak);
    let leaked = grown.iter().filter(|(stack, _)| stack.contains("remember_label"));
    let (before, after) = leaked.fold((0, 0), |sum, (_, bytes)| (sum.0 + bytes.0, sum.1 + bytes.1));
    assert!(0 < before && before < after, "remember_label went from {before} to {after} bytes");
    let mut command = heaplens(["diff", "--cum", "--limit", "0"]);
    let table = stdout(command.arg(&one.base).arg(&leak));
    assert!(table.contains("remember_label"), "{table}");
    Ok(())
}

/// The dump of a process that has everything so many bytes lower, but for what the kernel keeps at one place.
fn moved(dump: &Path, by: u64, dir: &Path) -> Result<PathBuf, Failed> {
    let bytes = std::fs::read(dump)?;
    let (body, trailer) = heaplens::trailer::split(&bytes);
    let (body, trailer) = (std::str::from_utf8(body)?, std::str::from_utf8(trailer)?);
    let lower = |hex: &str| -> Result<u64, Failed> {
        let address = u64::from_str_radix(hex.trim_start_matches("0x"), 16)?;
        Ok(if address >> 63 == 1 { address } else { address - by })
    };
    let mut text = String::new();
    let (stacks, mappings) = body.split_once("MAPPED_LIBRARIES:\n").ok_or("no mapping lines")?;
    for line in stacks.lines() {
        match line.strip_prefix("@ ") {
            Some(stack) => {
                text.push('@');
                for address in stack.split_ascii_whitespace() {
                    write!(text, " {:#x}", lower(address)?)?;
                }
                text.push('\n');
            }
            None => writeln!(text, "{line}")?,
        }
    }
    text += "MAPPED_LIBRARIES:\n";
    for line in mappings.lines() {
        let (range, rest) = line.split_once(' ').ok_or("no mapping line")?;
        let (start, end) = range.split_once('-').ok_or("no range")?;
        writeln!(text, "{:x}-{:x} {rest}", lower(start)?, lower(end)?)?;
    }
    let seal = format!("# end length={} crc32={:08x}\n", text.len(), crc32fast::hash(text.as_bytes()));
    text.extend(trailer.lines().filter(|line| !line.starts_with("# end ")).map(|line| format!("{line}\n")));
    let path = dir.join("moved.heap");
    std::fs::write(&path, text + &seal)?;
    Ok(path)
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
