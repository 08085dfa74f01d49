//! A server of a few lines: what it answers is a closure, raw bytes and all, so that it can misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request: its first line, its header lines in lower case, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn is(&self, method: &str) -> bool {
        self.line.starts_with(&format!("{method} "))
    }
}

pub(crate) struct Server {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request with `answer`, one a connection, until the test ends.
    pub(crate) fn new(answer: impl Fn(&Request, &mut TcpStream) + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                if let Some(request) = read_request(&stream) {
                    log.lock().expect("no panic").push(request.clone());
                    answer(&request, &mut stream);
                }
            }
        });
        Server { address, seen }
    }

    /// Answers always the same.
    pub(crate) fn fixed(status: &str, headers: &str, body: &[u8]) -> Server {
        let answer = reply(status, headers, body);
        Server::new(move |_, stream| send(stream, &answer))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }
}

/// An address that refuses connections as long as this is there: its port belongs to the end of a connection, so nobody
/// listens at it and nobody else gets it.
pub(crate) struct Refusing {
    end: TcpStream,
    _other: TcpListener,
}

impl Refusing {
    pub(crate) fn new() -> Refusing {
        let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let end = TcpStream::connect(other.local_addr().expect("an address")).expect("it listens");
        Refusing { end, _other: other }
    }

    pub(crate) fn address(&self) -> String {
        self.end.local_addr().expect("an address").to_string()
    }
}

/// A whole answer. `headers` are lines that end with CRLF.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len())
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The client may hang up at any time.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers: Vec<String> = lines.iter().skip(1).map(|l| l.to_ascii_lowercase()).collect();
    let length = headers.iter().find_map(|h| h.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).ok()?;
    Some(Request { line: lines.first()?.clone(), headers, body: String::from_utf8_lossy(&body).into_owned() })
}
