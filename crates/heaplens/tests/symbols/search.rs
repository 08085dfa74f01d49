//! Which file is used, and what is said of it.

use crate::binaries::{
    ID, OTHER_ID, c, codes, inside, look, message, module, nowhere, profile, run, stacks, state, unverified,
    verified,
};
use crate::chains::{chains, code, ours};
use heaplens::profile::{Module, SymbolState};
use heaplens::symbols::{self, Binary, Options, RecordedPaths, Resolve, symbolize};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

const NAMED: [&str; 1] = ["hidden"];

pub(crate) fn stripped() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    c(&path, Some(ID), &[]);
    let places = [inside(&path, "exported_outer"), inside(&path, "hidden")];
    run(Command::new("strip").arg(&path));
    let mut options = nowhere();
    options.binaries = vec![path.clone()];
    let new = symbolize(&profile(module("/x/app", Some(ID)), places), &options);
    // The static function lies between exported ones; none of them is its name.
    assert_eq!(stacks(&new), [format!("app+{:#x}", places[1]), "exported_outer".to_owned()]);
    assert_eq!(state(&new), &verified(&path));
    assert!(message(&new, "incomplete-symbols").contains("names without lines"), "{:?}", new.warnings);

    let none = look(module("/x/app", Some(ID)), places[1], &options);
    assert_eq!(codes(&none), ["missing-symbols"]);
    assert!(none.warnings[0].message.contains("neither debug information nor symbols"));
    Ok(())
}

pub(crate) fn separate_debug_file() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("app"), dir.path().join("app.debug"));
    c(&path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
    run(Command::new("strip").arg(&path));
    let stripped = std::fs::read(&path)?;

    // By build-id.
    let store = dir.path().join("store");
    let kept = store.join(".build-id").join(&ID[..2]).join(format!("{}.debug", &ID[2..]));
    std::fs::create_dir_all(kept.parent().unwrap())?;
    std::fs::rename(&debug, &kept)?;
    let mut options = nowhere();
    options.binaries = vec![path.clone()];
    options.debug_dirs = vec![store];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!(stacks(&new), NAMED);
    let leaf = new.stack(new.samples()[0].stack.unwrap()).frame;
    assert!(new.frame_location(leaf).is_some_and(|l| l.contains("inlines.c:")));

    // By debuglink, beside the file. The build-id says that it is the right one, so it is not read for its checksum: what
    // follows it here would take hours.
    std::fs::rename(&kept, &debug)?;
    std::fs::write(&path, stripped)?;
    run(Command::new("objcopy").arg("--add-gnu-debuglink").arg(&debug).arg(&path));
    std::fs::OpenOptions::new().write(true).open(&debug)?.set_len(8 << 40)?;
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!(stacks(&new), NAMED);
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    Ok(())
}

/// Names without lines, since the debug file that the program names is not there.
pub(crate) fn no_debug_file() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("app"), dir.path().join("app.debug"));
    for (id, link) in [(Some(ID), true), (None, true), (Some(ID), false), (None, false)] {
        c(&path, id, &[]);
        let place = inside(&path, "hidden");
        let table = dir.path().join("app.heaplens-symbols");
        heaplens::symbols::table::write(&path, &nowhere(), std::fs::File::create(dir.path().join("table"))?)?;
        run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
        run(Command::new("strip").arg("-g").arg(&path));
        if link {
            run(Command::new("objcopy").arg("--add-gnu-debuglink").arg(&debug).arg(&path));
        }
        let store = dir.path().join("store").join(if link { "app.debug" } else { ID });
        std::fs::create_dir_all(store.parent().unwrap())?;
        std::fs::rename(&debug, &store)?;
        let mut options = nowhere();
        options.binaries = vec![path.clone()];
        let said = |module: Module, options: &Options| {
            let new = look(module, place, options);
            assert_eq!(stacks(&new), NAMED);
            let said = new.warnings.iter().filter(|warning| warning.code == "incomplete-symbols");
            said.map(|warning| warning.message.clone()).collect::<Vec<_>>()
        };
        let program = || module("/x/app", id);
        // Nothing says that there ever was any.
        if id.is_none() && !link {
            assert_eq!(said(program(), &options), [""; 0]);
            continue;
        }
        let [text] = &said(program(), &options)[..] else { panic!("{id:?} {link}") };
        assert_eq!(text.contains("debug file app.debug"), link, "{text}");
        assert_eq!(
            (text.contains(ID), text.contains("--debuginfod")),
            (id.is_some(), id.is_some()),
            "{text}"
        );
        assert!(text.contains("--debug-dir"), "{text}");
        let library = Module { is_main: false, ..module("/usr/lib/app", id) };
        let [text] = &said(library, &options)[..] else { panic!("{id:?} {link}") };
        assert!(text.starts_with("app has no debug information here"), "{text}");
        // A table has the lines; and so has what the advice leads to.
        std::fs::rename(dir.path().join("table"), &table)?;
        assert_eq!(said(program(), &options), [""; 0]);
        std::fs::remove_file(&table)?;
        options.debug_dirs = vec![dir.path().join("store")];
        assert_eq!(said(program(), &options), [""; 0]);
    }
    Ok(())
}

