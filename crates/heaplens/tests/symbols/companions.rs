//! Debug files without their program, shared debug files, bundles, files of several architectures.

use crate::binaries::{
    ID, OTHER_ID, c, codes, functions, inside, look, message, module, nowhere, profile, run, stacks, state,
    unverified, verified,
};
use heaplens::Profile;
use heaplens::profile::SymbolState;
use heaplens::symbols::{Options, symbolize};
use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How linkers lay out a program.
const LAYOUTS: [&[&str]; 6] = [
    &[],
    &["-no-pie"],
    &["-Wl,-z,noseparate-code"],
    &["-Wl,-z,max-page-size=65536"],
    &["-no-pie", "-Wl,-Ttext-segment=0x7000000"],
    &["-Wl,-Ttext=0x10000000"],
];

/// Every place of the fixture's functions.
fn places(path: &Path) -> Vec<u64> {
    functions(path).into_iter().flat_map(|(_, _, offset, size)| offset + 1..=offset + size).collect()
}

fn with_binary(path: &Path) -> Options {
    let mut options = nowhere();
    options.binaries = vec![path.to_owned()];
    options
}

fn chains(profile: &Profile) -> Vec<Vec<String>> {
    let frame = |id| format!("{} {:?}", profile.frame_name(id), profile.frame_location(id));
    let chain = |sample: &heaplens::profile::Sample| {
        profile.stack_from_leaf(sample.stack).map(|(_, id)| frame(id)).collect()
    };
    profile.samples().iter().map(chain).collect()
}

/// The debug file that `split` makes names every place as the program itself does.
fn alone(linker: &[&str], split: impl Fn(&Path, &Path)) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("app"), dir.path().join("app.debug"));
    // Only GNU's linkers know that option.
    let known =
        |layout: &&[&str]| linker.is_empty() || !layout.iter().any(|flag| flag.contains("-Ttext-segment"));
    for layout in LAYOUTS.into_iter().filter(known) {
        c(&path, Some(ID), &[linker, layout].concat());
        let before = profile(module("/x/app", Some(ID)), places(&path));
        let expected = symbolize(&before, &with_binary(&path));
        split(&path, &debug);
        let found = symbolize(&before, &with_binary(&debug));
        assert_eq!(state(&found), &verified(&debug), "{layout:?}");
        assert_eq!(chains(&found), chains(&expected), "{layout:?}");
        assert!(chains(&found).iter().any(|chain| chain.len() == 3), "{layout:?}");
        std::fs::remove_file(&debug)?;
    }
    Ok(())
}

fn objcopy(path: &Path, debug: &Path) {
    run(Command::new("objcopy").arg("--only-keep-debug").arg(path).arg(debug));
}

pub(crate) fn debug_file_alone() -> Result<(), Failed> {
    alone(&[], objcopy)?;
    alone(&[], |path, debug| {
        run(Command::new("strip").arg("--only-keep-debug").arg(path).arg("-o").arg(debug));
    })
}

pub(crate) fn debug_file_alone_eu_strip() -> Result<(), Failed> {
    alone(&[], |path, debug| {
        run(Command::new("eu-strip").arg("-f").arg(debug).arg(path));
    })
}

pub(crate) fn debug_file_alone_lld() -> Result<(), Failed> {
    alone(&["-fuse-ld=lld"], objcopy)
}

pub(crate) fn debug_file_alone_llvm() -> Result<(), Failed> {
    alone(&[], |path, debug| {
        run(Command::new(crate::tool("llvm-objcopy")).arg("--only-keep-debug").arg(path).arg(debug));
    })
}

