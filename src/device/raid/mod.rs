//! A rank: disks that hold volumes by a RAID level, and the waiting line of each disk.
//!
//! A rank has no events of its own. Its owner submits operations, schedules their ends from the service times it gets
//! back, and calls [`Rank::complete`] when they are due. What a write carries reaches the platter in that call and
//! only there, so a crash before it leaves the old content whole: no slot is ever half written.
//!
//! The rank says which operations a write of some columns needs ([`Rank::reads_before_write`], [`Rank::checks_after_write`]);
//! their order, and the write hole between two of them, are the owner's business, and so is the pace of a rebuild and of a
//! scrub. Deliberately absent: the command queue of a disk (each operation has an overhead of its own).

mod damage;
mod galois;
mod layout;
mod level;
mod platters;
mod redundancy;
mod scheduler;
mod scrub;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use damage::Astray;
pub use layout::{Location, Place};
pub use level::RaidLevel;
pub use platters::{ExtentError, PlaceExtent};
pub use scheduler::Scheduler;
pub use scrub::Finding;

use self::damage::Damage;
use self::layout::{Layout, Role};
use self::platters::Platters;
use super::disk::{Disk, DiskError, DiskModel, DiskParameters, SECTOR_BYTES};
use crate::kernel::{Span, Station, Stream, Time, Usage};
use crate::vocab::{Op, SLOT_BYTES, Tag};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankParameters {
    pub level: RaidLevel,
    /// Disks worth of data; the level says how many more there are.
    pub data_disks: u32,
    /// Disks that wait to take the place of a failed one.
    pub spares: u32,
    /// Which waiting operation of a disk is served next.
    pub scheduler: Scheduler,
    /// Sectors of one place: those of a whole track, or of a compressed one.
    pub slot_sectors: u32,
    pub disk: DiskParameters,
}

impl RankParameters {
    /// All disks of a possible rank, spares not counted.
    pub fn disks(&self) -> u16 {
        self.level.disks(u16::try_from(self.data_disks).unwrap_or(u16::MAX / 2))
    }
}

/// Far beyond any array (the widest products have 16 data disks, G): a limit on memory.
pub const MOST_DATA_DISKS: u32 = 255;

/// Sectors of the slot of a track that is not compressed.
pub const SLOT_SECTORS: u32 = (SLOT_BYTES / SECTOR_BYTES) as u32;
const _: () = assert!(SLOT_BYTES.is_multiple_of(SECTOR_BYTES));

/// Why no rank has these parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    #[error("a rank has 1 to {MOST_DATA_DISKS} data disks, not {0}")]
    DataDisks(u32),
    #[error("RAID-1 is one pair: 1 data disk, not {0} (RAID-10 is striped over pairs)")]
    NoPair(u32),
    #[error("a disk of {0} sectors does not hold one track of {1} sectors")]
    NoSlot(u64, u32),
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error(transparent)]
    Extent(#[from] ExtentError),
}

/// An operation on one disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskOp {
    pub disk: u16,
    /// The first row touched.
    pub row: u64,
    /// Consecutive rows from `row` on, read or rebuilt in one sweep; a write has one.
    ///
    /// A write carries a single tag, so that an operation is a few words without a list behind it and a crash loses
    /// whole slots. Rows written one after the other cost a turn each, as on a real disk without write cache.
    pub rows: u32,
    pub action: Action,
    /// A number of the owner's, echoed at the end.
    pub owner: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Read,
    Write(Tag),
    /// Rows of a spare, from what the other disks of each row say.
    Rebuild,
}

/// An operation that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completed {
    pub op: DiskOp,
    /// What the first row holds now; [`Rank::slot`] tells about the others.
    pub read: Tag,
    /// A write reached its slot; only damage keeps it away.
    pub arrived: bool,
    /// The service time of the operation that starts now on this disk, if one waited.
    pub next: Option<Span>,
}

#[derive(Clone, Debug)]
pub struct Rank {
    model: Arc<DiskModel>,
    slot_sectors: u32,
    scheduler: Scheduler,
    durable: Durable,
    volatile: Volatile,
}

/// What survives every crash and power loss: the platters, and what is wrong with them.
#[derive(Clone, Debug)]
struct Durable {
    platters: Platters,
    damage: Damage,
    spares: u32,
}

/// What a crash of the owner or a power loss ends: operations in service and in line, and the arm positions.
#[derive(Clone, Debug)]
struct Volatile {
    spindles: Vec<Spindle>,
}

#[derive(Clone, Debug)]
struct Spindle {
    disk: Disk,
    line: Station<DiskOp>,
    in_service: Option<DiskOp>,
    /// Behind the last operation.
    row: u64,
}