/// A debug file that only its checksum proves.
pub(crate) fn debug_file_by_checksum() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("app"), dir.path().join("app.debug"));
    c(&path, None, &[]);
    let place = inside(&path, "hidden");
    run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
    run(Command::new("strip").arg(&path));
    run(Command::new("objcopy").arg("--add-gnu-debuglink").arg(&debug).arg(&path));
    let mut options = nowhere();
    options.binaries = vec![path.clone()];
    assert_eq!(stacks(&look(module("/x/app", None), place, &options)), NAMED);
    // Under its name in a directory that the user names, or named itself; the checksum decides there too.
    let elsewhere = dir.path().join("store/app.debug");
    std::fs::create_dir_all(elsewhere.parent().unwrap())?;
    std::fs::rename(&debug, &elsewhere)?;
    assert_eq!(stacks(&look(module("/x/app", None), place, &options)), [format!("app+{place:#x}")]);
    let mut by_dir = options.clone();
    by_dir.debug_dirs = vec![dir.path().join("store")];
    let mut by_name = options.clone();
    by_name.binaries.push(elsewhere.clone());
    for options in [by_dir, by_name] {
        let new = look(module("/x/app", None), place, &options);
        assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &unverified(&path)));
        assert_eq!(codes(&new), ["unverified-binary"]);
    }
    std::fs::rename(&elsewhere, &debug)?;
    let right = std::fs::read(&debug)?;
    let changed = [&right[..], b"x"].concat();
    for (bytes, len, words) in [(&changed, None, "checksum differs"), (&right, Some(8 << 40), "too many")] {
        std::fs::write(&debug, bytes)?;
        if let Some(len) = len {
            std::fs::OpenOptions::new().write(true).open(&debug)?.set_len(len)?;
        }
        let other = look(module("/x/app", None), place, &options);
        assert_eq!(stacks(&other), [format!("app+{place:#x}")]);
        let said = message(&other, "incomplete-symbols");
        assert!(said.contains("app.debug") && said.contains(words), "{said}");
    }
    Ok(())
}

pub(crate) fn mismatch() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, right) = (dir.path().join("app"), dir.path().join("right/app"));
    c(&path, Some(OTHER_ID), &[]);
    c(&right, Some(ID), &[]);
    let place = inside(&path, "hidden");
    let recorded = path.display().to_string();
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Use;
    let new = look(module(&recorded, Some(ID)), place, &options);
    assert_eq!(stacks(&new), [format!("app+{place:#x}")]);
    let (found, found_build_id) = (recorded.clone(), OTHER_ID.to_owned());
    assert_eq!(state(&new), &SymbolState::Mismatched { found, found_build_id });
    assert_eq!(codes(&new), ["mismatched-binary"]);
    let message = &new.warnings[0].message;
    assert!(message.contains(ID) && message.contains(OTHER_ID) && message.contains("--binary"), "{message}");

    // A mismatch does not end the search.
    options.binary_dirs = vec![dir.path().join("right")];
    let new = look(module(&recorded, Some(ID)), place, &options);
    assert_eq!(stacks(&new), NAMED);
    assert_eq!(state(&new), &verified(&right));
    assert!(new.warnings.is_empty());
    // And what was found wrong once can be put right.
    let wrong = look(module(&recorded, Some(ID)), place, &nowhere());
    assert_eq!(symbolize(&wrong, &options).net_stacks(), new.net_stacks());
    Ok(())
}

