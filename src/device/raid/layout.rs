//! Which disk and row of a rank hold a place: RAID-5 with left-symmetric rotation.
//!
//! The unit of striping is one track slot. Parity moves one disk to the left with every row, data begins on the disk
//! right of it and wraps around: any run of as many places as there are disks uses every disk once.

use crate::device::disk::Divisor;

/// The number of a slot of data on a rank; parity is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u64);

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    pub disk: u16,
    pub row: u64,
    /// The disk that holds the parity of the row.
    pub parity_disk: u16,
}

#[derive(Clone, Debug)]
pub(super) struct Layout {
    data_disks: Divisor,
    disks: Divisor,
    rows: u64,
}

impl Layout {
    pub fn new(data_disks: u16, rows: u64) -> Layout {
        let places = rows * u64::from(data_disks);
        Layout {
            data_disks: Divisor::new(u64::from(data_disks), places),
            disks: Divisor::new(u64::from(data_disks) + 1, rows),
            rows,
        }
    }

    /// Data disks and the one for parity.
    pub fn disks(&self) -> u16 {
        self.disks.value() as u16
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
        let parity_disk = self.parity_disk(row);
        let disk = parity_disk + 1 + column as u16;
        Location { disk: if disk < self.disks() { disk } else { disk - self.disks() }, row, parity_disk }
    }

    pub fn parity_disk(&self, row: u64) -> u16 {
        let (_, turn) = self.disks.divide(row);
        self.disks() - 1 - turn as u16
    }

    /// The place whose data lies on `row` of `disk`; `None` where the parity of the row lies.
    pub fn place(&self, disk: u16, row: u64) -> Option<Place> {
        let parity_disk = self.parity_disk(row);
        let column = if disk > parity_disk { disk - parity_disk } else { disk + self.disks() - parity_disk } - 1;
        (disk != parity_disk).then(|| Place(self.first_place(row).0 + u64::from(column)))
    }

    /// The places of a row, in order.
    pub fn row_places(&self, row: u64) -> impl Iterator<Item = Place> {
        let first = self.first_place(row).0;
        (first..first + self.data_disks.value()).map(Place)
    }

    fn first_place(&self, row: u64) -> Place {
        Place(row * self.data_disks.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_disks_are_laid_out_as_in_the_textbook() {
        let layout = Layout::new(3, 5);
        let drawn: Vec<String> = (0..5)
            .map(|row| {
                (0..4).map(|disk| layout.place(disk, row).map_or("  P".into(), |p| format!("{:3}", p.0))).collect()
            })
            .collect();
        assert_eq!(drawn, ["  0  1  2  P", "  4  5  P  3", "  8  P  6  7", "  P  9 10 11", " 12 13 14  P"]);
    }

    #[test]
    fn places_and_parity_cover_every_slot_exactly_once() {
        for data_disks in [1, 2, 6, 7, 13] {
            let rows = 40;
            let layout = Layout::new(data_disks, rows);
            let disks = usize::from(layout.disks());
            let mut uses = vec![0; disks * rows as usize];
            for place in (0..layout.places()).map(Place) {
                let Location { disk, row, parity_disk } = layout.locate(place);
                assert_ne!(disk, parity_disk);
                assert_eq!(layout.place(disk, row), Some(place));
                assert!(layout.row_places(row).any(|of_row| of_row == place));
                uses[row as usize * disks + usize::from(disk)] += 1;
            }
            for row in 0..rows {
                let parity_disk = layout.parity_disk(row);
                assert_eq!(layout.place(parity_disk, row), None);
                uses[row as usize * disks + usize::from(parity_disk)] += 1;
            }
            assert!(uses.iter().all(|&count| count == 1), "{data_disks} data disks: {uses:?}");
        }
    }

    #[test]
    fn a_run_of_places_spreads_over_all_disks() {
        let layout = Layout::new(6, 1_000);
        for first in 0..500 {
            let used = (first..first + 7).fold(0, |used, place| used | 1 << layout.locate(Place(place)).disk);
            assert_eq!(used, 0b111_1111, "seven places from {first} on");
        }
    }
}
