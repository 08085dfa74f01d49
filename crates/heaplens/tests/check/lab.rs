//! Small dumps of a program whose functions are known.

use heaplens::check::measure::{self, Options};
use heaplens::check::{self, Check, Measured, Suppressed};
use heaplens::filter::{self, Folding};
use heaplens::input;
use heaplens::profile::{Module, SymbolState};
use heaplens::series::{Series, Source};
use heaplens::symbols::{Place, Resolution, Resolve, symbolize_with};
use std::fmt::Write as _;

pub(crate) const MIB: u64 = 1 << 20;
/// 2026-11-27 14:30:00 UTC.
pub(crate) const START: u64 = 1_795_789_800_000;

/// Where the sources are.
pub(crate) const ROOT: &str = "/work/app";

pub(crate) const MAIN: usize = 0;
pub(crate) const SERVE: usize = 1;
pub(crate) const INSERT: usize = 2;
pub(crate) const FILL: usize = 3;
pub(crate) const PUSH: usize = 4;
pub(crate) const JSON: usize = 5;
pub(crate) const HOSTILE: usize = 6;

/// Name, file and line.
const FUNCTIONS: [(&str, &str, u32); 7] = [
    ("main", "/work/app/src/main.rs", 10),
    ("app::serve", "/work/app/src/serve.rs", 20),
    ("app::sessions::insert", "/work/app/src/sessions.rs", 42),
    ("app::cache::fill", "/work/app/src/cache.rs", 7),
    ("alloc::vec::Vec<T,A>::push", "/rustc/0/library/alloc/src/vec/mod.rs", 2500),
    ("serde_json::from_slice", "/h/.cargo/registry/src/index-0/serde_json-1.0.145/src/de.rs", 9),
    ("<T as \"X\">::f%\u{202e}\n::error::&", "/work/app/src/a,b:c%.rs", 3),
];

/// Numbers of functions from the root, objects, bytes.
pub(crate) type Stack<'a> = (&'a [usize], u64, u64);

/// A dump as the agent writes it.
#[derive(Clone)]
pub(crate) struct Dump {
    pub(crate) rate: u64,
    pub(crate) pid: u32,
    pub(crate) seconds: u64,
    pub(crate) stacks: Vec<(Vec<usize>, u64, u64)>,
    /// More lines of the trailer.
    pub(crate) more: String,
}

impl Dump {
    pub(crate) fn new(rate: u64, seconds: u64, stacks: &[Stack<'_>]) -> Dump {
        let stacks =
            stacks.iter().map(|(stack, objects, bytes)| (stack.to_vec(), *objects, *bytes)).collect();
        Dump { rate, pid: 7, seconds, stacks, more: String::new() }
    }

    pub(crate) fn of(self, pid: u32) -> Dump {
        Dump { pid, ..self }
    }

    pub(crate) fn and(self, line: &str) -> Dump {
        Dump { more: self.more + line + "\n", ..self }
    }

    pub(crate) fn text(&self) -> String {
        let sum = |of: fn(&(Vec<usize>, u64, u64)) -> u64| self.stacks.iter().map(of).sum::<u64>();
        let mut text = format!("heap_v2/{}\n  t*: {}: {} [0: 0]\n", self.rate, sum(|s| s.1), sum(|s| s.2));
        for (stack, objects, bytes) in &self.stacks {
            text.push('@');
            for function in stack.iter().rev() {
                let _ = write!(text, " {:#x}", 0x5500_0000_0008 + 0x10 * function);
            }
            let _ = write!(text, "\n  t*: {objects}: {bytes} [0: 0]\n");
        }
        text += "\nMAPPED_LIBRARIES:\n550000000000-550000001000 r-xp 00000000 fe:00 7 /srv/app\n\
                 7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0 [stack]\n";
        let (length, crc) = (text.len(), crc32fast::hash(text.as_bytes()));
        let time = START + 1000 * self.seconds;
        let _ = write!(
            text,
            "# heaplens 1\n# process pid={} start={} time={time} exe=/srv/app host=db1\n{}# end length={length} \
             crc32={crc:08x}\n",
            self.pid,
            START - 3_600_000 + u64::from(self.pid),
            self.more
        );
        text
    }
}

struct Names;

impl Resolve for Names {
    fn resolve(&self, _: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::unknown(SymbolState::Verified { used: "/srv/app".to_owned() });
        result.places = lookups
            .iter()
            .map(|lookup| {
                let (name, file, line) = FUNCTIONS[*lookup as usize / 0x10];
                vec![Place { function: result.function(name, name, Some(file)), line, column: 0 }]
            })
            .collect();
        result
    }
}

pub(crate) fn series(dumps: &[Dump]) -> Series {
    let mut series = Series::new();
    for (number, dump) in (1..).zip(dumps) {
        let profile = input::read(dump.text().as_bytes(), &input::Limits::default()).unwrap();
        series.push(Source { name: format!("{number}.heap"), file_time_ms: None }, &profile);
    }
    let name = |profile| Ok::<_, ()>(filter::fold(&symbolize_with(&profile, &Names), Folding::default()));
    series.change(name).unwrap();
    series
}

/// Takes what a file of suppressions matches out of a series.
pub(crate) fn suppress(series: &mut Series, file: &str, now_ms: u64) -> Vec<Suppressed> {
    let lines = check::parse_suppressions(file).unwrap();
    check::suppress(series, lines, now_ms, &Default::default())
}

pub(crate) fn options(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    options.judging.warmup = Some(heaplens::leaks::Warmup::Captures(0));
    change(&mut options);
    options
}

pub(crate) fn judge(measured: Measured, options: &Options) -> Check {
    check::judge(measured, &options.limits, None)
}

/// Compares two dumps.
pub(crate) fn dumps(base: &Dump, new: &Dump, options: &Options) -> Check {
    let series = series(&[base.clone(), new.clone()]);
    judge(measure::dumps(&series, Vec::new(), options), options)
}

pub(crate) fn said(check: &Check) -> String {
    let mut page = heaplens::out::check::Options::default();
    page.root = Some(ROOT.to_owned());
    heaplens::out::check::sentence(check, &page)
}

/// What was broken, by which function.
pub(crate) fn broken(check: &Check) -> Vec<(&'static str, Option<&str>)> {
    let name =
        |process: usize, at: usize| check.measured.processes[process].functions[at].function.name.as_str();
    let one = |f: &check::Finding| (f.limit.name(), f.function.map(|at| name(f.process, at)));
    check.findings.iter().map(one).collect()
}
