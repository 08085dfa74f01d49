//! jeprof's options, and what they ask for together.

use super::getopt::{self, Kind, Parsed, Spec};
use crate::exit::Usage;
use heaplens::profile::SampleType;
use std::ffi::OsString;
use std::path::PathBuf;

/// What is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Text,
    Collapsed,
    Callgrind,
    Dot,
    Picture(Picture),
    Symbols,
    /// The profile with its names.
    Raw,
    /// Functions by this expression, with their source.
    List(String),
    /// Functions by this expression, with their instructions.
    Disasm(String),
}

/// A format that graphviz draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    Ps,
    Pdf,
    Svg,
    Gif,
}

/// How much of a graph is drawn.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodecount: i64,
    pub(super) nodefraction: f64,
    pub(super) edgefraction: f64,
    pub(super) maxdegree: i64,
}

/// What one row, box or frame stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Granularity {
    Addresses,
    Lines,
    Functions,
    Files,
}

/// Which functions at the end of a stack are the allocator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// Those that jeprof knows, and those that heaplens knows more.
    All,
    /// Those that jeprof knows.
    Jeprofs,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) granularity: Granularity,
    pub(super) sample: SampleType,
    pub(super) show_bytes: bool,
    pub(super) drop_negative: bool,
    pub(super) cum: bool,
    pub(super) skip: Skip,
    pub(super) base: Option<OsString>,
    pub(super) thread: Option<String>,
    pub(super) patterns: Patterns,
    pub(super) graph: Graph,
    /// A library at the addresses that it was linked for.
    pub(super) add_lib: Option<PathBuf>,
    /// Directories to look for libraries in.
    pub(super) lib_prefix: Vec<PathBuf>,
    /// Program and profiles.
    pub(super) inputs: Vec<OsString>,
}

/// The expressions that choose stacks and frames, as typed; empty ones count as none.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns {
    pub(super) focus: Option<String>,
    pub(super) ignore: Option<String>,
    pub(super) retain: Option<String>,
    pub(super) exclude: Option<String>,
}

/// What the arguments ask for.
pub(super) enum Wish {
    Help,
    Version,
    Run(Box<Settings>),
}

macro_rules! specs {
    ($($kind:ident: $($name:literal)*;)*) => {
        &[$($(Spec { name: $name, kind: Kind::$kind },)*)*]
    };
}

/// jeprof's own, and `jeprof-skip-list`.
const SPECS: &[Spec] = specs! {
    Switch: "help" "version" "cum" "functions" "lines" "addresses" "files" "text" "callgrind" "symbols" "gv" "evince"
        "web" "dot" "ps" "pdf" "svg" "gif" "raw" "collapsed" "interactive" "inuse_space" "inuse_objects" "alloc_space"
        "alloc_objects" "show_bytes" "drop_negative" "total_delay" "contentions" "mean_delay" "test" "debug"
        "debug-syms-by-id" "jeprof-skip-list";
    Plain: "heapcheck";
    Text: "base" "add_lib" "lib_prefix" "list" "disasm" "focus" "thread" "ignore" "retain" "exclude" "tools";
    Integer: "seconds" "nodecount" "maxdegree" "scale" "test_stride";
    Real: "nodefraction" "edgefraction";
};

/// Modes and options that there is no equal to, and what to use.
const INSTEAD: &[(&str, &str)] = &[
    ("gv", "opens no viewer; use --svg > mem.svg, or `heaplens flamegraph`, whose picture a browser shows"),
    (
        "evince",
        "opens no viewer; use --pdf > mem.pdf, or `heaplens flamegraph`, whose picture a browser shows",
    ),
    ("web", "opens no browser; use --svg > mem.svg, or `heaplens flamegraph`, whose picture a browser shows"),
    ("interactive", "is not there; use --text, or `heaplens top` and `heaplens flamegraph`"),
    ("heapcheck", "is for gperftools' heap checker; for what a program did not free use --base"),
    ("contentions", "is for contention profiles; heaplens reads heap profiles only"),
    ("total_delay", "is for contention profiles; heaplens reads heap profiles only"),
    ("mean_delay", "is for contention profiles; heaplens reads heap profiles only"),
    ("test", "runs the tests inside jeprof; those of heaplens are `cargo test`"),
    ("test_stride", "is for the tests inside jeprof"),
];

