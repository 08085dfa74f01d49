//! A command's rounds: it is run with jemalloc's profiling on, and what it leaves is read.

use super::Gathered;
use crate::commands::check::evidence;
use crate::series::Making;
use crate::source::Source;
use anyhow::{Context, bail};
use left::{Rounds, rounds, thin};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

mod left;

/// What `heaplens_agent::round_done` reads.
const ROUND_DIR: &str = "HEAPLENS_ROUND_DIR";
/// Which of them a program reads depends on how its jemalloc was built.
const CONFIGURATIONS: [&str; 2] = ["MALLOC_CONF", "_RJEM_MALLOC_CONF"];
/// What the user may set otherwise: one sample in 4 KiB, a dump each 4 MiB.
const DEFAULTS: &str = "lg_prof_sample:12,lg_prof_interval:22";
/// jemalloc's own dumps begin with it.
const OWN: &str = "jemalloc";
const POLL: Duration = Duration::from_millis(50);

/// What is asked of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// So many dumps, those of the warm-up among them.
    pub(super) dumps: usize,
    /// True if the user says how often each round does its work.
    pub(super) has_iterations: bool,
}

/// Runs a command and reads so many of its rounds; all of them are kept in `save`.
///
/// # Errors
/// If the command fails, or leaves nothing that could be compared.
pub(super) fn gather(
    making: &Making,
    command: &str,
    wanted: Wanted,
    save: Option<&Path>,
) -> anyhow::Result<Gathered> {
    let mut gathering = making.start()?;
    let dir = tempfile::Builder::new().prefix("heaplens-rounds-").tempdir()?;
    let status = run(command, dir.path(), wanted.dumps).with_context(|| format!("--run {command}"))?;
    if !status.success() {
        bail!(
            "--run {command}: {status}; only a command that succeeds is judged. What it said, if anything, stands above"
        );
    }
    let Rounds { compared, others } =
        rounds(dir.path(), wanted).with_context(|| format!("--run {command}"))?;
    let mut files = Vec::new();
    for path in &compared {
        let source = Source::File(path.clone());
        let name = name(path);
        let bytes = gathering.bytes(&source)?;
        gathering.take(&source, name.clone(), &bytes)?;
        files.push(evidence::dump(save, &name, &bytes)?);
    }
    if save.is_some() {
        for path in &others {
            evidence::dump(save, &name(path), &gathering.bytes(&Source::File(path.clone()))?)?;
        }
    }
    Ok(Gathered { series: gathering.finish(compared.len())?, files, doubt: None })
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
}
