//! Who may ask. Decided from the connection and the request's own headers; what a proxy claims in `Forwarded`,
//! `X-Forwarded-For` and their like is never looked at.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::config::{Config, Peers};
use crate::problem::Problem;

/// Passes or refuses a request before anything is done for it.
pub(crate) fn check(
    config: &Config,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<(), Problem> {
    if let Some(token) = &config.token {
        check_token(token, headers)?;
    } else if config.peers == Peers::LoopbackOnly {
        check_peer(peer)?;
        check_host(&config.hosts, uri, headers)?;
    }
    check_site(method, uri, headers)
}

fn check_token(token: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |why: &str| {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "This endpoint needs a bearer token")
            .why(why)
            .fix("send the header `Authorization: Bearer TOKEN` with the token the program was given")
            .header(WWW_AUTHENTICATE, "Bearer")
    };
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Err(refuse("the request has no Authorization header"));
    };
    let given = match value.as_bytes().split_at_checked(7) {
        Some((scheme, given)) if scheme.eq_ignore_ascii_case(b"bearer ") => given,
        _ => return Err(refuse("the Authorization header is not of the scheme Bearer")),
    };
    // An empty token would let everybody in.
    if !token.is_empty() && equal_in_constant_time(given.trim_ascii(), token.as_bytes()) {
        Ok(())
    } else {
        Err(refuse("the token is not the right one"))
    }
}

/// Compares without stopping at the first difference. The length is not a secret.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let difference =
        a.iter().zip(b).fold(0u8, |difference, (a, b)| std::hint::black_box(difference | (a ^ b)));
    difference == 0
}

fn check_peer(peer: Option<IpAddr>) -> Result<(), Problem> {
    let refuse = |why: String, fix: &str| {
        Problem::new(StatusCode::FORBIDDEN, "peer-refused", "This endpoint answers the local machine only")
            .why(why)
            .fix(fix)
    };
    match peer {
        // ::ffff:127.0.0.1 is how a dual-stack socket shows an IPv4 peer.
        Some(address) if address.to_canonical().is_loopback() => Ok(()),
        Some(address) => Err(refuse(
            format!("the request came from {}", address.to_canonical()),
            "ask from the same machine, or set a bearer token: Agent::with(Config::default().token(…))",
        )),
        None => Err(refuse(
            "the server did not say where the request came from".to_owned(),
            "serve with the peer's address (axum: app.into_make_service_with_connect_info::<std::net::SocketAddr>()), \
             or set a bearer token, or allow every peer: Config::default().peers(Peers::Any)",
        )),
    }
}

/// The host that the client meant to reach.
fn host_of<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    match headers.get(HOST) {
        Some(value) => value.to_str().ok(),
        None => uri.authority().map(|authority| authority.as_str()),
    }
}

/// A page whose name was pointed at 127.0.0.1 (DNS rebinding) is a local peer; its name gives it away.
fn check_host(allowed: &[String], uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(HOST) && uri.authority().is_none() {
        return Ok(());
    }
    let host = host_of(uri, headers).unwrap_or_default();
    let name = without_port(host);
    let local = name.eq_ignore_ascii_case("localhost")
        || name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
        || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
    if local {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "host-refused", "This endpoint is not known by this host name")
        .why("a web page could point its own name at this machine")
        .fix("use an IP address or `localhost`, or allow the name: Config::default().allow_host(…)"))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // A colon within brackets belongs to an IPv6 address.
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

