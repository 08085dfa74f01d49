//! Tables of real binaries: the same answers as their debug information, and believed only where they belong.

use crate::binaries::{
    ID, OTHER_ID, c, codes, functions, inside, module, nowhere, profile, run, rust, stacks,
};
use heaplens::profile::SymbolState;
use heaplens::symbols::{Options, Resolution, lookup, symbolize, table};
use libtest_mimic::Failed;
use object::{Object, ObjectSection};
use std::path::{Path, PathBuf};
use std::process::Command;

fn write(path: &Path, table: &Path) -> table::Written {
    let file = std::fs::File::create(table).unwrap();
    let written = table::write(path, &nowhere(), std::io::BufWriter::new(file)).unwrap();
    assert_eq!(written.bytes, std::fs::metadata(table).unwrap().len());
    written
}

/// Where tables are in these tests: nowhere that they are found by themselves.
fn with_table(dir: &Path) -> Options {
    let mut options = nowhere();
    options.binary_dirs = vec![dir.to_owned()];
    options
}

/// Name, file, line and column of each function at each address.
fn shown(result: &Resolution) -> Vec<Vec<String>> {
    let place = |place: &heaplens::symbols::Place| {
        let named = result.named(place.function).unwrap();
        format!("{} {:?} {} {}", named.system_name, named.file, place.line, place.column)
    };
    result.places.iter().map(|chain| chain.iter().map(place).collect()).collect()
}

/// Addresses of the code: each one, or `count` of them spread over it.
fn addresses(path: &Path, count: u64) -> Vec<u64> {
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let code = file.sections().filter(|s| s.kind() == object::SectionKind::Text);
    let code: Vec<(u64, u64)> = code.map(|s| (s.address(), s.size())).collect();
    let all: u64 = code.iter().map(|(_, size)| size).sum();
    let step = (all / count).max(1);
    let mut list: Vec<u64> =
        code.iter().flat_map(|&(at, size)| (at..at + size).step_by(step as usize)).collect();
    // Around the code too, but not where linkers leave what they threw away: of that a table says nothing.
    list.extend(code.iter().flat_map(|&(at, size)| [at.wrapping_sub(1), at + size, at + size + 64]));
    list.push(u64::MAX);
    list
}

/// Compares a table's answers with those of the file that it is made from.
fn compare(path: &Path, dir: &Path, count: u64) -> Result<table::Written, Failed> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let file = dir.join(format!("{name}{}", table::SUFFIX));
    let written = write(path, &file);
    assert_eq!(written.notes, [""; 0]);
    let addresses = addresses(path, count);
    let direct = lookup(path, &addresses, &nowhere())?;
    let by_table = lookup(path, &addresses, &with_table(dir))?;
    assert_eq!((&direct.problem, &direct.notes), (&by_table.problem, &by_table.notes));
    let (direct, by_table) = (shown(&direct), shown(&by_table));
    assert!(direct.iter().filter(|chain| !chain.is_empty()).count() > addresses.len() / 2);
    for (address, (direct, by_table)) in addresses.iter().zip(direct.iter().zip(&by_table)) {
        if direct != by_table {
            let path = path.display();
            return Err(
                format!("{path} {address:#x}: the file says {direct:?}, the table {by_table:?}").into()
            );
        }
    }
    // That it was the table that answered.
    let spoilt = dir.join("spoilt");
    std::fs::create_dir_all(&spoilt)?;
    std::fs::write(spoilt.join(file.file_name().unwrap()), "no table")?;
    let without = lookup(path, &addresses[..1], &with_table(&spoilt))?;
    assert!(without.notes[0].contains("cannot be used"), "{:?}", without.notes);
    Ok(written)
}

