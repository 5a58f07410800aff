//! `point-in-time-fidelity`: a virtual copy, its dump and its backup are the source as it was at T0.
//!
//! (a) Every track that a dump got, and every data block hardened on a tape, equals the image at T0; a complete backup
//! holds every track of its extent once. (b) After a crash, and when recovery is done, the target of every acknowledged
//! copy whose backup is not complete resolves from durable state to the image, but for tracks that hosts wrote to the
//! target. A copy is owed until somebody asks for its end. (c) The images of a consistency group are one cut: none has a write that
//! depends on a write which another lacks.

use super::jobs::{BackupCase, CopyState};
use super::scene::Scene;
use super::tally::Tally;
use super::tape::TapeAudit;
use super::view::{EntryState, View};
use crate::vocab::{Backup, Device, Tag, TrackNo};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointInTimeFidelity {
    pub tally: Tally,
}

impl PointInTimeFidelity {
    /// (a) A dump got `tag` for a track of `device`.
    pub fn dump_read(&mut self, scene: &Scene<impl View>, backup: Backup, device: Device, track: TrackNo, tag: Tag) {
        self.compare(scene, backup, track, tag, || {
            format!("the dump of backup {} read from device {}", backup.0 + 1, scene.number(device))
        });
    }

    /// (a) A block is on the tape.
    pub fn hardened(&mut self, scene: &Scene<impl View>, backup: Backup, track: TrackNo, tag: Tag) {
        self.compare(scene, backup, track, tag, || format!("the tape of backup {} holds", backup.0 + 1));
    }

    /// (a) A backup ended as complete.
    pub fn ended(&mut self, scene: &Scene<impl View>, backup: Backup, audit: &TapeAudit) {
        let failure = audit.unfaithful();
        self.tally.judge(scene.at, failure.map(|what| format!("backup {} is complete but {what}", backup.0 + 1)));
    }

    /// (b) After a crash, or at the end of a recovery.
    pub fn resolve(&mut self, scene: &Scene<impl View>) {
        let inventory = scene.view.inventory();
        let complete =
            |backup| inventory.iter().any(|entry| entry.backup == backup && entry.state == EntryState::Complete);
        for case in scene.books.jobs.backups.iter().filter(|case| is_owed(scene, case) && !complete(case.backup)) {
            let failure = unresolved(scene, case);
            self.tally.judge(scene.at, failure);
        }
    }

    /// (c) A member of a consistency group ended as complete.
    pub fn cut(&mut self, scene: &Scene<impl View>, backup: Backup) {
        let jobs = &scene.books.jobs;
        let Some(ended) = jobs.backup(backup).filter(|case| case.group.is_some()) else { return };
        // Those that began together: a group that is backed up again and again has many rounds.
        let members: Vec<&BackupCase> = jobs
            .backups
            .iter()
            .filter(|case| case.group == ended.group && case.started == ended.started && case.image.is_some())
            .collect();
        if members.len() < 2 {
            return;
        }
        let torn = members.iter().find_map(|has| members.iter().find_map(|lacks| torn_between(has, lacks)));
        self.tally.judge(scene.at, torn);
    }

    fn compare(
        &mut self,
        scene: &Scene<impl View>,
        backup: Backup,
        track: TrackNo,
        tag: Tag,
        who: impl FnOnce() -> String,
    ) {
        let image = scene.books.jobs.image(backup).filter(|image| track.0 < image.contents.tracks());
        let Some(image) = image else { return self.tally.evaluate(false) };
        self.tally.evaluate(true);
        if !image.extents.contains(track) {
            self.tally.violate(scene.at, || format!("{} track {}, which is no part of it", who(), track.0));
        } else if !image.held(track, tag) {
            self.tally.violate(scene.at, || format!("{} another track {} than there was at T0", who(), track.0));
        }
    }
}

/// What one image has that depends on what the other lacks.
fn torn_between(has: &BackupCase, lacks: &BackupCase) -> Option<String> {
    let (image, other) = (has.image.as_ref()?, lacks.image.as_ref()?);
    image.links.iter().find_map(|links| {
        let (_, missing) = lacks.lacks.iter().find(|(chain, _)| *chain == links.chain)?;
        (links.last? > *missing).then(|| {
            format!(
                "the image of {} in backup {} has a write that depends on one to {} which backup {} lacks",
                image.id,
                has.backup.0 + 1,
                other.id,
                lacks.backup.0 + 1
            )
        })
    })
}

