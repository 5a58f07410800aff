//! Hazards of group A: two devices that answer to one volume ID.

use super::Hazard;
use crate::vocab::Invariant::*;

pub static HAZARDS: &[Hazard] = &[
    Hazard::new("H1", "-X--", "crash while two devices bear one ID", &[UniqueIplId, UniqueOnlineId])
        .by_design()
        .when("The host crashes after the copy is committed and before it is offline (steps a2 to a3).")
        .because(
            "Source and copy bear the same label and both are genned online. The next IPL reads both labels and cannot \
             tell which is which; the hosts were in danger from the commit on.",
        )
        .provided("two devices online at once only under the policy `admit-both`; in danger at the next IPL in any case")
        .after("¶6"),
    Hazard::new("H2", "-X--", "the copy is taken for the source after a crash", &[NoLostAckedWrite])
        .by_design()
        .when("As H1, and the operator answers the duplicate prompt wrongly, or the policy prefers the copy.")
        .because(
            "The copy, which stands at T0, becomes the volume that applications open. What was acknowledged after T0 is \
             not on it, and from now on the two diverge.",
        )
        .after("¶6, S-53"),
    Hazard::new("H3", "-XXX", "crash between the relationship and the copy's own label", &[UniqueIplId])
        .by_design()
        .when("A crash when the relationship is durable and the label of the copy is not.")
        .because(
            "Track 0 of the copy is still shared with the source, so the copy's label reads as the source's although the \
             ID was to be withheld.",
        )
        .provided("safe-backup only under `label_commit = \"after-establish\"`"),
    Hazard::new("H4", "-X--", "the vary offline fails, is late, or is forgotten", &[CachedIdCoherent, UniqueOnlineId])
        .by_design()
        .when("From the commit of the copy until it is offline, for as long as somebody or something needs.")
        .because(
            "The copy is online and its label says the source's ID, while the host still believes its old one. Whoever \
             goes by the label finds two volumes.",
        ),
    Hazard::new("H5", "-X--", "the copy comes online before it has its own label again", &[UniqueOnlineId])
        .by_design()
        .when("A vary online by an operator or by automation before the target is relabelled (step a8).")
        .because("The same collision as H1, without a crash; or the vary is refused, and someone searches for the reason."),
    Hazard::new("H6", "-X--", "IPL while the copy is offline but genned online", &[UniqueIplId])
        .by_design()
        .when("Any IPL from the commit of the copy to its new label (steps a2 to a8): the whole dump and more.")
        .because("Offline is a state in a host's memory. An IPL forgets it and goes by the configuration.")
        .after("S-53"),
    Hazard::new("H7", "-Xoo", "another image shares the copy", &[UniqueOnlineId])
        .by_design()
        .when("The target is online to a second host image while a backup uses it.")
        .because("VARY acts on one image. The other still has the device online and sees whatever label it has now."),
    Hazard::new("H8", "-XXo", "a label changes under an online device", &[CachedIdCoherent, NoLostAckedWrite])
        .by_design()
        .when("Any change of a label while another image has the device online.")
        .because(
            "A host reads a label when the device comes online or is mounted, and believes its own note of it from then \
             on. Until it looks again it writes to the wrong volume.",
        )
        .after("S-44"),
    Hazard::new("H9", "--Xo", "the ID chosen for the copy is in use", &[UniqueOnlineId, UniqueIplId])
        .by_design()
        .when("The copy's ID is chosen at the establish: by hand, or from the same run book a second time.")
        .because("A typing error or a repeated line of the run book gives the copy the ID of a third volume.")
        .provided("closed for safe-backup if `target_id = \"keep\"`"),
    Hazard::new("H10", "XX-N", "a backup on DASD bears the source's ID", &[UniqueIplId, UniqueOnlineId])
        .when("The backup is written to another disk volume with the ID put back.")
        .because("A physical volume with the source's ID now stands beside the living source.")
        .provided("closed by `dasd_backup_online = \"never\"`")
        .after("¶44"),
    Hazard::new("H11", "XXoX", "restore while the source is still online", &[UniqueOnlineId, UniqueIplId, NoLostAckedWrite])
        .when("A restore onto another device while the source lives, or is only believed to be dead.")
        .because("Two volumes claim the ID: the newer source and the older restored one."),
    Hazard::new("H12", "XXoX", "an ID that was given away comes back", &[UniqueOnlineId, UniqueIplId])
        .when("A volume is retired, its ID goes to another, then the old volume is restored.")
        .because(
            "Old and new owner of the ID stand side by side: online together where an IPL admits both, and a prompt away from \
             it elsewhere.",
        )
        .provided("closed by `restore_if_online = \"refuse\"` with `old_device = \"keep\"`; `\"retire\"` takes the new owner out of service"),
    Hazard::new("H13", "XXXX", "the failed source returns after its restore", &[UniqueOnlineId, NoLostAckedWrite])
        .when("After a restore onto another device the old device becomes reachable again.")
        .because("Its label never changed: a dead volume rises under an ID that has a new owner."),
];
