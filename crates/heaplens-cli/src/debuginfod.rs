//! Files by build-id from debuginfod servers that the user names, kept in the user's cache directory.
//!
//! A server is trusted with nothing: no path of its is used, a file counts only if it is an ELF file with the build-id
//! that was asked for, and only then it is kept.

use crate::cache_dir;
use crate::exit::Usage;
use crate::http::{self, Client, Download};
use crate::kept;
use crate::notes;
use crate::units;
use anyhow::{Context, anyhow, bail};
use heaplens::symbols::{self, Fetch};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// A dump is a stranger's, and may name any number of files that a public server has.
const MAX_FILES: usize = 1000;
/// All files of a run together, in sizes of the largest one.
const MAX_LARGEST: u64 = 8;

/// The servers of a run.
#[derive(Debug)]
pub(crate) struct Debuginfod {
    client: Client,
    servers: Vec<Server>,
    cache: PathBuf,
    cap: u64,
    /// Bytes that may still come, all files together.
    left: Mutex<u64>,
    /// What was answered already, by what was asked for.
    known: Mutex<BTreeMap<String, Answer>>,
}

type Answer = Result<Option<PathBuf>, String>;

#[derive(Debug)]
struct Server {
    url: String,
    /// Why it is not asked again: one that is down would cost its time limit for every module.
    gone: Mutex<Option<String>>,
}

impl Debuginfod {
    /// `timeout` is for one answer, body included; `cap` for its size in bytes.
    ///
    /// # Errors
    /// [`Usage`] for what is no URL; if there is no directory to keep files in.
    pub(crate) fn new(urls: &[String], timeout: Duration, cap: u64) -> anyhow::Result<Debuginfod> {
        let server = |url: &String| {
            if !http::is_url(url) || url.contains(['?', '#']) {
                let shown = http::shown(url);
                return Err(Usage(format!(
                    "--debuginfod {shown}: expected http:// or https:// and a server"
                )));
            }
            Ok(Server { url: url.trim_end_matches('/').to_owned(), gone: Mutex::default() })
        };
        let servers = urls.iter().map(server).collect::<Result<_, _>>()?;
        // Servers of debug files get no token: it belongs to those that dump.
        let client = Client::new(None, timeout);
        let cache = cache_dir::debuginfod();
        let cache =
            cache.context("--debuginfod: no directory to keep files in; set XDG_CACHE_HOME or HOME")?;
        let left = Mutex::new(cap.saturating_mul(MAX_LARGEST));
        Ok(Debuginfod { client, servers, cache, cap, left, known: Mutex::default() })
    }

    fn get(&self, build_id: &str, kind: &str) -> Answer {
        let path = format!("{build_id}/{kind}");
        if let Some(known) = lock(&self.known).get(&path) {
            return known.clone();
        }
        let answer = self.look(build_id, kind);
        lock(&self.known).insert(path, answer.clone());
        answer
    }

