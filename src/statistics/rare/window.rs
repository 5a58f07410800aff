//! Windows by rates: how likely a fault falls into the time in which it does harm.
//!
//! Faults of one kind come at random, on average once per mean time between them, whatever the system does. The probability
//! that at least one falls into its window is then 1 - exp(-sum of window / mean time). What follows the first fault does
//! not count: a second one while the first is mended is not in it. No rare event is simulated: the windows come from an
//! exhaustive exploration, the rates from whoever knows them.

use crate::kernel::Span;
use crate::statistics::{Estimate, Interval, Refused, mean_interval};

/// How long a system is open to faults of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    pub window: Span,
    /// What it would be if the fault did harm wherever it was not tried; as long as `window` when it was tried everywhere.
    pub at_most: Span,
    /// Mean time between two such faults; above zero.
    pub mean_time: Span,
}

/// The probability that a fault of some kind falls into its window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// Of the windows as they were found, which no other value lies below.
    pub least: f64,
    /// If all that was not tried did harm.
    pub most: f64,
}

/// The probability that at least one fault falls into a window in which so many are expected: window / mean time, or a sum
/// of such shares.
pub fn chance(expected: f64) -> f64 {
    -libm::expm1(-expected)
}

/// Of one system, tried at every boundary or at some. The two ends are certain, as far as windows and rates are.
pub fn odds(exposures: &[Exposure]) -> Odds {
    let share = |window: Span, mean_time: Span| {
        assert!(!mean_time.is_zero(), "a fault has a mean time above zero");
        window.ns() as f64 / mean_time.ns() as f64
    };
    let least = exposures.iter().map(|it| share(it.window, it.mean_time)).sum();
    let most = exposures.iter().map(|it| share(it.window.max(it.at_most), it.mean_time)).sum();
    Odds { least: chance(least), most: chance(most) }
}

/// Of windows that themselves depend on chance: the mean over independent explorations, with Student's interval, which
/// reaches from the low end of what was found to the high end of what may be.
///
/// # Errors
/// Fewer than two explorations.
pub fn estimate(explorations: &[Odds], level: f64) -> Result<Estimate, Refused> {
    let of = |end: fn(&Odds) -> f64| mean_interval(&explorations.iter().map(end).collect::<Vec<f64>>(), level);
    let (least, most) = (of(|odds| odds.least)?, of(|odds| odds.most)?);
    let interval = Interval { low: least.interval.low.max(0.0), high: most.interval.high.min(1.0), level };
    Ok(Estimate { interval, ..least })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    const HOUR: Span = Span::from_secs(3_600);

    /// HAZARDS 10: a crash every 10,000 h falls into 2 s with probability 5.6e-8, and into ten minutes with 1.7e-5.
    #[test]
    fn windows_and_rates_give_the_published_odds() {
        let exposure = |window| Exposure { window, at_most: window, mean_time: HOUR * 10_000 };
        let (short, long) = (exposure(Span::from_secs(2)), exposure(Span::from_secs(600)));
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-5, "{found}");
        near(odds(&[short]).least, 5.55556e-8);
        near(odds(&[long]).least, 1.66665e-5);
        near(odds(&[short, long]).least, 1.67221e-5);
        assert_eq!(odds(&[long]).most, odds(&[long]).least, "everything was tried");
        let some = odds(&[Exposure { at_most: Span::from_secs(60), ..short }]);
        near(some.most, 30.0 * 5.55556e-8);
        assert_eq!(odds(&[]), Odds { least: 0.0, most: 0.0 });
    }

    #[test]
    fn one_exploration_has_no_interval_and_skipped_boundaries_widen_one() {
        let one = |least, most| Odds { least, most };
        assert_eq!(estimate(&[one(0.1, 0.1)], 0.95), Err(Refused::TooFew { found: 1, needed: 2 }));
        let tried = estimate(&[one(0.1, 0.1), one(0.2, 0.2), one(0.15, 0.15)], 0.95).expect("three");
        let skipped = estimate(&[one(0.1, 0.2), one(0.2, 0.3), one(0.15, 0.25)], 0.95).expect("three");
        assert_eq!((tried.value, tried.interval.low), (skipped.value, skipped.interval.low));
        assert!((skipped.interval.high - tried.interval.high - 0.1).abs() < 1e-12, "{skipped:?}");
    }

    /// Windows of exponential length with mean w: a fault of mean time m comes first with probability w / (w + m).
    #[test]
    fn intervals_of_95_percent_cover_the_truth_as_often_as_they_say() {
        let stream = Stream::new(3, "windows", "coverage");
        let covers = |number: u64| {
            let mut draws = stream.draws(number * 100);
            let mut explored = || {
                let window = draws.exponential(HOUR);
                odds(&[Exposure { window, at_most: window, mean_time: HOUR * 19 }])
            };
            let explorations: Vec<Odds> = (0..30).map(|_| explored()).collect();
            estimate(&explorations, 0.95).is_ok_and(|estimate| estimate.interval.contains(0.05))
        };
        let covered = (0..200).filter(|&number| covers(number)).count();
        assert!((180..=198).contains(&covered), "{covered} of 200");
    }
}
