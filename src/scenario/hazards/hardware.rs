//! Hazards of groups I and J: failures below every method, and orders that only a model of cache and disk shows.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static INFRASTRUCTURE: &[Hazard] = &[
    Hazard::new("H73", "XXXX", "a second disk fails during a rebuild", &[NoLostAckedWrite, BackupExists])
        .when("A rank has lost one disk and another fails, or turns out to have an unreadable sector.")
        .because("The rank cannot be reconstructed: source and virtual copy are lost together."),
    Hazard::new("H74", "XXXX", "data and parity of a stripe disagree", &[NoLostAckedWrite, PointInTimeFidelity])
        .when("A crash between the write of data and of parity, and later a disk failure.")
        .because("The reconstruction gives something that was never written.")
        .provided("closed by `raid.stripe_log = \"nvs\"`"),
    Hazard::new(
        "H75",
        "-XXX",
        "failover within an establish or a withdraw",
        &[BindingExclusive, CowOrder, UniqueIplId],
    )
    .when("One cluster dies in the middle of a metadata transaction.")
    .because("The survivor sees half of it."),
    Hazard::new("H76", "XXXX", "the battery-backed memory of both clusters is lost", &[NoLostAckedWrite])
        .when("A power loss longer than the batteries last, or a failure of both.")
        .because("What was acknowledged and not yet on disk is gone.")
        .after("S-31"),
    Hazard::new("H77", "XXXX", "clocks that cannot be compared", &[RestoreFidelity])
        .when("Times of backups come from clocks that differ.")
        .because("The generation that looks newest is not."),
];

pub static OF_THE_MODEL: &[Hazard] = &[
    Hazard::new("H78", "-XXX", "a write from before T0 is destaged after it", &[PointInTimeFidelity])
        .when("A modified slot of the source is older than T0 and reaches the disk after it.")
        .because("If it counts as an update after T0, the still older content of the home is saved as the copy's."),
    Hazard::new("H79", "-XXX", "old cached tracks of the target", &[PointInTimeFidelity])
        .when("The target was in use before it became a copy.")
        .because("Its tracks in the cache are from before the establish, and a read of the copy finds them."),
    Hazard::new("H80", "N---", "crash while the application is stopped", &[Progress])
        .when("The host crashes between the quiesce and the resume of direct-dump.")
        .because("Nobody lets the application go on."),
];
