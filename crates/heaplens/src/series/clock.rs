//! When a capture was made, as far as it tells: in its trailer, in its file's name, by its file's own time.

use super::Capture;
use crate::out::units::from_calendar;

/// Where the times of a run are from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The dumps say themselves when they were made.
    Trailer,
    /// The files' names do.
    Name,
    /// The files' times of change.
    File,
    /// Nobody: the user said how far apart they are.
    Given,
    /// Nothing tells: the captures are taken in their order, at equal distances.
    Order,
}

impl Clock {
    /// All that tell a time, the best first.
    pub(crate) const TELLING: [Clock; 3] = [Clock::Trailer, Clock::Name, Clock::File];

    /// True if copying or touching files does not change it.
    pub(crate) fn is_certain(self) -> bool {
        matches!(self, Clock::Trailer | Clock::Name)
    }

    /// As a part of a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Clock::Trailer => "times from the dumps themselves",
            Clock::Name => "times from the files' names",
            Clock::File => "times of the files' last change, since neither dumps nor names tell",
            Clock::Given => "times as given",
            Clock::Order => "no times known: taken in order, at equal distances",
        }
    }

    /// As programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Clock::Trailer => "trailer",
            Clock::Name => "name",
            Clock::File => "file",
            Clock::Given => "given",
            Clock::Order => "order",
        }
    }

    /// When a capture was made by the best clock that tells, in Unix milliseconds.
    pub(crate) fn of_capture(capture: &Capture) -> Option<u64> {
        Clock::TELLING.into_iter().find_map(|clock| clock.read(capture))
    }

    /// When a capture was made by this clock, in Unix milliseconds.
    pub(crate) fn read(self, capture: &Capture) -> Option<u64> {
        match self {
            Clock::Trailer => capture.trailer.as_ref().and_then(|trailer| trailer.time_ms),
            Clock::Name => time_in(&capture.source.name),
            Clock::File => capture.source.file_time_ms,
            Clock::Given | Clock::Order => None,
        }
    }
}

/// The time that a file's name (or another text) carries, in Unix milliseconds: `20261127T143005Z`, `2026-11-27_14-30-05.250`,
/// `2026-11-27T14:30:05`, or seconds or milliseconds since 1970 in ten or thirteen digits. Times without a zone are UTC.
pub fn time_in(name: &str) -> Option<u64> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let groups: Vec<&str> =
        name.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    (0..groups.len()).find_map(|at| calendar(&groups[at..]).or_else(|| since_1970(groups[at])))
}

fn since_1970(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    // From 2001 to 2100, so that other numbers of that length are rarely taken for times.
    match digits.len() {
        10 => Some(number * 1000).filter(|_| (1_000_000_000..4_102_444_800).contains(&number)),
        13 => Some(number).filter(|_| (1_000_000_000_000..4_102_444_800_000).contains(&number)),
        _ => None,
    }
}

fn calendar(groups: &[&str]) -> Option<u64> {
    // As fields of two digits, the year of four: `20261127` `143005`, or each by itself.
    let mut digits = String::new();
    let mut rest = groups.iter();
    while digits.len() < 14 {
        let group = rest.next()?;
        let is_whole = match digits.len() {
            0 => [4, 8, 14].contains(&group.len()),
            8 => [2, 4, 6].contains(&group.len()),
            4 | 6 | 10 | 12 => group.len() == 2,
            _ => false,
        };
        // `1430` is a time to the minute.
        let padded =
            if digits.len() == 8 && group.len() == 4 { format!("{group}00") } else { (*group).to_owned() };
        if !is_whole {
            return None;
        }
        digits += &padded;
    }
    let field = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
    let seconds = from_calendar([
        field(0, 4)?,
        field(4, 6)?,
        field(6, 8)?,
        field(8, 10)?,
        field(10, 12)?,
        field(12, 14)?,
    ])?;
    let ms = rest.next().filter(|group| group.len() == 3).and_then(|group| group.parse::<u64>().ok());
    Some(seconds + ms.unwrap_or(0))
}

/// The process and the place in its sequence that jemalloc puts into the names of its own dumps:
/// `jeprof.<pid>.<seq>.<kind><n>.heap`.
pub(super) fn sequence(name: &str) -> Option<(u64, u64)> {
    let mut parts = name.rsplit('.');
    let is_dump = parts.next()? == "heap";
    let kind = parts.next()?;
    let is_kind = kind.starts_with(['f', 'i', 'm', 'u']) && kind[1..].bytes().all(|b| b.is_ascii_digit());
    let (seq, pid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    (is_dump && is_kind).then_some((pid, seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_times_in_many_forms() {
        let at = Some(1_795_789_805_000); // 2026-11-27 14:30:05 UTC
        for name in [
            "server-20261127T143005Z.heap",
            "dumps/2026-11-27T14:30:05.heap",
            "mem_2026-11-27_14-30-05.hprof",
            "20261127143005",
            "heap.1795789805.pb.gz",
            "heap-1795789805000.heap",
            "db7.20261127-143005.heap",
        ] {
            assert_eq!(time_in(name), at, "{name}");
        }
        assert_eq!(time_in("2026-11-27T14:30:05.250Z.heap"), at.map(|ms| ms + 250));
        assert_eq!(time_in("2026-11-27T1430.heap"), at.map(|ms| ms - 5000));
        for name in [
            "jeprof.4242.17.i17.heap",
            "mem.heap",
            "20261127.heap",
            "v2/2026-13-40T00-00-00",
            "0000000001.heap",
        ] {
            assert_eq!(time_in(name), None, "{name}");
        }
    }

    #[test]
    fn jemallocs_own_names_have_an_order() {
        assert_eq!(sequence("jeprof.4242.17.i17.heap"), Some((4242, 17)));
        assert_eq!(sequence("/tmp/prefix.x.4242.3.f.heap"), Some((4242, 3)));
        assert_eq!(sequence("a.1.2.heap"), None);
        assert_eq!(sequence("mem.heap"), None);
    }
}
