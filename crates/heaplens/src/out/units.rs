//! Numbers for people.

const STEPS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// Bytes in the largest unit that keeps a digit before the point: `0 B`, `512 B`, `12.4 MiB`, `−3.0 KiB`.
pub fn bytes(bytes: f64) -> String {
    let (value, step) = scale(bytes.abs());
    let sign = if bytes < 0.0 && !is_zero_text(value, step) {
        "-"
    } else {
        ""
    };
    format!("{sign}{}", number(value, step))
}

/// As [`bytes`], with a sign for growth as well: `+12.4 MiB`.
pub fn change(amount: f64) -> String {
    let text = bytes(amount);
    if amount > 0.0 && text != "0 B" {
        format!("+{text}")
    } else {
        text
    }
}

/// A count with thousands separators: `31,700`.
pub fn count(count: f64) -> String {
    let digits = format!("{:.0}", count.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if count < 0.0 && digits != "0" {
        format!("-{text}")
    } else {
        text
    }
}

/// A range of bytes in one unit where both ends share it: `6.1–15.4 MiB`, `0 B – 1.5 MiB`.
pub fn byte_range(low: f64, high: f64) -> String {
    let ((a, step_a), (b, step_b)) = (scale(low.abs()), scale(high.abs()));
    if step_a == step_b && low >= 0.0 && step_a > 0 {
        format!("{a:.1}–{b:.1} {}", STEPS[step_b])
    } else if low < 0.0 {
        format!("{} … {}", change(low), change(high))
    } else {
        format!("{} – {}", bytes(low), bytes(high))
    }
}

/// A share of a whole, `37.2 %`; `-` where there is no whole.
pub fn percent(part: f64, whole: f64) -> String {
    if whole == 0.0 {
        "-".to_owned()
    } else {
        format!("{:.1}%", 100.0 * part / whole)
    }
}

/// Value and index of its unit; what would round to 1024.0 moves up.
fn scale(mut value: f64) -> (f64, usize) {
    let mut step = 0;
    while value >= 1023.95 && step + 1 < STEPS.len() {
        value /= 1024.0;
        step += 1;
    }
    (value, step)
}

fn number(value: f64, step: usize) -> String {
    if step == 0 {
        format!("{value:.0} B")
    } else {
        format!("{value:.1} {}", STEPS[step])
    }
}

fn is_zero_text(value: f64, step: usize) -> bool {
    step == 0 && value < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_choose_their_unit() {
        let cases = [
            (0.0, "0 B"),
            (-0.2, "0 B"),
            (511.6, "512 B"),
            (1023.96, "1.0 KiB"),
            (1048570.0, "1.0 MiB"),
            (-3072.0, "-3.0 KiB"),
            (13_002_342.4, "12.4 MiB"),
            (f64::MAX, &format!("{:.1} EiB", f64::MAX / 1024f64.powi(6))),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
        assert_eq!(change(2048.0), "+2.0 KiB");
        assert_eq!(change(0.0), "0 B");
    }

    #[test]
    fn counts_and_ranges() {
        assert_eq!(count(31_700.4), "31,700");
        assert_eq!(count(-1_000_000.0), "-1,000,000");
        assert_eq!(byte_range(6.1 * 1048576.0, 15.4 * 1048576.0), "6.1–15.4 MiB");
        assert_eq!(byte_range(0.0, 1.5 * 1048576.0), "0 B – 1.5 MiB");
        assert_eq!(byte_range(-1048576.0, 1048576.0), "-1.0 MiB … +1.0 MiB");
        assert_eq!(percent(1.0, 0.0), "-");
        assert_eq!(percent(1.0, 3.0), "33.3%");
    }
}
