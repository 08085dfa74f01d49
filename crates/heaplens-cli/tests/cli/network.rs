//! Servers that answer, refuse, lie, or never end.

use crate::run::{fixture, gzip, heaplens, run};
use crate::server::{Refusing, Server, reply, send};

fn dump() -> Vec<u8> {
    std::fs::read(fixture("leak.heap")).unwrap()
}

fn folded_of_file() -> String {
    run(["folded", "--no-symbols", fixture("leak.heap").to_str().unwrap()]).ok()
}

fn fetch(url: &str) -> crate::run::Ran {
    run(["folded", "--no-symbols", "--max-size", "1MiB", url])
}

#[test]
fn a_server_that_dumps_on_get_is_asked_once() {
    let server = Server::fixed("200 OK", "", &dump());
    assert_eq!(fetch(&server.url("/debug/pprof/heap")).ok(), folded_of_file());
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].line.starts_with("GET /debug/pprof/heap HTTP"), "{requests:?}");
}

#[test]
fn greptimedb_dumps_on_post_and_the_path_is_known() {
    let server = Server::new(|request, stream| {
        let answer = match request.is("POST") {
            true => reply("200 OK", "Content-Type: application/octet-stream\r\n", &dump()),
            false => reply("405 Method Not Allowed", "Allow: POST\r\n", b""),
        };
        send(stream, &answer);
    });
    for path in ["", "/", "/debug/prof/mem"] {
        assert_eq!(fetch(&server.url(path)).ok(), folded_of_file(), "{path}");
    }
    assert!(server.requests().iter().all(|r| r.line.contains(" /debug/prof/mem HTTP")));
}

#[test]
fn gzip_is_undone_as_encoding_and_as_content() {
    let encoded = Server::fixed("200 OK", "Content-Encoding: gzip\r\n", &gzip(&dump()));
    assert_eq!(fetch(&encoded.url("")).ok(), folded_of_file());
    let content = Server::fixed("200 OK", "", &gzip(&dump()));
    assert_eq!(fetch(&content.url("")).ok(), folded_of_file());
}

#[test]
fn an_error_status_shows_what_the_server_says() {
    let greptime = Server::fixed("400 Bad Request", "", br#"{"error":"Memory profiling is not enabled"}"#);
    fetch(&greptime.url("")).fails(4, &[&greptime.address, "400", "Memory profiling is not enabled"]);
    let agent = Server::fixed(
        "409 Conflict",
        "",
        br#"{"error":"inactive","code":"inactive","why":"it is off","fix":"POST activate"}"#,
    );
    fetch(&agent.url("")).fails(4, &["409", "inactive: it is off; POST activate"]);
    let featureless = Server::fixed("501 Not Implemented", "", b"The 'mem-prof' feature is disabled");
    fetch(&featureless.url("")).fails(4, &["501", "The 'mem-prof' feature is disabled"]);
    let page = Server::fixed("404 Not Found", "", b"<html><body>nginx</body></html>");
    fetch(&page.url("/x")).fails(4, &["404", "HTML page", "/debug/prof/mem"]);
    let hostile =
        Server::fixed("500 Internal Server Error", "", &[b"a\x1b[2J".as_slice(), &[b'y'; 9000]].concat());
    let ran = fetch(&hostile.url(""));
    assert!(!ran.stderr.contains('\u{1b}') && ran.stderr.len() < 500, "{ran:?}");
    ran.fails(4, &["500"]);
}

#[test]
fn a_200_that_is_no_profile_is_named() {
    for (body, word) in
        [("<!DOCTYPE html><html>login</html>", "HTML"), (r#"{"error":"nope"}"#, "nope"), ("", "empty")]
    {
        let server = Server::fixed("200 OK", "", body.as_bytes());
        fetch(&server.url("")).fails(4, &[&server.address, word]);
    }
}

#[test]
fn answers_that_break_off_are_errors() {
    let mut short = reply("200 OK", "", &dump());
    short.truncate(short.len() - 100);
    let short = Server::new(move |_, stream| send(stream, &short));
    fetch(&short.url("")).fails(4, &["broke off"]);
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nheap_v2/524288\n";
    let chunk = Server::new(|_, stream| send(stream, chunk));
    fetch(&chunk.url("")).fails(4, &["broke off"]);
}

#[test]
fn endless_answers_are_cut_at_the_cap() {
    let endless = Server::new(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while std::io::Write::write_all(stream, &[b'x'; 1 << 16]).is_ok() {}
    });
    fetch(&endless.url("")).fails(4, &["larger than 1 MiB", "--max-size"]);
    let bomb = Server::fixed("200 OK", "Content-Encoding: gzip\r\n", &gzip(&vec![b'x'; 64 << 20]));
    fetch(&bomb.url("")).fails(4, &["larger than 1 MiB"]);
}

#[test]
fn a_server_that_stalls_is_given_up() {
    let stalled = Server::new(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nheap");
        // Holds the connection until the client hangs up.
        let _ = std::io::Read::read(stream, &mut [0]);
    });
    run(["top", "--timeout", "1s", &stalled.url("")]).fails(4, &["timeout", "--timeout"]);
}

#[test]
fn redirects_are_followed_on_one_server_only() {
    let target = Server::fixed("200 OK", "", &dump());
    let location = format!("Location: {}\r\n", target.url("/x"));
    let elsewhere = Server::fixed("302 Found", &location, b"");
    fetch(&elsewhere.url("")).fails(4, &["redirects to", &target.address]);
    assert!(target.requests().is_empty(), "the other server was asked");
    let file = Server::fixed("302 Found", "Location: file:///etc/passwd\r\n", b"");
    fetch(&file.url("")).fails(4, &["redirects to"]);
    let circle = Server::fixed("307 Temporary Redirect", "Location: /again\r\n", b"");
    fetch(&circle.url("")).fails(4, &["redirects"]);
    let moved = Server::new(|request, stream| {
        let answer = match request.line.contains("/new ") {
            true => reply("200 OK", "", &dump()),
            false => reply("301 Moved Permanently", "Location: /new\r\n", b""),
        };
        send(stream, &answer);
    });
    assert_eq!(fetch(&moved.url("/old")).ok(), folded_of_file());
}

#[test]
fn the_token_goes_to_the_server_and_nowhere_else() {
    let server = Server::fixed("403 Forbidden", "", b"");
    let by_option = run(["top", "--token", "s3cret", &server.url("")]);
    let by_variable = heaplens(["top", &server.url("")]).env("HEAPLENS_TOKEN", "s3cret").output().unwrap();
    assert_eq!(server.requests().len(), 2);
    for request in server.requests() {
        assert!(request.headers.contains(&"authorization: bearer s3cret".to_owned()), "{request:?}");
    }
    for ran in [by_option, by_variable.into()] {
        assert!(!ran.stderr.contains("s3cret"), "{ran:?}");
        ran.fails(4, &["403", "HEAPLENS_TOKEN"]);
    }
    let help = heaplens(["top", "--help"]).env("HEAPLENS_TOKEN", "s3cret").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains("s3cret"));
    let password = run(["top", &format!("http://me:s3cret@{}/", server.address)]);
    assert!(!password.stderr.contains("s3cret"), "{password:?}");
}

