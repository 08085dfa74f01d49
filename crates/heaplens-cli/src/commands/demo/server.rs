//! The demo's service: found or built, started, loaded, stopped.

use anyhow::{Context, bail};
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const NAME: &str = "heaplens-demo";
/// What the service prints first.
const LISTENING: &str = "listening on ";
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The program to run: the one that was named, the one that cargo builds, or the one beside us.
pub(super) fn find(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        if !path.is_file() {
            bail!("{}: no such file; --server takes the path of {NAME}", path.display());
        }
        return Ok(path.to_owned());
    }
    // Under `cargo run` always through cargo: what lies beside us may be old, or built without profiling.
    if let Some(cargo) = std::env::var_os("CARGO") {
        return build(&cargo);
    }
    let us = std::env::current_exe().context("finding this program's own path")?;
    let path = us.with_file_name(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!(
            "{}: no such file; build it with `cargo build --release -p {NAME} -F mem-prof`, or name it with --server",
            path.display()
        );
    }
    Ok(path)
}

/// Builds the service with profiling, in the profile that we were built in ourselves.
fn build(cargo: &OsString) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(cargo);
    command.args(["build", "-p", NAME, "-F", "mem-prof", "--message-format=json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if let Some(directory) = std::env::var_os("CARGO_MANIFEST_DIR") {
        command.current_dir(directory);
    }
    let built = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo to build the demo's service")?;
    if !built.status.success() {
        bail!("building {NAME} failed ({}), see above", built.status);
    }
    executable(&built.stdout).with_context(|| format!("cargo built {NAME} but did not say where"))
}

/// The path that cargo's messages give, whatever the target directory is.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    messages
        .split(|&b| b == b'\n')
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == NAME)
        .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
        .next_back()
}

/// A running service; stopped when dropped.
pub(super) struct Server {
    child: Child,
    program: PathBuf,
    log: PathBuf,
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
}

impl Server {
    /// Starts the service on a free port and waits until it listens.
    pub(super) fn start(program: &Path, log: &Path) -> anyhow::Result<Server> {
        let file = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let mut child = Command::new(program)
            .args(["standalone", "start", "--http-addr", "127.0.0.1:0", "--leak"])
            // On Linux jemalloc reads the plain name, on macOS always the prefixed one.
            .env("MALLOC_CONF", "prof:true")
            .env("_RJEM_MALLOC_CONF", "prof:true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let lines = child.stdout.take().map(read_lines);
        let mut server =
            Server { child, program: program.to_owned(), log: log.to_owned(), url: String::new() };
        let first = lines.and_then(|lines| lines.recv_timeout(START_TIMEOUT).ok());
        let url = first.as_deref().and_then(|line| line.strip_prefix(LISTENING)).map(str::trim);
        match url {
            Some(url) => server.url = url.to_owned(),
            None => bail!(
                "{} did not start to listen{}; its log is {}",
                program.display(),
                server.state(),
                log.display()
            ),
        }
        Ok(server)
    }

    /// Sends load for so many seconds.
    pub(super) fn load(&mut self, seconds: u64) -> anyhow::Result<()> {
        let log = File::options().append(true).create(true).open(&self.log)?;
        let status = Command::new(&self.program)
            .args(["load", "--target", &self.url, "--seconds", &seconds.to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .with_context(|| format!("starting {} load", self.program.display()))?;
        if !status.success() {
            bail!("the load generator failed ({status}){}; its log is {}", self.state(), self.log.display());
        }
        Ok(())
    }

    /// Whether the service has ended, for an error message.
    fn state(&mut self) -> String {
        match self.child.try_wait() {
            Ok(Some(status)) => format!(" (the service ended: {status})"),
            _ => String::new(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a pipe to its end, so that its writer never waits, and gives the first line.
fn read_lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { break };
            // Only the first line is waited for.
            let _ = sender.send(line);
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_tells_where_the_service_is() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}
{"reason":"compiler-artifact","target":{"name":"heaplens-demo"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"heaplens-demo"},"executable":"/t/release/heaplens-demo"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/release/heaplens-demo")));
        assert_eq!(executable(b""), None);
    }
}
