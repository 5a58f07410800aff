//! Differences between two variants that met the same chances: pairs of results, one of each variant for each seed.

use super::{
    Estimate, Interval, Moments, Refused, incomplete_beta, mean_interval, normal_quantile, ratio_interval,
    student_quantile,
};

/// A mean difference of paired results, and what the pairing was worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Second minus first.
    pub difference: Estimate,
    /// Between the results of a pair; nothing when one variant has always the same.
    pub correlation: Option<f64>,
    /// How many times as many pairs of independent runs would give the same interval: the sum of the variances divided
    /// by the variance of the difference. Nothing when all differences are equal.
    pub variance_reduction: Option<f64>,
    /// Of the two-sided test that the mean difference is zero.
    pub p_value: f64,
}

/// Student's interval and test for the mean of `second - first`.
///
/// # Errors
/// Fewer than two pairs.
pub fn paired(pairs: &[(f64, f64)], level: f64) -> Result<Paired, Refused> {
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    Ok(tested(pairs, mean_interval(&differences, level)?))
}

/// Student's interval and test for the difference of two ratios of sums, by the delta method: what each result adds to
/// its own ratio is compared in pairs. A pair is numerator and denominator of the first, then of the second.
///
/// # Errors
/// Fewer than two pairs, or denominators that add up to nothing.
pub fn paired_ratios(pairs: &[[(f64, f64); 2]], level: f64) -> Result<Paired, Refused> {
    let side = |place: usize| -> Result<(f64, Vec<f64>), Refused> {
        let own: Vec<(f64, f64)> = pairs.iter().map(|pair| pair[place]).collect();
        let ratio = ratio_interval(&own, level)?.value;
        let denominator = Moments::of(&own.iter().map(|it| it.1).collect::<Vec<_>>()).mean();
        Ok((ratio, own.iter().map(|(part, all)| (part - ratio * all) / denominator).collect()))
    };
    let ((first, ones), (second, others)) = (side(0)?, side(1)?);
    let pairs: Vec<(f64, f64)> = ones.into_iter().zip(others).collect();
    // What the results add has the mean zero.
    let spread: Vec<f64> = pairs.iter().map(|(one, other)| other - one).collect();
    let half_width = mean_interval(&spread, level)?.interval.half_width();
    let value = second - first;
    let difference =
        Estimate { value, interval: Interval::around(value, half_width, level), results: pairs.len() as u64 };
    Ok(tested(&pairs, difference))
}

/// Test and worth of pairs whose `difference` is known.
fn tested(pairs: &[(f64, f64)], difference: Estimate) -> Paired {
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    let moments = |values: Vec<f64>| Moments::of(&values);
    let first = moments(pairs.iter().map(|pair| pair.0).collect());
    let second = moments(pairs.iter().map(|pair| pair.1).collect());
    let (apart, together) = (first.variance() + second.variance(), Moments::of(&differences).variance());
    let spread = first.deviation() * second.deviation();
    let correlation = (spread > 0.0).then(|| ((apart - together) / (2.0 * spread)).clamp(-1.0, 1.0));
    let count = pairs.len() as f64;
    let p_value = match (together > 0.0, difference.value == 0.0) {
        (true, _) => {
            let t = difference.value / libm::sqrt(together / count);
            // Both tails at once, with all digits where they are small.
            let degrees = count - 1.0;
            incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t))
        }
        (false, true) => 1.0,
        (false, false) => 0.0,
    };
    Paired { difference, correlation, variance_reduction: (together > 0.0).then(|| apart / together), p_value }
}

/// The four cells of paired events: how often both happened, one alone, none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    pub both: u64,
    pub first_only: u64,
    pub second_only: u64,
    pub neither: u64,
}

/// A difference of two shares from paired events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedShares {
    pub cells: Cells,
    /// Second minus first.
    pub difference: f64,
    /// Bonett and Price's interval (2012): Wald's with one more pair in each of the cells that differ. It covers with few
    /// such pairs, and with none, where the plain one has no width.
    pub interval: Interval,
    /// McNemar's exact test: given that a pair differs, either way is as likely.
    pub p_value: f64,
}

impl Cells {
    pub fn of(pairs: impl IntoIterator<Item = (bool, bool)>) -> Cells {
        pairs.into_iter().fold(Cells::default(), |mut cells, pair| {
            match pair {
                (true, true) => cells.both += 1,
                (true, false) => cells.first_only += 1,
                (false, true) => cells.second_only += 1,
                (false, false) => cells.neither += 1,
            }
            cells
        })
    }

