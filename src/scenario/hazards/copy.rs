//! Hazards of group D: from the establish of a virtual copy to its end.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H27", "-XXo", "the withdrawn copy has the source's label on its disk", &[UniqueIplId, UniqueOnlineId])
        .when("After a successful backup: the copy is withdrawn, then comes online or is found by an IPL.")
        .because(
            "During the relationship the controller may have written the T0 content of track 0, label included, to the \
             copy's home. When the relationship ends, that is what the device shows.",
        )
        .provided("closed for safe-backup if `label_residency = \"resident\"`")
        .after("S-3, S-4"),
    Hazard::new("H28", "-ooN", "crash between the establish and the dump", &[NoOrphan, HiddenIdSound])
        .when("The host crashes after step c2 and before step c3.")
        .because("A copy stands there with its own label, a hidden ID and a live relationship, and no job; the next establish on it is refused.")
        .after("S-25"),
    Hazard::new("H29", "XXXX", "crash in the middle of the dump", &[NoOrphan, SuccessMeansSuccess])
        .when("The host or the site goes down while the dump runs (steps c3 to c4).")
        .because("As H28, and a tape with the beginning of a dump and no trailer."),
    Hazard::new("H30", "XXXX", "crash between the trailer and the inventory", &[BackupExists])
        .when("The host crashes after the end of the tape is safe and before the entry is complete (steps c4 to c5).")
        .because("A good tape that nobody knows of, and that may be taken for a scratch tape."),
    Hazard::new("H31", "-XXX", "crash between the inventory and the withdraw", &[NoOrphan, Progress])
        .when("The host crashes after step c5 and before step c6.")
        .because("The backup is good, so nobody looks; but every write still pays for the copy, and the next establish is refused."),
    Hazard::new("H32", "-XXX", "the copy is withdrawn before the dump has ended", &[PointInTimeFidelity, SuccessMeansSuccess])
        .when("An operator, a time-out or a lack of space ends the relationship while the dump reads.")
        .because("The rest of the dump reads the copy's own home, which holds what it held before.")
        .after("S-4, S-19"),
    Hazard::new("H33", "-XXX", "the copy is withdrawn before the tape is safe", &[PointInTimeFidelity, BackupExists])
        .when("Reads are still in flight, or blocks still in the drive's buffer, when the copy ends.")
        .because("If the tail is wrong or lost, T0 is gone and the dump cannot be repeated."),
    Hazard::new("H34", "-XXX", "the target gets a new copy while it is dumped", &[PointInTimeFidelity])
        .when("A second establish onto the target during the dump.")
        .because("The tape begins at one T0 and ends at another."),
    Hazard::new("H35", "-XXX", "the record of the relationship is lost or goes back in time", &[PointInTimeFidelity, UniqueIplId])
        .when("The metadata store loses its last changes, by a battery, a failover or a defect.")
        .because("The copy is read from its home, to which nothing was ever written; or its label is again the source's."),
    Hazard::new("H36", "---N", "the source is itself a copy with a hidden ID", &[HiddenIdSound, BackupId])
        .when("A safe backup of a volume that is the target of another.")
        .because("There are two IDs that could be hidden, and one place.")
        .provided("closed by `cascade = \"refuse\"`")
        .after("S-2"),
    Hazard::new("H37", "--Xo", "the copy is copied back onto its source", &[AccessibleAfterRestore])
        .when("An establish with source and target exchanged.")
        .because("The source gets the label of the copy, and nobody finds it under its own ID.")
        .provided("closed for safe-backup by `copy_back = \"recover-source-id\"`, while the copy hides the ID; home-area only")
        .after("S-2"),
    Hazard::new("H38", "-ooo", "the relationship ends by itself before the withdraw", &[Progress])
        .when("The controller copies every track and closes the relationship while the dump still runs.")
        .because("The withdraw finds nothing, reports an error, and a good job fails."),
    Hazard::new("H39", "XXXX", "source and copy lie on the same disks", &[BackupExists])
        .when("Until the end of the dump.")
        .because("The copy has no data of its own: a loss of the source's disks takes both."),
];
