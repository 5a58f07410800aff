//! Means and ratios of independent results, with Student intervals.

use super::{Interval, Refused, student_quantile};

/// Count, mean and spread of numbers as they come, by Welford's method: no difference of two large sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    pub fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.add(value));
        moments
    }

    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Of the distribution behind the numbers (divided by one less than their count); 0 with fewer than two.
    pub fn variance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.squares / (self.count - 1) as f64 }
    }

    pub fn deviation(&self) -> f64 {
        libm::sqrt(self.variance())
    }
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub interval: Interval,
    /// Independent results behind it.
    pub results: u64,
}

/// The mean of independent results, and its Student interval.
///
/// # Errors
/// Fewer than two results.
pub fn mean_interval(values: &[f64], level: f64) -> Result<Estimate, Refused> {
    let moments = Moments::of(values);
    interval(moments.mean(), &moments, 1.0, level)
}

/// The ratio of two sums over independent results, and its interval by the delta method. Of times and counts of runs it
/// is the long-run share or rate, where the mean of the runs' own ratios would be biased. Denominators of 1 make it the mean.
///
/// # Errors
/// Fewer than two results, or denominators that add up to nothing.
pub fn ratio_interval(pairs: &[(f64, f64)], level: f64) -> Result<Estimate, Refused> {
    let mean = |values: Vec<f64>| Moments::of(&values).mean();
    let numerator = mean(pairs.iter().map(|pair| pair.0).collect());
    let denominator = mean(pairs.iter().map(|pair| pair.1).collect());
    if denominator == 0.0 {
        return Err(Refused::NoDenominator);
    }
    let ratio = numerator / denominator;
    let distances: Vec<f64> = pairs.iter().map(|pair| pair.0 - ratio * pair.1).collect();
    interval(ratio, &Moments::of(&distances), denominator.abs(), level)
}

fn interval(value: f64, moments: &Moments, scale: f64, level: f64) -> Result<Estimate, Refused> {
    let results = moments.count();
    if results < 2 {
        return Err(Refused::TooFew { found: results, needed: 2 });
    }
    let t = student_quantile((results - 1) as f64, 0.5 + level / 2.0);
    let half_width = t * libm::sqrt(moments.variance() / results as f64) / scale;
    Ok(Estimate { value, interval: Interval::around(value, half_width, level), results })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Span, Stream};

    #[test]
    fn moments_do_not_lose_a_small_spread_on_a_large_mean() {
        let moments = Moments::of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert_eq!((moments.count(), moments.mean(), moments.variance()), (4, 1e9 + 10.0, 30.0));
        assert!((moments.deviation() - 30.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Moments::of(&[5.0]).variance(), 0.0);
    }

    /// Ten values with mean 5.5 and variance 55/6; t(9, 0.975) = 2.2622.
    #[test]
    fn the_interval_of_a_mean_is_students() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let estimate = mean_interval(&values, 0.95).expect("ten are enough");
        assert_eq!((estimate.value, estimate.results), (5.5, 10));
        assert!((estimate.interval.half_width() - 2.262_157 * (55.0_f64 / 6.0 / 10.0).sqrt()).abs() < 1e-5);
        assert_eq!(mean_interval(&[1.0], 0.95), Err(Refused::TooFew { found: 1, needed: 2 }));
    }

    #[test]
    fn a_ratio_is_that_of_the_sums() {
        let pairs = [(1.0, 10.0), (30.0, 100.0)];
        let estimate = ratio_interval(&pairs, 0.95).expect("two are enough");
        assert_eq!(estimate.value, 31.0 / 110.0);
        let means: Vec<f64> = (1..=10).map(f64::from).collect();
        let plain: Vec<(f64, f64)> = means.iter().map(|&value| (value, 1.0)).collect();
        assert_eq!(ratio_interval(&plain, 0.9), mean_interval(&means, 0.9));
        assert_eq!(ratio_interval(&[(1.0, 0.0), (2.0, 0.0)], 0.9), Err(Refused::NoDenominator));
    }

    /// 2,000 intervals of 95 % from 20 exponential results each: skewed, so a little less than 95 % hold the truth.
    #[test]
    fn the_intervals_cover_the_truth_about_as_often_as_they_say() {
        let stream = Stream::new(1, "statistics", "coverage");
        let covered = (0..2_000).filter(|&number| {
            let mut draws = stream.draws(number * 100);
            let values: Vec<f64> = (0..20).map(|_| draws.exponential(Span::from_secs(1)).ns() as f64 / 1e9).collect();
            mean_interval(&values, 0.95).is_ok_and(|estimate| estimate.interval.contains(1.0))
        });
        let share = covered.count() as f64 / 2_000.0;
        assert!((0.905..0.955).contains(&share), "{share}");
    }
}
