//! Features that keep what they should give back.

pub(crate) mod buffers;
pub(crate) mod lists;
pub(crate) mod maps;
pub(crate) mod pointers;
pub(crate) mod queues;
pub(crate) mod shared;
