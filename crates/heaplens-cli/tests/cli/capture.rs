//! Dumps kept as files.

use crate::run::{fixture, gzip, heaplens, run};
use crate::server::{Server, reply, send};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

fn dump() -> Vec<u8> {
    std::fs::read(fixture("leak.heap")).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_dump_is_kept_byte_for_byte_and_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mem.heap");
    let server = Server::fixed("200 OK", "Content-Encoding: gzip\r\n", &gzip(&dump()));
    let args = ["capture", &server.url(""), "-o", path.to_str().unwrap()];
    run(args).ok();
    assert_eq!(std::fs::read(&path).unwrap(), dump());
    std::fs::write(&path, "mine").unwrap();
    run(args).fails(2, &["mem.heap", "--force"]);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    run(args.into_iter().chain(["--force"])).ok();
    assert_eq!(std::fs::read(&path).unwrap(), dump());
    assert_eq!(run(["capture", &server.url(""), "-o", "-"]).ok().into_bytes(), dump());
}

#[test]
fn the_name_tells_program_pid_and_time() {
    let body = dump();
    let trailer = format!(
        "# heaplens 1\n# process pid=4711 start=1787000000000 time=1787334303000 exe=/srv/../my%20db host=h\n# end length={} crc32={:08x}\n",
        body.len(),
        crc32fast::hash(&body)
    );
    let server = Server::fixed("200 OK", "", &[body, trailer.into_bytes()].concat());
    let dir = tempfile::tempdir().unwrap();
    let out = run(["capture", &server.url(""), "--out-dir", dir.path().to_str().unwrap()]).ok();
    assert_eq!(names(dir.path()), ["my_db.4711.20260821T174503Z.heap"]);
    assert!(out.ends_with("my_db.4711.20260821T174503Z.heap\n"), "{out}");
}

#[test]
fn a_cut_dump_is_not_kept_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.heap");
    let whole = dump();
    let cut = &whole[..whole.len() / 2];
    let server = Server::fixed("200 OK", "", cut);
    let args = ["capture", &server.url(""), "-o", path.to_str().unwrap()];
    run(args).fails(4, &["not saved", "--keep-damaged"]);
    assert_eq!(names(dir.path()), [""; 0]);
    let kept = run(args.into_iter().chain(["--keep-damaged"]));
    assert!(kept.stderr.contains("warning: "), "{kept:?}");
    kept.ok();
    assert_eq!(std::fs::read(&path).unwrap(), cut);
}

#[test]
fn what_is_no_dump_is_not_kept() {
    for body in ["<!DOCTYPE html><html></html>", r#"{"error":"x"}"#, "main;f 1\n", ""] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::fixed("200 OK", "", body.as_bytes());
        run(["capture", &server.url(""), "--out-dir", dir.path().to_str().unwrap()])
            .fails(4, &[&server.address]);
        assert_eq!(names(dir.path()), [""; 0], "{body}");
    }
}

#[test]
fn a_series_outlives_a_failure_and_tells_of_it() {
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        let answer = match asked.fetch_add(1, Ordering::SeqCst) {
            1 => reply("503 Service Unavailable", "", b"busy"),
            _ => reply("200 OK", "", &dump()),
        };
        send(stream, &answer);
    });
    let dir = tempfile::tempdir().unwrap();
    let args = ["capture", &server.url(""), "--every", "1s", "--count", "3"];
    let ran: crate::run::Ran = heaplens(args).current_dir(dir.path()).output().unwrap().into();
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("503") && ran.stderr.contains("1 of 3"), "{ran:?}");
    let names = names(dir.path());
    assert!(
        names.len() == 2 && names.iter().all(|n| n.starts_with("heap.2") && n.ends_with("Z.heap")),
        "{names:?}"
    );
}
