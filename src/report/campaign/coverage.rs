//! Many small campaigns with a known truth: how often the intervals that a campaign prints contain it.
//!
//! The rows are drawn and not simulated, everything behind them is what a real campaign goes through. Seeds are fixed, so
//! that no test flickers; the limits are those of a level of 95 %: 93 to 97 %, and 95 % and more for the exact interval.

use super::comparison::{Pair, family};
use super::estimate::Estimate;
use super::part::tests::row;
use crate::campaign::sweep::Row;
use crate::campaign::sweep::row::bit;
use crate::kernel::{Draws, Span, Stream};
use crate::scenario::campaign::Measure;
use crate::vocab::Invariant;

const SECOND: Span = Span::from_secs(1);

/// The rows of campaign `campaign`, each changed by draws of its own.
fn rows(purpose: &str, campaign: u64, runs: u64, change: impl Fn(&mut Draws, &mut Row)) -> Vec<Row> {
    let stream = Stream::new(campaign, "coverage", purpose);
    let one = |run: u64| {
        let mut row = row(run);
        change(&mut stream.draws(run), &mut row);
        row
    };
    (0..runs).map(one).collect()
}

/// The share of campaigns whose interval contains `truth`, Wilson's beside it where there is one.
fn covered(measure: Measure, campaigns: u64, truth: f64, rows: impl Fn(u64) -> Vec<Row>) -> (f64, f64) {
    let (mut hits, mut wilson) = (0, 0);
    for campaign in 0..campaigns {
        let rows = rows(campaign);
        let found = Estimate::of(measure, &rows.iter().collect::<Vec<_>>(), 0.95, false);
        let contains = |low: Option<f64>, high: Option<f64>| {
            u64::from(low.zip(high).is_some_and(|(low, high)| low <= truth && truth <= high))
        };
        hits += contains(found.low, found.high);
        wilson += contains(found.wilson_low, found.wilson_high);
    }
    (hits as f64 / campaigns as f64, wilson as f64 / campaigns as f64)
}

#[test]
fn shares_are_covered() {
    let mut mean = 0.0;
    for (share, runs) in [(0.5, 40), (0.1, 150), (0.03, 300), (0.01, 300)] {
        let lose = |draws: &mut Draws, row: &mut Row| {
            row.violated = if draws.chance(share) { bit(Invariant::NoLostAckedWrite) } else { 0 };
        };
        let (exact, wilson) =
            covered(Measure::LostWrite, 2_000, share, |campaign| rows("shares", campaign, runs, lose));
        assert!(exact >= 0.95, "Clopper-Pearson at {share} of {runs}: {exact}");
        assert!((0.93..=0.985).contains(&wilson), "Wilson at {share} of {runs}: {wilson}");
        mean += wilson / 4.0;
    }
    assert!((0.94..=0.97).contains(&mean), "Wilson is near its level on average: {mean}");
}

#[test]
fn means_are_covered() {
    let work = |draws: &mut Draws, row: &mut Row| row.figures.operator_ns = Some(draws.exponential(SECOND * 60).ns());
    let (share, _) = covered(Measure::OperatorTime, 2_000, 60.0, |campaign| rows("means", campaign, 100, work));
    assert!((0.93..=0.97).contains(&share), "{share}");
}

/// Runs of different lengths, of which each is down for a share of its own: the truth is the long-run share.
#[test]
fn availability_is_covered() {
    let fail = |draws: &mut Draws, row: &mut Row| {
        let time = 3_600 + draws.exponential(SECOND * 3_600).ns() / 1_000_000_000;
        // The longer a run, the larger the share of it that is down: a mean of ratios would miss that.
        let down = draws.exponential(Span::from_ns(time * 20 + time * time / 500)).ns().min(time * 1_000);
        row.figures.protected_time_ns = Some(time * 1_000);
        row.figures.protected_online_ns = Some(time * 1_000 - down);
    };
    let truth = {
        let many = rows("truth", 999, 400_000, fail);
        let sum = |get: fn(&Row) -> Option<u64>| many.iter().filter_map(get).map(|it| it as f64).sum::<f64>();
        sum(|row| row.figures.protected_online_ns) / sum(|row| row.figures.protected_time_ns)
    };
    let (share, _) = covered(Measure::Availability, 2_000, truth, |campaign| rows("ratio", campaign, 200, fail));
    assert!((0.93..=0.97).contains(&share), "{share} of {truth}");
}

#[test]
fn differences_are_covered_and_a_family_without_any_rarely_claims_one() {
    let campaigns = 1_000;
    let (mut hits, mut claims) = (0, 0);
    for campaign in 0..campaigns {
        let common = Stream::new(campaign, "coverage", "common");
        let point = |number: u64, extra: u64| {
            let own = Stream::new(campaign, "coverage", &format!("point {number}"));
            let one = |run: u64| {
                let mut row = row(run);
                let shared = common.draws(run).exponential(SECOND * 60).ns();
                row.figures.operator_ns = Some(shared + own.draws(run).exponential(SECOND * 10).ns() + extra);
                row
            };
            (0..60).map(one).collect::<Vec<Row>>()
        };
        let points = [point(0, 0), point(1, 5_000_000_000), point(2, 0), point(3, 0)];
        let by_point: Vec<Vec<&Row>> = points.iter().map(|rows| rows.iter().collect()).collect();
        let pair = |first: usize, second: usize| Pair {
            within: String::new(),
            first: (first.to_string(), first),
            second: (second.to_string(), second),
        };
        let apart = family(Measure::OperatorTime, &[pair(0, 1)], &by_point, 0.95);
        let it = &apart.pairs[0];
        hits += u64::from(it.low.zip(it.high).is_some_and(|(low, high)| low <= 5.0 && 5.0 <= high));
        let none = family(Measure::OperatorTime, &[pair(0, 2), pair(0, 3), pair(2, 3)], &by_point, 0.95);
        claims += u64::from(none.pairs.iter().any(|pair| pair.separated));
    }
    let share = hits as f64 / campaigns as f64;
    assert!((0.93..=0.97).contains(&share), "{share}");
    let wrong = claims as f64 / campaigns as f64;
    assert!((0.02..=0.06).contains(&wrong), "false claims of a family: {wrong}");
}
