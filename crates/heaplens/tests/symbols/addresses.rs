//! Modules whose offsets are virtual addresses, as writers of pprof tell them that know no mapping.

use crate::binaries::{ID, c, functions, module, nowhere, profile, stacks};
use heaplens::profile::{Module, Offsets};
use heaplens::symbols::cache::Cache;
use heaplens::symbols::{Options, symbolize, table};
use libtest_mimic::Failed;

/// The same names as by offsets, from the file, from its table, and from the cache when both are gone.
pub(crate) fn as_offsets() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let bin = dir.path().join("bin");
    let path = bin.join("app");
    // Not at the start of the address space, so that no address is an offset.
    c(&path, Some(ID), &["-no-pie"]);
    let all = functions(&path);
    assert!(all.iter().all(|(_, address, offset, _)| address != offset));
    let (by_address, by_offset): (Vec<u64>, Vec<u64>) =
        all.iter().map(|(_, address, offset, size)| (address + size / 2, offset + size / 2)).unzip();
    let named = |options: &Options, offsets: Offsets, places: &[u64]| {
        let module = Module { offsets, ..module("/srv/app", Some(ID)) };
        let named = symbolize(&profile(module, places.iter().copied()), options);
        named.check().unwrap();
        // A place without a name is called by its offset.
        stacks(&named).into_iter().filter(|stack| !stack.contains("+0x")).collect::<Vec<_>>()
    };
    let expected = named(&with(&bin), Offsets::InFile, &by_offset);
    assert!(expected.iter().any(|stack| stack.contains("hidden")), "{expected:?}");
    let mut options = with(&bin);
    options.cache = Some(Cache::at(dir.path().join("cache")));
    let same = |what: &str, options: &Options| {
        assert_eq!(named(options, Offsets::Virtual, &by_address), expected, "{what}");
        assert_eq!(named(options, Offsets::InFile, &by_offset), expected, "{what}, by offset");
    };
    assert_eq!(named(&options, Offsets::Virtual, &by_address), expected);

    let tables = dir.path().join("tables");
    std::fs::create_dir(&tables)?;
    let file = std::fs::File::create(tables.join(format!("app{}", table::SUFFIX)))?;
    table::write(&path, &nowhere(), std::io::BufWriter::new(file))?;
    std::fs::remove_file(&path)?;
    same("from the cache", &options);
    same("from a table", &with(&tables));
    Ok(())
}

fn with(dir: &std::path::Path) -> Options {
    let mut options = nowhere();
    options.binary_dirs = vec![dir.to_owned()];
    options
}
