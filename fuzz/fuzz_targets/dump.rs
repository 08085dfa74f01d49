#![no_main]
//! Any bytes: a dump is refused in words or comes back byte for byte, and its profile keeps the rules.

use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::out;
use heaplens::profile::SampleType;
use heaplens::view::{Top, Tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The front door: gzip, other kinds of files, folded stacks.
    if let Ok(profile) = heaplens::input::read(bytes, &heaplens::input::Limits::default()) {
        profile.check().expect("profile");
    }
    let Ok(dump) = Dump::parse(bytes) else { return };
    assert_eq!(dump.to_bytes(), bytes);
    for threads in [Threads::Merged, Threads::Separate] {
        dump.to_profile(threads).check().expect("profile");
    }
    let profile = dump.to_profile(Threads::Merged);
    let difference = diff(&profile, &profile);
    difference.check().expect("difference");
    assert!(difference.net_stacks().is_empty());
    for sample_type in SampleType::ALL {
        assert_eq!(Tree::new(&profile, sample_type).root().after, profile.total().get(sample_type));
    }
    let mut text = Vec::new();
    let top = Top::new(&profile, SampleType::InuseSpace);
    out::text::write_top(&top, &Default::default(), &mut text).expect("text");
    out::json::write_profile(&profile, SampleType::InuseSpace, &mut text).expect("json");
    assert!(!text.contains(&0x1b), "an escape code reached the output");
});
