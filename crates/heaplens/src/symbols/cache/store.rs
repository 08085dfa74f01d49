//! One answers file: read without trust, appended to without locks.
//!
//! Several processes may read and append at once, and any of them may be killed at any moment. What holds the file
//! right is that a record is appended by one write to a file opened for appending, which systems carry out at the
//! file's end and in one piece unless the process dies or the disk is full, and that no record counts whose checksum
//! does not fit. A record that was cut short ends the file for its readers; the next writer cuts it off. If that hits
//! a record that another process is just writing, the answers in it are lost and are found again another time; never
//! do they become wrong.

use super::key::{COMPUTED_LINE, Key};
use super::record::{self, HEAD, Wanted};
use crate::profile::Module;
use crate::symbols::chains::Chains;
use crate::symbols::open::at_once;
use crate::symbols::segments::{self, Segment};
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

/// A longer file is begun anew.
pub(super) const MAX_FILE: u64 = 32 << 20;

/// What a file knows.
pub(super) struct Found {
    pub(super) chains: Chains,
    /// Which of the addresses the file has an answer for; that there is no name is an answer too.
    pub(super) known: Vec<bool>,
    /// Where the sound records end.
    pub(super) end: u64,
}

/// Asks a file for addresses. A file that is absent, foreign or damaged knows less or nothing.
pub(super) fn read(path: &Path, key: &Key, addresses: &[Option<u64>]) -> Found {
    let wanted = Wanted::new(addresses);
    let mut found =
        Found { chains: Chains::new(addresses.len()), known: vec![false; addresses.len()], end: 0 };
    let take = |body: &[u8]| {
        let record = record::open(body).filter(|record| record.key == key.text)?;
        record.take(&wanted, &mut found.chains, &mut found.known)
    };
    found.end = open(path).map_or(0, |file| records(file, 0, take));
    found
}

/// As [`read`], for places in an image that is gone: any engine's answers for the build count. Adds to what `known`
/// says is there. True if where the program's code lies was computed, for one of them at least.
pub(super) fn read_without_image(
    path: &Path,
    build_line: &str,
    module: &Module,
    places: &[u64],
    chains: &mut Chains,
    known: &mut [bool],
) -> bool {
    let mut computed = false;
    let mut wanted: Option<(Vec<Segment>, Wanted)> = None;
    let take = |body: &[u8]| {
        let record = record::open(body).filter(|record| record.key.contains(build_line))?;
        if wanted.as_ref().is_none_or(|(known, _)| *known != record.segments) {
            let addresses = segments::addresses(&record.segments, module, places);
            wanted = Some((record.segments.clone(), Wanted::new(&addresses)));
        }
        let (_, wanted) = wanted.as_ref()?;
        let by_computing = record.key.ends_with(COMPUTED_LINE);
        let before = count(known);
        let taken = record.take(wanted, chains, known);
        computed |= by_computing && count(known) > before;
        taken
    };
    if let Ok(file) = open(path) {
        records(file, 0, take);
    }
    computed
}

fn count(known: &[bool]) -> usize {
    known.iter().filter(|known| **known).count()
}

/// Hands all sound records' bodies from some offset on to `take`, up to one that it does not take; the offset where
/// the sound ones end.
pub(super) fn records(mut file: File, from: u64, mut take: impl FnMut(&[u8]) -> Option<()>) -> u64 {
    if file.seek(SeekFrom::Start(from)).is_err() {
        return from;
    }
    let mut file = BufReader::with_capacity(1 << 16, file.take(MAX_FILE));
    let mut end = from;
    let mut body = Vec::new();
    loop {
        let mut head = [0; HEAD];
        if file.read_exact(&mut head).is_err() {
            return end;
        }
        let Some((length, checksum)) = record::head(&head) else { return end };
        body.clear();
        // Memory for what is there, not for what the head says.
        let read = file.by_ref().take(length as u64).read_to_end(&mut body);
        if !matches!(read, Ok(n) if n == length)
            || crc32fast::hash(&body) != checksum
            || take(&body).is_none()
        {
            return end;
        }
        end += (HEAD + length) as u64;
    }
}

/// Appends records to a file that was read before, up to `sound`. What is damaged behind is cut off first. Returns up to
/// where it is sound now, as far as that is known.
///
/// # Errors
/// What the system says; the file is then as it was, or ends in a part of a record.
pub(super) fn append(path: &Path, key: &Key, sound: u64, records_to_add: &[Vec<u8>]) -> Result<u64> {
    let added: u64 = records_to_add.iter().map(|r| r.len() as u64).sum();
    let length = match open(path) {
        Ok(file) => {
            let length = file.metadata()?.len();
            // Others may have appended since; only what is not sound goes.
            let mine = |body: &[u8]| record::open(body).filter(|r| r.key == key.text).map(|_| ());
            let end = if length <= sound { length } else { records(file, sound, mine) };
            let keep = if end + added > MAX_FILE { 0 } else { end };
            if keep < length {
                OpenOptions::new().write(true).open(path)?.set_len(keep)?;
            }
            keep
        }
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    if length + added > MAX_FILE {
        return Ok(length);
    }
    let mut file = private(OpenOptions::new().append(true).create(true)).open(path)?;
    for record in records_to_add {
        // Not `write_all`: the rest of a record must not stand behind what another process appended meanwhile.
        let written = loop {
            match file.write(record) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => break other?,
            }
        };
        if written < record.len() {
            return Err(Error::new(ErrorKind::WriteZero, "only a part of a record could be written"));
        }
    }
    Ok(length)
}

/// Marks a file as used just now, for the choice of what to remove: writes the byte that is there already.
pub(super) fn touch(path: &Path) {
    let mark = |mut file: File| file.write_all(b"h");
    // A cache that cannot be written to is still read.
    let _ = OpenOptions::new().write(true).open(path).and_then(mark);
}

/// The same for a file that only its owner may read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Opens what is a regular file.
pub(super) fn open(path: &Path) -> Result<File> {
    let other = || Error::new(ErrorKind::InvalidInput, "not a regular file");
    path.symlink_metadata()?.is_file().then_some(()).ok_or_else(other)?;
    let file = at_once(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(other()),
    }
}