/// A file without a build-id at a better place than the one that has it.
pub(crate) fn no_build_id() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let (bare, right) = (a.join("app"), b.join("app"));
    c(&bare, None, &["-O0"]);
    c(&right, Some(ID), &[]);
    let place = inside(&right, "hidden");
    let mut options = nowhere();
    options.binary_dirs = vec![a.clone(), b.clone()];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &verified(&right)));
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    // Named by the user it comes first, and no further; that is said.
    options.binaries = vec![bare.clone()];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!(state(&new), &verified(&right));
    assert!(message(&new, "unused-binary").contains("another file does"), "{:?}", new.warnings);
    // For want of a better one it is used, and doubted, whatever its place.
    let place = inside(&bare, "hidden");
    let mut recorded = nowhere();
    recorded.recorded_paths = RecordedPaths::Use;
    options.binary_dirs.pop();
    for (path, options) in [("/x/app", &options), (bare.to_str().unwrap(), &recorded)] {
        let new = look(module(path, Some(ID)), place, options);
        assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &unverified(&bare)));
        let said = message(&new, "unverified-binary");
        assert!(said.contains("have no build-id") && said.contains("--binary"), "{said}");
        assert_eq!(codes(&new), ["unverified-binary"]);
    }
    // Another build that was met before is said too.
    let other = dir.path().join("other/app");
    c(&other, Some(OTHER_ID), &[]);
    let mut options = nowhere();
    options.binary_dirs = vec![other.parent().unwrap().to_owned(), a];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!(state(&new), &unverified(&bare));
    let said = message(&new, "incomplete-symbols");
    assert!(said.contains(OTHER_ID) && said.contains(other.to_str().unwrap()), "{said}");
    Ok(())
}

/// A path that no file can have, as long as a dump lets it be.
pub(crate) fn long_path() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let mut options = nowhere();
    options.binary_dirs = vec![dir.path().to_owned()];
    options.sysroots = vec![dir.path().to_owned()];
    options.recorded_paths = RecordedPaths::Use;
    let path = "/a".repeat(100_000);
    for id in [None, Some(ID)] {
        let new = look(module(path.as_str(), id), 0x1234, &options);
        let said = message(&new, "missing-symbols");
        assert!(said.contains("200000 bytes"), "{said}");
    }
    // Its build-id still leads to it.
    let kept = dir.path().join(ID);
    c(&kept, Some(ID), &[]);
    let new = look(module(path, Some(ID)), inside(&kept, "hidden"), &options);
    assert_eq!(state(&new), &verified(&kept));
    Ok(())
}

pub(crate) fn by_build_id() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (named, other) = (dir.path().join("a/app"), dir.path().join("b/renamed"));
    c(&named, Some(OTHER_ID), &[]);
    c(&other, Some(ID), &[]);
    let place = inside(&other, "hidden");
    let mut options = nowhere();
    options.binaries = vec![named.clone(), other.clone()];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &verified(&other)));

    // Directories in the form of debuginfo stores.
    let store = dir.path().join("store");
    let kept = store.join(".build-id").join(&ID[..2]).join(&ID[2..]);
    std::fs::create_dir_all(kept.parent().unwrap())?;
    std::fs::rename(&other, &kept)?;
    let mut options = nowhere();
    options.binary_dirs = vec![store];
    assert_eq!(state(&look(module("/x/app", Some(ID)), place, &options)), &verified(&kept));
    Ok(())
}

