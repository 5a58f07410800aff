//! What goes wrong with the manager's tapes from outside: a pool without scratch cartridges, a list in disorder.

use super::Manager;
use crate::kernel::Time;
use crate::vocab::Backup;

/// What becomes of a list of cartridges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// A cartridge and its neighbour are named in the wrong order.
    Exchanged,
    /// A cartridge is named in its neighbour's place as well.
    Doubled,
}

impl Manager {
    /// Until then the library has no scratch cartridge to give: mounts of one wait.
    pub fn lose_scratch_until(&mut self, until: Time) {
        self.no_scratch_until = self.no_scratch_until.max(until);
    }

    /// The inventory's list of cartridges gets into disorder at `place`. False when the backup has but one cartridge.
    pub fn confuse_sections(&mut self, backup: Backup, place: usize, disorder: Disorder) -> bool {
        let Some(sections) = self.durable.sections_mut(backup) else { return false };
        let neighbour = if place + 1 < sections.len() { place + 1 } else { place.saturating_sub(1) };
        if place >= sections.len() || neighbour == place {
            return false;
        }
        match disorder {
            Disorder::Exchanged => sections.swap(place, neighbour),
            Disorder::Doubled => sections[neighbour] = sections[place],
        }
        true
    }
}
