//! Methods as tables: the steps of a backup or a restore in the patent's order, and what a failure leads to.
//!
//! A job is an index into its table. The steps name the crash points, the rows of reports and the anchors of faults.

use super::plan::{DeleteTarget, MethodName};
use crate::vocab::StepName;

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

/// Every restore (c8 and c9 of HAZARDS 1).
pub static RESTORE: &[Line] =
    &[line(StepName::MountAndRestore, OnFailure::Stop), line(StepName::VaryRestoredOnline, OnFailure::Retry)];

/// Follows the end of a backup where the target's bindings are deleted (patent paragraph 38).
pub static DELETION: Line = line(StepName::DeleteTarget, OnFailure::Retry);

/// The table of a backup method.
pub fn table(method: MethodName) -> &'static [Line] {
    match method {
        MethodName::SafeBackup => SAFE_BACKUP,
        MethodName::SameIdOffline => SAME_ID_OFFLINE,
        MethodName::DirectDump => DIRECT_DUMP,
    }
}

/// The `number`-th line of a backup, the deletion of the target included where it is wanted.
pub fn backup_line(method: MethodName, delete: DeleteTarget, number: usize) -> Option<Line> {
    let table = table(method);
    match number.checked_sub(table.len()) {
        None => Some(table[number]),
        Some(0) if delete == DeleteTarget::AfterBackup && method.makes_copy() => Some(DELETION),
        Some(_) => None,
    }
}

/// The line of the dump: where a job goes back to when its tape has failed.
pub fn dump_line(method: MethodName) -> usize {
    let is_dump = |line: &Line| {
        matches!(line.step, StepName::DumpWithReintroduction | StepName::DumpTarget | StepName::DumpSource)
    };
    table(method).iter().position(is_dump).expect("every method dumps")
}

/// Where in a method's table a step stands.
pub fn place_of(method: MethodName, step: StepName) -> Option<usize> {
    table(method).iter().position(|line| line.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let last = SAFE_BACKUP.len();
        assert_eq!(backup_line(MethodName::SafeBackup, DeleteTarget::AfterBackup, last), Some(DELETION));
        assert_eq!(backup_line(MethodName::SafeBackup, DeleteTarget::Manual, last), None);
    }
}
