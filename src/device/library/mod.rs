//! The tape library: cells, accessors, and which cartridge is where.
//!
//! The library believes in its cell map: it knows a cartridge by the cell in which it was put. Where the cartridges are in
//! truth is another thing; they part when someone swaps two of them by hand. Both survive any loss of power; the queue
//! in front of the accessors does not. A cartridge that an accessor carries when the power fails is found again in the
//! place from which it was taken (an assumption: the library takes stock when it starts).

mod geometry;
mod policy;

pub use geometry::Geometry;
pub use policy::{Candidate, Demount, DriveChoice, MountOrder};

use crate::kernel::{Span, Station, Time, Usage};
use crate::vocab::{Cartridge, Drive};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryParameters {
    /// Accessor time of one exchange between a cell and a drive of the same level.
    pub exchange: Span,
    /// Accessors of each level.
    pub accessors: u32,
    pub geometry: Geometry,
    /// Added to an exchange for each level that the cartridge passes.
    pub pass_through: Span,
    pub order: MountOrder,
    pub choice: DriveChoice,
    pub demount: Demount,
}

impl LibraryParameters {
    /// One level, and the simplest policies.
    pub fn plain(exchange: Span, accessors: u32) -> LibraryParameters {
        LibraryParameters {
            exchange,
            accessors,
            geometry: Geometry::Even { levels: 1 },
            pass_through: Span::ZERO,
            order: MountOrder::Arrival,
            choice: DriveChoice::Lowest,
            demount: Demount::AtUnload,
        }
    }

    /// Time of one exchange between a cell and a drive.
    pub fn exchange_of(&self, cell: Cell, drive: Drive) -> Span {
        self.exchange + self.pass_through * u64::from(self.geometry.distance(cell, drive))
    }
}

/// A place for one cartridge; each cartridge has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(pub u16);

/// A cartridge in a drive, and the cell to which it will return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// What is in the drive in truth.
    pub cartridge: Cartridge,
    /// Where the library believes it belongs.
    pub cell: Cell,
}

/// Where every cartridge is. Durable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellMap {
    cells: Vec<Option<Cartridge>>,
    drives: Vec<Option<Held>>,
}

impl CellMap {
    /// All cartridges in their cells, all drives empty.
    pub fn new(cartridges: u16, drives: u8) -> CellMap {
        CellMap {
            cells: (0..cartridges).map(|number| Some(Cartridge(number))).collect(),
            drives: vec![None; drives.into()],
        }
    }

    /// The cell in which the library believes `cartridge` to live; `None` when it has no such cartridge.
    pub fn home(&self, cartridge: Cartridge) -> Option<Cell> {
        (usize::from(cartridge.0) < self.cells.len()).then_some(Cell(cartridge.0))
    }

    pub fn held(&self, drive: Drive) -> Option<Held> {
        self.drives[usize::from(drive.0)]
    }

    pub fn in_cell(&self, cell: Cell) -> Option<Cartridge> {
        self.cells[usize::from(cell.0)]
    }

    /// The drive that holds the cartridge of `cell`.
    pub fn drive_with(&self, cell: Cell) -> Option<Drive> {
        let found = self.drives.iter().position(|held| held.is_some_and(|held| held.cell == cell))?;
        Some(Drive(u8::try_from(found).expect("drives are numbered in one byte")))
    }

    /// What a mount of the cartridge of `cell` brings in truth: it lies there, or is in a drive.
    pub fn delivered_from(&self, cell: Cell) -> Option<Cartridge> {
        self.in_cell(cell).or_else(|| self.held(self.drive_with(cell)?).map(|held| held.cartridge))
    }

    /// Every cartridge that is in the library, wherever it lies.
    pub fn present(&self) -> impl Iterator<Item = Cartridge> + '_ {
        let held = self.drives.iter().flatten().map(|held| held.cartridge);
        self.cells.iter().flatten().copied().chain(held)
    }

    pub fn drives(&self) -> impl Iterator<Item = Drive> + use<> {
        (0..u8::try_from(self.drives.len()).expect("drives are numbered in one byte")).map(Drive)
    }

    /// Moves whatever lies in `cell` into `drive`; `None` when the cell turns out to be empty.
    pub fn fetch(&mut self, cell: Cell, drive: Drive) -> Option<Held> {
        let place = &mut self.drives[usize::from(drive.0)];
        assert!(place.is_none(), "a drive takes one cartridge");
        let cartridge = self.cells[usize::from(cell.0)].take()?;
        *place = Some(Held { cartridge, cell });
        *place
    }

    /// Moves the cartridge of `drive` back to its cell.
    pub fn store(&mut self, drive: Drive) -> Held {
        let held = self.drives[usize::from(drive.0)].take().expect("a drive returns what it holds");
        let cell = &mut self.cells[usize::from(held.cell.0)];
        assert!(cell.is_none(), "the cell of a cartridge in a drive stays free");
        *cell = Some(held.cartridge);
        held
    }

    /// Exchanges the contents of two cells behind the library's back. False, and nothing happens, when one of them is
    /// empty: whose cartridge is in a drive keeps its cell.
    pub fn swap(&mut self, one: Cell, other: Cell) -> bool {
        let full = [one, other].iter().all(|&cell| self.in_cell(cell).is_some());
        if full {
            self.cells.swap(usize::from(one.0), usize::from(other.0));
        }
        full
    }

    /// Takes the contents of a cell away.
    pub fn remove(&mut self, cell: Cell) -> Option<Cartridge> {
        self.cells[usize::from(cell.0)].take()
    }
}

