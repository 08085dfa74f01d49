//! `heaplens symbolize` beside binutils' addr2line, and in its place under jeprof.
//!
//! What differs is listed in `docs/symbols.md`; each test says what of it it allows.

use crate::c_program::{compile, run};
use crate::jeprof;
use crate::programs;
use crate::service::Lab;
use crate::tools::{heaplens, in_plain_words, stdout};
use libtest_mimic::Failed;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const INLINED: &str = " (inlined by) ";
const OPTIONS: [&str; 6] = ["-f", "-i", "-p", "-a", "-s", "-C"];

pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Builds a program with inlined functions, for one test.
fn build(lab: &Lab, test: &str, compiler: &str, name: &str) -> Result<PathBuf, Failed> {
    let dir = lab.dir().join("symbolize").join(test);
    std::fs::create_dir_all(&dir)?;
    let program = dir.canonicalize()?.join("program");
    stdout(Command::new(compiler).args(["-O2", "-g", "-pthread", "-o"]).arg(&program).arg(source(name)));
    Ok(program)
}

/// Every address of the functions with such a name, each once, and 0.
fn addresses(program: &Path, is_own: impl Fn(&str) -> bool) -> Result<Vec<u64>, Failed> {
    let bytes = std::fs::read(program)?;
    let file = object::File::parse(&*bytes)?;
    let own =
        file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.name().is_ok_and(&is_own));
    let mut list: Vec<u64> =
        own.flat_map(|symbol| symbol.address()..symbol.address() + symbol.size()).collect();
    list.push(0);
    list.sort_unstable();
    list.dedup();
    assert!(list.len() > 30, "{} addresses only", list.len());
    Ok(list)
}

/// The symbol around each address, a line each.
fn symbols_at(program: &Path, addresses: &[u64]) -> Result<String, Failed> {
    let bytes = std::fs::read(program)?;
    let file = object::File::parse(&*bytes)?;
    let line = |&address: &u64| {
        let around = |symbol: &object::Symbol<'_, '_>| {
            (symbol.address()..symbol.address() + symbol.size()).contains(&address)
        };
        let name = file.symbols().find(around).and_then(|symbol| symbol.name().ok());
        name.unwrap_or_default().to_owned() + "\n"
    };
    Ok(addresses.iter().map(line).collect())
}

fn answer(mut command: Command, lines: &str) -> String {
    let mut child = in_plain_words(&mut command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().unwrap().expect("all of the addresses are read");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
    String::from_utf8(output.stdout).expect("names and paths are UTF-8")
}

fn ours(program: &Path, options: &[&str], lines: &str) -> String {
    let mut command = heaplens(["symbolize"]);
    command.args(options).arg("-e").arg(program);
    answer(command, lines)
}

fn theirs(program: &Path, options: &[&str], lines: &str) -> String {
    let mut command = Command::new("addr2line");
    command.args(options).arg("-e").arg(program);
    plain(&answer(command, lines))
}

/// Without discriminators.
fn plain(text: &str) -> String {
    text.lines().map(|line| line.split(" (discriminator ").next().unwrap_or(line).to_owned() + "\n").collect()
}

fn same(ours: &str, theirs: &str, what: &str) {
    let differs = ours.lines().zip(theirs.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs);
    assert!(differs.is_none(), "{what}: in line {differs:?}");
    assert_eq!(ours.lines().count(), theirs.lines().count(), "{what}");
}

/// All addresses of a C program's functions, under each combination of the options, byte for byte.
pub(crate) fn every_option(lab: &Lab) -> Result<(), Failed> {
    let program = build(lab, "every_option", "gcc", "../../../heaplens/tests/symbols/inlines.c")?;
    let own = ["main", "exported_outer", "hidden"];
    let list = addresses(&program, |name| own.contains(&name.split('.').next().unwrap_or(name)))?;
    let lines: String = list.iter().map(|address| format!("{address:x}\n")).collect();
    for chosen in 0..1 << OPTIONS.len() {
        let options = OPTIONS.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1);
        let options: Vec<&str> = options.map(|(_, option)| *option).collect();
        same(&ours(&program, &options, &lines), &theirs(&program, &options, &lines), &format!("{options:?}"));
    }
    let inlined = ours(&program, &["-fip"], &lines).matches("(inlined by)").count();
    assert!(inlined > 10, "{inlined} inlined functions only");
    Ok(())
}

