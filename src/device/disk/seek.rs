//! How long the arm takes to move: the curve through the three seek times of a data sheet.
//!
//! `t(d) = c + a sqrt(d - 1) + b (d - 1)` for a distance of `d >= 1` cylinders, 0 for `d = 0` (MODEL 5.1). `c` is the
//! track-to-track time; `a` and `b` are solved so that the mean over random pairs of distinct cylinders is the average
//! seek and the longest distance takes the full stroke. The curve is tabulated at load, in whole nanoseconds; floats
//! end there.

use std::sync::Arc;

use super::parameters::{LONGEST_STEP, SeekParameters};
use super::specification::SeekForm;
use crate::kernel::Span;

/// Seek times by distance.
#[derive(Clone, Debug)]
pub struct SeekCurve {
    /// Nanoseconds for a distance of as many cylinders as the index says.
    times: Arc<[u64]>,
}

/// Why no seek curve passes through three times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeekError {
    #[error("the full stroke of {full} is not longer than the track-to-track time of {track}")]
    Order { track: Span, full: Span },
    #[error("the full stroke of {0} is longer than {LONGEST_STEP}")]
    TooLong(Span),
    #[error(
        "with these track-to-track and full-stroke times the average lies from {least} to {most}, not at {average}"
    )]
    Average { average: Span, least: Span, most: Span },
    #[error("over {distance} cylinders it would take {time} ms; a movement takes from 0 ms to {LONGEST_STEP}")]
    Outside { distance: u32, time: String },
}

impl SeekCurve {
    /// The curve of a form on a disk with `cylinders` cylinders.
    pub(super) fn of(cylinders: u32, form: &SeekForm) -> Result<SeekCurve, SeekError> {
        let tabulate = |at: &dyn Fn(u32) -> f64| tabulate(cylinders, at);
        match form {
            SeekForm::DataSheet(parameters) => SeekCurve::new(cylinders, parameters),
            SeekForm::Measured(points) => tabulate(&|distance| between_points(points, distance)),
            SeekForm::Constant(time) => tabulate(&|_| *time as f64),
            SeekForm::TwoPieces { first, divide, root, line } => tabulate(&|distance| {
                let at = f64::from(distance);
                match first.get(distance as usize - 1) {
                    Some(&time) => time as f64,
                    None if at < *divide => (root.0 + root.1 * at.sqrt()) * 1e6,
                    None => (line.0 + line.1 * at) * 1e6,
                }
            }),
            &SeekForm::ThreePointCurve { single, average, full } => {
                // Coefficients after Lee, as DiskSim 4.0 has them [S].
                let [single, average, full] = [single, average, full].map(|time| time as f64);
                let stroke = f64::from(cylinders);
                let root = (-10.0 * single + 15.0 * average - 5.0 * full) / (3.0 * stroke.sqrt());
                let linear = (7.0 * single - 15.0 * average + 8.0 * full) / (3.0 * stroke);
                tabulate(&|distance| {
                    let beyond = f64::from(distance - 1);
                    single + root * beyond.sqrt() + linear * beyond
                })
            }
            &SeekForm::ThreePointLine { single, average, full } => {
                let [single, average, full] = [single, average, full].map(|time| time as f64);
                let (third, stroke) = (f64::from(cylinders) / 3.0, f64::from(cylinders) - 1.0);
                tabulate(&|distance| {
                    let at = f64::from(distance);
                    if at <= third {
                        single + (average - single) * (at - 1.0) / (third - 1.0).max(1.0)
                    } else {
                        average + (full - average) * (at - third) / (stroke - third).max(1.0)
                    }
                })
            }
        }
    }

    /// The curve with `ns` more for every distance but 0; a time does not fall below zero.
    pub(super) fn delayed(&self, ns: i64) -> SeekCurve {
        if ns == 0 {
            return self.clone();
        }
        let later = |(distance, &time): (usize, &u64)| if distance == 0 { 0 } else { time.saturating_add_signed(ns) };
        SeekCurve { times: self.times.iter().enumerate().map(later).collect() }
    }

    /// The curve of a disk with `cylinders` cylinders, at least four.
    pub fn new(cylinders: u32, parameters: &SeekParameters) -> Result<SeekCurve, SeekError> {
        let curve = Coefficients::solve(cylinders, parameters)?;
        let full = parameters.full.ns();
        let mut times = Vec::with_capacity(cylinders as usize);
        times.push(0);
        let mut longest_yet = parameters.track.ns();
        for distance in 1..cylinders - 1 {
            // At the limits of the allowed averages the curve is flat at one end, where rounding may bend it.
            longest_yet = (curve.at(distance) as u64).clamp(longest_yet, full);
            times.push(longest_yet);
        }
        times.push(full);
        Ok(SeekCurve { times: times.into() })
    }