/// In a directory of binaries, under names that say nothing.
pub(crate) fn renamed() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let store = dir.path().join("store");
    let (path, debug) = (store.join("release-7"), store.join("symbols-7"));
    c(&path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    std::fs::write(store.join("README"), "no program")?;
    run(Command::new("mkfifo").arg(store.join("fifo")));
    let mut options = nowhere();
    options.binary_dirs = vec![store.clone()];
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &verified(&path)));
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    for id in [None, Some(OTHER_ID)] {
        assert_eq!(codes(&look(module("/x/app", id), place, &options)), ["missing-symbols"]);
    }
    // The debug file of a stripped one.
    run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
    run(Command::new("strip").arg(&path));
    let new = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &verified(&path)));
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    // All modules of a run share one look.
    let modules = [module("/x/app", Some(ID)), module("/x/other", Some(OTHER_ID))];
    let found = |resolver: &dyn Resolve, at: usize| {
        matches!(resolver.resolve(&modules[at], &[place]).state, SymbolState::Verified { .. })
    };
    let resolver = symbols::files(&options, &modules);
    assert!(found(&resolver, 0));
    c(&store.join("other"), Some(OTHER_ID), &[]);
    std::fs::rename(store.join("other"), store.join("release-8"))?;
    assert!(!found(&resolver, 1));
    assert!(found(&symbols::files(&options, &modules), 1));
    Ok(())
}

pub(crate) fn suffix_and_sysroot() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let long = dir.path().join("opt/bin/app");
    let short = dir.path().join("app");
    c(&long, None, &[]);
    std::fs::copy(&long, &short)?;
    let place = inside(&long, "hidden");
    let mut options = nowhere();
    options.binary_dirs = vec![dir.path().to_owned()];
    let new = look(module("/srv/opt/bin/app", None), place, &options);
    assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &unverified(&long)));
    assert_eq!(codes(&new), ["unverified-binary"]);
    let by_name = look(module("/else/where/app", None), place, &options);
    assert_eq!(state(&by_name), &unverified(&short));

    let mut options = nowhere();
    options.sysroots = vec![dir.path().to_owned()];
    assert_eq!(state(&look(module("/opt/bin/app", None), place, &options)), &unverified(&long));
    let outside = look(module("/srv/opt/bin/app", None), place, &options);
    assert_eq!(codes(&outside), ["missing-symbols"]);
    Ok(())
}

pub(crate) fn explicit() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("renamed");
    c(&path, None, &[]);
    let place = inside(&path, "hidden");
    let mut options = nowhere();
    options.binaries = vec![path.clone()];
    assert_eq!(state(&look(module("/x/app", None), place, &options)), &unverified(&path));
    // It is the program, not a library; equal offsets in both stay apart.
    let mut before = profile(module("/x/app", None), [place]);
    let library = before.add_module(Module::file("/x/lib.so"));
    let frame = before.add_frame(heaplens::profile::Frame::at(library, place));
    let stack = before.add_stack(before.samples()[0].stack, frame);
    let mut sample = before.samples()[0];
    sample.stack = Some(stack);
    before.add_sample(sample);
    let new = symbolize(&before, &options);
    assert_eq!(stacks(&new), ["hidden".to_owned(), format!("hidden;lib.so+{place:#x}")]);

    // A deleted file's path now names some other build.
    let mut deleted = module(path.display().to_string(), None);
    deleted.deleted = true;
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Use;
    let new = look(deleted, place, &options);
    assert!(new.warnings[0].message.contains("removed or replaced"), "{:?}", new.warnings);
    // Without permission, the recorded path is not read either.
    let recorded = module(path.display().to_string(), None);
    assert_eq!(stacks(&look(recorded.clone(), place, &options)), NAMED);
    assert_eq!(codes(&look(recorded, place, &nowhere())), ["missing-symbols"]);
    Ok(())
}

/// The dump of another machine names files of this one.
pub(crate) fn another_machine() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    let recorded = path.display().to_string();
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Proven;
    for (id, wanted) in [(Some(ID), Some(ID)), (Some(OTHER_ID), Some(ID)), (None, Some(ID)), (Some(ID), None)]
    {
        c(&path, id, &[]);
        let place = inside(&path, "hidden");
        let new = look(module(recorded.clone(), wanted), place, &options);
        match (id, wanted) {
            (Some(ID), Some(ID)) => {
                assert_eq!((stacks(&new), state(&new)), (NAMED.map(String::from).to_vec(), &verified(&path)));
            }
            (Some(OTHER_ID), _) => assert_eq!(codes(&new), ["mismatched-binary"]),
            (_, Some(_)) => assert_eq!(codes(&new), ["missing-symbols"]),
            (_, None) => {
                let said = message(&new, "missing-symbols");
                assert!(said.contains("another machine") && said.contains("--binary"), "{said}");
            }
        }
        assert_eq!(stacks(&new) == NAMED, wanted.is_some() && id == wanted);
    }
    Ok(())
}

