//! Methods as tables: the steps of a backup or a restore in the patent's order, and what a failure leads to.
//!
//! A job is an index into its table. The steps name the crash points, the rows of reports and the anchors of faults.

use super::plan::{BackupPlan, DeleteTarget, MethodName, WithdrawAfter};
use crate::controller::dasd::Architecture;
use crate::vocab::{Mutant, StepName};

/// One step of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub step: StepName,
    pub on_failure: OnFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Try again, as often as the host's `step_retries` say, then stop.
    Retry,
    /// Undo what earlier steps did; the job ends.
    Undo,
    /// End the job; what earlier steps did stands and is held.
    Stop,
    /// The dump's own rule: `dump_retries`, then `on_dump_failure`.
    DumpRule,
}

const fn line(step: StepName, on_failure: OnFailure) -> Line {
    Line { step, on_failure }
}

/// The invention: one stimulus, no operator (patent steps 502 to 510, paragraphs 41 to 45).
pub static SAFE_BACKUP: &[Line] = &[
    line(StepName::AcceptStimulus, OnFailure::Stop),
    line(StepName::EstablishWithheld, OnFailure::Undo),
    line(StepName::DumpWithReintroduction, OnFailure::DumpRule),
    line(StepName::HardenTrailer, OnFailure::DumpRule),
    line(StepName::UpdateInventory, OnFailure::Retry),
    line(StepName::Withdraw, OnFailure::Retry),
    line(StepName::End, OnFailure::Retry),
];

/// Prior art 1: the target is identical, ID included, and is varied offline (patent paragraphs 5 and 6).
pub static SAME_ID_OFFLINE: &[Line] = &[
    line(StepName::AcceptStimulus, OnFailure::Stop),
    line(StepName::EstablishWithVolid, OnFailure::Undo),
    line(StepName::VaryTargetOffline, OnFailure::Retry),
    line(StepName::DumpTarget, OnFailure::DumpRule),
    line(StepName::HardenTrailer, OnFailure::DumpRule),
    line(StepName::UpdateInventory, OnFailure::Retry),
    line(StepName::Withdraw, OnFailure::Retry),
    line(StepName::RelabelTarget, OnFailure::Retry),
    line(StepName::End, OnFailure::Retry),
];

/// The application stands still while its volume is dumped: no copy, and nothing for the patent to improve but that
/// (MODEL 1.4, A).
pub static DIRECT_DUMP: &[Line] = &[
    line(StepName::AcceptStimulus, OnFailure::Stop),
    line(StepName::QuiesceApplication, OnFailure::Undo),
    line(StepName::DumpSource, OnFailure::DumpRule),
    line(StepName::HardenTrailer, OnFailure::DumpRule),
    line(StepName::UpdateInventory, OnFailure::Retry),
    line(StepName::ResumeApplication, OnFailure::Retry),
    line(StepName::End, OnFailure::Retry),
];

/// Prior art 2: the copy keeps its own ID, B; an operator asks for copy, dump and withdraw one after the other, and what is on
/// the tape is B (patent paragraphs 7 to 9). Acceptance and end are the manager's account of it.
pub static NO_VOLID_MANUAL: &[Line] = &[
    line(StepName::AcceptStimulus, OnFailure::Stop),
    line(StepName::OperatorEstablish, OnFailure::Undo),
    line(StepName::OperatorDump, OnFailure::DumpRule),
    line(StepName::HardenTrailer, OnFailure::DumpRule),
    line(StepName::UpdateInventory, OnFailure::Stop),
    line(StepName::OperatorWithdraw, OnFailure::Retry),
    line(StepName::End, OnFailure::Retry),
];

/// Every restore (c8 and c9 of HAZARDS 1).
pub static RESTORE: &[Line] =
    &[line(StepName::MountAndRestore, OnFailure::Stop), line(StepName::VaryRestoredOnline, OnFailure::Retry)];

/// Follows the end of a backup where the target's bindings are deleted (patent paragraph 38).
pub static DELETION: Line = line(StepName::DeleteTarget, OnFailure::Retry);

/// Whether the inventory lists a backup by the ID that the dumped volume bears: nobody conditioned it.
pub fn is_listed_by_label(method: MethodName) -> bool {
    matches!(method, MethodName::NoVolidManual | MethodName::DirectDump)
}

