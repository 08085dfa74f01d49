//! Heads of HTTP/1 messages.

use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Response, StatusCode};

use crate::problem::Problem;

/// The longest head that is taken, in bytes.
pub(super) const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// A request's head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) request: Request<()>,
    /// Bytes of the body.
    pub(super) length: u64,
    pub(super) expects_continue: bool,
}

/// Parses a head and tells its length; `None` if it has not ended yet.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Problem> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Ok(httparse::Status::Complete(_)) | Err(httparse::Error::TooManyHeaders) => return Err(too_long()),
        Err(error) => return Err(bad(error.to_string())),
    };
    let mut request =
        Request::builder().method(parsed.method.unwrap_or_default()).uri(parsed.path.unwrap_or_default());
    for header in parsed.headers {
        request = request.header(header.name, header.value);
    }
    let request = request.body(()).map_err(|error| bad(error.to_string()))?;
    let map = request.headers();
    let head = Head {
        length: content_length(map)?,
        expects_continue: map
            .get(EXPECT)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue")),
        request,
    };
    Ok(Some((head, length)))
}

fn content_length(headers: &HeaderMap) -> Result<u64, Problem> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(Problem::new(
            StatusCode::LENGTH_REQUIRED,
            "length-required",
            "A body needs a Content-Length here",
        )
        .fix("send the body with a Content-Length, as curl does for a file"));
    }
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(0),
        (Some(value), None) => value
            .to_str()
            .ok()
            .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| bad("the Content-Length is not a number")),
        (Some(_), Some(_)) => Err(bad("there is more than one Content-Length")),
    }
}

fn bad(why: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", "This is not an HTTP/1.1 request").why(why)
}

pub(super) fn too_long() -> Problem {
    Problem::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "head-too-large",
        "The request's head is too large",
    )
    .why(format!("at most {MAX_HEAD} bytes and {MAX_HEADERS} headers are taken"))
}

/// The head of an answer, up to and with the empty line.
pub(super) fn write_head(response: &Response<Vec<u8>>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        out.extend(name.as_str().bytes());
        out.extend(b": ");
        out.extend(value.as_bytes());
        out.extend(b"\r\n");
    }
    out.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", response.body().len()).bytes());
    out
}

/// An answer in one piece.
pub(super) fn write(response: &Response<Vec<u8>>) -> Vec<u8> {
    let mut out = write_head(response);
    out.extend(response.body());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(bytes: &[u8]) -> Result<bool, u16> {
        parse(bytes).map(|head| head.is_some()).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_head_is_parsed_when_it_has_ended() {
        let whole = b"POST /v1/prof/mem/symbol?x=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\nabc";
        let (head, length) = parse(whole).unwrap().unwrap();
        assert_eq!((head.length, head.expects_continue, &whole[length..]), (3, true, &b"abc"[..]));
        assert_eq!(head.request.uri().path(), "/v1/prof/mem/symbol");
        for cut in 0..length {
            assert_eq!(status(&whole[..cut]), Ok(false), "cut at {cut}");
        }
    }

    #[test]
    fn bad_heads_are_refused() {
        for (bytes, expected) in [
            (&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..], 400),
            (b"GET / HTTP/9.9\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nA B: c\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            (b"GET ^ HTTP/1.1\r\n\r\n", 400),
        ] {
            assert_eq!(status(bytes), Err(expected), "{}", String::from_utf8_lossy(bytes));
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(status(many.as_bytes()), Err(431));
        let long = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(MAX_HEAD));
        assert_eq!(status(long.as_bytes()), Err(431));
    }
}
