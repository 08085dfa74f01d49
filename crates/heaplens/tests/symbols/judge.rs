//! Every place of a small program, compared with binutils' addr2line.

use crate::binaries::{c, functions, module, nowhere, profile, run, rust};
use heaplens::Profile;
use heaplens::symbols::symbolize;
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

/// `name file:line` of each function at a place, innermost first.
type Chain = Vec<String>;

pub(crate) fn c_inlines() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    for (name, flags) in [
        ("pie", &[][..]),
        ("no-pie", &["-no-pie"]),
        ("dwarf4", &["-gdwarf-4"]),
        ("shifted", &["-Wl,-z,separate-code", "-Wl,-Ttext-segment=0x7000000", "-no-pie"]),
    ] {
        let path = dir.path().join(name);
        c(&path, None, flags);
        let own = |f: &str| ["exported_outer", "hidden", "main"].contains(&f);
        let chains = compare(&path, Names::All, own)?;
        let inlined = chains.iter().any(|c| c.len() == 3 && c[0].starts_with("innermost "));
        assert!(inlined, "{name}: no place shows the inlined functions: {chains:?}");
    }
    Ok(())
}

pub(crate) fn compressed() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("compressed");
    c(&path, None, &[]);
    run(Command::new("objcopy").arg("--compress-debug-sections=zlib").arg(&path));
    compare(&path, Names::All, |f| ["exported_outer", "hidden", "main"].contains(&f))?;
    Ok(())
}

pub(crate) fn rust_names() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let v0 = "-Csymbol-mangling-version=v0";
    // The compiler's own default is the older mangling up to Rust 1.94 or so.
    for (name, flags) in
        [("v0", &[v0, "-g"][..]), ("default", &["-g"]), ("lines", &[v0, "-Cdebuginfo=line-tables-only"])]
    {
        let path = dir.path().join(name);
        rust(&path, flags);
        let own = |f: &str| f.contains("5store6insert") || f.contains("Grow");
        // An inlined function may have no more than its own name (`new<u64>`); where it is innermost, binutils
        // then prints the symbol around it.
        let chains = compare(&path, Names::Outermost, own)?;
        assert!(chains.iter().any(|c| c.len() > 1), "{name}: nothing was inlined");
        let offsets: Vec<u64> =
            functions(&path).into_iter().filter(|f| own(&f.0)).flat_map(|f| f.2 + 1..=f.2 + f.3).collect();
        let new = symbolize_from(&path, offsets);
        let outermost: Vec<String> = new.samples().iter().map(|s| outermost_name(&new, s.stack)).collect();
        let has = |wanted: &str| outermost.iter().any(|n| n == wanted);
        assert!(has("names::store::insert"), "{name}: {outermost:?}");
        let grow = "<alloc::vec::Vec<u64> as names::Grow>::grow";
        let old_grow = "<alloc::vec::Vec<T> as names::Grow>::grow";
        assert!(has(grow) || has(old_grow), "{name}: {outermost:?}");
        assert!(outermost.iter().all(|n| !n.contains("::h")), "{name}: a hash is left");
    }
    Ok(())
}

fn outermost_name(profile: &Profile, stack: Option<heaplens::profile::StackId>) -> String {
    let last = profile.stack_from_leaf(stack).last();
    last.map_or(String::new(), |(_, frame)| profile.frame_name(frame).into_owned())
}

fn symbolize_from(path: &Path, offsets: impl IntoIterator<Item = u64>) -> Profile {
    let mut options = nowhere();
    options.binaries = vec![path.to_owned()];
    symbolize(&profile(module("/gone/program", None), offsets), &options)
}

/// Which names must be addr2line's; places must be in any case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    All,
    Outermost,
}

fn same(found: &Chain, expected: &Chain, names: Names) -> bool {
    let place = |text: &String| text.split_once(" /").map(|(_, place)| place.to_owned());
    let places = |chain: &Chain| chain.iter().map(place).collect::<Vec<_>>();
    match names {
        Names::All => found == expected,
        Names::Outermost => found.last() == expected.last() && places(found) == places(expected),
    }
}

/// Compares all places of the functions that `own` picks; returns the chains.
fn compare(path: &Path, names: Names, own: impl Fn(&str) -> bool) -> Result<Vec<Chain>, Failed> {
    let places: Vec<(u64, u64)> = functions(path)
        .into_iter()
        .filter(|f| own(&f.0))
        .flat_map(|(_, address, offset, size)| (0..size).map(move |i| (address + i, offset + i)))
        .collect();
    assert!(places.len() > 40, "the fixture has no code");
    let expected = judge(path, places.iter().map(|p| p.0));
    let new = symbolize_from(path, places.iter().map(|p| p.1 + 1));
    assert_eq!(new.samples().len(), places.len());
    let mut chains = Vec::new();
    for ((sample, expected), place) in new.samples().iter().zip(&expected).zip(&places) {
        let chain: Chain = new
            .stack_from_leaf(sample.stack)
            .map(|(_, id)| {
                let name = new.frame(id).function.map(|f| new.string(new.function(f).system_name));
                format!("{} {}", name.unwrap_or("??"), new.frame_location(id).unwrap_or_default())
            })
            .collect();
        if !same(&chain, expected, names) {
            return Err(format!("at {:#x}: found {chain:?}, addr2line has {expected:?}", place.0).into());
        }
        chains.push(chain);
    }
    Ok(chains)
}

/// What addr2line prints: after each address pairs of a function and a place.
fn judge(path: &Path, addresses: impl Iterator<Item = u64>) -> Vec<Chain> {
    let list = addresses.map(|a| format!("{a:#x}"));
    let text = run(Command::new("addr2line").args(["-a", "-f", "-i", "-e"]).arg(path).args(list));
    let mut chains: Vec<Chain> = Vec::new();
    let mut name = None;
    for line in text.lines() {
        if line.starts_with("0x") {
            chains.push(Vec::new());
        } else if let Some(name) = name.take() {
            let place = line.split(" (discriminator").next().unwrap_or(line);
            // Line 0 is how compilers say that there is none.
            let place = place.strip_suffix(":?").or(place.strip_suffix(":0")).unwrap_or(place);
            chains.last_mut().unwrap().push(format!("{name} {place}"));
        } else {
            name = Some(line.to_owned());
        }
    }
    chains
}