/// Refuses requests that a page of another site makes.
fn check_site(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |why: &str| {
        Err(Problem::new(StatusCode::FORBIDDEN, "cross-site", "Requests from other sites are refused")
            .why(why)
            .fix("ask from a program such as curl or heaplens, or open the address itself"))
    };
    let is = |name: &'static str, value: &str| {
        headers
            .get(HeaderName::from_static(name))
            .is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    // A link on another page may be followed; nothing else may come from there, not even a GET, which costs a dump.
    let followed = *method == Method::GET && is("sec-fetch-mode", "navigate");
    // Another port of the same host is the same site, but a stranger all the same.
    let elsewhere = is("sec-fetch-site", "cross-site") || is("sec-fetch-site", "same-site");
    if elsewhere && !followed {
        return refuse("the browser says that the page asking is of another origin");
    }
    if *method == Method::GET || *method == Method::HEAD {
        return Ok(());
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let same = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .zip(host_of(uri, headers))
        .is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host));
    if same { Ok(()) } else { refuse("the Origin header names another host than the Host header") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        config: &Config,
        method: Method,
        headers: &[(&str, &str)],
        peer: Option<&str>,
    ) -> Result<(), &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let uri = Uri::from_static("/debug/prof/mem");
        let peer = peer.map(|peer| peer.parse().unwrap());
        check(config, &method, &uri, &map, peer).map_err(|problem| problem.code())
    }

    #[test]
    fn only_the_local_machine_is_answered_by_default() {
        let config = Config::default();
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(ask(&config, Method::GET, &[], Some(peer)), Ok(()), "{peer}");
        }
        for peer in ["10.0.0.1", "::ffff:10.0.0.1", "169.254.169.254", "::", "0.0.0.0", "::127.0.0.1"] {
            assert_eq!(ask(&config, Method::GET, &[], Some(peer)), Err("peer-refused"), "{peer}");
        }
        assert_eq!(ask(&config, Method::GET, &[], None), Err("peer-refused"));
    }

    #[test]
    fn forwarded_headers_change_nothing() {
        let config = Config::default();
        for name in ["forwarded", "x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip"] {
            for (value, peer, expected) in
                [("127.0.0.1", "10.0.0.1", Err("peer-refused")), ("10.0.0.1", "127.0.0.1", Ok(()))]
            {
                assert_eq!(ask(&config, Method::GET, &[(name, value)], Some(peer)), expected, "{name}");
            }
        }
    }

    #[test]
    fn any_peer_is_answered_when_the_program_says_so() {
        let config = Config::default().peers(Peers::Any);
        assert_eq!(ask(&config, Method::GET, &[("host", "db7:4000")], Some("10.0.0.1")), Ok(()));
        assert_eq!(ask(&config, Method::GET, &[], None), Ok(()));
    }

    #[test]
    fn a_token_decides_for_every_peer() {
        let config = Config::default().token("s3cret");
        let long = format!("Bearer {}", "s3cret".repeat(10_000));
        for peer in [None, Some("127.0.0.1"), Some("10.0.0.1")] {
            let with = |value: &str| ask(&config, Method::GET, &[("authorization", value)], peer);
            assert_eq!(with("Bearer s3cret"), Ok(()));
            assert_eq!(with("bearer s3cret"), Ok(()));
            for wrong in [
                "Bearer s3creT",
                "Bearer s3cre",
                "Bearer s3crett",
                "Bearer ",
                "Bearer",
                "s3cret",
                "Basic s3cret",
                "",
                &long,
            ] {
                assert_eq!(with(wrong), Err("unauthorized"), "{wrong:.20}");
            }
            assert_eq!(ask(&config, Method::GET, &[], peer), Err("unauthorized"));
        }
        let open = Config::default().peers(Peers::Any).token("s3cret");
        assert_eq!(ask(&open, Method::GET, &[], Some("127.0.0.1")), Err("unauthorized"));
    }

    #[test]
    fn an_empty_token_lets_nobody_in() {
        let config = Config::default().token("");
        for value in ["Bearer ", "Bearer", "Bearer x"] {
            let asked = ask(&config, Method::GET, &[("authorization", value)], Some("127.0.0.1"));
            assert_eq!(asked, Err("unauthorized"));
        }
    }

    #[test]
    fn a_name_pointed_at_this_machine_is_refused() {
        let config = Config::default().allow_host("db7.local");
        let asked = |host| ask(&config, Method::GET, &[("host", host)], Some("127.0.0.1"));
        for host in ["localhost", "LOCALHOST:4000", "127.0.0.1:4000", "[::1]:4000", "[::1]", "db7.local:1"] {
            assert_eq!(asked(host), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "evil.example:4000", "localhost.evil.example", "", "127.0.0.1.evil.example"]
        {
            assert_eq!(asked(host), Err("host-refused"), "{host}");
        }
    }

    #[test]
    fn other_sites_cannot_post() {
        let config = Config::default();
        let post = |headers: &[(&str, &str)]| ask(&config, Method::POST, headers, Some("127.0.0.1"));
        let host = ("host", "localhost:4000");
        assert_eq!(post(&[host]), Ok(()));
        assert_eq!(post(&[host, ("origin", "http://LOCALHOST:4000")]), Ok(()));
        for origin in ["http://evil.example", "null", "http://localhost:4001", "", "http://localhost"] {
            assert_eq!(post(&[host, ("origin", origin)]), Err("cross-site"), "{origin}");
        }
        assert_eq!(post(&[("origin", "http://localhost:4000")]), Err("cross-site"));
        assert_eq!(post(&[host, ("sec-fetch-site", "cross-site")]), Err("cross-site"));
    }

    #[test]
    fn other_sites_can_link_but_not_fetch() {
        let config = Config::default();
        let get = |headers: &[(&str, &str)]| ask(&config, Method::GET, headers, Some("127.0.0.1"));
        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(get(&[cross, ("sec-fetch-mode", "navigate")]), Ok(()));
        assert_eq!(get(&[cross, ("sec-fetch-mode", "no-cors")]), Err("cross-site"));
        assert_eq!(get(&[("sec-fetch-site", "same-origin")]), Ok(()));
    }
}
