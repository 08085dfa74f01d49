//! A server over time.

use super::{Dir, answers, check, dump};
use crate::server::{Server, reply, send};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_server_is_asked_over_time_and_its_dumps_are_kept() {
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        let number = asked.fetch_add(1, Ordering::SeqCst) as u64;
        let plain = dump(1000 * number, 7, number);
        // Servers answer jemalloc's text; names are for people's files.
        let at = plain.windows(8).position(|window| window == b"heap_v2/").unwrap();
        let answer = match number {
            1 => reply("503 Service Unavailable", "", b"busy"),
            _ => reply("200 OK", "", &plain[at..]),
        };
        send(stream, &answer);
    });
    let dir = Dir::new();
    let evidence = dir.path("evidence");
    let args =
        ["--target", &server.url(""), "--for", "2s", "--every", "1s", "--max-growth", "1999", "--no-symbols"];
    let ran = check(&[&args[..], &["--save", evidence.to_str().unwrap()]].concat());
    assert!(ran.stderr.contains("warning: left out: ") && ran.stderr.contains("503"), "{ran:?}");
    let said = answers(ran, 1, "failed: app+0x");
    let kept = dir.names("evidence");
    assert_eq!(kept, ["app.7.20261127T143000Z.heap", "app.7.20261127T143200Z.heap", "growth.svg"]);
    assert!(
        said.contains(&format!("growth.svg, or heaplens diff {}", evidence.join(&kept[0]).display())),
        "{said}"
    );
}

/// Answers so many dumps, then that it is busy.
fn dying(dumps: usize) -> Server {
    let asked = AtomicUsize::new(0);
    Server::new(move |_, stream| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        let plain = dump(1000 + 10 * number as u64, 7, number as u64);
        let at = plain.windows(8).position(|window| window == b"heap_v2/").unwrap();
        let answer = match number {
            _ if number < dumps => reply("200 OK", "", &plain[at..]),
            _ => reply("503 Service Unavailable", "", b"busy"),
        };
        send(stream, &answer);
    })
}

#[test]
fn a_server_that_gives_no_first_dump_is_not_waited_for() {
    let begun = Instant::now();
    let server = dying(0);
    check(&["--target", &server.url(""), "--for", "10m", "--every", "1s"])
        .fails(4, &["--target: the first dump failed, so the server is asked no more: ", "503", "busy"]);
    assert_eq!(server.requests().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_server_that_is_gone_is_asked_no_more_and_what_it_gave_is_no_pass() {
    let args = ["--for", "10m", "--every", "1s", "--no-symbols", "--target"];
    let with =
        |server: &Server, limit| check(&[&args[..], &[&server.url(""), "--max-growth", limit]].concat());
    let server = dying(2);
    let ran = with(&server, "1MiB");
    assert_eq!(server.requests().len(), 5);
    assert!(
        ran.stderr.contains("the server is asked no more; what it gave before is judged (2 of 601 dumps)\n"),
        "{ran:?}"
    );
    answers(ran, 3, "inconclusive: the server stopped answering after 2 dumps of 601: http://");
    let said = answers(with(&dying(2), "9"), 1, "failed: ");
    assert!(said.contains("\ninconclusive: the server stopped answering after 2 dumps of 601: "), "{said}");
}