    /// The time to a cylinder `distance` away.
    pub fn time(&self, distance: u32) -> Span {
        Span::from_ns(self.times[distance as usize])
    }
}

/// Times in nanoseconds for every distance, to the nearest.
fn tabulate(cylinders: u32, at: &dyn Fn(u32) -> f64) -> Result<SeekCurve, SeekError> {
    let mut times = Vec::with_capacity(cylinders as usize);
    times.push(0);
    for distance in 1..cylinders {
        let time = at(distance);
        if !(0.0..=LONGEST_STEP.ns() as f64).contains(&time) {
            return Err(SeekError::Outside { distance, time: (time / 1e6).to_string() });
        }
        times.push(time.round() as u64);
    }
    Ok(SeekCurve { times: times.into() })
}

/// A straight line between two measured points; the last two are continued.
fn between_points(points: &[(u32, u64)], distance: u32) -> f64 {
    let [.., before_last, last] = points else {
        return points.first().map_or(0.0, |&(_, time)| time as f64);
    };
    let next = points.partition_point(|&(point, _)| point < distance);
    let (from, to) = match (next.checked_sub(1), points.get(next)) {
        (_, None) => (*before_last, *last),
        (None, Some(&first)) => ((0, 0), first),
        (Some(before), Some(&after)) => (points[before], after),
    };
    let share = f64::from(distance - from.0) / f64::from(to.0 - from.0);
    from.1 as f64 + (to.1 as f64 - from.1 as f64) * share
}

/// The curve in nanoseconds, before it is tabulated.
struct Coefficients {
    constant: f64,
    root: f64,
    linear: f64,
}

impl Coefficients {
    fn solve(cylinders: u32, parameters: &SeekParameters) -> Result<Coefficients, SeekError> {
        assert!(cylinders >= 4, "the mean determines a curve from four cylinders on");
        let SeekParameters { track, average, full } = *parameters;
        if full > LONGEST_STEP {
            return Err(SeekError::TooLong(full));
        }
        if track > full {
            return Err(SeekError::Order { track, full });
        }
        let longest = f64::from(cylinders - 2);
        let rise = (full.ns() - track.ns()) as f64;
        // Means of both terms when each is scaled to 1 at the full stroke. The linear one is exact: E[d] = (C + 1) / 3.
        let root_share = mean_root(cylinders) / longest.sqrt();
        let linear_share = 1.0 / 3.0;

        // The curve rises everywhere between a straight line (a = 0) and a parabola with its top at the full stroke
        // (a = 2, b = -1 in the scaled terms). Outside, it would pass some distance faster than a shorter one.
        let mean_at = |share: f64| Span::from_ns((track.ns() as f64 + rise * share) as u64);
        let (least, most) = (mean_at(linear_share), mean_at(2.0 * root_share - linear_share));
        if average < least || average > most + Span::from_ns(1) {
            return Err(SeekError::Average { average, least, most });
        }
        let missing = (average.ns() - track.ns()) as f64 - rise * linear_share;
        let root = missing / (root_share - linear_share);
        let linear = rise - root;
        Ok(Coefficients { constant: track.ns() as f64, root: root / longest.sqrt(), linear: linear / longest })
    }

    fn at(&self, distance: u32) -> f64 {
        let beyond_first = f64::from(distance - 1);
        self.constant + self.root * beyond_first.sqrt() + self.linear * beyond_first
    }
}

