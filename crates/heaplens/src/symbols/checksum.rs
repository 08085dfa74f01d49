//! The checksum that `.gnu_debuglink` names a debug file by. It is of the whole file, so first of all it is seen to that
//! the file is no larger than what it holds: a stranger's may be terabytes of nothing.

use super::bytes::{Bytes, Damage, Result};
use super::object::{Kind, ObjectFile};
use super::{cache, open};
use std::path::Path;

/// Bytes of the largest file that is read for its checksum; about two seconds.
const MAX_BYTES: u64 = 4 << 30;
/// What a file may have behind its last section and its section headers: padding, a signature.
const MAX_REST: u64 = 1 << 20;
/// Of one section header, in 64 bits.
const HEADER: u64 = 64;
const STEP: u64 = 1 << 18;

/// True if this is the checksum of a file. That it was is remembered in the cache, if there is one.
///
/// # Errors
/// Says in words why the checksum was not computed.
pub(super) fn fits(path: &Path, crc: u32, cache: Option<&cache::Cache>) -> Result<bool> {
    let sum = cache.and_then(|cache| cache::Sum::of(cache, path, crc));
    if sum.as_ref().is_some_and(cache::Sum::is_kept) {
        return Ok(true);
    }
    let fits = crc32(path)? == crc;
    if let Some(sum) = sum.filter(|_| fits) {
        sum.keep(path);
    }
    Ok(fits)
}

fn crc32(path: &Path) -> Result<u32> {
    let file = Bytes::of_file(open::open(path).map_err(Damage)?)?;
    let len = file.len();
    if len > MAX_BYTES {
        return Err(Damage(format!(
            "its {} MiB are too many to compute its checksum; link the program with --build-id",
            len >> 20
        )));
    }
    let headers = ObjectFile::parse(&file)?;
    if headers.kind == Kind::Elf {
        let ends = headers.sections.iter().filter_map(|section| Some(section.stored.as_ref()?.bytes.end()));
        let held = ends.max().unwrap_or(0) + headers.sections.len() as u64 * HEADER;
        if len > held + MAX_REST {
            return Err(Damage(format!(
                "of its {len} bytes it accounts for {held}; its checksum was not computed"
            )));
        }
    }
    let mut hasher = crc32fast::Hasher::new();
    let mut piece = Vec::new();
    for from in (0..len).step_by(STEP as usize) {
        file.read_up_to(from, STEP, &mut piece)?;
        hasher.update(&piece);
    }
    Ok(hasher.finalize())
}

/// Files with holes, which not every system makes.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use object::write::Object;
    use object::{Architecture, BinaryFormat, Endianness, SectionKind};
    use std::fs::OpenOptions;

    #[test]
    fn a_file_is_read_once_while_it_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.debug");
        let write = |more: &[u8]| {
            let out = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
            let bytes = [&out.write().unwrap()[..], more].concat();
            std::fs::write(&path, &bytes).unwrap();
            crc32fast::hash(&bytes)
        };
        let crc = write(b"");
        let cache = cache::Cache::at(dir.path().join("cache"));
        for _ in 0..2 {
            assert_eq!(fits(&path, crc, Some(&cache)), Ok(true));
            assert_eq!(fits(&path, !crc, Some(&cache)), Ok(false));
        }
        assert_eq!(cache.usage().unwrap().files, 0);
        assert_ne!(cache.usage().unwrap().bytes, 0);
        // What is remembered is believed without a look at the file, until the file is another one.
        cache::Sum::of(&cache, &path, !crc).unwrap().keep(&path);
        assert_eq!(fits(&path, !crc, Some(&cache)), Ok(true));
        write(b"more");
        assert_eq!(fits(&path, !crc, Some(&cache)), Ok(false));
        // A note that was damaged says nothing.
        let crc = write(b"");
        assert_eq!(fits(&path, crc, Some(&cache)), Ok(true));
        for entry in std::fs::read_dir(cache.dir()).unwrap() {
            OpenOptions::new().write(true).open(entry.unwrap().path()).unwrap().set_len(30).unwrap();
        }
        assert!(!cache::Sum::of(&cache, &path, crc).unwrap().is_kept());
        assert_eq!(fits(&path, crc, Some(&cache)), Ok(true));
    }

    #[test]
    fn what_a_file_does_not_account_for_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.debug");
        let mut out = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let section = out.add_section(Vec::new(), b".debug_info".to_vec(), SectionKind::Debug);
        out.append_section_data(section, &[7; 3 * STEP as usize + 5], 1);
        let bytes = out.write().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(crc32(&path), Ok(crc32fast::hash(&bytes)));
        // Padded, as some tools do.
        let grow = |len: u64| OpenOptions::new().write(true).open(&path).unwrap().set_len(len).unwrap();
        grow(bytes.len() as u64 + 4096);
        let padded = [&bytes[..], &[0; 4096]].concat();
        assert_eq!(fits(&path, crc32fast::hash(&padded), None), Ok(true));
        assert_eq!(fits(&path, 0, None), Ok(false));
        for (len, words) in [(3 << 30, "accounts for"), (3 << 40, "too many")] {
            grow(len);
            assert!(crc32(&path).unwrap_err().to_string().contains(words));
        }
    }
}
