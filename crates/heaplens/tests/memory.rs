//! How much memory reading takes, counted at the allocator. A process of its own.

#[path = "../benches/generated.rs"]
mod generated;

use heaplens::Dump;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test at a time.
static TURN: Mutex<()> = Mutex::new(());

/// The most that is live while this runs, beside what was before.
fn peak(run: impl FnOnce()) -> usize {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    run();
    PEAK.load(Ordering::Relaxed) - before
}

/// Documents of 8 MB that a reader of everything would keep in a gigabyte.
#[test]
fn hostile_files_of_some_megabytes_stay_below_256_megabytes() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let many = |one: &str, size: usize| vec![one; size / (one.len() + 1)].join(",");
    let log = |traces: &str, allocations: &str| {
        format!(
            r#"{{"info":{{"lg_sample_rate":12}},"threads":[],"stack_traces":[{traces}],"allocations":[{allocations}]}}"#
        )
    };
    const SIZE: usize = 8 << 20;
    let allocation = r#"{"alloc_thread":0,"alloc_trace":0,"usize":1}"#;
    let live = r#"{"usize":1,"released":false,"alloc_thread_uid":1,"alloc_trace":[]}"#;
    let files = [
        log(&many("[]", SIZE), ""),
        log(&many("[\"0x1\"]", SIZE), ""),
        log(&format!("[{}]", many("\"0x1\"", SIZE)), ""),
        log("[]", &many(allocation, SIZE)),
        format!(r#"{{"sample_interval":1,"recent_alloc_max":-1,"recent_alloc":[{}]}}"#, many(live, SIZE)),
        format!(r#"{{"recent_alloc":1,"a":[{}]}}"#, many("{\"\":0}", SIZE)),
        format!(r#"{{"a":[{}]}}"#, many("{\"\":0}", SIZE)),
        format!(
            "--- symbol\n{}---\n--- heap\nheap_v2/1\n  t*: 0: 0 [0: 0]\n",
            "0x1 a--b--c\n".repeat(SIZE / 12)
        ),
        format!("heap profile: 0: 0 [0: 0] @ heapprofile\n{}", "1: 1 [1: 1] @ 1 2 3\n".repeat(SIZE / 20)),
    ];
    for file in files {
        let taken = peak(|| drop(heaplens::input::read(file.as_bytes(), &Default::default())));
        assert!(taken < 256 << 20, "{taken} bytes for {}…", &file[..60]);
    }
}

#[test]
fn a_dump_and_its_text_together_stay_below_twice_the_file() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let generated = generated::dump(20 << 20);
    let mut dump = Dump::default();
    let parsing = peak(|| dump = Dump::parse(&generated.text).unwrap());
    assert_eq!(dump.stacks().len(), generated.stacks);
    assert_eq!(dump.stacks().map(|s| s.addresses.len()).sum::<usize>(), generated.frames);
    assert_eq!((dump.total().objects, dump.total().bytes), (generated.objects, generated.bytes));
    let file = generated.text.len();
    assert!(parsing < file, "parsing took {parsing} bytes beside the file's {file}");
}
