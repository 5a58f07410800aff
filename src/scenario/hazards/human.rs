//! Hazards of group C: what people do differently from the procedure.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H23", "--X-", "the option that withholds the ID is forgotten", &[UniqueIplId, UniqueOnlineId])
        .by_design()
        .when("The operator types the establish without it (step b1).")
        .because("The copy bears the source's ID, and nobody varies it offline: prior art 1 without its precaution.")
        .after("¶8"),
    Hazard::new("H24", "oXXo", "a wrong source or target is named", &[BackupExists, NoLostAckedWrite])
        .when("The establish is typed or configured with the device of another volume.")
        .because("The wrong volume is saved, or an innocent one is overwritten by the copy."),
    Hazard::new("H25", "ooX-", "the dump is forgotten, late, or too early", &[BackupExists, PointInTimeFidelity])
        .when("Establish and dump are separate commands (steps b1 and b3).")
        .because("No dump: no backup. A dump before the establish saves what the target held before."),
    Hazard::new("H26", "ooX-", "a wrong volume is dumped or a wrong tape noted", &[BackupId, RestoreFidelity])
        .by_design()
        .when("The dump and the entry in the inventory are typed (steps b3 and b5).")
        .because("The inventory leads from the copy's ID to a tape that holds something else."),
    Hazard::new(
        "H26a",
        "--X-",
        "the note which source a copy's ID stands for is lost",
        &[AccessibleAfterRestore, BackupId],
    )
    .by_design()
    .when("Any time between the backup and its restore.")
    .because("The tape and the inventory say the copy's ID; that it means the source stands in the run book alone.")
    .after("¶8"),
    Hazard::new("H26b", "--X-", "the relabel after the restore is forgotten", &[AccessibleAfterRestore])
        .by_design()
        .when("After the restore, before applications need the volume (step b8).")
        .because("The restored volume bears the copy's ID, and nothing opens the source's.")
        .after("¶8"),
    Hazard::new(
        "H26c",
        "--X-",
        "the restored volume is relabelled with a typing error",
        &[AccessibleAfterRestore, UniqueOnlineId],
    )
    .by_design()
    .when("The operator types the ID in step b8.")
    .because("The volume gets an ID that nobody asks for, or one that another volume has."),
    Hazard::new(
        "H26d",
        "--X-",
        "the wrong device is relabelled",
        &[UniqueOnlineId, AccessibleAfterRestore, NoLostAckedWrite],
    )
    .by_design()
    .when("The operator types the device in step b8.")
    .because("An innocent volume gets the source's ID, and applications write into it.")
    .provided("`verify_volser` asks for the ID that the device should bear")
    .after("S-43"),
    Hazard::new(
        "H26e",
        "--X-",
        "the relabel comes too early, or under a device in use",
        &[AccessibleAfterRestore, CachedIdCoherent],
    )
    .by_design()
    .when("Step b8 before the restore has ended, or while another image has the device online.")
    .because("The restore overwrites the new label with the copy's; or hosts go on with the old ID in their notes.")
    .after("S-5"),
    Hazard::new("H26f", "--X-", "the only backup is edited", &[BackupExists, BackupId])
        .by_design()
        .when("The variant that changes the ID in the backup image before the restore (step b7').")
        .because("One mistake in the edit spoils the one copy that exists.")
        .after("¶8"),
    Hazard::new(
        "H26g",
        "--Xo",
        "the label is right and the names on the volume are not",
        &[RestoreFidelity, AccessibleAfterRestore],
    )
    .by_design()
    .when("After a relabel, or when only header and label were put right.")
    .because("Names of the VTOC, its index and the catalogue's data set embed the volume ID and still say the other.")
    .provided("safe-backup only if `reintroduce_scope` is less than `all`")
    .after("S-1"),
];
