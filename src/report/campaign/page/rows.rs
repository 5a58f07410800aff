//! What a page needs of the rows: some dots for each bar, a latency of each run, and sums by axis and replication.

use std::collections::BTreeMap;

use super::super::paper::PointTable;
use super::super::summary::{CampaignSummary, is_share};
use crate::campaign::sweep::{Row, value};
use crate::scenario::campaign::Measure;

/// Dots of a bar: beyond these nobody sees more.
const MOST_DOTS: u64 = 100;
/// Frames of a chart.
const MOST_FRAMES: usize = 6;
/// Lines of the chart of latencies.
pub(super) const MOST_LINES: usize = 8;
/// Axes whose levels are summed.
const MOST_AXES: usize = 20;

#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Those of the campaign, without its canary.
    pub runs: u64,
    /// What bars are drawn of.
    pub bars: Vec<Measure>,
    /// Every so many replications are a dot, from the first on.
    pub every: u64,
    /// By measure and point.
    dots: Vec<Vec<Vec<f64>>>,
    /// The least and the greatest of all, whether they are dots or not.
    ends: Vec<Vec<Option<(f64, f64)>>>,
    /// The levels of the axis that names lines, and for each the 99th percentile of each of its runs, in nanoseconds.
    pub lines: Vec<String>,
    pub slow: Vec<Vec<u64>>,
    line_of: Vec<Option<usize>>,
    /// What the effects of axes are told of.
    pub effects: Vec<Measure>,
    /// Of each such measure, by replication: a sum and its number for each level of each axis, one axis behind the other.
    pub sums: Vec<BTreeMap<u64, Vec<Sum>>>,
    places: Vec<Vec<usize>>,
    /// Behind the last of these places.
    width: usize,
}

/// Values added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub total: f64,
    pub values: u32,
}

impl Rows {
    pub fn new(summary: &CampaignSummary) -> Rows {
        let measures: Vec<Measure> = summary
            .points
            .iter()
            .take(1)
            .flat_map(|it| &it.estimates)
            .filter_map(|it| Measure::parse(&it.measure))
            .collect();
        let bars = bars(&measures);
        let effects = effects(&measures);
        let axis = PointTable::new(summary, usize::MAX).axis();
        let lines: Vec<String> = match axis {
            Some(axis) => summary.axes[axis].levels.iter().take(MOST_LINES).cloned().collect(),
            None => vec!["all runs".to_owned()],
        };
        let line_of = summary.points.iter().map(|point| match axis {
            Some(axis) => lines.iter().position(|line| *line == point.levels[axis]),
            None => Some(0),
        });
        let places: Vec<Vec<usize>> = summary.points.iter().map(|point| places(summary, &point.levels)).collect();
        Rows {
            runs: 0,
            every: summary.replications.used.div_ceil(MOST_DOTS).max(1),
            dots: vec![vec![Vec::new(); summary.points.len()]; bars.len()],
            ends: vec![vec![None; summary.points.len()]; bars.len()],
            bars,
            slow: vec![Vec::new(); lines.len()],
            line_of: line_of.collect(),
            lines,
            sums: vec![BTreeMap::new(); effects.len()],
            effects,
            width: places.iter().flatten().max().map_or(0, |place| place + 1),
            places,
        }
    }

    pub fn add(&mut self, row: &Row) {
        let Some(places) = self.places.get(row.point) else { return };
        self.runs += 1;
        for (ends, &measure) in self.ends.iter_mut().zip(&self.bars) {
            let Some(value) = value(measure, row) else { continue };
            let (least, greatest) = ends[row.point].unwrap_or((value, value));
            ends[row.point] = Some((least.min(value), greatest.max(value)));
        }
        if row.replication.is_multiple_of(self.every) {
            for (dots, &measure) in self.dots.iter_mut().zip(&self.bars) {
                dots[row.point].extend(value(measure, row));
            }
        }
        if let (Some(line), Some(ns)) = (self.line_of[row.point], row.figures.all_p99_ns) {
            self.slow[line].push(ns);
        }
        for (sums, &measure) in self.sums.iter_mut().zip(&self.effects) {
            let Some(value) = value(measure, row) else { continue };
            let sums = sums.entry(row.replication).or_insert_with(|| vec![Sum::default(); self.width]);
            for &place in places {
                sums[place].total += value;
                sums[place].values += 1;
            }
        }
    }

    /// Some of the runs, and the two that lie furthest apart.
    pub fn dots(&self, measure: Measure, point: u64) -> Vec<f64> {
        let place = self.bars.iter().position(|&bar| bar == measure);
        let Some((place, point)) = place.zip(usize::try_from(point).ok()) else { return Vec::new() };
        let mut dots = self.dots[place].get(point).cloned().unwrap_or_default();
        if let Some((least, greatest)) = self.ends[place].get(point).copied().flatten() {
            dots.extend([least, greatest].into_iter().filter(|end| !dots.contains(end)).collect::<Vec<_>>());
        }
        dots
    }

    /// So many points have this level, which is at that place of the sums.
    pub fn points_at(&self, place: usize) -> u32 {
        self.places.iter().filter(|places| places.contains(&place)).count() as u32
    }
}

/// Where the levels of a point stand in the sums.
fn places(summary: &CampaignSummary, levels: &[String]) -> Vec<usize> {
    let mut before = 0;
    let mut places = Vec::new();
    for (axis, level) in summary.axes.iter().zip(levels).take(MOST_AXES) {
        places.extend(axis.levels.iter().position(|it| it == level).map(|place| before + place));
        before += axis.levels.len();
    }
    places
}

/// Measures with bars: costs that cannot be below zero, those that most ask for first.
fn bars(measures: &[Measure]) -> Vec<Measure> {
    use Measure::{
        Availability, BackupWindow, Doubt, LatencyDuring, LatencyP99, OperatorTime, RecoveryPoint, RecoveryTime,
        SteadyLatency, TapeTime, WritesHeld,
    };
    let wanted = [
        Availability,
        RecoveryTime,
        BackupWindow,
        LatencyP99,
        OperatorTime,
        TapeTime,
        WritesHeld,
        Doubt,
        LatencyDuring,
        SteadyLatency,
        RecoveryPoint,
    ];
    wanted.into_iter().filter(|measure| measures.contains(measure)).take(MOST_FRAMES).collect()
}

/// The measures whose sensitivity is told: one of what it costs and one of what goes wrong.
fn effects(measures: &[Measure]) -> Vec<Measure> {
    let cost = [Measure::Availability].into_iter().chain(measures.iter().copied().filter(|&it| !is_share(it)));
    let loss = [Measure::AnyViolation, Measure::LostWrite, Measure::Confusion];
    let loss = loss.into_iter().chain(measures.iter().copied().filter(|&it| is_share(it)));
    let first = |mut all: Box<dyn Iterator<Item = Measure> + '_>| all.find(|measure| measures.contains(measure));
    [first(Box::new(cost)), first(Box::new(loss))].into_iter().flatten().collect()
}