/// The table of a backup method.
pub fn table(method: MethodName) -> &'static [Line] {
    match method {
        MethodName::SafeBackup => SAFE_BACKUP,
        MethodName::SameIdOffline => SAME_ID_OFFLINE,
        MethodName::DirectDump => DIRECT_DUMP,
        MethodName::NoVolidManual => NO_VOLID_MANUAL,
    }
}

/// The table of one backup: its method's, changed as its architecture and its switches say.
///
/// Where the copy is a snapshot there is nothing to withdraw: the sequence of the patent ends 506 to 510, and the target is
/// deleted behind the end; a method that gives the target another ID deletes it in the place of the withdraw, before that.
/// With `withdraw_after = "eof-hardened"` the copy goes before the inventory knows of the tape. `relabel_after_withdraw`
/// gives methods that have no such step a new label behind the withdraw; `same-id-offline` has it anyway. Where the
/// target's bindings are to be deleted, that follows the end. `extent_scope = "allocated"` reads the directory of the
/// volume in front of the establish.
pub fn lines(plan: &BackupPlan) -> Vec<Line> {
    let mut lines = table(plan.method).to_vec();
    let place = |lines: &[Line], step| lines.iter().position(|line| line.step == step);
    let is_deleted = plan.delete_target == DeleteTarget::AfterBackup && plan.method.makes_copy();
    if plan.architecture == Architecture::LogStructured
        && let Some(withdraw) = place(&lines, StepName::Withdraw)
    {
        lines.remove(withdraw);
        if is_deleted && place(&lines, StepName::RelabelTarget).is_some() {
            lines.insert(withdraw, DELETION);
        }
    }
    if plan.lacks(Mutant::WithdrawBeforeEof)
        && let (Some(trailer), Some(withdraw)) =
            (place(&lines, StepName::HardenTrailer), place(&lines, StepName::Withdraw))
    {
        let early = lines.remove(withdraw);
        lines.insert(trailer, early);
    }
    // What is allocated is looked up in front of the establish, and may change in between (H22).
    if plan.follows_directory()
        && let Some(establish) = lines.iter().position(establishes)
    {
        lines.insert(establish, line(StepName::ReadVtoc, OnFailure::Undo));
    }
    if plan.withdraw_after == WithdrawAfter::EofHardened
        && let (Some(withdraw), Some(inventory)) =
            (place(&lines, StepName::Withdraw), place(&lines, StepName::UpdateInventory))
    {
        let moved = lines.remove(withdraw);
        lines.insert(inventory, moved);
    }
    if plan.relabel_after_withdraw
        && place(&lines, StepName::RelabelTarget).is_none()
        && let Some(withdraw) = lines.iter().position(ends_copy)
    {
        lines.insert(withdraw + 1, line(StepName::RelabelTarget, OnFailure::Retry));
    }
    // An operator ends a snapshot by hand as he withdraws a copy: by deleting its target.
    let by_hand =
        plan.architecture == Architecture::LogStructured && place(&lines, StepName::OperatorWithdraw).is_some();
    if is_deleted && !by_hand && !lines.contains(&DELETION) {
        lines.push(DELETION);
    }
    lines
}

/// The `number`-th line of a backup.
pub fn backup_line(plan: &BackupPlan, number: usize) -> Option<Line> {
    lines(plan).get(number).copied()
}

/// The line of the dump: where a job goes back to when its tape has failed.
pub fn dump_line(plan: &BackupPlan) -> usize {
    lines(plan).iter().position(|line| line.step.is_dump()).expect("every method dumps")
}

/// The line that ends the copy.
pub fn withdraw_line(plan: &BackupPlan) -> Option<usize> {
    let lines = lines(plan);
    lines.iter().position(ends_copy).or_else(|| lines.iter().position(|line| line.step == StepName::DeleteTarget))
}

fn establishes(line: &Line) -> bool {
    matches!(line.step, StepName::EstablishWithheld | StepName::EstablishWithVolid | StepName::OperatorEstablish)
}

/// The line behind the establish.
pub fn line_after_establish(plan: &BackupPlan) -> Option<usize> {
    lines(plan).iter().position(establishes).map(|place| place + 1)
}

fn ends_copy(line: &Line) -> bool {
    matches!(line.step, StepName::Withdraw | StepName::OperatorWithdraw)
}

