//! C++ names beside binutils' c++filt: all of the standard library's, and all of a program's by gcc and by clang.
//!
//! What differs, and is judged; `unlike_binutils.txt` beside the demangler has names of each kind:
//!
//! - c++filt leaves some names mangled.
//! - It leaves the comma of an empty pack that others follow: `f<, int>`.
//! - It counts an unnamed type once more among what is substituted, and then takes one type for another.
//! - A parameter that is substituted, and first stood in the function around a lambda, it takes for that function's
//!   parameter, and not for the one of the function that is named.

use crate::service::Lab;
use crate::symbolize::source;
use crate::tools::stdout;
use heaplens::symbols::{Demangler, Spelling};
use libtest_mimic::Failed;
use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The C++ symbols that a file defines, without versions and without the marks of copies.
fn symbols(file: &Path) -> Result<Vec<String>, Failed> {
    let bytes = std::fs::read(file)?;
    let file = object::File::parse(&*bytes)?;
    let all = file.symbols().chain(file.dynamic_symbols()).filter(|symbol| symbol.is_definition());
    let names: BTreeSet<String> = all.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect();
    let cpp = names.into_iter().filter(|name| name.starts_with("_Z") && !name.contains(['.', '@']));
    Ok(cpp.collect())
}

/// Each name as c++filt writes it. Addr2line's `-C` has no long forms of the standard library's names.
fn theirs(names: &[String], dir: &Path) -> Result<Vec<String>, Failed> {
    let list = dir.join("names");
    std::fs::write(&list, names.join("\n") + "\n")?;
    let mut command = Command::new("sh");
    command.args(["-c", "c++filt --no-verbose <\"$0\""]).arg(&list);
    Ok(stdout(&mut command).lines().map(str::to_owned).collect())
}

/// Without what an empty pack leaves.
fn without_commas(name: &str) -> String {
    let mut name = name.to_owned();
    for (left, mended) in [("<, ", "<"), ("(, ", "("), (", , ", ", "), (", >", ">"), (", )", ")")] {
        name = name.replace(left, mended);
    }
    name
}

fn is_judged(mangled: &str, mine: &str, theirs: &str) -> bool {
    let unnamed = mangled.contains("Ut") && mine.contains("{unnamed type#");
    let around_lambda = mangled.contains("Ul") && mangled.contains("EU") && mine.contains("{lambda(");
    mine != mangled && (theirs == mangled || without_commas(theirs) == mine || unnamed || around_lambda)
}

/// Compares all names of a file; at most one in `rare` may differ, in a way that is judged.
fn compare(file: &Path, dir: &Path, least: usize, rare: usize) -> Result<(), Failed> {
    let names = symbols(file)?;
    assert!(names.len() > least, "{}: {} names only", file.display(), names.len());
    let theirs = theirs(&names, dir)?;
    assert_eq!(names.len(), theirs.len());
    let mut demangler = Demangler::new(Spelling::Binutils);
    let mut differ = 0;
    for (mangled, theirs) in names.iter().zip(&theirs) {
        let mine = demangler.name(mangled);
        if mine != theirs {
            assert!(is_judged(mangled, mine, theirs), "{mangled}\n   ours: {mine}\n theirs: {theirs}");
            differ += 1;
        }
    }
    assert!(differ <= names.len() / rare, "{}: {differ} of {} differ", file.display(), names.len());
    Ok(())
}

fn place(lab: &Lab, test: &str) -> Result<PathBuf, Failed> {
    let dir = lab.dir().join("cppfilt").join(test);
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// The standard library, and the libraries that clang itself is made of.
pub(crate) fn libraries(lab: &Lab) -> Result<(), Failed> {
    let dir = place(lab, "libraries")?;
    let standard = stdout(Command::new("g++").arg("-print-file-name=libstdc++.so.6"));
    compare(Path::new(standard.trim()), &dir, 5_000, usize::MAX)?;
    let clang = stdout(Command::new("sh").args(["-c", "ldd \"$(command -v clang)\""]));
    let paths = clang.lines().filter_map(|line| line.split_whitespace().nth(2));
    for path in paths.filter(|path| path.contains("libLLVM") || path.contains("libclang")) {
        compare(Path::new(path), &dir, 10_000, 10_000)?;
    }
    Ok(())
}

/// A program with much of C++20, not optimized, so that all of its functions are there.
pub(crate) fn program(lab: &Lab) -> Result<(), Failed> {
    let dir = place(lab, "program")?;
    for compiler in ["g++", "clang++"] {
        for standard in ["-std=c++17", "-std=c++20"] {
            let object = dir.join(format!("{compiler}{standard}.o"));
            let mut command = Command::new(compiler);
            command.args(["-O0", "-c", standard, "-o"]).arg(&object).arg(source("names.cc"));
            stdout(&mut command);
            compare(&object, &dir, 200, 20)?;
        }
    }
    Ok(())
}
