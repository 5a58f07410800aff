//! Hazards of group H: bringing a volume back.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H67", "XXoX", "crash in the middle of a restore", &[RestoreFidelity, NoLostAckedWrite])
        .when("The label is written first and the host goes down before the last track.")
        .because("Half a volume comes online under the right ID.")
        .provided("safe-backup is closed if `restore_label = \"last\"`; the copy's ID protects no-volid-manual"),
    Hazard::new("H68", "XXXX", "tape error in the middle of a restore onto the original", &[BackupExists])
        .when("The restore has begun to overwrite the source's own device.")
        .because("The old content is gone and the backup cannot be read."),
    Hazard::new("H69", "-XXX", "restore over a volume that is the source of a copy", &[Progress, PointInTimeFidelity])
        .when("A restore onto a device that is being backed up.")
        .because("Every track must first be saved for the copy; T0 must survive it."),
    Hazard::new("H70", "-XXX", "restore onto the target of a copy", &[PointInTimeFidelity])
        .when("A restore onto a device that holds the only view of a T0.")
        .because("Each restored track takes one out of the copy."),
    Hazard::new("H71", "XXXX", "restore onto the wrong device", &[UniqueOnlineId, NoLostAckedWrite])
        .when("A wrong device is named.")
        .because("An innocent volume is destroyed, and bears the restored ID afterwards.")
        .provided("`verify_volser` asks for the ID that the device should bear"),
    Hazard::new("H72", "--X-", "increments of the source do not apply to the restored volume", &[RestoreFidelity])
        .cannot("cannot be expressed: there are no incremental backups that a restore could apply")
        .when("Incremental backups are kept under the source's ID, and the volume comes back under the copy's.")
        .because("Forward recovery finds no increments for that ID, and ends at the full backup.")
        .after("S-55"),
];
