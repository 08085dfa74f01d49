//! Bytes of a file, read where they are needed.
//!
//! Nothing is mapped into memory: a file that another process cuts while it is mapped kills its reader (SIGBUS), and
//! one that is cut while it is read is an error like any other. Reads of a few kilobytes from the page cache cost
//! less than a page fault for each page, and what was read is dropped at once.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::UNIX_EPOCH;

/// What is wrong with a file, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage(pub(super) String);

impl Damage {
    pub(super) fn new(text: impl Into<String>) -> Damage {
        Damage(text.into())
    }

    /// Says that there is not the memory for something.
    pub(super) fn too_large(what: &str, size: u64, left: u64) -> Damage {
        Damage(format!(
            "{what} takes {size} bytes of memory and {left} are left; --max-symbol-memory, or symbol_memory in a server, \
             allows more"
        ))
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Damage {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::new("the file ends too early"),
            _ => Damage(error.to_string()),
        }
    }
}

impl From<gimli::Error> for Damage {
    fn from(error: gimli::Error) -> Damage {
        Damage(error.to_string())
    }
}

impl From<object::Error> for Damage {
    fn from(error: object::Error) -> Damage {
        Damage(error.to_string())
    }
}

pub(super) type Result<T> = std::result::Result<T, Damage>;

/// What tells a file from one that took its place, or from itself after it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    /// Nanoseconds since 1970, as far as the system tells.
    modified: Option<u128>,
    place: (u64, u64),
}

impl Stamp {
    fn of(meta: &Metadata) -> Stamp {
        let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Stamp { len: meta.len(), modified: modified.map(|time| time.as_nanos()), place: place(meta) }
    }
}

#[cfg(unix)]
fn place(meta: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn place(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// A part of a file, or memory that stands for one.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    source: Source,
    start: u64,
    len: u64,
}

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    Empty,
    File(Arc<File>),
    Memory(Arc<Vec<u8>>),
    Later(Arc<Later>),
}

/// Memory that is filled when it is first looked at.
struct Later {
    made: OnceLock<Result<Vec<u8>>>,
    make: Box<dyn Fn() -> Result<Vec<u8>> + Send + Sync>,
}

impl Later {
    fn bytes(&self) -> Result<&[u8]> {
        self.made.get_or_init(|| (self.make)()).as_deref().map_err(Clone::clone)
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("is_made", &self.made.get().is_some()).finish_non_exhaustive()
    }
}

impl Bytes {
    /// A whole file as it is now.
    pub(super) fn of_file(file: File) -> io::Result<Bytes> {
        let len = file.metadata()?.len();
        Ok(Bytes { source: Source::File(Arc::new(file)), start: 0, len })
    }

    pub(super) fn of_memory(bytes: Vec<u8>) -> Bytes {
        let len = bytes.len() as u64;
        Bytes { source: Source::Memory(Arc::new(bytes)), start: 0, len }
    }

    /// What `make` gives when it is first looked at, `len` bytes.
    pub(super) fn later(len: u64, make: impl Fn() -> Result<Vec<u8>> + Send + Sync + 'static) -> Bytes {
        let later = Later { made: OnceLock::new(), make: Box::new(make) };
        Bytes { source: Source::Later(Arc::new(later)), start: 0, len }
    }

