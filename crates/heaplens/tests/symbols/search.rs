//! Which file is used, and what is said of it.

use crate::binaries::{
    ID, OTHER_ID, c, codes, inside, look, message, module, nowhere, profile, run, stacks, state, unverified,
    verified,
};
use crate::chains::{chains, code, ours};
use heaplens::profile::{Module, SymbolState};
use heaplens::symbols::{Binary, RecordedPaths, symbolize};
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
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);

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

    // By debuglink, beside the file; a link whose checksum is wrong is not followed.
    std::fs::rename(&kept, &debug)?;
    std::fs::write(&path, stripped)?;
    run(Command::new("objcopy").arg("--add-gnu-debuglink").arg(&debug).arg(&path));
    assert_eq!(stacks(&look(module("/x/app", Some(ID)), place, &options)), NAMED);
    let mut changed = std::fs::read(&debug)?;
    changed.push(0);
    std::fs::write(&debug, changed)?;
    let other = look(module("/x/app", Some(ID)), place, &options);
    assert_eq!(stacks(&other), [format!("app+{place:#x}")]);
    let said = message(&other, "incomplete-symbols");
    assert!(said.contains("app.debug") && said.contains("checksum differs"), "{said}");
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