impl Rank {
    /// A rank whose places hold the initial tracks of the volumes that `extents` bind them to. `phases` draws how the
    /// disks stand to each other: spindles are not synchronised (A).
    pub fn new(parameters: &RankParameters, extents: &[PlaceExtent], phases: &Stream) -> Result<Rank, RankError> {
        let model = Arc::new(DiskModel::new(&parameters.disk)?);
        Rank::of_disks(model, parameters, extents, phases)
    }

    /// As [`Rank::new`], with the tables of a disk type that ranks share.
    pub fn of_disks(
        model: Arc<DiskModel>,
        parameters: &RankParameters,
        extents: &[PlaceExtent],
        phases: &Stream,
    ) -> Result<Rank, RankError> {
        let &RankParameters { level, data_disks, spares, slot_sectors, scheduler, .. } = parameters;
        if !(1..=MOST_DATA_DISKS).contains(&data_disks) {
            return Err(RankError::DataDisks(data_disks));
        }
        if level == RaidLevel::One && data_disks != 1 {
            return Err(RankError::NoPair(data_disks));
        }
        let rows = model.sectors() / u64::from(slot_sectors.max(1));
        if rows == 0 {
            return Err(RankError::NoSlot(model.sectors(), slot_sectors));
        }
        let layout = Layout::new(level, data_disks as u16, rows);
        let spindles = (0..layout.disks())
            .map(|disk| Spindle {
                disk: Disk::new(&model, phases.draws(u64::from(disk)).below(model.turn())),
                line: Station::new(1),
                in_service: None,
                row: 0,
            })
            .collect();
        let platters = Platters::new(layout, extents)?;
        Ok(Rank {
            model,
            slot_sectors,
            scheduler,
            durable: Durable { platters, damage: Damage::default(), spares },
            volatile: Volatile { spindles },
        })
    }

    /// Slots for data, bound to volumes or not.
    pub fn places(&self) -> u64 {
        self.layout().places()
    }

    /// Slots of one disk.
    pub fn rows(&self) -> u64 {
        self.layout().rows()
    }

    /// All disks in use, spares not counted.
    pub fn disks(&self) -> u16 {
        self.layout().disks()
    }

    /// Columns of data in a row.
    pub fn data_disks(&self) -> u16 {
        self.layout().data_disks()
    }

    pub fn locate(&self, place: Place) -> Location {
        self.layout().locate(place)
    }

    /// Where a place is read while nothing is wrong: of a mirrored pair, on the disk with the shorter line.
    pub fn nearest(&self, place: Place) -> Location {
        let at = self.locate(place);
        let load = |disk: u16| {
            let line = &self.volatile.spindles[usize::from(disk)].line;
            line.waiting() + line.in_service() as usize
        };
        let partner = self.layout().partner(at.disk).filter(|&partner| load(partner) < load(at.disk));
        Location { disk: partner.unwrap_or(at.disk), ..at }
    }

    /// The place whose data lies on `row` of `disk`; `None` for a check and for a mirror.
    pub fn place(&self, disk: u16, row: u64) -> Option<Place> {
        self.layout().place(disk, row)
    }

    /// Whether the slot holds a sum over its row.
    pub fn is_parity(&self, disk: u16, row: u64) -> bool {
        matches!(self.layout().role(disk, row), Role::P | Role::Q)
    }

    /// Hands an operation to its disk: returns its service time when it starts at once, `None` when it waits.
    #[must_use]
    pub fn submit(&mut self, now: Time, op: DiskOp) -> Option<Span> {
        assert!(op.rows > 0, "an operation touches a row");
        assert!(op.row + u64::from(op.rows) <= self.rows(), "an operation ends on its disk");
        if let Action::Write(tag) = op.action {
            assert!(op.rows == 1, "a write carries one tag for one row");
            self.durable.platters.assert_writable(op.row, tag);
        }
        let spindle = &mut self.volatile.spindles[usize::from(op.disk)];
        let op = spindle.line.arrive(now, op)?;
        let service = spindle.start(&self.model, self.slot_sectors, now, op);
        Some(self.durable.damage.service(op.disk, now, service))
    }

    /// Ends the operation in service on `disk`, which is due at `now`, and starts the next one in line. A write
    /// reaches the platter here.
    #[must_use]
    pub fn complete(&mut self, now: Time, disk: u16) -> Completed {
        let spindle = &mut self.volatile.spindles[usize::from(disk)];
        let op = spindle.in_service.take().expect("a completion ends an operation in service");
        let next = spindle.next(&self.model, self.slot_sectors, now, self.scheduler);
        let next = next.map(|service| self.durable.damage.service(disk, now, service));
        let arrived = match op.action {
            Action::Read => false,
            Action::Write(tag) => self.put(disk, op.row, tag),
            Action::Rebuild => {
                self.restore(disk, op.row, op.rows);
                true
            }
        };
        Completed { op, read: self.slot(disk, op.row), arrived, next }
    }

