//! jeprof's symbolized profiles (`jeprof --raw`, and servers that write the same): names, then a heap profile.
//!
//! ```text
//! --- symbol
//! binary=/app/bin/server
//! 0x55d0a0001233 outer--inlined into it
//! ---
//! --- heap
//! heap_v2/524288
//! …
//! ```

use super::lines::{self, title};
use crate::addresses::Symbols;
use crate::error::Error;
use crate::profile::Profile;

/// What stands behind the names.
pub(super) struct Parts<'a> {
    pub(super) symbols: Symbols<'a>,
    /// The heap profile itself, without the line `--- heap`.
    pub(super) profile: &'a [u8],
    /// Lines and bytes before it.
    before: (u64, u64),
}

/// Takes the file apart.
pub(super) fn split(bytes: &[u8]) -> Result<Parts<'_>, Error> {
    let mut lines = lines::of(bytes);
    let mut symbols = Symbols::new(bytes.len());
    let first = lines.find_map(|line| title(line.text));
    if first == Some(b"symbol") {
        let names = lines.by_ref().take_while(|line| title(line.text).is_none());
        names.filter_map(|line| symbol(line.text)).for_each(|(address, names)| symbols.add(address, names));
        let mut ahead = lines.clone();
        if ahead.find(|line| !line.is_blank()).and_then(|line| title(line.text)) == Some(b"heap") {
            lines = ahead;
        }
    }
    let before = (lines.taken(), lines.position());
    let profile = &bytes[before.1..];
    if profile.trim_ascii().is_empty() {
        return Err(Error::NotAProfile {
            found: "a symbolized file whose heap profile is missing".to_owned(),
            hint: "expected `--- heap` and a profile behind the names; was the file cut?".to_owned(),
        });
    }
    Ok(Parts { symbols, profile, before: (before.0, before.1 as u64) })
}

/// `0xADDRESS NAMES`; other lines, such as `binary=…`, name nothing.
fn symbol(line: &[u8]) -> Option<(u64, &[u8])> {
    let rest = line.strip_prefix(b"0x")?;
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let names = rest[end..].trim_ascii();
    Some((lines::hexadecimal(&rest[..end])?, names)).filter(|(_, names)| !names.is_empty())
}

impl Parts<'_> {
    /// The result of reading the profile, with places as they are in the whole file.
    pub(super) fn finish(&self, read: Result<Profile, Error>) -> Result<Profile, Error> {
        self.symbols.check()?;
        match read {
            Ok(mut profile) => {
                let nameless = profile.frame_ids().any(|id| profile.frame(id).function.is_none());
                if !nameless {
                    // Nobody needs the mappings.
                    profile.warnings.retain(|w| !matches!(w.code, "no-maps" | "unmapped"));
                }
                Ok(profile)
            }
            Err(Error::Syntax { line, byte, found, expected }) => {
                let (lines, bytes) = self.before;
                Err(Error::Syntax { line: line + lines, byte: byte + bytes, found, expected })
            }
            Err(other) => Err(other),
        }
    }
}
