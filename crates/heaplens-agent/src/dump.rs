//! Takes a dump: one at a time in this process, into memory, checked, with the trailer.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::complete::{self, Maps, last_line};
use crate::flight::{Flight, Landed, MOST_FOLLOWERS};
use crate::problem::Problem;
use crate::process;
use crate::state::State;
use crate::sys::mallctl;
use crate::trailer;

/// A dump with its trailer.
pub(crate) struct Dump {
    pub(crate) bytes: Vec<u8>,
    pub(crate) taken: Taken,
}

/// How a dump was taken.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) state: State,
    pub(crate) maps: Maps,
    /// Counts the dumps of this process, from 1.
    pub(crate) number: u64,
}

impl Taken {
    /// What a reader should know and the body may not say.
    pub(crate) fn describe(&self, headers: &mut HeaderMap) {
        let mut set = |name, value| headers.insert(HeaderName::from_static(name), value);
        set("heaplens-dump", HeaderValue::from(self.number));
        set("heaplens-state", HeaderValue::from_static(self.state.word()));
        if self.maps == Maps::Absent {
            set("heaplens-maps", HeaderValue::from_static("none"));
        }
        if self.state == State::Inactive {
            set(
                "heaplens-note",
                HeaderValue::from_static(
                    "profiling is inactive: POST /debug/prof/mem/activate; only what was sampled before is shown",
                ),
            );
        }
    }
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
        Landed::Full => Err(too_many()),
    }
}

/// The answer to one more than may wait for the same.
pub(crate) fn too_many() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-callers",
        "Too many callers wait for the same answer",
    )
    .why(format!("{MOST_FOLLOWERS} wait, each with a thread of the program's"))
    .fix("ask again in 10 s")
    .header(RETRY_AFTER, "10")
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
            .header(RETRY_AFTER, seconds.to_string()))
        }
        _ => Ok(()),
    }
}

/// Takes a dump that begins now, whether or not another is being taken. Blocks.
pub(crate) fn fresh() -> Result<Dump, Problem> {
    let state = State::now().require_enabled()?;
    let mut target = Target::create().map_err(|error| {
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no-place-for-the-dump",
            "There is no place to write the dump to",
        )
        .why(error.to_string())
        .fix(format!(
            "mount /proc and allow the system call memfd_create, or make {} writable (TMPDIR names another directory)",
            std::env::temp_dir().display()
        ))
    })?;
    let mut last_lines = Vec::new();
    last_lines.extend(last_mapping());
    let began = Instant::now();
    let written = unkilled(|| mallctl::dump(&target.path));
    let ended = Instant::now();
    // A name is of no use any more; a process that is killed from here on leaves nothing behind.
    target.directory = None;
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
    let number = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    Ok(Dump { bytes, taken: Taken { state, maps, number } })
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

/// Where jemalloc writes to: it takes a path.
struct Target {
    path: CString,
    file: File,
    /// Holds the file, if it has a name.
    directory: Option<Directory>,
}

impl Target {
    #[cfg(target_os = "linux")]
    fn create() -> io::Result<Target> {
        let nameless = || {
            crate::sys::linux::memfd().or_else(|memfd| {
                unnamed(&std::env::temp_dir()).map_err(|unnamed| {
                    io::Error::other(format!("memfd_create: {memfd}; a file without a name: {unnamed}"))
                })
            })
        };
        let named = |why: io::Error| {
            let directory = std::env::temp_dir();
            Target::named(&directory).map_err(|error| {
                io::Error::other(format!("{why}; a file in {}: {error}", directory.display()))
            })
        };
        nameless().and_then(Target::nameless).or_else(named)
    }

    #[cfg(not(target_os = "linux"))]
    fn create() -> io::Result<Target> {
        Target::named(&std::env::temp_dir())
    }

    /// A file in memory; where the system forbids that, a file without a name in the temporary directory.
    #[cfg(target_os = "linux")]
    fn nameless(file: File) -> io::Result<Target> {
        use std::os::fd::AsRawFd;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        // Its only path, and there is none where /proc is not mounted.
        std::fs::metadata(&path)
            .map_err(|error| io::Error::other(format!("a file without a name, as {path}: {error}")))?;
        Ok(Target { path: CString::new(path)?, file, directory: None })
    }

