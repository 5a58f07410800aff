//! What one run yields in whole numbers, and the measures that are made from them.

use serde::{Deserialize, Serialize};

use super::super::outcome::RunOutcome;
use super::row::{End, Row, bit};
use crate::kernel::{Span, Time};
use crate::manager::Outcome;
use crate::measure::{BackupMeasure, Latency, Measured, Milestone, Phase, RestoreMeasure};
use crate::scenario::Plan;
use crate::scenario::campaign::Measure;
use crate::vocab::Invariant;

macro_rules! figures {
    ($($(#[$note:meta])* $name:ident,)+) => {
        /// Counts, and times in nanoseconds; nothing where there was none to measure.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub struct Figures { $($(#[$note])* pub $name: Option<u64>,)+ }

        impl Figures {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// From a value for each name.
            pub fn from_values(mut value: impl FnMut(&str) -> Option<u64>) -> Figures {
                Figures { $($name: value(stringify!($name)),)+ }
            }

            /// In the order of the names.
            pub fn values(&self) -> Vec<Option<u64>> {
                vec![$(self.$name),+]
            }
        }
    };
}

figures! {
    end_time_ns,
    events,
    /// How often faults acted, planned ones and those at random.
    faults_acted,
    requests_issued,
    requests_completed,
    requests_failed,
    /// Requests that ended well, over all volumes: before the first backup, while one ran, and all.
    before_requests,
    before_mean_ns,
    during_requests,
    during_mean_ns,
    during_p99_ns,
    all_mean_ns,
    all_p50_ns,
    all_p99_ns,
    /// Of the requests behind the warm-up: how many, their mean latency, and from their batch means, where those do not
    /// hang together, the ends of its 95 % interval and the results in a batch.
    steady_requests,
    steady_mean_ns,
    steady_low_ns,
    steady_high_ns,
    steady_batch,
    /// Of the volumes that are backed up, summed over them.
    protected_online_ns,
    protected_time_ns,
    backups,
    backups_complete,
    /// From stimulus to end, summed over complete backups.
    backup_ns,
    /// Time in which the ID of a source was in doubt, summed over backups.
    doubt_ns,
    /// How long writes waited for backups.
    writes_held_ns,
    /// Of backups and restores.
    tape_ns,
    retries,
    resumes,
    restores,
    restores_complete,
    /// The longest of the restores: from the point in time of the backup to the last failure behind it and before the
    /// restore, else to the restore's start.
    recovery_point_ns,
    /// The longest of the restores: from that failure, else from the restore's start, until an application opened it.
    recovery_time_ns,
    operator_actions,
    operator_ns,
    /// Writes found lost, by the check `no-lost-acked-write`.
    lost_writes,
    /// Times that two online devices bore one ID, and for how long; that an IPL would have met two.
    duplicate_episodes,
    duplicate_ns,
    ipl_duplicate_ns,
}

impl Figures {
    pub fn new(plan: &Plan, outcome: &RunOutcome) -> Figures {
        let measured = &outcome.measured;
        let Measured { backups, restores, operator, requests, .. } = measured;
        let [before, during] = [Phase::Before, Phase::During].map(|phase| merged(measured, phase));
        let all = everything(measured);
        let (before, during, all) = (before.percentiles(), during.percentiles(), all.percentiles());
        let complete = || backups.iter().filter(|it| it.outcome == Some(Outcome::Complete));
        let protected = measured.volumes.iter().filter(|it| plan.backups.iter().any(|plan| plan.source_id == it.id));
        let online: Span = protected.clone().map(|it| it.times.online).sum();
        let time: Span = protected.map(|it| it.times.online + it.times.offline + it.times.wrong).sum();
        let courses = backups.iter().map(|it| &it.course).chain(restores.iter().map(|it| &it.course));
        let check = |invariant| outcome.checks.iter().find(|check| check.invariant == invariant);
        let exposure = |invariant| check(invariant).and_then(|check| check.exposure.as_ref());
        let duplicate = exposure(Invariant::UniqueOnlineId);
        let by_hand = [operator.answers, operator.steps, operator.commands];
        Figures {
            end_time_ns: Some(outcome.end_time.ns()),
            events: Some(outcome.events),
            faults_acted: Some(measured.faults.iter().map(|fault| fault.acted).sum()),
            requests_issued: Some(requests.issued),
            requests_completed: Some(requests.completed),
            requests_failed: Some(requests.failed),
            before_requests: Some(before.n),
            before_mean_ns: before.mean,
            during_requests: Some(during.n),
            during_mean_ns: during.mean,
            during_p99_ns: during.p99,
            all_mean_ns: all.mean,
            all_p50_ns: all.p50,
            all_p99_ns: all.p99,
            steady_requests: None,
            steady_mean_ns: None,
            steady_low_ns: None,
            steady_high_ns: None,
            steady_batch: None,
            protected_online_ns: Some(online.ns()),
            protected_time_ns: Some(time.ns()),
            backups: Some(number(backups)),
            backups_complete: Some(complete().count() as u64),
            backup_ns: (complete().count() > 0).then(|| complete().map(length).sum::<Span>().ns()),
            doubt_ns: Some(backups.iter().map(|it| it.exposure).sum::<Span>().ns()),
            writes_held_ns: Some(backups.iter().map(|it| it.writes_held).sum::<Span>().ns()),
            tape_ns: Some(courses.clone().map(|it| it.tape).sum::<Span>().ns()),
            retries: Some(courses.clone().map(|it| u64::from(it.retries)).sum()),
            resumes: Some(courses.map(|it| u64::from(it.resumes)).sum()),
            restores: Some(number(restores)),
            restores_complete: Some(number(restores.iter().filter(|it| it.outcome == Some(Outcome::Complete)))),
            recovery_point_ns: restores.iter().filter_map(|it| recovery_point(it, backups)).max().map(Span::ns),
            recovery_time_ns: restores.iter().filter_map(|it| recovery_time(it, backups)).max().map(Span::ns),
            operator_actions: Some(by_hand.iter().map(|it| u64::from(it.actions)).sum()),
            operator_ns: Some(by_hand.iter().map(|it| it.time).sum::<Span>().ns()),
            lost_writes: check(Invariant::NoLostAckedWrite).map(|check| check.violations),
            duplicate_episodes: duplicate.map(|it| it.episodes.len() as u64),
            duplicate_ns: duplicate.map(|it| it.total.ns()),
            ipl_duplicate_ns: exposure(Invariant::UniqueIplId).map(|it| it.total.ns()),
        }
    }
}

fn number<T>(jobs: impl IntoIterator<Item = T>) -> u64 {
    jobs.into_iter().count() as u64
}

fn length(backup: &BackupMeasure) -> Span {
    backup.ended.map_or(Span::ZERO, |ended| ended - backup.started)
}

fn merged(measured: &Measured, phase: Phase) -> Latency {
    let mut all = Latency::default();
    let parts = measured.volumes.iter().map(|volume| volume.traffic.latency(phase));
    parts.filter(|part| part.count() > 0).for_each(|part| all.add(part));
    all
}

fn everything(measured: &Measured) -> Latency {
    let mut all = Latency::default();
    for volume in &measured.volumes {
        let phases = Phase::ALL.iter().map(|&phase| volume.traffic.latency(phase));
        phases.filter(|part| part.count() > 0).for_each(|part| all.add(part));
    }
    all
}

/// The instant whose state a restore brings back, and the one from which its applications were without a volume.
fn recovered(restore: &RestoreMeasure, backups: &[BackupMeasure]) -> Option<(Time, Time)> {
    let backup = backups.iter().find(|it| Some(it.backup) == restore.from)?;
    let kept = backup.point_in_time?;
    let failed = restore.failure.filter(|&failure| failure > kept).unwrap_or(restore.started);
    Some((kept, failed))
}

fn recovery_point(restore: &RestoreMeasure, backups: &[BackupMeasure]) -> Option<Span> {
    restore.reached(Milestone::Complete)?;
    let (kept, failed) = recovered(restore, backups)?;
    Some(failed - kept)
}

fn recovery_time(restore: &RestoreMeasure, backups: &[BackupMeasure]) -> Option<Span> {
    let opened = restore.reached(Milestone::Opened)?;
    let (_, failed) = recovered(restore, backups)?;
    Some(opened - failed)
}

/// What a measure is to its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The share of runs in which it happened.
    Happened,
    /// A mean over runs, in seconds.
    Seconds,
    /// A mean over runs of a share of time.
    Ratio,
}

pub fn kind(measure: Measure) -> Kind {
    match measure {
        Measure::Availability => Kind::Ratio,
        _ if invariants(measure).is_some() => Kind::Happened,
        Measure::AnyViolation | Measure::BackupFailed | Measure::RestoreFailed => Kind::Happened,
        _ => Kind::Seconds,
    }
}

/// The invariants of a kind of loss: one of them violated is a loss. Nothing for other measures.
pub fn invariants(measure: Measure) -> Option<&'static [Invariant]> {
    use Invariant::{
        AccessibleAfterRestore, BackupExists, BackupId, BindingExclusive, CachedIdCoherent, CowOrder, HiddenIdSound,
        NoLostAckedWrite, NoOrphan, PointInTimeFidelity, Progress, RefcountExact, RestoreFidelity, SuccessMeansSuccess,
        UniqueIplId, UniqueOnlineId,
    };
    Some(match measure {
        Measure::LostWrite => &[NoLostAckedWrite],
        Measure::WrongCopy => &[PointInTimeFidelity, RestoreFidelity],
        Measure::Confusion => &[UniqueOnlineId, UniqueIplId, CachedIdCoherent, BackupId, HiddenIdSound],
        Measure::FalseSuccess => &[SuccessMeansSuccess, BackupExists],
        Measure::Stuck => &[Progress, NoOrphan, AccessibleAfterRestore],
        Measure::BrokenStructure => &[BindingExclusive, RefcountExact, CowOrder],
        _ => return None,
    })
}

