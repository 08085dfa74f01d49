//! Compressed sections into memory, within bounds.

use super::super::bytes::{Bytes, Damage, Result};
use super::{Format, Packed};
use std::io::{self, Read};

/// Debug information deflates to a third or a tenth. What claims more is believed only while it is small.
const MAX_RATIO: u64 = 64;
/// Up to this size any ratio is believed; there are ten sections and more that can claim it.
const SMALL: u64 = 16 << 20;
/// No mini debug info is larger.
const MAX_XZ: u64 = 64 << 20;

/// Reads bytes from the front on.
struct Forward<'b> {
    bytes: &'b Bytes,
    at: u64,
    held: Vec<u8>,
    used: usize,
}

impl Read for Forward<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.used == self.held.len() {
            let read = self.bytes.read_up_to(self.at, 1 << 16, &mut self.held);
            read.map_err(|damage| io::Error::other(damage.to_string()))?;
            self.at += self.held.len() as u64;
            self.used = 0;
        }
        let n = into.len().min(self.held.len() - self.used);
        into[..n].copy_from_slice(&self.held[self.used..self.used + n]);
        self.used += n;
        Ok(n)
    }
}

/// A file in xz, as mini debug info is: symbol tables of a few megabytes. `memory` is what it may take.
///
/// # Errors
/// If it is not xz, or larger than any such table.
pub(super) fn xz(bytes: &Bytes, memory: u64) -> Result<Bytes> {
    let forward = Forward { bytes, at: 0, held: Vec::new(), used: 0 };
    // What comes out is there twice, the second time as the window, and both may have room to grow.
    let most = MAX_XZ.min(memory / 4);
    let mut out = Vec::new();
    let reader = lzma_rust2::XzReader::new(forward, true);
    reader.take(most + 1).read_to_end(&mut out)?;
    if out.len() as u64 > most {
        return Err(Damage(format!("its mini debug info inflates to more than {most} bytes")));
    }
    Ok(Bytes::of_memory(out))
}

/// A compressed section, inflated when it is first looked at. Its size is taken from `budget` now.
///
/// # Errors
/// If the claimed size is not believed or passes what is left of `budget`.
pub(super) fn inflated(bytes: &Bytes, packed: Packed, name: &str, budget: &mut u64) -> Result<Bytes> {
    let size = packed.inflated;
    if size > SMALL && size / MAX_RATIO > bytes.len() {
        let from = bytes.len();
        return Err(Damage(format!(
            "it claims to inflate from {from} to {size} bytes, which is not believed"
        )));
    }
    let left = *budget;
    *budget = left.checked_sub(size).ok_or_else(|| Damage::too_large("it", size, left))?;
    let (bytes, name) = (bytes.clone(), name.to_owned());
    Ok(Bytes::later(size, move || inflate(&bytes, packed).map_err(|damage| in_section(&name, damage))))
}

pub(super) fn in_section(name: &str, Damage(why): Damage) -> Damage {
    Damage(format!("section {name}: {why}"))
}

/// # Errors
/// If the data is not what it says.
fn inflate(bytes: &Bytes, packed: Packed) -> Result<Vec<u8>> {
    let size = packed.inflated;
    let mut forward = Forward { bytes, at: 0, held: Vec::new(), used: 0 };
    let mut out = Vec::new();
    out.try_reserve_exact(size as usize).map_err(|e| Damage(e.to_string()))?;
    match packed.format {
        Format::Zlib => {
            flate2::read::ZlibDecoder::new(forward).take(size + 1).read_to_end(&mut out)?;
        }
        Format::Zstd => {
            // Linkers that compress on several threads write several frames.
            while (out.len() as u64) < size {
                let before = out.len();
                let decoder = ruzstd::decoding::StreamingDecoder::new(&mut forward);
                let decoder = decoder.map_err(|e| Damage(e.to_string()))?;
                decoder.take(size + 1 - before as u64).read_to_end(&mut out)?;
                if out.len() == before {
                    break;
                }
            }
        }
    }
    if out.len() as u64 != size {
        return Err(Damage(format!("it does not inflate to the {size} bytes that its header says")));
    }
    Ok(out)
}