    pub fn pairs(self) -> u64 {
        self.both + self.first_only + self.second_only + self.neither
    }
}

/// Interval and test for the difference of two shares.
///
/// # Errors
/// No pair.
pub fn paired_shares(cells: Cells, level: f64) -> Result<PairedShares, Refused> {
    let pairs = cells.pairs();
    if pairs == 0 {
        return Err(Refused::TooFew { found: 0, needed: 1 });
    }
    let (up, down, n) = (cells.second_only as f64, cells.first_only as f64, pairs as f64);
    let (up_more, down_more) = ((up + 1.0) / (n + 2.0), (down + 1.0) / (n + 2.0));
    let middle = up_more - down_more;
    let error = libm::sqrt((up_more + down_more - middle * middle) / (n + 2.0));
    let half_width = normal_quantile(0.5 + level / 2.0) * error;
    let (low, high) = ((middle - half_width).max(-1.0), (middle + half_width).min(1.0));
    Ok(PairedShares {
        cells,
        difference: (up - down) / n,
        interval: Interval { low, high, level },
        p_value: mcnemar(cells.first_only, cells.second_only),
    })
}

/// Twice the smaller tail of a fair coin thrown once for each pair that differs, at most 1.
fn mcnemar(one: u64, other: u64) -> f64 {
    let (few, thrown) = (one.min(other), one + other);
    if thrown == 0 || one == other {
        return 1.0;
    }
    // P(at most k of n) is the incomplete beta function at (n - k, k + 1).
    (2.0 * incomplete_beta((thrown - few) as f64, few as f64 + 1.0, 0.5)).min(1.0)
}

/// The chance with which [`pairs_for_mean`] and [`pairs_for_shares`] make a campaign large enough, by convention.
pub const POWER: f64 = 0.8;

/// About how many pairs find a mean difference in [`POWER`] of all campaigns, if it is what was seen in `results` pairs
/// with `half_width`, and is one of `comparisons` that share the level (Holm's first step). Nothing for no difference.
pub fn pairs_for_mean(results: u64, half_width: f64, difference: f64, comparisons: u64, level: f64) -> Option<u64> {
    if results < 2 || difference == 0.0 {
        return None;
    }
    let deviation = half_width / student_quantile((results - 1) as f64, 0.5 + level / 2.0) * libm::sqrt(results as f64);
    let z = normal_quantile(1.0 - tail(comparisons, level)) + normal_quantile(POWER);
    whole((z * deviation / difference) * (z * deviation / difference))
}

/// The same for two shares (Connor 1987): by the pairs that differ, and at least as many of them as McNemar's exact test
/// asks for when all go one way. Nothing when as many go one way as the other.
pub fn pairs_for_shares(cells: Cells, comparisons: u64, level: f64) -> Option<u64> {
    let n = cells.pairs() as f64;
    let apart = (cells.first_only + cells.second_only) as f64 / n;
    let difference = (cells.second_only as f64 - cells.first_only as f64) / n;
    if n == 0.0 || difference == 0.0 {
        return None;
    }
    let tail = tail(comparisons, level);
    let least = (1.0 - libm::log2(2.0 * tail)).max(1.0) / apart;
    let spread = libm::sqrt((apart - difference * difference).max(0.0));
    let root = normal_quantile(1.0 - tail) * libm::sqrt(apart) + normal_quantile(POWER) * spread;
    whole((root / difference) * (root / difference)).map(|needed| needed.max(libm::ceil(least) as u64))
}

/// Of one side, for one of so many comparisons.
fn tail(comparisons: u64, level: f64) -> f64 {
    (1.0 - level) / 2.0 / comparisons.max(1) as f64
}

/// Rounded up; nothing beyond what anybody runs.
fn whole(needed: f64) -> Option<u64> {
    (needed < 1e15).then(|| libm::ceil(needed) as u64)
}