pub(crate) fn strangers() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let fifo = dir.path().join("fifo");
    run(Command::new("mkfifo").arg(&fifo));
    let text = dir.path().join("text");
    std::fs::write(&text, "#!/bin/sh\n")?;
    let link = dir.path().join("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&fifo, &link)?;
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Use;
    for (path, words) in [
        (fifo.as_path(), "not a regular file"),
        (&link, "not a regular file"),
        (Path::new("/dev/zero"), "not a regular file"),
        (&text, "not an executable or a library"),
        (dir.path(), "a directory"),
        (&dir.path().join("absent\n\u{1b}[2J"), "no file was found"),
    ] {
        let new = look(module(path.display().to_string(), None), 0x1234, &options);
        assert_eq!(codes(&new), ["missing-symbols"]);
        let message = &new.warnings[0].message;
        assert!(message.contains(words), "{message}");
        assert!(!message.contains(['\n', '\u{1b}']), "{message:?}");
        assert!(matches!(state(&new), SymbolState::Missing { .. }));
    }
    // A program beside which a package of debug information should lie, and a FIFO does.
    let app = dir.path().join("app");
    c(&app, None, &[]);
    run(Command::new("mkfifo").arg(dir.path().join("app.dwp")));
    let new = look(module(app.display().to_string(), None), inside(&app, "hidden"), &options);
    assert_eq!(stacks(&new), NAMED);
    assert!(
        message(&new, "incomplete-symbols").contains("app.dwp is not a regular file"),
        "{:?}",
        new.warnings
    );
    Ok(())
}

/// Cut and changed copies of a program give fewer names, never a failure.
pub(crate) fn damaged() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    c(&path, None, &[]);
    let places = [inside(&path, "hidden"), inside(&path, "exported_outer"), u64::MAX, 1, 0];
    let whole = std::fs::read(&path)?;
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Use;
    options.threads = 1;
    let check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let before = profile(module(path.display().to_string(), None), places);
        let after = symbolize(&before, &options);
        assert_eq!(after.total(), before.total());
        after.check().unwrap();
    };
    for cut in (0..whole.len()).step_by(97) {
        check(&whole[..cut]);
    }
    for at in (0..whole.len()).step_by(23) {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        check(&changed);
    }
    Ok(())
}

/// Who asks on has answers of the file that was there at first.
pub(crate) fn outlived() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app");
    c(&path, Some(ID), &[]);
    let all: Vec<u64> = code(&path).into_iter().flatten().collect();
    let binary = Binary::open(&path, &nowhere())?;
    let mut lookup = binary.lookup();
    let middle = all.len() / 2;
    let first = chains(&lookup.places(&all[middle..=middle]));
    let (expected, _) = ours(&path, &all, &nowhere())?;
    assert!(expected.iter().any(|chain| chain.0.len() > 1), "{expected:?}");
    let other = dir.path().join("other");
    c(&other, Some(OTHER_ID), &["-O0"]);
    std::fs::rename(&other, &path)?;
    assert!(ours(&path, &all, &nowhere())?.0 != expected);
    let found = lookup.places(&all);
    assert_eq!(found.problem, None);
    assert!(chains(&found) == expected && first == expected[middle..=middle]);

    // One that is written to in its place has no answers any more, and that is said.
    let binary = Binary::open(&path, &nowhere())?;
    let mut lookup = binary.lookup();
    assert_eq!(lookup.places(&all).problem, None);
    let length = std::fs::metadata(&path)?.len();
    std::fs::File::options().write(true).open(&path)?.set_len(length / 2)?;
    let found = lookup.places(&all);
    assert!(found.problem.is_some_and(|why| why.contains("it changed while it was read")));
    Ok(())
}
