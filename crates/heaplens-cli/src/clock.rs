//! The time of day in UTC, for file names.

use heaplens::out::units;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// `20260821T174503Z`: sorts by time, and every file system takes it.
pub(crate) fn stamp(unix_ms: u64) -> String {
    let [year, month, day, hour, minute, second] = units::calendar(unix_ms);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_match_the_calendar() {
        assert_eq!(stamp(0), "19700101T000000Z");
        assert_eq!(stamp(951_827_696_000), "20000229T123456Z");
        assert_eq!(stamp(1_735_689_599_999), "20241231T235959Z");
        assert_eq!(stamp(4_107_542_400_000), "21000301T000000Z");
    }
}
