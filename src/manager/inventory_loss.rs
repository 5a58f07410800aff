//! What the loss of a part of the inventory leaves (fault `inventory-loss`): entries gone, or the last changes undone.
//!
//! The inventory keeps a log of its changes, the last of them only: a restored older copy of it lacks them. A cartridge
//! whose entry is gone stays where it is, and nobody knows what it holds (H30).

use super::catalog::{Catalog, InventoryEntry};
use crate::vocab::Backup;

/// One change: what the entry of a backup was before.
#[derive(Clone, Debug, Hash)]
pub struct InventoryChange {
    backup: Backup,
    before: Option<InventoryEntry>,
}

/// Changes that can be undone (A).
const MOST_CHANGES: usize = 1_000;

impl Catalog {
    /// The entry of a backup is about to be changed, or made.
    pub fn note_inventory_change(&mut self, backup: Backup) {
        let before = self.entry(backup).cloned();
        if self.inventory_changes.len() == MOST_CHANGES {
            self.inventory_changes.pop_front();
        }
        self.inventory_changes.push_back(InventoryChange { backup, before });
    }

    /// Undoes the last `rollback` changes, then drops the last `entries`. False when there was nothing to lose.
    pub fn lose_inventory(&mut self, entries: u32, rollback: u32) -> bool {
        let mut lost = false;
        let mut left = rollback;
        while left > 0 {
            let Some(InventoryChange { backup, before }) = self.inventory_changes.pop_back() else { break };
            if self.entry(backup) == before.as_ref() {
                continue; // somebody meant to change it, and did not
            }
            left -= 1;
            lost = true;
            match (self.inventory.iter_mut().rev().find(|entry| entry.backup == backup), before) {
                (Some(entry), Some(before)) => *entry = before,
                (None, Some(before)) => self.inventory.push(before),
                (_, None) => self.inventory.retain(|entry| entry.backup != backup),
            }
        }
        for _ in 0..entries {
            lost |= self.inventory.pop().is_some();
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::manager::catalog::{BackupPlace, EntryState};
    use crate::vocab::VolumeId;

    fn catalog() -> Catalog {
        let volume = VolumeId::parse("PROD01").unwrap();
        let mut catalog = Catalog::new(2, &[], &[], Vec::new());
        for backup in [Backup(0), Backup(1)] {
            catalog.note_inventory_change(backup);
            catalog.inventory.push(InventoryEntry {
                backup,
                source: volume,
                header: volume,
                t0: Time::ZERO,
                place: BackupPlace::Tape(Vec::new()),
                extents: crate::vocab::Extents::whole(15),
                tracks: 15,
                state: EntryState::InProgress,
            });
        }
        catalog.entry_mut(Backup(0)).unwrap().state = EntryState::Complete;
        catalog
    }

    fn states(catalog: &Catalog) -> Vec<(u16, EntryState)> {
        catalog.inventory.iter().map(|entry| (entry.backup.0, entry.state)).collect()
    }

    #[test]
    fn changes_are_undone_last_first() {
        let mut lost = catalog();
        assert!(lost.lose_inventory(0, 1));
        assert_eq!(states(&lost), [(0, EntryState::InProgress), (1, EntryState::InProgress)]);
        assert!(lost.lose_inventory(0, 1));
        assert_eq!(states(&lost), [(0, EntryState::InProgress)]);
        assert!(lost.lose_inventory(0, 5));
        assert_eq!((states(&lost), lost.lose_inventory(1, 1)), (vec![], false));
    }

    #[test]
    fn entries_are_lost_from_the_end() {
        let mut lost = catalog();
        assert!(lost.lose_inventory(1, 0));
        assert_eq!(states(&lost), [(0, EntryState::Complete)]);
    }
}
