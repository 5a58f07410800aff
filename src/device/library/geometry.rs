//! On which level of the library cells and drives are.
//!
//! Each level has accessors of its own. A cartridge whose drive is on another level passes through an elevator; the
//! accessor of the drive's level is busy with it for that time too (an assumption).

use std::sync::Arc;

use super::Cell;
use crate::vocab::Drive;

/// A library of one or more levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Geometry {
    /// Cells and drives are spread over so many levels in turn.
    Even { levels: u16 },
    /// Each cell and each drive has the level that stands here.
    Listed { levels: u16, cells: Arc<[u16]>, drives: Arc<[u16]> },
}

impl Geometry {
    pub fn levels(&self) -> u16 {
        match *self {
            Geometry::Even { levels } | Geometry::Listed { levels, .. } => levels,
        }
    }

    pub fn level_of_cell(&self, cell: Cell) -> u16 {
        match self {
            Geometry::Even { levels } => cell.0 % levels,
            Geometry::Listed { cells, .. } => cells[usize::from(cell.0)],
        }
    }

    pub fn level_of_drive(&self, drive: Drive) -> u16 {
        match self {
            Geometry::Even { levels } => u16::from(drive.0) % levels,
            Geometry::Listed { drives, .. } => drives[usize::from(drive.0)],
        }
    }

    /// Levels between a cell and a drive.
    pub fn distance(&self, cell: Cell, drive: Drive) -> u32 {
        u32::from(self.level_of_cell(cell).abs_diff(self.level_of_drive(drive)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_drives_are_spread_evenly_or_as_listed() {
        let even = Geometry::Even { levels: 3 };
        assert_eq!([0, 1, 2, 3].map(|cell| even.level_of_cell(Cell(cell))), [0, 1, 2, 0]);
        assert_eq!(even.distance(Cell(2), Drive(3)), 2);
        let listed = Geometry::Listed { levels: 8, cells: [7, 0].into(), drives: [4].into() };
        assert_eq!(
            (listed.levels(), listed.distance(Cell(0), Drive(0)), listed.distance(Cell(1), Drive(0))),
            (8, 3, 4)
        );
        assert_eq!(Geometry::Even { levels: 1 }.distance(Cell(9), Drive(4)), 0, "one level has no ways");
    }
}
