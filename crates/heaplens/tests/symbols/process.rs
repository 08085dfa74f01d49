//! Programs that run: their files deleted, replaced, renamed, or inside another root.

use crate::binaries::{
    ID, OTHER_ID, Running, build, codes, inside, look, message, module, nowhere, run, stacks, start, state,
    unverified, verified,
};
use heaplens::profile::{Module, SymbolState};
use heaplens::symbols::{Options, RecordedPaths};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::{Command, Stdio};

fn through(running: &Running) -> Options {
    let mut options = nowhere();
    options.processes = vec![running.pid()];
    options
}

/// The module as the process's own mappings name it, which is how a dump does.
fn mapped(running: &Running, name: &str, build_id: Option<&str>) -> Module {
    let maps = std::fs::read(format!("/proc/{}/maps", running.pid())).unwrap();
    let maps = heaplens::maps::Maps::parse(&maps);
    let found = maps.modules().iter().find(|m| m.short_name() == name).expect("it is mapped");
    Module { build_id: build_id.map(str::to_owned), ..found.clone() }
}

fn link(running: &Running, name: &str) -> std::path::PathBuf {
    format!("/proc/{}/{name}", running.pid()).into()
}

pub(crate) fn deleted() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("server");
    for id in [None, Some(ID)] {
        build("sleeper.c", &path, id, &[]);
        let place = inside(&path, "hidden");
        let running = start(&mut Command::new(&path));
        std::fs::remove_file(&path)?;
        let server = mapped(&running, "server", id);
        assert!(server.deleted);
        let mut recorded = nowhere();
        recorded.recorded_paths = RecordedPaths::Use;
        let lost = look(server.clone(), place, &recorded);
        assert_eq!(stacks(&lost), [format!("server+{place:#x}")]);
        let said = message(&lost, "missing-symbols");
        assert!(said.contains("removed or replaced") && said.contains("--pid"), "{said}");
        let new = look(server, place, &through(&running));
        assert_eq!(stacks(&new), ["hidden"]);
        let exe = link(&running, "exe");
        assert_eq!(state(&new), &if id.is_some() { verified(&exe) } else { unverified(&exe) });
    }
    Ok(())
}

/// A library, which only `map_files` still has.
pub(crate) fn deleted_library() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (library, path) = (dir.path().join("libfixture.so"), dir.path().join("server"));
    build("inlines.c", &library, None, &["-shared", "-fPIC", "-Dmain=unused"]);
    build("sleeper.c", &path, None, &["-Wl,--no-as-needed", library.to_str().unwrap()]);
    let place = inside(&library, "hidden");
    let running = start(&mut Command::new(&path));
    // Another build, moved over the old one as installers do.
    build("inlines.c", &dir.path().join("new"), None, &["-shared", "-fPIC", "-Dmain=unused", "-O0"]);
    std::fs::rename(dir.path().join("new"), &library)?;
    let old = mapped(&running, "libfixture.so", None);
    assert!(old.deleted);
    let new = look(old, place, &through(&running));
    assert_eq!(stacks(&new), ["hidden"]);
    let SymbolState::Unverified { used } = state(&new) else { panic!("{:?}", state(&new)) };
    assert!(used.starts_with(&format!("/proc/{}/map_files/", running.pid())), "{used}");
    Ok(())
}

