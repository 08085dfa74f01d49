//! What a command left: the dumps of its rounds, or those that stand for them.

use super::{OWN, Wanted, name};
use crate::exit::Usage;
use crate::notes;
use anyhow::bail;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What marks rounds begins with it.
const ROUND: &str = "round-";
/// Of jemalloc's own dumps, so many times more are kept than are needed: the rest only fills the disk.
const SPARE: usize = 4;

/// jemalloc's own dump: process, place among those that it makes each time so much was allocated, path.
struct Own {
    pid: u64,
    number: u64,
    path: PathBuf,
}

/// jemalloc's own dumps that were made on the way; a last one, after all was freed, is no round.
fn own(dir: &Path) -> anyhow::Result<(Vec<Own>, usize)> {
    let mut own = Vec::new();
    let mut last = 0;
    for entry in dir.read_dir()? {
        let path = entry?.path();
        let name = name(&path);
        let parts: Vec<&str> = name.split('.').collect();
        let [OWN, pid, _, kind, "heap"] = parts[..] else { continue };
        // Other dumps of the process count in its sequence, but not in this.
        match (pid.parse(), kind.strip_prefix('i').map(str::parse)) {
            (Ok(pid), Some(Ok(number))) => own.push(Own { pid, number, path }),
            _ => last += 1,
        }
    }
    own.sort_by_key(|own| (own.pid, own.number));
    Ok((own, last))
}

/// Removes jemalloc's own dumps that are more than enough: of each process all but each second, fourth, eighth … are.
///
/// # Errors
/// Those of the system.
pub(super) fn thin(dir: &Path, wanted: usize) -> anyhow::Result<()> {
    let mut processes: BTreeMap<u64, Vec<Own>> = BTreeMap::new();
    for own in own(dir)?.0 {
        processes.entry(own.pid).or_default().push(own);
    }
    for own in processes.into_values() {
        let most = SPARE * wanted;
        let Some(newest) = own.last().map(|own| own.number) else { continue };
        let mut stride = 1;
        while newest / stride >= most as u64 {
            stride *= 2;
        }
        for own in own.iter().filter(|own| own.number % stride != 0) {
            // It may be being written; then it is gone once that is done.
            std::fs::remove_file(&own.path)?;
        }
    }
    Ok(())
}

/// Dumps after rounds, in their order.
pub(super) struct Rounds {
    pub(super) compared: Vec<PathBuf>,
    pub(super) others: Vec<PathBuf>,
}

/// Finds the dumps that were made for rounds, or stand for them.
///
/// # Errors
/// If there are none.
pub(super) fn rounds(dir: &Path, wanted: Wanted) -> anyhow::Result<Rounds> {
    let mut marked: Vec<PathBuf> = Vec::new();
    for entry in dir.read_dir()? {
        let path = entry?.path();
        if name(&path).starts_with(ROUND) {
            marked.push(path);
        }
    }
    if marked.is_empty() {
        return unmarked(dir, wanted);
    }
    // One without a number is no one's next.
    marked.sort_by_key(|path| (number(&name(path)).is_none(), number(&name(path)), name(path)));
    // Growth a round is known only of rounds without others between them.
    let others = marked.split_off(wanted.dumps.min(marked.len()));
    if !others.is_empty() {
        let (there, more) = (marked.len() + others.len(), others.len());
        notes::line(&format!(
            "{there} rounds were marked, and the first {} are looked at; for all of them, raise --rounds by {more}",
            marked.len()
        ));
    }
    Ok(Rounds { compared: marked, others })
}

/// The 12 of `round-0012.heap`; programs in other languages may write no zeros before it.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix(ROUND)?.split('.').next()?.parse().ok()
}