    /// Writes a slot, unless damage leads the write astray. True when the slot holds it.
    fn put(&mut self, disk: u16, row: u64, tag: Tag) -> bool {
        let Durable { platters, damage, .. } = &mut self.durable;
        if !damage.any() {
            platters.write(disk, row, tag);
            return true;
        }
        let Some((on, at, written)) = damage.as_written(disk, row, tag) else { return false };
        platters.write(on, at, written);
        (on, at) == (disk, row)
    }

    /// Loses every operation in service or in line; nothing they would have written arrives. Completions that the
    /// owner has scheduled are void: it must not call [`Rank::complete`] for them.
    pub fn crash(&mut self, now: Time) {
        for spindle in &mut self.volatile.spindles {
            spindle.line.clear(now);
            spindle.in_service = None;
            spindle.disk.park(&self.model);
            spindle.row = 0;
        }
    }

    /// Cuts the operations of these owners: those in line leave it, those in service end in their time and write nothing.
    /// Returns the owner of each that left its line.
    pub fn withdraw(&mut self, is_gone: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut gone = Vec::new();
        for spindle in &mut self.volatile.spindles {
            gone.extend(spindle.line.withdraw(|op| is_gone(op.owner)).into_iter().map(|op| op.owner));
            if let Some(op) = spindle.in_service.as_mut().filter(|op| is_gone(op.owner)) {
                op.action = Action::Read;
            }
        }
        gone
    }

    /// Disks, spares included.
    pub fn spindles(&self) -> usize {
        self.volatile.spindles.len()
    }

    /// What the disks have done so far, in their order.
    pub fn usage(&self, now: Time) -> impl Iterator<Item = Usage> + '_ {
        self.volatile.spindles.iter().map(move |spindle| spindle.line.usage(now))
    }

    /// What reading a place gives: its slot, or what the other disks of the row say of it.
    pub fn tag(&self, place: Place) -> Tag {
        let Location { disk, row } = self.locate(place);
        self.content(disk, row)
    }

    /// As [`Rank::tag`], for any slot. [`Tag::UNREADABLE`] when too little of the row can be read.
    pub fn content(&self, disk: u16, row: u64) -> Tag {
        self.durable.content(disk, row)
    }

    /// Whether the slot can be read by itself.
    pub fn is_readable(&self, disk: u16, row: u64) -> bool {
        self.durable.damage.is_readable(disk, row)
    }

    /// Whether the disk failed, and a spare in its place does not hold the row.
    pub fn has_failed(&self, disk: u16, row: u64) -> bool {
        self.durable.damage.has_failed(disk, row)
    }

    /// The slots that must be read for the content of one: itself, or those it is computed from.
    pub fn slots_to_read(&mut self, disk: u16, row: u64) -> Vec<u16> {
        if !self.durable.damage.read_fails(disk, row) {
            return vec![disk];
        }
        self.durable.sources(disk, row)
    }

    /// The slots that the content of one is computed from.
    pub fn sources(&self, disk: u16, row: u64) -> Vec<u16> {
        self.durable.sources(disk, row)
    }

    /// Whether anything is wrong with the disks.
    pub fn is_damaged(&self) -> bool {
        self.durable.damage.any()
    }

    /// A disk fails for good. False when it had failed before.
    pub fn fail_disk(&mut self, disk: u16) -> bool {
        self.durable.damage.fail_disk(disk)
    }

    /// A spare takes the place of a failed disk, empty. False when there is none, or one has done so.
    pub fn take_spare(&mut self, disk: u16) -> bool {
        let Durable { damage, spares, .. } = &mut self.durable;
        let taken = *spares > 0 && damage.begin_rebuild(disk);
        *spares -= u32::from(taken);
        taken
    }

    /// Disks in whose place a spare stands that does not hold all rows, and its first missing row.
    pub fn rebuilding(&self) -> Vec<(u16, u64)> {
        self.durable.damage.rebuilding().collect()
    }

    /// The slot of a place cannot be read until it is written; or only its next read fails.
    pub fn make_unreadable(&mut self, place: Place, latent: bool) {
        let Location { disk, row } = self.locate(place);
        self.durable.damage.make_unreadable(disk, row, latent);
    }

    /// The slot of a place reads as something else, without an error, until it is written.
    pub fn make_lie(&mut self, place: Place) {
        let Location { disk, row } = self.locate(place);
        self.durable.damage.make_lie(disk, row);
    }

    /// The next write of the slot of a place goes wrong, without an error.
    pub fn lead_astray(&mut self, place: Place, what: Astray) {
        let Location { disk, row } = self.locate(place);
        self.durable.damage.lead_astray(disk, row, what);
    }

    /// A disk takes `factor_milli` thousandths of its time until an instant.
    pub fn slow_down(&mut self, disk: u16, factor_milli: u64, until: Time) {
        self.durable.damage.slow_down(disk, factor_milli, until);
    }

    /// What one disk holds on one row, data or parity.
    pub fn slot(&self, disk: u16, row: u64) -> Tag {
        self.durable.platters.tag(disk, row)
    }

    /// What `disk` should hold on `row` by what the other disks hold.
    pub fn reconstruct(&self, disk: u16, row: u64) -> Tag {
        self.durable.reconstruct(disk, row).unwrap_or(Tag::UNREADABLE)
    }

    /// All rows that can differ from their initial content, ascending; other rows are consistent.
    pub fn touched_rows(&self) -> impl Iterator<Item = u64> + '_ {
        self.durable.platters.touched_rows()
    }

    /// Feeds what is wrong with the disks.
    pub fn hash_damage(&self, hasher: &mut impl Hasher) {
        (&self.durable.damage, self.durable.spares).hash(hasher);
    }

    /// Puts a tag on a platter without time and queue, as a recovery or an injected fault does.
    pub fn write_now(&mut self, disk: u16, row: u64, tag: Tag) {
        self.put(disk, row, tag);
    }

    /// Rows of a spare get the content that the rest of each row says; what nobody can say is lost from now on.
    fn restore(&mut self, disk: u16, first: u64, rows: u32) {
        let (end, bound) = (first + u64::from(rows), self.durable.platters.bound_rows());
        for row in first..end.min(bound) {
            let tag = self.durable.content(disk, row);
            self.durable.platters.write(disk, row, tag);
        }
        let all = self.rows();
        self.durable.damage.rebuilt(disk, end, all);
    }

    fn layout(&self) -> &Layout {
        self.durable.platters.layout()
    }
}

