//! Amounts as people read them. `svg/model.js` writes the same in the browser: a change here is a change there.

use crate::sampling::Interval;

/// `12.4 MiB` or `31,700 objects`, without a sign.
pub fn amount(value: f64, is_bytes: bool) -> String {
    let value = value.abs();
    if !is_bytes {
        let count = grouped(value);
        return format!("{count} object{}", if count == "1" { "" } else { "s" });
    }
    let scale = Scale::of(value);
    format!("{} {}", scale.number(value), scale.unit)
}

/// The same with its sign: `+12.4 MiB`, `−3 objects`, and just `0 B` for nothing.
pub fn signed(value: f64, is_bytes: bool) -> String {
    format!("{}{}", sign(value), amount(value, is_bytes))
}

/// A number of things, `31,700`, negative ones with their sign.
pub fn count(value: f64) -> String {
    let sign = if value <= -0.5 { "−" } else { "" };
    format!("{sign}{}", grouped(value.abs()))
}

/// A change in a number of things: `+31,700`.
pub fn signed_count(value: f64) -> String {
    format!("{}{}", sign(value), grouped(value.abs()))
}

/// `6.1–15.4 MiB`, for a difference `−1.2 to +3.4 MiB`; nothing for an exact value.
pub fn range(interval: Option<Interval>, is_diff: bool) -> Option<String> {
    let Interval { low, high } = interval.filter(|i| i.low < i.high)?;
    let scale = Scale::of(low.abs().max(high.abs()));
    let (from, to) = (scale.number(low.abs()), scale.number(high.abs()));
    Some(if is_diff {
        format!("{}{from} to {}{to} {}", sign(low), sign(high), scale.unit)
    } else {
        format!("{from}–{to} {}", scale.unit)
    })
}

/// ` (95 %: 6.1–15.4 MiB)` behind an amount; nothing for an exact value.
pub fn interval(interval: Option<Interval>, is_diff: bool) -> String {
    range(interval, is_diff).map_or_else(String::new, |range| format!(" (95 %: {range})"))
}

/// A share of a whole, `37.2%`; `-` where there is no whole.
pub fn percent(part: f64, whole: f64) -> String {
    if whole == 0.0 { "-".to_owned() } else { format!("{:.1}%", 100.0 * part / whole) }
}

/// Unix milliseconds as date and time: `2026-08-21 17:45:03 UTC`.
pub fn utc(unix_ms: u64) -> String {
    let [year, month, day, hour, minute, second] = calendar(unix_ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The inverse of [`utc`], to the second.
pub(crate) fn parse_utc(text: &str) -> Option<u64> {
    let numbers: Vec<u64> =
        text.strip_suffix(" UTC")?.split(['-', ' ', ':']).map_while(|n| n.parse().ok()).collect();
    let fields: [u64; 6] = numbers.try_into().ok()?;
    from_calendar(fields).filter(|ms| utc(*ms) == text)
}

/// The inverse of [`calendar`], to the second; `None` for what is no day or time.
pub(crate) fn from_calendar(fields: [u64; 6]) -> Option<u64> {
    if fields.iter().any(|&n| n > 9999) {
        return None;
    }
    let [year, month, day, hour, minute, second] = fields;
    // As in `calendar`: years begin in March.
    let year = year.checked_sub(u64::from(month <= 2))?;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = (365 * year + year / 4 - year / 100 + year / 400 + of_year).checked_sub(719_468)?;
    let ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
    (calendar(ms) == fields).then_some(ms)
}

/// Unix milliseconds as year, month, day, hour, minute and second of the Gregorian calendar in UTC.
///
/// Years are counted from March, so that the leap day is the last of its year; 400 years always have 146,097 days.
pub fn calendar(unix_ms: u64) -> [u64; 6] {
    let seconds = unix_ms / 1000;
    let days = seconds / 86_400 + 719_468;
    let of_day = seconds % 86_400;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    [year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60]
}

fn sign(value: f64) -> &'static str {
    if value >= 0.5 {
        "+"
    } else if value <= -0.5 {
        "−"
    } else {
        ""
    }
}

/// A unit that fits a number.
struct Scale {
    divisor: f64,
    unit: &'static str,
    decimals: usize,
}

impl Scale {
    fn of(value: f64) -> Scale {
        let mut divisor = 1.0;
        let mut unit = "B";
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if value / divisor < 1023.5 {
                break;
            }
            divisor *= 1024.0;
            unit = larger;
        }
        let decimals = usize::from(divisor > 1.0 && value / divisor < 99.95);
        Scale { divisor, unit, decimals }
    }

    fn number(&self, value: f64) -> String {
        if self.decimals == 0 {
            grouped(value / self.divisor)
        } else {
            format!("{:.*}", self.decimals, value / self.divisor)
        }
    }
}

/// A whole number with a comma every three digits.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_to_the_second() {
        for ms in [0, 951_827_696_789, 951_868_799_000, 4_102_444_800_000, 253_402_300_799_000] {
            assert_eq!(parse_utc(&utc(ms)), Some(ms / 1000 * 1000));
        }
        for text in [
            "",
            "UTC",
            "2000-02-30 00:00:00 UTC",
            "2000-00-01 00:00:00 UTC",
            "2000-13-01 00:00:00 UTC",
            "1969-12-31 23:59:59 UTC",
            "2000-01-01 24:00:00 UTC",
            "18446744073709551615-01-01 00:00:00 UTC",
            "2000-01-18446744073709551615 00:00:00 UTC",
            "2000-01-01 00:00:18446744073709551615 UTC",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_read_well() {
        let mib = 1_048_576.0;
        assert_eq!(amount(0.0, true), "0 B");
        assert_eq!(amount(1023.0, true), "1,023 B");
        assert_eq!(amount(1024.0, true), "1.0 KiB");
        assert_eq!(amount(12.44 * mib, true), "12.4 MiB");
        assert_eq!(amount(512.0 * 1024.0, true), "512 KiB");
        assert_eq!(amount(31_700.4, false), "31,700 objects");
        assert_eq!(amount(1.0, false), "1 object");
        assert_eq!(signed(-2.0 * mib, true), "−2.0 MiB");
        assert_eq!(signed(0.0, true), "0 B");
    }

    #[test]
    fn times_match_the_calendar() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_827_696_000), "2000-02-29 12:34:56 UTC");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
        // Hostile numbers only make an odd date.
        assert!(utc(u64::MAX).ends_with(" UTC"));
    }

    #[test]
    fn intervals_name_the_unit_once() {
        let mib = 1_048_576.0;
        let of = |low: f64, high: f64| Some(Interval { low: low * mib, high: high * mib });
        assert_eq!(interval(of(6.1, 15.4), false), " (95 %: 6.1–15.4 MiB)");
        assert_eq!(interval(of(-1.2, 3.4), true), " (95 %: −1.2 to +3.4 MiB)");
        assert_eq!(interval(of(2.0, 2.0), false), "");
        assert_eq!(interval(None, false), "");
        assert_eq!(percent(1.0, 0.0), "-");
        assert_eq!(count(-1_000_000.0), "−1,000,000");
        assert_eq!(signed_count(12.0), "+12");
    }
}
