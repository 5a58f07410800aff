//! Which waiting mount is served next, and which drive it gets.
//!
//! Policies decide among what is possible: a drive that works and belongs to nobody. What is possible is the controller's
//! business. The orders are assumptions; libraries differ, and few say what they do.

use std::cmp::Reverse;

use crate::names;
use crate::vocab::Drive;

names! {
    /// Which of the waiting mounts is looked at first. A mount that cannot be served lets those behind it pass.
    pub enum MountOrder {
        /// As they were asked for.
        Arrival = "arrival",
        /// Those whose cartridge is in a drive that is free before those that would send it away.
        MountedFirst = "mounted-first",
    }
}

names! {
    /// When a cartridge that nobody uses any more goes back to its cell.
    pub enum Demount {
        /// As part of the unload.
        AtUnload = "at-unload",
        /// When its drive is needed for another cartridge. Until then it stays threaded at the load point, and a mount of
        /// it costs nothing.
        WhenNeeded = "when-needed",
    }
}

names! {
    /// Which drive a cartridge gets that is in none. Empty drives come first in any case, and of those the ones on
    /// which fewest mounts have failed.
    pub enum DriveChoice {
        /// The one with the lowest number.
        Lowest = "lowest",
        /// The one with the fewest mounts so far.
        LeastUsed = "least-used",
        /// The one on the level that is nearest to the cell.
        Nearest = "nearest",
    }
}

/// A drive that could take a cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub drive: Drive,
    pub is_empty: bool,
    pub failed_mounts: u32,
    pub mounts: u64,
    /// Levels between the cell and the drive.
    pub distance: u32,
}

impl DriveChoice {
    /// The drive that gets the cartridge; none when there is no candidate.
    pub fn choose(self, candidates: impl Iterator<Item = Candidate>) -> Option<Drive> {
        let key = |candidate: &Candidate| {
            let preference = match self {
                DriveChoice::Lowest => 0,
                DriveChoice::LeastUsed => candidate.mounts,
                DriveChoice::Nearest => u64::from(candidate.distance),
            };
            (Reverse(candidate.is_empty), candidate.failed_mounts, preference, candidate.drive)
        };
        candidates.min_by_key(key).map(|candidate| candidate.drive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_prefers_its_own_kind_among_empty_drives_that_work() {
        let candidate = |number: u8, is_empty, failed_mounts, mounts, distance| Candidate {
            drive: Drive(number),
            is_empty,
            failed_mounts,
            mounts,
            distance,
        };
        let all = [
            candidate(0, false, 0, 0, 0),
            candidate(1, true, 1, 1, 0),
            candidate(2, true, 0, 9, 5),
            candidate(3, true, 0, 2, 7),
            candidate(4, true, 0, 3, 1),
        ];
        let chosen = |choice: DriveChoice, from: &[Candidate]| choice.choose(from.iter().copied());
        assert_eq!(
            DriveChoice::ALL.iter().map(|&choice| chosen(choice, &all)).collect::<Vec<_>>(),
            [Some(Drive(2)), Some(Drive(3)), Some(Drive(4))]
        );
        assert_eq!(chosen(DriveChoice::Lowest, &all[..2]), Some(Drive(1)), "one that failed before one that is full");
        assert_eq!(chosen(DriveChoice::Nearest, &all[..1]), Some(Drive(0)));
        assert_eq!(chosen(DriveChoice::Nearest, &[]), None);
    }
}