/// What a debug file alone is believed for.
pub(crate) fn debug_file_alone_is_said() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("app"), dir.path().join("app.debug"));
    c(&path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    objcopy(&path, &debug);
    let new = look(module("/x/app", Some(ID)), place, &with_binary(&debug));
    assert_eq!(stacks(&new), ["hidden"]);
    assert!(message(&new, "incomplete-symbols").contains("was computed"), "{:?}", new.warnings);
    // What the cache keeps of it is no surer, whether the file is still there or not.
    let mut cached = with_binary(&debug);
    cached.cache = Some(heaplens::symbols::cache::Cache::at(dir.path().join("cache")));
    let again = |options: &Options| {
        let new = look(module("/x/app", Some(ID)), place, options);
        assert_eq!(stacks(&new), ["hidden"]);
        assert!(message(&new, "incomplete-symbols").contains("was computed"), "{:?}", new.warnings);
    };
    again(&cached);
    again(&cached);
    cached.binaries.clear();
    again(&cached);
    // Where the dump names no build it is no more sure than any file; and the program at the recorded path counts only
    // if it is of the build whose debug file the user named.
    let other = dir.path().join("other/app");
    c(&other, Some(OTHER_ID), &[]);
    let mut options = with_binary(&debug);
    options.recorded_paths = heaplens::symbols::RecordedPaths::Use;
    let recorded = |path: &Path| module(path.display().to_string(), None);
    assert_eq!(state(&look(recorded(&other), place, &options)), &unverified(&debug));
    let whole = look(recorded(&path), place, &options);
    assert_eq!(state(&whole), &unverified(&path));
    assert_eq!(codes(&whole), ["unverified-binary"]);
    // A directory of debug files serves too.
    let kept = dir.path().join(format!("store/.build-id/{}/{}.debug", &ID[..2], &ID[2..]));
    std::fs::create_dir_all(kept.parent().unwrap())?;
    std::fs::copy(&debug, &kept)?;
    let mut options = nowhere();
    options.debug_dirs = vec![dir.path().join("store")];
    assert_eq!(state(&look(module("/x/app", Some(ID)), place, &options)), &verified(&kept));
    // Code in a segment that may be written to: where it lies in the file is not told by the others.
    let mut bytes = std::fs::read(&debug)?;
    let headers = u64::from_le_bytes(bytes[32..40].try_into()?) as usize;
    for header in bytes[headers..].chunks_exact_mut(56).take(20) {
        if header[..8] == [1, 0, 0, 0, 5, 0, 0, 0] {
            header[4] = 7;
        }
    }
    std::fs::write(&debug, bytes)?;
    let none = look(module("/x/app", Some(ID)), place, &with_binary(&debug));
    assert_eq!(stacks(&none), [format!("app+{place:#x}")]);
    assert!(message(&none, "missing-symbols").contains("cannot be told"), "{:?}", none.warnings);
    Ok(())
}

