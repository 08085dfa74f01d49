//! The store: a write buffer per measurement, immutable segments, retention, and what finds them again.

pub(crate) mod aggregate;
pub(crate) mod codec;
pub(crate) mod column;
pub(crate) mod engine;
pub(crate) mod footprint;
pub(crate) mod label_index;
#[cfg(all(test, feature = "leak-test"))]
mod leak_tests;
pub(crate) mod memtable;
pub(crate) mod query;
pub(crate) mod query_cache;
pub(crate) mod retention;
pub(crate) mod segment;
pub(crate) mod series;
pub(crate) mod stats;
