//! `backup-exists`: from the first complete backup of a volume on there is always one to restore from.
//!
//! It is complete, registered, readable to its end, not older than `rpo` and not scratched.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use super::tally::Tally;
use super::tape::TapeAudit;
use super::view::{EntryState, InventoryEntry, View};
use crate::kernel::{Span, Time, mix};
use crate::vocab::{Extents, VolumeId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupExists {
    pub tally: Tally,
    /// Every volume that has had a complete backup, and until when the best one is young enough.
    covered: BTreeMap<VolumeId, Time>,
    /// Volumes that have none now.
    bare: BTreeSet<VolumeId>,
}

impl BackupExists {
    /// After an event that may have changed inventory or cartridges, and at a due instant.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        let rpo = scene.setup.limits.rpo;
        for until in self.covered.values_mut() {
            *until = Time::ZERO;
        }
        for entry in scene.view.inventory().iter().filter(|entry| entry.state == EntryState::Complete) {
            let good = !entry.scratched && is_readable(scene, entry);
            let until = if good { entry.t0.saturating_add(rpo) } else { Time::ZERO };
            let covered = self.covered.entry(entry.source_id).or_insert(Time::ZERO);
            *covered = until.max(*covered);
        }
        let is_bare = |(_, until): &(&VolumeId, &Time)| **until < scene.now() || **until == Time::ZERO;
        let bare: BTreeSet<VolumeId> = self.covered.iter().filter(is_bare).map(|(id, _)| *id).collect();
        for &id in bare.difference(&self.bare) {
            self.tally.violate(scene.at, || describe(id, rpo));
        }
        self.bare = bare;
    }

    /// After every event.
    #[inline]
    pub fn count(&mut self) {
        self.tally.evaluate(!self.covered.is_empty());
    }

    /// The last instant at which the present state is still right.
    pub fn due(&self) -> Time {
        let ahead = self.covered.iter().filter(|(id, _)| !self.bare.contains(id));
        ahead.map(|(_, until)| until.saturating_add(Span::from_ns(1))).min().unwrap_or(Time::NEVER)
    }

    /// The volumes that are owed a backup, and those that have none.
    pub fn digest(&self) -> u64 {
        let word = |id: &VolumeId| id.bytes().iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        self.covered.keys().fold(0, |digest, id| mix(mix(digest, word(id)), u64::from(self.bare.contains(id))))
    }

    /// A predicate that is false where a fork begins counts as seen there.
    pub fn begin_fork(&mut self, scene: &Scene<impl View>) {
        self.tally.forget_violations();
        for &id in &self.bare {
            self.tally.violate(scene.at, || describe(id, scene.setup.limits.rpo));
        }
    }
}

fn is_readable(scene: &Scene<impl View>, entry: &InventoryEntry) -> bool {
    let case = scene.books.jobs.backup(entry.backup).filter(|case| case.image.is_some());
    let extents = case.map_or(Extents::whole(0), |case| case.copied);
    TapeAudit::of(scene.view, entry, None, &extents).is_readable()
}

fn describe(id: VolumeId, rpo: Span) -> String {
    format!("{id} had a complete backup and now has none that is readable, not scratched and younger than {rpo}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::Fake;

    fn looked(check: &mut BackupExists, fake: &mut Fake) -> u64 {
        fake.scene(|scene| check.look(scene));
        check.count();
        check.tally.violations
    }

    #[test]
    fn a_good_backup_holds_until_it_is_too_old() {
        let (mut fake, mut check) = (Fake::with_backup(), BackupExists::default());
        assert_eq!(looked(&mut check, &mut fake), 0);
        let until = fake.inventory[0].t0 + fake.setup.limits.rpo;
        assert_eq!(check.due(), until + Span::from_ns(1));
        fake.now = until;
        assert_eq!(looked(&mut check, &mut fake), 0);
        fake.now = check.due();
        assert_eq!(looked(&mut check, &mut fake), 1);
        assert_eq!(check.due(), Time::NEVER);
        assert_eq!((check.tally.evaluated, check.tally.premise_true), (3, 3));
    }

    #[test]
    fn a_scratched_lost_or_unreadable_backup_violates() {
        let changes: [fn(&mut Fake); 3] =
            [|fake| fake.inventory[0].scratched = true, |fake| fake.inventory.clear(), |fake| fake.tapes[0].clear()];
        for change in changes {
            let (mut fake, mut check) = (Fake::with_backup(), BackupExists::default());
            assert_eq!(looked(&mut check, &mut fake), 0);
            change(&mut fake);
            assert_eq!(looked(&mut check, &mut fake), 1);
            assert_eq!(looked(&mut check, &mut fake), 1, "one loss counts once");
        }
    }

    #[test]
    fn before_the_first_complete_backup_there_is_no_premise() {
        let (mut fake, mut check) = (Fake::with_backup(), BackupExists::default());
        fake.inventory[0].state = EntryState::InProgress;
        assert_eq!(looked(&mut check, &mut fake), 0);
        assert_eq!((check.tally.evaluated, check.tally.premise_true), (1, 0));
    }
}
