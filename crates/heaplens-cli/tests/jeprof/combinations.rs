//! What both are asked for. `BASE`, `LAST` and `PROGRAM` stand for the files.

use crate::shapes::Language;

/// The combinations of options for a program.
pub(crate) fn of(language: Language) -> impl Iterator<Item = &'static str> {
    // In graphs a name that several functions share changes the figures; of C's names jeprof loses nothing.
    let by_name = if language == Language::C { GRAPHS_BY_NAME } else { &[] };
    TABLES.iter().chain(FOLDED).chain(CALLS).chain(GRAPHS).chain(LISTS).chain(by_name).copied()
}

const TABLES: &[&str] = &[
    // The mode, and how options can be written.
    "PROGRAM LAST",
    "--text PROGRAM LAST",
    "PROGRAM LAST -text -cum",
    "--TEX +show_b PROGRAM -- LAST",
    "--gif --no-gif --text PROGRAM LAST",
    // What is counted.
    "--text --show_bytes PROGRAM LAST",
    "--text --inuse_space --show_bytes PROGRAM BASE",
    "--text --inuse_objects PROGRAM LAST",
    "--text --alloc_space PROGRAM LAST",
    "--text --alloc_objects --cum PROGRAM LAST",
    // What a row stands for.
    "--text --functions --cum PROGRAM LAST",
    "--text --lines PROGRAM LAST",
    "--text --lines --cum --show_bytes PROGRAM LAST",
    "--text --files PROGRAM LAST",
    "--text --files --inuse_objects PROGRAM LAST",
    "--text --addresses PROGRAM LAST",
    "--text --addresses --alloc_space --show_bytes PROGRAM LAST",
    // Which stacks and frames.
    "--text --focus=^work|:work PROGRAM LAST",
    "--text --ignore ^work|:work PROGRAM LAST",
    "--text --focus=run --ignore=nest$|insert$ PROGRAM LAST",
    "--text --lines --focus=shapes\\.[a-z]+:[0-9]+$ --ignore=:1 PROGRAM LAST",
    "--text --retain=::run$|^run$|work$|fill PROGRAM LAST",
    "--text --exclude=nest$|insert$ PROGRAM LAST",
    "--text --retain=run$|nest$|work$ --exclude=nest$ --show_bytes PROGRAM LAST",
    "--text --focus=no.such.function PROGRAM LAST",
    // Several profiles, and differences.
    "--text PROGRAM BASE LAST",
    "--text --lines --alloc_space --show_bytes PROGRAM LAST BASE LAST",
    "--text --base=BASE PROGRAM LAST",
    "--text --base BASE --show_bytes --cum PROGRAM LAST",
    "--text --base=LAST --show_bytes PROGRAM BASE",
    "--text --base=BASE --drop_negative --show_bytes PROGRAM LAST",
    "--text --base=BASE --alloc_objects --lines PROGRAM LAST BASE",
    "--text --base=LAST PROGRAM LAST",
    // Threads.
    "--text --thread=0 PROGRAM LAST",
    "--text --thread=1 --show_bytes PROGRAM LAST",
    "--text --thread=2 --lines PROGRAM LAST",
    "--text --thread=99 PROGRAM LAST",
    "--text --thread=* PROGRAM LAST",
    "--text --thread=* --alloc_space --files --cum PROGRAM LAST BASE",
    "--text --thread=* --base=BASE --focus=^work|:work PROGRAM LAST",
];

const FOLDED: &[&str] = &[
    "--collapsed PROGRAM LAST",
    "--collapse --inuse_objects PROGRAM LAST",
    "--collapsed --alloc_space PROGRAM BASE LAST",
    "--collapsed --lines --show_bytes --focus=^work|:work PROGRAM LAST",
    "--collapsed --ignore=nest$|insert$ PROGRAM LAST",
    "--collapsed --exclude=nest$|insert$ --alloc_objects PROGRAM LAST",
    "--collapsed --base=BASE PROGRAM LAST",
    "--collapsed --base=BASE --drop_negative PROGRAM LAST",
    "--collapsed --base=LAST --inuse_objects PROGRAM BASE",
    "--collapsed --thread=0 PROGRAM LAST",
    "--collapsed --thread=* PROGRAM LAST",
];

const CALLS: &[&str] = &[
    "--callgrind PROGRAM LAST",
    "--callgrind --alloc_objects --focus=^work|:work PROGRAM LAST",
    "--callgrind --base=BASE PROGRAM LAST",
];

const GRAPHS: &[&str] =
    &["--dot --files PROGRAM LAST", "--dot --files --inuse_objects --base=BASE PROGRAM LAST"];

const GRAPHS_BY_NAME: &[&str] = &[
    "--dot PROGRAM LAST",
    "--dot --show_bytes --ignore=^work|:work PROGRAM LAST",
    "--dot --lines PROGRAM BASE LAST",
    "--dot --addresses --alloc_objects PROGRAM LAST",
    "--dot --nodecount=6 --nodefraction=.01 PROGRAM LAST",
    "--dot --nodefraction=0 --edgefraction=0 --maxdegree=2 PROGRAM LAST",
    "--dot --edgefraction=.2 --base=BASE PROGRAM LAST",
    "--dot --thread=* PROGRAM LAST",
];

const LISTS: &[&str] = &[
    "--disasm=nest PROGRAM LAST",
    "--disasm=\\brun|keep --show_bytes --base=BASE PROGRAM LAST",
    "--list=\\brun|work PROGRAM LAST",
    "--list=nest --lines --files --show_bytes --focus=work PROGRAM LAST",
    "--list=keep --base=BASE PROGRAM LAST",
    "--list=work --alloc_objects --thread=* PROGRAM LAST",
];
