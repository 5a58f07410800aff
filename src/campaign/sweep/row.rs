//! One run of a campaign as a row: what decides about its verdict, and whole numbers that everything else is made from.

use serde::{Deserialize, Serialize};

use super::super::judge::Judgement;
use super::super::outcome::{CheckReport, EndReason, RunOutcome, Verdict};
use super::figures::Figures;
use crate::measure::VolumeMeasure;
use crate::scenario::Plan;
use crate::vocab::{Goal, Invariant};

/// The row of one run. Nothing in it depends on the machine, on threads or on shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Row {
    pub run: u64,
    pub point: usize,
    pub replication: u64,
    pub seed: u64,
    /// 16 hexadecimal digits.
    pub fingerprint: String,
    pub verdict: RowVerdict,
    pub end: End,
    /// Bit `n` stands for the invariant at place `n` of the list of all invariants.
    pub violated: u32,
    /// Those that were put to the test.
    pub tested: u32,
    /// Bit `n` stands for the situation at place `n` of the list of all goals: that it came about.
    pub reached: u64,
    #[serde(flatten)]
    pub figures: Figures,
    /// Sorted by ID.
    pub volumes: Vec<VolumeRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum RowVerdict {
    Pass,
    Fail,
    Inconclusive,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum End {
    Quiescent,
    Until,
    Stalled,
    Overrun,
    /// It had more events than a run of the campaign may have.
    Budget,
}

/// What became of one volume ID, in nanoseconds; online, offline and wrong add up to the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VolumeRow {
    pub id: String,
    pub online_ns: u64,
    pub offline_ns: u64,
    pub wrong_id_ns: u64,
    /// Parts of the offline time; the rest is the device's own.
    pub offline_controller_ns: u64,
    pub offline_host_ns: u64,
    /// Longest time that an application had lost the volume.
    pub longest_closed_ns: u64,
}

impl RowVerdict {
    pub const ALL: [RowVerdict; 3] = [RowVerdict::Pass, RowVerdict::Fail, RowVerdict::Inconclusive];
}

impl End {
    pub const ALL: [End; 5] = [End::Quiescent, End::Until, End::Stalled, End::Overrun, End::Budget];
}

impl Row {
    /// `place` is the number of the run, its replication and its point.
    pub fn new(place: (u64, u64, usize), plan: &Plan, outcome: &RunOutcome, judgement: &Judgement) -> Row {
        let (run, replication, point) = place;
        let verdict = match judgement.verdict {
            Verdict::Pass => RowVerdict::Pass,
            Verdict::Fail => RowVerdict::Fail,
            Verdict::Inconclusive => RowVerdict::Inconclusive,
        };
        let end = match outcome.end_reason {
            EndReason::Quiescent => End::Quiescent,
            EndReason::Until => End::Until,
            EndReason::Stalled => End::Stalled,
            EndReason::Overrun => End::Overrun,
            EndReason::Interrupted => End::Budget,
        };
        let with = |is: &dyn Fn(&CheckReport) -> bool| {
            outcome.checks.iter().filter(|check| is(check)).fold(0, |bits, check| bits | bit(check.invariant))
        };
        Row {
            run,
            point,
            replication,
            seed: plan.seed,
            fingerprint: format!("{:016x}", outcome.fingerprint),
            verdict,
            end,
            violated: with(&|check| check.verdict == Verdict::Fail),
            tested: with(&|check| check.premise_true > 0),
            reached: Goal::ALL.iter().filter(|goal| hit(outcome, **goal)).fold(0, |bits, &goal| bits | goal_bit(goal)),
            figures: Figures::new(plan, outcome),
            volumes: outcome.measured.volumes.iter().map(VolumeRow::from).collect(),
        }
    }

    pub fn violates(&self, invariant: Invariant) -> bool {
        self.violated & bit(invariant) != 0
    }

    pub fn violations(&self) -> impl Iterator<Item = Invariant> + '_ {
        Invariant::ALL.iter().copied().filter(|&invariant| self.violates(invariant))
    }
}

fn hit(outcome: &RunOutcome, goal: Goal) -> bool {
    outcome.goals.iter().any(|report| report.hits > 0 && report.name == goal.name())
}

/// The bit of one situation.
pub fn goal_bit(goal: Goal) -> u64 {
    const { assert!(Goal::ALL.len() <= 64, "a row has a bit for each situation") };
    1 << (goal as u64)
}

/// The bit of one invariant.
pub fn bit(invariant: Invariant) -> u32 {
    let place = Invariant::ALL.iter().position(|&it| it == invariant).expect("the list has all of them");
    1 << place
}

impl From<&VolumeMeasure> for VolumeRow {
    fn from(volume: &VolumeMeasure) -> VolumeRow {
        let times = &volume.times;
        VolumeRow {
            id: volume.id.to_string().trim_end().to_owned(),
            online_ns: times.online.ns(),
            offline_ns: times.offline.ns(),
            wrong_id_ns: times.wrong.ns(),
            offline_controller_ns: times.offline_controller.ns(),
            offline_host_ns: times.offline_host.ns(),
            longest_closed_ns: volume.traffic.longest_closed.ns(),
        }
    }
}