/// The two-sided p-value of a difference, from a Student distribution: for tests of this module's own formula.
#[cfg(test)]
fn two_sided(degrees: f64, t: f64) -> f64 {
    2.0 * (1.0 - super::student_distribution(degrees, t.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    #[test]
    fn pairs_that_share_their_chance_need_fewer_of_them() {
        let stream = Stream::new(1, "statistics", "pairs");
        let pair = |number: u64| {
            let mut draws = stream.draws(number);
            let common = draws.normal();
            (5.0 + common + 0.1 * draws.normal(), 5.2 + common + 0.1 * draws.normal())
        };
        let found = paired(&(0..500).map(pair).collect::<Vec<_>>(), 0.95).expect("there are pairs");
        assert!(found.difference.interval.contains(0.2) && found.difference.interval.low > 0.1, "{found:?}");
        assert!(found.correlation.is_some_and(|correlation| correlation > 0.98), "{found:?}");
        // Variances of 1.01 each, and of 0.02 for the difference.
        let factor = found.variance_reduction.expect("they differ");
        assert!((80.0..125.0).contains(&factor), "{factor}");
        assert!(found.p_value < 1e-6);
    }

    #[test]
    fn the_test_is_student_s() {
        let pairs = [(1.0, 2.0), (2.0, 2.5), (3.0, 4.5), (4.0, 3.9), (5.0, 6.0)];
        let found = paired(&pairs, 0.95).expect("there are five");
        // Differences 1, 0.5, 1.5, -0.1, 1: mean 0.78, deviation 0.61, t 2.8596 at 4 degrees.
        let differences = Moments::of(&[1.0, 0.5, 1.5, -0.1, 1.0]);
        let t = differences.mean() / (differences.deviation() / 5.0_f64.sqrt());
        assert!((found.p_value - two_sided(4.0, t)).abs() < 1e-12);
        assert!((found.p_value - 0.046).abs() < 0.001, "{}", found.p_value);
        assert!(found.difference.interval.low > 0.0, "test and interval agree");
    }

    #[test]
    fn equal_results_differ_in_nothing() {
        let same = paired(&[(1.0, 1.0), (2.0, 2.0)], 0.95).expect("there are two");
        assert_eq!((same.p_value, same.difference.value, same.variance_reduction), (1.0, 0.0, None));
        let shifted = paired(&[(1.0, 2.0), (2.0, 3.0)], 0.95).expect("there are two");
        assert_eq!((shifted.p_value, shifted.difference.interval.half_width()), (0.0, 0.0));
        assert_eq!(paired(&[(1.0, 1.0)], 0.95), Err(Refused::TooFew { found: 1, needed: 2 }));
    }

    /// Exact values of the binomial distribution with one half.
    #[test]
    fn discordant_pairs_are_thrown_coins() {
        for (one, other, expected) in
            [(0, 0, 1.0), (3, 3, 1.0), (0, 5, 0.0625), (5, 0, 0.0625), (1, 9, 22.0 / 1_024.0), (2, 3, 1.0)]
        {
            let found = mcnemar(one, other);
            assert!((found - expected).abs() < 1e-12, "{one} and {other}: {found} is not {expected}");
        }
    }

    #[test]
    fn shares_are_compared_by_the_pairs_that_differ() {
        let cells = Cells { both: 10, first_only: 2, second_only: 20, neither: 68 };
        let found = paired_shares(cells, 0.95).expect("there are a hundred");
        assert!((found.difference - 0.18).abs() < 1e-12);
        assert!(found.interval.low > 0.08 && found.interval.high < 0.28, "{found:?}");
        let none = paired_shares(Cells { neither: 50, ..Cells::default() }, 0.95).expect("there are fifty");
        assert!(none.interval.contains(0.0) && none.interval.half_width() > 0.03, "no event is not no width");
        assert!(paired_shares(Cells::default(), 0.95).is_err());
        let counted = Cells::of([(true, true), (true, false), (false, true), (false, true), (false, false)]);
        assert_eq!(counted, Cells { both: 1, first_only: 1, second_only: 2, neither: 1 });
    }

    /// Shares of 0.02 and 0.05 whose events share half of their chance: 2,000 campaigns of 300 pairs each.
    #[test]
    fn the_interval_of_a_difference_of_shares_covers() {
        let stream = Stream::new(1, "statistics", "paired shares");
        let covered = (0..2_000_u64).filter(|&campaign| {
            let pairs = (0..300_u64).map(|pair| {
                let mut draws = stream.draws(campaign * 1_000 + pair);
                let (common, own) = (draws.unit(), draws.unit());
                (common <= 0.02, common <= 0.01 || own <= 0.04 / 0.99)
            });
            paired_shares(Cells::of(pairs), 0.95).is_ok_and(|found| found.interval.contains(0.03))
        });
        let share = covered.count() as f64 / 2_000.0;
        assert!((0.93..=0.97).contains(&share), "{share}");
    }

    /// (1.95996 + 0.84162)^2 = 7.849 times the squared ratio of spread and difference.
    #[test]
    fn pairs_for_a_mean_are_those_of_the_textbook() {
        let half_width = |deviation: f64| student_quantile(99.0, 0.975) * deviation / 10.0;
        assert_eq!(pairs_for_mean(100, half_width(2.0), 1.0, 1, 0.95), Some(32));
        assert_eq!(pairs_for_mean(100, half_width(2.0), -0.5, 1, 0.95), Some(126));
        assert!(pairs_for_mean(100, half_width(2.0), 1.0, 6, 0.95) > Some(45), "one of six needs more");
        assert_eq!(pairs_for_mean(100, half_width(2.0), 0.0, 1, 0.95), None);
        assert_eq!(pairs_for_mean(100, half_width(2.0), 1e-9, 1, 0.95), None, "nobody runs so many");
    }

    /// Campaigns of the size that is named, with the events that were seen: they are separated about as often as is said.
    #[test]
    fn pairs_for_shares_are_enough_as_often_as_is_said() {
        for (seen, comparisons) in [
            (Cells { second_only: 2, neither: 198, ..Cells::default() }, 1),
            (Cells { first_only: 1, second_only: 6, neither: 93, ..Cells::default() }, 1),
            (Cells { second_only: 3, neither: 125, ..Cells::default() }, 12),
        ] {
            let needed = pairs_for_shares(seen, comparisons, 0.95).expect("they differ");
            assert!(needed > seen.pairs(), "{needed}");
            let (up, down) = (seen.second_only as f64, seen.first_only as f64);
            let n = seen.pairs() as f64;
            let stream = Stream::new(1, "statistics", "power");
            let found = (0..300_u64).filter(|&campaign| {
                let mut draws = stream.draws(campaign * 10_000_000);
                let pairs = (0..needed).map(|_| {
                    let chance = draws.unit() * n;
                    (chance <= down, chance > down && chance <= down + up)
                });
                paired_shares(Cells::of(pairs), 0.95)
                    .is_ok_and(|it| it.p_value <= 0.05 / comparisons as f64 && !it.interval.contains(0.0))
            });
            let share = found.count() as f64 / 300.0;
            assert!((0.7..=0.95).contains(&share), "{share} with {needed} pairs, {seen:?}");
        }
        assert_eq!(pairs_for_shares(Cells { first_only: 3, second_only: 3, ..Cells::default() }, 1, 0.95), None);
        assert_eq!(pairs_for_shares(Cells::default(), 1, 0.95), None);
    }

    /// Runs whose length and availability hang together: the difference of the ratios of the sums is covered, where the
    /// mean of the differences of the runs' own ratios is another number.
    #[test]
    fn a_difference_of_ratios_is_that_of_the_two_ratios() {
        let stream = Stream::new(1, "statistics", "paired ratios");
        let pair = |number: u64| {
            let mut draws = stream.draws(number);
            let (down, more) = (draws.unit(), draws.unit());
            // A long outage makes a run longer: of 10 + down, online for 10, or 10 + down + more in the second.
            [(10.0, 10.0 + down), (10.0, 10.0 + down + more)]
        };
        // Ratios 10 / 10.5 and 10 / 11.
        let truth = 10.0 / 11.0 - 10.0 / 10.5;
        let covered = (0..1_000_u64).filter(|campaign| {
            let pairs: Vec<_> = (0..60).map(|number| pair(campaign * 1_000 + number * 4)).collect();
            paired_ratios(&pairs, 0.95).is_ok_and(|found| found.difference.interval.contains(truth))
        });
        let share = covered.count() as f64 / 1_000.0;
        assert!((0.93..=0.97).contains(&share), "{share}");
        let pairs: Vec<_> = (0..200).map(|number| pair(number * 4)).collect();
        let found = paired_ratios(&pairs, 0.95).expect("there are pairs");
        let ratio = |place: usize| {
            pairs.iter().map(|it| it[place].0).sum::<f64>() / pairs.iter().map(|it| it[place].1).sum::<f64>()
        };
        assert!((found.difference.value - (ratio(1) - ratio(0))).abs() < 1e-12);
        assert!(found.correlation.is_some_and(|it| it > 0.5) && found.p_value < 1e-6, "{found:?}");
        let plain: Vec<_> =
            [(1.0, 2.0), (2.0, 2.5), (3.0, 4.5)].iter().map(|&(one, other)| [(one, 1.0), (other, 1.0)]).collect();
        let means = paired(&[(1.0, 2.0), (2.0, 2.5), (3.0, 4.5)], 0.95).expect("there are three");
        let ratios = paired_ratios(&plain, 0.95).expect("there are three");
        assert!((ratios.p_value - means.p_value).abs() < 1e-12, "denominators of one make them means");
        assert!((ratios.difference.interval.low - means.difference.interval.low).abs() < 1e-12);
        assert!(paired_ratios(&[[(1.0, 0.0); 2]; 2], 0.95).is_err());
    }
}
