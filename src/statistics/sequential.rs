//! When to stop making replications: looks at growing numbers of results, in the order of their numbers alone.
//!
//! An interval that decides when it is looked at covers a little less than its level (STATISTICS 4): measured 0.933 to 0.941
//! for a lognormal mean, 0.940 to 0.948 for a share of 0.01. So there are 30 results before the first look, each look comes
//! after 5 % more, and the width is asked to be a little smaller than what is claimed.

use super::{Moments, normal_quantile};

/// The numbers of results at which one looks, from `at_least` on, each 5 % more than the last, to `at_most`.
pub fn looks(at_least: u64, at_most: u64) -> Vec<u64> {
    let mut looks = vec![at_least.min(at_most)];
    while let Some(&last) = looks.last().filter(|&&last| last < at_most) {
        looks.push((last + last.div_ceil(20)).min(at_most));
    }
    looks
}

/// Whether an interval is narrow enough for the relative half-width `wanted`. Around zero nothing is.
pub fn is_narrow(value: f64, half_width: f64, wanted: f64) -> bool {
    half_width <= wanted / (1.0 + wanted) * value.abs() && value != 0.0
}

/// About how many results a share needs for the relative half-width `wanted`; nothing when it was never seen.
pub fn results_for_share(share: f64, wanted: f64, level: f64) -> Option<u64> {
    let z = normal_quantile(0.5 + level / 2.0) * (1.0 + wanted) / wanted;
    (share > 0.0).then(|| libm::ceil(z * z * (1.0 - share) / share).min(1e15) as u64)
}

/// About how many results a mean needs, from the moments of a pilot.
pub fn results_for_mean(pilot: &Moments, wanted: f64, level: f64) -> Option<u64> {
    let z = normal_quantile(0.5 + level / 2.0) * (1.0 + wanted) / wanted;
    let relative = pilot.deviation() / pilot.mean().abs();
    relative.is_finite().then(|| libm::ceil(z * z * relative * relative).min(1e15) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;
    use crate::statistics::mean_interval;

    #[test]
    fn looks_grow_by_a_twentieth_and_end_at_the_most() {
        let all = looks(30, 100);
        assert_eq!(&all[..4], [30, 32, 34, 36]);
        assert_eq!(all.last(), Some(&100));
        assert_eq!(looks(30, 30), [30]);
        assert_eq!(looks(50, 40), [40]);
    }

    #[test]
    fn nothing_is_narrow_around_zero() {
        assert!(is_narrow(10.0, 0.9, 0.1) && !is_narrow(10.0, 0.95, 0.1), "10 % of the claim is 9.09 % of the value");
        assert!(!is_narrow(0.0, 0.0, 0.1));
    }

    /// STATISTICS 4: 4,226 for 1 % and 30 % without the correction, which takes 1.3 squared of it.
    #[test]
    fn a_rare_share_needs_many() {
        let needed = results_for_share(0.01, 0.3, 0.95).expect("it was seen");
        assert!(needed.abs_diff((4_226.0_f64 * 1.69) as u64) < 10, "{needed}");
        assert_eq!(results_for_share(0.0, 0.3, 0.95), None);
        let needed = results_for_mean(&Moments::of(&[9.0, 11.0, 9.0, 11.0]), 0.1, 0.95).expect("it has a mean");
        assert!((4..8).contains(&needed), "{needed}");
    }

    /// A lognormal mean to 10 %, stopped by the rule: the intervals cover as often as STATISTICS 4 says.
    #[test]
    fn a_stopped_interval_covers_a_little_less() {
        let truth = libm::exp(0.5);
        let (campaigns, mut covered, mut used) = (400, 0, 0);
        for campaign in 0..campaigns {
            let stream = Stream::new(campaign, "statistics", "sequential");
            let values: Vec<f64> = (0..4_000).map(|number| libm::exp(stream.draws(number).normal())).collect();
            let stopped = looks(100, 4_000).into_iter().find_map(|count| {
                let estimate = mean_interval(&values[..count as usize], 0.95).ok()?;
                is_narrow(estimate.value, estimate.interval.half_width(), 0.1).then_some((count, estimate))
            });
            let (count, estimate) = stopped.expect("four thousand are enough");
            covered += u64::from(estimate.interval.contains(truth));
            used += count;
        }
        let share = covered as f64 / campaigns as f64;
        assert!((0.915..=0.965).contains(&share), "{share}");
        assert!((650..950).contains(&(used / campaigns)), "{} on average", used / campaigns);
    }
}
