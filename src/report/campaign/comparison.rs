//! Points beside each other: differences between pairs of runs that met the same chances, and what of them may be claimed.
//!
//! A difference is claimed when its own interval leaves zero out and its p-value, adjusted by Holm over the whole family of
//! comparisons of that measure, is below the level. Everything else is not separated: there is no ranking then, but the
//! number of pairs that would settle it, if the difference is what it seems to be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::summary::Name;
use crate::campaign::sweep::{Kind, Row, kind, value};
use crate::scenario::campaign::Measure;
use crate::statistics::{Cells, holm, normal_quantile, paired, paired_shares, results_needed};

/// All comparisons of one measure: one family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Family {
    pub measure: Name,
    /// Of the differences: `share of runs`, `ratio` or `s`.
    pub unit: Name,
    /// `paired t`, or `McNemar exact, Bonett-Price interval`.
    pub method: Name,
    /// Over how many comparisons p-values are adjusted.
    pub comparisons: u64,
    pub pairs: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// What both have in common: their levels on the other axes.
    pub within: String,
    pub first: String,
    pub second: String,
    /// Places of the two in the list of points.
    pub first_point: u64,
    pub second_point: u64,
    /// Replications in which both have a value.
    pub n: u64,
    /// Second minus first.
    pub difference: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub level: f64,
    pub p_value: Option<f64>,
    pub p_adjusted: Option<f64>,
    pub correlation: Option<f64>,
    /// How many times as many pairs of independent runs would give the same interval.
    pub variance_reduction: Option<f64>,
    /// Of events: in both, in the first alone, in the second alone, in neither.
    pub cells: Option<[u64; 4]>,
    pub separated: bool,
    /// About how many pairs would separate the two, if they differ by this much.
    pub pairs_needed: Option<u64>,
    /// What is doubtful about it.
    pub warning: Option<String>,
}

/// Two points that are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub within: String,
    pub first: (String, usize),
    pub second: (String, usize),
}

/// Streams that lost step give as little as independent ones (STATISTICS 5.2).
const LEAST_REDUCTION: f64 = 1.5;

/// The family of `measure` over `pairs`; `rows` are those of each point, by replication.
pub fn family(measure: Measure, pairs: &[Pair], rows: &[Vec<&Row>], level: f64) -> Family {
    let of_events = kind(measure) == Kind::Happened;
    let mut found: Vec<Difference> = pairs.iter().map(|pair| difference(measure, pair, rows, level)).collect();
    let tested: Vec<usize> = (0..found.len()).filter(|&place| found[place].p_value.is_some()).collect();
    let adjusted = holm(&tested.iter().filter_map(|&place| found[place].p_value).collect::<Vec<_>>());
    let widening = widening(tested.len(), level);
    for (&place, &p) in tested.iter().zip(&adjusted) {
        let it = &mut found[place];
        it.p_adjusted = Some(p);
        let leaves_zero_out = it.low.zip(it.high).is_some_and(|(low, high)| low > 0.0 || high < 0.0);
        it.separated = leaves_zero_out && p <= 1.0 - level;
        let half_width = it.low.zip(it.high).map(|(low, high)| (high - low) / 2.0);
        if let (false, Some(half_width), Some(difference)) = (it.separated, half_width, it.difference) {
            let wider = half_width * widening;
            it.pairs_needed = results_needed(it.n, wider, difference).map(|needed| needed.max(it.n + 1));
        }
    }
    Family {
        measure: measure.name().into(),
        unit: match kind(measure) {
            Kind::Happened => "share of runs".into(),
            Kind::Ratio => "ratio".into(),
            Kind::Seconds => "s".into(),
        },
        method: if of_events { "McNemar exact, Bonett-Price interval" } else { "paired t" }.into(),
        comparisons: tested.len() as u64,
        pairs: found,
    }
}

/// How much wider an interval is whose level is that of Holm's first step: the claims of a family of so many need it.
fn widening(comparisons: usize, level: f64) -> f64 {
    let tail = (1.0 - level) / 2.0;
    normal_quantile(1.0 - tail / comparisons.max(1) as f64) / normal_quantile(1.0 - tail)
}

