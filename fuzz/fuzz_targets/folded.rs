#![no_main]
//! Any folded stacks: what is read can be written, and reads the same again.

use heaplens::input::parse_folded;
use heaplens::out;
use heaplens::profile::SampleType;
use heaplens::view::Tree;
use libfuzzer_sys::fuzz_target;

fn write(profile: &heaplens::Profile) -> Vec<u8> {
    let mut text = Vec::new();
    out::folded::write(profile, SampleType::InuseSpace, &mut text).expect("written");
    text
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(profile) = parse_folded(bytes) else { return };
    profile.check().expect("profile");
    let tree = Tree::new(&profile, SampleType::InuseSpace);
    assert_eq!(tree.root().net(), profile.total().inuse_space);
    let text = write(&profile);
    // Single values are clamped at 2^68, so only sums below that come back.
    let sum: f64 = profile.samples().iter().map(|s| s.values.inuse_space.abs().as_f64()).sum();
    // Nothing but zeros folds to nothing.
    if let Ok(back) = parse_folded(&text)
        && sum < 1e18
    {
        assert_eq!(write(&back), text, "{}", String::from_utf8_lossy(&text));
    }
});