/// Whether a step of backups by this method, or of their restores, is one in which a person may err (HAZARDS 1).
pub fn is_by_hand(method: MethodName, step: StepName) -> bool {
    match step {
        StepName::OperatorEstablish
        | StepName::OperatorDump
        | StepName::UpdateInventory
        | StepName::OperatorWithdraw
        | StepName::RelabelRestored
        | StepName::RelabelBackupImage => method == MethodName::NoVolidManual,
        StepName::VaryTargetOffline => method == MethodName::SameIdOffline,
        StepName::MountAndRestore | StepName::VaryRestoredOnline => true,
        _ => false,
    }
}

/// Where in a backup's table a step stands.
pub fn place_in(plan: &BackupPlan, step: StepName) -> Option<usize> {
    lines(plan).iter().position(|line| line.step == step)
}

/// The step that ends the copy of a backup.
pub fn end_of_copy(plan: &BackupPlan) -> StepName {
    match plan.architecture {
        Architecture::HomeArea => StepName::Withdraw,
        Architecture::LogStructured => StepName::DeleteTarget,
    }
}

/// Where in a method's table a step stands.
pub fn place_of(method: MethodName, step: StepName) -> Option<usize> {
    table(method).iter().position(|line| line.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Device, VolumeId};

    #[test]
    fn the_tables_follow_the_patent() {
        let names: Vec<&str> = SAFE_BACKUP.iter().map(|line| line.step.name()).collect();
        assert_eq!(
            names,
            [
                "accept-stimulus",
                "establish-withheld",
                "dump-with-reintroduction",
                "harden-trailer",
                "update-inventory",
                "withdraw",
                "end"
            ]
        );
    }

    fn steps(change: impl FnOnce(&mut BackupPlan)) -> Vec<&'static str> {
        let [source, target] = ["PROD01", "SPARE1"].map(|text| VolumeId::parse(text).unwrap());
        let mut plan = BackupPlan::plain(Device(0), source, Device(1), target, 15);
        change(&mut plan);
        lines(&plan).iter().skip(3).map(|line| line.step.name()).collect()
    }

    #[test]
    fn switches_change_the_order_behind_the_dump() {
        let plain = ["harden-trailer", "update-inventory", "withdraw", "end"];
        assert_eq!(steps(|_| {}), plain);
        let early = ["harden-trailer", "withdraw", "update-inventory", "end"];
        assert_eq!(steps(|plan| plan.withdraw_after = WithdrawAfter::EofHardened), early);
        let relabelled = ["harden-trailer", "update-inventory", "withdraw", "relabel-target", "end", "delete-target"];
        let both = |plan: &mut BackupPlan| {
            plan.relabel_after_withdraw = true;
            plan.delete_target = DeleteTarget::AfterBackup;
        };
        assert_eq!(steps(both), relabelled);
        let same = |plan: &mut BackupPlan| {
            both(plan);
            plan.method = MethodName::SameIdOffline;
        };
        assert_eq!(steps(same).iter().filter(|step| **step == "relabel-target").count(), 1);
    }

    #[test]
    fn a_snapshot_is_never_withdrawn_and_its_target_is_deleted_once() {
        let id = |text| VolumeId::parse(text).expect("a valid ID");
        for &method in MethodName::ALL {
            for &delete_target in DeleteTarget::ALL {
                let plain = BackupPlan::plain(Device(0), id("PROD01"), Device(1), id("SPARE1"), 30);
                let plan = BackupPlan { architecture: Architecture::LogStructured, method, delete_target, ..plain };
                let steps: Vec<StepName> = lines(&plan).iter().map(|line| line.step).collect();
                let deletions = steps.iter().filter(|&&step| step == StepName::DeleteTarget).count();
                let by_hand = usize::from(steps.contains(&StepName::OperatorWithdraw));
                let deleted = delete_target == DeleteTarget::AfterBackup && method.makes_copy() && by_hand == 0;
                assert_eq!(deletions, usize::from(deleted), "{steps:?}");
                assert!(!steps.contains(&StepName::Withdraw));
                let mut others = table(method).iter().map(|line| line.step).filter(|&step| step != StepName::Withdraw);
                assert!(others.all(|step| steps.contains(&step)), "{steps:?}");
            }
        }
    }
}
