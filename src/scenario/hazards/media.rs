//! Hazards of group F: tapes, and what reads and writes them.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H45", "XXXX", "a block can never be written", &[SuccessMeansSuccess, BackupExists])
        .when("A permanent write error during the dump.")
        .because("The dump must stop or go on with another cartridge; if the error is ignored there is a hole in the backup."),
    Hazard::new("H46", "XXXX", "the drive loses blocks it has acknowledged", &[SuccessMeansSuccess, PointInTimeFidelity])
        .when("The drive crashes with blocks in its buffer.")
        .because("The host counts as written what was only in memory.")
        .after("S-49"),
    Hazard::new("H47", "XXXX", "a tape without its trailer counts as a backup", &[SuccessMeansSuccess])
        .when("The end of the dump is missing and the inventory has an entry all the same.")
        .because("A restore runs off the end of the data.")
        .after("S-47"),
    Hazard::new("H48", "XXXX", "a cartridge is missing, double, or out of order", &[RestoreFidelity])
        .when("A restore from several cartridges.")
        .because("A section of the volume comes from nowhere, twice, or from the wrong place.")
        .provided("closed by a check of labels and sequence")
        .after("S-52"),
    Hazard::new("H49", "XXXX", "no drive, no mount or no scratch tape", &[Progress])
        .when("Before and during the dump.")
        .because("T0 is held for hours and every write pays for it; under direct-dump the application stands still."),
    Hazard::new("H50", "XXXX", "the tape cannot be read when it is needed", &[BackupExists])
        .when("At the restore, after an error that nobody noticed.")
        .because("The backup that was there for years is none.")
        .provided("reduced by `readback = \"after-dump\"`"),
    Hazard::new("H51", "XXXX", "a good tape is written over", &[BackupExists])
        .when("A dump onto a cartridge whose label is not looked at.")
        .because("The earlier backup is gone."),
    Hazard::new("H52", "XXXX", "a track of the source cannot be read", &[PointInTimeFidelity, SuccessMeansSuccess])
        .when("During the dump.")
        .because("The dump fails, or it skips the track and says nothing."),
    Hazard::new("H53", "XXXX", "wrong data is read without an error", &[PointInTimeFidelity])
        .when("On the way from the disk to the tape.")
        .because("Nothing notices, and the wrong content is what is saved."),
    Hazard::new("H54", "--oN", "header and label on one tape disagree", &[BackupId])
        .when("The ID is put back into one of them only.")
        .because("A restore goes by the header and writes the label, or the other way round: half a volume of that name.")
        .provided("under no-volid-manual both bear the copy's ID"),
    Hazard::new("H55", "XXXX", "the old generation goes before the new one is proved", &[BackupExists])
        .when("The tape of the generation before is scratched early.")
        .because("If the new one turns out bad, there is none.")
        .provided("closed by `scratch_policy = \"after-new-verified\"`"),
];
