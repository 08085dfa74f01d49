//! Many tests at once.

/// Which of the hypotheses may be rejected when at most a share `q` of those rejected shall be so falsely (Benjamini and
/// Hochberg): the k smallest p, for the largest k with p₍ₖ₎ ≤ k·q/m. In the order of `p`; a NaN is never rejected.
pub fn benjamini_hochberg(p: &[f64], q: f64) -> Vec<bool> {
    let mut sorted: Vec<f64> = p.iter().copied().filter(|p| !p.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let m = p.len() as f64;
    let limit =
        sorted.iter().enumerate().rev().find(|(i, p)| **p <= (i + 1) as f64 * q / m).map(|(_, limit)| *limit);
    p.iter().map(|p| limit.is_some_and(|limit| *p <= limit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_has_two_discoveries() {
        let p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205];
        assert_eq!(benjamini_hochberg(&p, 0.05), [true, true, false, false, false, false, false, false]);
    }

    #[test]
    fn a_later_p_carries_those_before_it() {
        assert_eq!(benjamini_hochberg(&[0.04, 0.04], 0.05), [true, true]);
        assert_eq!(benjamini_hochberg(&[0.9, 0.05], 0.05), [false, false]);
        assert_eq!(benjamini_hochberg(&[0.9, f64::NAN, 0.01], 0.05), [false, false, true]);
        assert_eq!(benjamini_hochberg(&[], 0.05), [false; 0]);
    }
}
