//! What the tests share: the browser, our program, and dumps; made when first asked for.

use crate::home::{Home, Shown};
use crate::tab::{Browser, Tab};
use libtest_mimic::Failed;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Rounds of the demo's store under load; each ends with a dump.
const ROUNDS: &str = "14";
/// Seconds of the store's own time in a round.
const SECONDS: &str = "60";
/// One sample in 4 KiB, so that so little load shows the leak surely.
const SAMPLING: &str = "prof:true,lg_prof_sample:12";

/// Dropped at the end, with the browser and all files.
#[derive(Default)]
pub(crate) struct Lab {
    dir: OnceLock<tempfile::TempDir>,
    browser: OnceLock<Result<Browser, String>>,
    demo: OnceLock<Result<Vec<PathBuf>, String>>,
    judgement: OnceLock<Result<Value, String>>,
    from_disk: OnceLock<Result<Shown, String>>,
    from_server: OnceLock<Result<Shown, String>>,
}

impl Lab {
    pub(crate) fn dir(&self) -> &Path {
        self.dir.get_or_init(|| tempfile::tempdir().expect("a temporary directory")).path()
    }

    pub(crate) fn browser(&self) -> Result<&Browser, Failed> {
        kept(self.browser.get_or_init(|| Browser::start().map_err(message)))
    }

    /// Dumps of the demo's store, which leaks, in the order of time.
    pub(crate) fn demo(&self) -> Result<&[PathBuf], Failed> {
        kept(self.demo.get_or_init(|| demo_dumps(&self.dir().join("demo")))).map(Vec::as_slice)
    }

    /// What `heaplens leaks` says of them.
    pub(crate) fn judgement(&self) -> Result<&Value, Failed> {
        let args = ["leaks", "--format", "json"].iter().map(OsStr::new);
        let demo = self.demo()?;
        kept(self.judgement.get_or_init(|| json(args.chain(as_series(demo))).map_err(message)))
    }

    /// The first and the last dump that the judgement rests on: what the page compares at first.
    pub(crate) fn ends(&self) -> Result<[&Path; 2], Failed> {
        let captures = &self.judgement()?["runs"][0]["captures"];
        let captures = captures.as_array().filter(|all| all.len() > 8).ok_or("too few dumps were judged")?;
        let demo = self.demo()?;
        let find = |name: &Value| {
            let name = name.as_str().unwrap_or_default();
            demo.iter().find(|dump| dump.to_string_lossy().ends_with(name)).map(PathBuf::as_path)
        };
        let ends = [captures.first(), captures.last()].map(|name| name.and_then(find));
        match ends {
            [Some(first), Some(last)] => Ok([first, last]),
            _ => Err(format!("{captures:?} are not the dumps").into()),
        }
    }

    /// The page of the demo's dumps, in a new tab, at a place in it.
    pub(crate) fn open(&self, home: Home, fragment: &str) -> Result<Tab<'_>, Failed> {
        let made = match home {
            Home::Disk => &self.from_disk,
            Home::Server => &self.from_server,
        };
        let demo = self.demo()?;
        let shown = kept(made.get_or_init(|| Shown::make(home, &as_series(demo)).map_err(message)))?;
        self.page(shown, fragment)
    }

    /// Any page, in a new tab.
    pub(crate) fn page(&self, shown: &Shown, fragment: &str) -> Result<Tab<'_>, Failed> {
        let tab = self.browser()?.open(&format!("{}{fragment}", shown.url))?;
        tab.until("the page is built", "return document.querySelector('main#main > .view') !== null")?;
        Ok(tab)
    }
}

/// Arguments: the dumps, five minutes apart, as those of a service would be.
pub(crate) fn as_series(dumps: &[PathBuf]) -> Vec<&OsStr> {
    ["--every", "5m"].iter().map(OsStr::new).chain(dumps.iter().map(|dump| dump.as_os_str())).collect()
}

fn kept<T>(made: &Result<T, String>) -> Result<&T, Failed> {
    made.as_ref().map_err(|error| error.as_str().into())
}

fn message(failed: Failed) -> String {
    failed.message().unwrap_or("failed").to_owned()
}

fn demo_dumps(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let program = crate::demo::program(&["-F", "mem-prof"], "HEAPLENS_DEMO_BIN", dir)?;
    let rounds = dir.join("rounds");
    std::fs::create_dir_all(&rounds).map_err(|error| error.to_string())?;
    let mut soak = Command::new(program);
    soak.args(["soak", "--leak", "--rounds", ROUNDS, "--seconds", SECONDS]);
    soak.env("HEAPLENS_ROUND_DIR", &rounds).env("MALLOC_CONF", SAMPLING);
    stdout(&mut soak).map_err(message)?;
    files(&rounds).map_err(message)
}

/// The files of a directory, by name.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>, Failed> {
    let entries = std::fs::read_dir(dir)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

/// Our program, which looks for nothing outside and keeps what it learns of symbols for the next call.
pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    let cache = CACHE.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-symbols");
        // What earlier runs left would hide what this one finds.
        let _ = std::fs::remove_dir_all(&cache);
        cache
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_heaplens"));
    for name in ["HEAPLENS_TOKEN", "HEAPLENS_NO_CACHE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    {
        command.env_remove(name);
    }
    command.env("HEAPLENS_CACHE_DIR", cache).args(args);
    command
}

/// What our program prints where it has an answer, good or bad.
pub(crate) fn heaplens<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Result<String, Failed> {
    stdout(&mut command(args))
}

pub(crate) fn json<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&heaplens(args)?)?)
}

/// The first line of `heaplens diff`, which has the totals: `inuse_space: 73 B → 105 B: +32 B; stacks that grew …`.
pub(crate) fn totals(between: [&Path; 2], more: &[&str]) -> Result<String, Failed> {
    let args = ["diff", "-n", "1"].iter().chain(more).map(OsStr::new);
    let text = heaplens(args.chain(between.iter().map(|dump| dump.as_os_str())))?;
    text.lines().next().map(str::to_owned).ok_or_else(|| "diff printed nothing".into())
}

/// stdout of a command that must end well.
pub(crate) fn stdout(command: &mut Command) -> Result<String, Failed> {
    let Output { status, stdout, stderr } =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    // 3 is the answer that too little is known for one.
    if status.success() || status.code() == Some(3) {
        return Ok(String::from_utf8(stdout)?);
    }
    Err(format!("{command:?} ended with {status}: {}", String::from_utf8_lossy(&stderr)).into())
}
