//! What changed between two profiles.
//!
//! A difference is a profile too: the new samples as they are and the base's with negative sign. Nothing is
//! netted here, so views know both sides (`from → to`) and the error of their difference.

use crate::error::Warning;
use crate::profile::{Meta, Module, Profile, SampleType};
use crate::trailer::program_name;
use rustc_hash::FxHashMap;

/// `new − base`. Frames are matched by module (build-id, or path) and offset, so that two runs of one binary
/// compare whatever their address spaces looked like. For two builds of a program the frames differ; views
/// merge by function name once both are symbolized, and [`crate::group::by_function`] does so in the profile.
pub fn diff(base: &Profile, new: &Profile) -> Profile {
    let mut result = new.clone();
    result.absorb_scaled(base, |values| -values);
    result.meta.is_diff = true;
    result.meta.rate = base.meta.rate.max(new.meta.rate);
    result.meta.has_alloc = base.meta.has_alloc && new.meta.has_alloc;
    result.meta.has_objects = base.meta.has_objects && new.meta.has_objects;
    if base.meta.rate != new.meta.rate {
        result.warnings.push(Warning::new(
            "rates-differ",
            format!(
                "base and new were sampled at different rates ({} and {} bytes): intervals use the larger one",
                show_rate(base.meta.rate),
                show_rate(new.meta.rate)
            ),
        ));
    }
    for module in rebuilt(base, new) {
        result.warnings.push(Warning::new(
            "rebuilt",
            format!(
                "{} is another build in the base: compared by function names; give both binaries (--binary, twice)",
                module.path
            ),
        ));
    }
    if let (Some(a), Some(b)) = (program(base), program(new))
        && a != b
    {
        result.warnings.push(Warning::new(
            "other-program",
            format!("the base is of another program ({a}; the new one is of {b}): was that meant?"),
        ));
    }
    if let (Some(a), Some(b)) = (&base.meta.trailer, &new.meta.trailer)
        && let (Some(earlier), Some(later)) = (a.time_ms, b.time_ms)
        && earlier > later
    {
        result.warnings.push(Warning::new(
            "swapped",
            "the base was made after the new dump: growth and shrinkage are swapped if that was not meant",
        ));
    }
    result
}

/// The file name of the program, where a dump tells it.
fn program(profile: &Profile) -> Option<&str> {
    profile.meta.trailer.as_ref()?.exe.as_deref().map(program_name)
}

/// What a difference is made of: its base, and what is new. Both are profiles by themselves, each with its own amounts,
/// without a time: only one is known. Of a net difference, whose sides nobody knows, they are what shrank and what grew.
pub fn sides(difference: &Profile) -> (Profile, Profile) {
    let side = |is_base: bool| {
        let mut side = difference.rebuild_samples(|new, sample| {
            let values = sample.values;
            let is_negative = SampleType::ALL.iter().any(|&of| values.get(of).is_negative());
            (is_negative == is_base)
                .then(|| new.add_stack_from_root(difference.stack_from_root(sample.stack)))
        });
        side.meta.is_diff = false;
        side
    };
    let mut base = Profile::default();
    base.absorb_scaled(&side(true), |values| -values);
    base.meta = Meta { is_diff: false, trailer: None, ..difference.meta.clone() };
    let mut new = side(false);
    if let Some(trailer) = &mut new.meta.trailer {
        trailer.time_ms = None;
    }
    (base, new)
}

fn show_rate(rate: Option<u64>) -> u64 {
    rate.unwrap_or(1)
}

/// Modules that both profiles have at one path, but from different builds.
fn rebuilt<'a>(base: &'a Profile, new: &'a Profile) -> impl Iterator<Item = &'a Module> {
    let known = |m: &'a Module| Some((m.path.as_str(), m.build_id.as_deref()?));
    let old: FxHashMap<&str, &str> = base.modules().iter().filter_map(known).collect();
    new.modules().iter().filter(move |module| {
        known(module).is_some_and(|(path, id)| old.get(path).is_some_and(|old_id| *old_id != id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trailer::Trailer;

    #[test]
    fn another_program_is_said() {
        let of = |exe: &str| {
            let mut profile = Profile::default();
            profile.meta.trailer = Some(Trailer { exe: Some(exe.to_owned()), ..Trailer::default() });
            profile
        };
        let codes = |base: &str, new: &str| -> Vec<&str> {
            diff(&of(base), &of(new)).warnings.iter().map(|warning| warning.code).collect()
        };
        assert_eq!(codes("/a/server", "/b/store"), ["other-program"]);
        assert_eq!(codes("/a/server", "/b/server (deleted)"), [] as [&str; 0]);
    }
}
