//! What the rows of one point say of one measure, with an interval or the reason why there is none.

use serde::{Deserialize, Serialize};

use super::summary::Name;
use crate::campaign::sweep::STEADY_LEVEL;
use crate::campaign::sweep::{End, Kind, Row, kind, value};
use crate::scenario::campaign::Measure;
use crate::statistics::{
    Estimate as Found, Refused, clopper_pearson, mean_interval, quantile_interval, ratio_interval, student_quantile,
    wilson, zero_failure_bound,
};

/// The method of an interval of a single run.
pub(super) const BATCH_MEANS: &str = "batch means of one run";

/// One estimate; every key is always there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimate {
    pub measure: Name,
    /// `share of runs`, `ratio` or `s`.
    pub unit: Name,
    pub estimate: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub level: f64,
    /// `clopper-pearson`, `student-t over replications`, `ratio, student-t over replications`, or
    /// `batch means of one run`.
    pub method: Name,
    /// Runs that have a value.
    pub n: u64,
    /// Of a share: the runs in which it happened.
    pub hits: Option<u64>,
    /// Of a share: Wilson's interval, for charts.
    pub wilson_low: Option<f64>,
    pub wilson_high: Option<f64>,
    /// Of a share that was never seen: what it is below, one-sided, at this level.
    pub zero_failure_bound: Option<f64>,
    pub sequential: bool,
    /// Why there is no interval.
    pub refused: Option<String>,
}

/// A distribution over runs, in seconds: quantiles with intervals from their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Distribution {
    pub measure: Name,
    pub n: u64,
    pub min: Option<f64>,
    pub mean: Option<f64>,
    pub max: Option<f64>,
    pub quantiles: Vec<Quantile>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Quantile {
    pub share: f64,
    /// Nothing unless ten runs lie beyond it.
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub level: f64,
}

impl Estimate {
    pub fn of(measure: Measure, rows: &[&Row], level: f64, sequential: bool) -> Estimate {
        match cut(rows) {
            Some(why) => Estimate {
                estimate: None,
                low: None,
                high: None,
                hits: None,
                wilson_low: None,
                wilson_high: None,
                zero_failure_bound: None,
                refused: Some(why),
                ..Estimate::of_whole(measure, rows, level, sequential)
            },
            None => Estimate::of_whole(measure, rows, level, sequential),
        }
    }

