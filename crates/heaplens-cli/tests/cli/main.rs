//! The program as people and scripts see it: what it prints, where, and its exit code.

mod capture;
mod check; // the gate for CI
mod console; // what --help and the examples print
mod convert; // forms of other tools
mod debuginfod; // servers of debug files
#[cfg(unix)]
mod demo; // the demo, on a service that is a shell script
mod files; // wrong files, streams, pipes
mod jeprof; // what of jeprof's there is not
mod leaks; // what it draws
mod network; // servers that answer, refuse, lie, or never end
mod pprof; // pprof as input
#[cfg(target_os = "linux")]
mod process; // programs that still run
#[cfg(unix)]
#[path = "../programs/mod.rs"]
mod programs; // programs that tests put somewhere
mod report; // the page, as a file and from a server
mod run; // starts the program
mod server; // a server of a few lines, in this process
mod symbol_server; // names from the server that a profile came from
mod symbolize; // addresses of a binary
mod symbols; // the cache and tables of symbols
