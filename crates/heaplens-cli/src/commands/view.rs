//! `heaplens view`: the page from a local server.

use crate::notes;
use crate::page::server::Server;
use crate::page::showing::{Contents, Showing, Shown};
use crate::paths::{self, Expected};
use anyhow::Context;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Show the page of `report` from a local server, which takes series of any size
///
/// Prints the address and opens it. It answers programs of this machine that know the address, until it is interrupted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  heaplens view dumps/*.heap
  heaplens view --no-open --port 8080 base.heap leak.heap")]
pub(crate) struct Options {
    #[command(flatten)]
    showing: Showing,
    /// Port of the loopback interface; by default the first free one from 3000 on
    #[arg(long)]
    port: Option<u16>,
    /// Do not open a browser; nothing is opened either if stdout is not a terminal
    #[arg(long)]
    no_open: bool,
    /// Take the page's own files from this directory, to work on them
    #[arg(long, value_name = "DIR", hide = true)]
    ui_dir: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(dir) = &options.ui_dir {
        paths::require("--ui-dir", std::slice::from_ref(dir), Expected::Directory)?;
    }
    let Shown { page, title, .. } =
        options.showing.page(Contents { has_sources: true, ..Contents::default() })?;
    let server = Server::bind(page, title, options.port, options.ui_dir.clone())?;
    let url = server.url();
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{url}").and_then(|()| stdout.flush()).context("writing to stdout")?;
    drop(stdout);
    if std::io::stdout().is_terminal() {
        notes::line("serving until interrupted (Ctrl-C)");
        if !options.no_open {
            open(&url);
        }
    }
    server.run()
}

/// Asks the system to show an address; who has no browser has the address.
fn open(url: &str) {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.spawn().is_err() {
        notes::line("no browser could be opened; open the address by hand");
    }
}