/// Two programs whose debug information dwz has moved into one file.
pub(crate) fn shared_debug_file() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let paths = ["one", "two"].map(|name| dir.path().join("bin").join(name));
    for (path, id) in paths.iter().zip([ID, OTHER_ID]) {
        c(path, Some(id), &["-gdwarf-4"]);
    }
    let shared = dir.path().join(".dwz/shared.debug");
    std::fs::create_dir_all(shared.parent().unwrap())?;
    run(Command::new("dwz").args(["-r", "-m"]).arg(&shared).args(&paths));
    let place = inside(&paths[0], "hidden");
    let missing = |options: &Options| {
        let new = look(module("/x/one", Some(ID)), place, options);
        assert_eq!(state(&new), &verified(&paths[0]));
        let notes: Vec<String> = new
            .warnings
            .iter()
            .filter(|w| w.code == "incomplete-symbols")
            .map(|w| w.message.clone())
            .collect();
        notes
    };
    let mut options = with_binary(&paths[0]);
    assert_eq!(missing(&options), [""; 0]);
    // Gone, and then in a directory of debug files.
    let elsewhere = dir.path().join("store/.dwz/shared.debug");
    std::fs::create_dir_all(elsewhere.parent().unwrap())?;
    std::fs::rename(&shared, &elsewhere)?;
    let notes = missing(&options);
    assert!(
        notes.len() == 1 && notes[0].contains("shared.debug") && notes[0].contains("was not found"),
        "{notes:?}"
    );
    options.debug_dirs = vec![dir.path().join("store")];
    assert_eq!(missing(&options), [""; 0]);
    // Another build in its place.
    c(&elsewhere, Some(OTHER_ID), &[]);
    let notes = missing(&options);
    assert!(notes.len() == 1 && notes[0].contains("another build"), "{notes:?}");
    // A link that names the whole path: opened where recorded paths may be, and inside a root.
    for (path, id) in paths.iter().zip([ID, OTHER_ID]) {
        c(path, Some(id), &["-gdwarf-4"]);
    }
    run(Command::new("dwz").arg("-m").arg(&shared).args(&paths));
    let mut options = with_binary(&paths[0]);
    assert_eq!(missing(&options).len(), 1);
    options.recorded_paths = heaplens::symbols::RecordedPaths::Use;
    assert_eq!(missing(&options), [""; 0]);
    let root = dir.path().join("root");
    let inner = |path: &Path| root.join(path.strip_prefix("/").unwrap());
    for path in [&paths[0], &shared] {
        std::fs::create_dir_all(inner(path).parent().unwrap())?;
        std::fs::rename(path, inner(path))?;
    }
    let mut options = nowhere();
    options.sysroots = vec![root.clone()];
    let new = look(module(paths[0].display().to_string(), Some(ID)), place, &options);
    assert_eq!(state(&new), &verified(&inner(&paths[0])));
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    Ok(())
}

/// A Mach-O library for an architecture, its functions and its UUID.
fn macho(dir: &Path, architecture: &str) -> (PathBuf, String) {
    let [object, library] = ["o", "dylib"].map(|end| dir.join(format!("lib.{architecture}.{end}")));
    let source = dir.join("lib.c");
    std::fs::write(
        &source,
        "__attribute__((noinline)) int hidden(int x) { return x * 3 + 1; }\nint outer(int x) { return hidden(x) + 2; }\n",
    )
    .unwrap();
    let target = format!("--target={architecture}-apple-macos11");
    run(Command::new("clang").args([&target, "-g", "-O1", "-c", "-o"]).arg(&object).arg(&source));
    run(Command::new(crate::tool("ld64.lld"))
        .args(["-arch", architecture, "-platform_version", "macos", "11", "11", "-dylib"])
        .args(["-undefined", "dynamic_lookup", "-o"])
        .arg(&library)
        .arg(&object));
    let id = heaplens::symbols::build_id(&library).unwrap().expect("ld64.lld writes a UUID");
    (library, id)
}

/// A place in `hidden`, as an offset in the image.
fn macho_place(library: &Path) -> u64 {
    use object::{Object, ObjectSymbol};
    let bytes = std::fs::read(library).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let symbol = file.symbols().find(|s| s.name() == Ok("_hidden")).unwrap();
    symbol.address() - file.relative_address_base() + 3
}

pub(crate) fn bundle() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (library, id) = macho(dir.path(), "x86_64");
    let place = macho_place(&library);
    let lines = |options: &Options, id: &str| {
        let new = look(module("/x/lib.x86_64.dylib", Some(id)), place, options);
        let leaf = new.stack(new.samples()[0].stack.unwrap()).frame;
        (stacks(&new), new.frame_location(leaf).is_some(), state(&new).clone())
    };
    let hidden = || vec!["hidden".to_owned()];
    let options = with_binary(&library);
    assert_eq!(lines(&options, &id), (hidden(), false, verified(&library)));
    run(Command::new(crate::tool("dsymutil")).arg(&library));
    let bundle = dir.path().join("lib.x86_64.dylib.dSYM");
    assert_eq!(lines(&options, &id), (hidden(), true, verified(&library)));
    // Elsewhere, with the image and without.
    let elsewhere = dir.path().join("store/lib.x86_64.dylib.dSYM");
    std::fs::create_dir_all(elsewhere.parent().unwrap())?;
    std::fs::rename(&bundle, &elsewhere)?;
    assert!(!lines(&options, &id).1);
    let mut options = with_binary(&library);
    options.binary_dirs = vec![dir.path().join("store")];
    assert_eq!(lines(&options, &id), (hidden(), true, verified(&library)));
    options.binaries.clear();
    let file = elsewhere.join("Contents/Resources/DWARF/lib.x86_64.dylib");
    assert_eq!(lines(&options, &id), (hidden(), true, verified(&file)));
    // Of another build it counts for nothing.
    let other = "00112233445566778899aabbccddeeff";
    assert!(matches!(lines(&options, other).2, SymbolState::Missing { .. }));
    Ok(())
}