    fn of_whole(measure: Measure, rows: &[&Row], level: f64, sequential: bool) -> Estimate {
        match kind(measure) {
            Kind::Happened => Estimate::share(measure, rows, level, sequential),
            Kind::Seconds if measure == Measure::SteadyLatency && rows.len() == 1 => {
                Estimate::of_one_run(measure, rows[0], level, sequential)
            }
            Kind::Seconds => {
                let values: Vec<f64> = rows.iter().filter_map(|row| value(measure, row)).collect();
                let found = mean_interval(&values, level);
                Estimate::mean(measure, "s", "student-t over replications", values.len(), found, level, sequential)
            }
            Kind::Ratio => {
                let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|row| times(row)).collect();
                let found = ratio_interval(&pairs, level);
                let method = "ratio, student-t over replications";
                Estimate::mean(measure, "ratio", method, pairs.len(), found, level, sequential)
            }
        }
    }

    fn share(measure: Measure, rows: &[&Row], level: f64, sequential: bool) -> Estimate {
        let values: Vec<f64> = rows.iter().filter_map(|row| value(measure, row)).collect();
        let n = values.len() as u64;
        let hits = values.iter().filter(|&&value| value != 0.0).count() as u64;
        let exact = (n > 0).then(|| clopper_pearson(hits, n, level));
        let chart = (n > 0).then(|| wilson(hits, n, level));
        Estimate {
            measure: measure.name().into(),
            unit: "share of runs".into(),
            estimate: (n > 0).then(|| hits as f64 / n as f64),
            low: exact.map(|it| it.low),
            high: exact.map(|it| it.high),
            level,
            method: "clopper-pearson".into(),
            n,
            hits: Some(hits),
            wilson_low: chart.map(|it| it.low),
            wilson_high: chart.map(|it| it.high),
            zero_failure_bound: (n > 0 && hits == 0).then(|| zero_failure_bound(n, level)),
            sequential,
            refused: (n == 0).then(|| Refused::TooFew { found: 0, needed: 1 }.to_string()),
        }
    }

    /// The steady state of a single run has its own interval, from batch means. A row holds that of 95 %, Student's like
    /// those of other levels.
    fn of_one_run(measure: Measure, row: &Row, level: f64, sequential: bool) -> Estimate {
        let it = &row.figures;
        let seconds = |ns: Option<u64>| ns.map(|ns| ns as f64 / 1e9);
        let mean = seconds(it.steady_mean_ns);
        let half_width = || {
            let batches = it.steady_requests?.checked_div(it.steady_batch?)?;
            let t = |level: f64| student_quantile((batches.max(2) - 1) as f64, 0.5 + level / 2.0);
            Some((seconds(it.steady_high_ns)? - mean?) * t(level) / t(STEADY_LEVEL))
        };
        let interval = mean.zip(half_width()).map(|(mean, half)| ((mean - half).max(0.0), mean + half));
        let none = "fewer than ten batches do not hang together, or there are too few requests";
        Estimate {
            estimate: mean,
            low: interval.map(|it| it.0),
            high: interval.map(|it| it.1),
            refused: interval.is_none().then(|| none.to_owned()),
            ..Estimate::mean(
                measure,
                "s",
                BATCH_MEANS,
                1,
                Err(Refused::TooFew { found: 1, needed: 2 }),
                level,
                sequential,
            )
        }
    }

    fn mean(
        measure: Measure,
        unit: &'static str,
        method: &'static str,
        n: usize,
        found: Result<Found, Refused>,
        level: f64,
        sequential: bool,
    ) -> Estimate {
        let (value, interval) = found.as_ref().map_or((None, None), |it| (Some(it.value), Some(it.interval)));
        Estimate {
            measure: measure.name().into(),
            unit: unit.into(),
            estimate: value,
            low: interval.map(|it| it.low),
            high: interval.map(|it| it.high),
            level,
            method: method.into(),
            n: n as u64,
            hits: None,
            wilson_low: None,
            wilson_high: None,
            zero_failure_bound: None,
            sequential,
            refused: found.err().map(|refused| refused.to_string()),
        }
    }

    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}

/// Why nothing is claimed of `rows`, where some of them were cut: what these had become is not known.
pub(super) fn cut(rows: &[&Row]) -> Option<String> {
    let cut = rows.iter().filter(|row| row.end == End::Budget).count();
    (cut > 0).then(|| format!("{cut} of {} runs were cut at their budget of events", rows.len()))
}

/// Time online and all time of the volumes that are backed up.
pub(super) fn times(row: &Row) -> Option<(f64, f64)> {
    let (online, time) = row.figures.protected_online_ns.zip(row.figures.protected_time_ns)?;
    (time > 0).then_some((online as f64, time as f64))
}