impl Spindle {
    fn start(&mut self, model: &DiskModel, slot_sectors: u32, now: Time, op: DiskOp) -> Span {
        self.in_service = Some(op);
        self.row = op.row + u64::from(op.rows);
        serve(&mut self.disk, model, slot_sectors, now, &op)
    }

    /// Ends the operation in service and starts the next one in line, if one waits.
    fn next(&mut self, model: &DiskModel, slot_sectors: u32, now: Time, scheduler: Scheduler) -> Option<Span> {
        let (disk, row) = (&self.disk, self.row);
        let choose = |line: &VecDeque<DiskOp>| {
            scheduler.choose(line, row, |op| serve(&mut disk.clone(), model, slot_sectors, now, op))
        };
        let next = match scheduler {
            Scheduler::Fcfs => self.line.depart(now),
            Scheduler::Sstf | Scheduler::CLook | Scheduler::Sptf => self.line.depart_choosing(now, choose),
        };
        next.map(|next| self.start(model, slot_sectors, now, next))
    }
}

/// How long the operation takes when it begins now.
fn serve(disk: &mut Disk, model: &DiskModel, slot_sectors: u32, now: Time, op: &DiskOp) -> Span {
    let direction = match op.action {
        Action::Read => Op::Read,
        Action::Write(_) | Action::Rebuild => Op::Write,
    };
    let slot = u64::from(slot_sectors);
    let sectors = u32::try_from(u64::from(op.rows) * slot).expect("a sweep is shorter than 2^32 sectors");
    disk.service(model, now, op.row * slot, sectors, direction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::{disk_20_tb, disk_36_gb};
    use crate::kernel::Draws;
    use crate::vocab::{TrackNo, WriteNumber};

    /// A 3390-3 on seven disks.
    const TRACKS: u64 = 50_085;

    fn parameters(level: RaidLevel, data_disks: u32) -> RankParameters {
        RankParameters {
            level,
            data_disks,
            spares: 1,
            scheduler: Scheduler::Fcfs,
            slot_sectors: SLOT_SECTORS,
            disk: disk_36_gb(),
        }
    }

    pub(super) fn rank_of(level: RaidLevel, data_disks: u32) -> Rank {
        let extents = [PlaceExtent { first: Place(0), count: TRACKS, volume: 1 }];
        Rank::new(&parameters(level, data_disks), &extents, &Stream::new(1, "rank", "phases")).unwrap()
    }

    /// A rank whose first places have been written one by one.
    pub(super) fn fill(mut rank: Rank, places: u64) -> Rank {
        for place in (0..places).map(Place) {
            let at = rank.locate(place);
            let cells = [(at.disk, Tag(7_000 + place.0))];
            let checks = rank.checks_after_write(at.row, &cells);
            for (disk, tag) in cells.into_iter().chain(checks) {
                rank.write_now(disk, at.row, tag);
            }
        }
        rank
    }

    fn rank() -> Rank {
        rank_of(RaidLevel::Five, 6)
    }

    fn parity_disk(rank: &Rank, row: u64) -> u16 {
        rank.layout().check_disks(row).next().expect("RAID-5 has a check")
    }

    fn op(disk: u16, row: u64, action: Action, owner: u32) -> DiskOp {
        DiskOp { disk, row, rows: 1, action, owner }
    }

    /// Runs one operation on an idle disk and returns when it ended and what it read.
    fn run(rank: &mut Rank, now: Time, op: DiskOp) -> (Time, Tag) {
        let end = now + rank.submit(now, op).expect("the disk is idle");
        let done = rank.complete(end, op.disk);
        assert_eq!((done.op, done.next), (op, None));
        (end, done.read)
    }

    /// Reads data and parity, writes both: the small write of RAID-5.
    fn small_write(rank: &mut Rank, now: Time, place: Place, tag: Tag) -> Time {
        let Location { disk, row } = rank.locate(place);
        let parity_disk = parity_disk(rank, row);
        let (_, old) = run(rank, now, op(disk, row, Action::Read, 0));
        let (read, parity) = run(rank, now, op(parity_disk, row, Action::Read, 0));
        run(rank, read, op(disk, row, Action::Write(tag), 0));
        run(rank, read, op(parity_disk, row, Action::Write(Tag(parity.0 ^ old.0 ^ tag.0)), 0)).0
    }

    #[test]
    fn a_disk_of_36_gb_has_634_000_rows() {
        let rank = rank();
        assert_eq!((rank.disks(), rank.rows() / 1_000, rank.places()), (7, 634, rank.rows() * 6));
    }

    #[test]
    fn parity_stays_consistent_over_any_sequence_of_whole_writes() {
        let mut rank = rank();
        let mut draws: Draws = Stream::new(3, "rank", "writes").draws(0);
        let mut expected = std::collections::BTreeMap::new();
        let mut now = Time::ZERO;
        for number in 0..2_000 {
            let place = Place(draws.below(3_000));
            let tag = rank.tag(place).after_write(WriteNumber(number), 0);
            now = small_write(&mut rank, now, place, tag);
            expected.insert(place, tag);
        }
        assert!(expected.iter().all(|(&place, &tag)| rank.tag(place) == tag), "every place holds its last write");
        let untouched = (0..TRACKS).map(Place).filter(|place| !expected.contains_key(place));
        for place in untouched {
            assert_eq!(rank.tag(place), Tag::initial(1, TrackNo(place.0 as u32)));
        }
        let touched: Vec<u64> = rank.touched_rows().collect();
        assert_eq!(touched, (0..512).collect::<Vec<_>>(), "3,000 places are 500 rows, two pages");
        assert!(touched.iter().all(|&row| rank.row_is_consistent(row)));
        // The content of any lost disk follows from the others.
        for row in touched {
            assert!((0..7).all(|disk| rank.reconstruct(disk, row) == rank.slot(disk, row)), "row {row}");
        }
    }

    #[test]
    fn a_crash_between_data_and_parity_leaves_a_write_hole() {
        let mut rank = rank();
        let Location { disk, row } = rank.locate(Place(77));
        let parity_disk = parity_disk(&rank, row);
        let (old_data, old_parity) = (rank.slot(disk, row), rank.slot(parity_disk, row));
        let data_done = Time::ZERO + rank.submit(Time::ZERO, op(disk, row, Action::Write(Tag(1)), 0)).unwrap();
        let _ = rank.submit(Time::ZERO, op(parity_disk, row, Action::Write(Tag(2)), 0)).unwrap();
        assert_eq!(rank.slot(disk, row), old_data, "a write in service has not reached the platter");
        let _ = rank.complete(data_done, disk);
        rank.crash(data_done);
        assert_eq!((rank.tag(Place(77)), rank.slot(parity_disk, row)), (Tag(1), old_parity));
        assert!(!rank.row_is_consistent(row));
        assert_eq!(rank.reconstruct(disk, row), old_data, "a rebuild would bring back the old content");
        rank.write_now(parity_disk, row, rank.reconstruct(parity_disk, row));
        assert!(rank.row_is_consistent(row), "recovery recomputes the parity");
    }

    #[test]
    fn a_crash_loses_what_is_in_service_and_in_line_but_no_platter() {
        let mut rank = rank();
        let before: Vec<Tag> = (0..7).map(|disk| rank.slot(disk, 4)).collect();
        for disk in 0..7 {
            assert!(rank.submit(Time::ZERO, op(disk, 4, Action::Write(Tag(9)), 1)).is_some());
            assert!(rank.submit(Time::ZERO, op(disk, 4, Action::Write(Tag(8)), 2)).is_none());
        }
        let crash = Time::from_ns(1_000_000);
        rank.crash(crash);
        assert_eq!((0..7).map(|disk| rank.slot(disk, 4)).collect::<Vec<_>>(), before);
        // The disks are free at once, and what was lost counts as busy time but not as served.
        let (end, read) = run(&mut rank, crash, op(3, 4, Action::Read, 3));
        assert_eq!(read, before[3]);
        let usage: Vec<Usage> = rank.usage(end).collect();
        assert_eq!(usage[0], Usage { busy: crash - Time::ZERO, served: 0, longest_line: 1, waiting: 0 });
        assert_eq!(usage[3], Usage { busy: end - Time::ZERO, served: 1, longest_line: 1, waiting: 0 });
    }

    #[test]
    fn a_crash_leaves_the_arms_where_a_start_finds_them() {
        let mut crashed = rank();
        let _ = crashed.submit(Time::ZERO, op(3, 600_000, Action::Read, 0));
        let now = Time::from_ns(20_000_000);
        crashed.crash(now);
        let read = op(3, 4, Action::Read, 0);
        assert_eq!(crashed.submit(now, read), rank().submit(now, read));
    }

    #[test]
    #[should_panic(expected = "a completion ends an operation in service")]
    fn an_operation_lost_in_a_crash_never_completes() {
        let mut rank = rank();
        let service = rank.submit(Time::ZERO, op(3, 4, Action::Write(Tag(1)), 0)).unwrap();
        rank.crash(Time::ZERO);
        let _ = rank.complete(Time::ZERO + service, 3);
    }

    #[test]
    fn operations_of_a_disk_are_served_in_the_order_submitted_and_disks_in_parallel() {
        let mut rank = rank();
        let first = rank.submit(Time::ZERO, op(2, 10, Action::Write(Tag(5)), 1)).unwrap();
        assert_eq!(rank.submit(Time::ZERO, op(2, 600_000, Action::Read, 2)), None);
        assert_eq!(rank.submit(Time::ZERO, op(2, 10, Action::Read, 3)), None);
        assert!(rank.submit(Time::ZERO, op(1, 10, Action::Read, 4)).is_some(), "another disk is idle");
        let mut now = Time::ZERO + first;
        let done = rank.complete(now, 2);
        assert_eq!((done.op.owner, done.read), (1, Tag(5)));
        let far = done.next.expect("the second operation starts");
        assert!(far > Span::from_ms(9), "row 600,000 is most of a stroke away: {far}");
        now += far;
        let done = rank.complete(now, 2);
        assert_eq!((done.op.owner, done.read), (2, Tag(0)));
        now += done.next.expect("the third operation starts");
        let done = rank.complete(now, 2);
        assert_eq!((done.op.owner, done.read, done.next), (3, Tag(5), None));
        let usage = rank.usage(now).nth(2).unwrap();
        assert_eq!(usage, Usage { busy: now - Time::ZERO, served: 3, longest_line: 2, waiting: 0 });
    }

    #[test]
    fn a_better_order_serves_a_long_line_sooner() {
        let total = |scheduler| {
            let extents = [PlaceExtent { first: Place(0), count: TRACKS, volume: 1 }];
            let parameters = RankParameters { scheduler, ..parameters(RaidLevel::Zero, 1) };
            let mut rank = Rank::new(&parameters, &extents, &Stream::new(1, "rank", "phases")).unwrap();
            let mut draws: Draws = Stream::new(5, "rank", "line").draws(0);
            let rows = rank.rows();
            let (mut now, mut number) = (Time::ZERO, 0);
            let mut submit = |rank: &mut Rank, now| {
                number += 1;
                rank.submit(now, op(0, draws.below(rows), Action::Read, number))
            };
            // Sixteen requests are always there: each that ends is followed by another.
            let mut service = submit(&mut rank, now);
            (1..16).for_each(|_| assert!(submit(&mut rank, now).is_none()));
            for _ in 0..2_000 {
                now += service.take().expect("a disk with a line works");
                let next = rank.complete(now, 0).next;
                let started = submit(&mut rank, now);
                assert!(started.is_none(), "it waits behind the others");
                service = next;
            }
            now - Time::ZERO
        };
        let [fcfs, look, sstf, sptf] = [Scheduler::Fcfs, Scheduler::CLook, Scheduler::Sstf, Scheduler::Sptf].map(total);
        assert!(sptf < sstf && sstf <= look && look < fcfs, "{sptf}, {sstf}, {look}, {fcfs}");
        assert!(sptf.ns() * 10 < fcfs.ns() * 7, "{sptf} against {fcfs}");
    }

    #[test]
    fn one_sweep_over_rows_costs_one_positioning() {
        let mut sweeping = rank();
        let mut stepping = sweeping.clone();
        let (swept, _) = run(&mut sweeping, Time::ZERO, DiskOp { rows: 20, ..op(5, 100, Action::Read, 0) });
        let mut now = Time::ZERO;
        for row in 100..120 {
            now = run(&mut stepping, now, op(5, row, Action::Read, 0)).0;
        }
        // 20 slots at 36 MB/s are 31.9 ms, skews included; single reads miss the next slot and wait about a turn each.
        assert!(swept - Time::ZERO < Span::from_ms(43), "{swept}");
        assert!(now - swept > Span::from_ms(19 * 4), "{now} is not far beyond {swept}");
    }

    #[test]
    fn disks_do_not_turn_in_step() {
        let mut rank = rank();
        let mut times: Vec<Span> =
            (0..7).map(|disk| rank.submit(Time::ZERO, op(disk, 0, Action::Read, 0)).unwrap()).collect();
        times.sort();
        times.dedup();
        assert_eq!(times.len(), 7, "seven phases: {times:?}");
    }

    #[test]
    fn impossible_ranks_are_refused() {
        let phases = Stream::new(1, "rank", "phases");
        let no_pair = Rank::new(&parameters(RaidLevel::One, 2), &[], &phases).unwrap_err();
        assert!(no_pair.to_string().contains("RAID-1 is one pair"), "{no_pair}");
        let refused = |data_disks, disk: DiskParameters, extents: &[PlaceExtent]| {
            Rank::new(&RankParameters { disk, ..parameters(RaidLevel::Five, data_disks) }, extents, &phases)
                .unwrap_err()
                .to_string()
        };
        let beyond = [PlaceExtent { first: Place(0), count: 1 << 23, volume: 1 }];
        let cases = [
            (refused(0, disk_36_gb(), &[]), "1 to 255 data disks, not 0"),
            (refused(256, disk_36_gb(), &[]), "not 256"),
            (refused(6, DiskParameters { capacity: 57_343, ..disk_36_gb() }, &[]), "does not hold one track"),
            (refused(6, DiskParameters { rpm: 1, ..disk_36_gb() }, &[]), "turns 100 to 100000 times"),
            (refused(6, disk_36_gb(), &beyond), "extent 0 ends at place 8388608"),
        ];
        for (text, expected) in cases {
            assert!(text.contains(expected), "`{text}` does not say `{expected}`");
        }
    }

    #[test]
    fn ranks_of_large_disks_share_their_tables_and_stay_small() {
        let model = Arc::new(DiskModel::new(&disk_20_tb()).unwrap());
        let phases = Stream::new(1, "rank", "phases");
        let rank = Rank::of_disks(model.clone(), &parameters(RaidLevel::Five, 8), &[], &phases).unwrap();
        assert_eq!(rank.rows() / 1_000_000, 348);
        assert_eq!(rank.tag(Place(rank.places() - 1)), Tag(0));
        assert!(rank.row_is_consistent(rank.rows() - 1));
        let fork = rank.clone();
        assert!(Arc::ptr_eq(&fork.model, &model));
    }

    #[test]
    fn one_slot_of_a_row_is_computed_and_two_are_lost() {
        let mut rank = rank();
        let Location { disk, row } = rank.locate(Place(100));
        let content = rank.tag(Place(100));
        rank.make_unreadable(Place(100), true);
        assert_eq!(rank.tag(Place(100)), content);
        assert_eq!(rank.slots_to_read(disk, row).len(), 6);
        let other = (disk + 1) % 7;
        assert!(rank.fail_disk(other) && !rank.fail_disk(other));
        assert_eq!(rank.tag(Place(100)), Tag::UNREADABLE);
        rank.write_now(disk, row, Tag(5));
        assert_eq!((rank.tag(Place(100)), rank.slots_to_read(disk, row)), (Tag(5), vec![disk]), "written, readable");
        rank.write_now(other, row, Tag(6));
        assert_ne!(rank.slot(other, row), Tag(6), "a disk that failed takes nothing");
    }

    #[test]
    fn a_spare_is_filled_row_by_row_and_serves_what_it_holds() {
        let mut rank = fill(rank(), 120);
        let expected: Vec<Tag> = (0..120).map(|place| rank.tag(Place(place))).collect();
        let contents = |rank: &Rank| -> Vec<Tag> { (0..120).map(|place| rank.tag(Place(place))).collect() };
        assert!(!rank.take_spare(3), "no disk has failed");
        rank.fail_disk(3);
        assert!(rank.take_spare(3) && !rank.take_spare(3));
        assert_eq!(rank.rebuilding(), [(3, 0)]);
        let rebuild = |row, rows| DiskOp { disk: 3, row, rows, action: Action::Rebuild, owner: 0 };
        let (now, _) = run(&mut rank, Time::ZERO, rebuild(0, 10));
        assert_eq!(rank.rebuilding(), [(3, 10)]);
        assert!(rank.is_readable(3, 9) && rank.has_failed(3, 10));
        assert_eq!(contents(&rank), expected);
        // A write of a missing row goes to the parity, of a present one to the spare.
        rank.write_now(3, 12, Tag(1));
        rank.write_now(3, 2, rank.content(3, 2));
        assert_eq!(contents(&rank), expected);
        let rows = rank.rows();
        run(&mut rank, now, rebuild(10, u32::try_from(rows - 10).unwrap()));
        assert!(rank.rebuilding().is_empty() && rank.is_readable(3, rows - 1));
        assert_eq!(contents(&rank), expected);
        assert!((0..20).all(|row| rank.row_is_consistent(row)));
        rank.fail_disk(3);
        assert!(!rank.take_spare(3), "there was one spare");
    }

    #[test]
    fn a_latent_error_on_a_survivor_costs_its_slot_in_a_rebuild_of_raid_5_and_not_of_raid_6() {
        for (level, survives) in [(RaidLevel::Five, false), (RaidLevel::Six, true)] {
            let mut rank = fill(rank_of(level, 6), 120);
            let (row, expected) = (5, rank.slot(3, 5));
            let other = rank.locate(Place(row * 6 + 4)).disk;
            assert_ne!(other, 3);
            rank.make_unreadable(Place(row * 6 + 4), true);
            rank.fail_disk(3);
            rank.take_spare(3);
            run(&mut rank, Time::ZERO, DiskOp { disk: 3, row: 0, rows: 20, action: Action::Rebuild, owner: 0 });
            assert_eq!(rank.content(3, row) == expected, survives, "{level}");
            assert_eq!(rank.content(3, row) == Tag::UNREADABLE, !survives, "{level}");
        }
    }

    #[test]
    fn a_mirrored_read_goes_where_the_line_is_shorter() {
        let mut rank = rank_of(RaidLevel::Ten, 3);
        let at = rank.nearest(Place(1));
        assert_eq!(at, rank.locate(Place(1)));
        let _ = rank.submit(Time::ZERO, op(at.disk, 0, Action::Read, 0));
        assert_eq!(rank.nearest(Place(1)).disk, at.disk ^ 1);
        assert_eq!(rank_of(RaidLevel::Five, 3).nearest(Place(1)), rank_of(RaidLevel::Five, 3).locate(Place(1)));
    }

    #[test]
    fn silent_damage_shows_in_the_content_alone() {
        let mut rank = rank();
        let content = rank.tag(Place(100));
        rank.make_lie(Place(100));
        assert!(![content, Tag::UNREADABLE].contains(&rank.tag(Place(100))));
        let Location { disk, row } = rank.locate(Place(200));
        let to = rank.locate(Place(300));
        rank.lead_astray(Place(200), Astray::Misdirected { disk: to.disk, row: to.row });
        let old = rank.tag(Place(200));
        rank.write_now(disk, row, Tag(7));
        assert_eq!((rank.tag(Place(200)), rank.tag(Place(300))), (old, Tag(7)));
        rank.lead_astray(Place(200), Astray::Lost);
        rank.write_now(disk, row, Tag(8));
        assert_eq!(rank.tag(Place(200)), old);
        rank.lead_astray(Place(200), Astray::Altered);
        rank.write_now(disk, row, Tag(9));
        assert!(![old, Tag(9)].contains(&rank.tag(Place(200))));
        rank.write_now(disk, row, Tag(10));
        assert_eq!(rank.tag(Place(200)), Tag(10));
    }

    #[test]
    fn a_slow_disk_takes_its_factor() {
        let (mut healthy, mut slow) = (rank(), rank());
        slow.slow_down(2, 3_000, Time::from_ns(1_000_000_000));
        let read = op(2, 50, Action::Read, 1);
        let (one, other) = (healthy.submit(Time::ZERO, read).unwrap(), slow.submit(Time::ZERO, read).unwrap());
        assert_eq!(one * 3, other);
    }
}
