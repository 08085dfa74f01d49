//! Answers: the headers that all of them carry, and errors as JSON.

use std::borrow::Cow;

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::json::Object;

/// A kind of body.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Json,
    #[cfg(feature = "symbolize")]
    Svg,
    #[cfg(feature = "pprof")]
    Pprof,
}

impl Kind {
    fn content_type(self) -> &'static str {
        match self {
            Kind::Text => "text/plain; charset=utf-8",
            Kind::Json => "application/json",
            #[cfg(feature = "symbolize")]
            Kind::Svg => "image/svg+xml",
            // Scrapers take nothing else for pprof.
            #[cfg(feature = "pprof")]
            Kind::Pprof => "application/octet-stream",
        }
    }

    /// The graph may run the script and style within itself, in an origin of its own (`sandbox`), and load nothing.
    fn content_security_policy(self) -> &'static str {
        match self {
            Kind::Text | Kind::Json => "default-src 'none'; frame-ancestors 'none'",
            #[cfg(feature = "pprof")]
            Kind::Pprof => "default-src 'none'; frame-ancestors 'none'",
            #[cfg(feature = "symbolize")]
            Kind::Svg => {
                "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; \
                 form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"
            }
        }
    }
}

/// An answer with the headers that every answer has.
pub(crate) fn reply(status: StatusCode, kind: Kind, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind.content_type()),
        (header::CONTENT_SECURITY_POLICY, kind.content_security_policy()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An error answer: `{"error", "code", "why", "fix"}`. Boxed, so that results stay small.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    error: String,
    why: Option<String>,
    fix: Option<String>,
    // Text, whose copies share no memory: problems cross from a drawing's arena to the program's.
    header: Option<(HeaderName, Cow<'static, str>)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, error: impl Into<String>) -> Problem {
        Problem(Box::new(Parts { status, code, error: error.into(), why: None, fix: None, header: None }))
    }

    pub(crate) fn why(mut self, why: impl Into<String>) -> Problem {
        self.0.why = Some(why.into());
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Problem {
        self.0.fix = Some(fix.into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<Cow<'static, str>>) -> Problem {
        self.0.header = Some((name, value.into()));
        self
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What happened and why, and what to do, as two sentences.
    pub(crate) fn sentences(&self) -> [String; 2] {
        let why = self.0.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        [format!("{}{why}", self.0.error), self.0.fix.clone().unwrap_or_default()]
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        let body = Object::new()
            .string("error", &self.0.error)
            .string("code", self.0.code)
            .maybe(self.0.why, |o, v| o.string("why", &v))
            .maybe(self.0.fix, |o, v| o.string("fix", &v))
            .finish();
        let mut response = reply(self.0.status, Kind::Json, body);
        if let Some((name, value)) = self.0.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }

    /// The answer to a body of more bytes than `limit`.
    pub(crate) fn body_too_large(limit: usize) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large")
            .why(format!("at most {limit} bytes are taken here"))
            .fix("use the program heaplens on a copy of the dump instead")
    }

    /// The answer where a body cannot be held.
    #[cfg(any(feature = "axum-08", feature = "listener"))]
    pub(crate) fn no_room(bytes: usize, error: &std::io::Error) -> Problem {
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no-room-for-the-body",
            "There is no memory for the body",
        )
        .why(format!("{bytes} bytes: {error}"))
        .fix("use the program heaplens on a copy of the dump instead")
    }

    /// The answer to a body that does not come.
    #[cfg(any(feature = "axum-08", feature = "listener"))]
    pub(crate) fn no_body() -> Problem {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "no-body", "The body did not arrive")
            .why("the connection broke, or was too slow: a body must arrive within 120 s")
            .fix("send it again; from far away, compressed with gzip")
    }

    /// The answer when our own code failed.
    pub(crate) fn internal() -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error: the agent panicked")
            .why("a fault in heaplens-agent; the program goes on and profiling stays usable")
            .fix("please report it with the request")
    }
}
