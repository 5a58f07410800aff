//! One long run in steady state: where its warm-up ends, and means of batches in place of results that hang together.

use super::mean::{Moments, mean_interval};
use super::{Estimate, Refused};

/// Batches to begin with.
const BATCHES: usize = 20;
/// Below this many the interval is refused.
const FEWEST: usize = 10;
/// Lag-1 correlation of batch means beyond which they are not taken as independent (A).
const CORRELATION: f64 = 0.2;

/// The mean of a long run with an interval from the means of its batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchMeans {
    pub estimate: Estimate,
    /// Results in a batch.
    pub batch: usize,
    /// Between the means of neighbouring batches.
    pub correlation: f64,
}

/// Twenty batches, or fewer and longer ones until neighbours do not hang together. Results that fill no batch at the
/// end are left out.
///
/// # Errors
/// Fewer than ten batches, of any length, whose neighbours do not hang together.
pub fn batch_means(values: &[f64], level: f64) -> Result<BatchMeans, Refused> {
    let mut batch = values.len() / BATCHES;
    if batch == 0 {
        return Err(Refused::TooFew { found: values.len() as u64, needed: BATCHES as u64 });
    }
    loop {
        let means: Vec<f64> = values.chunks_exact(batch).map(|batch| Moments::of(batch).mean()).collect();
        let correlation = lag_one(&means);
        if means.len() < FEWEST {
            return Err(Refused::Correlated { correlation, batches: means.len() as u64 });
        }
        if correlation.abs() < CORRELATION {
            return Ok(BatchMeans { estimate: mean_interval(&means, level)?, batch, correlation });
        }
        batch *= 2;
    }
}

/// The correlation of each value with the next.
fn lag_one(values: &[f64]) -> f64 {
    let moments = Moments::of(values);
    let together: f64 = values.windows(2).map(|pair| (pair[0] - moments.mean()) * (pair[1] - moments.mean())).sum();
    let spread = moments.variance() * (values.len() as f64 - 1.0);
    if spread == 0.0 { 0.0 } else { together / spread }
}

/// How many results to cut off as warm-up by MSER-5: where the standard error of the rest, in means of five, is least.
/// Never more than half. It makes short runs worse (STATISTICS 3): for 100,000 results and more.
///
/// # Errors
/// Fewer than 100,000 results.
pub fn mser5(values: &[f64]) -> Result<usize, Refused> {
    const NEEDED: usize = 100_000;
    const GROUP: usize = 5;
    if values.len() < NEEDED {
        return Err(Refused::TooFew { found: values.len() as u64, needed: NEEDED as u64 });
    }
    let groups: Vec<f64> = values.chunks_exact(GROUP).map(|group| Moments::of(group).mean()).collect();
    let mut rest = Moments::default();
    let mut best = (f64::INFINITY, 0);
    for (cut, &mean) in groups.iter().enumerate().rev() {
        rest.add(mean);
        let kept = (groups.len() - cut) as f64;
        // On a tie the earlier cut is the better one, and comes later here.
        let error = rest.variance() * (kept - 1.0) / (kept * kept);
        if cut <= groups.len() / 2 && error <= best.0 {
            best = (error, cut);
        }
    }
    Ok(best.1 * GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Draws, Stream};

    fn draws(purpose: &str, number: u64) -> Draws {
        Stream::new(1, "statistics", purpose).draws(number * 1_000_000)
    }

    /// Each value is `memory` of the last one and the rest new.
    fn process(draws: &mut Draws, memory: f64, length: usize, start: f64) -> Vec<f64> {
        let mut value = start;
        let mut next = || {
            value = memory * value + (1.0 - memory) * draws.normal();
            value
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn independent_results_make_twenty_batches() {
        // The correlation of twenty values that have none is beyond the limit about as often as not: then ten are made.
        let found: Vec<BatchMeans> = (0..40)
            .filter_map(|number| {
                let values = process(&mut draws("batches", number), 0.0, 1_000, 0.0);
                batch_means(&values, 0.95).ok()
            })
            .collect();
        let of = |batch: usize| found.iter().filter(|means| means.batch == batch).count();
        assert!(of(50) > 15 && of(100) > 3 && of(50) + of(100) == found.len(), "{found:?}");
        let covered = found.iter().filter(|means| means.estimate.interval.contains(0.0)).count();
        assert!(covered * 10 >= found.len() * 8, "{covered} of {}", found.len());
        assert!(found.iter().all(|means| means.correlation.abs() < 0.2 && means.estimate.results <= 20));
    }

    #[test]
    fn a_run_that_never_forgets_is_refused() {
        let climb: Vec<f64> = (0..10_000).map(f64::from).collect();
        let refused = batch_means(&climb, 0.95).expect_err("it only climbs");
        assert!(matches!(refused, Refused::Correlated { batches: 5, .. }), "{refused}");
        assert_eq!(batch_means(&climb[..7], 0.95), Err(Refused::TooFew { found: 7, needed: 20 }));
    }

    /// Where single results would give an interval an eleventh as wide as it must be.
    #[test]
    fn batches_cover_the_truth_although_results_hang_together() {
        let seen: Vec<bool> = (0..200)
            .filter_map(|number| {
                let values = process(&mut draws("coverage", number), 0.984, 20_000, 0.0);
                batch_means(&values, 0.95).ok().map(|means| means.estimate.interval.contains(0.0))
            })
            .collect();
        let share = seen.iter().filter(|&&is_covered| is_covered).count() as f64 / seen.len() as f64;
        assert!(seen.len() > 100 && (0.88..0.99).contains(&share), "{share} of {}", seen.len());
    }

    #[test]
    fn the_warm_up_is_cut_where_it_ends() {
        let mut values = process(&mut draws("warm", 0), 0.0, 120_000, 0.0);
        for (number, value) in values.iter_mut().take(3_000).enumerate() {
            *value += 5.0 * (1.0 - number as f64 / 3_000.0);
        }
        let cut = mser5(&values).expect("it is long enough");
        assert!((2_000..5_000).contains(&cut), "{cut}");
        assert!(mser5(&values[..99_999]).is_err());
    }

    /// M/M/1 at a load of 0.8, started empty: waiting times of 100,000 customers. With a service time of 0.8
    /// their mean is 3.2, four times that (STATISTICS 3).
    #[test]
    fn batch_means_of_a_long_run_cover_the_truth() {
        let stream = Stream::new(1, "statistics", "queue");
        let campaigns = 400_u64;
        let mut covered = 0_u64;
        let mut intervals = 0_u64;
        for campaign in 0..campaigns {
            let mut draws = stream.draws(campaign * 1_000_000);
            let mut waiting = 0.0_f64;
            let customer = || {
                let service = -0.8 * libm::log(draws.unit());
                let gap = -libm::log(draws.unit());
                let waited = waiting;
                waiting = (waiting + service - gap).max(0.0);
                waited
            };
            let values: Vec<f64> = std::iter::repeat_with(customer).take(100_000).collect();
            // A run whose batches hang together has no interval: that is the rule, and no miss.
            if let Ok(found) = batch_means(&values, 0.95) {
                intervals += 1;
                covered += u64::from(found.estimate.interval.contains(3.2));
            }
        }
        let share = covered as f64 / intervals as f64;
        assert!(intervals * 10 > campaigns * 7 && (0.93..=0.97).contains(&share), "{share} of {intervals}");
    }
}
