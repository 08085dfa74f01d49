//! A command's rounds: it is run with jemalloc's profiling on, and what it leaves is read.

use super::Gathered;
use crate::commands::check::evidence;
use crate::notes;
use crate::series::Making;
use crate::source::Source;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// What `heaplens_agent::round_done` reads.
const ROUND_DIR: &str = "HEAPLENS_ROUND_DIR";
/// Which of them a program reads depends on how its jemalloc was built.
const CONFIGURATIONS: [&str; 2] = ["MALLOC_CONF", "_RJEM_MALLOC_CONF"];
/// What the user may set otherwise: one sample in 4 KiB, a dump each 4 MiB.
const DEFAULTS: &str = "lg_prof_sample:12,lg_prof_interval:22";
/// jemalloc's own dumps begin with it.
const OWN: &str = "jemalloc";
/// Of jemalloc's own dumps, so many times more are kept than are needed: the rest only fills the disk.
const SPARE: usize = 4;
const POLL: Duration = Duration::from_millis(50);

/// Runs a command and reads so many of its rounds; they are kept in `save`.
///
/// # Errors
/// If the command fails, or leaves nothing that could be compared.
pub(super) fn gather(
    making: &Making,
    command: &str,
    wanted: usize,
    save: Option<&Path>,
) -> anyhow::Result<Gathered> {
    let mut gathering = making.start()?;
    let dir = tempfile::Builder::new().prefix("heaplens-rounds-").tempdir()?;
    let status = run(command, dir.path(), wanted).with_context(|| format!("--run {command}"))?;
    if !status.success() {
        bail!("--run {command}: {status}; only a command that succeeds is judged. What it said stands above");
    }
    let rounds = rounds(dir.path(), wanted).with_context(|| format!("--run {command}"))?;
    let mut files = Vec::new();
    for path in &rounds {
        let source = Source::File(path.clone());
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = gathering.bytes(&source)?;
        gathering.take(&source, name.clone(), &bytes)?;
        files.push(evidence::dump(save, &name, &bytes)?);
    }
    Ok(Gathered { series: gathering.finish(rounds.len())?, files })
}

fn run(command: &str, dir: &Path, wanted: usize) -> anyhow::Result<ExitStatus> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command);
    for name in CONFIGURATIONS {
        shell.env(name, configuration(std::env::var_os(name), dir)?);
    }
    // Our own stdout has the answer, perhaps for a program.
    shell.env(ROUND_DIR, dir).stdout(Stdio::from(std::io::stderr()));
    let mut child = shell.spawn().context("the shell cannot be started")?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(POLL);
        thin(dir, wanted)?;
    }
}

/// jemalloc takes the last of several settings: the user's come after the defaults, and what is needed after both.
fn configuration(own: Option<OsString>, dir: &Path) -> anyhow::Result<OsString> {
    let shown = dir.display();
    if dir.to_string_lossy().contains(',') {
        bail!(
            "{shown}: a directory without a comma is needed, since jemalloc ends its settings there; set TMPDIR"
        );
    }
    let mut all = OsString::from(DEFAULTS);
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        all.push(",");
        all.push(own);
    }
    all.push(",prof:true,prof_active:true,prof_final:true,prof_prefix:");
    all.push(dir.join(OWN));
    Ok(all)
}

/// jemalloc's own dump: process, place in its sequence, path.
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
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let [OWN, pid, number, kind, "heap"] = parts[..] else { continue };
        match (pid.parse(), number.parse()) {
            (Ok(pid), Ok(number)) if kind.starts_with('i') => own.push(Own { pid, number, path }),
            _ => last += 1,
        }
    }
    own.sort_by_key(|own| (own.pid, own.number));
    Ok((own, last))
}

/// Removes jemalloc's own dumps that are more than enough: of each process all but each second, fourth, eighth … are.
fn thin(dir: &Path, wanted: usize) -> anyhow::Result<()> {
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

/// The dumps that stand for rounds, in their order.
fn rounds(dir: &Path, wanted: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut marked: Vec<PathBuf> = Vec::new();
    for entry in dir.read_dir()? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"round-")) {
            marked.push(path);
        }
    }
    if !marked.is_empty() {
        marked.sort();
        return Ok(evenly(marked, wanted));
    }
    thin(dir, wanted)?;
    let (own, last) = own(dir)?;
    let mut processes: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for own in own {
        processes.entry(own.pid).or_default().push(own.path);
    }
    let others = processes.len().saturating_sub(1);
    let Some((pid, dumps)) = processes.into_iter().max_by_key(|(_, dumps)| dumps.len()) else {
        bail!("{}", no_dump(last));
    };
    let note = match others {
        0 => String::new(),
        _ => format!(" (process {pid}, which made most; {others} more made some)"),
    };
    notes::line(&format!(
        "no round was marked, so jemalloc's own dumps stand for rounds{note}; heaplens_agent::round_done() marks one"
    ));
    Ok(evenly(dumps, wanted))
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

/// So many of them at equal distances, the last one among them.
fn evenly(all: Vec<PathBuf>, wanted: usize) -> Vec<PathBuf> {
    let count = all.len();
    if count <= wanted {
        return all;
    }
    (1..=wanted).map(|place| all[place * count / wanted - 1].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_sets_holds_unless_it_is_needed_otherwise() {
        let dir = Path::new("/tmp/x");
        let set =
            |own: Option<&str>| configuration(own.map(OsString::from), dir).unwrap().into_string().unwrap();
        let needed = "prof:true,prof_active:true,prof_final:true,prof_prefix:/tmp/x/jemalloc";
        assert_eq!(set(None), format!("lg_prof_sample:12,lg_prof_interval:22,{needed}"));
        assert_eq!(set(Some("")), set(None));
        assert_eq!(
            set(Some("lg_prof_sample:0,prof:false")),
            format!("lg_prof_sample:12,lg_prof_interval:22,lg_prof_sample:0,prof:false,{needed}")
        );
        assert!(configuration(None, Path::new("/tmp/a,b")).is_err());
    }

    #[test]
    fn rounds_are_evenly_spaced_and_end_at_the_end() {
        let all = |count: usize| (1..=count).map(|n| PathBuf::from(n.to_string())).collect::<Vec<_>>();
        let chosen = |count: usize, wanted: usize| {
            let chosen = evenly(all(count), wanted);
            chosen.iter().map(|path| path.to_str().unwrap().parse().unwrap()).collect::<Vec<usize>>()
        };
        assert_eq!(chosen(10, 5), [2, 4, 6, 8, 10]);
        assert_eq!(chosen(11, 4), [2, 5, 8, 11]);
        assert_eq!(chosen(3, 5), [1, 2, 3]);
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
