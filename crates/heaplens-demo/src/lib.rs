//! A small time-series service with a leak to find, and the load that makes it leak.
//!
//! `heaplens-demo standalone start` serves InfluxDB line protocol and range queries; `heaplens-demo load`
//! writes to it. The code is a demo's: no clustering, no files, everything in memory.

pub mod cli;
mod line_protocol;
pub mod load;
mod lock;
mod profiling;
mod routes;
mod server;
mod soak;
mod store;
