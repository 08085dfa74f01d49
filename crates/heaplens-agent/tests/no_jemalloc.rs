//! Rust's allocator is another one, though jemalloc is linked in.

mod common;

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{ask, json};
use heaplens_agent::Agent;

/// Gives out pieces of an arena and never takes them back: surely not jemalloc.
struct Bump;

const SIZE: usize = 64 << 20;
static mut ARENA: [u8; SIZE] = [0; SIZE];
static NEXT: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code)]
// SAFETY: every piece is given out once, aligned, within the arena.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = (&raw mut ARENA).cast::<u8>();
        let size = layout.size() + layout.align();
        let at = NEXT.fetch_add(size, Ordering::Relaxed);
        if at + size > SIZE {
            return std::ptr::null_mut();
        }
        // SAFETY: within the arena, as just checked.
        let piece = unsafe { start.add(at) };
        // SAFETY: less than the alignment is added, which the size has room for.
        unsafe { piece.add(piece.align_offset(layout.align())) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump;

#[test]
fn another_allocator_is_told_from_profiling_that_is_off() {
    let agent = Agent::new();
    let status = json(&ask(&agent, "GET", "/debug/prof/mem/status", ""));
    assert_eq!((&status["state"], &status["active"]), (&"no-jemalloc".into(), &false.into()));
    let response = ask(&agent, "GET", "/debug/prof/mem", "");
    assert_eq!(response.status(), 501);
    let answer = json(&response);
    assert_eq!(answer["code"], "no-jemalloc");
    assert!(answer["fix"].as_str().unwrap().contains("heaplens_agent::jemalloc!()"));
}

#[cfg(feature = "leak-test")]
#[test]
fn a_leak_test_does_not_pass_without_being_run() {
    let failure = heaplens_agent::LeakTest::new().run(|| ()).unwrap_err().to_string();
    assert!(failure.starts_with("the leak test cannot run: Memory profiling needs jemalloc"), "{failure}");
    assert!(failure.contains("heaplens_agent::jemalloc!(\"prof:true,"), "{failure}");
}
