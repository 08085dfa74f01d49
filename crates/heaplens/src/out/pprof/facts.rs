//! What the profile says about its run, as comments: a line each, a word in front that tells the kind.

use crate::out::{symbols, units};
use crate::profile::Profile;
use std::collections::BTreeMap;

/// `go tool pprof -comments` shows these.
pub(super) fn comments(profile: &Profile) -> Vec<String> {
    let meta = &profile.meta;
    let mut list = vec![match meta.rate {
        Some(rate) => format!("heaplens: estimates, unsampled from one sample in {rate} bytes on average"),
        None => "heaplens: values are not estimates".to_owned(),
    }];
    if meta.is_diff {
        list.push("difference: the base's samples are negative and have the label pprof::base".to_owned());
    }
    if let Some(trailer) = &meta.trailer {
        let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name}={value}"));
        list.extend(line(
            "process",
            [
                number("pid", trailer.pid),
                text("exe", &trailer.exe),
                text("host", &trailer.host),
                trailer.start_ms.map(|ms| format!("start={}", units::utc(ms))),
                trailer.time_ms.map(|ms| format!("time={}", units::utc(ms))),
            ],
        ));
        list.extend(line(
            "jemalloc",
            [
                text("version", &trailer.jemalloc_version),
                trailer.active.map(|active| format!("active={active}")),
                trailer.active_since_ms.map(|ms| format!("active_since={}", units::utc(ms))),
            ],
        ));
        list.extend(figures("stats", &trailer.stats));
        list.extend(figures("rss", &trailer.rss));
    }
    let modules = symbols::report(profile).map(|report| report.modules).unwrap_or_default();
    list.extend(modules.iter().map(|module| format!("symbols {module}")));
    list.extend(profile.warnings.iter().map(|w| format!("warning {}: {}", w.code, w.message)));
    list
}

fn line(word: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("{word}: {}", parts.join(" ")))
}

/// Bytes by name.
fn figures(word: &str, figures: &BTreeMap<String, u64>) -> Option<String> {
    line(word, figures.iter().map(|(name, bytes)| Some(format!("{name}={bytes}"))))
}
