//! Hazards of group B: a copy that is not the source at one instant, and updates that are lost.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H14", "-X--", "updates after T0 vanish with the wrong volume", &[NoLostAckedWrite])
        .when("Applications update the source after T0; then the copy is taken for it (H1 and H2).")
        .because("Those updates exist on the source alone: as many are lost as were acknowledged between T0 and the crash.")
        .after("¶6"),
    Hazard::new("H15", "-XXX", "the source is overwritten before its T0 content is safe", &[PointInTimeFidelity, CowOrder])
        .when("A write to a track that source and copy still share.")
        .because("If the new content reaches the source's home before the old one has reached the copy's, the copy reads it.")
        .provided("the order is the controller's; `cow` says when it saves a track")
        .after("¶3, ¶22"),
    Hazard::new("H16", "-XXX", "a track is marked as saved before it is", &[PointInTimeFidelity, CowOrder])
        .when("A crash between the mark that the copy owns a track and the arrival of its content.")
        .because("After the restart the copy reads its own home, which still holds something old."),
    Hazard::new("H17", "-XXX", "the copy is read from a modified cache slot of the source", &[PointInTimeFidelity])
        .when("A read of the copy while an update of the same source track waits in the cache.")
        .because("The newest content is at hand in the cache, and it is newer than T0."),
    Hazard::new("H18", "--XX", "somebody writes to the copy while it is dumped", &[PointInTimeFidelity])
        .when("The copy is online under an ID of its own, so a host can open and write it.")
        .because("The write takes the track out of the relationship, and the dump gets the new content.")
        .provided("closed by `fence_target`"),
    Hazard::new("H19", "-XXX", "a slow copy takes the place of the instant one", &[PointInTimeFidelity, SuccessMeansSuccess])
        .when("The instant copy is unavailable and the job is content with another.")
        .because("Track after track is copied for minutes while applications write: there is no single T0.")
        .provided("only under `fast_replication = \"preferred\"`")
        .after("S-10"),
    Hazard::new("H20", "oXXX", "volumes that belong together have different T0", &[PointInTimeFidelity])
        .when("Several volumes of one application are copied one after the other.")
        .because("A write that depends on an earlier one, on another volume, is in the backup and the earlier one is not.")
        .provided("direct-dump stops the application, so its T0 is one"),
    Hazard::new("H21", "-XXX", "what the application held in memory is missing", &[RestoreFidelity])
        .when("The instant copy is made while the application has buffers that it has not written.")
        .because("The copy is what a crash would have left: the application must recover, and its data is not what it believed.")
        .cannot(
            "cannot be expressed: a write is one that a host has issued, and the model knows nothing of what an application \
             still holds in its memory",
        ),
    Hazard::new("H22", "-XXX", "an extent allocated after T0 is not in the copy", &[PointInTimeFidelity])
        .when("Only allocated extents are copied, and the allocation changes meanwhile.")
        .because("What was free at the establish is outside the relationship; whatever the VTOC says later is not there.")
        .provided("only under `extent_scope = \"allocated\"`")
        .after("S-9"),
];
