//! Points beside each other: differences between pairs of runs that met the same chances, and what of them may be claimed.
//!
//! A difference is claimed when its own interval leaves zero out and its p-value, adjusted by Holm over the whole family of
//! comparisons of that measure, is below the level. Everything else is not separated: there is no ranking then, but the
//! number of pairs that would find it in four campaigns of five, if the difference is what it seems to be. Nothing is
//! claimed where runs were cut, nor where many replications have a value on one side alone: those that have both are
//! then a selection, and their difference can contradict that of all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::estimate::{cut, times};
use super::summary::Name;
use crate::campaign::sweep::{Kind, Row, kind, value};
use crate::scenario::campaign::Measure;
use crate::statistics::{
    Cells, Paired, Refused, holm, paired, paired_ratios, paired_shares, pairs_for_mean, pairs_for_shares,
};

/// All comparisons of one measure: one family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Family {
    pub measure: Name,
    /// Of the differences: `share of runs`, `ratio` or `s`.
    pub unit: Name,
    /// `paired t`, `paired t of the ratios of sums`, or `McNemar exact, Bonett-Price interval`.
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
    /// Replications in which one of the two alone has a value: they are left out.
    pub unpaired: u64,
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
    /// About how many pairs would separate the two in four campaigns of five, if they differ by this much.
    pub pairs_needed: Option<u64>,
    /// Why nothing is claimed, whatever the interval says.
    pub refused: Option<String>,
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
/// Where more than one replication in so many has a value on one side alone, the pairs are a selection (A).
const MOST_UNPAIRED: u64 = 20;

/// The family of `measure` over `pairs`; `rows` are those of each point, by replication.
pub fn family(measure: Measure, pairs: &[Pair], rows: &[Vec<&Row>], level: f64) -> Family {
    let mut found: Vec<Difference> = pairs.iter().map(|pair| difference(measure, pair, rows, level)).collect();
    // Those that are refused stay in the family: which they are is known from the data alone, and it must not shrink by them.
    let tested: Vec<usize> = (0..found.len()).filter(|&place| found[place].p_value.is_some()).collect();
    let adjusted = holm(&tested.iter().filter_map(|&place| found[place].p_value).collect::<Vec<_>>());
    let comparisons = tested.len() as u64;
    for (&place, &p) in tested.iter().zip(&adjusted) {
        let it = &mut found[place];
        it.p_adjusted = Some(p);
        let leaves_zero_out = it.low.zip(it.high).is_some_and(|(low, high)| low > 0.0 || high < 0.0);
        it.separated = it.refused.is_none() && leaves_zero_out && p <= 1.0 - level;
        if !it.separated && it.refused.is_none() {
            it.pairs_needed = needed(it, comparisons, level).map(|needed| needed.max(it.n + 1));
        }
    }
    Family {
        measure: measure.name().into(),
        unit: match kind(measure) {
            Kind::Happened => "share of runs".into(),
            Kind::Ratio => "ratio".into(),
            Kind::Seconds => "s".into(),
        },
        method: match kind(measure) {
            Kind::Happened => "McNemar exact, Bonett-Price interval".into(),
            Kind::Ratio => "paired t of the ratios of sums".into(),
            Kind::Seconds => "paired t".into(),
        },
        comparisons,
        pairs: found,
    }
}

fn needed(it: &Difference, comparisons: u64, level: f64) -> Option<u64> {
    match it.cells {
        Some([both, first_only, second_only, neither]) => {
            pairs_for_shares(Cells { both, first_only, second_only, neither }, comparisons, level)
        }
        None => pairs_for_mean(it.n, (it.high? - it.low?) / 2.0, it.difference?, comparisons, level),
    }
}

/// The difference of what `measure` means over pairs, and its test.
fn tested(measure: Measure, both: &[(&Row, &Row)], level: f64) -> Result<Paired, Refused> {
    if kind(measure) == Kind::Ratio {
        let pairs: Vec<_> = both.iter().filter_map(|(one, other)| Some([times(one)?, times(other)?])).collect();
        return paired_ratios(&pairs, level);
    }
    let pairs: Vec<_> =
        both.iter().filter_map(|(one, other)| Some((value(measure, one)?, value(measure, other)?))).collect();
    paired(&pairs, level)
}

