//! What judges made-up programs: heaplens, and simpler rules to compare it with.

use heaplens::leaks::decide::{Decision, History, Options, Run, decide};
use heaplens::leaks::statistics::{Slopes, Trend, benjamini_hochberg, detrended, mann_kendall, upper_tail};
use heaplens::sampling::z_of_difference;

pub(crate) const RATE: u64 = 524_288;
/// Seconds between captures.
pub(crate) const SPACING: f64 = 300.0;

/// A site of objects of 64 bytes.
pub(crate) fn history(samples: &[f64]) -> History {
    let bytes: Vec<f64> = samples.iter().map(|k| k * RATE as f64).collect();
    let objects = bytes.iter().map(|b| b / 64.0).collect();
    History { bytes, objects }
}

fn captures(sites: &[History]) -> usize {
    sites[0].bytes.len()
}

fn times(n: usize) -> Vec<f64> {
    (0..n).map(|i| SPACING * i as f64).collect()
}

fn heap(sites: &[History]) -> Vec<f64> {
    (0..captures(sites)).map(|t| sites.iter().map(|site| site.bytes[t]).sum()).collect()
}

pub(crate) fn judge(sites: &[History]) -> Vec<Decision> {
    let (times, heap) = (times(captures(sites)), heap(sites));
    decide(&Run { times: &times, rate: RATE, heap: &heap, load: None }, sites, &Options::default())
}

fn slope(values: &[f64]) -> f64 {
    Slopes::new(&times(values.len()), values).median()
}

fn trend(values: &[f64]) -> Trend {
    mann_kendall(values, &detrended(&times(values.len()), values, slope(values)))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn p_noise(bytes: &[f64]) -> f64 {
    let q = (bytes.len() / 4).max(2);
    upper_tail(z_of_difference(mean(&bytes[..q]), mean(&bytes[bytes.len() - q..]), RATE))
}

/// Whether each site is reported.
pub(crate) type Reported = Vec<bool>;

/// The tests as published, one after the other: each adds to those before it.
pub(crate) struct Published {
    /// Mann and Kendall's test alone, p < 0.05.
    pub(crate) trend: Reported,
    /// With Benjamini and Hochberg's.
    pub(crate) many: Reported,
    /// With Hamed and Rao's correction.
    pub(crate) corrected: Reported,
    /// With the noise test, of sites large enough to be tested.
    pub(crate) noise: Reported,
    /// And the later half grows, at 0.4 of the earlier half's slope at least.
    pub(crate) goes_on: Reported,
}

pub(crate) fn published(sites: &[History]) -> Published {
    let trends: Vec<Trend> = sites.iter().map(|site| trend(&site.bytes)).collect();
    let plain: Vec<f64> = trends.iter().map(|t| upper_tail(t.z * t.correction.sqrt())).collect();
    let corrected: Vec<f64> = trends.iter().map(|t| t.p).collect();
    let mebibyte = 1024.0 * 1024.0;
    let threshold = (0.002 * heap(sites).into_iter().fold(0.0, f64::max)).max(mebibyte);
    let is_kept = |site: &History| {
        mean(&site.bytes) >= RATE as f64 && site.bytes.iter().any(|bytes| *bytes >= threshold)
    };
    let both = |(site, p): (&History, &f64)| is_kept(site).then(|| p_noise(&site.bytes).max(*p));
    let tested: Vec<Option<f64>> = sites.iter().zip(&corrected).map(both).collect();
    let mut found =
        benjamini_hochberg(&tested.iter().flatten().copied().collect::<Vec<_>>(), 0.05).into_iter();
    let noise: Vec<bool> = tested.iter().map(|p| p.is_some() && found.next().unwrap()).collect();
    let goes_on = |bytes: &[f64]| {
        let (early, late) = bytes.split_at(bytes.len() / 2);
        p_noise(late) < 0.2 && slope(late) > 0.0 && slope(late) >= 0.4 * slope(early)
    };
    Published {
        trend: plain.iter().map(|p| *p < 0.05).collect(),
        many: benjamini_hochberg(&plain, 0.05),
        corrected: benjamini_hochberg(&corrected, 0.05),
        goes_on: sites.iter().zip(&noise).map(|(site, found)| *found && goes_on(&site.bytes)).collect(),
        noise,
    }
}

pub(crate) fn suspects(decisions: &[Decision]) -> Reported {
    decisions.iter().map(|decision| decision.is_suspect).collect()
}
