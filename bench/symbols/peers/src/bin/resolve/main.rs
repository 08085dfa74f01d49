//! `resolve ENGINE BINARY ADDRESSES [THREADS [CACHE]]`: names the addresses of a list in a fresh process, and prints how many
//! got a function, how many a line, and how many functions that were.
//!
//! ENGINE is `addr2line`, `blazesym` or `heaplens`; `compare` asks both addr2line and heaplens and prints where they
//! differ. ADDRESSES is a file of virtual addresses, one hexadecimal number a line; CACHE a directory where heaplens keeps
//! its answers.
//!
//! Every engine makes names readable and hands on chains, the innermost function first; nothing is kept afterwards.

mod blaze;
mod compare;
mod gimlis;
mod ours;

use std::path::Path;
use std::process::ExitCode;

/// One function of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place<'a> {
    name: &'a str,
    file: Option<&'a str>,
    line: u32,
}

/// What came out, so that an engine that found nothing cannot look fast.
#[derive(Default)]
struct Tally {
    addresses: usize,
    named: usize,
    with_line: usize,
    functions: usize,
    /// Keeps the optimizer from leaving out what nobody reads.
    letters: usize,
}

impl Tally {
    fn add<'a>(&mut self, chain: impl IntoIterator<Item = Place<'a>>) {
        let (mut named, mut with_line) = (false, false);
        for place in chain {
            named |= !place.name.is_empty();
            with_line |= place.file.is_some() && place.line > 0;
            self.functions += 1;
            self.letters += place.name.len() + place.file.map_or(0, str::len);
        }
        self.addresses += 1;
        self.named += usize::from(named);
        self.with_line += usize::from(with_line);
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("resolve: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), String> {
    let [engine, binary, list, rest @ ..] = args else {
        return Err("usage: resolve addr2line|blazesym|heaplens|compare BINARY ADDRESSES [THREADS [CACHE]]"
            .to_owned());
    };
    let threads = rest.first().map_or(Ok(1), |n| n.parse().map_err(|_| format!("{n} is no number")))?;
    let binary = Path::new(binary);
    let addresses = addresses(Path::new(list))?;
    let tally = match engine.as_str() {
        "addr2line" => gimlis::resolve(binary, &addresses)?,
        "blazesym" => blaze::resolve(binary, &addresses)?,
        "heaplens" => ours::resolve(binary, &addresses, threads, rest.get(1).map(Path::new))?,
        "compare" => return compare::run(binary, &addresses),
        other => return Err(format!("{other} is no engine: addr2line, blazesym, heaplens or compare")),
    };
    println!(
        "{{\"addresses\": {}, \"named\": {}, \"with_line\": {}, \"functions\": {}, \"letters\": {}}}",
        tally.addresses, tally.named, tally.with_line, tally.functions, tally.letters
    );
    Ok(())
}

fn addresses(list: &Path) -> Result<Vec<u64>, String> {
    let text = std::fs::read_to_string(list).map_err(|e| format!("{}: {e}", list.display()))?;
    let number = |line: &str| u64::from_str_radix(line.trim_start_matches("0x"), 16);
    text.lines().map(|line| number(line).map_err(|_| format!("{line} is no address"))).collect()
}
