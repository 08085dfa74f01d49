//! Sample types: which column is which of ours, and what a profile is that has none of them.

use crate::error::{Error, Warning};
use crate::out::escape;
use crate::profile::{Meta, SampleType};

/// What the columns of the samples' values are.
pub(super) struct Columns {
    /// `None` for what is left out.
    pub(super) types: Vec<Option<SampleType>>,
    pub(super) has_alloc: bool,
    pub(super) has_objects: bool,
    pub(super) warnings: Vec<Warning>,
}

/// Finds our types among `(type, unit)`.
///
/// # Errors
/// Names what the profile measures instead.
pub(super) fn columns(named: &[(String, String)]) -> Result<Columns, Error> {
    let mut types: Vec<Option<SampleType>> = Vec::new();
    for (name, unit) in named {
        let found = known(name, unit).filter(|found| !types.contains(&Some(*found)));
        types.push(found);
    }
    let has = |t: SampleType| types.contains(&Some(t));
    if types.iter().all(Option::is_none) {
        return Err(other(named));
    }
    let has_alloc = has(SampleType::AllocObjects) || has(SampleType::AllocSpace);
    let has_objects = has(SampleType::AllocObjects) || has(SampleType::InuseObjects);
    let mut warnings = Vec::new();
    let left_out: Vec<String> = named
        .iter()
        .zip(&types)
        .filter(|(_, found)| found.is_none())
        .map(|(named, _)| shown(named))
        .collect();
    if !left_out.is_empty() {
        let left_out = left_out.join(", ");
        warnings
            .push(Warning::new("sample-types", format!("left out, since it is not of the heap: {left_out}")));
    }
    let meta = Meta { has_alloc, has_objects, ..Meta::default() };
    for absent in SampleType::ALL.into_iter().filter(|t| meta.has(*t) && !has(*t)) {
        warnings.push(Warning::new(
            absent.code_if_absent(),
            format!("the profile has no {}: its figures are zeros", absent.name()),
        ));
    }
    Ok(Columns { types, has_alloc, has_objects, warnings })
}

fn known(name: &str, unit: &str) -> Option<SampleType> {
    let found = SampleType::from_name(name).or(match name {
        // As tcmalloc, and Go's reader of its text, call them.
        "objects" => Some(SampleType::InuseObjects),
        "space" => Some(SampleType::InuseSpace),
        _ => None,
    })?;
    let units =
        if found.is_bytes() { ["bytes", "byte", "B", ""] } else { ["count", "objects", "object", ""] };
    units.contains(&unit).then_some(found)
}

/// The error for a profile of something else.
fn other(named: &[(String, String)]) -> Error {
    let has = |name: &str| named.iter().any(|(found, _)| found == name);
    let kind = if has("cpu") || has("samples") {
        "a CPU profile"
    } else if has("contentions") || has("delay") {
        "a profile of contention (Go's block or mutex)"
    } else if has("goroutine") {
        "a profile of goroutines"
    } else if has("threadcreate") {
        "a profile of threads' creation"
    } else {
        "a profile of something else"
    };
    let names: Vec<String> = named.iter().take(8).map(shown).collect();
    let names = if names.is_empty() { "without sample types".to_owned() } else { names.join(", ") };
    Error::NotAProfile {
        found: format!("{kind} in pprof's format ({names})"),
        hint: "of pprof, heaplens reads alloc_objects, alloc_space, inuse_objects and inuse_space, and tcmalloc's objects \
               and space, in bytes; fetch the heap profile (/debug/pprof/heap)"
            .to_owned(),
    }
}

fn shown((name, unit): &(String, String)) -> String {
    let both: String = format!("{name}/{unit}").chars().take(80).collect();
    escape::terminal(&both).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(named: &[(&str, &str)]) -> Result<Columns, Error> {
        let named: Vec<_> = named.iter().map(|(n, u)| ((*n).to_owned(), (*u).to_owned())).collect();
        columns(&named)
    }

    #[test]
    fn types_are_found_by_name_whatever_their_order() {
        let found = of(&[
            ("inuse_space", "bytes"),
            ("x", "y"),
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("space", "bytes"),
            ("inuse_objects", "count"),
        ]);
        let found = found.ok().unwrap();
        let names: Vec<_> = found.types.iter().map(|t| t.map_or("-", SampleType::name)).collect();
        assert_eq!(names, ["inuse_space", "-", "alloc_objects", "alloc_space", "-", "inuse_objects"]);
        assert!(found.has_alloc && found.has_objects);
        assert_eq!(found.warnings.len(), 1);
        assert!(found.warnings[0].message.ends_with("x/y, space/bytes"), "{:?}", found.warnings);
    }

    #[test]
    fn parts_of_a_heap_profile() {
        let flags = |named: &[(&str, &str)]| {
            let found = of(named).ok().unwrap();
            (found.has_alloc, found.has_objects, found.warnings.iter().map(|w| w.code).collect::<Vec<_>>())
        };
        assert_eq!(flags(&[("inuse_space", "bytes")]), (false, false, vec![]));
        assert_eq!(flags(&[("objects", "count"), ("space", "bytes")]), (false, true, vec![]));
        assert_eq!(flags(&[("alloc_space", "bytes")]), (true, false, vec!["no-inuse_space"]));
        assert_eq!(flags(&[("inuse_objects", "count")]), (false, true, vec!["no-inuse_space"]));
    }

    #[test]
    fn other_profiles_are_refused_by_name() {
        for (named, words) in [
            (
                &[("samples", "count"), ("cpu", "nanoseconds")][..],
                "a CPU profile in pprof's format (samples/count, cpu/",
            ),
            (&[("contentions", "count"), ("delay", "nanoseconds")], "contention"),
            (&[("goroutine", "count")], "goroutines"),
            (&[("threadcreate", "count")], "creation"),
            (&[("inuse_space", "kilobytes")], "(inuse_space/kilobytes)"),
            (&[("a\u{1b}", "")], "(a\\x1b/)"),
            (&[], "without sample types"),
        ] {
            let error = of(named).err().unwrap().to_string();
            assert!(error.contains(words) && error.contains("and tcmalloc"), "{error}");
        }
    }
}
