//! Statistics of jemalloc's sampling: from printed counts to estimates, and how far those can be off.
//!
//! Sources: jemalloc `doc_internal/PROFILING_INTERNALS.md`; jeprof `AdjustSamples`. Sampling takes each
//! byte with probability 1/R, R = 2^lg_prof_sample, so an object of z bytes is sampled with p = 1 − e^(−z/R).

/// The normal quantile of a two-sided 95 % interval.
const Z95: f64 = 1.959_963_984_540_054;

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

/// 95 % interval of `after − before` in bytes: ± 1.96 √(R (before + after)).
///
/// Only what was allocated or freed in between carries error, and that is at most the sum of both sides.
pub fn interval_of_difference(before: f64, after: f64, rate: u64) -> Interval {
    let net = after - before;
    if rate <= 1 {
        return Interval { low: net, high: net };
    }
    let half = Z95 * (rate as f64 * (before.abs() + after.abs())).sqrt();
    Interval { low: net - half, high: net + half }
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
    fn a_difference_is_centred_on_its_net_change() {
        let i = interval_of_difference(100e6, 130e6, 524_288);
        assert!((i.low + i.high - 60e6).abs() < 1.0 && i.low > 0.0, "{i:?}");
    }
}
