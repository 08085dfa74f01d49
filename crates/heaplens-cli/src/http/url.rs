//! URLs: which ones are asked, and where a redirect may lead.

use anyhow::{Context, anyhow, bail};
use std::net::IpAddr;
use ureq::http::Uri;

/// Where the agent and GreptimeDB answer.
const DEFAULT_PATH: &str = "/debug/prof/mem";

/// True for what begins with `http://` or `https://`.
pub(crate) fn is_url(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme)))
}

/// True for a URL of a server on this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A URL as it may be shown: without a password.
pub(crate) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => url.to_owned(),
    }
}

/// Reads a URL; one without a path gets the default one.
pub(super) fn parse(text: &str) -> anyhow::Result<Uri> {
    let uri: Uri = text.parse().map_err(|why| anyhow!("this URL cannot be read: {why}"))?;
    if uri.host().is_none_or(str::is_empty) {
        bail!("this URL names no host");
    }
    if !matches!(uri.path(), "" | "/") {
        return Ok(uri);
    }
    let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
    with_path(&uri, &format!("{DEFAULT_PATH}{query}"))
}

/// Where a redirect leads: only to the same server, or from http to https on the same host. Else a server could
/// point us, and the token, at any address that this machine reaches.
pub(super) fn resolve(from: &Uri, location: &str) -> anyhow::Result<Uri> {
    let to = join(from, location)
        .with_context(|| format!("the server redirects to {location}, which cannot be asked"))?;
    let same_host = to.host().is_some_and(|h| from.host().is_some_and(|f| f.eq_ignore_ascii_case(h)));
    let same_server = scheme(&to) == scheme(from) && port(&to) == port(from);
    let upgraded = scheme(from) == "http" && scheme(&to) == "https";
    if same_host && (same_server || upgraded) {
        return Ok(to);
    }
    bail!(
        "the server redirects to {}, which is another server; if that is meant, ask there",
        shown(&to.to_string())
    )
}

fn join(from: &Uri, location: &str) -> anyhow::Result<Uri> {
    Ok(if location.starts_with("//") {
        format!("{}:{location}", scheme(from)).parse()?
    } else if location.starts_with('/') {
        with_path(from, location)?
    } else if location.contains("://") {
        location.parse()?
    } else {
        let directory = from.path().rsplit_once('/').map_or("", |(dir, _)| dir);
        with_path(from, &format!("{directory}/{location}"))?
    })
}

fn with_path(base: &Uri, path_and_query: &str) -> anyhow::Result<Uri> {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse()?);
    Ok(Uri::from_parts(parts)?)
}

fn scheme(uri: &Uri) -> &str {
    uri.scheme_str().unwrap_or_default()
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if scheme(uri) == "https" { 443 } else { 80 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_gets_the_endpoint() {
        for (typed, asked) in [
            ("http://h:4000", "http://h:4000/debug/prof/mem"),
            ("http://h:4000/", "http://h:4000/debug/prof/mem"),
            ("http://h/?output=text", "http://h/debug/prof/mem?output=text"),
            ("https://h/debug/pprof/heap", "https://h/debug/pprof/heap"),
        ] {
            assert_eq!(parse(typed).unwrap().to_string(), asked);
        }
        assert!(parse("http://").is_err() && parse("http://a b/").is_err());
    }

    #[test]
    fn loopback_is_this_machine() {
        for url in
            ["http://localhost", "https://LOCALHOST:4000/x", "http://127.1.2.3:80", "http://me@[::1]:4000/"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://localhost.example.org",
            "http://0.0.0.0:80",
            "http://[::]",
            "http://h/localhost",
            "http://",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn redirects_stay_on_the_server() {
        let from: Uri = "http://h:80/a/b".parse().unwrap();
        for (location, to) in [
            ("/c?d", Some("http://h:80/c?d")),
            ("c", Some("http://h:80/a/c")),
            ("http://H/c", Some("http://h/c")),
            ("https://h/c", Some("https://h/c")),
            ("//h/c", Some("http://h/c")),
            ("http://h:81/c", None),
            ("http://169.254.169.254/", None),
            ("file:///etc/passwd", None),
            ("//evil/c", None),
        ] {
            let resolved = resolve(&from, location).ok().map(|uri| uri.to_string().to_lowercase());
            assert_eq!(resolved.as_deref(), to, "{location}");
        }
        let from: Uri = "https://h/a".parse().unwrap();
        assert!(resolve(&from, "http://h/a").is_err(), "a redirect must not take TLS away");
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("http://me:secret@h/x"), "http://***@h/x");
        assert_eq!(shown("http://h/x@y"), "http://h/x@y");
    }
}