/// Reads the arguments.
///
/// # Errors
/// [`Usage`]: what jeprof would not take either, or what is not there.
pub(super) fn read(arguments: &[OsString]) -> Result<Wish, Usage> {
    let typed = getopt::parse(SPECS, arguments).map_err(|why| Usage(format!("jeprof: {why}; see --help")))?;
    if typed.switch("help") {
        return Ok(Wish::Help);
    }
    if typed.switch("version") {
        return Ok(Wish::Version);
    }
    let is_given = |name| typed.switch(name) || typed.text(name).is_some() || typed.integer(name, 0) != 0;
    if let Some((name, why)) = INSTEAD.iter().find(|(name, _)| is_given(name)) {
        return Err(Usage(format!("jeprof --{name} {why}")));
    }
    let mode = mode(&typed)?;
    let settings = Settings {
        granularity: match mode {
            // Whatever was typed.
            Mode::Symbols | Mode::List(_) | Mode::Disasm(_) => Granularity::Addresses,
            _ => granularity(&typed)?,
        },
        mode,
        sample: sample(&typed)?,
        show_bytes: typed.switch("show_bytes"),
        drop_negative: typed.switch("drop_negative"),
        cum: typed.switch("cum"),
        skip: if typed.switch("jeprof-skip-list") { Skip::Jeprofs } else { Skip::All },
        base: typed.text("base").cloned(),
        thread: text(&typed, "thread")?,
        patterns: Patterns {
            focus: text(&typed, "focus")?,
            ignore: text(&typed, "ignore")?,
            retain: text(&typed, "retain")?,
            exclude: text(&typed, "exclude")?,
        },
        graph: Graph {
            nodecount: typed.integer("nodecount", 80),
            nodefraction: typed.real("nodefraction", 0.005),
            edgefraction: typed.real("edgefraction", 0.001),
            maxdegree: typed.integer("maxdegree", 8),
        },
        add_lib: typed.text("add_lib").map(PathBuf::from),
        lib_prefix: prefixes(text(&typed, "lib_prefix")?.as_deref()),
        inputs: typed.rest,
    };
    Ok(Wish::Run(Box::new(settings)))
}

fn text(typed: &Parsed, name: &str) -> Result<Option<String>, Usage> {
    let text = typed.text(name).map(|text| {
        let text = text.to_str().map(str::to_owned);
        text.ok_or_else(|| Usage(format!("jeprof --{name}: the value is not UTF-8")))
    });
    Ok(text.transpose()?.filter(|text| !text.is_empty()))
}

fn prefixes(list: Option<&str>) -> Vec<PathBuf> {
    let dirs = list.unwrap_or_default().split(',').filter(|dir| !dir.is_empty());
    dirs.map(|dir| PathBuf::from(if dir.len() > 1 { dir.trim_end_matches('/') } else { dir })).collect()
}

/// The one of these switches that is on.
fn one<T: Copy>(typed: &Parsed, of: &[(&'static str, T)], what: &str) -> Result<Option<T>, Usage> {
    only(of.iter().copied().filter(|(name, _)| typed.switch(name)).collect(), what)
}

/// The only one that was given.
fn only<T>(mut given: Vec<(&'static str, T)>, what: &str) -> Result<Option<T>, Usage> {
    if given.len() > 1 {
        let list: Vec<String> = given.iter().map(|(name, _)| format!("--{name}")).collect();
        return Err(Usage(format!("jeprof: {} are several {what}; give one", list.join(", "))));
    }
    Ok(given.pop().map(|(_, value)| value))
}

fn mode(typed: &Parsed) -> Result<Mode, Usage> {
    let mut given = vec![
        ("text", Mode::Text),
        ("callgrind", Mode::Callgrind),
        ("symbols", Mode::Symbols),
        ("raw", Mode::Raw),
        ("dot", Mode::Dot),
        ("ps", Mode::Picture(Picture::Ps)),
        ("pdf", Mode::Picture(Picture::Pdf)),
        ("svg", Mode::Picture(Picture::Svg)),
        ("gif", Mode::Picture(Picture::Gif)),
        ("collapsed", Mode::Collapsed),
    ];
    given.retain(|(name, _)| typed.switch(name));
    given.extend(text(typed, "list")?.map(|list| ("list", Mode::List(list))));
    given.extend(text(typed, "disasm")?.map(|disasm| ("disasm", Mode::Disasm(disasm))));
    only(given, "output modes").map(|mode| mode.unwrap_or(Mode::Text))
}

fn granularity(typed: &Parsed) -> Result<Granularity, Usage> {
    let all = [
        ("addresses", Granularity::Addresses),
        ("lines", Granularity::Lines),
        ("functions", Granularity::Functions),
        ("files", Granularity::Files),
    ];
    Ok(one(typed, &all, "granularities")?.unwrap_or(Granularity::Functions))
}

fn sample(typed: &Parsed) -> Result<SampleType, Usage> {
    let all = SampleType::ALL.map(|sample| (sample.name(), sample));
    Ok(one(typed, &all, "sample types")?.unwrap_or_default())
}
