#![no_main]
//! Any bytes: pprof is refused in words or gives a profile that keeps the rules, and what is written of that reads as the
//! same.

use heaplens::Profile;
use heaplens::dump::Threads;
use heaplens::input::{Limits, is_pprof, parse_pprof, read};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::SampleType;
use libfuzzer_sys::fuzz_target;

fn parse(bytes: &[u8], threads: Threads) -> Option<Profile> {
    let mut limits = Limits::default();
    limits.threads = threads;
    let profile = parse_pprof(bytes, &limits).ok()?;
    profile.check().expect("profile");
    Some(profile)
}

fn write(profile: &Profile) -> Vec<u8> {
    let mut bytes = Vec::new();
    pprof::write(profile, Packing::Plain, &mut bytes).expect("written");
    bytes
}

fuzz_target!(|bytes: &[u8]| {
    let merged = parse(bytes, Threads::Merged);
    if is_pprof(bytes) {
        assert_eq!(read(bytes, &Limits::default()).is_ok(), merged.is_some());
    }
    let separate = parse(bytes, Threads::Separate);
    assert_eq!(merged.as_ref().map(Profile::total), separate.as_ref().map(Profile::total));
    let Some(profile) = separate else { return };
    let written = write(&profile);
    assert!(is_pprof(&written));
    let back = parse(&written, Threads::Separate).expect("what is written is read");
    // The sum of a stack is clamped at 2^63.
    let size: f64 = profile
        .samples()
        .iter()
        .map(|s| SampleType::ALL.map(|t| s.values.get(t).abs().as_f64()).iter().sum::<f64>())
        .sum();
    if size < 1e18 {
        assert_eq!(back.total(), profile.total());
        // Frames of equal meaning have become one; from then on nothing changes.
        let settled = write(&parse(&write(&back), Threads::Separate).expect("read"));
        let again = write(&parse(&settled, Threads::Separate).expect("read"));
        assert!(again == settled);
    }
});
