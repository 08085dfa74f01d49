//! The cache with real binaries: what it may answer, and when it must not.

use crate::binaries::{ID, OTHER_ID, c, codes, inside, module, nowhere, profile, run, stacks};
use heaplens::profile::{Module, SymbolState};
use heaplens::symbols::cache::Cache;
use heaplens::symbols::{Options, lookup, symbolize};
use heaplens::{Profile, symbols};
use libtest_mimic::Failed;
use object::{Object, ObjectSection};
use std::path::{Path, PathBuf};
use std::process::Command;

struct Setting {
    dir: tempfile::TempDir,
    path: PathBuf,
    options: Options,
}

/// The C fixture, looked for under its name only, with an empty cache.
fn setting(id: Option<&str>) -> Setting {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bin/app");
    c(&path, id, &[]);
    let mut options = nowhere();
    options.binary_dirs = vec![dir.path().join("bin")];
    options.cache = Some(Cache::at(dir.path().join("cache")));
    Setting { dir, path, options }
}

impl Setting {
    fn look(&self, id: Option<&str>, places: &[u64]) -> Profile {
        let before = profile(app(id), places.iter().copied());
        let after = symbolize(&before, &self.options);
        assert_eq!(after.total(), before.total());
        after.check().unwrap();
        after
    }

    fn files(&self) -> u64 {
        self.options.cache.as_ref().unwrap().usage().unwrap().files
    }
}

fn app(id: Option<&str>) -> Module {
    module("/srv/app", id)
}

/// Writes over the content of the debug information; sizes, times and build-id stay.
fn spoil(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let ranges: Vec<_> = file
        .sections()
        .filter(|s| s.name().is_ok_and(|n| n.starts_with(".debug_")))
        .filter_map(|s| s.file_range())
        .collect();
    assert!(!ranges.is_empty());
    for (start, size) in ranges {
        bytes[start as usize..(start + size) as usize].fill(0xff);
    }
    std::fs::write(path, bytes).unwrap();
}

fn full(profile: &Profile) -> bool {
    profile.frame_ids().any(|id| profile.frame_location(id).is_some_and(|l| l.contains("inlines.c:")))
}

pub(crate) fn second_time() -> Result<(), Failed> {
    let s = setting(Some(ID));
    let places = [inside(&s.path, "hidden"), inside(&s.path, "exported_outer"), 1];
    let first = s.look(Some(ID), &places);
    assert!(full(&first), "{:?}", stacks(&first));
    spoil(&s.path);
    let second = s.look(Some(ID), &places);
    assert_eq!(second.net_stacks(), first.net_stacks());
    assert_eq!((second.modules(), &second.warnings), (first.modules(), &first.warnings));
    let mut without = s.options.clone();
    without.cache = None;
    let without = symbolize(&profile(app(Some(ID)), places), &without);
    assert!(!full(&without), "the debug information cannot be read any more");

    // The same answers for an address that is asked for by itself.
    let all = crate::binaries::functions(&s.path);
    let hidden = all.iter().find(|f| f.0 == "hidden").unwrap();
    let found = lookup(&s.path, &[hidden.1 + hidden.3 / 2 - 1], &s.options)?;
    assert!(found.named(found.places[0][0].function).unwrap().file.is_some());
    Ok(())
}

/// The file is gone or another one is in its place: names of the build that ran come from the cache.
pub(crate) fn gone() -> Result<(), Failed> {
    let s = setting(Some(ID));
    let places = [inside(&s.path, "hidden"), inside(&s.path, "exported_outer")];
    let first = s.look(Some(ID), &places);
    c(&s.path, Some(OTHER_ID), &["-O2"]);
    for replaced in [true, false] {
        if !replaced {
            std::fs::remove_file(&s.path)?;
        }
        let new = s.look(Some(ID), &places);
        assert_eq!(new.net_stacks(), first.net_stacks());
        let used = "/srv/app from the cache".to_owned();
        assert_eq!(new.modules()[0].symbols, SymbolState::Verified { used });
        assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    }
    // A file without a build-id may be another one: the cache is surer, if it has all places.
    c(&s.path, None, &["-O2"]);
    assert_eq!(s.look(Some(ID), &places).net_stacks(), first.net_stacks());
    assert_eq!(codes(&s.look(Some(ID), &[places[0], places[0] + 1])), ["unverified-binary"]);
    std::fs::remove_file(&s.path)?;
    // What was never looked up is said, and another build's answers are not used.
    let more = s.look(Some(ID), &[places[0], places[0] + 1]);
    assert_eq!(codes(&more), ["incomplete-symbols"]);
    let message = &more.warnings[0].message;
    assert!(message.starts_with("app: 1 of 2 places are in the cache"), "{message}");
    let other = s.look(Some(OTHER_ID), &places);
    assert!(matches!(other.modules()[0].symbols, SymbolState::Missing { .. }));
    let mut none = s.options.clone();
    none.cache = None;
    let none = symbolize(&profile(app(Some(ID)), places), &none);
    assert!(matches!(none.modules()[0].symbols, SymbolState::Missing { .. }));
    Ok(())
}

/// What a stripped file said does not stand in the way of debug information that is found later.
pub(crate) fn better_later() -> Result<(), Failed> {
    let s = setting(Some(ID));
    let kept = s.dir.path().join("kept");
    std::fs::copy(&s.path, &kept)?;
    let places = [inside(&s.path, "hidden"), inside(&s.path, "exported_outer")];
    run(Command::new("strip").arg(&s.path));
    let poor = s.look(Some(ID), &places);
    assert!(!full(&poor) && stacks(&poor).contains(&"exported_outer".to_owned()));
    std::fs::rename(&kept, &s.path)?;
    let better = s.look(Some(ID), &places);
    assert!(full(&better));
    assert_eq!(s.files(), 2);
    // Without the file, the better ones count.
    std::fs::remove_file(&s.path)?;
    assert_eq!(s.look(Some(ID), &places).net_stacks(), better.net_stacks());
    Ok(())
}

/// Without a build-id a file is what lies at its path now.
pub(crate) fn rebuilt() -> Result<(), Failed> {
    let s = setting(None);
    let places = [inside(&s.path, "hidden")];
    let first = s.look(None, &places);
    assert!(full(&first));
    assert_eq!(s.look(None, &places).net_stacks(), first.net_stacks());
    assert_eq!(s.files(), 1);
    spoil(&s.path);
    assert!(!full(&s.look(None, &places)));
    std::fs::remove_file(&s.path)?;
    assert_eq!(codes(&s.look(None, &places)), ["missing-symbols"]);
    Ok(())
}

/// What was found in a damaged file is forgotten.
pub(crate) fn damage() -> Result<(), Failed> {
    let s = setting(Some(ID));
    let places = [inside(&s.path, "hidden"), inside(&s.path, "exported_outer")];
    let sound = std::fs::read(&s.path)?;
    spoil(&s.path);
    let poor = s.look(Some(ID), &places);
    assert!(!full(&poor) && codes(&poor).contains(&"damaged-debug-info"), "{:?}", poor.warnings);
    std::fs::write(&s.path, sound)?;
    assert!(full(&s.look(Some(ID), &places)));
    Ok(())
}

/// A resolver without a cache leaves nothing behind.
pub(crate) fn off_by_default() -> Result<(), Failed> {
    assert_eq!(symbols::Options::default().cache, None);
    Ok(())
}
