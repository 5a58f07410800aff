//! Which disk and row of a rank hold a place, and which disks hold what the others can be computed from.
//!
//! The unit of striping is one track slot. RAID-5 and RAID-6 rotate left-symmetrically: the checks move one disk to the left
//! with every row, data begins on the disk right of them and wraps around, so that any run of as many places as there are
//! disks uses every disk. RAID-10 keeps a pair of disks side by side for each column, the mirror on the odd one.

use super::galois;
use super::level::RaidLevel;
use crate::device::disk::Divisor;
use crate::vocab::Tag;

/// The number of a slot of data on a rank; checks and mirrors are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u64);

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub disk: u16,
    pub row: u64,
}

/// What a slot is to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Data of a column.
    Data(u16),
    /// The same once more.
    Mirror(u16),
    /// The XOR of all columns.
    P,
    /// The weighted sum of all columns.
    Q,
}

#[derive(Clone, Debug)]
pub(super) struct Layout {
    level: RaidLevel,
    data_disks: Divisor,
    disks: Divisor,
    rows: u64,
}

impl Layout {
    pub fn new(level: RaidLevel, data_disks: u16, rows: u64) -> Layout {
        let places = rows * u64::from(data_disks);
        Layout {
            level,
            data_disks: Divisor::new(u64::from(data_disks), places),
            disks: Divisor::new(u64::from(level.disks(data_disks)), rows),
            rows,
        }
    }

    pub fn level(&self) -> RaidLevel {
        self.level
    }

    pub fn disks(&self) -> u16 {
        self.disks.value() as u16
    }

    /// Columns of data in a row.
    pub fn data_disks(&self) -> u16 {
        self.data_disks.value() as u16
    }

