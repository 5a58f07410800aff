//! What a row of a rank says of a slot that cannot be read, and what a write of some columns must read and write.
//!
//! The counts are those of the textbook (MODEL 3.7): a small write of RAID-5 reads two slots and writes two, of RAID-6 three
//! and three; a mirror reads nothing and writes twice; a whole row reads nothing.

use super::galois::{inverse, times, weight};
use super::layout::Role;
use super::{Durable, Rank};
use crate::vocab::Tag;

impl Durable {
    /// What reading a slot gives: itself, or what the other disks of the row say of it. [`Tag::UNREADABLE`] when too little
    /// of the row can be read.
    pub(super) fn content(&self, disk: u16, row: u64) -> Tag {
        if !self.damage.any() {
            return self.platters.tag(disk, row);
        }
        self.read(disk, row).unwrap_or_else(|| self.reconstruct(disk, row).unwrap_or(Tag::UNREADABLE))
    }

    /// What the slot says when it can be read by itself.
    fn read(&self, disk: u16, row: u64) -> Option<Tag> {
        let readable = self.damage.is_readable(disk, row);
        readable.then(|| self.damage.as_read(disk, row, self.platters.tag(disk, row)))
    }

    /// What a slot should hold by what the other disks of its row say.
    pub(super) fn reconstruct(&self, disk: u16, row: u64) -> Option<Tag> {
        let layout = self.platters.layout();
        if let Some(partner) = layout.partner(disk) {
            return self.read(partner, row);
        }
        let role = layout.role(disk, row);
        let columns = self.columns_without(disk, row)?;
        Some(layout.check_of(role, |column| columns[usize::from(column)]))
    }

    /// All columns of a row with parity, without a look at `disk`.
    fn columns_without(&self, disk: u16, row: u64) -> Option<Vec<Tag>> {
        let layout = self.platters.layout();
        let slot = |other: u16| (other != disk).then(|| self.read(other, row)).flatten();
        let read: Vec<Option<Tag>> =
            (0..layout.data_disks()).map(|column| slot(layout.data_disk(row, column))).collect();
        let missing: Vec<u16> = (0..).zip(&read).filter(|(_, tag)| tag.is_none()).map(|(column, _)| column).collect();
        let mut columns: Vec<Tag> = read.iter().map(|tag| tag.unwrap_or(Tag(0))).collect();
        let mut checks = layout.check_disks(row).map(slot);
        let (p, q) = (checks.next().flatten(), checks.next().flatten());
        // What the missing columns contribute to each check.
        let rest = |role, check: Tag| check.0 ^ layout.check_of(role, |column| columns[usize::from(column)]).0;
        let found: Vec<u64> = match (&missing[..], p, q) {
            ([], ..) => Vec::new(),
            ([_], Some(p), _) => vec![rest(Role::P, p)],
            ([one], None, Some(q)) => vec![times(rest(Role::Q, q), inverse(weight(*one)))],
            ([one, other], Some(p), Some(q)) => {
                let (sum, weighted) = (rest(Role::P, p), rest(Role::Q, q));
                let (one, other) = (weight(*one), weight(*other));
                let first = times(weighted ^ times(sum, other), inverse(one ^ other));
                vec![first, first ^ sum]
            }
            _ => return None,
        };
        for (column, tag) in missing.into_iter().zip(found) {
            columns[usize::from(column)] = Tag(tag);
        }
        Some(columns)
    }

    /// The slots from which the content of an unreadable one is computed: its mirror, or as many of the row as there are
    /// columns, data first. When too few can be read, all that can.
    pub(super) fn sources(&self, disk: u16, row: u64) -> Vec<u16> {
        let layout = self.platters.layout();
        let readable = |other: &u16| *other != disk && self.damage.is_readable(*other, row);
        if let Some(partner) = layout.partner(disk) {
            return Some(partner).into_iter().filter(readable).collect();
        }
        if layout.level().survives() == 0 {
            return Vec::new();
        }
        let data = (0..layout.data_disks()).map(|column| layout.data_disk(row, column));
        let usable = data.chain(layout.check_disks(row)).filter(readable);
        usable.take(usize::from(layout.data_disks())).collect()
    }
}

