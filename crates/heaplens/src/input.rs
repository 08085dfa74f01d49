//! Bytes of any kind -> [`Profile`], or an error that says what the bytes are instead.

use crate::addresses::Symbols;
use crate::dump::{Dump, Threads};
use crate::error::Error;
use crate::profile::Profile;
use kind::Kind;
use std::borrow::Cow;
use std::io::Read;

pub(crate) mod budget;
mod check;
mod folded;
mod gperftools;
mod json;
mod kind;
mod lines;
mod pprof;
mod prof_log;
mod prof_recent;
mod samples;
mod symbolized;

pub use check::parse_check;
pub use folded::parse as parse_folded;
pub use pprof::{is_pprof, parse as parse_pprof};

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
/// Says what the bytes are instead of a profile, where a line or a message is wrong, or why gzip data cannot be unpacked.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, Error> {
    let packed = bytes.len();
    let bytes = unpack(bytes, limits)?;
    if is_pprof(&bytes) {
        return pprof::parse_packed(&bytes, packed, limits);
    }
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
        Kind::Folded => parse_folded(text),
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

/// What a compressed pprof message may expand to: no program's profile repeats itself more often.
const PPROF_BASE: u64 = 32 << 20;
const PPROF_TIMES: u64 = 32;

/// The bytes themselves, or what they expand to if they are gzip data (several members, one after another).
///
/// # Errors
/// [`Error::Gzip`] for damaged data and for pprof messages that expand as none does, [`Error::TooLarge`] past the limit.
pub fn unpack<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, Error> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return Ok(Cow::Borrowed(bytes));
    }
    let size = bytes.len() as u64;
    let mut limit = limits.unpacked;
    if is_pprof(&head(bytes)) {
        limit = limit.min(PPROF_BASE.saturating_add(size.saturating_mul(PPROF_TIMES)));
    }
    let most = limit.saturating_add(1);
    // Doubled until it is enough, it comes to the limit exactly.
    let mut capacity = most;
    while capacity > size.saturating_mul(4).max(1024) {
        capacity = capacity.div_ceil(2);
    }
    let mut unpacked = Vec::with_capacity(usize::try_from(capacity).unwrap_or(0));
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(most);
    if let Err(error) = reader.read_to_end(&mut unpacked) {
        return Err(Error::Gzip(format!(
            "{error}, after {} bytes of content; was the file cut?",
            unpacked.len()
        )));
    }
    if unpacked.len() as u64 <= limit {
        return Ok(Cow::Owned(unpacked));
    }
    if limit < limits.unpacked {
        return Err(Error::Gzip(format!(
            "{size} bytes that expand to a pprof message of more than {limit}; no program's profile repeats itself so \
             often. Unpack it with gunzip first if it is meant to be"
        )));
    }
    Err(Error::TooLarge { limit })
}

/// What compressed bytes begin with, as far as they can be unpacked.
fn head(packed: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    // What is damaged is found, and said, when all of it is unpacked.
    let _ = flate2::read::MultiGzDecoder::new(packed).take(pprof::HEAD as u64).read_to_end(&mut head);
    head
}
