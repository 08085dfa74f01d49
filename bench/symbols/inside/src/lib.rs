//! jemalloc_pprof beside the agent in one program: what it costs to draw a flame graph there.
//!
//! A driver writes `flamegraph` or `pprof` as lines to standard input; for each a line `done BYTES SECONDS`, or
//! `failed WHY`, comes back on standard output.

use std::io::{BufRead, Write};
use std::time::Instant;

/// Answers until standard input ends.
///
/// # Errors
/// If standard input or output fails.
pub fn answer() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let started = Instant::now();
        let drawn = draw(line?.trim());
        let mut out = std::io::stdout().lock();
        match drawn {
            Ok(bytes) => writeln!(out, "done {bytes} {:.6}", started.elapsed().as_secs_f64())?,
            Err(why) => writeln!(out, "failed {}", why.replace('\n', " "))?,
        }
        out.flush()?;
    }
    Ok(())
}

/// The size of the drawing, which is dropped.
fn draw(what: &str) -> Result<usize, String> {
    let control = jemalloc_pprof::PROF_CTL.as_ref().ok_or("start with MALLOC_CONF=prof:true")?;
    let mut control = control.blocking_lock();
    let drawn = match what {
        "flamegraph" => control.dump_flamegraph(),
        "pprof" => control.dump_pprof(),
        _ => return Err(format!("{what:?} is neither flamegraph nor pprof")),
    };
    drawn.map(|bytes| bytes.len()).map_err(|e| format!("{e:#}"))
}
