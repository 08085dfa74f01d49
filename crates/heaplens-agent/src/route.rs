//! Paths and methods to endpoints.

use http::header::ALLOW;
use http::{Method, StatusCode};

use crate::problem::Problem;
use crate::remote;

/// Where the endpoints stand; the second is the older name.
pub(crate) const ROOTS: [&str; 2] = ["/debug/prof/mem", "/v1/prof/mem"];

/// One of the things that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Dump,
    Symbol,
    Activate,
    Deactivate,
    Status,
    ReadGdump,
    WriteGdump,
    Stats,
    /// A profile of the remote protocol, whose client gets what it reads.
    Profile(remote::Kind),
    CountSymbols,
    NameAddresses,
    CommandLine,
}

/// Finds the endpoint for a request.
pub(crate) fn endpoint(method: &Method, path: &str) -> Result<Endpoint, Problem> {
    let (get, post) = methods(path).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such endpoint").fix(
            "endpoints: /debug/prof/mem and below it /symbol, /activate, /deactivate, /status, /gdump, /stats; \
             /debug/pprof/heap, and beside it allocs, symbol, cmdline",
        )
    })?;
    let found = match *method {
        Method::GET => get,
        Method::POST => post,
        // jeprof looks for redirects before it posts.
        Method::HEAD => get.filter(|endpoint| *endpoint == Endpoint::CountSymbols),
        _ => None,
    };
    found.ok_or_else(|| {
        let allow = match (get, post) {
            (Some(Endpoint::CountSymbols), _) => "GET, HEAD, POST",
            (Some(_), Some(_)) => "GET, POST",
            (Some(_), None) => "GET",
            _ => "POST",
        };
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This endpoint does not take this method",
        )
        .fix(format!("use {allow}"))
        .header(ALLOW, allow)
    })
}

/// What GET and POST of a path ask for; `None` if there is no such path.
fn methods(path: &str) -> Option<(Option<Endpoint>, Option<Endpoint>)> {
    let below = |root: &&str| match path.strip_prefix(*root)? {
        "" => Some(""),
        rest => rest.strip_prefix('/').filter(|name| !name.is_empty()),
    };
    if let Some(name) = remote::ROOTS.iter().find_map(below) {
        return Some(match name {
            "heap" => (Some(Endpoint::Profile(remote::Kind::Heap)), None),
            "allocs" => (Some(Endpoint::Profile(remote::Kind::Allocs)), None),
            "symbol" => (Some(Endpoint::CountSymbols), Some(Endpoint::NameAddresses)),
            "cmdline" => (Some(Endpoint::CommandLine), None),
            _ => return None,
        });
    }
    Some(match ROOTS.iter().find_map(below)? {
        "" => (Some(Endpoint::Dump), Some(Endpoint::Dump)),
        "symbol" => (None, Some(Endpoint::Symbol)),
        "activate" => (None, Some(Endpoint::Activate)),
        "deactivate" => (None, Some(Endpoint::Deactivate)),
        "status" => (Some(Endpoint::Status), None),
        "stats" => (Some(Endpoint::Stats), None),
        "gdump" => (Some(Endpoint::ReadGdump), Some(Endpoint::WriteGdump)),
        _ => return None,
    })
}

/// What a dump is wanted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Proto,
    /// As `Proto`, but readers show first what was allocated.
    Allocs,
    Flamegraph,
    Folded,
    Json,
}

/// Reads the query's `output`; text if there is none.
pub(crate) fn output(query: &str) -> Result<Output, Problem> {
    match crate::form::value(query.as_bytes(), "output").as_deref() {
        None | Some("text") => Ok(Output::Text),
        Some("proto") => Ok(Output::Proto),
        Some("flamegraph") => Ok(Output::Flamegraph),
        Some("folded") => Ok(Output::Folded),
        Some("json") => Ok(Output::Json),
        Some(other) => {
            let shown: String = other.chars().take(40).collect();
            Err(Problem::new(StatusCode::BAD_REQUEST, "unknown-output", "Unknown output format")
                .why(format!("output is {shown:?}"))
                .fix("use one of text, proto, flamegraph, folded, json"))
        }
    }
}

