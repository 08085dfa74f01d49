//! Which sites leak: statistics over a series of dumps, and what is concluded from them.

pub mod decide;
pub mod statistics;

pub use decide::{Decision, Estimate, History, Label, Needs, Options, Run, decide};