impl Rank {
    /// The disks that must be read before the columns on `written` can be written: for new checks either their old content
    /// and that of the checks, or the other columns, whichever is fewer; where one of them cannot be read, the other way,
    /// and where neither is complete, all that is left of the row.
    pub fn reads_before_write(&self, row: u64, written: &[u16]) -> Vec<u16> {
        let layout = self.layout();
        let checks: Vec<u16> = layout.check_disks(row).filter(|&check| !self.has_failed(check, row)).collect();
        if layout.level().is_mirrored() || checks.is_empty() {
            return Vec::new();
        }
        let data = (0..layout.data_disks()).map(|column| layout.data_disk(row, column));
        let others: Vec<u16> = data.filter(|disk| !written.contains(disk)).collect();
        let old: Vec<u16> = written.iter().chain(&checks).copied().collect();
        let (better, worse) = if others.len() < old.len() { (others, old) } else { (old, others) };
        let readable = |disks: &[u16]| disks.iter().all(|&disk| self.is_readable(disk, row));
        if readable(&better) {
            better
        } else if readable(&worse) {
            worse
        } else {
            (0..self.disks()).filter(|&disk| self.is_readable(disk, row)).collect()
        }
    }

    /// What the checks of a row hold once `cells` are written to its columns; those on failed disks are left out.
    pub fn checks_after_write(&self, row: u64, cells: &[(u16, Tag)]) -> Vec<(u16, Tag)> {
        let layout = self.layout();
        let new = |disk: u16| cells.iter().find(|(written, _)| *written == disk).map(|&(_, tag)| tag);
        let checks: Vec<u16> = layout.check_disks(row).filter(|&check| !self.has_failed(check, row)).collect();
        if layout.level().is_mirrored() {
            return checks.into_iter().filter_map(|disk| Some((disk, new(disk ^ 1)?))).collect();
        }
        let written: Vec<u16> = cells.iter().map(|&(disk, _)| disk).collect();
        let reads = self.reads_before_write(row, &written);
        let by_difference =
            checks.iter().all(|check| reads.contains(check)) && written.iter().all(|disk| reads.contains(disk));
        let tag_of = |check: u16| {
            let role = layout.role(check, row);
            if by_difference {
                // Old and new content of the columns that change; the others contribute nothing.
                let difference = |column: u16| {
                    let disk = layout.data_disk(row, column);
                    new(disk).map_or(Tag(0), |tag| Tag(tag.0 ^ self.content(disk, row).0))
                };
                return Tag(self.content(check, row).0 ^ layout.check_of(role, difference).0);
            }
            layout.check_of(role, |column| {
                let disk = layout.data_disk(row, column);
                new(disk).unwrap_or_else(|| self.content(disk, row))
            })
        };
        checks.into_iter().map(|check| (check, tag_of(check))).collect()
    }

    /// The disk on which the content of a column is safe once it is written: its own, or for a failed one the first check
    /// that stands in for it.
    pub fn keeper(&self, disk: u16, row: u64) -> Option<u16> {
        if !self.has_failed(disk, row) {
            return Some(disk);
        }
        match self.layout().partner(disk) {
            Some(partner) => Some(partner).filter(|&partner| !self.has_failed(partner, row)),
            None => self.layout().check_disks(row).find(|&check| !self.has_failed(check, row)),
        }
    }