/// A rebuild at the same path, after the dump.
pub(crate) fn replaced() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("server");
    build("sleeper.c", &path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    let running = start(&mut Command::new(&path));
    let dumped = mapped(&running, "server", Some(ID));
    build("sleeper.c", &dir.path().join("rebuilt"), Some(OTHER_ID), &["-O0"]);
    std::fs::rename(dir.path().join("rebuilt"), &path)?;
    let mut options = nowhere();
    options.recorded_paths = RecordedPaths::Use;
    let (found, found_build_id) = (path.display().to_string(), OTHER_ID.to_owned());
    let lost = look(dumped.clone(), place, &options);
    assert_eq!(state(&lost), &SymbolState::Mismatched { found, found_build_id });
    assert!(message(&lost, "mismatched-binary").contains("--pid"), "{:?}", lost.warnings);
    assert_eq!(stacks(&lost), [format!("server+{place:#x}")]);
    options.processes = vec![running.pid()];
    let exe = link(&running, "exe");
    let new = look(dumped.clone(), place, &options);
    assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &verified(&exe)));
    // Without build-ids the rebuild cannot be told by its headers; the process has the right file all the same, and
    // without the process the other inode is said.
    let nameless = Module { build_id: None, ..dumped };
    assert_eq!(state(&look(nameless.clone(), place, &options)), &unverified(&exe));
    options.processes.clear();
    let doubtful = look(nameless, place, &options);
    assert_eq!(state(&doubtful), &unverified(&path));
    assert!(
        message(&doubtful, "incomplete-symbols").contains("not the file that ran"),
        "{:?}",
        doubtful.warnings
    );
    Ok(())
}

pub(crate) fn renamed() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for id in [None, Some(ID)] {
        let path = dir.path().join("server");
        build("sleeper.c", &path, id, &[]);
        let place = inside(&path, "hidden");
        let running = start(&mut Command::new(&path));
        let dumped = mapped(&running, "server", id);
        let moved = dir.path().join("elsewhere");
        std::fs::rename(&path, &moved)?;
        let new = look(dumped, place, &through(&running));
        let root = link(&running, "root");
        let used = root.join(moved.strip_prefix("/")?);
        assert_eq!(stacks(&new), ["hidden"]);
        assert_eq!(state(&new), &if id.is_some() { verified(&used) } else { unverified(&used) });
    }
    Ok(())
}

/// Two processes are named, one of which has ended.
pub(crate) fn ended() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("server");
    build("sleeper.c", &path, None, &[]);
    let place = inside(&path, "hidden");
    let running = start(&mut Command::new(&path));
    let dumped = mapped(&running, "server", None);
    let mut options = through(&running);
    drop(running);
    options.recorded_paths = RecordedPaths::Use;
    let new = look(dumped, place, &options);
    assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &unverified(&path)));
    let said = message(&new, "unused-binary");
    assert!(said.contains("process") && said.contains("no such process"), "{said}");
    Ok(())
}

/// A tree of files that is `/` to the program.
fn tree(root: &Path, id: Option<&str>) -> u64 {
    use std::os::unix::fs::symlink;
    build("sleeper.c", &root.join("versions/1/server"), id, &["-static"]);
    // Absolute, up and out, and without an end.
    symlink("/versions/1", root.join("app")).unwrap();
    symlink("../../../../versions", root.join("versions/1/up")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    inside(&root.join("versions/1/server"), "hidden")
}

pub(crate) fn sysroot() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("root");
    let place = tree(&root, Some(ID));
    // Outside lies another program, to which the same path would lead.
    build("sleeper.c", &dir.path().join("versions/1/server"), Some(OTHER_ID), &[]);
    let mut options = nowhere();
    options.sysroots = vec![root.clone()];
    let used = verified(&root.join("versions/1/server"));
    for path in ["/app/server", "/app/up/1/server", "/versions/../app/./server", "/../../app/server"] {
        assert_eq!(state(&look(module(path, Some(ID)), place, &options)), &used, "{path}");
    }
    for path in ["/loop", "/loop/server", "/app/server/server", "/../root/app/server"] {
        let none = look(module(path, Some(ID)), place, &options);
        assert!(matches!(state(&none), SymbolState::Missing { .. }), "{path}: {:?}", state(&none));
    }
    Ok(())
}

