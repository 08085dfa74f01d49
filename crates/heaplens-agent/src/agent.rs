//! The agent: a request in, a response out, whatever the server.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};

use crate::config::Config;
use crate::dump;
use crate::guard;
use crate::json::Object;
use crate::problem::{Kind, Problem, reply};
use crate::process;
use crate::remote;
#[cfg(feature = "pprof")]
use crate::render;
use crate::route::{self, Endpoint, Output};
use crate::state::{self, State};
use crate::stats;
use crate::sys::mallctl;

/// The largest body that is taken, in bytes, but for dumps ([`Config::posted_dump`]) and addresses (4 MiB) that are
/// posted to `symbol`.
pub const MAX_BODY: usize = 64 << 10;

/// Answers the endpoints. Cheap to clone; holds no thread, no file and no lock.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    config: Arc<Config>,
}

impl Agent {
    /// An agent that answers the local machine only.
    pub fn new() -> Agent {
        Agent::default()
    }

    /// An agent with settings of the application's own.
    pub fn with(config: Config) -> Agent {
        Agent { config: Arc::new(config) }
    }

    /// Answers one request that came from `peer`; `None` if the server does not know.
    ///
    /// Blocks while a dump is written: call it from a thread that may. Never panics (unless the program is built with
    /// `panic = "abort"`, and then only for a fault of ours). Not to be called from a signal handler.
    ///
    /// Check [`Agent::admit`] first if the body has not been read yet.
    pub fn handle(&self, request: Request<impl AsRef<[u8]>>, peer: Option<IpAddr>) -> Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        self.answer(&head, peer, |limit| {
            let body = body.as_ref();
            if body.len() > limit { Err(Problem::body_too_large(limit)) } else { Ok(body) }
        })
    }

    /// As [`Agent::handle`], with a body that is read, up to a limit, when it is its turn.
    pub(crate) fn answer<B: AsRef<[u8]> + Send>(
        &self,
        head: &http::request::Parts,
        peer: Option<IpAddr>,
        body: impl FnOnce(usize) -> Result<B, Problem>,
    ) -> Response<Vec<u8>> {
        match catch_unwind(AssertUnwindSafe(|| self.respond(head, peer, body))) {
            Ok(Ok(response)) => response,
            Ok(Err(problem)) => problem.into_response(),
            Err(_) => Problem::internal().into_response(),
        }
    }

    /// Decides on a request by its head alone: how many bytes of body to read, or the answer that refuses it.
    // The error is an answer ready to be sent; it is made once a request.
    #[allow(clippy::result_large_err)]
    pub fn admit(
        &self,
        head: &http::request::Parts,
        peer: Option<IpAddr>,
    ) -> Result<usize, Response<Vec<u8>>> {
        self.endpoint(&head.method, &head.uri, &head.headers, peer)
            .map(|endpoint| self.body_limit(endpoint))
            .map_err(Problem::into_response)
    }

    fn body_limit(&self, endpoint: Endpoint) -> usize {
        match endpoint {
            Endpoint::Symbol => self.config.drawing.posted,
            Endpoint::NameAddresses => remote::MAX_ADDRESSES,
            _ => MAX_BODY,
        }
    }

    fn endpoint(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Endpoint, Problem> {
        guard::check(&self.config, method, uri, headers, peer)?;
        let endpoint = route::endpoint(method, uri.path())?;
        if matches!(endpoint, Endpoint::Symbol | Endpoint::NameAddresses) {
            require(Feature::Symbolize)?;
        }
        Ok(endpoint)
    }

    fn respond<B: AsRef<[u8]> + Send>(
        &self,
        head: &http::request::Parts,
        peer: Option<IpAddr>,
        body: impl FnOnce(usize) -> Result<B, Problem>,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let endpoint = self.endpoint(&head.method, &head.uri, &head.headers, peer)?;
        let query = head.uri.query().unwrap_or_default();
        let body = || body(self.body_limit(endpoint));
        // Large bodies, which are read when it is their turn.
        #[cfg(feature = "symbolize")]
        if endpoint == Endpoint::Symbol {
            return render::posted(route::drawing(query)?, body, &self.config);
        }
        #[cfg(feature = "symbolize")]
        if endpoint == Endpoint::NameAddresses {
            return render::addresses(body, &self.config);
        }
        let body = body()?;
        match endpoint {
            Endpoint::Dump => self.profile(route::output(query)?),
            Endpoint::Profile(kind) => self.profile(remote::output(kind, query, &head.headers)?),
            // Answered above, or refused.
            Endpoint::Symbol | Endpoint::NameAddresses => Err(Problem::internal()),
            Endpoint::CountSymbols => Ok(count_symbols(&head.method)),
            Endpoint::CommandLine => Ok(reply(StatusCode::OK, Kind::Text, process::command_line())),
            Endpoint::Activate => activate(true),
            Endpoint::Deactivate => activate(false),
            Endpoint::Status => Ok(status()),
            Endpoint::ReadGdump => {
                let active = mallctl::read_bool(c"prof.gdump").unwrap_or(false);
                let body = Object::new().boolean("active", active).finish();
                // With a space, as GreptimeDB writes it.
                Ok(reply(StatusCode::OK, Kind::Json, body.replacen(':', ": ", 1)))
            }
            Endpoint::WriteGdump => write_gdump(query, body.as_ref()),
            Endpoint::Stats => Ok(reply(StatusCode::OK, Kind::Json, stats::json(State::now()))),
        }
    }

    fn profile(&self, output: Output) -> Result<Response<Vec<u8>>, Problem> {
        // Refused before a dump is taken for nothing.
        match output {
            Output::Text => {}
            Output::Proto | Output::Allocs => require(Feature::Pprof)?,
            Output::Flamegraph | Output::Folded | Output::Json => require(Feature::Symbolize)?,
        }
        State::now().require_enabled()?;
        #[cfg(feature = "pprof")]
        if output != Output::Text {
            return render::own(output, &self.config);
        }
        let dump = dump::take(self.config.min_interval)?;
        let mut response = reply(StatusCode::OK, Kind::Text, dump.bytes.as_slice());
        dump.taken.describe(response.headers_mut());
        Ok(response)
    }
}

