//! How much memory reading a dump takes, counted at the allocator. A process of its own.

#[path = "../benches/generated.rs"]
mod generated;

use heaplens::Dump;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

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

#[test]
fn a_dump_and_its_text_together_stay_below_twice_the_file() {
    let generated = generated::dump(20 << 20);
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let dump = Dump::parse(&generated.text).unwrap();
    let parsing = PEAK.load(Ordering::Relaxed) - before;
    assert_eq!(dump.stacks().len(), generated.stacks);
    assert_eq!(dump.stacks().map(|s| s.addresses.len()).sum::<usize>(), generated.frames);
    assert_eq!((dump.total().objects, dump.total().bytes), (generated.objects, generated.bytes));
    let file = generated.text.len();
    assert!(parsing < file, "parsing took {parsing} bytes beside the file's {file}");
}
