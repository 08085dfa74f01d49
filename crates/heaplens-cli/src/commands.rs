//! One module a command: its own options, and what it does.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod flamegraph;
pub(crate) mod folded;
pub(crate) mod jeprof;
pub(crate) mod leaks;
pub(crate) mod report;
pub(crate) mod symbolize;
pub(crate) mod symbols;
pub(crate) mod top;
pub(crate) mod view;
