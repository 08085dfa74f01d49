//! Rates and times as people read them.

use crate::leaks::Estimate;
use crate::out::units;
use crate::sampling::Interval;
use crate::series::Run;

/// What a rate is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Of fast leaks.
    Second,
    /// Of those that would be below a KiB a second.
    Hour,
    /// Of slow ones.
    Day,
    /// Where nothing tells the time.
    Capture,
    /// Of work.
    Round,
    /// Of work in a round.
    Iteration,
}

const MIB: f64 = 1_048_576.0;

impl Per {
    /// What a rate (bytes a second, or a capture where a run knows no times) is said in.
    pub fn of(rate: f64, run: &Run) -> Per {
        match rate.abs() {
            _ if !run.has_times() => Per::Capture,
            rate if rate >= MIB => Per::Second,
            rate if rate * 3600.0 >= 0.1 * MIB => Per::Hour,
            _ => Per::Day,
        }
    }

    fn factor(self) -> f64 {
        match self {
            Per::Second | Per::Capture | Per::Round | Per::Iteration => 1.0,
            Per::Hour => 3600.0,
            Per::Day => 86_400.0,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Per::Second => "/s",
            Per::Hour => "/h",
            Per::Day => "/day",
            Per::Capture => "/dump",
            Per::Round => "/round",
            Per::Iteration => "/iteration",
        }
    }

    /// `6.1 MiB/h`.
    pub fn amount(self, rate: f64) -> String {
        format!("{}{}", units::amount(rate * self.factor(), true), self.unit())
    }

    /// `5.2–7.0 MiB/h`; nothing if both ends are one.
    pub fn range(self, slope: &Estimate) -> Option<String> {
        let interval = Interval { low: slope.low * self.factor(), high: slope.high * self.factor() };
        Some(format!("{}{}", units::range(Some(interval), slope.low < 0.0)?, self.unit()))
    }
}

/// `3 h 20 min`, `45 s`: two figures of a time in seconds.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    let two = |first: u64, unit: &str, second: u64, smaller: &str| match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {smaller}"),
    };
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => two(minutes, "min", whole % 60, "s"),
        3600..86_400 => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_figures() {
        for (seconds, said) in [
            (2.34, "2.3 s"),
            (45.2, "45 s"),
            (60.0, "1 min"),
            (61.0, "1 min 1 s"),
            (3600.0, "1 h"),
            (12_000.0, "3 h 20 min"),
            (90_000.0, "1 d 1 h"),
        ] {
            assert_eq!(duration(seconds), said);
        }
    }

    #[test]
    fn rates_name_their_unit_once() {
        let slope = Estimate { value: 1500.0, low: 1000.0, high: 2000.0 };
        assert_eq!(Per::Hour.amount(slope.value), "5.1 MiB/h");
        assert_eq!(Per::Hour.range(&slope).as_deref(), Some("3.4–6.9 MiB/h"));
        assert_eq!(Per::Day.range(&Estimate { low: 1.0, high: 1.0, ..slope }), None);
    }
}
