//! What each method of a run took: backups, restores, hands, and the time until applications had their volume back.

use super::summary::Method;
use crate::kernel::Span;
use crate::manager::Outcome;
use crate::manager::plan::MethodName;
use crate::measure::{BackupMeasure, ByHand, Milestone, RestoreMeasure};

/// One entry for each method that made a backup, in the order of the methods.
pub fn totals(backups: &[BackupMeasure], restores: &[RestoreMeasure]) -> Vec<Method> {
    let used = |method: &&MethodName| backups.iter().any(|backup| backup.method == **method);
    MethodName::ALL.iter().filter(used).map(|&method| total(method, backups, restores)).collect()
}

fn total(method: MethodName, backups: &[BackupMeasure], restores: &[RestoreMeasure]) -> Method {
    let own: Vec<&BackupMeasure> = backups.iter().filter(|backup| backup.method == method).collect();
    let made = |restore: &&RestoreMeasure| restore.from.is_some_and(|from| own.iter().any(|it| it.backup == from));
    let restored: Vec<&RestoreMeasure> = restores.iter().filter(made).collect();
    let complete: Vec<&&BackupMeasure> = own.iter().filter(|it| it.outcome == Some(Outcome::Complete)).collect();
    let opened = |from: fn(&RestoreMeasure) -> Option<crate::kernel::Time>| {
        let until = restored.iter().filter_map(|it| Some((it.reached(Milestone::Opened)? - from(it)?).ns()));
        until.max()
    };
    Method {
        method: method.name(),
        backups: number(&own),
        complete: number(&complete),
        operator_actions_per_backup_ratio: actions(own.iter().map(|it| it.by_hand)),
        operator_time_per_backup_ns: mean(own.iter().map(|it| it.by_hand.time)),
        mean_backup_ns: mean(complete.iter().filter_map(|it| Some(it.ended? - it.started))),
        mean_tape_ns: mean(own.iter().map(|it| it.course.tape)),
        exposure_ns: own.iter().map(|it| it.exposure).sum::<Span>().ns(),
        restores: number(&restored),
        restored: restored.iter().map(|it| u64::from(it.outcome == Some(Outcome::Complete))).sum(),
        operator_actions_per_restore_ratio: actions(restored.iter().map(|it| it.by_hand)),
        operator_time_per_restore_ns: mean(restored.iter().map(|it| it.by_hand.time)),
        open_after_start_ns: opened(|it| Some(it.started)),
        open_after_failure_ns: opened(|it| it.failure),
    }
}

fn number<T>(jobs: &[T]) -> u64 {
    u64::try_from(jobs.len()).expect("jobs are numbered with 16 bits")
}

fn actions(jobs: impl Iterator<Item = ByHand>) -> Option<f64> {
    let all: Vec<u32> = jobs.map(|by_hand| by_hand.actions).collect();
    let sum: u64 = all.iter().map(|&actions| u64::from(actions)).sum();
    (!all.is_empty()).then(|| sum as f64 / all.len() as f64)
}

fn mean(spans: impl Iterator<Item = Span>) -> Option<u64> {
    let all: Vec<u64> = spans.map(Span::ns).collect();
    let sum: u128 = all.iter().map(|&ns| u128::from(ns)).sum();
    let count = u128::try_from(all.len()).expect("a length fits").max(1);
    (!all.is_empty()).then(|| u64::try_from(sum / count).expect("a mean lies within its values"))
}
