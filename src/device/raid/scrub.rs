//! Scrubbing: a look at whole rows that finds what nobody has read, and what raises no error.
//!
//! A slot that cannot be read is computed from its row. Checks that do not fit their data show that something is wrong, not
//! what: RAID-6 can tell when exactly one slot, left out, makes all the rest fit; mirrors and RAID-5 cannot, and repair nothing.

use std::ops::Range;

use super::layout::Role;
use super::{Durable, Rank};
use crate::vocab::Tag;

/// What a look at a row found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A slot is to be written with what the rest of its row says.
    Repair { disk: u16, row: u64, tag: Tag },
    /// A slot cannot be read, and the rest of its row does not suffice.
    Lost { disk: u16, row: u64 },
    /// Data and checks do not fit, and nobody can say which of them is wrong.
    Mismatch { row: u64 },
}

impl Rank {
    /// What is wrong with these rows, as far as reading them shows it. Rows of a disk that failed are not looked at.
    pub fn scrub(&self, rows: Range<u64>) -> Vec<Finding> {
        let rows = rows.start..rows.end.min(self.durable.platters.bound_rows());
        let mut found = Vec::new();
        for row in rows {
            self.durable.scrub(row, &mut found);
        }
        found
    }
}

impl Durable {
    fn scrub(&self, row: u64, found: &mut Vec<Finding>) {
        let layout = self.platters.layout();
        let failed = |disk: &u16| self.damage.has_failed(*disk, row);
        let disks: Vec<u16> = (0..layout.disks()).filter(|disk| !failed(disk)).collect();
        let spoiled: Vec<u16> = disks.iter().copied().filter(|&disk| !self.damage.is_readable(disk, row)).collect();
        for &disk in &spoiled {
            found.push(match self.reconstruct(disk, row) {
                Some(tag) => Finding::Repair { disk, row, tag },
                None => Finding::Lost { disk, row },
            });
        }
        if !spoiled.is_empty() || disks.len() < usize::from(layout.disks()) || self.fits(row, None) {
            return;
        }
        let mut suspects = disks.into_iter().filter(|&disk| self.fits(row, Some(disk)));
        found.push(match (suspects.next(), suspects.next()) {
            (Some(disk), None) => {
                let tag = self.reconstruct(disk, row).expect("every other slot of the row can be read");
                Finding::Repair { disk, row, tag }
            }
            _ => Finding::Mismatch { row },
        });
    }

    /// Whether the slots of a row, all readable, agree; with one left out, whether the others still prove something and
    /// agree on it.
    fn fits(&self, row: u64, without: Option<u16>) -> bool {
        let layout = self.platters.layout();
        let slot = |disk: u16| self.content(disk, row);
        // With one slot left out, mirrors and a single parity prove nothing any more.
        let proves = without.is_none() || layout.level().survives() >= 2;
        let column = |column: u16| {
            let disk = layout.data_disk(row, column);
            if without == Some(disk) {
                return self.reconstruct(disk, row).expect("every other slot of the row can be read");
            }
            slot(disk)
        };
        let mut checks = layout.check_disks(row).filter(|&check| without != Some(check));
        proves
            && checks.all(|check| {
                let role: Role = layout.role(check, row);
                slot(check) == layout.check_of(role, column)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fill, rank_of};
    use super::super::{Place, RaidLevel};
    use super::*;

    #[test]
    fn sound_rows_give_no_finding() {
        for level in [RaidLevel::Zero, RaidLevel::Five, RaidLevel::Six, RaidLevel::Ten] {
            assert_eq!(fill(rank_of(level, 6), 200).scrub(0..100), [], "{level}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_repaired_where_the_row_suffices() {
        let cases = [(RaidLevel::Zero, false), (RaidLevel::Ten, true), (RaidLevel::Five, true), (RaidLevel::Six, true)];
        for (level, repaired) in cases {
            let mut rank = fill(rank_of(level, 6), 200);
            let place = Place(57);
            let (at, tag) = (rank.locate(place), rank.tag(place));
            rank.make_unreadable(place, true);
            let expected = match repaired {
                true => Finding::Repair { disk: at.disk, row: at.row, tag },
                false => Finding::Lost { disk: at.disk, row: at.row },
            };
            assert_eq!(rank.scrub(0..100), [expected], "{level}");
            rank.write_now(at.disk, at.row, tag);
            assert_eq!(rank.scrub(0..100), [], "{level}");
        }
    }

    #[test]
    fn only_two_checks_tell_which_slot_lies() {
        for level in [RaidLevel::Ten, RaidLevel::Five, RaidLevel::Six] {
            let mut rank = fill(rank_of(level, 6), 200);
            let place = Place(57);
            let (at, tag) = (rank.locate(place), rank.tag(place));
            rank.make_lie(place);
            let expected = match level {
                RaidLevel::Six => Finding::Repair { disk: at.disk, row: at.row, tag },
                _ => Finding::Mismatch { row: at.row },
            };
            assert_eq!(rank.scrub(0..100), [expected], "{level}");
            assert_eq!(rank.scrub(at.row + 1..100), [], "{level}");
        }
    }
}
