//! Counters of requests over time, as monitoring systems export them: `time,count`, one a line.

use crate::source;
use anyhow::{Context, bail};
use heaplens::series::time_in;
use std::path::Path;

/// Reads a series of `(Unix milliseconds, requests so far)`; a heading and empty lines are skipped.
///
/// # Errors
/// Names the line that is none, and what it should be.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<(u64, f64)>> {
    let shown = || format!("--load {}", path.display());
    let bytes = source::beside(path).with_context(shown)?;
    parse(&String::from_utf8_lossy(&bytes)).with_context(shown)
}

fn parse(text: &str) -> anyhow::Result<Vec<(u64, f64)>> {
    let mut points: Vec<(u64, f64)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((time, count)) = line.split_once([',', ';', '\t', ' ']) else {
            bail!("line {number}: found {line:?}, expected a time and a count, such as 1795789805,120000");
        };
        let point = time_in(time.trim()).zip(count.trim().parse::<f64>().ok().filter(|c| c.is_finite()));
        match point {
            Some(point) => points.push(point),
            // A heading.
            None if points.is_empty() && !time.starts_with(|c: char| c.is_ascii_digit()) => {}
            None => {
                bail!("line {number}: found {line:?}, expected a time and a count, such as 1795789805,120000")
            }
        }
    }
    points.sort_by_key(|(ms, _)| *ms);
    points.dedup_by_key(|(ms, _)| *ms);
    if points.len() < 2 {
        bail!("found {} lines of time,count; expected at least two", points.len());
    }
    if points.windows(2).any(|pair| pair[1].1 < pair[0].1) {
        bail!("the count falls; expected requests since the start, which only rise (a counter, not a rate)");
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_of_counters_are_read() {
        let points = parse("time,requests\n1795789805,10\n\n# restarted\n1795789865000,25.5\n").unwrap();
        assert_eq!(points, [(1_795_789_805_000, 10.0), (1_795_789_865_000, 25.5)]);
        assert_eq!(parse("2026-11-27T14:30:05Z 1\n2026-11-27T14:31:05Z 2").unwrap()[0].0, 1_795_789_805_000);
        for (text, words) in [
            ("", "found 0 lines"),
            ("1795789805,1\nx", "line 2"),
            ("1795789805,1\n1795789806,y", "line 2"),
            ("1795789805,5\n1795789806,4", "only rise"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