impl Distribution {
    /// Nothing where runs were cut.
    pub fn of(measure: Measure, rows: &[&Row], level: f64) -> Distribution {
        let rows = if cut(rows).is_some() { &[] } else { rows };
        let mut values: Vec<f64> = rows.iter().filter_map(|row| value(measure, row)).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        values.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let found = quantile_interval(&values, share, level).ok();
            let (value, interval) = found.map_or((None, None), |(value, interval)| (Some(value), Some(interval)));
            Quantile { share, value, low: interval.map(|it| it.low), high: interval.map(|it| it.high), level }
        };
        Distribution {
            measure: measure.name().into(),
            n: values.len() as u64,
            min: values.first().copied(),
            mean,
            max: values.last().copied(),
            quantiles: [0.5, 0.9, 0.99].map(quantile).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::part::tests::row;
    use super::*;
    use crate::campaign::sweep::row::bit;
    use crate::vocab::Invariant;

    fn rows(count: u64, change: impl Fn(u64, &mut Row)) -> Vec<Row> {
        let with = |run| {
            let mut row = row(run);
            change(run, &mut row);
            row
        };
        (0..count).map(with).collect()
    }

    #[test]
    fn a_share_is_claimed_with_an_exact_interval_and_none_with_a_bound() {
        let violated = |run: u64, row: &mut Row| {
            row.violated = if run < 3 { bit(Invariant::NoLostAckedWrite) } else { 0 };
        };
        let all = rows(1_000, violated);
        let all: Vec<&Row> = all.iter().collect();
        let lost = Estimate::of(Measure::LostWrite, &all, 0.95, false);
        assert_eq!((lost.hits, lost.n, lost.estimate), (Some(3), 1_000, Some(0.003)));
        let (low, high) = (lost.low.expect("there are runs"), lost.high.expect("there are runs"));
        assert!((low / 6.1910e-4 - 1.0).abs() < 1e-3 && (high / 8.7420e-3 - 1.0).abs() < 1e-3, "{low} {high}");
        let stuck = Estimate::of(Measure::Stuck, &all, 0.95, false);
        assert!(stuck.zero_failure_bound.is_some_and(|bound| (bound / 2.99e-3 - 1.0).abs() < 1e-2), "{stuck:?}");
        let nothing = Estimate::of(Measure::Stuck, &[], 0.95, false);
        assert!(nothing.refused.is_some() && nothing.estimate.is_none());
    }

    #[test]
    fn a_mean_of_one_run_has_no_interval() {
        let all = rows(2, |run, row| row.figures.operator_ns = Some((run + 1) * 1_000_000_000));
        let all: Vec<&Row> = all.iter().collect();
        let one = Estimate::of(Measure::OperatorTime, &all[..1], 0.95, false);
        assert!(one.refused.is_some_and(|why| why.contains("at least 2")) && one.low.is_none());
        let two = Estimate::of(Measure::OperatorTime, &all, 0.95, false);
        assert_eq!(two.estimate, Some(1.5));
        let missing = Estimate::of(Measure::RecoveryTime, &all, 0.95, false);
        assert_eq!(missing.n, 0, "no run has a restore");
    }

    #[test]
    fn runs_that_were_cut_are_no_estimate() {
        let cut = |run: u64, row: &mut Row| {
            row.figures.operator_ns = Some((run + 1) * 1_000_000_000);
            row.end = if run == 2 { End::Budget } else { End::Until };
        };
        let all = rows(10, cut);
        let all: Vec<&Row> = all.iter().collect();
        for measure in [Measure::LostWrite, Measure::OperatorTime, Measure::Availability] {
            let found = Estimate::of(measure, &all, 0.95, false);
            assert!(found.estimate.is_none() && found.low.is_none() && found.zero_failure_bound.is_none(), "{found:?}");
            assert!(found.refused.is_some_and(|why| why.starts_with("1 of 10 runs were cut")));
        }
        assert_eq!(Distribution::of(Measure::OperatorTime, &all, 0.95).n, 0);
    }

    /// Twenty batches and 95 %: t is 2.093 and at 99 % 2.861.
    #[test]
    fn batch_means_of_one_run_have_the_level_of_the_campaign() {
        let one = rows(1, |_, row| {
            let it = &mut row.figures;
            (it.steady_requests, it.steady_batch) = (Some(2_010), Some(100));
            (it.steady_mean_ns, it.steady_low_ns, it.steady_high_ns) = (Some(5_000), Some(2_907), Some(7_093));
        });
        let one: Vec<&Row> = one.iter().collect();
        let half = |level: f64| {
            let found = Estimate::of(Measure::SteadyLatency, &one, level, false);
            assert_eq!((&*found.method, found.level), (BATCH_MEANS, level));
            found.half_width().expect("it has one") * 1e9
        };
        assert!((half(0.95) - 2_093.0).abs() < 1.0, "{}", half(0.95));
        assert!((half(0.99) - 2_861.0).abs() < 1.0, "{}", half(0.99));
    }

    #[test]
    fn a_distribution_says_no_more_than_its_runs() {
        let all = rows(40, |run, row| row.figures.recovery_time_ns = Some((run + 1) * 1_000_000_000));
        let all: Vec<&Row> = all.iter().collect();
        let found = Distribution::of(Measure::RecoveryTime, &all, 0.95);
        assert_eq!((found.n, found.min, found.max, found.mean), (40, Some(1.0), Some(40.0), Some(20.5)));
        assert_eq!(found.quantiles[0].value, Some(20.0));
        assert_eq!(found.quantiles[2].value, None);
    }
}