    /// Whether the checks of a row fit its data, as the platters hold them.
    pub fn row_is_consistent(&self, row: u64) -> bool {
        let layout = self.layout();
        layout.check_disks(row).all(|check| {
            let data = |column| self.slot(layout.data_disk(row, column), row);
            self.slot(check, row) == layout.check_of(layout.role(check, row), data)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{fill, rank_of};
    use super::super::{Place, RaidLevel};
    use super::*;

    #[test]
    fn small_and_full_writes_cost_what_the_textbook_says() {
        // Reads, then writes, of one column and of a whole row of six.
        let counts = |level| {
            let rank = rank_of(level, 6);
            let cost = |columns: u16| {
                let cells: Vec<(u16, Tag)> =
                    (0..columns).map(|column| (rank.locate(Place(u64::from(column))).disk, Tag(9))).collect();
                let disks: Vec<u16> = cells.iter().map(|&(disk, _)| disk).collect();
                (rank.reads_before_write(0, &disks).len(), cells.len() + rank.checks_after_write(0, &cells).len())
            };
            (cost(1), cost(6))
        };
        assert_eq!(counts(RaidLevel::Zero), ((0, 1), (0, 6)));
        assert_eq!(counts(RaidLevel::Ten), ((0, 2), (0, 12)));
        assert_eq!(counts(RaidLevel::Five), ((2, 2), (0, 7)));
        assert_eq!(counts(RaidLevel::Six), ((3, 3), (0, 8)));
    }

    #[test]
    fn every_level_survives_what_it_promises_and_no_more() {
        for &level in RaidLevel::ALL {
            let columns = if level == RaidLevel::One { 1 } else { 4 };
            let whole = fill(rank_of(level, columns), 40 * u64::from(columns));
            let contents = |rank: &Rank| -> Vec<Tag> {
                (0..40 * u64::from(columns)).map(|place| rank.tag(Place(place))).collect()
            };
            let expected = contents(&whole);
            for first in 0..whole.disks() {
                let mut one = whole.clone();
                assert!(one.fail_disk(first));
                assert_eq!(contents(&one) == expected, level.survives() >= 1, "{level} without disk {first}");
                for second in (0..whole.disks()).filter(|&second| second != first) {
                    let mut two = one.clone();
                    assert!(two.fail_disk(second));
                    let survives = level.survives() >= 2 || level.is_mirrored() && second != first ^ 1;
                    assert_eq!(contents(&two) == expected, survives, "{level} without disks {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn a_degraded_row_can_be_written_and_read_again() {
        for level in [RaidLevel::Five, RaidLevel::Six, RaidLevel::Ten] {
            let whole = fill(rank_of(level, 4), 160);
            for failed in 0..whole.disks() {
                let mut rank = whole.clone();
                rank.fail_disk(failed);
                if level == RaidLevel::Six {
                    rank.fail_disk((failed + 3) % whole.disks());
                }
                for place in (0..160).step_by(3).map(Place) {
                    let at = rank.locate(place);
                    let cells = [(at.disk, Tag(1_000 + place.0))];
                    assert!(rank.keeper(at.disk, at.row).is_some());
                    let checks = rank.checks_after_write(at.row, &cells);
                    for (disk, tag) in cells.into_iter().chain(checks) {
                        rank.write_now(disk, at.row, tag);
                    }
                }
                for place in (0..160).map(Place) {
                    let expected = if place.0 % 3 == 0 { Tag(1_000 + place.0) } else { whole.tag(place) };
                    assert_eq!(rank.tag(place), expected, "{level} without disk {failed}, place {}", place.0);
                }
            }
        }
    }

    #[test]
    fn a_degraded_read_takes_as_many_slots_as_there_are_columns() {
        for (level, slots) in [(RaidLevel::Five, 4), (RaidLevel::Six, 4), (RaidLevel::Ten, 1), (RaidLevel::Zero, 0)] {
            let mut rank = rank_of(level, 4);
            let at = rank.locate(Place(2));
            rank.fail_disk(at.disk);
            assert_eq!(rank.slots_to_read(at.disk, at.row).len(), slots, "{level}");
        }
    }
}
