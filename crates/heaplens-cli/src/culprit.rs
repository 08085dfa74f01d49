//! The function to blame: of the program's own functions, the one whose allocations grew most.

use heaplens::Profile;
use heaplens::classify::{Owner, owner};
use heaplens::profile::{Amount, FrameId, SampleType};
use std::collections::BTreeMap;

/// A function and how much its allocations grew.
#[derive(Debug)]
pub(crate) struct Culprit {
    pub(crate) name: String,
    /// `file:line` of the place that grew most.
    pub(crate) location: Option<String>,
    /// Net, bytes or objects.
    pub(crate) growth: Amount,
}

/// Charges each stack to its innermost frame of the program's own code (a standard collection grows because its
/// caller fills it), and gives the function with the largest growth; `None` if nothing grew.
pub(crate) fn find(diff: &Profile, sample: SampleType) -> Option<Culprit> {
    let own: Vec<bool> = diff.frame_ids().map(|id| is_own(diff, id)).collect();
    let mut functions: BTreeMap<String, Amount> = BTreeMap::new();
    let mut places: BTreeMap<(String, FrameId), Amount> = BTreeMap::new();
    for one in diff.samples() {
        let innermost = diff.stack_from_leaf(one.stack).map(|(_, frame)| frame).find(|f| own[f.index()]);
        if let Some(frame) = innermost {
            let bytes = one.values.get(sample);
            let name = diff.frame_name(frame).into_owned();
            *functions.entry(name.clone()).or_default() += bytes;
            *places.entry((name, frame)).or_default() += bytes;
        }
    }
    let (name, growth) = functions.into_iter().max_by_key(|(_, growth)| *growth)?;
    if growth <= Amount::ZERO {
        return None;
    }
    let place = places.into_iter().filter(|((n, _), _)| *n == name).max_by_key(|(_, growth)| *growth);
    Some(Culprit { location: place.and_then(|((_, frame), _)| diff.frame_location(frame)), name, growth })
}

fn is_own(profile: &Profile, id: FrameId) -> bool {
    let Some(function) = profile.frame(id).function else {
        return false;
    };
    let function = profile.function(function);
    let file = function.file.map(|file| profile.string(file));
    owner(profile.string(function.name), file) == Owner::FirstParty
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::{diff, input};

    fn grown(base: &str, new: &str) -> Option<Culprit> {
        let read = |text: &str| input::read(text.as_bytes(), &input::Limits::default()).unwrap();
        find(&diff::diff(&read(base), &read(new)), SampleType::InuseSpace)
    }

    #[test]
    fn the_programs_own_innermost_function_is_charged() {
        let base =
            "main;app::serve;app::Index::insert;std::collections::HashMap::insert 10\nmain;app::cache 500\n";
        let new = "main;app::serve;app::Index::insert;std::collections::HashMap::insert 90\nmain;app::cache 510\nmain;app::Index::insert 5\n";
        let culprit = grown(base, new).unwrap();
        assert_eq!((culprit.name.as_str(), culprit.growth.trunc()), ("app::Index::insert", 85));
    }

    #[test]
    fn nothing_grown_is_nobodys_fault() {
        assert!(grown("main;app::f 10\n", "main;app::f 10\n").is_none());
        assert!(grown("main;app::f 10\n", "main;app::f 4\n").is_none());
    }
}
