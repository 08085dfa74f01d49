//! A small HTTP/1.1 client: one connection, kept alive, replies with a Content-Length.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_HEADER: u64 = 16 << 10;
const MAX_BODY: u64 = 256 << 20;

/// A connection.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<TcpStream>,
    address: SocketAddr,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The reply as an error message about a request.
    pub(super) fn describe(&self, request: &str) -> String {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(200)]);
        format!("{request}: status {}: {}", self.status, body.escape_debug())
    }
}

impl Client {
    /// Connects to the first of the addresses that answers.
    pub fn connect(addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let mut last = None;
        for &address in addresses {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(TIMEOUT))?;
                    stream.set_write_timeout(Some(TIMEOUT))?;
                    stream.set_nodelay(true)?;
                    let reader = BufReader::new(stream);
                    return Ok(Self { reader, address });
                }
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error.into()),
            None => bail!("no address to connect to"),
        }
    }

    /// Sends a request and reads the reply, of whatever status. After an Err the connection is useless.
    pub fn request(&mut self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Reply> {
        let (address, length) = (self.address, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n");
        let stream = self.reader.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat()).context("sending the request")?;
        read_reply(&mut self.reader)
    }
}

fn read_reply(reader: &mut impl BufRead) -> anyhow::Result<Reply> {
    let mut head = reader.by_ref().take(MAX_HEADER);
    let mut line = String::new();
    let mut next = |line: &mut String| -> anyhow::Result<()> {
        line.clear();
        head.read_line(line).context("reading the reply")?;
        ensure!(line.ends_with('\n'), "the reply's header was cut off, or is longer than {MAX_HEADER} bytes");
        Ok(())
    };
    next(&mut line)?;
    let status =
        line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    let Some(status) = status else { bail!("expected an HTTP/1.1 status line, found {:?}", line.trim_end()) };
    let mut length = None;
    loop {
        next(&mut line)?;
        let field = line.trim_end();
        if field.is_empty() {
            break;
        }
        let Some((name, value)) = field.split_once(':') else { bail!("expected a header, found {field:?}") };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse::<u64>().with_context(|| format!("Content-Length:{value}"))?);
        }
    }
    let length = match length {
        _ if status == 204 => 0,
        Some(length) if length <= MAX_BODY => length,
        Some(length) => bail!("a body of {length} bytes, more than the {MAX_BODY} allowed"),
        None => bail!("the reply has no Content-Length, which this client needs"),
    };
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).context("reading the body")?;
    ensure!(body.len() as u64 == length, "the body ended after {} of {length} bytes", body.len());
    Ok(Reply { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_reply_after_the_other() {
        let mut bytes =
            &b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\nx: y\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\n"[..];
        let first = read_reply(&mut bytes).unwrap();
        assert_eq!((first.status, first.body.as_slice()), (200, &b"ok"[..]));
        assert_eq!(read_reply(&mut bytes).unwrap().status, 204);
        assert!(read_reply(&mut bytes).is_err());
    }

    #[test]
    fn says_what_is_wrong_with_a_reply() {
        let cases = [
            ("", "cut off"),
            ("SSH-2.0-x\r\n", "expected an HTTP/1.1 status line"),
            ("HTTP/1.1 200 OK\r\n\r\nabc", "no Content-Length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "ended after 3 of 5"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "more than"),
            ("HTTP/1.1 200 OK\r\nbroken\r\n\r\n", "expected a header"),
        ];
        for (reply, message) in cases {
            let error = read_reply(&mut reply.as_bytes()).unwrap_err();
            assert!(format!("{error:#}").contains(message), "{reply:?}: {error:#}");
        }
        let long = format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(4000));
        assert!(read_reply(&mut long.as_bytes()).is_err());
    }
}
