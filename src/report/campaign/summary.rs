//! `summary.json` of a campaign: the one struct that the table on stdout and the file are made from.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::comparison::{Family, Pair, family};
use super::estimate::{Distribution, Estimate};
use super::manifest::CampaignManifest;
use super::points::conditions_of;
use super::stopping::{Look, look, silent};
use crate::campaign::sweep::{End, Kind, Row, RowVerdict, Undisturbed, kind};
use crate::scenario::Plan;
use crate::scenario::campaign::Measure;

pub const SCHEMA: &str = "tiersim/campaign/1";

/// A name of this program: one of its own constants, or what it wrote into a summary and reads again.
pub type Name = Cow<'static, str>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CampaignSummary {
    pub schema: Name,
    pub tool_version: String,
    pub model_version: u32,
    pub campaign: String,
    pub title: String,
    pub campaign_id: String,
    pub seed: u64,
    pub verdict: Name,
    /// Why the verdict is what it is: one sentence each.
    pub reasons: Vec<String>,
    pub replications: Replications,
    /// Those of the campaign, without its canary.
    pub runs: u64,
    /// Of `runs.csv`, as it was written beside this.
    #[serde(default)]
    pub runs_sha256: Option<String>,
    pub events: u64,
    pub level: f64,
    /// Faults at random and slips of operators: every rate below holds under these alone.
    pub conditions: Vec<String>,
    pub axes: Vec<AxisSummary>,
    pub canary: Canary,
    pub points: Vec<PointSummary>,
    pub comparisons: Vec<Family>,
    /// The run whose requests were slowest, by their 99th percentile. Its course lies in `slowest/`.
    #[serde(default)]
    pub slowest: Option<Slowest>,
    /// Versions other than that of the plan, of which parts were merged.
    pub other_versions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Replications {
    /// Numbers 0 to this less one are behind every figure.
    pub used: u64,
    /// `fixed`, or `sequential, slight under-coverage`.
    pub rule: Name,
    /// What the rule asked for, whether it was reached, and which points had no say.
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AxisSummary {
    pub name: String,
    pub levels: Vec<String>,
}

/// The scenario that must fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Canary {
    pub runs: u64,
    pub failed: u64,
    pub as_it_must: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Every situation in which a check could have failed.
    #[serde(default)]
    pub goals: Vec<GoalRuns>,
    pub volumes: Vec<VolumeShare>,
    pub distributions: Vec<Distribution>,
    pub totals: Totals,
    pub time_to_data_loss: TimeToLoss,
    /// Nothing without a backup, for points behind the first 64, and where that run takes long.
    #[serde(default)]
    pub exposure: Option<PointExposure>,
}

/// One run of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Slowest {
    pub point: u64,
    pub replication: u64,
    pub run: u64,
    pub seed: u64,
    pub p99_ns: u64,
    pub end_time_ns: u64,
    /// To be run in the campaign's directory.
    pub repro: String,
}

/// What a backup of a point is exposed to where nothing fails, from one run without faults and slips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PointExposure {
    pub backups: u64,
    /// Mean time between two crashes of the campaign, of any kind; nothing when it has none.
    pub crash_every_ns: Option<u64>,
    pub windows: Vec<DangerWindow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DangerWindow {
    /// `unique-online-id`, `unique-ipl-id`, or `doubt`: the ID of the source is in doubt.
    pub danger: Name,
    /// Of one backup.
    pub window_ns: u64,
    /// That a crash falls into it.
    pub per_backup_prob: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Violated {
    pub invariant: Name,
    pub runs: u64,
    /// The first replication that shows it.
    pub replication: u64,
    pub seed: u64,
    /// To be run in the campaign's directory.
    pub repro: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InvariantShare {
    pub invariant: Name,
    /// Runs in which it was put to the test, and in which it was violated.
    pub tested: u64,
    pub violated: u64,
    pub allowed: bool,
    /// Of the share of all runs, Clopper-Pearson.
    pub low: f64,
    pub high: f64,
}

/// A situation in which a check could have failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GoalRuns {
    pub name: Name,
    /// The scenario expects it.
    pub required: bool,
    /// In so many it came about.
    pub runs: u64,
}

/// Counts over all runs of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// Mean time between losses of data at a steady rate, from the share of runs without a lost write or a wrong copy and the
/// mean length of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TimeToLoss {
    /// Runs with a loss.
    pub losses: u64,
    /// Nothing without a loss: then `low_s` is what it is above, one-sided. Nothing where every run has one: then `high_s`
    /// is what it is below.
    pub estimate_s: Option<f64>,
    pub low_s: Option<f64>,
    pub high_s: Option<f64>,
    pub method: Name,
}

