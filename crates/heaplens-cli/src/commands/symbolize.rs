//! `heaplens symbolize`: addresses of a binary to functions and lines, with the options and the output of binutils'
//! addr2line.

mod addresses;
mod answer;
pub(crate) mod response;

use crate::args::CacheArgs;
use crate::notes;
use crate::output::{Kind, Target};
use crate::paths::{self, Expected};
use addresses::Asked;
use anyhow::{anyhow, bail};
use clap::{ArgAction, ValueEnum};
use heaplens::symbols::{self, Binary, Demangler, Lookup, Spelling};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;

/// Addresses that are looked up together at most: memory for their answers grows with them, and time hardly shrinks.
const BATCH: usize = 1 << 16;
/// Bytes of output that are written at once.
const WRITE: usize = 1 << 16;
/// Names that are remembered demangled.
const REMEMBERED: usize = 1 << 16;

/// Name the functions and lines of a binary's addresses, as addr2line does
///
/// Addresses are hexadecimal, with or without 0x, as the binary's own symbol table has them; or a symbol's name, with
/// `+OFFSET` behind it in decimal or with 0x. Without any they are read from standard input, one a line, and answered as
/// they come. `@FILE` stands for the arguments in a file. Options and output are those of binutils' addr2line, but for
/// what docs/symbols.md lists.
#[derive(Debug, clap::Args)]
#[command(version, display_name = "heaplens", infer_long_args = true, args_override_self = true)]
#[command(disable_version_flag = true, disable_help_flag = true)]
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
    addresses: Vec<OsString>,
    /// The binary
    #[arg(short, long, value_name = "BIN", default_value = "a.out")]
    exe: PathBuf,
    /// Print the name of the function before each file and line
    #[arg(short, long)]
    functions: bool,
    /// Demangle names of C++ and Rust: with `auto`, the default, `gnu-v3` or `rust`; other styles leave names as they are
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
    /// Print help; `--help` says more
    #[arg(short, short_alias = 'H', long, action = ArgAction::Help, help_heading = None)]
    help: Option<bool>,
    /// Print the version
    #[arg(short, short_alias = 'V', long, action = ArgAction::Version, help_heading = None)]
    version: Option<bool>,
}

/// The styles of binutils.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Style {
    Auto,
    #[value(name = "gnu-v3")]
    GnuV3,
    Java,
    Gnat,
    Dlang,
    Rust,
    None,
}

impl Style {
    /// The language is told by the name; those that we do not demangle leave all names as they are.
    fn demangler(self) -> Option<Demangler> {
        match self {
            Style::Auto | Style::GnuV3 | Style::Rust => Some(Demangler::new(Spelling::Binutils)),
            Style::Java | Style::Gnat | Style::Dlang | Style::None => None,
        }
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    paths::require("--debug-dir", &options.debug_dir, Expected::Directory)?;
    let mut lookup = symbols::Options::default();
    lookup.debug_dirs.splice(..0, options.debug_dir.iter().cloned());
    lookup.cache = options.cache.cache();
    let shown = options.exe.display();
    let binary = Binary::open(&options.exe, &lookup).map_err(|why| anyhow!("{shown}: {why}"))?;
    let mut session = Session::new(options, &binary)?;
    let mut answer = |asked: &[Asked]| asked.chunks(BATCH).try_for_each(|batch| session.answer(batch));
    if !options.addresses.is_empty() {
        let typed = options.addresses.iter();
        return answer(&typed.map(|text| Asked::read(text.as_encoded_bytes())).collect::<Vec<_>>());
    }
    let batches = addresses::from_stdin();
    while let Some(batch) = addresses::next(&batches, BATCH) {
        answer(&batch?)?;
    }
    Ok(())
}

/// What stays the same from one batch of addresses to the next.
struct Session<'a> {
    binary: &'a Binary,
    lookup: Lookup<'a>,
    section: Option<Range<u64>>,
    /// Bits that an address has.
    mask: u64,
    format: answer::Format,
    demangler: Option<Demangler>,
    /// For symbols that are given demangled, which may be without `-C`.
    by_name: Option<Demangler>,
    said: BTreeSet<String>,
}

impl<'a> Session<'a> {
    /// # Errors
    /// If the binary has no such section.
    fn new(options: &Options, binary: &'a Binary) -> anyhow::Result<Session<'a>> {
        let section = match &options.section {
            None => None,
            Some(name) => match binary.section(name) {
                None => bail!("{}: it has no section {name}", options.exe.display()),
                found => found,
            },
        };
        let digits = binary.address_digits();
        Ok(Session {
            binary,
            lookup: binary.lookup(),
            section,
            mask: if digits == 8 { u32::MAX.into() } else { u64::MAX },
            format: answer::Format {
                address_digits: options.addresses_too.then_some(digits),
                functions: options.functions,
                inlines: options.inlines,
                pretty: options.pretty_print,
                basenames: options.basenames,
            },
            demangler: options.demangle.and_then(Style::demangler),
            by_name: options.demangle.unwrap_or(Style::Auto).demangler(),
            said: BTreeSet::new(),
        })
    }

    /// Prints what is known of these addresses, in their order.
    fn answer(&mut self, asked: &[Asked]) -> anyhow::Result<()> {
        let asked = self.addresses(asked);
        let wanted: Vec<Option<u64>> = asked.iter().map(|&address| self.in_file(address)).collect();
        let in_file: Vec<u64> = wanted.iter().copied().flatten().collect();
        let found = self.lookup.places(&in_file);
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
            if text.len() >= WRITE {
                Target::Stdout.write(text.as_bytes(), Kind::Report)?;
                text.clear();
            }
        }
        if let Some(demangler) = self.demangler.as_mut().filter(|d| d.remembered() > REMEMBERED) {
            demangler.forget();
        }
        Target::Stdout.write(text.as_bytes(), Kind::Report)
    }

    /// The addresses that are asked for; 0 for a symbol that the binary does not have, as addr2line takes it.
    fn addresses(&mut self, asked: &[Asked]) -> Vec<u64> {
        let names: Vec<&[u8]> = asked.iter().filter_map(Asked::symbol).collect();
        let mut found = match names.is_empty() {
            true => Vec::new(),
            false => self.binary.symbols(&names, self.by_name.as_mut()),
        }
        .into_iter();
        let address = |asked: &Asked| match asked {
            Asked::Address(address) => *address,
            Asked::Symbol { offset, .. } => {
                found.next().flatten().map_or(0, |symbol| symbol.wrapping_add(*offset))
            }
        };
        asked.iter().map(address).map(|address| address & self.mask).collect()
    }

    /// The address that is meant; `None` if it lies behind the section.
    fn in_file(&self, address: u64) -> Option<u64> {
        match &self.section {
            None => Some(address),
            Some(section) => section.start.checked_add(address).filter(|address| section.contains(address)),
        }
    }
}