/// What a posted dump is drawn as; a flame graph if the query does not say.
#[cfg(feature = "symbolize")]
pub(crate) fn drawing(query: &str) -> Result<Output, Problem> {
    match output(query)? {
        Output::Text if crate::form::value(query.as_bytes(), "output").is_none() => Ok(Output::Flamegraph),
        Output::Text => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "unknown-output",
            "A posted dump is not drawn in this format",
        )
        .fix("use one of flamegraph, folded, json, proto")),
        drawn => Ok(drawn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_roots_lead_to_the_same_endpoints() {
        for root in ROOTS {
            let at = |method, rest: &str| endpoint(&method, &format!("{root}{rest}")).unwrap();
            assert_eq!(at(Method::GET, ""), Endpoint::Dump);
            assert_eq!(at(Method::POST, ""), Endpoint::Dump);
            assert_eq!(at(Method::POST, "/symbol"), Endpoint::Symbol);
            assert_eq!(at(Method::POST, "/activate"), Endpoint::Activate);
            assert_eq!(at(Method::POST, "/deactivate"), Endpoint::Deactivate);
            assert_eq!(at(Method::GET, "/status"), Endpoint::Status);
            assert_eq!(at(Method::GET, "/stats"), Endpoint::Stats);
            assert_eq!(at(Method::GET, "/gdump"), Endpoint::ReadGdump);
            assert_eq!(at(Method::POST, "/gdump"), Endpoint::WriteGdump);
        }
    }

    #[test]
    fn the_remote_protocol_stands_at_gos_place_and_at_gperftools() {
        for root in remote::ROOTS {
            let at = |method, name: &str| endpoint(&method, &format!("{root}/{name}")).unwrap();
            assert_eq!(at(Method::GET, "heap"), Endpoint::Profile(remote::Kind::Heap));
            assert_eq!(at(Method::GET, "allocs"), Endpoint::Profile(remote::Kind::Allocs));
            assert_eq!(at(Method::GET, "symbol"), Endpoint::CountSymbols);
            assert_eq!(at(Method::HEAD, "symbol"), Endpoint::CountSymbols);
            assert_eq!(at(Method::POST, "symbol"), Endpoint::NameAddresses);
            assert_eq!(at(Method::GET, "cmdline"), Endpoint::CommandLine);
            for name in remote::NAMES {
                assert!(endpoint(&Method::GET, &format!("{root}/{name}")).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn wrong_methods_and_paths_are_refused() {
        let refused = |method, path: &str| endpoint(&method, path).unwrap_err();
        for (method, path, allow) in [
            (Method::GET, "/debug/prof/mem/activate", "POST"),
            (Method::GET, "/debug/prof/mem/deactivate", "POST"),
            (Method::GET, "/v1/prof/mem/symbol", "POST"),
            (Method::POST, "/v1/prof/mem/status", "GET"),
            (Method::DELETE, "/v1/prof/mem", "GET, POST"),
            (Method::HEAD, "/v1/prof/mem/gdump", "GET, POST"),
            (Method::POST, "/debug/pprof/heap", "GET"),
            (Method::HEAD, "/pprof/allocs", "GET"),
            (Method::POST, "/pprof/cmdline", "GET"),
            (Method::PUT, "/debug/pprof/symbol", "GET, HEAD, POST"),
        ] {
            let response = refused(method, path).into_response();
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()[ALLOW], allow, "{path}");
        }
        for path in [
            "",
            "/",
            "/debug/prof/mem/",
            "/debug/prof/memory",
            "/debug/prof/mem/status/x",
            "/debug/prof/cpu",
            "/debug/pprof",
            "/debug/pprof/",
            "/debug/pprof/profile",
            "/pprof/heap/",
            "/pprof/heapx",
            "/x/pprof/heap",
            "/debug/prof/mem//status",
            "/debug/prof/mem/../../etc/passwd",
        ] {
            assert_eq!(refused(Method::GET, path).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn outputs_are_named_exactly() {
        assert_eq!(output("").unwrap(), Output::Text);
        assert_eq!(output("x=1").unwrap(), Output::Text);
        assert_eq!(output("output=flamegraph").unwrap(), Output::Flamegraph);
        for wrong in ["output=", "output=Text", "output=svg"] {
            let problem = output(wrong).unwrap_err();
            assert_eq!((problem.status(), problem.code()), (StatusCode::BAD_REQUEST, "unknown-output"));
        }
    }

    #[test]
    #[cfg(feature = "symbolize")]
    fn posted_dumps_become_flame_graphs_unless_the_query_says_otherwise() {
        assert_eq!(drawing("").unwrap(), Output::Flamegraph);
        assert_eq!(drawing("output=json").unwrap(), Output::Json);
        assert_eq!(drawing("output=proto").unwrap(), Output::Proto);
        for wrong in ["output=text", "output=x"] {
            assert_eq!(drawing(wrong).unwrap_err().code(), "unknown-output", "{wrong}");
        }
    }
}