impl CampaignSummary {
    /// `rows` of all planned runs, or with a stopping rule of as many as it asked for; `plans` are the points, of which
    /// some have `exposures`.
    pub fn new(
        manifest: &CampaignManifest,
        plans: &[Plan],
        rows: &[Row],
        exposures: &[Option<Undisturbed>],
        versions: &[String],
    ) -> CampaignSummary {
        let complete = complete(manifest, rows);
        let replications = replications(manifest, rows, complete);
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
            let exposure = exposures.get(number).copied().flatten();
            PointSummary::new(manifest, number, rows, &measures, sequential, (&plans[number], exposure))
        };
        let points: Vec<PointSummary> = by_point.iter().enumerate().map(point).collect();
        let pairs = pairs_of(manifest);
        let (verdict, reasons) = judge(&points, &canary);
        CampaignSummary {
            schema: SCHEMA.into(),
            tool_version: manifest.tool_version.clone(),
            model_version: manifest.model_version,
            campaign: manifest.name.clone(),
            title: manifest.title.clone(),
            campaign_id: manifest.campaign_id.clone(),
            seed: manifest.seed,
            verdict: verdict.into(),
            reasons,
            runs: by_point.iter().map(|rows| rows.len() as u64).sum(),
            runs_sha256: None,
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
            slowest: slowest(manifest, &by_point),
            other_versions: versions.to_vec(),
            replications,
        }
    }
}

/// The first of those with the largest 99th percentile. A run that was cut does not count.
fn slowest(manifest: &CampaignManifest, by_point: &[Vec<&Row>]) -> Option<Slowest> {
    let whole = by_point.iter().flatten().filter(|row| row.end != End::Budget);
    let timed = whole.filter_map(|row| Some((row, row.figures.all_p99_ns?, row.figures.end_time_ns?)));
    let (row, p99_ns, end_time_ns) = timed.max_by_key(|&(row, p99_ns, _)| (p99_ns, std::cmp::Reverse(row.run)))?;
    Some(Slowest {
        point: row.point as u64,
        replication: row.replication,
        run: row.run,
        seed: row.seed,
        p99_ns,
        end_time_ns,
        repro: format!("tiersim run {} --seed {}", manifest.points[row.point].scenario, row.seed),
    })
}

/// So many points without a say in a stopping rule are named.
const SILENT: usize = 4;

/// How many replications have every row, from the first on.
pub fn complete(manifest: &CampaignManifest, rows: &[Row]) -> u64 {
    let ordered = rows.iter().zip(0..).take_while(|(row, number)| row.run == *number).count() as u64;
    ordered / manifest.all_points()
}

fn replications(manifest: &CampaignManifest, rows: &[Row], complete: u64) -> Replications {
    let Some(stop) = &manifest.stop else {
        return Replications { used: complete.min(manifest.replications), rule: "fixed".into(), note: None };
    };
    let wanted = format!(
        "{} to {} %, looked at from {} replications on, after every 5 % more",
        stop.measure,
        f64::from(stop.relative_half_width_ppm) / 1e4,
        stop.at_least
    );
    let (used, mut note) = match look(manifest, rows, complete) {
        Look::Enough(used) => (used, format!("{wanted}; reached")),
        Look::Exhausted(used) | Look::More(used) => {
            (used.min(complete), format!("{wanted}; not reached with the {} that were allowed", used.min(complete)))
        }
    };
    let silent = silent(manifest, rows, used);
    if !silent.is_empty() {
        let named = |&(point, why): &(usize, &str)| {
            let labels = manifest.labels(point).join(", ");
            if labels.is_empty() { why.to_owned() } else { format!("{labels} ({why})") }
        };
        let shown: Vec<String> = silent.iter().take(SILENT).map(named).collect();
        let more = silent.len().saturating_sub(SILENT);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        note += &format!("; no say had {}{more}", shown.join(", "));
    }
    Replications { used, rule: "sequential, slight under-coverage".into(), note: Some(note) }
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

impl PointSummary {
    /// Its levels, one for each axis.
    pub(super) fn name(&self) -> String {
        if self.levels.is_empty() { "the only point".to_owned() } else { self.levels.join(", ") }
    }
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
                point.name(),
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
        let name = point.name();
        doubts
            .push(format!("{} of {} runs of {name} were cut because they had too many events", point.cut, point.runs));
    }
    for point in points.iter().filter(|point| point.runs > 0 && point.inconclusive == point.runs) {
        doubts.push(format!("no run of {} proves anything", point.name()));
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

/// Whether a measure is a share of runs.
pub fn is_share(measure: Measure) -> bool {
    kind(measure) == Kind::Happened
}
