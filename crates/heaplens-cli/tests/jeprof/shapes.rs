//! The programs, and two dumps of one run of each.
//!
//! Of the dumps' stacks only the program's own frames are kept, and one in `malloc`, as where jemalloc is a library with
//! no other symbols. What frames in libraries are called depends on which packages of debug information this machine has;
//! instances of a generic function of Rust's library share their names. `only_ours` looks at whole dumps.

use crate::judge;
use crate::tools::stdout;
use heaplens::classify;
use heaplens::symbols::{Demangler, Spelling};
use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Cpp,
    Rust,
}

impl Language {
    pub(crate) const ALL: [Language; 3] = [Language::C, Language::Cpp, Language::Rust];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Rust => "Rust",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Language::C => "shapes.c",
            Language::Cpp => "shapes.cpp",
            Language::Rust => "shapes.rs",
        }
    }

    /// jemalloc is linked in, with its symbols.
    pub(crate) fn compiler(self, program: &Path) -> Command {
        let (compiler, options): (_, &[&str]) = match self {
            Language::C => ("gcc".into(), &["-O1", "-g", "-pthread"]),
            Language::Cpp => ("g++".into(), &["-O1", "-g", "-pthread"]),
            Language::Rust => {
                let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
                (rustc, &["--edition=2024", "-g", "-O", "-Ccodegen-units=1"])
            }
        };
        let to_linker = if self == Language::Rust { "-Clink-arg=" } else { "" };
        let libraries =
            ["-l:libjemalloc.a", "-lstdc++", "-lm"].map(|library| format!("{to_linker}{library}"));
        let mut command = Command::new(compiler);
        command.args(options).arg("-o").arg(program).arg(self.source()).args(libraries);
        command
    }

    pub(crate) fn source(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jeprof/programs").join(self.file())
    }
}

/// One program, built, and its dumps.
pub(crate) struct Shapes {
    pub(crate) program: PathBuf,
    pub(crate) base: PathBuf,
    pub(crate) last: PathBuf,
    /// The last as jemalloc wrote it.
    pub(crate) whole: PathBuf,
}

/// What the tests share, made when it is first asked for.
#[derive(Default)]
pub(crate) struct Lab {
    dir: OnceLock<tempfile::TempDir>,
    tools: OnceLock<PathBuf>,
    shapes: [OnceLock<Shapes>; 3],
}

impl Lab {
    pub(crate) fn dir(&self) -> PathBuf {
        let dir = self.dir.get_or_init(|| tempfile::tempdir().expect("a temporary directory"));
        // Mapping lines name files without symbolic links, and jeprof compares letter by letter.
        dir.path().canonicalize().unwrap()
    }

    pub(crate) fn tools(&self) -> &Path {
        self.tools.get_or_init(|| judge::tools(&self.dir()).unwrap())
    }

    pub(crate) fn shapes(&self, language: Language) -> &Shapes {
        self.shapes[language as usize].get_or_init(|| make(language, &self.dir()))
    }
}

fn make(language: Language, dir: &Path) -> Shapes {
    let program = dir.join(language.file().replace('.', "-"));
    stdout(&mut language.compiler(&program));
    let whole = ["base", "last"].map(|name| dir.join(format!("{}.{name}.whole", language.file())));
    let conf = "prof:true,lg_prof_sample:8,prof_accum:true";
    stdout(Command::new(&program).args(&whole).env("MALLOC_CONF", conf));
    let functions = Functions::of(&program);
    let [base, last] = whole.each_ref().map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        let own = path.with_extension("heap");
        std::fs::write(&own, own_frames(&text, &program, &functions)).unwrap();
        own
    });
    let [_, whole] = whole;
    Shapes { program, base, last, whole }
}

/// A program's functions, by the addresses that it was linked for.
struct Functions(Vec<(u64, String)>);

/// Whose a function is.
#[derive(PartialEq)]
enum Whose {
    Own,
    Jemallocs,
    Others,
}

impl Functions {
    fn of(program: &Path) -> Functions {
        let names = stdout(Command::new("nm").args(["-n", "--defined-only"]).arg(program));
        let symbol = |line: &str| {
            let (address, name) = line.split_once(' ').unwrap();
            (hex(address), name[2..].to_owned())
        };
        Functions(names.lines().map(symbol).collect())
    }

    fn whose(&self, address: u64) -> Whose {
        let after = self.0.partition_point(|(start, _)| *start <= address);
        let name = &self.0[..after].last().expect("a function").1;
        let demangled = Demangler::new(Spelling::Binutils).name(name).to_owned();
        let is_rusts = name.starts_with("_R") || name.starts_with("_ZN") && name.contains("17h");
        if classify::is_allocator(&demangled) {
            Whose::Jemallocs
        } else if is_rusts && !name.contains("6shapes") {
            Whose::Others
        } else {
            Whose::Own
        }
    }

    /// An address inside of a function.
    fn inside(&self, wanted: &str) -> u64 {
        self.0.iter().find(|(_, name)| name == wanted).expect("the symbol").0 + 4
    }
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap()
}

/// The dump with the program's frames alone, and its mapping lines.
fn own_frames(dump: &str, program: &Path, functions: &Functions) -> String {
    let (stacks, maps) = dump.split_once("\nMAPPED_LIBRARIES:\n").expect("mapping lines");
    let lines: Vec<&str> = maps.lines().filter(|line| line.ends_with(program.to_str().unwrap())).collect();
    let range = |line: &&str| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        hex(start)..hex(end)
    };
    let ranges: Vec<Range<u64>> = lines.iter().map(range).collect();
    let loaded = ranges[0].start;
    let malloc = format!("{:#x}", loaded + functions.inside("malloc"));
    let own = |addresses: &str| {
        let inside = addresses.split(' ').filter(|a| ranges.iter().any(|range| range.contains(&hex(a))));
        let kept = inside.filter(|address| functions.whose(hex(address) - loaded) == Whose::Own);
        let kept: Vec<&str> = [malloc.as_str()].into_iter().chain(kept).collect();
        kept.join(" ")
    };
    let mut text = String::new();
    for line in stacks.lines() {
        match line.strip_prefix("@ ") {
            Some(addresses) => writeln!(text, "@ {}", own(addresses)).unwrap(),
            None => writeln!(text, "{line}").unwrap(),
        }
    }
    format!("{text}\nMAPPED_LIBRARIES:\n{}\n", lines.join("\n"))
}