/// The mean of `sqrt(d - 1)` over random pairs of distinct cylinders: `C - d` pairs are `d` cylinders apart.
fn mean_root(cylinders: u32) -> f64 {
    let sum: f64 =
        (2..cylinders).map(|distance| f64::from(cylinders - distance) * f64::from(distance - 1).sqrt()).sum();
    let pairs = f64::from(cylinders) * f64::from(cylinders - 1) / 2.0;
    sum / pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::DiskParameters;
    use crate::device::disk::parameters::examples::{disk_20_tb, disk_36_gb};
    use crate::kernel::Stream;

    fn near(value: f64, expected: f64, unit: f64, what: &str) {
        assert!((value - expected).abs() <= 0.5001 * unit, "{what}: {value} is not {expected} in units of {unit}");
    }

    /// Checks a curve against a row of the table in MODEL 5.1, to the digits printed there.
    fn check(disk: &DiskParameters, seek: &SeekParameters, [a, b, b_unit]: [f64; 3], times: [f64; 5]) {
        let coefficients = Coefficients::solve(disk.cylinders, seek).unwrap();
        near(coefficients.root / 1e6, a, 1e-6, "a");
        near(coefficients.linear / 1e6, b, b_unit, "b");
        let curve = SeekCurve::new(disk.cylinders, seek).unwrap();
        let distances = [10, 100, 1_000, disk.cylinders / 3, disk.cylinders - 1];
        for (distance, expected) in distances.into_iter().zip(times) {
            near(curve.time(distance).ns() as f64 / 1e6, expected, 1e-3, &format!("t({distance})"));
        }
        assert_eq!([0, 1].map(|d| curve.time(d)), [Span::ZERO, seek.track]);
        assert_eq!(curve.time(disk.cylinders - 1), seek.full);
        assert!((1..disk.cylinders).all(|d| curve.time(d) >= curve.time(d - 1)), "a longer way takes no less time");
    }

    #[test]
    fn the_curves_of_the_model_are_reproduced() {
        let disk = disk_36_gb();
        let times = [0.633, 0.962, 2.180, 5.134, 10.5];
        check(&disk, &disk.seek_read, [0.043394, 0.00030886, 1e-8], times);
        let times = [0.745, 1.105, 2.435, 5.656, 11.5];
        check(&disk, &disk.seek_write, [0.047463, 0.00033533, 1e-8], times);
        let disk = disk_20_tb();
        let times = [0.268, 0.358, 0.645, 7.821, 16.0];
        check(&disk, &disk.seek_read, [0.012784, 0.000011077, 1e-9], times);
        let times = [0.367, 0.475, 0.819, 8.711, 17.0];
        check(&disk, &disk.seek_write, [0.015501, 0.000009071, 1e-9], times);
    }

    /// D7: the mean over uniform random pairs of distinct cylinders.
    #[test]
    fn the_mean_seek_is_the_average_of_the_data_sheet() {
        const PAIRS: u64 = 1_000_000;
        for (disk, seed) in [(disk_36_gb(), 1), (disk_20_tb(), 2)] {
            for seek in [disk.seek_read, disk.seek_write] {
                let curve = SeekCurve::new(disk.cylinders, &seek).unwrap();
                let mut draws = Stream::new(seed, "arm", "pairs").draws(0);
                let total: u64 = (0..PAIRS)
                    .map(|_| {
                        let from = draws.below(u64::from(disk.cylinders)) as u32;
                        let step = 1 + draws.below(u64::from(disk.cylinders) - 1) as u32;
                        let to = (from + step) % disk.cylinders;
                        curve.time(from.abs_diff(to)).ns()
                    })
                    .sum();
                let error = (total / PAIRS) as f64 / seek.average.ns() as f64 - 1.0;
                assert!(error.abs() < 0.005, "mean of {seek:?} is off by {error}");
            }
        }
    }

    #[test]
    fn impossible_times_are_refused() {
        let seek = |track, average, full| SeekParameters {
            track: Span::from_us(track),
            average: Span::from_us(average),
            full: Span::from_us(full),
        };
        let refused = |seek| SeekCurve::new(1_000, &seek).unwrap_err().to_string();
        assert_eq!(
            refused(seek(900, 500, 800)),
            "the full stroke of 800 us is not longer than the track-to-track time of 900 us"
        );
        for average in [400, 500, 3_800, 8_000, 11_000] {
            let text = refused(seek(500, average, 10_500));
            assert!(text.contains("the average lies from 3.83"), "{text}");
        }
        assert!(refused(seek(500, 4_900, 61_000_000)).contains("longer than 60 s"));
    }

    #[test]
    fn the_limits_that_a_refusal_names_are_themselves_possible() {
        for (cylinders, track, full) in [(4, 500_000, 10_500_000), (1_000, 0, 9_999_999), (15_110, 7, 7)] {
            let seek = |average| SeekParameters { track: Span::from_ns(track), average, full: Span::from_ns(full) };
            let Err(SeekError::Average { least, most, .. }) = SeekCurve::new(cylinders, &seek(Span::from_secs(1)))
            else {
                panic!("one second is no average")
            };
            for average in [least, most] {
                let curve = SeekCurve::new(cylinders, &seek(average)).unwrap();
                assert_eq!(curve.time(cylinders - 1), Span::from_ns(full));
                assert!((1..cylinders).all(|d| curve.time(d) >= curve.time(d - 1)));
            }
        }
    }
}