fn difference(measure: Measure, pair: &Pair, rows: &[Vec<&Row>], level: f64) -> Difference {
    let of = |point: usize| -> BTreeMap<u64, &Row> {
        let with_value = rows[point].iter().filter(|row| value(measure, row).is_some());
        with_value.map(|&row| (row.replication, row)).collect()
    };
    let (first, second) = (of(pair.first.1), of(pair.second.1));
    let both: Vec<(&Row, &Row)> =
        first.iter().filter_map(|(replication, &one)| Some((one, *second.get(replication)?))).collect();
    let unpaired = (first.len() + second.len() - 2 * both.len()) as u64;
    let mut it = Difference {
        within: pair.within.clone(),
        first: pair.first.0.clone(),
        second: pair.second.0.clone(),
        first_point: pair.first.1 as u64,
        second_point: pair.second.1 as u64,
        n: both.len() as u64,
        unpaired,
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
        refused: None,
        warning: None,
    };
    if let Some(why) = cut(&rows[pair.first.1]).or_else(|| cut(&rows[pair.second.1])) {
        it.refused = Some(why);
        return it;
    }
    if it.unpaired * MOST_UNPAIRED > it.n {
        it.refused = Some(format!(
            "{} of {} replications have a value at one of the two alone: the pairs are a selection",
            it.unpaired,
            it.n + it.unpaired
        ));
    }
    if let Ok(found) = tested(measure, &both, level) {
        it.difference = Some(found.difference.value);
        (it.low, it.high) = (Some(found.difference.interval.low), Some(found.difference.interval.high));
        (it.p_value, it.correlation) = (Some(found.p_value), found.correlation);
        it.variance_reduction = found.variance_reduction;
    }
    if kind(measure) == Kind::Happened {
        let is = |row: &Row| value(measure, row).is_some_and(|value| value != 0.0);
        let cells = Cells::of(both.iter().map(|&(one, other)| (is(one), is(other))));
        if let Ok(found) = paired_shares(cells, level) {
            it.difference = Some(found.difference);
            (it.low, it.high, it.p_value) = (Some(found.interval.low), Some(found.interval.high), Some(found.p_value));
            it.cells = Some([cells.both, cells.first_only, cells.second_only, cells.neither]);
        }
    } else if it.correlation.is_some() && it.variance_reduction.is_some_and(|factor| factor < LEAST_REDUCTION) {
        it.warning = Some("pairing gains little: the two share few of their chances".to_owned());
    }
    it
}

#[cfg(test)]
mod tests {
    use super::super::estimate::Estimate;
    use super::super::part::tests::row;
    use super::*;
    use crate::campaign::sweep::End;

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

    /// Fifteen pairs of forty seem to differ, and the others have a value on one side alone.
    #[test]
    fn a_selection_of_pairs_claims_nothing() {
        let seconds = |replication: u64| 100 + replication % 7;
        let all = point(0, seconds);
        let mut some = point(1, |replication| seconds(replication) + 50 + replication % 2);
        some.iter_mut().skip(15).for_each(|row| row.figures.operator_ns = None);
        let rows: Vec<Vec<&Row>> = [&all, &some].map(|rows| rows.iter().collect()).to_vec();
        let found = family(Measure::OperatorTime, &[pair(0, 1)], &rows, 0.95);
        let it = &found.pairs[0];
        assert_eq!((it.n, it.unpaired, found.comparisons), (15, 25, 1));
        assert!(it.low > Some(40.0) && !it.separated && it.pairs_needed.is_none(), "{it:?}");
        assert!(it.refused.as_ref().is_some_and(|why| why.contains("25 of 40 replications")), "{it:?}");
        let mut nearly = point(1, |replication| seconds(replication) + 50 + replication % 2);
        nearly[39].figures.operator_ns = None;
        let rows: Vec<Vec<&Row>> = [&all, &nearly].map(|rows| rows.iter().collect()).to_vec();
        let it = &family(Measure::OperatorTime, &[pair(0, 1)], &rows, 0.95).pairs[0];
        assert!(it.separated && (it.n, it.unpaired) == (39, 1), "one of forty is no selection: {it:?}");
    }

    #[test]
    fn runs_that_were_cut_claim_nothing() {
        let one = point(0, |replication| 100 + replication % 7);
        let mut other = point(1, |replication| 200 + replication % 7);
        other[3].end = End::Budget;
        let rows: Vec<Vec<&Row>> = [&one, &other].map(|rows| rows.iter().collect()).to_vec();
        for measure in [Measure::OperatorTime, Measure::LostWrite, Measure::Availability] {
            let it = &family(measure, &[pair(0, 1)], &rows, 0.95).pairs[0];
            assert!(it.difference.is_none() && !it.separated, "{it:?}");
            assert!(it.refused.as_ref().is_some_and(|why| why.contains("1 of 40 runs were cut")), "{it:?}");
        }
    }

    /// The table has the ratio of sums, and so has the difference: a long run counts for more than a short one.
    #[test]
    fn availability_differs_as_its_table_says() {
        let with = |number: usize, online: fn(u64) -> u64, time: fn(u64) -> u64| {
            let mut rows = point(number, |_| 0);
            for row in &mut rows {
                row.figures.protected_online_ns = Some(online(row.replication));
                row.figures.protected_time_ns = Some(time(row.replication));
            }
            rows
        };
        fn length(replication: u64) -> u64 {
            if replication.is_multiple_of(10) { 100_000 } else { 1_000 }
        }
        let one = with(0, length, length);
        let other = with(1, |replication| length(replication) * 9 / 10, length);
        let third = with(2, |replication| length(replication) - 50 - replication, length);
        let rows: Vec<Vec<&Row>> = [&one, &other, &third].map(|rows| rows.iter().collect()).to_vec();
        let found = family(Measure::Availability, &[pair(0, 1), pair(0, 2)], &rows, 0.95);
        let table = |point: usize| Estimate::of(Measure::Availability, &rows[point], 0.95, false).estimate;
        for (it, point) in found.pairs.iter().zip([1, 2]) {
            let wanted = table(point).zip(table(0)).map(|(other, one)| other - one);
            let apart = it.difference.zip(wanted).map(|(found, wanted)| (found - wanted).abs());
            assert!(apart.is_some_and(|apart| apart < 1e-12), "{it:?}, {wanted:?}");
        }
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
