//! What a lookup costs and whether it ends: memory counted at the allocator, panics counted even where they are
//! caught, and a watchdog for what never comes back.

use libtest_mimic::Failed;
use std::alloc::{GlobalAlloc, Layout, System};
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Far more work of all threads than any lookup here is, on a slow machine too: what does more hangs.
const HANG: Duration = Duration::from_secs(120);
/// What only waits hangs after so long.
const STUCK: Duration = Duration::from_secs(900);

/// No lookup in a small file may cost its thread more, however slowly this was built: that does not depend on what
/// else the machine does.
pub(crate) const MAX_WORK: Duration = Duration::from_secs(1);

/// No lookup here may hold more at any moment.
pub(crate) const MAX_MEMORY: usize = 512 << 20;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        count(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(size: usize) {
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes live now; what is counted from here on is [`peak_since`].
pub(crate) fn start_of_peak() -> usize {
    let live = LIVE.load(Ordering::Relaxed);
    PEAK.store(live, Ordering::Relaxed);
    live
}

/// The most bytes live at once since then, beyond those live then; of all threads.
pub(crate) fn peak_since(start: usize) -> usize {
    PEAK.load(Ordering::Relaxed).saturating_sub(start)
}

/// A lookup that is under way.
#[derive(Clone, PartialEq, Eq)]
struct Running {
    since: Instant,
    /// The process's work until then.
    work: Duration,
    name: String,
}

static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());
/// What panicked inside of them.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What came of a piece of work.
pub(crate) struct Watched<T> {
    pub(crate) result: T,
    pub(crate) took: Duration,
    /// What it cost this thread; nothing where the system does not tell.
    pub(crate) work: Duration,
    /// What panicked meanwhile, also where the library caught it.
    pub(crate) panics: Vec<String>,
}

/// Runs `work` under the watchdog, which ends the process, with the name, if it hangs.
pub(crate) fn watched<T>(name: impl Into<String>, work: impl FnOnce() -> T) -> Watched<T> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::thread::spawn(watchdog);
        notice_panics();
    });
    let entry = Running { since: Instant::now(), work: cpu_time("self"), name: name.into() };
    running(|list| list.push(entry.clone()));
    let before = cpu_time("thread-self");
    let result = work();
    let work = cpu_time("thread-self").saturating_sub(before);
    let took = entry.since.elapsed();
    running(|list| list.retain(|other| *other != entry));
    let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    Watched { result, took, work, panics }
}

/// Of the process or this thread, by their names in /proc, in steps of 10 ms.
fn cpu_time(of: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).unwrap_or_default();
    // Behind the name, in parentheses, the 12th and 13th are in the hundredths of a second that Linux shows to
    // everybody.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let hundredths: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}

/// The judge of the judge: work is seen, waiting is not.
pub(crate) fn work_is_seen() -> Result<(), Failed> {
    let worked = watched("work", || {
        let cpu_time = || cpu_time("thread-self");
        let before = cpu_time();
        let mut sum = 0u64;
        while cfg!(target_os = "linux") && cpu_time() < before + MAX_WORK + MAX_WORK / 10 {
            sum = std::hint::black_box((0..1_000_000).fold(sum, u64::wrapping_add));
        }
    });
    let waited = watched("no work", || std::thread::sleep(MAX_WORK));
    assert!(cfg!(not(target_os = "linux")) || worked.work > MAX_WORK, "{:?}", worked.work);
    assert!(waited.work < MAX_WORK / 10, "{:?}", waited.work);
    Ok(())
}

fn running<T>(change: impl FnOnce(&mut Vec<Running>) -> T) -> T {
    change(&mut RUNNING.lock().unwrap_or_else(PoisonError::into_inner))
}

fn watchdog() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let work = cpu_time("self");
        let hangs = |entry: &&Running| work > entry.work + HANG || entry.since.elapsed() > STUCK;
        if let Some(Running { name, since, work: before }) = running(|list| list.iter().find(hangs).cloned())
        {
            eprintln!("hung: {name}: {:?}, {:?} of work", since.elapsed(), work.saturating_sub(before));
            std::process::abort();
        }
    }
}

fn notice_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let names = running(|list| list.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>());
        if names.is_empty() {
            return usual(info);
        }
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push(format!("{info} ({})", names.join(" or ")));
    }));
}
