//! Statistics of jemalloc's sampling: from printed counts to estimates, and how far those can be off.
//!
//! Sources: jemalloc `doc_internal/PROFILING_INTERNALS.md`; jeprof `AdjustSamples`. Sampling takes each
//! byte with probability 1/R, R = 2^lg_prof_sample, so an object of z bytes is sampled with p = 1 − e^(−z/R).

/// The normal quantile of a two-sided 95 % interval.
pub(crate) const Z95: f64 = 1.959_963_984_540_054;

/// That of a one-sided 95 % bound.
pub(crate) const Z95_ONE_SIDED: f64 = 1.644_853_626_951_472_2;

/// What is added to a bound's quantile for a test to find, four times in five, what lies that far off.
pub(crate) const Z80: f64 = 0.841_621_233_572_914_3;

/// A 95 % confidence interval in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Turns the raw counts of one line (`objects: bytes`) into estimates: unsampled `(objects, bytes)`.
///
/// Exactly jeprof's arithmetic: with s/n the average size of the line, both are divided by
/// 1 − e^(−(s/n)/R). To be applied to each line, before any sum: jemalloc ≥ 5.3.0 prints numbers
/// for which just this formula gives the unbiased totals (`prof_unbias`).
pub fn unsample(objects: u64, bytes: u64, rate: u64) -> (f64, f64) {
    let (n, s) = (objects as f64, bytes as f64);
    if rate <= 1 || objects == 0 || bytes == 0 {
        return (n, s);
    }
    let scale = scale(s / n, rate);
    (n * scale, s * scale)
}

/// What one sampled object of an average size stands for.
fn scale(average: f64, rate: u64) -> f64 {
    let scale = 1.0 / (1.0 - (-(average / rate as f64)).exp());
    // Below about 10^-16 of the rate per object, 1 − e^(−x) is zero in floating point; its limit is x.
    if scale.is_finite() { scale } else { rate as f64 / average }
}

/// As [`unsample`], for the first version of gperftools' sampling: one sample in so many bytes, evenly, so that an
/// object of z bytes is sampled with p = z/interval, and one that is larger always. jeprof's arithmetic as well.
pub fn unsample_periodic(objects: u64, bytes: u64, interval: f64) -> (f64, f64) {
    let (n, s) = (objects as f64, bytes as f64);
    let ratio = s / n / interval;
    // Of nothing, no share can be taken.
    if ratio.is_finite() && ratio > 0.0 && ratio < 1.0 { (n / ratio, s / ratio) } else { (n, s) }
}

/// What a line would have to print for [`unsample`] to give these values: its inverse, as jemalloc since 5.3.0 has it.
pub(crate) fn sample(objects: f64, bytes: f64, rate: u64) -> (f64, f64) {
    if rate <= 1 || objects <= 0.0 || bytes <= 0.0 {
        return (objects, bytes);
    }
    let scale = scale(bytes / objects, rate);
    (objects / scale, bytes / scale)
}

/// 95 % interval of an estimate in bytes: Byar's approximation to the Poisson interval, in units of R.
///
/// R is the largest variance a live byte can have, so the interval covers at least 95 % whatever the sizes.
pub fn interval(bytes: f64, rate: u64) -> Interval {
    if rate <= 1 {
        return Interval { low: bytes, high: bytes };
    }
    let unit = rate as f64;
    let k = (bytes / unit).max(0.0);
    let low = if k <= 0.0 { 0.0 } else { unit * byar(k, -Z95) };
    Interval { low: low.max(0.0), high: unit * byar(k + 1.0, Z95) }
}

fn byar(k: f64, z: f64) -> f64 {
    k * (1.0 - 1.0 / (9.0 * k) + z / (3.0 * k.sqrt())).powi(3)
}

/// The variance that each live byte adds to an estimate, in bytes² a byte, where objects have `size` bytes:
/// φ(z) = z/(e^(z/R) − 1). R for small objects, next to nothing for those that are surely sampled.
pub fn variance_per_byte(size: f64, rate: u64) -> f64 {
    let unit = rate as f64;
    if rate <= 1 {
        return 0.0;
    }
    // At 0, the limit; beyond the range of e^x, too.
    let variance = size / (size / unit).exp_m1();
    if size > 0.0 && !variance.is_nan() { variance.min(unit) } else { unit }
}

/// Variance of an estimate of so many bytes in so many objects, both unsampled: φ of their mean size, for each byte.
///
/// From the sample itself, so intervals made of it are somewhat too narrow where sizes are mixed; R·bytes is the upper
/// bound, which [`interval`] takes.
pub fn variance(bytes: f64, objects: f64, rate: u64) -> f64 {
    let size = if objects > 0.0 { bytes / objects } else { 0.0 };
    variance_per_byte(size, rate) * bytes.max(0.0)
}

/// How many bytes a site may hold, with 95 % confidence, of which no sample was taken: −ln(0.05)·R, about 3 R.
///
/// With objects of any sizes, Π e^(−zᵢ/R) = e^(−B/R) is the chance that none is sampled. For another confidence c it is
/// −ln(1 − c)·R.
pub fn upper_bound_of_absent(rate: u64) -> f64 {
    if rate <= 1 { 0.0 } else { -0.05f64.ln() * rate as f64 }
}

