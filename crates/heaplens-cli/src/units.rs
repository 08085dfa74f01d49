//! Sizes and durations as people type them.

use heaplens::leaks::Warmup;
use std::time::Duration;

/// `4GiB`, `100 MB`, `4096`: bytes. Units without an `i` are decimal.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let units: [(&str, u64); 9] = [
        ("", 1),
        ("b", 1),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
    ];
    let (number, unit) = split(text);
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match (number.parse::<u64>().ok(), factor) {
        (Some(number), Some(factor)) => {
            number.checked_mul(factor).ok_or_else(|| format!("{text} is more than fits into 64 bits"))
        }
        _ => Err("expected a whole number and a unit, such as 100MiB or 4GiB".to_owned()),
    }
}

/// `30s`, `10m`, `2h`, `1d`, or a number of seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let units: [(&str, u64); 5] = [("", 1), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let (number, unit) = split(text);
    let factor = units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    match (number.parse::<u64>().ok(), factor) {
        (Some(number), Some(factor)) => {
            number.checked_mul(factor).map(Duration::from_secs).ok_or_else(|| format!("{text} is too long"))
        }
        _ => Err("expected a whole number and a unit, such as 30s, 10m or 2h".to_owned()),
    }
}

/// `5MiB/h`: bytes a second.
pub(crate) fn parse_rate(text: &str) -> Result<f64, String> {
    let expected = || "expected a size and a time, such as 5MiB/h or 100KiB/s".to_owned();
    let (size, time) = text.split_once('/').ok_or_else(expected)?;
    let seconds = parse_duration(&format!("1{}", time.trim())).map_err(|_| expected())?.as_secs_f64();
    if !time.trim().starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(expected());
    }
    Ok(parse_size(size)? as f64 / seconds)
}

/// `5%`: a part of 1.
pub(crate) fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let is_fit = |number: &f64| number.is_finite() && *number >= 0.0;
    number
        .filter(is_fit)
        .map(|number| number / 100.0)
        .ok_or_else(|| "expected a percentage, such as 5%".to_owned())
}

/// `2`, `2 rounds` or `2 dumps`; `5m`: a time.
pub(crate) fn parse_warmup(text: &str) -> Result<Warmup, String> {
    let (number, unit) = split(text);
    if ["", "dump", "dumps", "round", "rounds"].contains(&unit.as_str()) {
        let expected = |_| "expected a number of dumps or rounds, or a time, such as 2 or 5m".to_owned();
        return number.parse().map(Warmup::Captures).map_err(expected);
    }
    parse_duration(text).map(|time| Warmup::Seconds(time.as_secs_f64()))
}

fn split(text: &str) -> (&str, String) {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    (number, unit.trim().to_ascii_lowercase())
}

/// A size for a message: the largest binary unit in which it is a whole number.
pub(crate) fn size(bytes: u64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >= 1 << shift && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_back() {
        assert_eq!(parse_size("4GiB"), Ok(4 << 30));
        assert_eq!(parse_size("100 MB"), Ok(100_000_000));
        assert_eq!(parse_size("17"), Ok(17));
        assert!(
            parse_size("99999999TiB").is_err() && parse_size("-1").is_err() && parse_size("1 lot").is_err()
        );
        assert_eq!(parse_duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse_rate("5MiB/h"), Ok((5 << 20) as f64 / 3600.0));
        assert_eq!(parse_rate("1 KiB / s"), Ok(1024.0));
        for rate in ["5MiB", "5MiB/", "MiB/h", "5MiB/2h", "5MiB/0s", "5MiB/w"] {
            assert!(parse_rate(rate).is_err(), "{rate}");
        }
        assert_eq!((parse_percent("5%"), parse_percent("0 %")), (Ok(0.05), Ok(0.0)));
        assert!(
            parse_percent("5").is_err() && parse_percent("-1%").is_err() && parse_percent("inf%").is_err()
        );
        assert_eq!(parse_warmup("2"), Ok(Warmup::Captures(2)));
        assert_eq!(parse_warmup("2 rounds"), Ok(Warmup::Captures(2)));
        assert_eq!(parse_warmup("2m"), Ok(Warmup::Seconds(120.0)));
        assert!(parse_warmup("").is_err() && parse_warmup("2 laps").is_err());
        assert!(parse_duration("1w").is_err() && parse_duration("").is_err());
        assert_eq!((size(4 << 30), size(1000)), ("4 GiB".into(), "1000 bytes".into()));
    }
}
