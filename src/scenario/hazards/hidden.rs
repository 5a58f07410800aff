//! Hazards of group G: an ID hidden in a label must be the right one, and gone when its time is over.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H56", "---N", "a torn write of the label", &[HiddenIdSound, BackupId])
        .when("Power fails, or a sector is torn, while the label of the copy is written.")
        .because("The volume ID in front looks right, the hidden one behind it is half old, half new.")
        .provided("the sealed form notices, the bare one does not"),
    Hazard::new("H57", "---N", "the copy's label is rewritten before the dump", &[BackupId])
        .when("A utility relabels the target between establish and dump.")
        .because("The hidden ID is gone. A dump that goes on writes the copy's ID onto the tape.")
        .provided("closed by `hidden_missing = \"fail-dump\"` and `fence_target`"),
    Hazard::new("H58", "---N", "a stale hidden ID is put back", &[BackupId, RestoreFidelity])
        .when("The target is used again without having been cleared, and is dumped as a volume of its own.")
        .because("The dump finds a hidden ID of an earlier life and writes it over unrelated data; its restore overwrites the earlier source.")
        .provided("the sealed form knows its target and refuses; `clear_hidden_on` clears"),
    Hazard::new("H59", "---N", "a hidden ID travels with a copied label", &[HiddenIdSound])
        .when("The label track of a copy is copied elsewhere by another utility.")
        .because("A device hides an ID that was never its source's. In the bare form its next dump bears that ID and is registered under it.")
        .provided("the sealed form knows the device's own ID"),
    Hazard::new("H60", "---N", "a restored volume still hides an ID", &[BackupId])
        .when("A restore brings the hidden field back; later the volume is renamed and dumped.")
        .because("The dump puts the old ID back onto the renamed volume's tape."),
    Hazard::new("H61", "---N", "a dump program that knows nothing of the field", &[BackupId, AccessibleAfterRestore])
        .when("An old level of the dump program runs step c3.")
        .because("The tape bears the copy's ID, as under no-volid-manual, but nobody has a run book for it."),
    Hazard::new("H62", "---N", "a restore program that knows nothing of the field", &[AccessibleAfterRestore, RestoreFidelity])
        .when("A tape that leaves it to the restore to put the ID back, and an old level of the program.")
        .because("The restored volume bears the copy's ID.")
        .provided("only under `reintroduce = \"at-restore\"`"),
    Hazard::new("H63", "---N", "a label of another form", &[HiddenIdSound])
        .cannot("cannot be expressed: every label has one layout and one place")
        .when("The label of the target is not where, or not what, the controller expects.")
        .because("There is no place for a hidden ID, and nobody says so."),
    Hazard::new("H64", "-o-N", "the source is renamed during the dump", &[BackupId])
        .when("Between T0 and the end of the dump.")
        .because("Old or new ID? The rule here: the one at T0. A method that reads the label later writes another."),
    Hazard::new("H65", "oooN", "generations of one source are confused", &[RestoreFidelity])
        .when("Two backups of one volume exist, or run at once.")
        .because("Both tapes bear the same ID; the wrong one is restored."),
    Hazard::new("H66", "--oN", "the stimulus comes twice", &[PointInTimeFidelity, NoOrphan])
        .when("A requester repeats it after a time-out.")
        .because("A second establish on the same target (H34), or two tapes and a copy without a job.")
        .provided("closed by `duplicate_stimulus = \"reject\"` or `\"join\"`"),
];