/// Names of C++, mangled and not, with lines and all that is inlined.
pub(crate) fn cpp_names(lab: &Lab) -> Result<(), Failed> {
    let program = build(lab, "cpp_names", "g++", "names.cc")?;
    let list = addresses(&program, |name| name.contains("5store"))?;
    let lines: String = list.iter().map(|address| format!("{address:#x}\n")).collect();
    for options in
        [&["-afip"][..], &["-afipC"], &["--functions", "--inlines", "--demangle", "--pretty-print"]]
    {
        let judged = theirs(&program, options, &lines);
        let mine = ours(&program, options, &lines);
        assert_eq!(mine.lines().count(), judged.lines().count(), "{options:?}");
        // Of a lambda the debug information has no more than `operator()`; the symbol has all of the name, and is that of
        // the function which is not inlined. addr2line takes it for the innermost one.
        let symbols = symbols_at(&program, &list)?;
        let symbols =
            if options.contains(&"-afip") { symbols } else { answer(Command::new("c++filt"), &symbols) };
        let mut symbols = symbols.lines();
        let mut symbol = "";
        let last = mine.lines().skip(1).map(|line| !line.starts_with(INLINED)).chain([true]);
        let allowed = mine.lines().zip(judged.lines()).zip(last).map(|((mine, judged), last)| {
            let inlined = mine.starts_with(INLINED);
            if !inlined {
                symbol = symbols.next().unwrap_or_default();
            }
            let place = |line: &'_ str| line.rsplit_once(" at ").map(|(_, place)| place.to_owned());
            let is_lambda = |line: &str| line.trim_start_matches(INLINED).starts_with("operator()");
            let own = mine.rsplit_once(": ").map_or(mine, |(_, own)| own);
            let line = if is_lambda(own) && !last && place(mine) == place(judged) {
                mine.to_owned()
            } else if inlined && last && is_lambda(judged) {
                format!("{INLINED}{symbol} at {}", place(judged).unwrap_or_default())
            } else {
                judged.to_owned()
            };
            line + "\n"
        });
        same(&mine, &allowed.collect::<String>(), &format!("{options:?}"));
    }
    let names = ours(&program, &["-fipC"], &lines);
    for name in [
        "store::Index<int>::operator<<(int)",
        "store::Index<int>::Index<double>(int, double const&)",
        "store::operator< <int>(",
        "int store::count<int, long>(int const&, long const&)",
        "decltype ((...+{parm#1})) store::added<int, double>(int, double)",
        "{lambda(int)#1}",
        "(inlined by)",
        "store::Outer::Inner::scaled(int) const::{lambda(int)#1}::operator()(int) const",
        "store::Outer::Inner::scaled(int) const::{lambda(auto:1)#2}::operator()<double>(double) const",
    ] {
        assert!(names.contains(name), "{name} is missing: {names}");
    }
    Ok(())
}

/// Addresses as arguments, in every form, and as offsets in a section.
pub(crate) fn arguments(lab: &Lab) -> Result<(), Failed> {
    let program = build(lab, "arguments", "gcc", "alloc.c")?;
    let list = addresses(&program, |name| name == "main" || name == "work")?;
    let bytes = std::fs::read(&program)?;
    let text = object::File::parse(&*bytes)?.section_by_name(".text").ok_or("no .text")?.address();
    let address = list.iter().rev().nth(8).ok_or("no address")?;
    let forms =
        [format!("{address:x}"), format!("{address:#x}"), format!("0X{address:016X}"), "0".to_owned()];
    let mine = stdout(heaplens(["symbolize", "-afpe"]).arg(&program).args(&forms));
    let judged = stdout(Command::new("addr2line").arg("-afpe").arg(&program).args(&forms));
    same(&mine, &plain(&judged), "forms");
    let odd = [
        "main",
        "main+4",
        "main+0x4",
        "main+010",
        "main+-1",
        " main + 4 x",
        "work+1",
        "nosuch",
        "nosuch+4",
        "face",
        "face+1",
        "zz",
        "0x",
        "0xzz",
        "",
        " ",
        "+4",
        "+0x4",
        "1050 ",
        "1050+4",
        "ffffffffffffffffff",
        "a.c",
        ".text",
        "@nowhere",
    ];
    let mine = stdout(heaplens(["symbolize", "-afpe"]).arg(&program).args(odd));
    let judged = stdout(Command::new("addr2line").arg("-afpe").arg(&program).args(odd));
    same(&mine, &plain(&judged), "what is no address");
    let lines: String = odd.iter().map(|line| format!("{line}\n")).collect();
    same(&ours(&program, &["-afp"], &lines), &theirs(&program, &["-afp"], &lines), "the same as lines");
    let section = ["-a", "-f", "-j", ".text", "-e"];
    let list = [format!("{:x}", address - text), "ffffffff".to_owned(), "main".to_owned()];
    let mine = stdout(heaplens(["symbolize"]).args(section).arg(&program).args(&list));
    let judged = stdout(Command::new("addr2line").args(section).arg(&program).args(&list));
    same(&mine, &plain(&judged), "-j");
    assert!(mine.contains(".c:"), "{mine}");
    Ok(())
}

