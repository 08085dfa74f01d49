#![no_main]
//! Any gperftools text or symbolized file: what is read keeps the rules, and comes back as a symbolized file.

use heaplens::dump::Threads;
use heaplens::input::{self, Limits};
use heaplens::out;
use heaplens::profile::SampleType;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for threads in [Threads::Merged, Threads::Separate] {
        let mut limits = Limits::default();
        limits.unpacked = 1 << 20;
        limits.threads = threads;
        let Ok(profile) = input::read(bytes, &limits) else { return };
        profile.check().expect("profile");
        let mut table = Vec::new();
        out::csv::write_profile(&profile, &mut table).expect("csv");
        assert!(!table.contains(&0x1b), "an escape code reached the output");
        out::speedscope::write(&profile, &mut table).expect("speedscope");
        if profile.meta.is_diff {
            return;
        }
        let mut text = Vec::new();
        out::symbolized::write(&profile, &mut text).expect("symbolized");
        let back = input::read(&text, &limits)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&text)));
        back.check().expect("profile");
        // Whole numbers of 64 bits are what the form has.
        let sum = |t| profile.total().get(t).as_f64();
        if SampleType::ALL.iter().all(|&t| sum(t) < 1e15) {
            let most = profile.samples().len() as f64 + 1.0;
            for t in SampleType::ALL {
                assert!(
                    (sum(t) - back.total().get(t).as_f64()).abs() <= most,
                    "{t:?}: {}",
                    String::from_utf8_lossy(&text)
                );
            }
        }
    }
});
