//! The demo service, built once, and the dumps of it that the tests share.

use crate::demo;
use crate::tools::{heaplens, stdout};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// What the service prints first.
const LISTENING: &str = "listening on ";

/// What the tests share, made when it is first asked for. Dropped at the end, with all files.
#[derive(Default)]
pub(crate) struct Lab {
    dir: OnceLock<tempfile::TempDir>,
    demo: OnceLock<Result<PathBuf, String>>,
    plain_demo: OnceLock<Result<PathBuf, String>>,
    coarse: OnceLock<Result<Run, String>>,
    fine: OnceLock<Result<Run, String>>,
    fine_again: OnceLock<Result<Run, String>>,
    one_at_a_time: Mutex<()>,
}

/// Two dumps of one run of the leaking service.
pub(crate) struct Run {
    /// After some load.
    pub(crate) base: PathBuf,
    /// After more of it.
    pub(crate) leak: PathBuf,
    /// The program that ran.
    pub(crate) program: PathBuf,
}

impl Lab {
    pub(crate) fn dir(&self) -> &Path {
        self.dir.get_or_init(|| tempfile::tempdir().expect("a temporary directory")).path()
    }

    /// The demo service, built with profiling.
    pub(crate) fn demo(&self) -> &Path {
        self.program(&self.demo, "with", &["-F", "mem-prof"], "HEAPLENS_DEMO_BIN")
    }

    /// The demo service, built without profiling.
    pub(crate) fn plain_demo(&self) -> &Path {
        self.program(&self.plain_demo, "without", &[], "HEAPLENS_DEMO_PLAIN_BIN")
    }

    fn program<'a>(
        &self,
        demo: &'a OnceLock<Result<PathBuf, String>>,
        name: &str,
        features: &[&str],
        variable: &str,
    ) -> &'a Path {
        demo.get_or_init(|| {
            let _turn = self.turn();
            demo::program(features, variable, &self.dir().join(name))
        })
        .as_ref()
        .unwrap()
    }

    /// Builds and services one at a time: two would replace each other's program, or slow each other down.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Dumps at the usual rate, one sample in 512 KiB, as in the article: few stacks, and how few is left to chance.
    pub(crate) fn coarse(&self) -> &Run {
        self.run(&self.coarse, "coarse", "prof:true")
    }

    /// Dumps at one sample in 4 KiB: many stacks.
    pub(crate) fn fine(&self) -> &Run {
        self.run(&self.fine, "fine", "prof:true,lg_prof_sample:12")
    }

    /// As [`Lab::fine`], of another run.
    pub(crate) fn fine_again(&self) -> &Run {
        self.run(&self.fine_again, "fine-again", "prof:true,lg_prof_sample:12")
    }

    fn run<'a>(&self, run: &'a OnceLock<Result<Run, String>>, name: &str, conf: &str) -> &'a Run {
        let program = self.demo();
        run.get_or_init(|| {
            let _turn = self.turn();
            Run::make(program, &self.dir().join(name), conf)
        })
        .as_ref()
        .unwrap()
    }
}

impl Run {
    fn make(program: &Path, dir: &Path, conf: &str) -> Result<Run, String> {
        std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let server = Server::start(program, conf)?;
        let dump = |name: &str| {
            server.load(program);
            let path = dir.join(name);
            stdout(heaplens(["capture", &server.url, "-o"]).arg(&path));
            path
        };
        Ok(Run { base: dump("base.heap"), leak: dump("leak.heap"), program: program.to_owned() })
    }
}

/// A running service; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn start(program: &Path, conf: &str) -> Result<Server, String> {
        // Short retention, so that soon there are labels to forget, which the leak keeps.
        let mut child = Command::new(program)
            .args(["standalone", "start", "--http-addr", "127.0.0.1:0", "--leak", "--retention", "1"])
            .env("MALLOC_CONF", conf)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let pipe = child.stdout.take();
        let mut server = Server { child, url: String::new() };
        let mut line = String::new();
        if let Some(pipe) = pipe {
            // The service prints nothing else, so nobody needs to read on.
            BufReader::new(pipe).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let url = line.trim().strip_prefix(LISTENING);
        server.url = url.ok_or_else(|| format!("the service began with {line:?}"))?.to_owned();
        Ok(server)
    }

    /// A number of requests at a rate that takes some seconds, several times the retention.
    pub(crate) fn load(&self, program: &Path) {
        let load = ["load", "--target", &self.url, "--seconds", "120"];
        let bounds = ["--rate", "50000", "--max-requests", "400"];
        let said = stdout(Command::new(program).args(load).args(bounds));
        assert!(said.contains(" 0 errors"), "{said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
