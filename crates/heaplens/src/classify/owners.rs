//! Owners as a user corrects them.

use super::{Owner, owner};
use crate::profile::{FrameId, Profile};
use regex::Regex;

/// Who owns what, where the user knows better: vendored crates, say, or a library of one's own.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// Functions whose name or file matches are the program's own.
    pub first_party: Vec<Regex>,
    /// Functions whose name or file matches are a dependency's, unless they are the program's own.
    pub third_party: Vec<Regex>,
}

impl Owners {
    /// Whose code a function is; see [`owner`]. The allocator's stays the allocator's.
    pub fn owner(&self, name: &str, file: Option<&str>) -> Owner {
        let matches = |patterns: &[Regex]| {
            patterns
                .iter()
                .any(|pattern| pattern.is_match(name) || file.is_some_and(|file| pattern.is_match(file)))
        };
        match owner(name, file) {
            Owner::Allocator => Owner::Allocator,
            _ if matches(&self.first_party) => Owner::FirstParty,
            _ if matches(&self.third_party) => Owner::ThirdParty,
            other => other,
        }
    }

    /// Whose code a frame is; one without a name is nobody's own.
    pub fn of_frame(&self, code: &Profile, frame: FrameId) -> Owner {
        code.frame(frame).function.map_or(Owner::ThirdParty, |function| {
            let function = code.function(function);
            self.owner(code.string(function.name), function.file.map(|file| code.string(file)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_knows_better_but_for_the_allocator() {
        let pattern = |text| vec![Regex::new(text).unwrap()];
        let owners = Owners {
            first_party: pattern("^ours::|/vendor/own/"),
            third_party: pattern("^app::gen::|^ours::"),
        };
        let vendored = "/b/vendor/own/a.rs";
        for (name, file, wanted) in [
            ("ours::f", Some("/h/.cargo/registry/src/i/ours-1.0.0/src/lib.rs"), Owner::FirstParty),
            ("x::f", Some(vendored), Owner::FirstParty),
            ("app::gen::f", None, Owner::ThirdParty),
            ("app::f", None, Owner::FirstParty),
            ("alloc::alloc::alloc", Some(vendored), Owner::Allocator),
        ] {
            assert_eq!(owners.owner(name, file), wanted, "{name}");
        }
    }
}