/// Files with arguments, split as libiberty splits them, and styles of names.
pub(crate) fn files_and_styles(lab: &Lab) -> Result<(), Failed> {
    let program = build(lab, "files_and_styles", "g++", "names.cc")?;
    let beside = |name: &str| program.with_file_name(name);
    let inner = beside("inner");
    std::fs::write(&inner, "ma\"i\"n '' \"\"\n\\main store::run(int)\tmain\\ x 'a\\'b'\r\n")?;
    let outer = beside("outer");
    std::fs::write(&outer, format!("-a '-f'\n@{} @nowhere main+4", inner.display()))?;
    let typed = format!("@{}", outer.display());
    for style in ["auto", "none", "java", "gnat", "dlang"] {
        let style = format!("--demangle={style}");
        // Without a name to demangle: what those languages make of C++ is not ours.
        let rest = if style.ends_with("auto") { &["-f", "_ZN5store3runEi"][..] } else { &[] };
        let mine = stdout(heaplens(["symbolize", &style, "-e"]).arg(&program).arg(&typed).args(rest));
        let judged =
            Command::new("addr2line").args([&style, "-e"]).arg(&program).arg(&typed).args(rest).output()?;
        same(&mine, &plain(&String::from_utf8(judged.stdout)?), &style);
    }
    let names = stdout(heaplens(["symbolize", "-fe"]).arg(&program).arg("store::run(int)"));
    assert!(names.starts_with("_ZN5store3runEi\n"), "{names}");
    Ok(())
}

/// A program that waits for each answer before it asks again has it.
pub(crate) fn dialogue(lab: &Lab) -> Result<(), Failed> {
    let program = build(lab, "dialogue", "gcc", "alloc.c")?;
    let list = addresses(&program, |name| name == "main" || name == "work")?;
    let mut command = heaplens(["symbolize", "-fe"]);
    let mut child = command.arg(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no input")?;
    let mut answers = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut talk = String::new();
    let asked = list.into_iter().map(|address| format!("{address:#x}")).chain(["main+2".to_owned()]);
    let asked: Vec<String> = asked.collect();
    for address in &asked {
        writeln!(stdin, "{address}")?;
        for _ in 0..2 {
            talk = talk + &answers.next().ok_or("no answer")?? + "\n";
        }
    }
    drop(stdin);
    assert!(answers.next().is_none(), "more answers than questions");
    assert!(child.wait()?.success());
    let lines: String = asked.iter().map(|address| format!("{address}\n")).collect();
    same(&talk, &theirs(&program, &["-f"], &lines), "one by one");
    Ok(())
}

/// jeprof prints the same stacks with us for its addr2line. Of aliases in the C library (`clone3`, `__clone3`) each of
/// us takes another one.
pub(crate) fn under_jeprof(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("symbolize-jeprof");
    std::fs::create_dir_all(&dir)?;
    let program = compile(&dir)?;
    let dumps = run(&program, &dir.join("run"), "")?;
    let script = dir.canonicalize()?.join("addr2line");
    let text = format!("#!/bin/sh\nexec {} symbolize \"$@\"\n", env!("CARGO_BIN_EXE_heaplens"));
    programs::script(&script, &text)?;
    // The second part is where all other tools are.
    let tools = format!("--tools=addr2line:{},/usr/bin/", script.display());
    let plain =
        |line: &str| line.split(';').map(|name| name.trim_start_matches('_')).collect::<Vec<_>>().join(";");
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(plain).collect();
        lines.sort();
        lines
    };
    let with_us = sorted(jeprof::run(&[tools.as_str(), "--collapsed"], &program, None, &dumps.last));
    let without = sorted(jeprof::run(&["--collapsed"], &program, None, &dumps.last));
    assert_eq!(with_us, without);
    assert!(with_us.iter().any(|line| line.contains("keep_mixed")), "{with_us:?}");
    Ok(())
}
