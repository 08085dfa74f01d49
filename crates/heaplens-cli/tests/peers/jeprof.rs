//! The real jeprof, and what it prints taken apart.

use crate::tools::stdout;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One line of `--collapsed`.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// From the root: for each address its functions, outermost first.
    pub(crate) places: Vec<Vec<String>>,
    /// Bytes, cut to a whole number.
    pub(crate) bytes: i128,
}

/// jeprof with these options on a program, a dump and perhaps a base.
pub(crate) fn run(options: &[&str], program: &Path, base: Option<&Path>, dump: &Path) -> String {
    let mut command = Command::new("jeprof");
    command.args(options);
    if let Some(base) = base {
        command.arg(format!("--base={}", base.display()));
    }
    stdout(command.arg(program).arg(dump))
}

/// `--collapsed`, its lines in any order.
pub(crate) fn collapsed(program: &Path, base: Option<&Path>, dump: &Path) -> Vec<Line> {
    lines(&run(&["--collapsed"], program, base, dump))
}

pub(crate) fn lines(collapsed: &str) -> Vec<Line> {
    collapsed.lines().map(line).collect()
}

/// The `Total:` of `--text --show_bytes`.
pub(crate) fn total(program: &Path, base: Option<&Path>, dump: &Path) -> i128 {
    let text = run(&["--text", "--show_bytes"], program, base, dump);
    let first = text.lines().next().unwrap_or_default();
    let number = first.strip_prefix("Total: ").and_then(|rest| rest.strip_suffix(" B"));
    number.and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("jeprof began with {first:?}"))
}

fn line(text: &str) -> Line {
    let (stack, bytes) = text.rsplit_once(' ').unwrap_or_else(|| panic!("{text:?} has no value"));
    let bytes = bytes.parse().unwrap_or_else(|_| panic!("{text:?} has no value"));
    let mut places: Vec<Vec<String>> = Vec::new();
    for name in split(stack) {
        match (name.strip_suffix("[inline]"), places.last_mut()) {
            (Some(inlined), Some(place)) => place.push(plain(inlined)),
            (Some(inlined), None) => panic!("{inlined} is inlined into nothing: {text}"),
            (None, _) => places.push(vec![plain(name)]),
        }
    }
    Line { places, bytes }
}

/// Frames are separated by `;` alone; Rust writes `[u8; 8]` with a space behind it.
fn split(stack: &str) -> Vec<&str> {
    let mut frames = Vec::new();
    let mut start = 0;
    for (i, _) in stack.match_indices(';').filter(|(i, _)| !stack[i + 1..].starts_with(' ')) {
        frames.push(&stack[start..i]);
        start = i + 1;
    }
    frames.push(&stack[start..]);
    frames
}

/// A name without the address that jeprof adds to what nm knows (`main<0000000000001189>`), and without the hash that
/// older binutils leave at the end of Rust's names. The first closure of a function is `{closure#0}` or `{{closure}}`
/// there, and `{closure}` with us.
pub(crate) fn plain(name: &str) -> String {
    let tag = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let without = name.strip_suffix('>').and_then(|n| n.rsplit_once('<')).filter(|(_, address)| tag(address));
    let name = without.map_or(name, |(name, _)| name);
    let name = match name.rsplit_once("::h") {
        Some((path, hash)) if tag(hash) => path,
        _ => name,
    };
    let shims = ["vtable", "reify"].into_iter().fold(name.to_owned(), |name, shim| {
        name.replace(&format!("{{{{{shim}.shim}}}}"), &format!("::{{shim:{shim}}}"))
    });
    shims.replace("{{", "{").replace("}}", "}").replace("#0}", "}")
}

/// A copy of a dump without mapping lines, and a file that is no program: with these jeprof can name nothing, so it
/// prints addresses and skips no function by its name.
pub(crate) fn nameless(dump: &Path, dir: &Path) -> (PathBuf, PathBuf) {
    let text = std::fs::read(dump).unwrap();
    let end = text.windows(18).position(|w| w == b"\nMAPPED_LIBRARIES:").expect("the dump has mapping lines");
    let run = dump.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let name = dump.file_name().unwrap_or_default().to_string_lossy();
    let bare = dir.join(format!("bare-{run}-{name}"));
    put(&bare, &text[..=end]);
    let no_program = dir.join(format!("no-program-{run}-{name}.txt"));
    put(&no_program, b"This is no program.\n");
    (no_program, bare)
}

/// At once: another test's jeprof may be reading the same file.
fn put(path: &Path, bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
    file.write_all(bytes).unwrap();
    file.persist(path).unwrap();
}
