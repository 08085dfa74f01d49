//! Bytes of any kind -> [`Profile`], or an error that says what the bytes are instead.

use crate::dump::{Dump, Threads};
use crate::error::Error;
use crate::profile::Profile;
use std::borrow::Cow;
use std::io::Read;

mod folded;
mod kind;

pub use folded::parse as parse_folded;

/// How much an input may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes that compressed data may expand to.
    pub unpacked: u64,
    /// Whether threads are kept apart.
    pub threads: Threads,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { unpacked: 2 << 30, threads: Threads::Merged }
    }
}

/// Reads a heap_v2 dump or folded stacks, gzip-compressed or not.
///
/// # Errors
/// Says what the bytes are instead of a profile, where a line is wrong, or why gzip data cannot be unpacked.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let bytes = unpack(bytes, limits)?;
    if let Some(other) = kind::not_a_profile(&bytes) {
        return Err(other);
    }
    if kind::is_heap_v2(&bytes) {
        return Ok(Dump::parse(&bytes)?.to_profile(limits.threads));
    }
    parse_folded(&bytes)
}

/// The bytes themselves, or what they expand to if they are gzip data (several members, one after another).
///
/// # Errors
/// [`Error::Gzip`] for damaged data, [`Error::TooLarge`] past the limit.
pub fn unpack<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limits.unpacked.saturating_add(1));
    if let Err(error) = reader.read_to_end(&mut unpacked) {
        return Err(Error::Gzip(format!(
            "{error}, after {} bytes of content; was the file cut?",
            unpacked.len()
        )));
    }
    if unpacked.len() as u64 > limits.unpacked {
        return Err(Error::TooLarge { limit: limits.unpacked });
    }
    Ok(Cow::Owned(unpacked))
}
