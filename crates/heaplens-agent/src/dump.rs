//! Takes a dump: one at a time in this process, into memory, checked, with the trailer.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::complete::{self, Maps, last_line};
use crate::flight::{Flight, Landed};
use crate::problem::Problem;
use crate::process;
use crate::state::State;
use crate::sys::mallctl;
use crate::trailer;

/// A dump with its trailer.
pub(crate) struct Dump {
    pub(crate) bytes: Vec<u8>,
    pub(crate) state: State,
    pub(crate) maps: Maps,
    /// Counts the dumps of this process, from 1.
    pub(crate) number: u64,
}

/// jemalloc's profile is one for the process, so the turn to dump it is too, whatever the number of agents.
static FLIGHT: Flight<Result<Arc<Dump>, Problem>> = Flight::new();
static LAST: Mutex<Option<Last>> = Mutex::new(None);
static COUNT: AtomicU64 = AtomicU64::new(0);
/// Unix milliseconds; zero while profiling has not been switched on here.
static ACTIVE_SINCE: AtomicU64 = AtomicU64::new(0);

/// The last dump that was taken.
#[derive(Clone, Copy)]
pub(crate) struct Last {
    ended: Instant,
    /// How long jemalloc wrote.
    pub(crate) took: Duration,
    pub(crate) time_ms: u64,
}

pub(crate) fn last() -> Option<Last> {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers when profiling was switched on, for the trailer; `None` when it is switched off.
pub(crate) fn set_active_since(time_ms: Option<u64>) {
    ACTIVE_SINCE.store(time_ms.unwrap_or(0), Ordering::Relaxed);
}

pub(crate) fn active_since() -> Option<u64> {
    Some(ACTIVE_SINCE.load(Ordering::Relaxed)).filter(|&time| time != 0)
}

/// Takes a dump, or shares the one that is being taken. Blocks.
pub(crate) fn take(min_interval: Duration) -> Result<Arc<Dump>, Problem> {
    match FLIGHT.run(|| too_early(min_interval).and_then(|()| fresh().map(Arc::new))) {
        Landed::Own(result) | Landed::Shared(result) => Result::clone(&result),
        Landed::Panicked => Err(Problem::internal()),
    }
}

fn too_early(min_interval: Duration) -> Result<(), Problem> {
    let wait = last().and_then(|last| min_interval.checked_sub(last.ended.elapsed()));
    match wait {
        Some(wait) if !wait.is_zero() => {
            let seconds = wait.as_secs() + 1;
            Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-early",
                "The last dump was taken a moment ago",
            )
            .why("a dump stops other threads' allocations for moments, so this program limits how often it is taken")
            .fix(format!("ask again in {seconds} s"))
            .header(RETRY_AFTER, HeaderValue::from(seconds)))
        }
        _ => Ok(()),
    }
}

fn fresh() -> Result<Dump, Problem> {
    let state = State::now().require_enabled()?;
    let mut target = Target::create().map_err(|error| {
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no-place-for-the-dump",
            "There is no place to write the dump to",
        )
        .why(error.to_string())
        .fix("allow the system call memfd_create, or make the directory for temporary files writable")
    })?;
    let mut last_lines = Vec::new();
    last_lines.extend(last_mapping());
    let began = Instant::now();
    let written = unkilled(|| mallctl::dump(&target.path));
    let ended = Instant::now();
    last_lines.extend(last_mapping());
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) =
        Some(Last { ended, took: ended - began, time_ms: process::now_ms() });
    written.map_err(|errno| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "dump-failed", "jemalloc could not write the dump")
            .why(format!("prof.dump: {errno}"))
            .fix("look for a limit on the size of files (ulimit -f) or memory that has run out")
    })?;
    let mut bytes = target.read().map_err(|error| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "dump-unreadable", "The dump could not be read back")
            .why(error.to_string())
            .fix("ask again")
    })?;
    let maps = complete::check(&bytes, &last_lines).map_err(|defect| {
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "truncated-dump", "The dump is cut short")
            .why(format!(
                "{}, though jemalloc reported success ({} bytes were written)",
                defect.words(),
                bytes.len()
            ))
            .fix("look for a limit on the size of files (ulimit -f) or memory that has run out")
    })?;
    let facts = trailer::facts(&bytes, maps, state, active_since());
    trailer::append(&mut bytes, &facts);
    Ok(Dump { bytes, state, maps, number: COUNT.fetch_add(1, Ordering::Relaxed) + 1 })
}

