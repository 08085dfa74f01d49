//! Dumps after each round of a soak program, for `heaplens check --run`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};

use crate::dump;
use crate::sys::mallctl::unsampled;

/// Names the directory that dumps go to.
const DIRECTORY: &str = "HEAPLENS_ROUND_DIR";

/// Marks the end of a round of equal work in a soak program: if `HEAPLENS_ROUND_DIR` names a directory, a dump is written
/// to it, as `round-0001.heap` and so on. Otherwise it does nothing and costs next to nothing.
///
/// ```
/// # fn work() {}
/// for _ in 0..10 {
///     for _ in 0..1000 {
///         work();
///     }
///     heaplens_agent::round_done();
/// }
/// ```
///
/// Never fails: what goes wrong is said on stderr, once. A file that is there already is another process's, and is left
/// alone. Blocks while the dump is written.
pub fn round_done() {
    static DESTINATION: OnceLock<Option<PathBuf>> = OnceLock::new();
    static ROUNDS: AtomicU64 = AtomicU64::new(0);
    let named =
        || unsampled(|| std::env::var_os(DIRECTORY).filter(|name| !name.is_empty()).map(PathBuf::from));
    let Some(directory) = DESTINATION.get_or_init(named) else { return };
    let round = ROUNDS.fetch_add(1, Ordering::Relaxed) + 1;
    // What a dump takes is no part of the program.
    unsampled(|| {
        if let Err(why) = write(directory, round) {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                // Without stderr there is nobody to tell.
                let _ = writeln!(io::stderr(), "heaplens: no dump of round {round}: {why}");
            });
        }
    });
}

fn write(directory: &Path, round: u64) -> Result<(), String> {
    let dump = dump::fresh().map_err(|problem| {
        let [what, fix] = problem.sentences();
        format!("{what}; {fix}")
    })?;
    let path = directory.join(format!("round-{round:04}.heap"));
    let shown = path.display();
    let mut file = File::create_new(&path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{shown} is there already; give each process a directory of its own ({DIRECTORY})")
        }
        _ => format!("{shown}: {error}; {DIRECTORY} must name a directory that can be written to"),
    })?;
    file.write_all(&dump.bytes).map_err(|error| {
        // Half a dump is none.
        let _ = fs::remove_file(&path);
        format!("{shown}: {error}")
    })
}