/// One file of an arm64 and an x86_64 one, as lipo makes it.
fn join(parts: &[PathBuf; 2], into: &Path) -> std::io::Result<()> {
    let mut bytes = [0xcafe_babe_u32, 2].map(u32::to_be_bytes).concat();
    let mut content = Vec::new();
    for (part, cpu) in parts.iter().zip([[0x0100_000c_u32, 0], [0x0100_0007, 3]]) {
        let part = std::fs::read(part)?;
        let at = 0x4000 * (1 + content.len().div_ceil(0x4000));
        bytes.extend([cpu[0], cpu[1], at as u32, part.len() as u32, 14].map(u32::to_be_bytes).concat());
        content.resize(at - 0x4000, 0);
        content.extend(part);
    }
    bytes.resize(0x4000, 0);
    bytes.extend(content);
    std::fs::write(into, bytes)
}

pub(crate) fn architectures() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let slices = ["arm64", "x86_64"].map(|architecture| macho(dir.path(), architecture));
    let fat = dir.path().join("lib.dylib");
    join(&slices.each_ref().map(|(library, _)| library.clone()), &fat)?;
    for (library, id) in &slices {
        for options in [with_binary(&fat), {
            let mut options = nowhere();
            options.binary_dirs = vec![dir.path().to_owned()];
            options
        }] {
            let new = look(module("/x/lib.dylib", Some(id)), macho_place(library), &options);
            assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &verified(&fat)));
            assert!(message(&new, "incomplete-symbols").contains("was not found"), "{:?}", new.warnings);
        }
    }
    // Lines, from a bundle that holds several as well.
    let bundles = slices.each_ref().map(|(library, _)| {
        run(Command::new(crate::tool("dsymutil")).arg(library));
        let name = library.file_name().unwrap();
        library.with_extension("dylib.dSYM").join("Contents/Resources/DWARF").join(name)
    });
    let bundle = dir.path().join("lib.dylib.dSYM/Contents/Resources/DWARF/lib.dylib");
    std::fs::create_dir_all(bundle.parent().unwrap())?;
    join(&bundles, &bundle)?;
    for (library, id) in &slices {
        let new = look(module("/x/lib.dylib", Some(id)), macho_place(library), &with_binary(&fat));
        let leaf = new.stack(new.samples()[0].stack.unwrap()).frame;
        assert!(
            new.frame_location(leaf).is_some_and(|l| l.ends_with("lib.c:1")),
            "{:?}",
            new.frame_location(leaf)
        );
    }
    // Without a build-id this machine's own is meant; with another one, none.
    if cfg!(target_arch = "x86_64") {
        let new = look(module("/x/lib.dylib", None), macho_place(&slices[1].0), &with_binary(&fat));
        assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &unverified(&fat)));
        let new = look(module("/x/lib.dylib", Some(ID)), macho_place(&slices[1].0), &with_binary(&fat));
        let (found, found_build_id) = (fat.display().to_string(), slices[1].1.clone());
        assert_eq!(state(&new), &SymbolState::Mismatched { found, found_build_id });
    }
    Ok(())
}
