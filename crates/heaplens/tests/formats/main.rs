//! The forms of other tools, read and written.

#[path = "../golden/mod.rs"]
mod golden;
mod gperftools;
mod hostile;
mod json;
mod names;
mod schema;
mod symbolized;
mod written;

use heaplens::dump::Threads;
use heaplens::input::{self, Limits};
use heaplens::profile::SampleType;
use heaplens::{Error, Profile};

fn read(bytes: &[u8]) -> Profile {
    let profile = try_read(bytes).unwrap_or_else(|error| panic!("{error}"));
    profile.check().unwrap();
    profile
}

fn try_read(bytes: &[u8]) -> Result<Profile, Error> {
    input::read(bytes, &Limits::default())
}

fn by_thread(bytes: &[u8]) -> Profile {
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let profile = input::read(bytes, &limits).unwrap();
    profile.check().unwrap();
    profile
}

/// Each stack from its root, and its whole number of a sample type.
fn stacks(profile: &Profile, sample_type: SampleType) -> Vec<(String, i128)> {
    let stacks = profile.net_stacks().into_iter();
    stacks.map(|(names, values)| (names.join(";"), values.get(sample_type).round())).collect()
}

fn codes(profile: &Profile) -> Vec<&'static str> {
    profile.warnings.iter().map(|warning| warning.code).collect()
}
