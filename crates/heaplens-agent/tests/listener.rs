//! The listener, over raw sockets.
#![cfg(feature = "listener")]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use common::{allocate, in_child};
use heaplens::trailer::{Seal, Trailer, split};
use heaplens_agent::{Agent, Config, Listener, listen, listen_with};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn connect(listener: &Listener) -> TcpStream {
    TcpStream::connect(listener.local_addr()).unwrap()
}

fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn exchange(listener: &Listener, request: &str) -> String {
    let mut stream = connect(listener);
    // A connection that was turned away may be closed before all is written.
    let _ = stream.write_all(request.as_bytes());
    answer(stream)
}

const STATUS: &str = "GET /debug/prof/mem/status HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn alive(listener: &Listener) {
    let mut answer = exchange(listener, STATUS);
    // Connections that were dropped just now hold their places until their threads notice.
    while answer.starts_with("HTTP/1.1 503 ") || answer.is_empty() {
        answer = exchange(listener, STATUS);
    }
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains(r#""state":"#), "{answer}");
}

#[test]
fn a_dump_arrives_whole() {
    let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");
    in_child("a_dump_arrives_whole", conf, || {
        let live = allocate(500);
        let listener = listen("127.0.0.1:0").unwrap();
        let mut stream = connect(&listener);
        stream.write_all(b"GET /debug/prof/mem HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", bytes.len() - at)), "{head}");
        let (body, tail) = split(&bytes[at..]);
        assert_eq!(Trailer::parse(body, tail).1, Seal::Intact);
        drop(live);
    });
}

#[test]
fn split_writes_and_bodies_are_put_together() {
    let listener = listen("127.0.0.1:0").unwrap();
    let request =
        "POST /debug/prof/mem/gdump HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nactivate";
    let mut stream = connect(&listener);
    stream.set_nodelay(true).unwrap();
    for byte in request.bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    let answer = answer(stream);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("bad-activate"), "{answer}");
}

#[test]
fn a_client_that_waits_to_continue_is_told_to() {
    let listener = listen("127.0.0.1:0").unwrap();
    let mut stream = connect(&listener);
    let head = "POST /debug/prof/mem/gdump HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"activate=x").unwrap();
    assert!(answer(stream).contains("bad-activate"));
}

#[test]
fn hostile_heads_are_refused_and_the_listener_lives() {
    let listener = listen("127.0.0.1:0").unwrap();
    let huge = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let endless = "x".repeat(1 << 20);
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(2000));
    for (request, status) in [
        (huge.as_str(), "431"),
        (endless.as_str(), "431"),
        (many.as_str(), "431"),
        ("\u{16}\u{3}\u{1}\0\u{1}\0\0\0\r\n\r\n", "400"),
        ("GET /debug/prof/mem HTTP/7.0\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
        ("GET / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "400"),
        (
            "POST /debug/prof/mem/activate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
            "413",
        ),
        ("GET /debug/prof/mem HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403"),
        (
            "POST /debug/prof/mem/activate HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n",
            "403",
        ),
        ("GET /debug/prof/mem/activate HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"),
        ("GET /etc/passwd HTTP/1.0\r\n\r\n", "404"),
    ] {
        let mut stream = connect(&listener);
        // The listener may have refused before all is written.
        let _ = stream.write_all(request.as_bytes());
        let answer = answer(stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}: {answer:.200}");
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"));
    }
    alive(&listener);
}

#[test]
fn early_disconnects_do_no_harm() {
    let listener = listen("127.0.0.1:0").unwrap();
    for round in 0..50 {
        let mut stream = connect(&listener);
        // Writing may fail: when all places are taken, connections are turned away.
        let _ = match round % 4 {
            0 => Ok(()),
            1 => stream.write_all(b"GET /debug"),
            2 => stream.write_all(STATUS.as_bytes()),
            _ => {
                let _ =
                    stream.write_all(b"POST /debug/prof/mem/gdump HTTP/1.1\r\nContent-Length: 9\r\n\r\na");
                stream.shutdown(Shutdown::Write)
            }
        };
    }
    alive(&listener);
}

#[test]
fn a_token_is_asked_for() {
    let listener = listen_with("127.0.0.1:0", Agent::with(Config::default().token("s3cret"))).unwrap();
    let refused = exchange(&listener, STATUS);
    assert!(
        refused.starts_with("HTTP/1.1 401 ") && refused.contains("\r\nwww-authenticate: Bearer\r\n"),
        "{refused}"
    );
    let with = STATUS.replace("\r\n\r\n", "\r\nAuthorization: Bearer s3cret\r\n\r\n");
    assert!(exchange(&listener, &with).starts_with("HTTP/1.1 200 "));
}

#[test]
fn too_many_connections_are_turned_away_and_come_back() {
    let listener = listen("127.0.0.1:0").unwrap();
    // Each holds a place while its head is awaited.
    let held: Vec<TcpStream> = (0..32)
        .map(|_| {
            let mut stream = connect(&listener);
            stream.write_all(b"GET ").unwrap();
            stream
        })
        .collect();
    let answer = answer(connect(&listener));
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains(r#""code":"busy""#), "{answer}");
    drop(held);
    // Places come free as the threads notice.
    while !exchange(&listener, STATUS).starts_with("HTTP/1.1 200 ") {
        std::thread::yield_now();
    }
}

#[test]
fn a_stopped_listener_gives_up_its_port() {
    let listener = listen("127.0.0.1:0").unwrap();
    alive(&listener);
    let address = listener.local_addr();
    listener.stop();
    while TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
}

#[test]
#[cfg(feature = "symbolize")]
fn a_large_dump_is_posted_and_drawn() {
    let conf = Some("MALLOC_CONF=prof:true");
    in_child("a_large_dump_is_posted_and_drawn", conf, || {
        let listener =
            listen_with("127.0.0.1:0", Agent::with(Config::default().posted_dump(1 << 20))).unwrap();
        let post = |body: &str| {
            let path = "/debug/prof/mem/symbol?output=folded";
            let head =
                format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
            exchange(&listener, &format!("{head}{body}"))
        };
        let line = "main;work 1\n";
        let lines = (1 << 20) / line.len();
        let answer = post(&line.repeat(lines));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.300}");
        assert!(answer.ends_with(&format!("\r\n\r\nmain;work {lines}\n")), "{answer:.300}");
        let answer = post(&line.repeat(lines + 1));
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("1048576 bytes"), "{answer:.300}");
    });
}
