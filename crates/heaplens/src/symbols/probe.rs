//! What the headers of an object file say of it: which build, what it holds, what else belongs to it.

use super::bytes::Stamp;
use super::object::{Kind, ObjectFile};
use super::segments::{self, Layout, Segment};
use std::path::Path;

/// What the headers of an object file say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Probe {
    /// GNU build-id or Mach-O UUID, lower-case hex.
    pub(super) build_id: Option<String>,
    /// Where the program's code lies in its file and in memory, and how that is known.
    pub(super) segments: Vec<Segment>,
    pub(super) layout: Layout,
    pub(super) has_dwarf: bool,
    /// Tells whether it is still this file when it is read.
    pub(super) stamp: Option<Stamp>,
    /// True for Mach-O, whose debug information lies in a bundle.
    pub(super) is_macho: bool,
    /// File name and CRC-32 of the separate debug file.
    pub(super) debuglink: Option<(String, u32)>,
    /// Path and build-id of the file that several debug files share (dwz).
    pub(super) altlink: Option<(String, String)>,
}

/// Reads a file's headers; of several architectures, those with the wanted build-id or for this machine.
///
/// # Errors
/// Says in words why the file cannot be used.
pub(super) fn probe(path: &Path, wanted: Option<&str>) -> Result<Probe, String> {
    let file = ObjectFile::open(path, wanted).map_err(|damage| damage.to_string())?;
    let (segments, layout) = segments::with_layout(&file);
    Ok(Probe {
        build_id: file.build_id().map(|id| hex(&id)),
        segments,
        layout,
        has_dwarf: file.section(".debug_info").is_some(),
        stamp: file.stamp,
        is_macho: file.kind == Kind::MachO || file.kind == Kind::Dsym,
        debuglink: file.debug_link().and_then(|(name, crc)| Some((plain_name(name)?, crc))),
        altlink: file.alt_link().and_then(|(path, id)| {
            let path = String::from_utf8(path).ok().filter(|path| !path.is_empty())?;
            Some((path, hex(&id)))
        }),
    })
}

/// A link names a file beside this one; one that leads elsewhere is not followed.
fn plain_name(name: Vec<u8>) -> Option<String> {
    let name = String::from_utf8(name).ok()?;
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\']);
    plain.then_some(name)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_files_are_named_for_what_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let said = |path: &Path| probe(path, None).unwrap_err();
        assert!(said(&file("text", b"hello\n")).contains("not an executable"));
        assert!(said(&file("empty", b"")).contains("empty"));
        assert!(said(&file("short", b"\x7fELF")).contains("headers"));
        assert!(said(&file("fat", b"\xca\xfe\xba\xbe\0\0\0\x02")).contains("headers"));
        assert!(said(&file("java", b"\xca\xfe\xba\xbe\0\0\0\x34")).contains("not an executable"));
        assert!(said(dir.path()).contains("directory"));
        assert!(said(&dir.path().join("absent")).contains("no such file"));
    }
}
