//! `summary.json` of a campaign: the one struct that the table on stdout and the file are made from.

use serde::Serialize;

use super::comparison::{Family, Pair, family};
use super::estimate::{Distribution, Estimate};
use super::manifest::CampaignManifest;
use super::stopping::{Look, look};
use crate::campaign::sweep::figures::Figures;
use crate::campaign::sweep::{End, Kind, Row, RowVerdict, kind, value};
use crate::scenario::Plan;
use crate::scenario::campaign::Measure;
use crate::statistics::{Interval, clopper_pearson, ratio_interval, zero_failure_bound};
use crate::vocab::Invariant;

pub const SCHEMA: &str = "tiersim/campaign/1";

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CampaignSummary {
    pub schema: &'static str,
    pub tool_version: String,
    pub model_version: u32,
    pub campaign: String,
    pub title: String,
    pub campaign_id: String,
    pub seed: u64,
    pub verdict: &'static str,
    /// Why the verdict is what it is: one sentence each.
    pub reasons: Vec<String>,
    pub replications: Replications,
    /// Those of the campaign, without its canary.
    pub runs: u64,
    pub events: u64,
    pub level: f64,
    /// Faults at random and slips of operators: every rate below holds under these alone.
    pub conditions: Vec<String>,
    pub axes: Vec<AxisSummary>,
    pub canary: Canary,
    pub points: Vec<PointSummary>,
    pub comparisons: Vec<Family>,
    /// Versions other than that of the plan, of which parts were merged.
    pub other_versions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replications {
    /// Numbers 0 to this less one are behind every figure.
    pub used: u64,
    /// `fixed`, or `sequential, slight under-coverage`.
    pub rule: &'static str,
    /// What the rule asked for, and whether it was reached.
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AxisSummary {
    pub name: String,
    pub levels: Vec<String>,
}

/// The scenario that must fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Canary {
    pub runs: u64,
    pub failed: u64,
    pub as_it_must: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PointSummary {
    pub number: u64,
    /// One for each axis.
    pub levels: Vec<String>,
    pub runs: u64,
    pub pass: u64,
    pub fail: u64,
    pub inconclusive: u64,
    /// Of the inconclusive ones, those that were cut because they had too many events.
    pub cut: u64,
    pub unexpected: Vec<Violated>,
    pub estimates: Vec<Estimate>,
    pub invariants: Vec<InvariantShare>,
    pub volumes: Vec<VolumeShare>,
    pub distributions: Vec<Distribution>,
    pub totals: Totals,
    pub time_to_data_loss: TimeToLoss,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violated {
    pub invariant: &'static str,
    pub runs: u64,
    /// The first replication that shows it.
    pub replication: u64,
    pub seed: u64,
    /// To be run in the campaign's directory.
    pub repro: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InvariantShare {
    pub invariant: &'static str,
    /// Runs in which it was put to the test, and in which it was violated.
    pub tested: u64,
    pub violated: u64,
    pub allowed: bool,
    /// Of the share of all runs, Clopper-Pearson.
    pub low: f64,
    pub high: f64,
}

/// Counts over all runs of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub faults_acted: u64,
    pub backups: u64,
    pub backups_complete: u64,
    pub restores: u64,
    pub restores_complete: u64,
    pub retries: u64,
    pub resumes: u64,
    pub operator_actions: u64,
    /// Acknowledged writes that were found lost.
    pub lost_writes: u64,
    /// Times that two online devices bore one ID.
    pub duplicate_episodes: u64,
}

/// Shares of the time of the runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VolumeShare {
    pub id: String,
    /// Whether a backup has it as its source.
    pub protected: bool,
    pub availability_ratio: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// The rest, by cause.
    pub offline_controller_ratio: f64,
    pub offline_host_ratio: f64,
    pub offline_device_ratio: f64,
    pub wrong_id_ratio: f64,
    pub longest_closed_ns: u64,
}

/// Mean time between losses of data, from runs with a lost write or a wrong copy: their mean length divided by the share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeToLoss {
    /// Runs with a loss.
    pub losses: u64,
    /// Nothing without a loss; then `low_s` is what it is above, one-sided.
    pub estimate_s: Option<f64>,
    pub low_s: Option<f64>,
    pub high_s: Option<f64>,
    pub method: &'static str,
}

impl CampaignSummary {
    /// `rows` of all planned runs, or with a stopping rule of as many as it asked for; `plans` are the points.
    pub fn new(manifest: &CampaignManifest, plans: &[Plan], rows: &[Row], versions: &[String]) -> CampaignSummary {
        let complete = complete(manifest, rows);
        let replications = replications(manifest, look(manifest, rows, complete), complete);
        let sequential = manifest.stop.is_some();
        let mut by_point: Vec<Vec<&Row>> = vec![Vec::new(); manifest.points.len() + 1];
        for row in rows.iter().filter(|row| row.replication < replications.used) {
            by_point[row.point].push(row);
        }
        let canary_rows = by_point.pop().expect("the canary comes last");
        let failed = canary_rows.iter().filter(|row| row.verdict == RowVerdict::Fail).count() as u64;
        let canary_runs = canary_rows.len() as u64;
        let canary = Canary { runs: canary_runs, failed, as_it_must: failed == canary_runs && canary_runs > 0 };
        let measures: Vec<Measure> = manifest.measures.iter().filter_map(|name| Measure::parse(name)).collect();
        let point = |(number, rows): (usize, &Vec<&Row>)| {
            PointSummary::new(manifest, number, rows, &measures, sequential, &plans[number])
        };
        let points: Vec<PointSummary> = by_point.iter().enumerate().map(point).collect();
        let pairs = pairs_of(manifest);
        let (verdict, reasons) = judge(&points, &canary);
        CampaignSummary {
            schema: SCHEMA,
            tool_version: manifest.tool_version.clone(),
            model_version: manifest.model_version,
            campaign: manifest.name.clone(),
            title: manifest.title.clone(),
            campaign_id: manifest.campaign_id.clone(),
            seed: manifest.seed,
            verdict,
            reasons,
            runs: by_point.iter().map(|rows| rows.len() as u64).sum(),
            events: by_point.iter().flatten().filter_map(|row| row.figures.events).sum(),
            level: manifest.level(),
            conditions: conditions_of(plans),
            axes: manifest
                .axes
                .iter()
                .map(|axis| AxisSummary { name: axis.name.clone(), levels: axis.levels.clone() })
                .collect(),
            canary,
            points,
            comparisons: match pairs.is_empty() {
                true => Vec::new(),
                false => measures.iter().map(|&it| family(it, &pairs, &by_point, manifest.level())).collect(),
            },
            other_versions: versions.to_vec(),
            replications,
        }
    }
}

/// How many replications have every row, from the first on.
pub fn complete(manifest: &CampaignManifest, rows: &[Row]) -> u64 {
    let ordered = rows.iter().zip(0..).take_while(|(row, number)| row.run == *number).count() as u64;
    ordered / manifest.all_points()
}

fn replications(manifest: &CampaignManifest, look: Look, complete: u64) -> Replications {
    let Some(stop) = &manifest.stop else {
        return Replications { used: complete.min(manifest.replications), rule: "fixed", note: None };
    };
    let wanted = format!(
        "{} to {} %, looked at from {} replications on, after every 5 % more",
        stop.measure,
        f64::from(stop.relative_half_width_ppm) / 1e4,
        stop.at_least
    );
    let (used, note) = match look {
        Look::Enough(used) => (used, format!("{wanted}; reached")),
        Look::Exhausted(used) | Look::More(used) => {
            (used.min(complete), format!("{wanted}; not reached with the {} that were allowed", used.min(complete)))
        }
    };
    Replications { used, rule: "sequential, slight under-coverage", note: Some(note) }
}

/// What is compared: the levels of one axis, wherever the levels of all other axes are the same.
pub fn pairs_of(manifest: &CampaignManifest) -> Vec<Pair> {
    let Some(compare) = manifest.compare else { return Vec::new() };
    let axis = &manifest.axes[compare.axis];
    let others = |point: usize| -> Vec<usize> {
        let levels = &manifest.points[point].levels;
        levels.iter().enumerate().filter(|(place, _)| *place != compare.axis).map(|(_, &level)| level).collect()
    };
    let level_of = |point: usize| manifest.points[point].levels[compare.axis];
    let mut pairs = Vec::new();
    for first in 0..manifest.points.len() {
        for second in (0..manifest.points.len()).filter(|&second| others(second) == others(first)) {
            let (one, other) = (level_of(first), level_of(second));
            let wanted = match compare.against {
                Some(against) => one == against && other != against,
                None => one < other,
            };
            if wanted {
                let within: Vec<&str> = manifest
                    .labels(first)
                    .into_iter()
                    .enumerate()
                    .filter(|(place, _)| *place != compare.axis)
                    .map(|(_, label)| label)
                    .collect();
                pairs.push(Pair {
                    within: within.join(", "),
                    first: (axis.levels[one].clone(), first),
                    second: (axis.levels[other].clone(), second),
                });
            }
        }
    }
    pairs.sort_by(|one, other| one.within.cmp(&other.within));
    pairs
}

fn judge(points: &[PointSummary], canary: &Canary) -> (&'static str, Vec<String>) {
    let mut unexpected = Vec::new();
    for point in points {
        for violated in &point.unexpected {
            unexpected.push(format!(
                "{} is violated in {} of {} runs of {}, where nothing allows it: {}",
                violated.invariant,
                violated.runs,
                point.runs,
                point.levels.join(", "),
                violated.repro
            ));
        }
    }
    let mut doubts = Vec::new();
    if !canary.as_it_must {
        doubts.push(format!(
            "the canary, which must fail, failed in {} of {} runs: checks that cannot fail prove nothing",
            canary.failed, canary.runs
        ));
    }
    for point in points.iter().filter(|point| point.cut > 0) {
        let name = point.levels.join(", ");
        doubts
            .push(format!("{} of {} runs of {name} were cut because they had too many events", point.cut, point.runs));
    }
    for point in points.iter().filter(|point| point.runs > 0 && point.inconclusive == point.runs) {
        doubts.push(format!("no run of {} proves anything", point.levels.join(", ")));
    }
    match (unexpected.is_empty(), doubts.is_empty()) {
        (false, _) => ("FAIL", unexpected.into_iter().chain(doubts).collect()),
        (true, false) => ("INCONCLUSIVE", doubts),
        (true, true) => {
            let fails: u64 = points.iter().map(|point| point.fail).sum();
            let reason = match fails {
                0 => "no invariant was violated, and the canary failed in every run, as it must".to_owned(),
                _ => "only what is allowed was violated, and the canary failed in every run, as it must".to_owned(),
            };
            ("PASS", vec![reason])
        }
    }
}

/// What all points have in common, or what the first has and that others differ.
fn conditions_of(plans: &[Plan]) -> Vec<String> {
    let Some(first) = plans.first() else { return Vec::new() };
    let mut all = conditions(first);
    if plans.iter().any(|plan| conditions(plan) != all) {
        all.push("as the first point has them; others have other rates".to_owned());
    }
    all
}

/// The faults at random and the slips, as sentences.
fn conditions(plan: &Plan) -> Vec<String> {
    let mut conditions: Vec<String> = plan
        .rates
        .iter()
        .filter_map(|rate| {
            let permanent = match rate.fault {
                crate::fault::plan::Fault::TapeWriteError { permanent, .. }
                | crate::fault::plan::Fault::TapeReadError { permanent, .. } => permanent,
                _ => false,
            };
            let kind =
                if permanent { format!("{} (permanent)", rate.fault.kind()) } else { rate.fault.kind().to_string() };
            Some(format!("{kind} every {}", super::super::text::duration(rate.mean_between?.ns())))
        })
        .collect();
    let slips = &plan.operator.slips;
    let named = [
        ("a step is left out", slips.omit_step),
        ("done to another device", slips.wrong_item),
        ("an ID is mistyped", slips.volser_typo),
        ("a failure is not noticed", slips.miss_status),
        ("the run book is wrong", slips.mapping_loss),
        ("an IPL prompt is answered wrong", plan.operator.duplicate_answer.wrong_ppm()),
    ];
    let slips: Vec<String> = named
        .iter()
        .filter(|(_, ppm)| *ppm > 0)
        .map(|(what, ppm)| format!("{what} {} %", f64::from(*ppm) / 1e4))
        .collect();
    if !slips.is_empty() {
        conditions.push(format!("people, per occasion: {}", slips.join(", ")));
    }
    conditions
}

impl PointSummary {
    fn new(
        manifest: &CampaignManifest,
        number: usize,
        rows: &[&Row],
        measures: &[Measure],
        sequential: bool,
        plan: &Plan,
    ) -> PointSummary {
        let count = |verdict: RowVerdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
        let level = manifest.level();
        let allowed = &manifest.points[number].allowed;
        let invariants = invariants(rows, allowed, level);
        let unexpected = invariants.iter().filter(|it| it.violated > 0 && !it.allowed).filter_map(|it| {
            let invariant = Invariant::parse(it.invariant)?;
            let first = rows.iter().find(|row| row.violates(invariant))?;
            Some(Violated {
                invariant: it.invariant,
                runs: it.violated,
                replication: first.replication,
                seed: first.seed,
                repro: format!("tiersim run {} --seed {}", manifest.points[number].scenario, first.seed),
            })
        });
        let distributed = [Measure::BackupWindow, Measure::RecoveryPoint, Measure::RecoveryTime];
        PointSummary {
            number: number as u64,
            levels: manifest.labels(number).into_iter().map(str::to_owned).collect(),
            runs: rows.len() as u64,
            pass: count(RowVerdict::Pass),
            fail: count(RowVerdict::Fail),
            inconclusive: count(RowVerdict::Inconclusive),
            cut: rows.iter().filter(|row| row.end == End::Budget).count() as u64,
            unexpected: unexpected.collect(),
            estimates: measures.iter().map(|&it| Estimate::of(it, rows, level, sequential)).collect(),
            volumes: manifest.points[number].volumes.iter().map(|id| volume(id, rows, level, plan)).collect(),
            distributions: distributed.iter().map(|&it| Distribution::of(it, rows, level)).collect(),
            totals: totals(rows),
            time_to_data_loss: time_to_loss(rows, level),
            invariants,
        }
    }
}

fn invariants(rows: &[&Row], allowed: &[String], level: f64) -> Vec<InvariantShare> {
    let share = |&invariant: &Invariant| {
        let bit = crate::campaign::sweep::row::bit(invariant);
        let count = |bits: fn(&Row) -> u32| rows.iter().filter(|row| bits(row) & bit != 0).count() as u64;
        let (tested, violated) = (count(|row| row.tested), count(|row| row.violated));
        let runs = rows.len() as u64;
        let all = Interval { low: 0.0, high: 1.0, level };
        let interval = if runs == 0 { all } else { clopper_pearson(violated, runs, level) };
        let name = invariant.name();
        let allowed = allowed.iter().any(|it| it == name);
        InvariantShare { invariant: name, tested, violated, allowed, low: interval.low, high: interval.high }
    };
    Invariant::ALL.iter().map(share).collect()
}

fn volume(id: &str, rows: &[&Row], level: f64, plan: &Plan) -> VolumeShare {
    let own: Vec<_> = rows.iter().filter_map(|row| row.volumes.iter().find(|volume| volume.id == id)).collect();
    let time = |it: &crate::campaign::sweep::VolumeRow| it.online_ns + it.offline_ns + it.wrong_id_ns;
    let pairs: Vec<(f64, f64)> = own.iter().map(|it| (it.online_ns as f64, time(it) as f64)).collect();
    let all: u128 = own.iter().map(|it| u128::from(time(it))).sum();
    let ratio = |part: fn(&crate::campaign::sweep::VolumeRow) -> u64| {
        let sum: u128 = own.iter().map(|it| u128::from(part(it))).sum();
        if all == 0 { 0.0 } else { sum as f64 / all as f64 }
    };
    let interval = ratio_interval(&pairs, level).ok().map(|found| found.interval);
    VolumeShare {
        id: id.to_owned(),
        protected: plan.backups.iter().any(|backup| backup.source_id.to_string().trim_end() == id),
        availability_ratio: ratio(|it| it.online_ns),
        low: interval.map(|it| it.low),
        high: interval.map(|it| it.high),
        offline_controller_ratio: ratio(|it| it.offline_controller_ns),
        offline_host_ratio: ratio(|it| it.offline_host_ns),
        offline_device_ratio: ratio(|it| it.offline_ns - it.offline_controller_ns - it.offline_host_ns),
        wrong_id_ratio: ratio(|it| it.wrong_id_ns),
        longest_closed_ns: own.iter().map(|it| it.longest_closed_ns).max().unwrap_or(0),
    }
}

fn totals(rows: &[&Row]) -> Totals {
    let sum = |get: fn(&Figures) -> Option<u64>| rows.iter().filter_map(|row| get(&row.figures)).sum();
    Totals {
        faults_acted: sum(|it| it.faults_acted),
        backups: sum(|it| it.backups),
        backups_complete: sum(|it| it.backups_complete),
        restores: sum(|it| it.restores),
        restores_complete: sum(|it| it.restores_complete),
        retries: sum(|it| it.retries),
        resumes: sum(|it| it.resumes),
        operator_actions: sum(|it| it.operator_actions),
        lost_writes: sum(|it| it.lost_writes),
        duplicate_episodes: sum(|it| it.duplicate_episodes),
    }
}

fn time_to_loss(rows: &[&Row], level: f64) -> TimeToLoss {
    let lost = |row: &&&Row| {
        [Measure::LostWrite, Measure::WrongCopy].iter().any(|&it| value(it, row).is_some_and(|value| value != 0.0))
    };
    let (runs, losses) = (rows.len() as u64, rows.iter().filter(lost).count() as u64);
    let time: u128 = rows.iter().filter_map(|row| row.figures.end_time_ns).map(u128::from).sum();
    let method = "mean length of a run / Clopper-Pearson share of runs with a loss";
    if runs == 0 {
        return TimeToLoss { losses, estimate_s: None, low_s: None, high_s: None, method };
    }
    let mean = time as f64 / runs as f64 / 1e9;
    let share = clopper_pearson(losses, runs, level);
    let bound = if losses == 0 { zero_failure_bound(runs, level) } else { share.high };
    TimeToLoss {
        losses,
        estimate_s: (losses > 0).then(|| mean * runs as f64 / losses as f64),
        low_s: Some(mean / bound),
        high_s: (share.low > 0.0).then(|| mean / share.low),
        method,
    }
}

/// Whether a measure is a share of runs.
pub fn is_share(measure: Measure) -> bool {
    kind(measure) == Kind::Happened
}
