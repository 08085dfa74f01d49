//! The differences that docs/jeprof.md lists, each by its heading there: what jeprof prints becomes what heaplens does.
//! Where jeprof's names have lost something that cannot be brought back, ours lose it, too, for the comparison.

use crate::shapes::{Language, Shapes};
use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Output {
    Table,
    Folded,
    Calls,
    Graph,
    Listing,
    Instructions,
}

/// Both outputs, differences taken out of the way.
pub(crate) fn applied(
    shapes: &Shapes,
    language: Language,
    output: Output,
    theirs: String,
    ours: String,
) -> (String, String) {
    let mut theirs = without(&theirs, r" \(discriminator \d+\)");
    theirs = theirs.replace("??:?", "??:0");
    theirs = with_names_of_threads(&theirs, &std::fs::read_to_string(&shapes.last).unwrap());
    match language {
        Language::C => {}
        // "Empty packs".
        Language::Cpp => theirs = theirs.replace(", , ", ", "),
        Language::Rust => theirs = rust_names(&theirs),
    }
    match output {
        Output::Folded => {
            theirs = without(&theirs, "<[0-9a-f]{16}>");
            theirs = sorted(theirs.lines().filter(|line| !line.ends_with(" 0")));
            (theirs, ours)
        }
        Output::Listing => (theirs, ours),
        Output::Instructions => (without_spelling(&theirs), without_spelling(&ours)),
        Output::Calls => (records(&theirs), records(&ours)),
        Output::Graph => (with_sorted_lines(&theirs), with_sorted_lines(&ours)),
        Output::Table => match language {
            Language::C => (theirs, ours),
            Language::Cpp | Language::Rust => (by_jeprofs_names(&theirs), by_jeprofs_names(&ours)),
        },
    }
}

fn without(text: &str, pattern: &'static str) -> String {
    regex(pattern).replace_all(text, "").into_owned()
}

/// "Threads": heaplens prints their names.
fn with_names_of_threads(text: &str, dump: &str) -> String {
    let header = dump.lines().take_while(|line| !line.starts_with('@'));
    let names: BTreeMap<&str, &str> = header
        .filter_map(|line| {
            let (thread, counts) = line.trim_start().strip_prefix('t')?.split_once(':')?;
            Some((thread, counts.split_once("] ")?.1))
        })
        .collect();
    let total = regex(r"(?m)^Total \(t(\d+)\):");
    let named = |found: &Captures<'_>| match names.get(&found[1]) {
        Some(name) => format!("Total (t{} {name}):", &found[1]),
        None => found[0].to_owned(),
    };
    total.replace_all(text, named).into_owned()
}

/// "Rust's closures": they are written in one way.
fn rust_names(text: &str) -> String {
    let text = text.replace("{{vtable.shim}}", "::{shim:vtable}").replace("{{closure}}", "{closure}");
    text.replace("{closure#0}", "{closure}")
}

/// "Order".
pub(crate) fn sorted<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// "Short names" and "Overloads": names without what jeprof takes away, and without the address that it adds to tell
/// overloads apart. Rows of names that lost the type before their method are left out: several functions share them.
fn by_jeprofs_names(table: &str) -> String {
    let row = regex(r"^( *\S+ +\S+% +\S+% +\S+ +\S+% )([0-9a-f]{16} )?(.*)$");
    let mark = regex(r"@[0-9a-f]+( |$)");
    let lines = table.lines().filter_map(|line| {
        let Some(parts) = row.captures(line) else { return Some(line.to_owned()) };
        let name = parts[3].replace(" (inline)", "\u{1}");
        let name = shortened(&mark.replace(&name, "$1"));
        let lost = name.starts_with("::") || name.contains("::::") || name.contains("::\u{1}");
        let address = parts.get(2).map_or("", |address| address.as_str());
        (!lost).then(|| format!("{}{address}{}", &parts[1], name.replace('\u{1}', " (inline)")))
    });
    let lines: Vec<String> = lines.collect();
    sorted(lines.iter().map(String::as_str))
}

/// As jeprof's expressions shorten a name.
fn shortened(name: &str) -> String {
    let mut name = name.to_owned();
    for pattern in [r"\([^()]*\)(\s*const)?", "<[^<>]*>"] {
        let pattern = regex(pattern);
        while pattern.is_match(&name) {
            name = pattern.replace_all(&name, "").into_owned();
        }
    }
    regex(r"^.*\s+(\w+::)").replace(&name, "$1").into_owned()
}

/// Each is built once: without optimizations that takes longer than jeprof itself.
fn regex(pattern: &'static str) -> Regex {
    static BUILT: Mutex<BTreeMap<&str, Regex>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    built.entry(pattern).or_insert_with(|| Regex::new(pattern).unwrap()).clone()
}

/// "Order" and "Callgrind": the records in one order, with names written out, since which name stands where a number
/// does later depends on the order. Of places without a line jeprof makes records without names, or with those of the
/// callee, and its names end at the first blank.
fn records(callgrind: &str) -> String {
    let mut names: BTreeMap<(bool, String), String> = BTreeMap::new();
    let mut records: Vec<String> = Vec::new();
    for record in callgrind.split("\n\n") {
        let mut is_known = true;
        let lines = record.lines().map(|line| {
            let Some((key, name)) = line.split_once('=').filter(|(key, _)| key.ends_with(['l', 'n'])) else {
                return line.to_owned();
            };
            let is_file = key.ends_with('l');
            let name = match name.strip_prefix('(').and_then(|name| name.split_once(')')) {
                Some((number, "")) => names[&(is_file, number.to_owned())].clone(),
                Some((number, name)) => {
                    let name = name.trim_start();
                    names.insert((is_file, number.to_owned()), name.to_owned());
                    name.to_owned()
                }
                None => name.to_owned(),
            };
            is_known &= !matches!(name.as_str(), "" | "??") && !name.contains(" -> ");
            let name = if is_file { name } else { shortened(&name) };
            format!("{key}={}", name.split(' ').next().unwrap())
        });
        let lines: Vec<String> = lines.collect();
        if is_known {
            records.push(lines.join("; "));
        }
    }
    sorted(records.iter().map(String::as_str))
}

/// "Order": lines of one amount come in any order.
fn with_sorted_lines(graph: &str) -> String {
    let is_line = |text: &str| text.starts_with('N') && text.contains(" -> ");
    let (mut lines, rest): (Vec<&str>, Vec<&str>) = graph.lines().partition(|line| is_line(line));
    lines.sort_unstable();
    rest.into_iter().chain(lines).map(|line| format!("{line}\n")).collect()
}

/// "Instructions": without prefixes that do nothing, without the names of what is called or read, and without what only
/// fills the space behind a function.
fn without_spelling(disassembly: &str) -> String {
    let fills = regex(r"^ *\S+ +\S+ {3,}[0-9a-f]+: +(nop|int3|xchg +%ax,%ax)");
    let name = regex(r" +(# [0-9a-f]+ )?<.*>$");
    let mut lines: Vec<String> = Vec::new();
    for line in disassembly.lines() {
        if line.starts_with("ROUTINE ") {
            drop_fillers(&mut lines, &fills);
        }
        let line = without(line, r"# [0-9a-f]+$").replace("data16 ", "");
        let line = line.replace(": cs nopw ", ": nopw   ");
        lines.push(name.replace(&line, "").trim_end().to_owned());
    }
    drop_fillers(&mut lines, &fills);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn drop_fillers(lines: &mut Vec<String>, fills: &Regex) {
    while lines.last().is_some_and(|line| fills.is_match(line)) {
        lines.pop();
    }
}
