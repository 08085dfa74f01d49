//! What the profile says about its run, as comments: a line each, a word in front that tells the kind.

use crate::out::{symbols, units};
use crate::profile::Profile;
use crate::trailer::Trailer;
use std::collections::BTreeMap;

/// What the first comment begins with.
pub(crate) const VALUES: &str = "heaplens: ";
pub(crate) const DIFFERENCE: &str =
    "difference: the base's samples are negative and have the label pprof::base";
/// In front of a warning's code and text.
pub(crate) const WARNING: &str = "warning ";
/// The code of a warning that was read from a file: its text begins with the code that it had there.
pub(crate) const RECORDED: &str = "recorded";

/// `go tool pprof -comments` shows these.
pub(super) fn comments(profile: &Profile, period: u64) -> Vec<String> {
    let meta = &profile.meta;
    let mut list = vec![match meta.rate {
        Some(_) => format!("{VALUES}estimates, unsampled from one sample in {period} bytes on average"),
        None => format!("{VALUES}values are not estimates"),
    }];
    if meta.is_diff {
        list.push(DIFFERENCE.to_owned());
    }
    list.extend(meta.trailer.iter().flat_map(of_trailer));
    list.extend(meta.comments.iter().cloned());
    let modules = symbols::report(profile).map(|report| report.modules).unwrap_or_default();
    list.extend(modules.iter().map(|module| format!("symbols {module}")));
    list.extend(profile.warnings.iter().map(|w| match w.code {
        RECORDED => format!("{WARNING}{}", w.message),
        code => format!("{WARNING}{code}: {}", w.message),
    }));
    list
}

/// What a dump's writer said of itself.
pub(crate) fn of_trailer(trailer: &Trailer) -> Vec<String> {
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
    let text = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}={value}"));
    let process = line(
        "process",
        [
            number("pid", trailer.pid),
            text("exe", &trailer.exe),
            text("host", &trailer.host),
            trailer.start_ms.map(|ms| format!("start={}", units::utc(ms))),
            trailer.time_ms.map(|ms| format!("time={}", units::utc(ms))),
        ],
    );
    let jemalloc = line(
        "jemalloc",
        [
            text("version", &trailer.jemalloc_version),
            trailer.active.map(|active| format!("active={active}")),
            trailer.active_since_ms.map(|ms| format!("active_since={}", units::utc(ms))),
        ],
    );
    let figures = [figures("stats", &trailer.stats), figures("rss", &trailer.rss)];
    [process, jemalloc].into_iter().chain(figures).flatten().collect()
}

fn line(word: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{word}: {}", parts.join(" ")))
}

/// Bytes by name.
fn figures(word: &str, figures: &BTreeMap<String, u64>) -> Option<String> {
    line(word, figures.iter().map(|(name, bytes)| Some(format!("{name}={bytes}"))))
}
