//! What judges made-up programs: heaplens, and simpler rules to compare it with.

use heaplens::leaks::statistics::{Slopes, Trend, benjamini_hochberg, detrended, mann_kendall, upper_tail};
use heaplens::leaks::{Decision, History, Options, Run, decide};
use heaplens::sampling::z_of_difference;

pub const RATE: u64 = 524_288;
/// Seconds between captures.
pub const SPACING: f64 = 300.0;

/// A site of objects of 64 bytes.
pub fn history(samples: &[f64]) -> History {
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

pub fn judge(sites: &[History]) -> Vec<Decision> {
    let (times, heap) = (times(captures(sites)), heap(sites));
    decide(&Run { times: &times, rate: RATE, heap: &heap, load: None }, sites, &Options::default())
}

fn slope(values: &[f64]) -> f64 {
    Slopes::new(&times(values.len()), values).median()
}

fn trend(values: &[f64]) -> Trend {
    mann_kendall(values, &detrended(&times(values.len()), values, slope(values)))
}

/// Mann and Kendall's p alone.
pub fn trends(sites: &[History]) -> Vec<f64> {
    let p = |trend: Trend| upper_tail(trend.z * trend.correction.sqrt());
    sites.iter().map(|site| p(trend(&site.bytes))).collect()
}

/// With Hamed and Rao's correction.
pub fn corrected_trends(sites: &[History]) -> Vec<f64> {
    sites.iter().map(|site| trend(&site.bytes).p).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn p_noise(bytes: &[f64]) -> f64 {
    let q = (bytes.len() / 4).max(2);
    upper_tail(z_of_difference(mean(&bytes[..q]), mean(&bytes[bytes.len() - q..]), RATE))
}

/// Both tests as published, of sites large enough to be tested.
pub fn published_tests(sites: &[History]) -> Vec<bool> {
    let mebibyte = 1024.0 * 1024.0;
    let threshold = (0.002 * heap(sites).into_iter().fold(0.0, f64::max)).max(mebibyte);
    let is_kept = |site: &History| {
        mean(&site.bytes) >= RATE as f64 && site.bytes.iter().any(|bytes| *bytes >= threshold)
    };
    let p: Vec<f64> = sites
        .iter()
        .filter(|site| is_kept(site))
        .map(|site| p_noise(&site.bytes).max(trend(&site.bytes).p))
        .collect();
    let mut found = benjamini_hochberg(&p, 0.05).into_iter();
    sites.iter().map(|site| is_kept(site) && found.next().unwrap()).collect()
}

/// And the later half grows, at 0.4 of the earlier half's slope at least.
pub fn published(sites: &[History]) -> Vec<bool> {
    let goes_on = |bytes: &[f64]| {
        let (early, late) = bytes.split_at(bytes.len() / 2);
        p_noise(late) < 0.2 && slope(late) > 0.0 && slope(late) >= 0.4 * slope(early)
    };
    let found = published_tests(sites);
    sites.iter().zip(found).map(|(site, found)| found && goes_on(&site.bytes)).collect()
}

pub fn suspects(sites: &[History]) -> Vec<bool> {
    judge(sites).iter().map(|decision| decision.is_suspect).collect()
}
