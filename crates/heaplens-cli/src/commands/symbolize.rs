//! `heaplens symbolize`: addresses of a binary to functions and lines, with the options and the output of binutils'
//! addr2line.

mod addresses;
mod answer;

use crate::args::CacheArgs;
use crate::exit::Usage;
use crate::notes;
use crate::output::{Kind, Target};
use anyhow::{anyhow, bail};
use clap::{ArgAction, ValueEnum};
use heaplens::symbols::{self, Binary, Demangler, Spelling};
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

/// Name the functions and lines of a binary's addresses, as addr2line does
///
/// Addresses are hexadecimal, with or without 0x, as the binary's own symbol table has them. Without any they are read
/// from standard input, one a line, and answered as they come. Options and output are those of binutils' addr2line,
/// but for its `(discriminator N)`, which is never printed, and its `SYMBOL+OFFSET` and `@FILE`, which are not read.
#[derive(Debug, clap::Args)]
#[command(version, disable_version_flag = true, infer_long_args = true, args_override_self = true)]
#[command(after_help = "\
Examples:
  heaplens symbolize -e ./server -afpiC 0x1234 0x5678
  nm ./server | awk '$2 == \"T\" { print $1 }' | heaplens symbolize -e ./server -f
As jeprof's addr2line, through an executable script `addr2line`
  #!/bin/sh
  exec heaplens symbolize \"$@\"
  jeprof --tools=addr2line:./addr2line,/usr/bin/ --collapsed ./server mem.heap")]
pub(crate) struct Options {
    /// Where to look; addresses are read from standard input if there are none here
    #[arg(value_name = "ADDR")]
    addresses: Vec<String>,
    /// The binary
    #[arg(short, long, value_name = "BIN", default_value = "a.out")]
    exe: PathBuf,
    /// Print the name of the function before each file and line
    #[arg(short, long)]
    functions: bool,
    /// Demangle names: C++ and Rust, whatever the style but `none`
    #[arg(short = 'C', long, value_name = "STYLE", value_enum)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    demangle: Option<Style>,
    /// Print all functions that are inlined at the address, the innermost first
    #[arg(short, long)]
    inlines: bool,
    /// Print one line for each function
    #[arg(short, long)]
    pretty_print: bool,
    /// Print the address before what is found there
    #[arg(short, long = "addresses")]
    addresses_too: bool,
    /// Leave the directories of files out
    #[arg(short = 's', long)]
    basenames: bool,
    /// Addresses count from the beginning of this section
    #[arg(short = 'j', long, value_name = "NAME")]
    section: Option<String>,
    /// Taken for addr2line's sake, and ignored: the file says itself what it is
    #[arg(short = 'b', long, value_name = "BFDNAME")]
    target: Option<String>,
    /// Taken for addr2line's sake, and ignored: what names may cost is always limited
    #[arg(short = 'R', long, alias = "recursion-limit")]
    recurse_limit: bool,
    /// As --recurse-limit
    #[arg(short = 'r', long, alias = "no-recursion-limit")]
    no_recurse_limit: bool,
    /// A directory with separate debug information, beside /usr/lib/debug
    #[arg(long, value_name = "DIR", help_heading = "Symbols")]
    debug_dir: Vec<PathBuf>,
    #[command(flatten, next_help_heading = "Symbols")]
    cache: CacheArgs,
    /// Print the version
    #[arg(short, long, action = ArgAction::Version, help_heading = None)]
    version: Option<bool>,
}

/// The styles of binutils that mean a language we know. It is told by the name in any case.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Style {
    Auto,
    #[value(name = "gnu-v3")]
    GnuV3,
    Rust,
    None,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut typed = Vec::with_capacity(options.addresses.len());
    for text in &options.addresses {
        let address = addresses::typed(text);
        typed.push(
            address.ok_or_else(|| Usage(format!("{text} is no address: expected hexadecimal digits")))?,
        );
    }
    let mut session = Session::new(options)?;
    if !typed.is_empty() {
        return session.answer(&typed);
    }
    let batches = addresses::from_stdin();
    while let Some(batch) = addresses::next(&batches) {
        session.answer(&batch?)?;
    }
    Ok(())
}

/// What stays the same from one batch of addresses to the next.
struct Session<'a> {
    options: &'a Options,
    lookup: symbols::Options,
    section: Option<Range<u64>>,
    format: answer::Format,
    demangler: Option<Demangler>,
    said: BTreeSet<String>,
}

impl Session<'_> {
    /// # Errors
    /// If the binary cannot be read, or has no such section.
    fn new(options: &Options) -> anyhow::Result<Session<'_>> {
        let shown = options.exe.display();
        let binary = Binary::open(&options.exe).map_err(|why| anyhow!("{shown}: {why}"))?;
        let section = match &options.section {
            None => None,
            Some(name) => match binary.section(name) {
                None => bail!("{shown}: it has no section {name}"),
                found => found,
            },
        };
        let mut lookup = symbols::Options::default();
        lookup.debug_dirs.splice(..0, options.debug_dir.iter().cloned());
        lookup.cache = options.cache.cache();
        let demangles = options.demangle.is_some_and(|style| style != Style::None);
        Ok(Session {
            options,
            lookup,
            section,
            format: answer::Format {
                address_digits: options.addresses_too.then_some(binary.address_digits),
                functions: options.functions,
                inlines: options.inlines,
                pretty: options.pretty_print,
                basenames: options.basenames,
            },
            demangler: demangles.then(|| Demangler::new(Spelling::Binutils)),
            said: BTreeSet::new(),
        })
    }

    /// Prints what is known of these addresses, in their order.
    fn answer(&mut self, asked: &[u64]) -> anyhow::Result<()> {
        let wanted: Vec<Option<u64>> = asked.iter().map(|&address| self.in_file(address)).collect();
        let in_file: Vec<u64> = wanted.iter().copied().flatten().collect();
        let found = symbols::lookup(&self.options.exe, &in_file, &self.lookup)
            .map_err(|why| anyhow!("{}: {why}", self.options.exe.display()))?;
        for problem in found.problem.iter().chain(&found.notes) {
            if self.said.insert(problem.clone()) {
                notes::line(&format!("warning: {problem}"));
            }
        }
        let mut chains = found.places.iter();
        let mut text = String::new();
        for (&address, wanted) in asked.iter().zip(&wanted) {
            let chain = wanted.and_then(|_| chains.next()).map_or(&[][..], Vec::as_slice);
            let demangler = self.demangler.as_mut();
            self.format.write(address, chain, &found, demangler, &mut text);
        }
        Target::Stdout.write(text.as_bytes(), Kind::Report)
    }

    /// The address that is meant; `None` if it lies behind the section.
    fn in_file(&self, address: u64) -> Option<u64> {
        match &self.section {
            None => Some(address),
            Some(section) => section.start.checked_add(address).filter(|address| section.contains(address)),
        }
    }
}