    /// A file in a directory that was not there before and that nobody else can enter.
    fn named(parent: &Path) -> io::Result<Target> {
        let directory = Directory::create(parent)?;
        let path = directory.0.join("dump");
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        let path = CString::new(path.into_os_string().into_encoded_bytes())?;
        Ok(Target { path, file, directory: Some(directory) })
    }

    /// What was written; the file is gone then.
    fn read(mut self) -> io::Result<Vec<u8>> {
        // jemalloc opened the file anew, so this descriptor still stands at its start.
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(self.file.metadata()?.len()).unwrap_or(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(target_os = "linux")]
fn unnamed(directory: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_TMPFILE)
        .mode(0o600)
        .open(directory)
}

/// Removed when dropped, with what is in it.
struct Directory(PathBuf);

impl Directory {
    fn create(parent: &Path) -> io::Result<Directory> {
        let path = parent.join(format!("heaplens-{}-{}", std::process::id(), process::now_ms()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Nothing more can be done about a directory that does not go away.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Keeps dumps from being taken until the returned function is called: for tests of what goes on meanwhile.
#[cfg(test)]
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

#[cfg(test)]
pub(crate) fn waiting() -> usize {
    FLIGHT.waiting()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_serves_where_memfd_is_forbidden() {
        use std::io::Write;
        let target = Target::nameless(unnamed(&std::env::temp_dir()).unwrap()).unwrap();
        let path = target.path.to_str().unwrap().to_owned();
        File::create(path).unwrap().write_all(b"heap_v2/").unwrap();
        assert_eq!(target.read().unwrap(), b"heap_v2/");
    }

    #[test]
    fn a_named_file_is_nobody_elses_and_goes_away() {
        use std::io::Write;
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let mut target = Target::named(parent.path()).unwrap();
        let path = Path::new(target.path.to_str().unwrap()).to_owned();
        let mode = std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        File::create(&path).unwrap().write_all(b"heap_v2/").unwrap();
        target.directory = None;
        assert!(std::fs::read_dir(parent.path()).unwrap().next().is_none());
        assert_eq!(target.read().unwrap(), b"heap_v2/");
        // Also when nothing was written.
        drop(Target::named(parent.path()).unwrap());
        assert!(std::fs::read_dir(parent.path()).unwrap().next().is_none());
    }

    #[test]
    fn callers_at_the_same_time_share_a_whole_dump() {
        let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");
        crate::common::in_child("dump::tests::callers_at_the_same_time_share_a_whole_dump", conf, || {
            let release = occupy();
            let take = || take(Duration::ZERO).map_err(|problem| problem.code()).unwrap();
            let numbers: Vec<u64> = std::thread::scope(|scope| {
                let callers: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
                while waiting() < 8 {
                    std::thread::yield_now();
                }
                release();
                let number = |dump: Arc<Dump>| {
                    let (body, tail) = heaplens::trailer::split(&dump.bytes);
                    let (_, seal) = heaplens::trailer::Trailer::parse(body, tail);
                    assert_eq!(seal, heaplens::trailer::Seal::Intact);
                    dump.taken.number
                };
                callers.into_iter().map(|caller| number(caller.join().unwrap())).collect()
            });
            assert_eq!(numbers, [1; 8]);
            assert_eq!(take().taken.number, 2, "a later caller gets a fresh one");
        });
    }

    #[test]
    fn one_caller_too_many_is_told_to_come_back() {
        let conf = Some("MALLOC_CONF=prof:true");
        crate::common::in_child("dump::tests::one_caller_too_many_is_told_to_come_back", conf, || {
            let release = occupy();
            std::thread::scope(|scope| {
                let callers: Vec<_> =
                    (0..MOST_FOLLOWERS).map(|_| scope.spawn(|| take(Duration::ZERO).is_ok())).collect();
                while waiting() < MOST_FOLLOWERS {
                    std::thread::yield_now();
                }
                let Err(problem) = take(Duration::ZERO) else { panic!("there was room for one more") };
                assert_eq!(
                    (problem.status(), problem.code()),
                    (StatusCode::TOO_MANY_REQUESTS, "too-many-callers")
                );
                assert_eq!(problem.into_response().headers()[RETRY_AFTER], "10");
                release();
                for caller in callers {
                    assert!(caller.join().unwrap());
                }
            });
        });
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
