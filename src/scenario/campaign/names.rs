//! The closed lists of names in a campaign file.

use super::super::diagnostic::Diagnostic;
use super::super::document::Node;
use super::super::form::Form;
use super::super::names::{choices, choose};
use super::super::shape::Shape;
use crate::names;

names! {
    /// What a campaign estimates from the rows of its runs. The first nine are shares of runs.
    pub enum Measure {
        /// At least one invariant was violated.
        AnyViolation = "any-violation",
        /// A write that was acknowledged to its application is gone.
        LostWrite = "lost-write",
        /// A copy or a restored volume is not what its source was at the point in time, in contents, label or names.
        WrongCopy = "wrong-copy",
        /// Two volumes of one ID, or an ID that is not what the host or the tape says.
        Confusion = "confusion",
        /// Success was reported of what was none, or no backup was left.
        FalseSuccess = "false-success",
        /// Work came to a stop, something was left behind, or a restored volume could not be opened.
        Stuck = "stuck",
        /// The invariants of the controller's own structures.
        BrokenStructure = "broken-structure",
        /// A backup did not end complete.
        BackupFailed = "backup-failed",
        /// A restore did not end complete.
        RestoreFailed = "restore-failed",
        /// Share of the time in which the volume that is backed up was open and certainly itself.
        Availability = "availability",
        /// Mean latency of the requests that met a backup, less that of the same run's requests before it.
        LatencyCost = "latency-cost",
        /// Mean latency of the requests that met a backup.
        LatencyDuring = "latency-during",
        /// 99th percentile of all requests of a run.
        LatencyP99 = "latency-p99",
        /// Mean latency of the requests behind the warm-up of `[steady_state]`.
        SteadyLatency = "steady-latency",
        /// From the stimulus to the end of a complete backup.
        BackupWindow = "backup-window",
        /// How long the application's writes stood still for backups.
        WritesHeld = "writes-held",
        /// From the point in time of the backup to the last failure before its restore, or to the restore's start.
        RecoveryPoint = "recovery-point",
        /// From the last failure before a restore, or from the restore's start, until an application opened the volume.
        RecoveryTime = "recovery-time",
        /// Time in which the ID of the source was in doubt.
        Doubt = "doubt",
        /// Working time of people: steps, commands, and from prompt to answer.
        OperatorTime = "operator-time",
        /// Time in which jobs used a mounted tape: from its mount to the hardened trailer, or to the end of a restore.
        TapeTime = "tape-time",
    }
}

names! {
    /// Of which runs the whole directory is kept.
    pub enum Keep {
        Violations = "violations",
        All = "all",
        None = "none",
    }
}

choices! {
    Measure, "a measure", later &[];
    Keep, "what to keep", later &[];
}
