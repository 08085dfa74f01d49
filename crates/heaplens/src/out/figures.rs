//! Amounts and shares as jeprof writes them: megabytes with one digit, or whole numbers cut off; shares in percent.

use crate::profile::Amount;

/// What amounts are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// 2^20 bytes, with one digit behind the point.
    #[default]
    Megabytes,
    /// Whole bytes, cut towards zero.
    Bytes,
    /// Whole objects, cut towards zero.
    Objects,
}

impl Unit {
    /// `MB`, `B` or `objects`.
    pub fn label(self) -> &'static str {
        match self {
            Unit::Megabytes => "MB",
            Unit::Bytes => "B",
            Unit::Objects => "objects",
        }
    }

    /// The amount without its unit.
    pub fn figure(self, amount: Amount) -> String {
        match self {
            Unit::Megabytes => format!("{:.1}", amount.as_f64() / 1_048_576.0),
            Unit::Bytes | Unit::Objects => amount.trunc().to_string(),
        }
    }
}

/// `81.4%`; of nothing `nan`, `+inf` or `-inf`.
pub fn share(part: Amount, whole: Amount) -> String {
    if whole.is_zero() {
        let text = match part {
            part if part.is_zero() => "nan",
            part if part.is_negative() => "-inf",
            _ => "+inf",
        };
        return text.to_owned();
    }
    format!("{:.1}%", part.as_f64() * 100.0 / whole.as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_perls() {
        let of = |bytes: f64| Unit::Megabytes.figure(Amount::from_f64(bytes));
        // Halves go to the even digit, and what is below zero keeps its sign, as in C's printf.
        assert_eq!([of(262_144.0), of(786_432.0), of(-1.0), of(0.0)], ["0.2", "0.8", "-0.0", "0.0"]);
        let whole = |unit: Unit, value: f64| unit.figure(Amount::from_f64(value));
        assert_eq!(whole(Unit::Bytes, 1.99), "1");
        assert_eq!(whole(Unit::Objects, -1.99), "-1");
        assert_eq!(whole(Unit::Bytes, -0.5), "0");
    }

    #[test]
    fn shares_of_nothing_have_names() {
        let amount = Amount::from_f64;
        let of = |part: f64, whole: f64| share(amount(part), amount(whole));
        assert_eq!([of(1.0, 3.0), of(-1.0, 3.0), of(5.0, -15.0)], ["33.3%", "-33.3%", "-33.3%"]);
        assert_eq!([of(0.0, 0.0), of(1.0, 0.0), of(-1.0, 0.0)], ["nan", "+inf", "-inf"]);
    }
}
