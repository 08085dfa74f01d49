//! Somebody else to ask, where there are no files.

use super::{Resolution, Resolve};
use crate::profile::{Module, SymbolState};

/// Asks `other` for what `files` have nothing to say of.
pub(super) struct Or<'a> {
    pub(super) files: &'a dyn Resolve,
    pub(super) other: &'a dyn Resolve,
}

impl Resolve for Or<'_> {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let mut found = self.files.resolve(module, lookups);
        if !matches!(found.state, SymbolState::Missing { .. } | SymbolState::Mismatched { .. }) {
            return found;
        }
        let other = self.other.resolve(module, lookups);
        if other.places.iter().all(Vec::is_empty) {
            // Why there is no file says more than that nobody else knew.
            found.notes.extend(other.notes);
            return found;
        }
        other
    }
}

/// Knows no name.
pub(super) struct Nothing;

impl Resolve for Nothing {
    fn resolve(&self, _: &Module, _: &[u64]) -> Resolution {
        Resolution::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::Place;

    struct Says(SymbolState, Option<&'static str>);

    impl Resolve for Says {
        fn resolve(&self, _: &Module, _: &[u64]) -> Resolution {
            let mut result = Resolution::unknown(self.0.clone());
            let function = self.1.map(|name| result.function(name, name, None));
            result.places =
                vec![function.map(|function| Place { function, line: 0, column: 0 }).into_iter().collect()];
            result.notes = vec![format!("of {:?}", self.1)];
            result
        }
    }

    #[test]
    fn the_other_is_asked_where_no_file_could_be_used() {
        let used = || "/app".to_owned();
        let missing = || SymbolState::Missing { why: String::new() };
        let mismatched = || SymbolState::Mismatched { found: used(), found_build_id: "aa".into() };
        let served = || SymbolState::Served { by: "http://h".into() };
        let verified = || SymbolState::Verified { used: used() };
        for (files, other, state, notes) in [
            (missing(), Some("f"), served(), 1),
            (mismatched(), Some("f"), served(), 1),
            (missing(), None, missing(), 2),
            (mismatched(), None, mismatched(), 2),
            (verified(), Some("f"), verified(), 1),
            (
                SymbolState::Unverified { used: used() },
                Some("f"),
                SymbolState::Unverified { used: used() },
                1,
            ),
        ] {
            let either = Or { files: &Says(files, None), other: &Says(served(), other) };
            let result = either.resolve(&Module::file("/app"), &[1]);
            assert_eq!((&result.state, result.notes.len()), (&state, notes), "{other:?}");
        }
    }
}
