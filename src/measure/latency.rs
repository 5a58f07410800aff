//! Latencies of one kind of request: a histogram of bounded size with exact ends and an exact mean.

use hdrhistogram::Histogram;

use crate::kernel::Span;

/// Latencies in whole nanoseconds, to three significant digits (relative error at most 0.1 %).
///
/// Memory grows with the logarithm of the largest value, not with the number of values: 168 KiB up to one second.
#[derive(Clone, Debug)]
pub struct Latency {
    histogram: Histogram<u64>,
    least: u64,
    most: u64,
    sum: u128,
}

/// What a histogram says, in nanoseconds. A value is absent when too few samples support it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    pub n: u64,
    pub min: Option<u64>,
    pub mean: Option<u64>,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p99: Option<u64>,
    pub p999: Option<u64>,
    pub p9999: Option<u64>,
    pub max: Option<u64>,
}

/// A percentile needs this many samples beyond it.
const SAMPLES_BEYOND: u128 = 10;

impl Default for Latency {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("three significant digits are a legal precision");
        Latency { histogram, least: u64::MAX, most: 0, sum: 0 }
    }
}

impl Latency {
    pub fn record(&mut self, latency: Span) {
        let ns = latency.ns();
        self.histogram.record(ns).expect("a histogram that resizes itself takes every value");
        self.least = self.least.min(ns);
        self.most = self.most.max(ns);
        self.sum += u128::from(ns);
    }

    pub fn add(&mut self, other: &Latency) {
        self.histogram.add(&other.histogram).expect("a histogram that resizes itself takes every other");
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.sum += other.sum;
    }

    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    pub fn percentiles(&self) -> Percentiles {
        let n = self.count();
        if n == 0 {
            return Percentiles::default();
        }
        Percentiles {
            n,
            min: Some(self.least),
            mean: Some(u64::try_from(self.sum / u128::from(n)).expect("a mean lies below the largest value")),
            p50: self.percentile(5_000),
            p90: self.percentile(9_000),
            p99: self.percentile(9_900),
            p999: self.percentile(9_990),
            p9999: self.percentile(9_999),
            max: Some(self.most),
        }
    }

    /// The value that `of_10_000` of ten thousand samples do not exceed.
    fn percentile(&self, of_10_000: u32) -> Option<u64> {
        let beyond = u128::from(self.count()) * u128::from(10_000 - of_10_000);
        if beyond < SAMPLES_BEYOND * 10_000 {
            return None;
        }
        let value = self.histogram.value_at_quantile(f64::from(of_10_000) / 10_000.0);
        Some(value.clamp(self.least, self.most))
    }