    fn look(&self, build_id: &str, kind: &str) -> Answer {
        // It becomes a path, here and there.
        if build_id.len() < 8 || build_id.len() > 128 || !build_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("{build_id:?} is no build-id that a server could be asked for"));
        }
        let file = self.cache.join(build_id).join(kind);
        if is_build(&file, build_id) {
            kept::touch(&file);
            return Ok(Some(file));
        }
        if lock(&self.known).len() >= MAX_FILES {
            return Err(format!(
                "no {kind}: {MAX_FILES} files were asked for already, which is the most in one run"
            ));
        }
        let mut failures = Vec::new();
        for server in &self.servers {
            if let Some(why) = lock(&server.gone).as_deref() {
                failures.push(format!("{} was not asked again: {why}", http::shown(&server.url)));
                continue;
            }
            match self.ask(server, build_id, kind, &file) {
                Ok(true) => {
                    self.make_room(&file);
                    return Ok(Some(file));
                }
                Ok(false) => {}
                Err(error) => {
                    failures.push(format!("no {kind} from {}: {error:#}", http::shown(&server.url)))
                }
            }
        }
        match failures.is_empty() {
            true => Ok(None),
            false => Err(failures.join("; ")),
        }
    }

    /// Removes files of earlier runs that are too many now. Those of this one are still to be read.
    fn make_room(&self, new: &Path) {
        let mut needed: Vec<PathBuf> =
            lock(&self.known).values().filter_map(|answer| answer.clone().ok().flatten()).collect();
        needed.push(new.to_owned());
        if let Err(error) = kept::prune(&self.cache, kept::MAX_BYTES, &needed) {
            notes::line(&format!("warning: {}: old files cannot be removed: {error}", self.cache.display()));
        }
    }

    /// True if the file is now there, false if the server has none.
    fn ask(&self, server: &Server, build_id: &str, kind: &str, file: &Path) -> anyhow::Result<bool> {
        let directory = file.parent().unwrap_or(&self.cache);
        private_dir(directory).with_context(|| directory.display().to_string())?;
        // Only this user may read and write it, and it is new: no link that waits there is followed.
        let mut part = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(directory)?;
        let url = format!("{}/buildid/{build_id}/{kind}", server.url);
        let left = *lock(&self.left);
        let cap = self.cap.min(left);
        let mut body = Elf { file: part.as_file_mut(), start: Vec::new() };
        let size = match self.client.download(&url, cap, &mut body) {
            Ok(Download::Whole(size)) => size,
            Ok(Download::NotFound) => return Ok(false),
            Ok(Download::Status(status)) => bail!("the server answered {status}"),
            Ok(Download::TooLarge) if cap < self.cap => {
                bail!(
                    "the files of this run are larger than {}; raise --max-debuginfo to have more",
                    units::size(self.cap.saturating_mul(MAX_LARGEST))
                )
            }
            Ok(Download::TooLarge) => {
                bail!("the file is larger than {}; raise --max-debuginfo to have it", units::size(self.cap))
            }
            // It has this answer wrong; the next one may be right.
            Err(_) if !body.is_elf() => bail!("{}", body.what_else()),
            Err(error) => {
                *lock(&server.gone) = Some(format!("{error:#}"));
                return Err(error);
            }
        };
        part.as_file_mut().flush()?;
        {
            let mut left = lock(&self.left);
            *left = left.saturating_sub(size);
        }
        match symbols::build_id(part.path())
            .map_err(|why| anyhow!("what the server sent cannot be used: {why}"))?
        {
            Some(found) if found == build_id => {}
            found => bail!(
                "the server sent a file with build-id {} instead of {build_id}; it was not kept",
                found.as_deref().unwrap_or("(none)")
            ),
        }
        part.persist(file).map_err(|error| error.error)?;
        notes::line(&format!(
            "fetched {kind} of build-id {build_id}, {}, from {}",
            units::size(size),
            http::shown(&server.url)
        ));
        Ok(true)
    }
}

impl Fetch for Debuginfod {
    fn executable(&self, build_id: &str) -> Result<Option<PathBuf>, String> {
        self.get(build_id, "executable")
    }

    fn debug_info(&self, build_id: &str) -> Result<Option<PathBuf>, String> {
        self.get(build_id, "debuginfo")
    }
}

/// Passes on a body as long as it is that of an ELF file.
struct Elf<'f> {
    file: &'f mut std::fs::File,
    start: Vec<u8>,
}

impl Elf<'_> {
    /// True as long as nothing speaks against it.
    fn is_elf(&self) -> bool {
        b"\x7fELF".starts_with(&self.start)
    }

    fn what_else(&self) -> &'static str {
        match self.start.first() {
            Some(b'<') => "the server sent an HTML page",
            _ => "the server sent no ELF file",
        }
    }
}

impl Write for Elf<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let missing = 4usize.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend(&bytes[..missing]);
        if !self.is_elf() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that was kept earlier may have been damaged since.
fn is_build(file: &Path, build_id: &str) -> bool {
    symbols::build_id(file).is_ok_and(|found| found.as_deref() == Some(build_id))
}

/// Makes a directory that only this user may enter.
fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}
