//! Which processes the captures are of: those beside each other are told apart by them.

use super::Options;
use crate::leaks::Leaks;
use crate::series::{Capture, Run, Series};
use serde::Serialize;

/// As far as it is known.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ProcessRow {
    pid: Option<u64>,
    /// When it was started, in Unix milliseconds.
    start: Option<u64>,
    host: String,
    exe: String,
}

/// Processes, and that of each capture by its number in the series.
#[derive(Debug, Default)]
pub(super) struct Processes {
    pub(super) rows: Vec<ProcessRow>,
    of: Vec<Option<usize>>,
}

impl Processes {
    pub(super) fn new(series: &Series, leaks: Option<&Leaks>, options: &Options) -> Processes {
        let mut all = Processes { rows: Vec::new(), of: vec![None; series.captures().len()] };
        for judged in leaks.into_iter().flat_map(|leaks| &leaks.runs) {
            let process = all.of_run(&judged.run, options);
            for &capture in judged.warmup.iter().chain(&judged.run.captures) {
                all.of[capture] = Some(process);
            }
        }
        for (number, capture) in series.captures().iter().enumerate() {
            if all.of[number].is_none() {
                all.of[number] = all.of_capture(capture, options);
            }
        }
        all
    }

    /// Place of a capture's process among the rows; −1 if it does not tell.
    pub(super) fn of(&self, capture: usize) -> i64 {
        self.of[capture].map_or(-1, |place| place as i64)
    }

    fn of_run(&mut self, run: &Run, options: &Options) -> usize {
        let row = row(run.pid, run.start_ms, run.host.as_deref(), run.exe.as_deref(), options);
        // Without its start a number says little: in containers each process is number 1.
        self.place(row, run.start_ms.is_some())
    }

    fn of_capture(&mut self, capture: &Capture, options: &Options) -> Option<usize> {
        let trailer = capture.trailer.as_ref()?;
        trailer.pid?;
        let (host, exe) = (trailer.host.as_deref(), trailer.exe.as_deref());
        Some(self.place(row(trailer.pid, trailer.start_ms, host, exe, options), trailer.start_ms.is_some()))
    }

    fn place(&mut self, row: ProcessRow, can_be_known: bool) -> usize {
        let known = self.rows.iter().position(|known| can_be_known && *known == row);
        known.unwrap_or_else(|| {
            self.rows.push(row);
            self.rows.len() - 1
        })
    }
}

fn row(
    pid: Option<u64>,
    start: Option<u64>,
    host: Option<&str>,
    exe: Option<&str>,
    options: &Options,
) -> ProcessRow {
    // Without hosts two processes of one number are still told apart by their starts.
    let host = host.filter(|_| !options.is_redacted);
    ProcessRow {
        pid,
        start,
        host: host.map_or_else(String::new, |host| options.shown(host)),
        exe: exe.map_or_else(String::new, |exe| options.shown_path(exe)),
    }
}