fn activate(on: bool) -> Result<Response<Vec<u8>>, Problem> {
    let before = State::now().require_enabled()?;
    mallctl::set_prof_active(on).map_err(|errno| mallctl_failed("prof.active", errno))?;
    if !on {
        dump::set_active_since(None);
    } else if before == State::Inactive {
        dump::set_active_since(Some(process::now_ms()));
    }
    let word = if on { "activated" } else { "deactivated" };
    Ok(reply(StatusCode::OK, Kind::Text, format!("Heap profiling {word}")))
}

fn write_gdump(query: &str, body: &[u8]) -> Result<Response<Vec<u8>>, Problem> {
    let value =
        crate::form::value(body, "activate").or_else(|| crate::form::value(query.as_bytes(), "activate"));
    let on = match value.as_deref().map(str::trim) {
        Some("true") => true,
        Some("false") => false,
        _ => {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "bad-activate",
                "activate is missing or not a boolean",
            )
            .fix("send the form activate=true or activate=false"));
        }
    };
    State::now().require_enabled()?;
    mallctl::set_prof_gdump(on).map_err(|errno| mallctl_failed("prof.gdump", errno))?;
    let word = if on { "activated" } else { "deactivated" };
    Ok(reply(StatusCode::OK, Kind::Text, format!("gdump {word}")))
}

fn mallctl_failed(name: &str, errno: mallctl::Errno) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "mallctl-failed", "jemalloc refused the switch")
        .why(format!("{name}: {errno}"))
}

fn status() -> Response<Vec<u8>> {
    let state = State::now();
    let last = dump::last();
    let body = Object::new()
        .boolean("active", state == State::Active)
        .string("state", state.word())
        .string("env", state::variable())
        .number_or_null("lg_sample", stats::lg_sample())
        .boolean("gdump", mallctl::read_bool(c"prof.gdump").unwrap_or(false))
        .number_or_null("last_dump_ms", last.map(|last| last.took.as_millis()))
        .number_or_null("last_dump_time_ms", last.map(|last| last.time_ms))
        .maybe(dump::active_since(), |o, v| o.number("active_since_ms", v))
        .maybe(stats::version(), |o, v| o.string("version", &v))
        .maybe(state.fix(), |o, v| o.string("fix", &v))
        .finish();
    reply(StatusCode::OK, Kind::Json, body)
}

/// jeprof goes on if there is one; without names its user is better told than shown addresses.
fn count_symbols(method: &Method) -> Response<Vec<u8>> {
    let count = if cfg!(feature = "symbolize") { 1 } else { 0 };
    let body = if *method == Method::HEAD { String::new() } else { format!("num_symbols: {count}\n") };
    reply(StatusCode::OK, Kind::Text, body)
}

/// What a program can be built without.
#[derive(Clone, Copy)]
enum Feature {
    Pprof,
    Symbolize,
}

fn require(feature: Feature) -> Result<(), Problem> {
    let (is_there, what, name, instead) = match feature {
        Feature::Pprof => (
            cfg!(feature = "pprof"),
            "This program cannot write pprof",
            "pprof",
            "fetch the dump: output=text, or debug=1 under /debug/pprof",
        ),
        Feature::Symbolize => (
            cfg!(feature = "symbolize"),
            "This program cannot name its own functions",
            "symbolize",
            "fetch output=text and use the program heaplens: heaplens flamegraph URL",
        ),
    };
    if is_there {
        return Ok(());
    }
    Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "not-compiled-in", what)
        .why(format!("heaplens-agent was built without its feature `{name}`"))
        .fix(format!("build with the feature, or {instead}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_answer_and_nothing_breaks() {
        struct Trap;
        impl AsRef<[u8]> for Trap {
            fn as_ref(&self) -> &[u8] {
                panic!("as the test wants it")
            }
        }
        let agent = Agent::new();
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        let request = Request::get("/debug/prof/mem/status");
        let response = agent.handle(request.body(Trap).unwrap(), peer);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let request = Request::get("/debug/prof/mem/status");
        let response = agent.handle(request.body([]).unwrap(), peer);
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[test]
    fn bodies_are_limited() {
        let agent = Agent::new();
        let request = Request::post("/debug/prof/mem/gdump").body(vec![b' '; MAX_BODY + 1]);
        let response = agent.handle(request.unwrap(), Some(IpAddr::from([127, 0, 0, 1])));
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