    /// Slots on one disk.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn places(&self) -> u64 {
        self.rows * self.data_disks.value()
    }

    pub fn locate(&self, place: Place) -> Location {
        assert!(place.0 < self.places(), "a place lies on its rank");
        let (row, column) = self.data_disks.divide(place.0);
        Location { disk: self.data_disk(row, column as u16), row }
    }

    /// The disk that holds a column of a row.
    pub fn data_disk(&self, row: u64, column: u16) -> u16 {
        match self.level {
            RaidLevel::Zero => column,
            RaidLevel::One | RaidLevel::Ten => column * 2,
            RaidLevel::Five => self.wrapped(self.p_disk(row) + 1 + column),
            RaidLevel::Six => self.wrapped(self.p_disk(row) + 2 + column),
        }
    }

    pub fn role(&self, disk: u16, row: u64) -> Role {
        match self.level {
            RaidLevel::Zero => Role::Data(disk),
            RaidLevel::One | RaidLevel::Ten if disk.is_multiple_of(2) => Role::Data(disk / 2),
            RaidLevel::One | RaidLevel::Ten => Role::Mirror(disk / 2),
            RaidLevel::Five | RaidLevel::Six => {
                let checks = self.disks() - self.data_disks();
                match self.wrapped(disk + self.disks() - self.p_disk(row)) {
                    0 => Role::P,
                    1 if checks == 2 => Role::Q,
                    behind => Role::Data(behind - checks),
                }
            }
        }
    }

    /// The disks of a row that hold no data of their own: P before Q, or all mirrors.
    pub fn check_disks(&self, row: u64) -> impl Iterator<Item = u16> + use<> {
        let (first, count, step) = match self.level {
            RaidLevel::Zero => (0, 0, 1),
            RaidLevel::One | RaidLevel::Ten => (1, self.data_disks(), 2),
            RaidLevel::Five => (self.p_disk(row), 1, 1),
            RaidLevel::Six => (self.p_disk(row), 2, 1),
        };
        let disks = self.disks();
        (0..count).map(move |number| first + number * step).map(move |disk| disk % disks)
    }

    /// The other disk of a mirrored pair.
    pub fn partner(&self, disk: u16) -> Option<u16> {
        self.level.is_mirrored().then_some(disk ^ 1)
    }

    /// The place whose data lies on `row` of `disk`; `None` for a check and for a mirror.
    pub fn place(&self, disk: u16, row: u64) -> Option<Place> {
        match self.role(disk, row) {
            Role::Data(column) => Some(self.place_of(row, column)),
            Role::Mirror(_) | Role::P | Role::Q => None,
        }
    }

    pub fn place_of(&self, row: u64, column: u16) -> Place {
        Place(row * self.data_disks.value() + u64::from(column))
    }

    /// What the slot of a check holds when the columns of its row hold `data`.
    pub fn check_of(&self, role: Role, data: impl Fn(u16) -> Tag) -> Tag {
        let columns = 0..self.data_disks();
        match role {
            Role::Data(column) | Role::Mirror(column) => data(column),
            Role::P => Tag(columns.fold(0, |sum, column| sum ^ data(column).0)),
            Role::Q => Tag(columns.fold(0, |sum, column| sum ^ galois::times(data(column).0, galois::weight(column)))),
        }
    }

    fn p_disk(&self, row: u64) -> u16 {
        let (_, turn) = self.disks.divide(row);
        self.disks() - 1 - turn as u16
    }

    fn wrapped(&self, disk: u16) -> u16 {
        if disk < self.disks() { disk } else { disk - self.disks() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(level: RaidLevel, data_disks: u16, rows: u64) -> Vec<String> {
        let layout = Layout::new(level, data_disks, rows);
        let slot = |disk, row| match layout.role(disk, row) {
            Role::Data(_) => format!("{:3}", layout.place(disk, row).expect("a column is a place").0),
            Role::Mirror(column) => format!("{:2}'", layout.place_of(row, column).0),
            Role::P => "  P".into(),
            Role::Q => "  Q".into(),
        };
        (0..rows).map(|row| (0..layout.disks()).map(|disk| slot(disk, row)).collect()).collect()
    }

    #[test]
    fn small_ranks_are_laid_out_as_in_the_textbook() {
        use RaidLevel::*;
        assert_eq!(drawn(Five, 3, 5), ["  0  1  2  P", "  4  5  P  3", "  8  P  6  7", "  P  9 10 11", " 12 13 14  P"]);
        assert_eq!(drawn(Six, 3, 3), ["  Q  0  1  2  P", "  3  4  5  P  Q", "  7  8  P  Q  6"]);
        assert_eq!(drawn(Ten, 2, 2), ["  0 0'  1 1'", "  2 2'  3 3'"]);
        assert_eq!(drawn(One, 1, 2), ["  0 0'", "  1 1'"]);
        assert_eq!(drawn(Zero, 3, 2), ["  0  1  2", "  3  4  5"]);
    }

    #[test]
    fn every_slot_has_one_use() {
        for level in RaidLevel::ALL {
            for data_disks in [1, 2, 6, 7, 13] {
                let rows = 40;
                let layout = Layout::new(*level, data_disks, rows);
                let disks = usize::from(layout.disks());
                let mut uses = vec![0; disks * rows as usize];
                for place in (0..layout.places()).map(Place) {
                    let Location { disk, row } = layout.locate(place);
                    assert_eq!(layout.place(disk, row), Some(place));
                    uses[row as usize * disks + usize::from(disk)] += 1;
                }
                for row in 0..rows {
                    for disk in layout.check_disks(row) {
                        assert_eq!(layout.place(disk, row), None);
                        uses[row as usize * disks + usize::from(disk)] += 1;
                    }
                }
                assert!(uses.iter().all(|&count| count == 1), "{level}, {data_disks} data disks: {uses:?}");
            }
        }
    }

    #[test]
    fn a_run_of_places_spreads_over_all_disks() {
        for (level, disks) in [(RaidLevel::Five, 7), (RaidLevel::Six, 8)] {
            let layout = Layout::new(level, 6, 1_000);
            for first in 0..500 {
                let used = (first..first + disks).fold(0, |used, place| used | 1 << layout.locate(Place(place)).disk);
                // Behind a change of row the two checks of RAID-6 may fall into the run twice.
                let every = if level == RaidLevel::Five { disks } else { disks - 1 } as u32;
                assert!(u32::count_ones(used) >= every, "{disks} places from {first} on use {used:b}");
            }
        }
    }
}