pub(crate) fn c_layouts() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for (name, flags) in [
        ("pie", &[][..]),
        ("no-pie", &["-no-pie"]),
        ("dwarf4", &["-gdwarf-4"]),
        ("dwarf3", &["-gdwarf-3"]),
        ("lines", &["-g1"]),
        ("none", &["-g0"]),
        ("sections", &["-ffunction-sections", "-Wl,--gc-sections"]),
        ("cold", &["-O2", "-freorder-blocks-and-partition"]),
        ("split", &["-gsplit-dwarf"]),
    ] {
        let path = dir.path().join("bin").join(name);
        c(&path, Some(ID), flags);
        let written = compare(&path, dir.path(), u64::MAX)?;
        assert_eq!((written.has_lines, written.build_id.as_deref()), (name != "none", Some(ID)), "{name}");
        assert!(!written.has_lines || written.functions >= 3, "{name}: {written:?}");
    }
    Ok(())
}

pub(crate) fn rust_programs() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    std::fs::create_dir_all(dir.path().join("bin"))?;
    for (name, flags) in [
        ("debug", &["-Cdebuginfo=2"][..]),
        ("lines", &["-Cdebuginfo=line-tables-only"]),
        ("legacy", &["-Cdebuginfo=1", "-Csymbol-mangling-version=v0"]),
        ("none", &["-Cdebuginfo=0"]),
    ] {
        let path = dir.path().join("bin").join(name);
        rust(&path, flags);
        compare(&path, dir.path(), 20_000)?;
    }
    Ok(())
}

/// This very program: the largest one that is surely there.
pub(crate) fn large() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let written = compare(&std::env::current_exe()?, dir.path(), 20_000)?;
    assert!(written.has_lines && written.functions > 5_000, "{written:?}");
    Ok(())
}

/// The same files give the same bytes, however many threads read them.
pub(crate) fn repeated() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    rust(&path, &["-Cdebuginfo=2"]);
    let bytes = |threads| {
        let mut options = nowhere();
        options.threads = threads;
        let mut bytes = Vec::new();
        table::write(&path, &options, &mut bytes).unwrap();
        bytes
    };
    let one = bytes(1);
    assert!((2..6).all(|threads| bytes(threads) == one));
    Ok(())
}

/// In each place where tables are looked for, beside a stripped program, and without the program.
pub(crate) fn places() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("bin/app");
    c(&path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    let made = dir.path().join("made");
    write(&path, &made);
    run(Command::new("strip").arg(&path));
    let look = |options: &Options, id: &str| {
        symbolize(&profile(module(path.display().to_string(), Some(id)), [place]), options)
    };
    let mut options = nowhere();
    options.binaries = vec![path.clone()];
    assert_ne!(stacks(&look(&options, ID)), ["hidden"]);
    let store = dir.path().join("store");
    options.debug_dirs = vec![store.clone()];
    let split = store.join(".build-id").join(&ID[..2]).join(format!("{}{}", &ID[2..], table::SUFFIX));
    for kept in [
        table::beside(&path),
        store.join(format!("app{}", table::SUFFIX)),
        store.join(format!("{ID}{}", table::SUFFIX)),
        split,
    ] {
        std::fs::create_dir_all(kept.parent().unwrap())?;
        std::fs::copy(&made, &kept)?;
        let new = look(&options, ID);
        assert_eq!(stacks(&new), ["hidden"], "{}", kept.display());
        assert!(new.frame_ids().any(|id| new.frame_location(id).is_some_and(|l| l.contains("inlines.c:"))));
        let used = path.display().to_string();
        assert_eq!(new.modules()[0].symbols, SymbolState::Verified { used });
        assert!(new.warnings.is_empty(), "{:?}", new.warnings);

        let mut gone = nowhere();
        gone.recorded_paths = heaplens::symbols::RecordedPaths::Use;
        gone.debug_dirs.clone_from(&options.debug_dirs);
        let away = dir.path().join("away");
        std::fs::rename(&path, &away)?;
        let new = look(&gone, ID);
        assert_eq!(stacks(&new), ["hidden"], "{}", kept.display());
        let used = kept.display().to_string();
        assert_eq!(new.modules()[0].symbols, SymbolState::Verified { used });
        let other = look(&gone, OTHER_ID);
        assert!(matches!(other.modules()[0].symbols, SymbolState::Missing { .. }));
        std::fs::rename(&away, &path)?;
        std::fs::remove_file(&kept)?;
    }
    Ok(())
}

