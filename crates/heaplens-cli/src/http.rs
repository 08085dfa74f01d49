//! Fetching a dump: from the agent, from GreptimeDB, from any server with a jeprof-style endpoint.

mod download;
mod reply;
mod url;

pub(crate) use download::Download;
pub(crate) use url::{is_loopback, is_url, shown};

use crate::progress::Progress;
use crate::units;
use anyhow::{Context, bail};
use std::time::Duration;
use ureq::http::{Response, StatusCode, Uri, header};
use ureq::{Agent, Body};

const FORM: &str = "application/x-www-form-urlencoded";
/// Redirects that are followed, all within one host.
const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of an error answer is read.
const ERROR_BODY: u64 = 64 << 10;
/// The dump says more than pprof, where a server has both; one that has neither type to name answers what it has.
const PROFILES: &str = "text/plain, application/octet-stream;q=0.9, */*;q=0.8";

/// What all requests of a run share.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    token: Option<String>,
}

impl Client {
    /// `timeout` is for a whole exchange, body included.
    pub(crate) fn new(token: Option<&str>, timeout: Duration) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Followed by hand, to stay on the host that was named.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .timeout_global(Some(timeout))
            .user_agent(concat!("heaplens/", env!("CARGO_PKG_VERSION")))
            .build();
        Client { agent: config.into(), token: token.map(str::to_owned) }
    }

    /// The body that a URL answers with 200. Without a path, `/debug/prof/mem` is asked for.
    ///
    /// # Errors
    /// Names the URL, and the status with what the server said of it, or what broke.
    pub(crate) fn fetch(&self, typed: &str, cap: u64) -> anyhow::Result<Vec<u8>> {
        let _progress = Progress::start(format!("fetching {}", shown(typed)));
        let mut uri = url::parse(typed).with_context(|| shown(typed))?;
        for _ in 0..=MAX_REDIRECTS {
            let mut response = self.ask(&uri).with_context(|| shown(&uri.to_string()))?;
            if response.status().is_redirection() {
                uri = redirected(&uri, &response).with_context(|| shown(&uri.to_string()))?;
                continue;
            }
            return body(&mut response, cap, "; if it is a heap profile, raise --max-size")
                .with_context(|| shown(&uri.to_string()));
        }
        bail!("{}: more than {MAX_REDIRECTS} redirects, one after another", shown(typed))
    }

    /// The body that a URL answers a form with.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub(crate) fn post(&self, typed: &str, form: &str, cap: u64) -> anyhow::Result<Vec<u8>> {
        let mut uri = url::parse(typed)?;
        for _ in 0..=MAX_REDIRECTS {
            let request = self.authorized(self.agent.post(&uri)).content_type(FORM);
            let mut response = request.send(form).map_err(|error| explain(&error))?;
            if !response.status().is_redirection() {
                return body(&mut response, cap, "");
            }
            uri = redirected(&uri, &response)?;
        }
        bail!("more than {MAX_REDIRECTS} redirects, one after another")
    }

    /// GET, and POST where only that is allowed: GreptimeDB dumps on POST since 0.11, on GET before.
    fn ask(&self, uri: &Uri) -> anyhow::Result<Response<Body>> {
        let get = self.authorized(self.agent.get(uri)).header(header::ACCEPT, PROFILES).call();
        let got = get.map_err(|error| explain(&error))?;
        if got.status() != StatusCode::METHOD_NOT_ALLOWED {
            return Ok(got);
        }
        let post = self.authorized(self.agent.post(uri)).header(header::ACCEPT, PROFILES).send_empty();
        post.map_err(|error| explain(&error))
    }

    fn authorized<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

fn redirected(from: &Uri, response: &Response<Body>) -> anyhow::Result<Uri> {
    let location = response.headers().get(header::LOCATION);
    let Some(location) = location.and_then(|l| l.to_str().ok()) else {
        bail!("status {} without a Location that can be read", response.status());
    };
    url::resolve(from, location)
}

/// `advice` is for an answer that is larger than the cap.
fn body(response: &mut Response<Body>, cap: u64, advice: &str) -> anyhow::Result<Vec<u8>> {
    let status = response.status();
    if status != StatusCode::OK {
        let text = response.body_mut().with_config().limit(ERROR_BODY).read_to_vec().unwrap_or_default();
        bail!("{}", reply::describe(status, &text));
    }
    response.body_mut().with_config().limit(cap).read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => {
            anyhow::anyhow!("the answer is larger than {}{advice}", units::size(cap))
        }
        other => explain(&other).context("the answer broke off"),
    })
}

/// What broke, with what to do about it.
fn explain(error: &ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::Timeout(_) => anyhow::anyhow!("{error}; if the server is only slow, raise --timeout"),
        ureq::Error::HostNotFound => anyhow::anyhow!("no such host; check the name"),
        ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
            anyhow::anyhow!("connection refused; is the server running, and is this its port?")
        }
        other => anyhow::anyhow!("{other}"),
    }
}
