//! Servers, as jeprof's arguments name them.

use crate::exit::Usage;
use crate::source::{self, Source};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Most servers behind one argument.
const MAX_SERVERS: usize = 1000;

/// What servers give under these names beside heap profiles, and what that is.
const OTHERS: [(&str, &str); 6] = [
    ("profile", "a CPU profile"),
    ("pmuprofile", "a profile of hardware counters"),
    ("censusprofile", "a CPU profile"),
    ("filteredprofile", "a CPU profile"),
    ("contention", "a contention profile"),
    ("wall", "a contention profile"),
];

/// The inputs that an argument stands for: `HOST:PORT…` is a URL, and `HOST@3…` are three, of 0.HOST, 1.HOST and 2.HOST.
/// Whatever is a file is that file.
///
/// # Errors
/// [`Usage`]: a URL of something else than a heap profile, which is then not asked for.
pub(super) fn expand(typed: &OsStr) -> Result<Vec<OsString>, Usage> {
    let text = match typed.to_str() {
        Some(text) if !Path::new(typed).exists() => text,
        _ => return Ok(vec![typed.to_owned()]),
    };
    let urls = match (Source::new(typed), machines(text)) {
        (Source::Url(url), _) => vec![url],
        (_, Some((host, count, path))) => {
            if count > MAX_SERVERS {
                let most =
                    format!("jeprof: {text} are {count} servers; at most {MAX_SERVERS} are asked at a time");
                return Err(Usage(most));
            }
            (0..count).map(|machine| format!("http://{machine}.{host}{path}")).collect()
        }
        _ if source::looks_like_address(text) => vec![format!("http://{text}")],
        _ => return Ok(vec![typed.to_owned()]),
    };
    urls.into_iter().map(heap).collect()
}

/// Host, number and path of `HOST@NUMBER/PATH`.
fn machines(text: &str) -> Option<(&str, usize, &str)> {
    let (host, rest) = text.rsplit_once('@').filter(|(host, _)| !host.is_empty())?;
    let (count, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_number = !count.is_empty() && count.bytes().all(|digit| digit.is_ascii_digit());
    // A number too large to be read is too large in any case.
    is_number.then(|| (host, count.parse().unwrap_or(usize::MAX), path))
}

/// The URL, if a heap profile may be there.
fn heap(url: String) -> Result<OsString, Usage> {
    let path =
        url.split_once("://").map_or("", |(_, rest)| rest.split(['?', '#']).next().unwrap_or_default());
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let shown = crate::http::shown(&url);
    if path.is_empty() {
        let host = shown.trim_end_matches('/');
        return Err(Usage(format!(
            "jeprof: {host} alone means a CPU profile, and heaplens reads heap profiles only; write {host}/pprof/heap"
        )));
    }
    let service = path.rsplit_once("pprof/").filter(|(before, _)| before.is_empty() || before.ends_with('/'));
    let other = service.and_then(|(_, service)| OTHERS.iter().find(|(name, _)| *name == service));
    match other {
        Some((_, what)) => Err(Usage(format!(
            "jeprof: {shown} is {what}, and heaplens reads heap profiles only; use pprof or jeprof for it"
        ))),
        None => Ok(OsString::from(url)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<Vec<String>, String> {
        let inputs = expand(OsStr::new(text)).map_err(|Usage(why)| why)?;
        Ok(inputs.into_iter().map(|input| input.into_string().unwrap()).collect())
    }

    #[test]
    fn servers_are_named_in_jeprofs_ways() {
        let one = |url: &str| Ok(vec![url.to_owned()]);
        assert_eq!(expanded("h:80/pprof/heap"), one("http://h:80/pprof/heap"));
        assert_eq!(expanded("[::1]:80/a/pprof/growth"), one("http://[::1]:80/a/pprof/growth"));
        assert_eq!(expanded("http://h/pprof/heap?seconds=5"), one("http://h/pprof/heap?seconds=5"));
        assert_eq!(expanded("http://u@3/pprof/heap"), one("http://u@3/pprof/heap"));
        assert_eq!(expanded("https://h/debug/prof/mem"), one("https://h/debug/prof/mem"));
        let two = ["http://0.h:80/pprof/heap", "http://1.h:80/pprof/heap"].map(str::to_owned);
        assert_eq!(expanded("h:80@2/pprof/heap"), Ok(two.to_vec()));
        for file in ["mem.heap", "h/pprof/heap", "-", "a@b", "@3", "Cargo.toml"] {
            assert_eq!(expanded(file), one(file));
        }
    }

    #[test]
    fn other_profiles_are_refused_before_they_are_fetched() {
        for (typed, words) in [
            ("h:80", "http://h:80 alone means a CPU profile"),
            ("http://h/", "write http://h/pprof/heap"),
            ("http://h?seconds=5", "alone means a CPU profile"),
            ("h@2", "http://0.h alone means a CPU profile"),
            ("h:80/pprof/profile?seconds=5", "is a CPU profile"),
            ("http://h/debug/pprof/contention", "is a contention profile"),
            ("h@1001/pprof/heap", "1001 servers; at most 1000"),
            ("h@99999999999999999999999/pprof/heap", "at most 1000"),
        ] {
            let why = expanded(typed).unwrap_err();
            assert!(why.contains(words), "{typed}: {why}");
        }
    }
}
