//! Hazards of group E: a controller that never overwrites, but collects.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H40", "-XXX", "updates beside a pinned T0 fill the array", &[Progress])
        .when("A long dump of a volume that is written a lot.")
        .because("Old and new content both stay; when the net capacity load reaches 100 %, host writes wait or are refused."),
    Hazard::new("H41", "oXXX", "collection takes the disks from the hosts", &[Progress])
        .when("The net capacity load is above 75 %.")
        .because("Free-space collection gets priority, and every host request pays for it.")
        .after("S-35"),
    Hazard::new("H42", "-XXX", "crash between the pointers of a copy and their counts", &[BindingExclusive, PointInTimeFidelity, NoLostAckedWrite])
        .when("A crash within the establish or the deletion of a snapshot.")
        .because("With a count too low a track in use is freed and written over; with one too high its place is never free again."),
    Hazard::new("H43", "-XXX", "the collector moves a shared track and misses one binding", &[PointInTimeFidelity, BindingExclusive])
        .when("Collection of a segment that holds tracks of both source and copy.")
        .because("One of the two still points to the old place, which soon holds something else."),
    Hazard::new("H44", "-XXX", "the target is never deleted", &[NoOrphan, HiddenIdSound])
        .when("After the backup, when nothing deletes the bindings of the copy.")
        .because("There is no relationship to withdraw: T0 and the hidden ID stay for ever and take space.")
        .provided("`delete_target = \"after-backup\"` deletes it")
        .after("¶38"),
];