/// The last line of the process's mappings, read where jemalloc reads them.
fn last_mapping() -> Option<Vec<u8>> {
    let maps = std::fs::read(format!("/proc/{}/maps", std::process::id())).ok()?;
    Some(last_line(&maps).to_vec()).filter(|line| !line.is_empty())
}

#[cfg(target_os = "linux")]
fn unkilled<T>(work: impl FnOnce() -> T) -> T {
    crate::sys::signal::without_sigxfsz(work)
}

#[cfg(not(target_os = "linux"))]
fn unkilled<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Where jemalloc writes to.
struct Target {
    path: CString,
    file: File,
    #[cfg(not(target_os = "linux"))]
    directory: std::path::PathBuf,
}

#[cfg(target_os = "linux")]
impl Target {
    /// A file in memory; where the system forbids that, a file without a name in the temporary directory.
    fn create() -> io::Result<Target> {
        use std::os::fd::AsRawFd;
        let file = crate::sys::linux::memfd().or_else(|memfd| {
            unnamed(&std::env::temp_dir()).map_err(|unnamed| {
                io::Error::other(format!("memfd_create: {memfd}; a file without a name: {unnamed}"))
            })
        })?;
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        Ok(Target { path, file })
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        // jemalloc opened the file anew, so this descriptor still stands at its start.
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(self.file.metadata()?.len()).unwrap_or(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(target_os = "linux")]
fn unnamed(directory: &std::path::Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_TMPFILE)
        .mode(0o600)
        .open(directory)
}

#[cfg(not(target_os = "linux"))]
impl Target {
    /// A file in a directory that was not there before and that nobody else can enter.
    fn create() -> io::Result<Target> {
        let name = format!("heaplens-{}-{}", std::process::id(), process::now_ms());
        let directory = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        let path = directory.join("dump");
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        let path = CString::new(path.into_os_string().into_encoded_bytes())?;
        Ok(Target { path, file, directory })
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(not(target_os = "linux"))]
impl Drop for Target {
    fn drop(&mut self) {
        // Nothing more can be done about a directory that does not go away.
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

/// Keeps dumps from being taken until the returned function is called: for tests of what goes on meanwhile.
#[cfg(all(test, feature = "axum-08"))]
pub(crate) fn occupy() -> impl FnOnce() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (started, running) = std::sync::mpsc::channel::<()>();
    let leader = std::thread::spawn(move || {
        FLIGHT.run(|| {
            drop(started);
            let _ = released.recv();
            fresh().map(Arc::new)
        });
    });
    let _ = running.recv();
    move || {
        drop(release);
        drop(leader.join());
    }
}

#[cfg(all(test, feature = "axum-08"))]
pub(crate) fn waiting() -> usize {
    FLIGHT.waiting()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_serves_where_memfd_is_forbidden() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let file = unnamed(&std::env::temp_dir()).unwrap();
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
        let mut target = Target { path, file };
        let path = target.path.to_str().unwrap().to_owned();
        File::create(path).unwrap().write_all(b"heap_v2/").unwrap();
        assert_eq!(target.read().unwrap(), b"heap_v2/");
    }

    #[test]
    fn every_cut_of_a_real_dump_is_told() {
        let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:12");
        crate::common::in_child("dump::tests::every_cut_of_a_real_dump_is_told", conf, || {
            let live = crate::common::allocate(100);
            let dump = fresh().map_err(|problem| problem.code()).unwrap();
            let (whole, _) = heaplens::trailer::split(&dump.bytes);
            let last = [last_mapping().unwrap()];
            assert_eq!(complete::check(whole, &last), Ok(Maps::Present));
            for cut in 0..whole.len() {
                assert!(complete::check(&whole[..cut], &last).is_err(), "cut at {cut} of {}", whole.len());
            }
            drop(live);
        });
    }

    #[test]
    fn the_target_is_memory_and_closed_on_exec() {
        let target = Target::create().unwrap();
        let link = std::fs::read_link(target.path.to_str().unwrap()).unwrap();
        assert!(link.to_string_lossy().contains("memfd:heaplens-dump"), "{link:?}");
        let fd = target.path.to_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
        assert_eq!(flags & libc::O_CLOEXEC, libc::O_CLOEXEC);
    }

    #[test]
    fn an_interval_is_kept_when_asked_for() {
        let now = Last { ended: Instant::now(), took: Duration::ZERO, time_ms: 1 };
        *LAST.lock().unwrap() = Some(now);
        let problem = too_early(Duration::from_secs(3600)).unwrap_err();
        assert_eq!(problem.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(problem.into_response().headers().contains_key(RETRY_AFTER));
        assert!(too_early(Duration::ZERO).is_ok());
    }
}