fn is_owed(scene: &Scene<impl View>, case: &BackupCase) -> bool {
    let latest = scene.books.jobs.of_target(case.target).is_some_and(|latest| latest.backup == case.backup);
    case.copy == CopyState::Acknowledged && case.is_live() && latest
}

fn unresolved(scene: &Scene<impl View>, case: &BackupCase) -> Option<String> {
    let image = case.image.as_ref()?;
    let durable = scene.view.durable_tags(case.target);
    let differs = |track: &TrackNo| !image.held(*track, durable(*track)) && !case.target_written(*track);
    let mut wrong =
        (0..image.contents.tracks()).map(TrackNo).filter(|&track| image.extents.contains(track)).filter(differs);
    let first = wrong.next()?;
    Some(format!(
        "device {} is the copy of backup {} but {} of its tracks differ from T0, the first is track {}",
        scene.number(case.target),
        case.backup.0 + 1,
        1 + wrong.count(),
        first.0
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, TARGET, TRACKS};
    use crate::controller::dasd::DasdFact;
    use crate::vocab::{Extents, RelationNumber};

    const TRACK: TrackNo = TrackNo(3);

    fn checked(fake: &mut Fake, look: impl FnOnce(&mut PointInTimeFidelity, &Scene<Fake>)) -> Tally {
        let mut check = PointInTimeFidelity::default();
        fake.scene(|scene| look(&mut check, scene));
        check.tally
    }

    #[test]
    fn a_dump_of_the_image_holds_and_of_anything_else_violates() {
        let mut fake = Fake::with_copy();
        let good = fake.image().contents.get(TRACK);
        let tally = checked(&mut fake, |check, scene| check.dump_read(scene, BACKUP, TARGET, TRACK, good));
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
        let tally = checked(&mut fake, |check, scene| {
            check.dump_read(scene, BACKUP, TARGET, TRACK, Tag(1));
            check.hardened(scene, BACKUP, TRACK, Tag(1));
        });
        assert_eq!(tally.violations, 2);
        let detail = tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "the dump of backup 1 read from device 0A10 another track 3 than there was at T0");
    }

    #[test]
    fn without_a_t0_there_is_no_premise() {
        let mut fake = Fake::new();
        let tally = checked(&mut fake, |check, scene| {
            check.hardened(scene, BACKUP, TRACK, Tag(1));
            check.resolve(scene);
        });
        assert_eq!((tally.evaluated, tally.premise_true), (1, 0));
    }

    #[test]
    fn a_complete_backup_must_hold_every_track_once() {
        let mut fake = Fake::with_backup();
        let audit = fake.audit();
        let tally = checked(&mut fake, |check, scene| check.ended(scene, BACKUP, &audit));
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
        let audit = TapeAudit::unregistered(&Extents::whole(TRACKS));
        let tally = checked(&mut fake, |check, scene| check.ended(scene, BACKUP, &audit));
        let detail = tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "backup 1 is complete but 8 of its tracks are missing");
    }

    #[test]
    fn after_a_crash_the_target_must_resolve_to_the_image() {
        let mut fake = Fake::with_copy();
        let tally = checked(&mut fake, |check, scene| check.resolve(scene));
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
        fake.durable[TARGET.0 as usize][3] = Tag(9);
        let tally = checked(&mut fake, |check, scene| check.resolve(scene));
        let detail = tally.first.expect("a violation is kept").detail;
        assert_eq!(
            detail,
            "device 0A10 is the copy of backup 1 but 1 of its tracks differ from T0, the first is track 3"
        );
        fake.write_target(TRACK);
        assert_eq!(checked(&mut fake, |check, scene| check.resolve(scene)).violations, 0);
    }

    #[test]
    fn a_copy_is_owed_until_its_end_is_asked_for() {
        let mut fake = Fake::with_copy();
        fake.durable[TARGET.0 as usize][3] = Tag(9);
        let (relation, source, target) = (RelationNumber(1), crate::check::fake::SOURCE, TARGET);
        fake.note_dasd(DasdFact::WithdrawRequested { relation, source, target });
        assert_eq!(checked(&mut fake, |check, scene| check.resolve(scene)).evaluated, 0);
    }
}