    /// None: whoever looks at them is told why.
    pub(super) fn broken(damage: Damage) -> Bytes {
        let later = Later { made: OnceLock::from(Err(damage)), make: Box::new(|| Ok(Vec::new())) };
        Bytes { source: Source::Later(Arc::new(later)), start: 0, len: 0 }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Has them made, if they are not there yet.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn ready(&self) -> Result<()> {
        self.memory().map(drop)
    }

    /// # Errors
    /// If it is known already that they cannot be read.
    fn sound(&self) -> Result<()> {
        match &self.source {
            Source::Later(later) => match later.made.get() {
                Some(Err(damage)) => Err(damage.clone()),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Of the open file, as it is now.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        match &self.source {
            Source::File(file) => file.metadata().ok().map(|meta| Stamp::of(&meta)),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where these bytes end in the file that they are a part of.
    pub(super) fn end(&self) -> u64 {
        self.start + self.len
    }

    /// # Errors
    /// If the range leaves these bytes.
    pub(super) fn part(&self, offset: u64, len: u64) -> Result<Bytes> {
        self.sound()?;
        let end = offset.checked_add(len).filter(|&end| end <= self.len);
        end.ok_or_else(|| Damage(format!("{len:#x} bytes at {offset:#x} leave its {:#x} bytes", self.len)))?;
        Ok(Bytes { source: self.source.clone(), start: self.start + offset, len })
    }

    /// Fills `into` with a range, in the place of what it held.
    ///
    /// # Errors
    /// If the range leaves these bytes, or the file got shorter since it was opened.
    pub(super) fn read(&self, range: Range<u64>, into: &mut Vec<u8>) -> Result<()> {
        let len = range.end.saturating_sub(range.start);
        let part = self.part(range.start, len)?;
        match &part.source {
            Source::Empty => into.clear(),
            Source::File(file) => {
                // What is overwritten at once need not be cleared first.
                into.truncate(len as usize);
                into.resize(len as usize, 0);
                read_exact_at(file, into, part.start)?;
            }
            Source::Memory(_) | Source::Later(_) => {
                into.clear();
                into.extend_from_slice(part.memory()?.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// As [`Bytes::read`], for what is small.
    pub(super) fn get(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read(range, &mut bytes)?;
        Ok(bytes)
    }

    /// Up to `len` bytes from `offset`, fewer at the end.
    pub(super) fn read_up_to(&self, offset: u64, len: u64, into: &mut Vec<u8>) -> Result<()> {
        let start = offset.min(self.len);
        self.read(start..start.saturating_add(len).min(self.len), into)
    }

    /// The bytes themselves, if they are in memory.
    fn memory(&self) -> Result<Option<&[u8]>> {
        let bytes = match &self.source {
            Source::Empty | Source::File(_) => return Ok(None),
            Source::Memory(bytes) => bytes,
            Source::Later(later) => later.bytes()?,
        };
        let part = bytes.get(self.start as usize..(self.start + self.len) as usize);
        part.map(Some).ok_or_else(|| Damage::new("it is shorter than it says"))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                into = &mut into[n..];
                offset += n as u64;
            }
        }
    }
    Ok(())
}

/// True for nothing but zeros, of which a file can have gigabytes without taking any room.
pub(super) fn is_hole(piece: &[u8]) -> bool {
    static ZEROS: [u8; 4096] = [0; 4096];
    piece.chunks(ZEROS.len()).all(|chunk| chunk == &ZEROS[..chunk.len()])
}

/// Looks at bytes through a window that moves: neighbouring reads cost one system call.
pub(super) struct Window<'b> {
    bytes: &'b Bytes,
    start: u64,
    held: Vec<u8>,
    /// How much is read at once.
    step: u64,
}

impl<'b> Window<'b> {
    pub(super) fn new(bytes: &'b Bytes, step: u64) -> Window<'b> {
        Window { bytes, start: 0, held: Vec::new(), step }
    }

    /// At least `least` bytes from `offset`, and more where they are at hand.
    ///
    /// # Errors
    /// If there are fewer.
    pub(super) fn at(&mut self, offset: u64, least: u64) -> Result<&[u8]> {
        let early = || Damage::new("its data ends too early");
        let memory = self.bytes.memory()?;
        let rest = self.bytes.len().checked_sub(offset).filter(|&rest| rest >= least).ok_or_else(early)?;
        if let Some(memory) = memory {
            return Ok(&memory[offset as usize..]);
        }
        let inside = offset.checked_sub(self.start).filter(|&at| at + least <= self.held.len() as u64);
        let at = match inside {
            Some(at) => at,
            None => {
                let len = least.max(self.step).min(rest);
                let read = self.bytes.read(offset..offset + len, &mut self.held);
                if let Err(damage) = read {
                    self.held.clear();
                    return Err(damage);
                }
                self.start = offset;
                0
            }
        };
        Ok(&self.held[at as usize..])
    }

    /// What is left from `offset` on, at most what is read at once.
    ///
    /// # Errors
    /// If nothing is.
    pub(super) fn rest(&mut self, offset: u64) -> Result<&[u8]> {
        let rest = self.bytes.len().saturating_sub(offset);
        self.at(offset, rest.clamp(1, self.step))
    }

    /// The text from `offset` up to its closing zero byte, or its first `most` bytes.
    ///
    /// # Errors
    /// If `offset` lies outside, or no zero byte follows.
    pub(super) fn text(&mut self, offset: u64, most: usize) -> Result<&[u8]> {
        let mut least = 1;
        loop {
            let seen = self.at(offset, least)?;
            let seen_len = seen.len();
            if let Some(end) = memchr::memchr(0, &seen[..seen_len.min(most)]) {
                // Again, since the borrow of a loop's earlier turn would outlive it.
                return Ok(&self.at(offset, end as u64 + 1)?[..end]);
            }
            if seen_len >= most {
                return Ok(&self.at(offset, most as u64)?[..most]);
            }
            let rest = self.bytes.len() - offset;
            if seen_len as u64 >= rest {
                return Err(Damage::new("a text has no end"));
            }
            least = (seen_len as u64 * 2).min(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn windows_show_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let content: Vec<u8> = (0..1000u32).flat_map(|n| format!("{n}\0").into_bytes()).collect();
        std::fs::write(&path, &content).unwrap();
        let file = Bytes::of_file(File::open(&path).unwrap()).unwrap();
        let copy = content.clone();
        let later = Bytes::later(content.len() as u64, move || Ok(copy.clone()));
        for bytes in [file, Bytes::of_memory(content.clone()), later] {
            let mut window = Window::new(&bytes, 16);
            let mut offset = 0;
            for n in 0..1000 {
                let text = n.to_string();
                assert_eq!(window.text(offset, 100).unwrap(), text.as_bytes());
                offset += text.len() as u64 + 1;
            }
            assert_eq!(window.text(2890 + 4 * 990, 2).ok(), None);
            assert_eq!(window.text(content.len() as u64 - 4, 2).unwrap(), b"99");
            assert!(window.at(content.len() as u64, 1).is_err());
            assert!(window.at(u64::MAX, 1).is_err());
            assert_eq!(bytes.part(2, 3).unwrap().get(0..3).unwrap(), content[2..5]);
            assert!(bytes.part(2, u64::MAX).is_err());
        }
    }

    #[test]
    fn a_stamp_tells_a_file_from_its_successors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "one").unwrap();
        let open = || Bytes::of_file(File::open(&path).unwrap()).unwrap();
        let bytes = open();
        let stamp = bytes.stamp().unwrap();
        assert_eq!(open().stamp(), Some(stamp));
        std::fs::write(dir.path().join("other"), "two").unwrap();
        std::fs::rename(dir.path().join("other"), &path).unwrap();
        assert_eq!(bytes.stamp(), Some(stamp), "the open file is still the old one");
        assert_ne!(open().stamp(), Some(stamp));
        let bytes = open();
        let stamp = bytes.stamp().unwrap();
        std::fs::write(&path, "more").unwrap();
        assert_ne!(bytes.stamp(), Some(stamp));
    }

    #[test]
    fn what_comes_later_is_made_once_and_when_it_is_looked_at() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let bytes = Bytes::later(3, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(vec![1, 2, 3])
        });
        let part = bytes.part(1, 2).unwrap();
        assert!(bytes.len() == 3 && part.len() == 2 && bytes.sound().is_ok());
        assert_eq!(count.load(Ordering::Relaxed), 0);
        assert_eq!(part.get(0..2).unwrap(), [2, 3]);
        assert_eq!(Window::new(&bytes, 1).at(2, 1).unwrap(), [3]);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_broken_says_why_to_whoever_looks() {
        let why = || Damage::new("it is torn");
        let torn = Bytes::later(3, move || Err(why()));
        assert_eq!(torn.get(0..1), Err(why()));
        for bytes in [torn, Bytes::broken(why())] {
            assert_eq!(bytes.sound(), Err(why()));
            assert_eq!(bytes.get(0..1), Err(why()));
            assert_eq!(bytes.read_up_to(5, 1, &mut Vec::new()), Err(why()));
            assert_eq!(Window::new(&bytes, 1).at(7, 1), Err(why()));
            assert_eq!(bytes.part(0, 1).err(), Some(why()));
        }
        // One byte less than was said.
        let short = Bytes::later(3, || Ok(vec![1, 2]));
        assert!(short.get(0..3).is_err() && Window::new(&short, 1).at(0, 1).is_err());
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, vec![1; 10_000]).unwrap();
        let bytes = Bytes::of_file(File::open(&path).unwrap()).unwrap();
        let mut window = Window::new(&bytes, 16);
        assert!(window.at(9000, 4).is_ok());
        std::fs::write(&path, vec![1; 100]).unwrap();
        assert!(window.at(5000, 4).is_err());
        assert!(window.at(9000, 4).is_err());
        assert!(window.at(50, 4).is_ok());
    }
}
