//! Where inputs come from: a file, standard input, a URL. Whatever it is, what arrives is bytes below a cap.

use crate::http::{self, Client};
use crate::units;
use anyhow::{Context, anyhow, bail};
use heaplens::input;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// One input, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    Url(String),
    File(PathBuf),
}

impl Source {
    /// A URL is one only with its scheme written out, so that a mistyped file name never becomes a request.
    pub(crate) fn new(typed: &OsStr) -> Source {
        if typed == "-" {
            return Source::Stdin;
        }
        match typed.to_str() {
            Some(text) if http::is_url(text) => Source::Url(text.to_owned()),
            _ => Source::File(PathBuf::from(typed)),
        }
    }

    /// True if it is fetched from a server that is not on this machine.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Source::Url(url) if !http::is_loopback(url))
    }

    /// All bytes of the input.
    ///
    /// # Errors
    /// Names the input, what was found, and what to do.
    pub(crate) fn read(&self, client: &Client, cap: u64) -> anyhow::Result<Vec<u8>> {
        match self {
            Source::Stdin => read_capped(std::io::stdin().lock(), cap).with_context(|| self.to_string()),
            Source::File(path) => read_file(path, cap).with_context(|| self.to_string()),
            Source::Url(url) => client.fetch(url, cap),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Stdin => f.write_str("standard input"),
            Source::Url(url) => f.write_str(&http::shown(url)),
            Source::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The sources that were typed; standard input can be read only once.
pub(crate) fn all<'a>(typed: impl IntoIterator<Item = &'a OsString>) -> anyhow::Result<Vec<Source>> {
    let sources: Vec<Source> = typed.into_iter().map(|t| Source::new(t)).collect();
    if sources.iter().filter(|s| **s == Source::Stdin).count() > 1 {
        return Err(crate::exit::Usage("standard input (-) can be read only once".to_owned()).into());
    }
    Ok(sources)
}

fn read_file(path: &Path, cap: u64) -> anyhow::Result<Vec<u8>> {
    // Looked at before it is opened: opening a FIFO waits for its writer, perhaps for ever.
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!("{}", not_found(path)),
        Err(error) => return Err(error.into()),
    };
    if found.is_dir() {
        bail!("this is a directory; name the dumps in it");
    }
    if !found.is_file() && !is_own_descriptor(path) {
        bail!(
            "this is not a regular file (a FIFO, socket or device), which may never end; to read it all the same: `heaplens … - < FILE`"
        );
    }
    if found.is_file() && found.len() > cap {
        bail!("{}", over(cap));
    }
    read_capped(File::open(path)?, cap)
}

/// A file beside the inputs, as an option names it.
///
/// # Errors
/// What is wrong with it, without its name.
pub(crate) fn beside(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("no such file; check the name"),
        _ => error.into(),
    })
}

/// `/dev/stdin` and what the shell makes of `<(command)`: already open, and chosen by the user as a stream.
fn is_own_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || ["/dev/fd", "/proc/self/fd"].iter().any(|dir| path.parent() == Some(Path::new(dir)))
}

/// How much is looked at before a stream is read to its end.
const HEAD: u64 = 1 << 16;

fn read_capped(mut stream: impl Read, cap: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.by_ref().take(HEAD.min(cap)).read_to_end(&mut bytes)?;
    // Every profile is pprof, gzip or text, and text holds no NUL. The head is enough to say what this is instead, and
    // a stream of zeros that never ends is not read up to the cap.
    let may_be_binary = bytes.starts_with(&[0x1f, 0x8b]) || input::is_pprof(&bytes);
    if !may_be_binary && bytes.contains(&0) {
        return Ok(bytes);
    }
    stream.take(cap.saturating_sub(bytes.len() as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        bail!("{}", over(cap));
    }
    Ok(bytes)
}

fn over(cap: u64) -> String {
    format!("larger than {}; if it is a heap profile, raise --max-size", units::size(cap))
}

fn not_found(path: &Path) -> String {
    let text = path.to_string_lossy();
    if let Some((scheme, _)) = text.split_once("://") {
        return format!("no such file, and {scheme} is no scheme that is read; use http:// or https://");
    }
    if looks_like_address(&text) {
        return format!("no such file; if this is a server, write http://{text}");
    }
    "no such file; check the name".to_owned()
}

/// `host:port`, perhaps with a path.
pub(crate) fn looks_like_address(text: &str) -> bool {
    let authority = text.split(['/', '?']).next().unwrap_or_default();
    let Some((host, port)) = authority.rsplit_once(':') else {
        return false;
    };
    !host.is_empty() && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_written_scheme_makes_a_url() {
        let of = |text: &str| Source::new(OsStr::new(text));
        assert_eq!(of("-"), Source::Stdin);
        assert_eq!(of("http://h:4000"), Source::Url("http://h:4000".into()));
        assert_eq!(of("HTTPS://h/x"), Source::Url("HTTPS://h/x".into()));
        for file in ["localhost:4000", "http:/h", "mem.heap", "httpx://h", "ftp://h/x", "./-", "http"] {
            assert_eq!(of(file), Source::File(file.into()), "{file}");
        }
    }

    #[test]
    fn a_missing_address_is_told_apart_from_a_missing_file() {
        for (name, words) in [
            ("host:4000/debug/prof/mem", "write http://host:4000/debug/prof/mem"),
            ("[::1]:4000", "write http://[::1]:4000"),
            ("ftp://host/x", "use http:// or https://"),
            ("mem.hepa", "check the name"),
            ("C:notes", "check the name"),
        ] {
            let said = not_found(Path::new(name));
            assert!(said.contains(words), "{name}: {said}");
        }
    }

    #[test]
    fn endless_streams_are_cut() {
        let zeros = read_capped(std::io::repeat(0), u64::MAX).unwrap();
        assert_eq!(zeros.len() as u64, HEAD);
        let error = read_capped(std::io::repeat(b'x'), 1 << 20).unwrap_err();
        assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
        assert_eq!(read_capped(&b"abc"[..], 3).unwrap(), b"abc");
    }
}
