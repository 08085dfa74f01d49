#![no_main]
//! Any prof_log or prof_recent JSON: refused in words, or a profile that keeps the rules.

use heaplens::dump::Threads;
use heaplens::input::{self, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut totals = Vec::new();
    for threads in [Threads::Merged, Threads::Separate] {
        let mut limits = Limits::default();
        limits.unpacked = 1 << 20;
        limits.threads = threads;
        let Ok(profile) = input::read(bytes, &limits) else { return };
        profile.check().expect("profile");
        if bytes.starts_with(b"{") {
            totals.push(profile.total());
        }
    }
    // Each sample is a line of its own, whoever made it.
    assert!(totals.windows(2).all(|pair| pair[0] == pair[1]));
});
