//! A small HTTP/1.1 listener of the agent's own, for programs without a server: threads, no runtime.

mod head;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::{Response, StatusCode};

use crate::agent::Agent;
use crate::problem::Problem;
use crate::sys::mallctl;
use crate::sys::pages::Pages;
use head::{Head, MAX_HEAD};

/// Connections that are served at the same time; more are turned away with 503.
const MAX_CONNECTIONS: usize = 32;
/// A whole head must arrive within this.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// A whole body must arrive, and an answer be taken, within this.
const BODY_TIME: Duration = Duration::from_secs(120);

/// A listener that runs until [`Listener::stop`], or the program's end if this is dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Listener {
    /// The address that is listened on; tells the port if it was asked for as 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening. Requests under way are finished.
    pub fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        // The thread waits for a connection: give it one.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
                IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
            });
        }
        drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
    }
}

/// Serves the endpoints on an address such as `127.0.0.1:4001`, to the local machine only.
///
/// # Errors
///
/// If the address cannot be listened on, or no thread can be started.
pub fn listen(address: impl ToSocketAddrs) -> io::Result<Listener> {
    listen_with(address, Agent::new())
}

/// Serves the endpoints with an agent of the application's own settings.
///
/// # Errors
///
/// If the address cannot be listened on, or no thread can be started.
pub fn listen_with(address: impl ToSocketAddrs, agent: Agent) -> io::Result<Listener> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    std::thread::Builder::new()
        .name("heaplens-listen".to_owned())
        .spawn(move || accept(&listener, &agent, &stopped))?;
    Ok(Listener { address, stop })
}

fn accept(listener: &TcpListener, agent: &Agent, stop: &AtomicBool) {
    let connections = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of descriptors, as a rule: wait for some to come free instead of spinning.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let place = Place::take(&connections);
        if place.0.load(Ordering::SeqCst) > MAX_CONNECTIONS {
            turn_away(stream);
            continue;
        }
        let agent = agent.clone();
        let thread = std::thread::Builder::new().name("heaplens-answer".to_owned());
        // Without a thread the connection is closed; the client may try again.
        drop(thread.spawn(move || {
            // What these threads allocate is the agent's, and no part of the program.
            let _ = mallctl::stop_sampling_this_thread();
            let _place = place;
            serve(stream, &agent);
        }));
    }
}

/// One connection's place among the many.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(count: &Arc<AtomicUsize>) -> Place {
        count.fetch_add(1, Ordering::SeqCst);
        Place(Arc::clone(count))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn turn_away(mut stream: TcpStream) {
    let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many connections").fix("ask again");
    // A fresh connection takes this much without waiting; if not, the client has lost little.
    if stream.set_nonblocking(true).is_ok() {
        drop(stream.write(&head::write(&busy.into_response())));
    }
}

fn serve(mut stream: TcpStream, agent: &Agent) {
    let Ok(peer) = stream.peer_addr() else { return };
    let response = match answer(&mut stream, agent, peer.ip()) {
        Ok(response) => response,
        Err(Failure::Refused(response)) => *response,
        // The client is gone or too slow: there is nobody to tell.
        Err(Failure::Gone) => return,
    };
    // By now the dump is done and its turn given up: a slow reader holds up nobody but this thread.
    if send(&mut stream, &response, Instant::now() + BODY_TIME).is_ok() {
        linger(&mut stream);
    }
}

enum Failure {
    Refused(Box<Response<Vec<u8>>>),
    Gone,
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Failure {
        Failure::Gone
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Refused(Box::new(problem.into_response()))
    }
}

fn answer(stream: &mut TcpStream, agent: &Agent, peer: IpAddr) -> Result<Response<Vec<u8>>, Failure> {
    let (head, begun) = read_head(stream)?;
    let (parts, ()) = head.request.into_parts();
    agent.admit(&parts, Some(peer)).map_err(|refusal| Failure::Refused(Box::new(refusal)))?;
    let mut gone = None;
    let response = agent.answer(&parts, Some(peer), |limit| {
        if head.length > limit as u64 {
            return Err(Problem::body_too_large(limit));
        }
        // At most the limit, which is a length in memory.
        let length = head.length as usize;
        let mut body = Pages::new(length).map_err(|error| Problem::no_room(length, &error))?;
        // One request a connection: what follows the body finds no room.
        body.push(&begun);
        let read = fill(stream, &mut body, length, head.expects_continue && begun.is_empty());
        read.map(|()| body).map_err(|error| {
            gone = Some(error);
            Problem::no_body()
        })
    });
    match gone {
        // The client is gone or too slow: there is nobody to tell.
        Some(error) => Err(error.into()),
        None => Ok(response),
    }
}

/// Reads a body up to its length.
fn fill(stream: &mut TcpStream, body: &mut Pages, length: usize, waits: bool) -> io::Result<()> {
    if waits && length > 0 {
        stream.set_write_timeout(Some(HEAD_TIME))?;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let deadline = Instant::now() + BODY_TIME;
    let mut chunk = [0; 16 << 10];
    while body.as_ref().len() < length {
        match read(stream, &mut chunk, deadline)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => body.push(&chunk[..count]),
        };
    }
    Ok(())
}

/// Reads up to the end of the head, and returns what of the body came with it.
fn read_head(stream: &mut TcpStream) -> Result<(Head, Vec<u8>), Failure> {
    let deadline = Instant::now() + HEAD_TIME;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match read(stream, &mut chunk, deadline)? {
            0 => return Err(Failure::Gone),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
        if let Some((head, length)) = head::parse(&bytes)? {
            return Ok((head, bytes.split_off(length)));
        }
        if bytes.len() >= MAX_HEAD {
            return Err(head::too_long().into());
        }
    }
}

fn read(stream: &mut TcpStream, chunk: &mut [u8], deadline: Instant) -> io::Result<usize> {
    stream.set_read_timeout(Some(remaining(deadline)?))?;
    stream.read(chunk)
}

fn remaining(deadline: Instant) -> io::Result<Duration> {
    deadline
        .checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| io::ErrorKind::TimedOut.into())
}

fn send(stream: &mut TcpStream, response: &Response<Vec<u8>>, deadline: Instant) -> io::Result<()> {
    let head = head::write_head(response);
    for part in [&head[..], response.body()] {
        // In pieces, or a client that takes a byte a second would keep one call going for ever.
        for piece in part.chunks(64 << 10) {
            stream.set_write_timeout(Some(remaining(deadline)?))?;
            stream.write_all(piece)?;
        }
    }
    stream.shutdown(Shutdown::Write)
}

/// Takes what the client still sends, within bounds: closing with bytes unread would reset the connection, and the
/// client might lose the answer.
fn linger(stream: &mut TcpStream) {
    let deadline = Instant::now() + Duration::from_secs(2);
    let mut chunk = [0; 16 << 10];
    let mut left = 4usize << 20;
    while left > 0 {
        match read(stream, &mut chunk, deadline) {
            Ok(count) if count > 0 => left = left.saturating_sub(count),
            _ => return,
        }
    }
}