/// Standard error of `after − before`, in bytes, at most: √(R (before + after)).
///
/// Only what was allocated or freed in between carries error, and that is at most the sum of both sides. It holds
/// for two processes as well.
pub fn error_of_difference(before: f64, after: f64, rate: u64) -> f64 {
    if rate <= 1 { 0.0 } else { (rate as f64 * (before.abs() + after.abs())).sqrt() }
}

/// `after − before` in units of its standard error, at least: what a sampling without growth exceeds with the chance
/// that the normal distribution gives. Infinite for exact counts that differ.
pub fn z_of_difference(before: f64, after: f64, rate: u64) -> f64 {
    let net = after - before;
    // Nothing over nothing is no difference.
    if net == 0.0 { 0.0 } else { net / error_of_difference(before, after, rate) }
}

/// 95 % interval of `after − before` in bytes: ± 1.96 √(R (before + after)).
pub fn interval_of_difference(before: f64, after: f64, rate: u64) -> Interval {
    let half = Z95 * error_of_difference(before, after, rate);
    Interval { low: after - before - half, high: after - before + half }
}

/// The smallest true growth, in bytes, that a comparison of two dumps finds four times in five when it may err one
/// time in twenty: (1.645 + 0.842)·√(R (before + after)).
pub fn detectable_growth(before: f64, after: f64, rate: u64) -> f64 {
    (Z95_ONE_SIDED + Z80) * error_of_difference(before, after, rate)
}

/// How much of what is allocated a profile accounts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// The profile's total over jemalloc's own, exact `stats.allocated`.
    pub ratio: f64,
    /// Where 95 % of the ratios lie if all was sampled: 1 ± 1.96 √(R/allocated).
    pub expected: Interval,
    /// Below 0.9 and four standard errors below 1: sampling was switched on late, was off for a while, or was reset, and
    /// what it does not know may be what grows.
    pub is_low: bool,
}

/// Memory that stays keeps its error, so captures of a process are low together by chance; at 95 % one process of forty
/// would be.
const SURELY: f64 = 4.0;

/// Bytes that nobody holds but `stats.allocated` counts: what threads keep for their next allocations.
const CACHED: f64 = 1_048_576.0;