fn difference(measure: Measure, pair: &Pair, rows: &[Vec<&Row>], level: f64) -> Difference {
    let of = |point: usize| -> BTreeMap<u64, f64> {
        rows[point].iter().filter_map(|row| Some((row.replication, value(measure, row)?))).collect()
    };
    let (first, second) = (of(pair.first.1), of(pair.second.1));
    let both: Vec<(f64, f64)> =
        first.iter().filter_map(|(replication, &one)| Some((one, *second.get(replication)?))).collect();
    let mut it = Difference {
        within: pair.within.clone(),
        first: pair.first.0.clone(),
        second: pair.second.0.clone(),
        first_point: pair.first.1 as u64,
        second_point: pair.second.1 as u64,
        n: both.len() as u64,
        difference: None,
        low: None,
        high: None,
        level,
        p_value: None,
        p_adjusted: None,
        correlation: None,
        variance_reduction: None,
        cells: None,
        separated: false,
        pairs_needed: None,
        warning: None,
    };
    let unpaired = first.len().max(second.len()) - both.len();
    if unpaired * 20 > both.len() {
        it.warning = Some(format!("{unpaired} replications have a value at one of the two alone and are left out"));
    }
    if let Ok(found) = paired(&both, level) {
        it.difference = Some(found.difference.value);
        (it.low, it.high) = (Some(found.difference.interval.low), Some(found.difference.interval.high));
        (it.p_value, it.correlation) = (Some(found.p_value), found.correlation);
        it.variance_reduction = found.variance_reduction;
    }
    if kind(measure) == Kind::Happened {
        let cells = Cells::of(both.iter().map(|&(one, other)| (one != 0.0, other != 0.0)));
        if let Ok(found) = paired_shares(cells, level) {
            it.difference = Some(found.difference);
            (it.low, it.high, it.p_value) = (Some(found.interval.low), Some(found.interval.high), Some(found.p_value));
            it.cells = Some([cells.both, cells.first_only, cells.second_only, cells.neither]);
        }
    } else if it.variance_reduction.is_some_and(|factor| factor < LEAST_REDUCTION) && it.warning.is_none() {
        it.warning = Some("pairing gains little: the two share few of their chances".to_owned());
    }
    it
}

#[cfg(test)]
mod tests {
    use super::super::part::tests::row;
    use super::*;

    fn pair(first: usize, second: usize) -> Pair {
        let named = |point: usize| (format!("p{point}"), point);
        Pair { within: String::new(), first: named(first), second: named(second) }
    }

    fn point(number: usize, seconds: impl Fn(u64) -> u64) -> Vec<Row> {
        let make = |replication| {
            let mut row = row(replication);
            row.point = number;
            row.figures.operator_ns = Some(seconds(replication) * 1_000_000_000);
            row
        };
        (0..40).map(make).collect()
    }

    #[test]
    fn an_interval_that_holds_zero_ranks_nobody_and_says_what_would() {
        let noise = |replication: u64| 100 + replication * 7_919 % 31;
        let one = point(0, noise);
        let other = point(1, |replication| noise(replication) + replication % 2 * 3 - (replication % 2) * 2);
        let same_but_noisy = point(2, |replication| 100 + replication * 104_729 % 31);
        let rows: Vec<Vec<&Row>> = [&one, &other, &same_but_noisy].map(|rows| rows.iter().collect()).to_vec();
        let found = family(Measure::OperatorTime, &[pair(0, 1), pair(0, 2)], &rows, 0.95);
        let [close, noisy] = &found.pairs[..] else { panic!("two pairs") };
        assert_eq!((found.comparisons, found.unit), (2, "s".into()));
        assert!(close.separated && close.difference == Some(0.5), "{close:?}");
        assert!(close.variance_reduction.is_some_and(|factor| factor > 50.0));
        assert!(!noisy.separated && noisy.low < Some(0.0) && noisy.high > Some(0.0), "{noisy:?}");
        assert!(noisy.pairs_needed.is_none_or(|needed| needed > 40));
        assert!(noisy.warning.is_some(), "their streams have nothing in common");
    }

    /// Twenty comparisons of the same thing: one is below 5 % by itself and not in the family.
    #[test]
    fn a_family_asks_for_more_than_a_single_comparison() {
        // Seven of nine pairs that differ go one way: p = 0.18; nine of nine: 0.0039.
        let happened = |bits: fn(u64) -> bool| {
            let mut rows = point(0, |_| 0);
            for row in &mut rows {
                row.violated = if bits(row.replication) { u32::MAX } else { 0 };
            }
            rows
        };
        let (never, nine) = (happened(|_| false), happened(|replication| replication < 9));
        let mut all = vec![never.clone()];
        all.extend(std::iter::repeat_n(never, 19));
        all.push(nine);
        let rows: Vec<Vec<&Row>> = all.iter().map(|rows| rows.iter().collect()).collect();
        let pairs: Vec<Pair> = (1..rows.len()).map(|other| pair(0, other)).collect();
        let alone = family(Measure::AnyViolation, &pairs[19..], &rows, 0.95);
        assert!(alone.pairs[0].separated && alone.pairs[0].cells == Some([0, 0, 9, 31]));
        let all = family(Measure::AnyViolation, &pairs, &rows, 0.95);
        let last = &all.pairs[19];
        assert!(!last.separated && last.p_value < Some(0.05) && last.p_adjusted > Some(0.05), "{last:?}");
        assert!(last.pairs_needed.is_some_and(|needed| needed > last.n));
        assert_eq!(all.pairs[0].p_adjusted, Some(1.0));
    }
}
