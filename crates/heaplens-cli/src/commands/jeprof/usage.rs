//! What `heaplens jeprof --help` and `--version` print.

use crate::args::Cli;
use clap::CommandFactory;

pub(super) const USAGE: &str = "heaplens jeprof [OPTIONS] <PROGRAM> <PROFILE>...";

pub(super) const OPTIONS: &str = "\
Options are read as jeprof reads them: in any case and order, with one dash or two, the beginning
of a name where it is the beginning of no other (--collapse), --no- before a switch to undo it.

Output:
  --text                  A table of functions; the default
  --collapsed             Folded stacks, for flamegraph.pl
  --callgrind             The calls, for KCachegrind
  --dot                   The graph of calls, for graphviz
  --svg --ps --pdf --gif  The graph as a picture, which graphviz draws
  --list=<RE>             The source of functions that match, with what each line holds
  --disasm=<RE>           Their instructions (x86-64 only)
  --raw                   The profile with its names, which jeprof reads without the program
  --symbols               Names for addresses: mapping lines and addresses come on standard input

A row or box stands for:
  --functions             A function; the default
  --lines                 A line
  --files                 A file
  --addresses             An address

What is counted:
  --inuse_space           Live bytes; the default
  --inuse_objects         Live objects
  --alloc_space           Bytes allocated so far (needs prof_accum:true)
  --alloc_objects         Objects allocated so far (needs prof_accum:true)
  --show_bytes            Print bytes, not MB
  --base=<PROFILE>        Subtract this profile
  --drop_negative         Leave out what shrank since the base
  --thread=<N|NAME|*>     Print this thread's part, or one thread after the other
  --cum                   Sort by what functions hold together with their callees

Which stacks, and which frames of them (regular expressions):
  --focus=<RE>            Keep stacks with a function, file or address that matches
  --ignore=<RE>           Drop them
  --retain=<RE>           Keep only frames whose function matches
  --exclude=<RE>          Drop them
  --jeprof-skip-list      Drop the allocator's frames that jeprof drops, and no more (heaplens' own option)

How much of a graph is drawn:
  --nodecount=<N>         Most boxes; 80 by default
  --nodefraction=<F>      Leave out boxes of no more than this part; .005 by default
  --edgefraction=<F>      Leave out lines of no more than this part; .001 by default
  --maxdegree=<N>         Most lines into a box, and out of it; 8 by default

Symbols:
  --lib_prefix=<DIR,...>  Look for libraries in these directories, by the end of their paths
  --add_lib=<FILE>        Look into this library, too, at the addresses that it was linked for
  --debug-syms-by-id      Taken, and always done
  --tools=<...>           Taken, and ignored, as JEPROF_TOOLS is: no other program is asked for names

What differs from jeprof's output, and why: docs/jeprof.md

Examples:
  heaplens jeprof --text ./server mem.heap
  heaplens jeprof --collapse --base=base.heap ./server leak.heap | flamegraph.pl > leak.svg";

/// As `heaplens help jeprof` prints it.
pub(super) fn help() -> String {
    let mut command = Cli::command();
    match command.find_subcommand_mut("jeprof") {
        Some(jeprof) => jeprof.render_long_help().to_string(),
        None => OPTIONS.to_owned(),
    }
}

pub(super) fn version() -> String {
    format!("heaplens {}, with the options and formats of jeprof 5.3.0\n", env!("CARGO_PKG_VERSION"))
}
