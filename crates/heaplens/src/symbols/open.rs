//! Opening files that strangers named: regular files of a known format only, headers read but nothing mapped.

use object::read::ReadCache;
use object::{Object, ObjectSection, ObjectSegment, SectionKind};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What the headers of an object file say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Probe {
    /// GNU build-id or Mach-O UUID, lower-case hex.
    pub(super) build_id: Option<String>,
    /// True if offsets of code can be turned into addresses: false for a file of debug information alone.
    pub(super) has_code: bool,
    pub(super) has_dwarf: bool,
    /// File name and CRC-32 of the separate debug file.
    pub(super) debuglink: Option<(String, u32)>,
}

/// Opens a file if it is regular and starts like an object file.
///
/// # Errors
/// Says in words what the file is instead.
pub(super) fn open(path: &Path) -> Result<File, String> {
    // Looked at before opening: opening a FIFO would wait for its writer, and a device may do anything.
    let meta = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => e.to_string(),
    })?;
    if meta.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !meta.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if meta.len() == 0 {
        return Err("it is empty".to_owned());
    }
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic).map_err(|e| e.to_string())?;
    file.seek(SeekFrom::Start(0)).map_err(|e| e.to_string())?;
    match magic.as_slice() {
        [0x7f, b'E', b'L', b'F'] | [b'M', b'Z', ..] => Ok(file),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe] => Ok(file),
        [0xca, 0xfe, 0xba, 0xbe | 0xbf] => {
            Err("it is a Mach-O file of several architectures: take one out with `lipo -thin`".to_owned())
        }
        _ => Err("it is not an executable or a library (no ELF, Mach-O or PE header)".to_owned()),
    }
}

/// Reads a file's headers.
///
/// # Errors
/// Says in words why the file cannot be used.
pub(super) fn probe(path: &Path) -> Result<Probe, String> {
    let cache = ReadCache::new(open(path)?);
    let file = object::File::parse(&cache).map_err(|e| format!("its headers cannot be read: {e}"))?;
    let build_id = match file.build_id() {
        Ok(Some(id)) => Some(hex(id)),
        _ => file.mach_uuid().ok().flatten().map(|id| hex(&id)),
    };
    let has_code = file.segments().any(|s| s.permissions().executable() && s.file_range().1 > 0)
        && file.sections().find(|s| s.kind() == SectionKind::Text).is_none_or(|s| s.file_range().is_some());
    Ok(Probe {
        build_id: build_id.filter(|id| !id.is_empty()),
        has_code,
        has_dwarf: file.sections().any(|s| is_debug_info(s.name_bytes())),
        debuglink: debuglink(&file),
    })
}

/// The CRC-32 of a whole file, as `.gnu_debuglink` has it.
pub(super) fn crc32(path: &Path) -> Option<u32> {
    let mut file = open(path).ok()?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => return Some(hasher.finalize()),
            n => hasher.update(&buffer[..n]),
        }
    }
}

fn is_debug_info(name: object::Result<&[u8]>) -> bool {
    matches!(name, Ok(b".debug_info" | b".zdebug_info" | b"__debug_info"))
}

fn debuglink<'a>(file: &impl Object<'a>) -> Option<(String, u32)> {
    let (name, crc) = file.gnu_debuglink().ok().flatten()?;
    let name = std::str::from_utf8(name).ok()?;
    // A link names a file beside this one; one that leads elsewhere is not followed.
    let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\']);
    plain.then(|| (name.to_owned(), crc))
}

fn hex(bytes: &[u8]) -> String {
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
        let said = |path: &Path| probe(path).unwrap_err();
        assert!(said(&file("text", b"hello\n")).contains("not an executable"));
        assert!(said(&file("empty", b"")).contains("empty"));
        assert!(said(&file("short", b"\x7fELF")).contains("headers"));
        assert!(said(&file("fat", b"\xca\xfe\xba\xbe\0\0\0\x02")).contains("lipo"));
        assert!(said(dir.path()).contains("directory"));
        assert!(said(&dir.path().join("absent")).contains("no such file"));
    }
}
