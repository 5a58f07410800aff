//! Quantiles of independent results, with intervals from their order alone.

use super::{Interval, Refused, incomplete_beta};

/// Results that must lie beyond a quantile, on its thinner side.
const BEYOND: u64 = 10;

/// The `share` quantile of sorted results: the least result that at least this share does not exceed.
///
/// # Errors
/// Fewer than ten results beyond it.
pub fn quantile(sorted: &[f64], share: f64) -> Result<f64, Refused> {
    Ok(sorted[place(sorted, share)?])
}

/// The quantile with an interval between two results; their places follow from the binomial distribution, whatever the
/// results are distributed like. The level is at least the one asked for.
///
/// # Errors
/// Fewer than ten results beyond the quantile, or too few for this level.
pub fn quantile_interval(sorted: &[f64], share: f64, level: f64) -> Result<(f64, Interval), Refused> {
    let value = sorted[place(sorted, share)?];
    let samples = sorted.len() as u64;
    let tail = (1.0 - level) / 2.0;
    // P(at least k of n results lie below the true quantile).
    let at_least = |k: u64| if k == 0 { 1.0 } else { incomplete_beta(k as f64, (samples - k + 1) as f64, share) };
    // The k-th least result lies above the truth when fewer than k results lie below it.
    let (mut low, mut end) = (0, samples);
    while low < end {
        let middle = (low + end).div_ceil(2);
        if 1.0 - at_least(middle) <= tail { low = middle } else { end = middle - 1 }
    }
    let (mut begin, mut high) = (0, samples);
    while begin < high {
        let middle = (begin + high) / 2;
        if at_least(middle) <= tail { high = middle } else { begin = middle + 1 }
    }
    let is_beyond = low == 0 || at_least(high) > tail || high > samples;
    if is_beyond {
        return Err(Refused::TooFew { found: samples, needed: samples + 1 });
    }
    let at = |k: u64| sorted[k as usize - 1];
    Ok((value, Interval { low: at(low), high: at(high), level }))
}

fn place(sorted: &[f64], share: f64) -> Result<usize, Refused> {
    assert!(share > 0.0 && share < 1.0, "a quantile lies strictly between 0 and 1");
    assert!(sorted.is_sorted(), "quantiles are taken from sorted results");
    let samples = sorted.len() as u64;
    let place = (libm::ceil(share * samples as f64) as u64).max(1);
    let beyond = place.saturating_sub(1).min(samples.saturating_sub(place));
    if beyond < BEYOND {
        return Err(Refused::Tail { samples, beyond, needed: BEYOND });
    }
    Ok(place as usize - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    #[test]
    fn a_quantile_needs_results_beyond_it() {
        let values: Vec<f64> = (1..=1_000).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.5), Ok(500.0));
        assert_eq!(quantile(&values, 0.99), Ok(990.0));
        assert_eq!(quantile(&values, 0.995), Err(Refused::Tail { samples: 1_000, beyond: 5, needed: 10 }));
        assert!(quantile(&[], 0.5).is_err());
    }

    /// For the median of 100 the printed tables give the 40th and the 61st result (95 %, G: binomial tables).
    #[test]
    fn the_median_of_a_hundred_lies_between_the_fortieth_and_the_sixty_first() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        let (median, interval) = quantile_interval(&values, 0.5, 0.95).expect("a hundred are enough");
        assert_eq!((median, interval.low, interval.high), (50.0, 40.0, 61.0));
        assert!(quantile_interval(&values[..22], 0.5, 0.999_999_9).is_err(), "no two of 22 are that far apart");
    }

    #[test]
    fn the_intervals_cover_the_truth_at_least_as_often_as_they_say() {
        let stream = Stream::new(1, "statistics", "quantiles");
        let covered = (0..1_000).filter(|&number| {
            let mut draws = stream.draws(number * 1_000);
            let mut values: Vec<f64> = (0..400).map(|_| draws.unit()).collect();
            values.sort_by(f64::total_cmp);
            quantile_interval(&values, 0.9, 0.95).is_ok_and(|(_, interval)| interval.contains(0.9))
        });
        let share = covered.count() as f64 / 1_000.0;
        assert!((0.94..0.985).contains(&share), "{share}");
    }
}