/// Compares a profile's unsampled total with jemalloc's `stats.allocated`, both in bytes. None if nothing is allocated.
pub fn coverage(total: f64, allocated: f64, rate: u64) -> Option<Coverage> {
    if allocated.is_nan() || allocated <= 0.0 {
        return None;
    }
    let ratio = total / allocated;
    let error = if rate <= 1 { 0.0 } else { (rate as f64 / allocated).sqrt() };
    let expected = Interval { low: (1.0 - Z95 * error).max(0.0), high: 1.0 + Z95 * error };
    Some(Coverage { ratio, expected, is_low: total + CACHED < allocated * (1.0 - SURELY * error).min(0.9) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsampling_matches_the_published_vectors() {
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-6;
        for (n, s, bytes, objects) in [
            (3, 192, 1_572_960.0, 24_577.5),
            (1, 4096, 526_338.7, 128.501),
            (2, 2_097_152, 2_425_393.3, 2.313),
            (40, 10_485_760, 26_649_497.0, 101.660),
        ] {
            let (o, b) = unsample(n, s, 524_288);
            assert!(near(b, bytes), "{n}: {s} gives {b} bytes, not {bytes}");
            assert!((o / objects - 1.0).abs() < 2e-4, "{n}: {s} gives {o} objects, not {objects}");
        }
    }

    #[test]
    fn unsampling_leaves_alone_what_was_not_sampled() {
        assert_eq!(unsample(7, 70, 1), (7.0, 70.0));
        assert_eq!(unsample(0, 70, 512), (0.0, 70.0));
        assert_eq!(unsample(7, 0, 512), (7.0, 0.0));
        let (objects, bytes) = unsample(u64::MAX, 1, u64::MAX);
        assert!(objects.is_finite() && bytes.is_finite());
    }

    #[test]
    fn periodic_samples_stand_for_their_share() {
        assert_eq!(unsample_periodic(2, 1024, 65_536.0), (256.0, 131_072.0));
        assert_eq!(unsample_periodic(1, 65_536, 65_536.0), (1.0, 65_536.0));
        assert_eq!(unsample_periodic(0, 5, 512.0), (0.0, 5.0));
        assert_eq!(unsample_periodic(5, 0, 512.0), (5.0, 0.0));
    }

    #[test]
    fn sampling_undoes_unsampling() {
        for (n, s) in [(1u64, 16u64), (3, 192), (40, 10_485_760), (1, 1 << 40), (0, 7), (7, 0)] {
            for rate in [0, 1, 512, 524_288] {
                let (objects, bytes) = unsample(n, s, rate);
                let (objects, bytes) = sample(objects, bytes, rate);
                assert_eq!((objects.round() as u64, bytes.round() as u64), (n, s), "{rate}");
            }
        }
    }

    #[test]
    fn intervals_match_the_published_vectors() {
        let r = 524_288u64;
        for (k, low, high) in [(5.0, 1.6, 11.7), (20.0, 12.2, 30.9), (200.0, 173.0, 230.0)] {
            let i = interval(k * r as f64, r);
            assert!(
                (i.low / r as f64 - low).abs() < 0.5 && (i.high / r as f64 - high).abs() < 0.5,
                "{k}: {i:?}"
            );
        }
        assert_eq!(interval(0.0, r).low, 0.0);
    }

    #[test]
    fn a_live_byte_adds_at_most_the_rate_to_the_variance() {
        let r = 524_288u64;
        let unit = r as f64;
        assert_eq!(variance_per_byte(0.0, r), unit);
        assert!((variance_per_byte(16.0, r) / unit - 1.0).abs() < 1e-4);
        assert!((variance_per_byte(unit, r) / unit - 1.0 / (1f64.exp() - 1.0)).abs() < 1e-12);
        assert!(variance_per_byte(40.0 * unit, r) < 1.0);
        assert_eq!(variance_per_byte(1e300, r), 0.0);
        assert_eq!(variance_per_byte(1e-320, r), unit);
        assert_eq!(variance_per_byte(4096.0, 1), 0.0);
    }

    #[test]
    fn the_relative_error_is_that_of_the_published_table() {
        let r = 524_288u64;
        for (mebibytes, percent) in [(1.0, 71.0), (10.0, 22.0), (100.0, 7.1), (1024.0, 2.2)] {
            let bytes = mebibytes * 1024.0 * 1024.0;
            let relative = variance(bytes, bytes / 16.0, r).sqrt() / bytes;
            assert!((relative * 100.0 - percent).abs() < 0.5, "{mebibytes} MiB: {relative}");
            assert!(variance(bytes, bytes / 4e6, r) < r as f64 * bytes / 100.0);
        }
        assert_eq!(variance(5.0, 0.0, r), 5.0 * r as f64);
        assert_eq!(variance(0.0, 0.0, r), 0.0);
    }

    #[test]
    fn what_was_not_sampled_is_bounded() {
        assert!((upper_bound_of_absent(524_288) / 524_288.0 - 2.9957).abs() < 1e-4);
        assert_eq!(upper_bound_of_absent(1), 0.0);
    }

    #[test]
    fn a_difference_is_measured_in_its_error() {
        let r = 524_288u64;
        let unit = r as f64;
        assert!((z_of_difference(10.0 * unit, 26.0 * unit, r) - 16.0 / 6.0).abs() < 1e-12);
        assert_eq!(z_of_difference(26.0, 10.0, r), -z_of_difference(10.0, 26.0, r));
        assert_eq!(z_of_difference(0.0, 0.0, r), 0.0);
        assert_eq!(z_of_difference(1.0, 2.0, 1), f64::INFINITY);
        assert_eq!(z_of_difference(2.0, 2.0, 1), 0.0);
        assert_eq!(interval_of_difference(1.0, 2.0, 1), Interval { low: 1.0, high: 1.0 });
    }

    #[test]
    fn detectable_growth_matches_the_published_examples() {
        let mebibyte = 1024.0 * 1024.0;
        let of = |lg: u32| detectable_growth(20.0 * mebibyte, 20.0 * mebibyte, 1 << lg) / mebibyte;
        assert!((of(19) - 11.1).abs() < 0.1, "{}", of(19));
        assert!((of(12) - 1.0).abs() < 0.05, "{}", of(12));
        assert_eq!(of(0), 0.0);
    }

    #[test]
    fn coverage_is_low_beyond_what_sampling_explains() {
        let of = |total: f64, allocated: f64| coverage(total, allocated, 524_288).unwrap();
        assert!(of(0.8e9, 1e9).is_low);
        assert!(!of(0.95e9, 1e9).is_low, "metadata and what came before");
        assert!(!of(0.7 * 5e6, 5e6).is_low, "ten samples tell no more");
        assert!(!of(0.1 * 5e6, 5e6).is_low, "nor what threads keep");
        assert!(of(0.2 * 50e6, 50e6).is_low);
        assert!(!of(1.2e9, 1e9).is_low);
        let band = of(1e9, 1e9).expected;
        assert!((band.high - 1.0449).abs() < 1e-3 && (band.low + band.high - 2.0).abs() < 1e-12, "{band:?}");
        assert!(coverage(0.89e9, 1e9, 1).unwrap().is_low);
        assert_eq!(coverage(1.0, 0.0, 524_288), None);
        assert_eq!(coverage(1.0, f64::NAN, 524_288), None);
    }

    #[test]
    fn a_difference_is_centred_on_its_net_change() {
        let i = interval_of_difference(100e6, 130e6, 524_288);
        assert!((i.low + i.high - 60e6).abs() < 1.0 && i.low > 0.0, "{i:?}");
    }
}
