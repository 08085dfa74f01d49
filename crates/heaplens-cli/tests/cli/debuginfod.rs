//! Servers of debug files: right, wrong, hostile, absent. No other file names the functions of these dumps.

use crate::run::{Ran, heaplens};
use crate::server::{Refusing, Server, reply, send};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ID: &str = "1b710610b3417b71b4e55fcae410c6baf1df429c";
const NAME: &str = "tsdb::query_cache::QueryCache::insert";

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme").join(name)
}

fn program() -> Vec<u8> {
    std::fs::read(example("tsdb")).unwrap()
}

/// A user's cache directory, and what is asked of servers with it.
struct User {
    cache: tempfile::TempDir,
}

impl User {
    fn new() -> User {
        User { cache: tempfile::tempdir().unwrap() }
    }

    fn top(&self, url: &str, more: &[&str]) -> Ran {
        let mut command = heaplens(["top", "--debuginfod", url]);
        command.args(more).arg(example("leak.heap")).env("XDG_CACHE_HOME", self.cache.path());
        command.output().expect("the program starts").into()
    }

    fn kept(&self) -> Vec<String> {
        let dir = self.cache.path().join("heaplens/debuginfod").join(ID);
        let Ok(list) = std::fs::read_dir(dir) else { return Vec::new() };
        list.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// No names, nothing kept, a warning about the module with these words; and no failure.
#[track_caller]
fn useless(user: &User, ran: Ran, words: &[&str]) {
    let warning = ran.stderr.lines().find(|line| line.starts_with("warning: tsdb: ")).unwrap_or_default();
    for word in words {
        assert!(warning.contains(word), "{word:?} is not in {}", ran.stderr);
    }
    assert!(ran.stderr.contains("symbols: /opt/tsdb/bin/tsdb (none)"), "{}", ran.stderr);
    assert!(!ran.ok().contains(NAME));
    assert_eq!(user.kept(), [""; 0]);
}

#[test]
fn a_file_is_fetched_once_verified_and_kept() {
    let server = Server::new(|request, stream| {
        let answer = match request.line.contains("/executable ") {
            true => reply("200 OK", "", &program()),
            false => reply("404 Not Found", "", b""),
        };
        send(stream, &answer);
    });
    let user = User::new();
    for _ in 0..2 {
        let ran = user.top(&server.url("/prefix/"), &[]);
        assert!(ran.stderr.contains("executable (verified)"), "{}", ran.stderr);
        assert!(ran.ok().contains(NAME));
    }
    let asked: Vec<String> = server.requests().iter().map(|request| request.line.clone()).collect();
    assert_eq!(asked, [format!("GET /prefix/buildid/{ID}/executable HTTP/1.1")]);
    assert!(server.requests()[0].headers.iter().all(|header| !header.starts_with("authorization")));
    assert_eq!(user.kept(), ["executable"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let dir = user.cache.path().join("heaplens/debuginfod");
        for (path, mode) in [(dir.clone(), 0o700), (dir.join(ID).join("executable"), 0o600)] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
    }
    // What was kept and has been damaged since is fetched anew.
    let kept = user.cache.path().join("heaplens/debuginfod").join(ID).join("executable");
    std::fs::write(&kept, "damaged").unwrap();
    assert!(user.top(&server.url(""), &[]).ok().contains(NAME));
    assert_eq!(std::fs::read(&kept).unwrap(), program());
}

/// The file of another build takes more than may be kept; it has holes, so it costs no disk.
#[cfg(unix)]
#[test]
fn what_was_not_used_for_long_makes_room() {
    let server = Server::fixed("200 OK", "", &program());
    let user = User::new();
    let old = user.cache.path().join("heaplens/debuginfod/aaaaaaaaaaaaaaaa/debuginfo");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::File::create(&old).unwrap().set_len(3 << 30).unwrap();
    assert!(user.top(&server.url(""), &[]).ok().contains(NAME));
    assert_eq!(user.kept(), ["executable"]);
    assert!(!old.exists());
}

#[test]
fn a_token_for_dumps_is_not_given_to_servers_of_debug_files() {
    let server = Server::fixed("404 Not Found", "", b"");
    let user = User::new();
    user.top(&server.url(""), &["--token", "secret"]).ok();
    assert!(!server.requests().is_empty());
    assert!(server.requests().iter().all(|r| r.headers.iter().all(|header| !header.contains("secret"))));
}

#[test]
fn no_server_is_asked_unless_it_is_named() {
    let server = Server::fixed("200 OK", "", &program());
    let mut command = heaplens(["top"]);
    command.arg(example("leak.heap")).env("DEBUGINFOD_URLS", server.url(""));
    let ran = Ran::from(command.output().unwrap());
    assert!(ran.stderr.contains("--debuginfod"), "{}", ran.stderr);
    assert!(!ran.ok().contains(NAME));
    assert!(server.requests().is_empty());
    // Nor where the file is at hand.
    let tsdb = example("tsdb");
    let ran = User::new().top(&server.url(""), &["--binary", tsdb.to_str().unwrap()]);
    assert!(ran.ok().contains(NAME));
    assert!(server.requests().is_empty());
}

#[test]
fn what_is_no_such_file_is_not_kept() {
    let user = User::new();
    let mut other = program();
    let id: Vec<u8> =
        (0..ID.len()).step_by(2).map(|i| u8::from_str_radix(&ID[i..i + 2], 16).unwrap()).collect();
    let at = other.windows(id.len()).position(|bytes| bytes == id).unwrap();
    other[at] ^= 0xff;
    let answers: [(&[u8], &str); 5] = [
        (&other, "build-id e4710610"),
        (b"<!DOCTYPE html><html>Please log in</html>", "an HTML page"),
        (b"{}", "no ELF file"),
        (b"\x7fELF", "cannot be used"),
        (b"", "cannot be used"),
    ];
    for (body, words) in answers {
        useless(&user, user.top(&Server::fixed("200 OK", "", body).url(""), &[]), &[words]);
    }
    useless(&user, user.top(&Server::fixed("500 Internal Server Error", "", b"oops").url(""), &[]), &["500"]);
    // Not there is no fault; the module is still said to have no file.
    let absent = user.top(&Server::fixed("404 Not Found", "", b"").url(""), &[]);
    assert!(!absent.stderr.contains("warning: tsdb: "), "{}", absent.stderr);
    useless(&user, absent, &[]);
}

#[test]
fn size_is_capped_as_announced_and_as_sent() {
    let user = User::new();
    let huge = Server::new(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5368709120\r\n\r\n\x7fELF");
    });
    useless(&user, user.top(&huge.url(""), &[]), &["larger than 512 MiB", "--max-debuginfo"]);
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let endless = Server::new(move |_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\x7fELF");
        while stream.write_all(&[0; 1 << 16]).is_ok() {
            count.fetch_add(1 << 16, Ordering::Relaxed);
        }
    });
    useless(&user, user.top(&endless.url(""), &["--max-debuginfo", "1MiB"]), &["larger than 1 MiB"]);
    // What stands in the buffers of both ends, for two files, comes on top.
    assert!(sent.load(Ordering::Relaxed) < 64 << 20, "{sent:?}");
    // A bomb: a megabyte in a kilobyte.
    let bomb = crate::run::gzip(&[b"\x7fELF".as_slice(), &[0; 4 << 20]].concat());
    let zipped = Server::fixed("200 OK", "Content-Encoding: gzip\r\n", &bomb);
    useless(&user, user.top(&zipped.url(""), &["--max-debuginfo", "1MiB"]), &["larger than 1 MiB"]);
}

#[test]
fn a_server_that_fails_is_asked_once() {
    let user = User::new();
    let refusing = Refusing::new();
    let address = refusing.address();
    let down = user.top(&format!("http://{address}"), &[]);
    useless(&user, down, &["connection refused"]);
    let broken = Server::new(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4984\r\n\r\n\x7fELF");
    });
    useless(&user, user.top(&broken.url(""), &[]), &["broke off"]);
    assert_eq!(broken.requests().len(), 1);
    let slow = Server::new(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4984\r\n\r\n\x7fELF");
        // Until the other end hangs up.
        let _ = std::io::copy(stream, &mut std::io::sink());
    });
    useless(&user, user.top(&slow.url(""), &["--timeout", "1s"]), &["--timeout"]);
    assert_eq!(slow.requests().len(), 1);
    // The next server is asked all the same.
    let good = Server::fixed("200 OK", "", &program());
    let ran = user.top(&format!("http://{address}"), &["--debuginfod", &good.url("")]);
    assert!(ran.ok().contains(NAME));
}

#[test]
fn redirects_stay_on_the_server() {
    let user = User::new();
    let other = Server::fixed("200 OK", "", &program());
    let location = format!("Location: {}\r\n", other.url("/stolen"));
    let leading_away = Server::fixed("302 Found", &location, b"");
    useless(&user, user.top(&leading_away.url(""), &[]), &["another server"]);
    assert!(other.requests().is_empty());
    let within = Server::new(|request, stream| {
        let answer = match request.line.contains("/moved ") {
            true => reply("200 OK", "", &program()),
            false => reply("302 Found", "Location: /moved\r\n", b""),
        };
        send(stream, &answer);
    });
    assert!(user.top(&within.url(""), &[]).ok().contains(NAME));
}

#[test]
fn what_is_no_server_is_refused() {
    let user = User::new();
    for url in ["debuginfod.example.org", "file:///etc", "ftp://host", "http://host/?x"] {
        user.top(url, &[]).fails(2, &["--debuginfod", "http://"]);
    }
}