/// The accessors and the drives that wait for one, in the order of asking, level by level. Volatile.
#[derive(Clone, Debug)]
pub struct Accessors {
    geometry: Geometry,
    stations: Vec<Station<Drive>>,
}

impl Accessors {
    pub fn new(parameters: &LibraryParameters) -> Accessors {
        let geometry = parameters.geometry.clone();
        Accessors { stations: (0..geometry.levels()).map(|_| Station::new(parameters.accessors)).collect(), geometry }
    }

    /// Asks for an exchange at `drive`: the drive is returned when it starts at once.
    #[must_use]
    pub fn ask(&mut self, now: Time, drive: Drive) -> Option<Drive> {
        self.station(drive).arrive(now, drive)
    }

    /// Ends an exchange at `drive`: returns the drive whose turn it is now.
    #[must_use]
    pub fn done(&mut self, now: Time, drive: Drive) -> Option<Drive> {
        self.station(drive).depart(now)
    }

    pub fn power_loss(&mut self, now: Time) {
        self.stations.iter_mut().for_each(|station| station.clear(now));
    }

    /// Of all levels together; the line is the longest of any.
    pub fn usage(&self, now: Time) -> Usage {
        self.stations.iter().map(|station| station.usage(now)).fold(Usage::default(), |all, level| Usage {
            busy: all.busy + level.busy,
            served: all.served + level.served,
            longest_line: all.longest_line.max(level.longest_line),
            waiting: all.waiting + level.waiting,
        })
    }

    fn station(&mut self, drive: Drive) -> &mut Station<Drive> {
        &mut self.stations[usize::from(self.geometry.level_of_drive(drive))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cartridge_comes_back_to_its_cell() {
        let mut map = CellMap::new(2, 1);
        let [drive, cell] = [map.drives().next().map(|drive| u16::from(drive.0)), map.home(Cartridge(1)).map(|c| c.0)];
        assert_eq!((drive, cell), (Some(0), Some(1)));
        assert_eq!(map.fetch(Cell(1), Drive(0)), Some(Held { cartridge: Cartridge(1), cell: Cell(1) }));
        assert_eq!(map.drive_with(Cell(1)), Some(Drive(0)));
        assert_eq!((map.in_cell(Cell(1)), map.in_cell(Cell(0))), (None, Some(Cartridge(0))));
        map.store(Drive(0));
        assert_eq!(map, CellMap::new(2, 1));
        assert_eq!(map.home(Cartridge(2)), None);
    }

    #[test]
    fn a_swap_deceives_the_library_and_heals_by_swapping_back() {
        let mut map = CellMap::new(2, 1);
        assert!(map.swap(Cell(0), Cell(1)));
        assert_eq!(map.home(Cartridge(0)), Some(Cell(0)), "the belief stands");
        assert_eq!(map.fetch(Cell(0), Drive(0)).map(|held| held.cartridge), Some(Cartridge(1)));
        assert!(!map.swap(Cell(0), Cell(1)), "a cell whose cartridge is out stays free");
        map.store(Drive(0));
        assert!(map.swap(Cell(1), Cell(0)));
        assert_eq!(map, CellMap::new(2, 1));
        assert_eq!(map.remove(Cell(0)), Some(Cartridge(0)));
        assert_eq!(map.fetch(Cell(0), Drive(0)), None);
    }

    #[test]
    fn one_accessor_serves_one_drive_at_a_time() {
        let at = |s| Time::ZERO + Span::from_secs(s);
        let mut accessors = Accessors::new(&LibraryParameters::plain(Span::from_secs(14), 1));
        assert_eq!(accessors.ask(at(0), Drive(0)), Some(Drive(0)));
        assert_eq!(accessors.ask(at(1), Drive(1)), None);
        assert_eq!(accessors.done(at(14), Drive(0)), Some(Drive(1)));
        assert_eq!(accessors.usage(at(20)).busy, Span::from_secs(20));
        accessors.power_loss(at(20));
        assert_eq!(accessors.ask(at(30), Drive(1)), Some(Drive(1)));
    }

    #[test]
    fn each_level_has_its_own_accessor_and_a_way_between_levels_takes_time() {
        let at = |s| Time::ZERO + Span::from_secs(s);
        let parameters = LibraryParameters {
            geometry: Geometry::Even { levels: 2 },
            pass_through: Span::from_secs(9),
            ..LibraryParameters::plain(Span::from_secs(14), 1)
        };
        let times = [0, 1].map(|drive| parameters.exchange_of(Cell(4), Drive(drive)));
        assert_eq!(times, [14, 23].map(Span::from_secs));
        let mut accessors = Accessors::new(&parameters);
        assert_eq!([0, 1].map(|drive| accessors.ask(at(0), Drive(drive))), [Some(Drive(0)), Some(Drive(1))]);
        assert_eq!(accessors.ask(at(1), Drive(2)), None, "on the level of drive 0");
        assert_eq!(accessors.done(at(14), Drive(1)), None);
        assert_eq!(accessors.done(at(14), Drive(0)), Some(Drive(2)));
        assert_eq!(accessors.usage(at(20)).busy, Span::from_secs(14 + 20));
    }
}