/// A table of another build, a damaged one, and what is none.
pub(crate) fn strangers() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for (mine, others, flags) in [(Some(ID), Some(OTHER_ID), &[][..]), (None, None, &["-DOTHER", "-O2"])] {
        let (path, other) = (dir.path().join("app"), dir.path().join("other"));
        c(&path, mine, &[]);
        c(&other, others, flags);
        let beside = table::beside(&path);
        let place = inside(&path, "hidden");
        let mut options = nowhere();
        options.binaries = vec![path.clone()];
        let look = || symbolize(&profile(module("/srv/app", mine), [place]), &options);
        let expected = look();
        let names = stacks(&expected);

        write(&path, &beside);
        let own = look();
        assert_eq!((own.net_stacks(), &own.warnings), (expected.net_stacks(), &expected.warnings));
        let refused = |words: &str| {
            let new = look();
            assert_eq!(stacks(&new), names);
            let warning = new.warnings.iter().find(|w| w.code == "incomplete-symbols").unwrap();
            assert!(warning.message.contains(words), "{}", warning.message);
        };
        let whole = std::fs::read(&beside)?;
        std::fs::write(&beside, &whole[..whole.len() / 2])?;
        refused("was not used");
        let mut spoilt = whole.clone();
        spoilt[100..400].fill(0);
        std::fs::write(&beside, spoilt)?;
        refused("damaged");
        std::fs::remove_file(&beside)?;
        write(&other, &beside);
        refused("is of another build");
        run(Command::new("mkfifo").arg(table::beside(&dir.path().join("fifo"))));
        std::fs::remove_file(&beside)?;
        std::fs::rename(table::beside(&dir.path().join("fifo")), &beside)?;
        refused("not a regular file");
        std::fs::remove_file(&beside)?;

        // One that was made without debug information does not take the place of it.
        let bare = dir.path().join("bare");
        std::fs::copy(&path, &bare)?;
        run(Command::new("strip").arg("-g").arg(&bare));
        write(&bare, &beside);
        refused("without debug information");
        std::fs::remove_file(&beside)?;
        assert_eq!(codes(&look()), codes(&expected));
    }
    Ok(())
}

/// Debug information that is damaged in part gives a table with the rest, and a word about it.
pub(crate) fn damaged() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    c(&path, Some(ID), &[]);
    let functions = functions(&path);
    let sound = std::fs::read(&path)?;
    let file = object::File::parse(&*sound).unwrap();
    let ranges: Vec<(u64, u64)> = file
        .sections()
        .filter(|s| s.name().is_ok_and(|n| n.starts_with(".debug_")))
        .filter_map(|s| s.file_range())
        .collect();
    let mut notes = 0;
    for (start, size) in ranges {
        for at in (start..start + size).step_by(41) {
            let mut changed = sound.clone();
            changed[at as usize] ^= 0xff;
            std::fs::write(&path, changed)?;
            let file = dir.path().join("table").join(format!("app{}", table::SUFFIX));
            std::fs::create_dir_all(file.parent().unwrap())?;
            let written = std::fs::File::create(&file).unwrap();
            let Ok(written) = table::write(&path, &nowhere(), written) else { continue };
            notes += written.notes.len();
            let list: Vec<u64> = functions.iter().map(|f| f.1).collect();
            let found = lookup(&path, &list, &with_table(file.parent().unwrap()))?;
            assert_eq!(found.notes.len(), written.notes.len());
        }
    }
    assert!(notes > 0, "some damage is noticed");
    Ok(())
}

pub(crate) fn unreadable() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let absent: PathBuf = dir.path().join("absent");
    assert!(table::write(&absent, &nowhere(), Vec::new()).is_err_and(|why| why.contains("no such file")));
    let path = dir.path().join("app");
    c(&path, Some(ID), &[]);
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert!(table::write(&path, &nowhere(), Full).is_err_and(|why| why.contains("writing the table")));
    Ok(())
}
