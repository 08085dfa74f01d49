//! The two homes of the page: one file, and the local server.

use crate::lab::{command, heaplens};
use libtest_mimic::Failed;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Home {
    /// `heaplens report`, opened from disk with the network off.
    Disk,
    /// `heaplens view`.
    Server,
}

/// A page that can be opened; gone when dropped.
pub(crate) struct Shown {
    pub(crate) url: String,
    _dir: Option<tempfile::TempDir>,
    server: Option<Child>,
}

impl Shown {
    pub(crate) fn make<S: AsRef<OsStr>>(home: Home, inputs: &[S]) -> Result<Shown, Failed> {
        match home {
            Home::Disk => Shown::from_disk(inputs),
            Home::Server => Shown::from_server(inputs),
        }
    }

    pub(crate) fn from_disk<S: AsRef<OsStr>>(inputs: &[S]) -> Result<Shown, Failed> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("report.html");
        let args = [OsStr::new("report"), OsStr::new("-o"), file.as_os_str()];
        heaplens(args.into_iter().chain(inputs.iter().map(AsRef::as_ref)))?;
        Ok(Shown { url: format!("file://{}", file.display()), _dir: Some(dir), server: None })
    }

    fn from_server<S: AsRef<OsStr>>(inputs: &[S]) -> Result<Shown, Failed> {
        let args = [OsStr::new("view"), OsStr::new("--no-open")];
        let mut command = command(args.into_iter().chain(inputs.iter().map(AsRef::as_ref)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take();
        let mut shown = Shown { url: String::new(), _dir: None, server: Some(child) };
        let mut line = String::new();
        // The address is all that it prints there.
        BufReader::new(stdout.ok_or("stdout is piped")?).read_line(&mut line)?;
        shown.url = line.trim().to_owned();
        match shown.url.starts_with("http://127.0.0.1:") {
            true => Ok(shown),
            false => Err(format!("{command:?} printed {line:?} and no address").into()),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