#[test]
fn a_server_that_is_down_is_said() {
    let refusing = Refusing::new();
    let address = refusing.address();
    fetch(&format!("http://{address}/")).fails(4, &[&address, "refused"]);
}

#[test]
fn an_address_without_a_host_is_said() {
    fetch("http://").fails(4, &["http://"]);
}

/// A dump whose paths lead to a file of this machine, fetched from this machine and from one that is not known to be it.
#[cfg(target_os = "linux")]
#[test]
fn the_paths_of_another_machines_dump_are_not_this_ones() {
    let readme = |name: &str| format!("{}/tests/readme/{name}", env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("tsdb");
    std::fs::copy(readme("tsdb"), &program).unwrap();
    let program = program.to_str().unwrap();
    let bytes = std::fs::read(readme("leak.heap")).unwrap();
    let (body, _) = heaplens::trailer::split(&bytes);
    let body = String::from_utf8(body.to_vec()).unwrap().replace("/opt/tsdb/bin/tsdb", program);
    let sealed = |lines: &str| {
        let (length, crc) = (body.len(), crc32fast::hash(body.as_bytes()));
        format!("{body}# heaplens 1\n{lines}# end length={length} crc32={crc:x}\n")
    };
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let here = sealed(&format!("# process pid=1 host={}\n", host.trim()));
    let id = heaplens::symbols::build_id(program.as_ref()).unwrap().unwrap();
    let proven = sealed(&format!("# process pid=1 host=elsewhere\n# build-id {id} {program}\n"));
    let near = |dump: &str| Server::fixed("200 OK", "", dump.as_bytes()).url("/x");
    // The same server, by an address that is no loopback address.
    let far = |dump: &str| near(dump).replace("127.0.0.1", "0.0.0.0");
    let file = dir.path().join("x.heap");
    std::fs::write(&file, &body).unwrap();
    let file = file.to_str().unwrap();
    for (inputs, named) in [
        (vec![near(&body)], true),
        (vec![far(&here)], true),
        (vec![far(&proven)], true),
        (vec![far(&body)], false),
        (vec![file.to_owned(), far(&body)], false),
        (vec!["--base".to_owned(), far(&body), file.to_owned()], false),
    ] {
        let ran = run(["folded".to_owned()].into_iter().chain(inputs.clone()));
        let warned = ran.stderr.contains("comes from another machine");
        assert_eq!((ran.ok().contains("tsdb::main"), warned), (named, !named), "{inputs:?}");
    }
}
