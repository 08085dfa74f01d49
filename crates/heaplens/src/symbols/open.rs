//! Opening files that strangers named: regular files of a known format only, read where they are needed.
//!
//! Nothing is mapped into memory: a file that another process cuts while it is read gives an error, and one that is cut
//! while it is mapped would end this process.

use super::fat;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Inflated debug sections beyond this are taken for a bomb.
const MAX_INFLATED: u64 = 8 << 30;
/// Deflate cannot do better than 1032:1.
const MAX_RATIO: u64 = 1100;

/// An object file: a whole file, or the part of one that holds several architectures (Mach-O).
#[derive(Debug)]
pub(super) struct Slice {
    pub(super) file: File,
    /// Where it begins in the file; offsets in its headers count from here.
    pub(super) base: u64,
    /// Its size in bytes.
    pub(super) len: u64,
    at: u64,
}

impl Slice {
    pub(super) fn new(file: File, base: u64, len: u64) -> Slice {
        Slice { file, base, len, at: 0 }
    }
}

impl Read for Slice {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.at);
        let most = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.seek(SeekFrom::Start(self.base.saturating_add(self.at)))?;
        let count = self.file.read(&mut into[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Slice {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Opens a file if it is regular and starts like an object file of one architecture.
///
/// # Errors
/// Says in words what the file is instead.
pub(super) fn open(path: &Path) -> Result<File, String> {
    match any(path)? {
        (file, Kind::Object) => Ok(file),
        (_, Kind::Fat) => Err("it is a Mach-O file of several architectures".to_owned()),
    }
}

/// As [`open`], and of a file of several architectures the part that is meant: the one with this build-id (UUID),
/// else the one for this machine.
///
/// # Errors
/// Says in words what the file is instead.
pub(super) fn slice(path: &Path, build_id: Option<&str>) -> Result<Slice, String> {
    let (file, kind) = any(path)?;
    let len = file.metadata().map_err(|e| e.to_string())?.len();
    match kind {
        Kind::Object => Ok(Slice::new(file, 0, len)),
        Kind::Fat => fat::pick(file, len, build_id),
    }
}

/// True for a Mach-O file of several architectures.
pub(super) fn is_fat(path: &Path) -> bool {
    any(path).is_ok_and(|(_, kind)| kind == Kind::Fat)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Fat,
}

fn any(path: &Path) -> Result<(File, Kind), String> {
    // Looked at before opening: opening a FIFO would wait for its writer, and a device may do anything.
    let meta = std::fs::metadata(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
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
    // Again, since its owner may have put something else there meanwhile.
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return Err("it is not a regular file".to_owned());
    }
    let mut magic = Vec::with_capacity(8);
    file.by_ref().take(8).read_to_end(&mut magic).map_err(|e| e.to_string())?;
    file.seek(SeekFrom::Start(0)).map_err(|e| e.to_string())?;
    match magic.as_slice() {
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', ..] => Ok((file, Kind::Object)),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] => Ok((file, Kind::Object)),
        magic if fat::is_fat(magic) => Ok((file, Kind::Fat)),
        _ => Err("it is not an executable or a library (no ELF, Mach-O or PE header)".to_owned()),
    }
}

/// Fails if the debug sections would inflate to more than any program's do.
///
/// # Errors
/// Says which section claims how much.
pub(super) fn check_compression(path: &Path) -> Result<(), String> {
    use object::{Object, ObjectSection};
    let cache = object::read::ReadCache::new(open(path)?);
    let file = object::File::parse(&cache).map_err(|e| format!("its headers cannot be read: {e}"))?;
    let mut sum = 0u64;
    for section in file.sections() {
        let Ok(range) = section.compressed_file_range() else {
            continue;
        };
        if range.format == object::CompressionFormat::None {
            continue;
        }
        sum = sum.saturating_add(range.uncompressed_size);
        if sum > MAX_INFLATED || range.uncompressed_size / MAX_RATIO > range.compressed_size {
            let name = String::from_utf8_lossy(section.name_bytes().unwrap_or_default()).into_owned();
            return Err(format!(
                "section {name:?} claims to inflate from {} to {} bytes, which is not believed",
                range.compressed_size, range.uncompressed_size
            ));
        }
    }
    Ok(())
}

/// Fails if what stands where the loader looks for split debug information (`app.dwp`) is no regular file: the
/// loader would open it without looking, and a FIFO would hold it forever.
///
/// # Errors
/// Says what is in the way.
pub(super) fn check_package(path: &Path) -> Result<(), String> {
    let mut extension = path.extension().unwrap_or_default().to_owned();
    extension.push(if extension.is_empty() { "dwp" } else { ".dwp" });
    let package = path.with_extension(extension);
    match std::fs::metadata(&package) {
        Ok(meta) if !meta.is_file() => Err(format!("{} is not a regular file", package.display())),
        _ => Ok(()),
    }
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