/// A stripped program in a sysroot, its debug file behind links: absolute ones lead to places in the sysroot, and none
/// leads out of it.
pub(crate) fn sysroot_companions() -> Result<(), Failed> {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("root");
    let path = root.join("opt/app/server");
    build("inlines.c", &path, None, &[]);
    let place = inside(&path, "hidden");
    let debug = root.join("store/server.debug");
    std::fs::create_dir_all(debug.parent().unwrap())?;
    run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
    run(Command::new("strip").arg(&path));
    run(Command::new("objcopy").arg("--add-gnu-debuglink").arg(&debug).arg(&path));
    let mut options = nowhere();
    options.sysroots = vec![root.clone()];
    let named = || stacks(&look(module("/opt/app/server", None), place, &options)) == ["hidden"];
    assert!(!named());
    symlink("/opt", root.join("srv"))?;
    for (link, inner, outer) in [
        ("opt/app/server.debug", "/store/server.debug", "../../../store/server.debug"),
        ("opt/app/.debug", "/store", "../../../store"),
        ("usr/lib/debug/opt/app", "/store", "../../../../../store"),
    ] {
        let link = root.join(link);
        std::fs::create_dir_all(link.parent().unwrap())?;
        symlink(inner, &link)?;
        assert!(named(), "{link:?}");
        // By a path with a link in it as well.
        assert_eq!(stacks(&look(module("/srv/app/server", None), place, &options)), ["hidden"], "{link:?}");
        std::fs::remove_file(&link)?;
        // What lies outside would fit too.
        symlink(outer, &link)?;
        std::fs::rename(root.join("store"), dir.path().join("store"))?;
        assert!(link.exists() && !named(), "{link:?}");
        std::fs::rename(dir.path().join("store"), root.join("store"))?;
        assert!(named(), "{link:?}: it ends at the top");
        std::fs::remove_file(&link)?;
    }
    // A package of split units and a table, outside and of no use, would each be said.
    std::fs::create_dir(dir.path().join("no.dwp"))?;
    std::fs::write(dir.path().join("no.table"), "no table")?;
    let link =
        |name: &str, target: &str| symlink(format!("../../../{target}"), root.join("opt/app").join(name));
    link("server.dwp", "no.dwp")?;
    link("server.heaplens-symbols", "no.table")?;
    symlink("/store/server.debug", root.join("opt/app/server.debug"))?;
    let new = look(module("/opt/app/server", None), place, &options);
    assert_eq!((stacks(&new), codes(&new)), (vec!["hidden".to_owned()], vec!["unverified-binary"]));
    Ok(())
}

/// Starts a program in another root: as root, or as root of a user namespace.
pub(crate) fn in_root(root: &Path, program: &str) -> Option<Command> {
    let command = |words: &[&str], root: &Path, program: &str| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(root).arg(program);
        command
    };
    let ways = [&["chroot"][..], &["unshare", "--user", "--map-root-user", "chroot"]];
    let works = |words: &&&[&str]| {
        let status = command(words, "/".as_ref(), "true").stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    ways.iter().find(works).map(|words| command(words, root, program))
}

pub(crate) fn another_root() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let root = dir.path().join("root");
    for id in [None, Some(ID)] {
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        let place = tree(&root, id);
        let running = start(&mut in_root(&root, "/app/server").expect("it was possible a moment ago"));
        // As the program itself names its files.
        let dumped = module("/versions/1/server", id);
        let used = link(&running, "root").join("versions/1/server");
        let new = look(dumped.clone(), place, &through(&running));
        assert_eq!(stacks(&new), ["hidden"]);
        assert_eq!(state(&new), &if id.is_some() { verified(&used) } else { unverified(&used) });
        // Deleted, there too.
        std::fs::remove_file(root.join("versions/1/server"))?;
        let new = look(Module { deleted: true, ..dumped }, place, &through(&running));
        let exe = link(&running, "exe");
        assert_eq!(state(&new), &if id.is_some() { verified(&exe) } else { unverified(&exe) });
    }
    Ok(())
}
