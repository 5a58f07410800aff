//! How often something happens, from how often it did: intervals that hold for rare events too.

use super::{Interval, beta_quantile, normal_quantile};

/// Wilson's interval: near its level on average, the narrower of the two. For charts.
pub fn wilson(hits: u64, trials: u64, level: f64) -> Interval {
    assert!(hits <= trials && trials > 0, "hits are among the trials");
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let z = normal_quantile(0.5 + level / 2.0);
    let scale = 1.0 + z * z / n;
    let middle = (p + z * z / (2.0 * n)) / scale;
    let half_width = z / scale * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
    // With no hit, or nothing else, the end is exact; rounding would leave a trace of it.
    let low = if hits == 0 { 0.0 } else { middle - half_width };
    let high = if hits == trials { 1.0 } else { middle + half_width };
    Interval { low, high, level }
}

/// Clopper and Pearson's interval: at least its level for every true share. For claims.
pub fn clopper_pearson(hits: u64, trials: u64, level: f64) -> Interval {
    assert!(hits <= trials && trials > 0, "hits are among the trials");
    let (k, n) = (hits as f64, trials as f64);
    let tail = (1.0 - level) / 2.0;
    let low = if hits == 0 { 0.0 } else { beta_quantile(k, n - k + 1.0, tail) };
    let high = if hits == trials { 1.0 } else { beta_quantile(k + 1.0, n - k, 1.0 - tail) };
    Interval { low, high, level }
}

/// What the share is below, with this level, when nothing happened in `trials`.
pub fn zero_failure_bound(trials: u64, level: f64) -> f64 {
    assert!(trials > 0, "a bound needs a trial");
    -libm::expm1(libm::log1p(-level) / trials as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, what: &str) {
        // Expected values are printed to five digits.
        assert!((found - expected).abs() <= 6e-5 * expected.max(1e-9), "{what}: {found} is not {expected}");
    }

    #[test]
    fn the_published_intervals_are_met() {
        for (hits, wilson_ends, exact_ends) in [
            (0, [0.0, 3.827e-3], [0.0, 3.682e-3]),
            (3, [1.0208e-3, 8.7830e-3], [6.1910e-4, 8.7420e-3]),
            (10, [5.4408e-3, 1.8309e-2], [4.8055e-3, 1.8313e-2]),
        ] {
            for (found, [low, high], name) in [
                (wilson(hits, 1_000, 0.95), wilson_ends, "Wilson"),
                (clopper_pearson(hits, 1_000, 0.95), exact_ends, "Clopper-Pearson"),
            ] {
                // The upper ends of no hit are printed to four digits.
                near(found.low, low, name);
                assert!((found.high / high - 1.0).abs() < 2e-4, "{name}: {} is not {high}", found.high);
            }
        }
        assert_eq!((wilson(5, 5, 0.95).high, clopper_pearson(5, 5, 0.95).high), (1.0, 1.0));
        near(clopper_pearson(1, 1, 0.95).low, 0.025, "one of one");
    }

    #[test]
    fn nothing_seen_bounds_the_share() {
        for (trials, bound) in [(100, 2.9513e-2), (1_000, 2.9912e-3), (1_000_000, 2.9957e-6)] {
            near(zero_failure_bound(trials, 0.95), bound, "bound");
        }
    }
}
