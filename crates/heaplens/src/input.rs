//! Bytes of any kind -> [`Profile`], or an error that says what the bytes are instead.

use crate::addresses::Symbols;
use crate::dump::{Dump, Threads};
use crate::error::Error;
use crate::profile::Profile;
use kind::Kind;
use std::borrow::Cow;
use std::io::Read;

mod folded;
mod gperftools;
mod json;
mod kind;
mod lines;
mod prof_log;
mod prof_recent;
mod samples;
mod symbolized;

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

/// Reads a profile of any form that `docs/formats.md` lists, gzip-compressed or not.
///
/// # Errors
/// Says what the bytes are instead of a profile, where a line is wrong, or why gzip data cannot be unpacked.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let bytes = unpack(bytes, limits)?;
    if let Some(other) = kind::not_a_profile(&bytes) {
        return Err(other);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match kind::of(text) {
        Kind::Symbolized => {
            let parts = symbolized::split(text)?;
            parts.finish(heap_profile(parts.profile, &parts.symbols, limits.threads))
        }
        Kind::ProfLog => prof_log::read(text, limits.threads),
        Kind::ProfRecent => prof_recent::read(text, limits.threads),
        Kind::HeapV2 | Kind::Gperftools => heap_profile(text, &Symbols::default(), limits.threads),
        Kind::Folded => parse_folded(&bytes),
    }
}

/// A profile of addresses, with the names that came with it.
fn heap_profile(bytes: &[u8], symbols: &Symbols<'_>, threads: Threads) -> Result<Profile, Error> {
    if let Some(other) = kind::not_a_profile(bytes) {
        return Err(other);
    }
    match kind::of(bytes) {
        Kind::Gperftools => gperftools::read(bytes, symbols),
        // What is neither is refused there.
        _ => Ok(Dump::parse(bytes)?.to_named_profile(threads, symbols)),
    }
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
