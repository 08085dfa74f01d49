//! The line below the headline of a graph: which process, when.

use heaplens::trailer::Trailer;

/// `server, process 7 on db7, 2026-08-21 17:45:03 UTC`; `None` if the trailer has none of these.
pub(super) fn of(trailer: &Trailer) -> Option<String> {
    let program =
        trailer.exe.as_deref().and_then(|exe| exe.rsplit('/').next()).filter(|name| !name.is_empty());
    let process = match (trailer.pid, trailer.host.as_deref()) {
        (Some(pid), Some(host)) => Some(format!("process {pid} on {host}")),
        (Some(pid), None) => Some(format!("process {pid}")),
        (None, host) => host.map(|host| format!("on {host}")),
    };
    let parts = [program.map(str::to_owned), process, trailer.time_ms.map(utc)];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some(text)
}

/// Unix milliseconds as date and time.
fn utc(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let (year, month, day) = date(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of the Gregorian calendar. Years are counted from March, so that a leap day ends its year.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_and_the_time_are_told_as_far_as_known() {
        let whole = Trailer {
            exe: Some("/opt/bin/server".into()),
            pid: Some(7),
            host: Some("db7".into()),
            time_ms: Some(951_827_696_000),
            ..Trailer::default()
        };
        assert_eq!(of(&whole).as_deref(), Some("server, process 7 on db7, 2000-02-29 12:34:56 UTC"));
        let part = Trailer { exe: Some("/".into()), time_ms: Some(0), ..Trailer::default() };
        assert_eq!(of(&part).as_deref(), Some("1970-01-01 00:00:00 UTC"));
        assert_eq!(of(&Trailer::default()), None);
        // Hostile numbers only make an odd date.
        assert!(utc(u64::MAX).ends_with(" UTC"));
    }
}
