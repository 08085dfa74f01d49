//! A line on stderr while something takes longer than a second. Only for people: nothing unless stderr is a terminal.

use crate::notes;
use heaplens::out::escape;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Shows what is being done until it is dropped.
pub(crate) struct Progress {
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Starts the clock for one piece of work.
    pub(crate) fn start(what: impl Into<String>) -> Progress {
        if !std::io::stderr().is_terminal() {
            return Progress { ticker: None };
        }
        let (stop, stopped) = channel();
        let what = escape::terminal(&what.into()).into_owned();
        let thread = std::thread::spawn(move || {
            let begun = Instant::now();
            let mut shown = false;
            while stopped.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                shown = true;
                let mut stderr = std::io::stderr().lock();
                let _ = write!(stderr, "\r\x1b[K{what} … {} s", begun.elapsed().as_secs());
                let _ = stderr.flush();
            }
            if shown {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        });
        Progress { ticker: Some((stop, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.ticker.take() {
            drop(stop);
            if thread.join().is_err() {
                notes::line("warning: the progress display failed");
            }
        }
    }
}
