//! `success-means-success`: what a job reports as done is done.
//!
//! A backup that ends as complete has all its data blocks and its trailer on tape and a complete entry, and
//! `point-in-time-fidelity` and `backup-id` hold of it; a restore that ends so was completed, with `restore-fidelity`.

use super::scene::Scene;
use super::tally::Tally;
use super::tape::TapeAudit;
use super::view::{EntryState, View};
use crate::vocab::{Backup, Restore};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SuccessMeansSuccess {
    pub tally: Tally,
}

impl SuccessMeansSuccess {
    pub fn backup_ended(&mut self, scene: &Scene<impl View>, backup: Backup, audit: &TapeAudit) {
        let id = scene.books.jobs.image(backup).map(|image| image.id);
        let trailer = || (!audit.trailer).then(|| "its trailer is not on tape".to_string());
        let entry = || match audit.state {
            Some(EntryState::Complete) => None,
            Some(_) => Some("its inventory entry is not".to_string()),
            None => Some("the inventory does not list it".to_string()),
        };
        let named = || id.and_then(|id| audit.misnamed(id));
        let failure = audit.unfaithful().or_else(trailer).or_else(entry).or_else(named);
        self.tally
            .judge(scene.at, failure.map(|what| format!("backup {} is reported complete but {what}", backup.0 + 1)));
    }

    /// `wrong` is what `restore-fidelity` found.
    pub fn restore_completed(&mut self, scene: &Scene<impl View>, restore: Restore, wrong: Option<String>) {
        self.tally.judge(scene.at, wrong.map(|what| format!("restore {} is reported complete but {what}", restore.0)));
    }

    pub fn restore_ended(&mut self, scene: &Scene<impl View>, restore: Restore) {
        let completed = scene.books.jobs.restore(restore).is_some_and(|case| case.completed.is_some());
        let failure = format!("restore {} ended as complete without having been completed", restore.0);
        self.tally.judge(scene.at, (!completed).then_some(failure));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, TRACKS};
    use crate::check::view::TapeRecord;

    fn ended(change: impl FnOnce(&mut Fake)) -> Tally {
        let mut fake = Fake::with_backup();
        change(&mut fake);
        let audit = fake.audit();
        let mut check = SuccessMeansSuccess::default();
        fake.scene(|scene| check.backup_ended(scene, BACKUP, &audit));
        check.tally
    }

    #[test]
    fn a_whole_backup_holds() {
        let tally = ended(|_| {});
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
    }

    #[test]
    fn each_missing_part_violates() {
        let detail = |change: fn(&mut Fake)| ended(change).first.expect("a violation is kept").detail;
        assert_eq!(
            detail(|fake| fake.tapes[0].retain(|record| *record != TapeRecord::EndOfFile)),
            "backup 1 is reported complete but its trailer is not on tape"
        );
        assert_eq!(
            detail(|fake| fake.inventory[0].state = EntryState::InProgress),
            "backup 1 is reported complete but its inventory entry is not"
        );
        assert_eq!(
            detail(|fake| drop(fake.tapes[0].remove(4))),
            "backup 1 is reported complete but 1 of its tracks are missing"
        );
        let mut check = SuccessMeansSuccess::default();
        let nothing = TapeAudit::unregistered(&crate::vocab::Extents::whole(TRACKS));
        Fake::with_backup().scene(|scene| check.backup_ended(scene, BACKUP, &nothing));
        assert_eq!(check.tally.violations, 1);
    }

    #[test]
    fn a_restore_is_judged_by_its_fidelity_and_its_end() {
        let mut fake = Fake::with_restore();
        let mut check = SuccessMeansSuccess::default();
        fake.scene(|scene| {
            check.restore_completed(scene, Restore(0), None);
            check.restore_ended(scene, Restore(0));
            assert_eq!((check.tally.premise_true, check.tally.violations), (2, 0));
            check.restore_completed(scene, Restore(0), Some("something differs".into()));
            check.restore_ended(scene, Restore(7));
        });
        assert_eq!(check.tally.violations, 2);
    }
}
