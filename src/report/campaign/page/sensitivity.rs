//! What each axis does to a measure, over all values of the other axes.
//!
//! The effect of an axis is the difference of two means over points, one for each end of the axis, taken within every
//! replication: its points met the same chances, so the interval is that of paired differences (Student's t).

use super::super::summary::CampaignSummary;
use super::rows::{Rows, Sum};
use crate::scenario::campaign::Measure;
use crate::statistics::{Moments, mean_interval};

pub(super) const NOTE: &str = "An axis goes from its first to its last value where these are numbers. One of names goes from \
                               the name with the least to that with the greatest mean: as both are chosen after the fact, its \
                               interval is a little too narrow. Whiskers are those of each end alone; the difference is taken in \
                               pairs of runs and is often far surer. Availability is here the mean over runs, whatever their \
                               length.";

/// What the axes do to one measure.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    pub measure: Measure,
    /// The mean over all points and replications.
    pub mean: f64,
    pub replications: u64,
    pub axes: Vec<Effect>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effect {
    pub axis: String,
    pub low: End,
    pub high: End,
    /// The second end less the first.
    pub difference: f64,
    pub interval: Option<(f64, f64)>,
    /// Replications with a value at every point of both ends.
    pub n: u64,
}

/// One end of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct End {
    pub level: String,
    pub mean: f64,
    pub interval: Option<(f64, f64)>,
}

/// Of each measure that is told of; nothing where no axis has two values.
pub(super) fn effects(summary: &CampaignSummary, rows: &Rows) -> Vec<Effects> {
    let of = |(place, &measure): (usize, &Measure)| {
        let by_replication: Vec<&[Sum]> = rows.sums[place].values().map(Vec::as_slice).collect();
        let mut before = 0;
        let mut axes = Vec::new();
        for axis in &summary.axes {
            let places: Vec<usize> = (before..before + axis.levels.len()).collect();
            before += axis.levels.len();
            let known = by_replication.first().is_some_and(|sums| before <= sums.len());
            if places.len() > 1 && known {
                let levels: Vec<Level> =
                    places.iter().map(|&place| Level::new(&by_replication, place, rows.points_at(place))).collect();
                axes.extend(effect(&axis.name, &axis.levels, &levels, summary.level));
            }
        }
        let (total, values) = by_replication.iter().fold((0.0, 0_u64), |(total, values), sums| {
            let of_first_axis = sums.iter().take(summary.axes.first().map_or(0, |axis| axis.levels.len()));
            of_first_axis
                .fold((total, values), |(total, values), sum| (total + sum.total, values + u64::from(sum.values)))
        });
        let replications = by_replication.len() as u64;
        let found = Effects { measure, mean: total / values.max(1) as f64, replications, axes };
        (!found.axes.is_empty()).then_some(found)
    };
    rows.effects.iter().enumerate().filter_map(of).collect()
}

/// The mean over the points of one level, for each replication in which all of them have a value.
struct Level(Vec<Option<f64>>);

impl Level {
    fn new(by_replication: &[&[Sum]], place: usize, points: u32) -> Level {
        let whole = |sum: Sum| (sum.values == points && points > 0).then(|| sum.total / f64::from(points));
        Level(by_replication.iter().map(|sums| whole(sums[place])).collect())
    }

    fn values(&self) -> Vec<f64> {
        self.0.iter().copied().flatten().collect()
    }
}

fn effect(axis: &str, names: &[String], levels: &[Level], level: f64) -> Option<Effect> {
    let (first, last) = ends(names, levels)?;
    let end = |place: usize| {
        let values = levels[place].values();
        let interval = interval(&values, level);
        End { level: names[place].clone(), mean: Moments::of(&values).mean(), interval }
    };
    let pairs = levels[first].0.iter().zip(&levels[last].0);
    let differences: Vec<f64> = pairs.filter_map(|(low, high)| Some((*high)? - (*low)?)).collect();
    let interval = interval(&differences, level);
    Some(Effect {
        axis: axis.to_owned(),
        low: end(first),
        high: end(last),
        difference: Moments::of(&differences).mean(),
        interval,
        n: differences.len() as u64,
    })
    .filter(|effect| effect.n > 0)
}

/// Nothing where all are equal: that something was never seen does not say how rare it is.
fn interval(values: &[f64], level: f64) -> Option<(f64, f64)> {
    let found = mean_interval(values, level).ok()?.interval;
    (found.high > found.low).then_some((found.low, found.high))
}

/// The places of the two values between which an axis goes.
fn ends(names: &[String], levels: &[Level]) -> Option<(usize, usize)> {
    let number = |name: &String| name.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
    if names.iter().all(number) {
        return Some((0, names.len() - 1));
    }
    let means = levels.iter().enumerate().filter(|(_, level)| level.0.iter().any(Option::is_some));
    let means: Vec<(usize, f64)> = means.map(|(place, level)| (place, Moments::of(&level.values()).mean())).collect();
    // Of equal ones the first is the low end and the last the high one.
    let low = means.iter().copied().reduce(|best, it| if it.1 < best.1 { it } else { best })?;
    let high = means.iter().copied().reduce(|best, it| if it.1 >= best.1 { it } else { best })?;
    (low.0 != high.0).then_some((low.0, high.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn an_axis_of_numbers_keeps_its_order_and_one_of_names_its_extremes() {
        let level = |value: f64| Level(vec![Some(value), Some(value + 1.0), Some(value + 0.5)]);
        let levels = [level(5.0), level(1.0), level(3.0)];
        assert_eq!(ends(&names(&["10 ms", "20 ms", "30 ms"]), &levels), Some((0, 2)));
        assert_eq!(ends(&names(&["a", "b", "c"]), &levels), Some((1, 0)));
        let found = effect("load", &names(&["1 /s", "2 /s", "3 /s"]), &levels, 0.95).expect("it has values");
        assert_eq!((found.n, found.difference, found.interval), (3, -2.0, None), "equal differences have no interval");
        assert_eq!((found.low.mean, &found.high.level[..]), (5.5, "3 /s"));
    }

    #[test]
    fn a_replication_that_lacks_a_point_is_left_out() {
        let sum = |total: f64, values: u32| Sum { total, values };
        let whole = [sum(6.0, 2), sum(2.0, 2)];
        let lacking = [sum(3.0, 1), sum(2.0, 2)];
        let by_replication: Vec<&[Sum]> = vec![&whole, &lacking];
        assert_eq!(Level::new(&by_replication, 0, 2).0, [Some(3.0), None]);
        let levels = [Level::new(&by_replication, 0, 2), Level::new(&by_replication, 1, 2)];
        let found = effect("x", &names(&["1", "2"]), &levels, 0.95).expect("one pair is left");
        assert_eq!((found.n, found.difference, found.interval), (1, -2.0, None), "one pair has no interval");
    }
}
