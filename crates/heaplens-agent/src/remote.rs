//! The remote protocol of gperftools' pprof and of Go's net/http/pprof: what jeprof, `go tool pprof` and the scrapers of
//! profile stores ask. Nothing is remembered between requests: each is answered for what it says itself.

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, StatusCode};

use crate::form;
use crate::problem::Problem;
use crate::route::{self, Output};

/// Where the protocol's endpoints stand: Go's place, and gperftools'.
pub(crate) const ROOTS: [&str; 2] = ["/debug/pprof", "/pprof"];
/// What is answered below; other names are left to the program, which may have profiles of its own there.
#[cfg(any(feature = "axum-08", test))]
pub(crate) const NAMES: [&str; 4] = ["heap", "allocs", "symbol", "cmdline"];

/// The largest body of addresses, in bytes: 200,000 as jeprof writes them, which asks for all at once.
pub(crate) const MAX_ADDRESSES: usize = 4 << 20;

/// Two names of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Live memory first.
    Heap,
    /// What was allocated first: Go's name for the same profile, which jeprof does not know.
    Allocs,
}

/// What the client of a profile reads: pprof, unless the query or a header says otherwise.
pub(crate) fn output(kind: Kind, query: &str, headers: &HeaderMap) -> Result<Output, Problem> {
    let value = |name| form::value(query.as_bytes(), name);
    if value("seconds").is_some_and(|seconds| seconds != "0") {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "no-delta", "A heap profile is of one moment")
            .why("the query has `seconds`, which asks for a difference over a time")
            .fix("fetch two profiles and compare them: heaplens diff, or go tool pprof -diff_base"));
    }
    let output = match (value("output"), value("debug")) {
        (Some(_), _) => route::output(query)?,
        (None, Some(debug)) if debug.parse().is_ok_and(|level: u64| level > 0) => Output::Text,
        (None, Some(_)) => Output::Proto,
        (None, None) => accepted(headers).unwrap_or(match kind {
            Kind::Heap if is_curl(headers) => Output::Text,
            _ => Output::Proto,
        }),
    };
    Ok(match (kind, output) {
        (Kind::Allocs, Output::Proto) => Output::Allocs,
        (_, output) => output,
    })
}

/// The first of the two types that the client names.
fn accepted(headers: &HeaderMap) -> Option<Output> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|range| {
        let media = range.split(';').next().unwrap_or_default().trim();
        match media {
            _ if media.eq_ignore_ascii_case("text/plain") => Some(Output::Text),
            _ if media.eq_ignore_ascii_case("application/octet-stream") => Some(Output::Proto),
            _ => None,
        }
    })
}

/// jeprof fetches with curl and says nothing more of itself.
fn is_curl(headers: &HeaderMap) -> bool {
    headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"curl/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(kind: Kind, query: &str, headers: &[(&'static str, &str)]) -> Result<Output, &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        output(kind, query, &map).map_err(|problem| problem.code())
    }

    const CURL: (&str, &str) = ("user-agent", "curl/7.88.1");
    const ANY: (&str, &str) = ("accept", "*/*");

    #[test]
    fn each_client_gets_what_it_reads() {
        let heap = |headers: &[_]| wanted(Kind::Heap, "", headers).unwrap();
        let allocs = |headers: &[_]| wanted(Kind::Allocs, "", headers).unwrap();
        // jeprof, which does not ask for allocs.
        assert_eq!(heap(&[CURL, ANY]), Output::Text);
        assert_eq!(allocs(&[CURL, ANY]), Output::Allocs);
        let scrapers: [&[(&str, &str)]; 5] = [
            &[("user-agent", "Go-http-client/1.1"), ("accept-encoding", "gzip")],
            &[("user-agent", "Alloy/v1.10.0 (linux; docker)"), ("accept-encoding", "gzip")],
            &[("user-agent", "conprof/0.24.0"), ("accept-encoding", "gzip")],
            &[("user-agent", "Mozilla/5.0"), ("accept", "text/html,application/xhtml+xml,*/*;q=0.8")],
            &[],
        ];
        for headers in scrapers {
            assert_eq!(heap(headers), Output::Proto, "{headers:?}");
            assert_eq!(allocs(headers), Output::Allocs, "{headers:?}");
        }
        assert_eq!(heap(&[("user-agent", "libcurl/8")]), Output::Proto);
    }

    #[test]
    fn the_query_outweighs_accept_and_accept_the_client() {
        let heap = |query, headers: &[_]| wanted(Kind::Heap, query, headers).unwrap();
        for (query, output) in [
            ("debug=1", Output::Text),
            ("debug=2", Output::Text),
            ("debug=0", Output::Proto),
            ("debug=x", Output::Proto),
            ("gc=1", Output::Text),
            ("output=proto", Output::Proto),
            ("output=text&debug=0", Output::Text),
            ("output=folded", Output::Folded),
            ("seconds=0&debug=0", Output::Proto),
        ] {
            assert_eq!(heap(query, &[CURL, ANY]), output, "{query}");
        }
        let (text, proto) = (("accept", "text/plain"), ("accept", "application/octet-stream"));
        assert_eq!(heap("debug=1", &[proto]), Output::Text);
        assert_eq!(heap("", &[CURL, proto]), Output::Proto);
        assert_eq!(heap("", &[text]), Output::Text);
        assert_eq!(
            heap("", &[("accept", "*/*;q=0.1, Text/Plain;q=0.9, application/octet-stream")]),
            Output::Text
        );
        assert_eq!(heap("", &[proto, text]), Output::Proto);
        assert_eq!(wanted(Kind::Allocs, "debug=1", &[]), Ok(Output::Text));
        assert_eq!(wanted(Kind::Allocs, "output=proto", &[]), Ok(Output::Allocs));
    }

    #[test]
    fn what_cannot_be_answered_is_refused() {
        for query in ["seconds=30", "debug=1&seconds=1", "seconds=", "seconds=-1"] {
            assert_eq!(wanted(Kind::Heap, query, &[]), Err("no-delta"), "{query}");
        }
        assert_eq!(wanted(Kind::Allocs, "output=callgrind", &[]), Err("unknown-output"));
    }
}
