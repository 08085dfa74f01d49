//! Opening files that strangers named: regular files of a known format only, read where they are needed.
//!
//! Nothing is mapped into memory: a file that another process cuts while it is read gives an error, and one that is cut
//! while it is mapped would end this process.

use super::bytes::Bytes;
use super::fat;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

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
pub(super) fn slice(path: &Path, build_id: Option<&str>) -> Result<Bytes, String> {
    let (file, kind) = any(path)?;
    let file = Bytes::of_file(file).map_err(|e| e.to_string())?;
    match kind {
        Kind::Object => Ok(file),
        Kind::Fat => fat::pick(&file, build_id),
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
    // Looked at before opening: a device may do anything when it is opened.
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
    let mut file = at_once(path).map_err(|e| e.to_string())?;
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

/// Opens without waiting. Opening a FIFO waits for its writer, and a path that was looked at a moment ago may be one now;
/// so what is opened must be looked at itself.
pub(super) fn at_once(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(all(target_os = "linux", not(any(target_arch = "sparc", target_arch = "sparc64"))))]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // O_NONBLOCK in Linux's headers, which mean nothing by it for regular files.
        let mips = cfg!(any(target_arch = "mips", target_arch = "mips64"));
        options.custom_flags(if mips { 0o200 } else { 0o4000 });
    }
    options.open(path)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::sync::mpsc;
    use std::time::Duration;

    /// As if one was put there just after the look.
    #[test]
    fn a_fifo_is_opened_without_waiting_for_its_writer() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let (done, waiting) = mpsc::channel();
        let path = fifo.clone();
        std::thread::spawn(move || done.send(at_once(&path).unwrap().metadata().unwrap().is_file()));
        // Without a limit a failure would be a test that never ends.
        assert_eq!(waiting.recv_timeout(Duration::from_secs(60)), Ok(false));
        assert_eq!(open(&fifo).unwrap_err(), "it is not a regular file");
    }
}