/// What a run says of a measure: 1 or 0 where something happened or not, a ratio, or seconds. Nothing when it has none, as
/// one that was cut: what would have become of it is not known.
pub fn value(measure: Measure, row: &Row) -> Option<f64> {
    if row.end == End::Budget {
        return None;
    }
    let it = &row.figures;
    let happened = |is: bool| Some(f64::from(u8::from(is)));
    let seconds = |ns: Option<u64>| ns.map(|ns| ns as f64 / 1e9);
    let whole = |part: Option<u64>, all: Option<u64>| part.zip(all).map(|(part, all)| part < all);
    match measure {
        Measure::AnyViolation => happened(row.violated != 0),
        Measure::BackupFailed => whole(it.backups_complete, it.backups).and_then(happened),
        Measure::RestoreFailed => whole(it.restores_complete, it.restores).and_then(happened),
        Measure::Availability => {
            let (online, time) = it.protected_online_ns.zip(it.protected_time_ns).filter(|&(_, time)| time > 0)?;
            Some(online as f64 / time as f64)
        }
        Measure::LatencyCost => Some((it.during_mean_ns? as f64 - it.before_mean_ns? as f64) / 1e9),
        Measure::LatencyDuring => seconds(it.during_mean_ns),
        Measure::LatencyP99 => seconds(it.all_p99_ns),
        Measure::SteadyLatency => seconds(it.steady_mean_ns),
        Measure::BackupWindow => {
            let complete = it.backups_complete.filter(|&complete| complete > 0)?;
            Some(it.backup_ns? as f64 / complete as f64 / 1e9)
        }
        Measure::WritesHeld => seconds(it.writes_held_ns),
        Measure::RecoveryPoint => seconds(it.recovery_point_ns),
        Measure::RecoveryTime => seconds(it.recovery_time_ns),
        Measure::Doubt => seconds(it.doubt_ns),
        Measure::OperatorTime => seconds(it.operator_ns),
        Measure::TapeTime => seconds(it.tape_ns),
        loss => {
            let bits = invariants(loss)?.iter().fold(0, |bits, &invariant| bits | bit(invariant));
            happened(row.violated & bits != 0)
        }
    }
}
