//! `backup-id`: a complete backup says everywhere which volume it is of.
//!
//! The ID in every volume header record, the effective ID of its image of track 0 and the ID in the inventory equal the
//! source's ID at T0.

use super::jobs::BackupCase;
use super::scene::Scene;
use super::tally::Tally;
use super::tape::{Reading, TapeAudit};
use super::view::{EntryState, View};
use crate::vocab::{Backup, Extents};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupId {
    pub tally: Tally,
}

impl BackupId {
    /// J: a backup ended as complete.
    pub fn ended(&mut self, scene: &Scene<impl View>, backup: Backup, audit: &TapeAudit) {
        let id = scene.books.jobs.backup(backup).and_then(|case| case.id_at_t0);
        let Some(id) = id else { return self.tally.evaluate(false) };
        let failure = audit.misnamed(id);
        self.tally
            .judge(scene.at, failure.map(|what| format!("backup {} of {id} is complete but {what}", backup.0 + 1)));
    }

    /// C and Z: every backup that the inventory calls complete.
    pub fn sweep(&mut self, scene: &Scene<impl View>) {
        for entry in
            scene.view.inventory().iter().filter(|entry| entry.state == EntryState::Complete && !entry.scratched)
        {
            let image = scene.books.jobs.image(entry.backup);
            let extents = image.map_or(Extents::whole(0), |image| image.extents);
            let reading = scene.books.jobs.backup(entry.backup).map_or(Reading::VolumeId, BackupCase::reading);
            let audit = TapeAudit::of(scene.view, entry, image.map(AsRef::as_ref), &extents).read_as(reading);
            self.ended(scene, entry.backup, &audit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, id};
    use crate::check::view::TapeRecord;

    fn swept(fake: &mut Fake) -> Tally {
        let mut check = BackupId::default();
        fake.scene(|scene| check.sweep(scene));
        check.tally
    }

    #[test]
    fn one_id_everywhere_holds() {
        let tally = swept(&mut Fake::with_backup());
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
    }

    #[test]
    fn a_target_id_on_the_tape_violates() {
        let mut fake = Fake::with_backup();
        fake.tapes[0][1] = TapeRecord::Header { backup: BACKUP, volume: id("SPARE1") };
        let detail = swept(&mut fake).first.expect("a violation is kept").detail;
        assert_eq!(detail, "backup 1 of PROD01 is complete but a volume header says SPARE1");
        let mut fake = Fake::with_backup();
        fake.inventory[0].source_id = id("SPARE1");
        let detail = swept(&mut fake).first.expect("a violation is kept").detail;
        assert_eq!(detail, "backup 1 of PROD01 is complete but the inventory lists it as SPARE1");
    }

    #[test]
    fn an_unfinished_backup_is_no_premise() {
        let mut fake = Fake::with_backup();
        fake.inventory[0].state = EntryState::InProgress;
        fake.inventory[0].source_id = id("SPARE1");
        assert_eq!(swept(&mut fake).evaluated, 0);
    }
}