    /// The distribution in the text form that HdrHistogram tools read, values in nanoseconds.
    ///
    /// The steps halve the distance to 1, ten in each half, and are made of exact binary fractions and one division:
    /// the text is the same on every platform. Behind them come 0.9, 0.99 and so on, so that who reads the text finds
    /// the percentiles of [`Latency::percentiles`].
    pub fn distribution(&self) -> String {
        use std::fmt::Write;
        let total = self.count();
        let mut text = String::from("       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
        let mut line = |value: u64, quantile: f64, count: u64| {
            let inverse = if count == total { String::new() } else { format!("{:>14.2}", 1.0 / (1.0 - quantile)) };
            writeln!(text, "{value:>12} {quantile:>14.12} {count:>10} {inverse}").expect("a string takes every line");
        };
        let mut steps = (0..).flat_map(|half: i32| (0..10).map(move |tick: i32| (half, tick)));
        let mut next = steps.next().map(step_quantile);
        let mut counted = 0;
        // So many of ten to the power of the place are the next nine.
        let mut nines = (1..=9).map(|place| 10_u128.pow(place)).peekable();
        for bucket in self.histogram.iter_recorded() {
            counted += bucket.count_since_last_iteration();
            let reached = counted as f64 / total as f64;
            let value = bucket.value_iterated_to().clamp(self.least, self.most);
            if counted == total {
                line(value, 1.0, counted);
                break;
            }
            let is_nine = |power: &u128| u128::from(counted) * power >= u128::from(total) * (power - 1);
            if next.is_some_and(|quantile| quantile <= reached) || nines.peek().is_some_and(is_nine) {
                line(value, reached, counted);
            }
            while nines.next_if(is_nine).is_some() {}
            while next.is_some_and(|quantile| quantile <= reached) {
                next = steps.next().map(step_quantile);
            }
        }
        let mean = if total == 0 { 0 } else { self.sum / u128::from(total) };
        writeln!(text, "#[Mean    = {mean:>12}, Max = {:>12}, Total count = {total:>10}]", self.most)
            .expect("a string takes every line");
        text
    }
}

/// Step `tick` of ten in the `half`-th halving of the distance to 1: 0, 0.05, ..., 0.45, 0.5, 0.525, ..., 0.75, ...
fn step_quantile((half, tick): (i32, i32)) -> f64 {
    let mut distance = 1.0;
    for _ in 0..half.min(60) {
        distance /= 2.0;
    }
    1.0 - distance * (1.0 - f64::from(tick) / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        values.into_iter().for_each(|ns| latency.record(Span::from_ns(ns)));
        latency
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        for (n, present) in [
            (0, [false; 5]),
            (19, [false; 5]),
            (20, [true, false, false, false, false]),
            (99, [true, false, false, false, false]),
            (100, [true, true, false, false, false]),
            (999, [true, true, false, false, false]),
            (1_000, [true, true, true, false, false]),
            (9_999, [true, true, true, false, false]),
            (10_000, [true, true, true, true, false]),
            (100_000, [true; 5]),
        ] {
            let p = of(1..=n).percentiles();
            let found = [p.p50, p.p90, p.p99, p.p999, p.p9999].map(|value| value.is_some());
            assert_eq!(found, present, "with {n} samples");
            assert_eq!(p.max, (n > 0).then_some(n));
        }
    }

    #[test]
    fn values_are_exact_at_the_ends_and_within_a_thousandth_between() {
        let p = of((1..=10_000).map(|ms| ms * 1_000_000 + 7)).percentiles();
        assert_eq!((p.min, p.max), (Some(1_000_007), Some(10_000_000_007)));
        assert_eq!(p.mean, Some(5_000_500_007));
        for (found, truth) in [(p.p50, 5_000u64), (p.p90, 9_000), (p.p99, 9_900), (p.p999, 9_990)] {
            let (found, truth) = (found.expect("ten samples lie beyond"), truth * 1_000_000 + 7);
            assert!(found.abs_diff(truth) * 1_000 <= truth, "{found} is not within 0.1 % of {truth}");
        }
    }

    #[test]
    fn adding_is_the_same_as_recording_all() {
        let mut low = of(1..500);
        low.add(&of(500..=2_000));
        assert_eq!(low.percentiles(), of(1..=2_000).percentiles());
        let mut nothing = of([]);
        nothing.add(&of([5]));
        assert_eq!((nothing.percentiles().min, nothing.percentiles().max), (Some(5), Some(5)));
    }

    #[test]
    fn a_latency_of_hours_is_kept() {
        let hour = 3_600_000_000_000;
        assert_eq!(of([1, 5 * hour]).percentiles().max, Some(5 * hour));
    }

    #[test]
    fn memory_follows_the_largest_value() {
        let kibibytes = |latency: Latency| latency.histogram.distinct_values() * 8 / 1_024;
        assert_eq!(kibibytes(of([])), 16);
        assert_eq!(kibibytes(of([1_000_000_000])), 168);
        assert!(kibibytes(of([3_600_000_000_000])) < 300);
    }

    #[test]
    fn the_distribution_ends_at_one_and_counts_everything() {
        let text = of((1..=1_000).map(|us| us * 1_000)).distribution();
        let last = text.lines().rfind(|line| !line.starts_with('#')).expect("there are lines");
        assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["1000000", "1.000000000000", "1000"]);
        let half: Vec<_> = text.lines().filter(|line| line.contains("0.500000000000")).collect();
        assert_eq!(half[0].split_whitespace().collect::<Vec<_>>(), ["500223", "0.500000000000", "500", "2.00"]);
        assert_eq!(of([]).distribution().lines().count(), 3);
    }
}