/// jemalloc's own dumps in place of rounds.
fn unmarked(dir: &Path, wanted: Wanted) -> anyhow::Result<Rounds> {
    thin(dir, wanted.dumps)?;
    let (own, last) = own(dir)?;
    let mut processes: BTreeMap<u64, Vec<Own>> = BTreeMap::new();
    for own in own {
        processes.entry(own.pid).or_default().push(own);
    }
    let others = processes.len().saturating_sub(1);
    let Some((pid, dumps)) = processes.into_iter().max_by_key(|(_, dumps)| dumps.len()) else {
        bail!("{}", no_dump(last));
    };
    if wanted.has_iterations {
        return Err(Usage(
            "--iterations: no round was marked, so nothing tells how often the work was done between two dumps; mark \
             rounds with heaplens_agent::round_done(), or leave it out"
                .to_owned(),
        )
        .into());
    }
    let compared = evenly(dumps, wanted.dumps);
    let one_of = match compared.as_slice() {
        [first, second, ..] if second.number - first.number > 1 => {
            format!(", one of {}", second.number - first.number)
        }
        _ => String::new(),
    };
    let note = match others {
        0 => String::new(),
        _ => format!(" (process {pid}, which made most; {others} more made some)"),
    };
    notes::line(&format!(
        "no round was marked, so jemalloc's own dumps stand for rounds{one_of}{note}; heaplens_agent::round_done() marks one"
    ));
    Ok(Rounds { compared: compared.into_iter().map(|own| own.path).collect(), others: Vec::new() })
}

fn no_dump(last: usize) -> String {
    match last {
        0 => "it left no dump. Its program must have jemalloc as its allocator, with profiling compiled in (feature \
              `profiling` of tikv-jemallocator, or `jemalloc` of heaplens-agent)"
            .to_owned(),
        _ => "it left a dump only at its end, since it allocated too little. Mark its rounds with \
              heaplens_agent::round_done(), or ask for more dumps: MALLOC_CONF=lg_prof_interval:20"
            .to_owned(),
    }
}

/// So many of them at one distance, as large as it can be, the last one among them: what grew between two of them could
/// else not be compared with what grew between two others.
fn evenly<T>(all: Vec<T>, wanted: usize) -> Vec<T> {
    let count = all.len();
    if count <= wanted || wanted < 2 {
        return all;
    }
    let distance = (count - 1) / (wanted - 1);
    let first = count - 1 - distance * (wanted - 1);
    all.into_iter().skip(first).step_by(distance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_evenly_spaced_and_end_at_the_end() {
        let chosen = |count: usize, wanted| evenly((1..=count).collect(), wanted);
        assert_eq!(chosen(10, 5), [2, 4, 6, 8, 10]);
        assert_eq!(chosen(11, 4), [2, 5, 8, 11]);
        assert_eq!(chosen(10, 4), [1, 4, 7, 10]);
        assert_eq!(chosen(9, 5), [1, 3, 5, 7, 9]);
        assert_eq!(chosen(8, 5), [4, 5, 6, 7, 8]);
        assert_eq!(chosen(3, 5), [1, 2, 3]);
    }

    #[test]
    fn rounds_are_in_the_order_of_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["round-10.heap", "round-9.heap", "round-0002.heap", "round-x.heap", "other.heap"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let Rounds { compared, others } =
            rounds(dir.path(), Wanted { dumps: 3, has_iterations: true }).unwrap();
        let names = |paths: &[PathBuf]| paths.iter().map(|path| name(path)).collect::<Vec<_>>();
        assert_eq!(names(&compared), ["round-0002.heap", "round-9.heap", "round-10.heap"]);
        assert_eq!(names(&others), ["round-x.heap"]);
    }

    #[test]
    fn what_is_thinned_does_not_depend_on_when() {
        let kept = |steps: &[u64]| {
            let dir = tempfile::tempdir().unwrap();
            for number in 0..100u64 {
                std::fs::write(dir.path().join(format!("jemalloc.7.{number}.i{number}.heap")), "").unwrap();
                if steps.contains(&number) {
                    thin(dir.path(), 2).unwrap();
                }
            }
            std::fs::write(dir.path().join("jemalloc.7.100.f.heap"), "").unwrap();
            thin(dir.path(), 2).unwrap();
            let (own, last) = own(dir.path()).unwrap();
            assert_eq!(last, 1);
            own.iter().map(|own| own.number).collect::<Vec<_>>()
        };
        assert_eq!(kept(&[]), [0, 16, 32, 48, 64, 80, 96]);
        assert_eq!(kept(&[9, 20, 50, 75]), kept(&[]));
        assert_eq!(kept(&(0..100).collect::<Vec<_>>()), kept(&[]));
    }
}
