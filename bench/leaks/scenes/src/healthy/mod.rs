//! Features that grow, shrink or stay, and give back what they should.

pub(crate) mod batches;
pub(crate) mod caches;
pub(crate) mod loads;
pub(crate) mod retention;
pub(crate) mod steady;
