//! A rank: disks that hold volumes with rotated parity, and the waiting line of each disk.
//!
//! A rank has no events of its own. Its owner submits operations, schedules their ends from the service times it gets
//! back, and calls [`Rank::complete`] when they are due. What a write carries reaches the platter in that call and
//! only there, so a crash before it leaves the old content whole: no slot is ever half written.
//!
//! Which operations a host write needs (read data and parity, write both; or a whole row) is the owner's business, and
//! so is the write hole between two of them. Deliberately absent: RAID levels other than 5, spares and rebuild, the command queue
//! of a disk (operations of one disk are served in the order submitted, each with its own overhead).

mod damage;
mod layout;
mod platters;

use std::sync::Arc;

pub use damage::Astray;
pub use layout::{Location, Place};
pub use platters::{ExtentError, PlaceExtent};

use self::damage::Damage;
use self::layout::Layout;
use self::platters::Platters;
use super::disk::{Disk, DiskError, DiskModel, DiskParameters, SECTOR_BYTES, TURN};
use crate::kernel::{Span, Station, Stream, Time, Usage};
use crate::vocab::{Op, SLOT_BYTES, Tag};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankParameters {
    /// Data disks; a RAID-5 rank has one more for parity, rotated over all.
    pub data_disks: u32,
    /// Sectors of one place: those of a whole track, or of a compressed one.
    pub slot_sectors: u32,
    pub disk: DiskParameters,
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
    /// Consecutive rows from `row` on, read in one sweep; a write has one.
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
    durable: Durable,
    volatile: Volatile,
}

/// What survives every crash and power loss: the platters, and what is wrong with them.
#[derive(Clone, Debug)]
struct Durable {
    platters: Platters,
    damage: Damage,
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
}

impl Rank {
    /// A rank whose places hold the initial tracks of the volumes that `extents` bind them to. `phases` draws how the
    /// disks stand to each other: spindles are not synchronised (A).
    pub fn new(parameters: &RankParameters, extents: &[PlaceExtent], phases: &Stream) -> Result<Rank, RankError> {
        let model = Arc::new(DiskModel::new(&parameters.disk)?);
        Rank::of_disks(model, parameters.data_disks, parameters.slot_sectors, extents, phases)
    }

    /// As [`Rank::new`], with the tables of a disk type that ranks share.
    pub fn of_disks(
        model: Arc<DiskModel>,
        data_disks: u32,
        slot_sectors: u32,
        extents: &[PlaceExtent],
        phases: &Stream,
    ) -> Result<Rank, RankError> {
        if !(1..=MOST_DATA_DISKS).contains(&data_disks) {
            return Err(RankError::DataDisks(data_disks));
        }
        let rows = model.sectors() / u64::from(slot_sectors.max(1));
        if rows == 0 {
            return Err(RankError::NoSlot(model.sectors(), slot_sectors));
        }
        let layout = Layout::new(data_disks as u16, rows);
        let spindles = (0..layout.disks())
            .map(|disk| Spindle {
                disk: Disk::new(phases.draws(u64::from(disk)).below(TURN)),
                line: Station::new(1),
                in_service: None,
            })
            .collect();
        let platters = Platters::new(layout, extents)?;
        Ok(Rank {
            model,
            slot_sectors,
            durable: Durable { platters, damage: Damage::default() },
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

    /// Data disks and the one for parity.
    pub fn disks(&self) -> u16 {
        self.layout().disks()
    }

    pub fn locate(&self, place: Place) -> Location {
        self.layout().locate(place)
    }

    /// The place whose data lies on `row` of `disk`; `None` where the parity of the row lies.
    pub fn place(&self, disk: u16, row: u64) -> Option<Place> {
        self.layout().place(disk, row)
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
        let next = spindle.line.depart(now).map(|next| spindle.start(&self.model, self.slot_sectors, now, next));
        let next = next.map(|service| self.durable.damage.service(disk, now, service));
        let arrived = match op.action {
            Action::Read => false,
            Action::Write(tag) => self.put(disk, op.row, tag),
        };
        Completed { op, read: self.slot(disk, op.row), arrived, next }
    }

    /// Writes a slot, unless damage leads the write astray. True when the slot holds it.
    fn put(&mut self, disk: u16, row: u64, tag: Tag) -> bool {
        let Durable { platters, damage } = &mut self.durable;
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
            spindle.disk.park();
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

    /// What the disks have done so far, in their order.
    pub fn usage(&self, now: Time) -> impl Iterator<Item = Usage> + '_ {
        self.volatile.spindles.iter().map(move |spindle| spindle.line.usage(now))
    }

    /// What reading a place gives: its slot, or what the other disks of the row say of it.
    pub fn tag(&self, place: Place) -> Tag {
        let Location { disk, row, .. } = self.locate(place);
        self.content(disk, row)
    }

    /// As [`Rank::tag`], for any slot. [`Tag::UNREADABLE`] when too little of the row can be read.
    pub fn content(&self, disk: u16, row: u64) -> Tag {
        let damage = &self.durable.damage;
        if !damage.any() {
            return self.slot(disk, row);
        }
        if damage.is_readable(disk, row) {
            return damage.as_read(disk, row, self.slot(disk, row));
        }
        let rest_is_readable = (0..self.disks()).all(|other| other == disk || damage.is_readable(other, row));
        if rest_is_readable { self.reconstruct(disk, row) } else { Tag::UNREADABLE }
    }

    /// Whether the slot can be read by itself.
    pub fn is_readable(&self, disk: u16, row: u64) -> bool {
        self.durable.damage.is_readable(disk, row)
    }

    pub fn has_failed(&self, disk: u16) -> bool {
        self.durable.damage.has_failed(disk)
    }

    /// The slots that must be read for the content of one: itself, or the other disks of its row that can be read.
    pub fn slots_to_read(&mut self, disk: u16, row: u64) -> Vec<u16> {
        if !self.durable.damage.read_fails(disk, row) {
            return vec![disk];
        }
        (0..self.disks()).filter(|&other| other != disk && self.is_readable(other, row)).collect()
    }

    /// Whether anything is wrong with the disks.
    pub fn is_damaged(&self) -> bool {
        self.durable.damage.any()
    }

    /// A disk fails for good. False when it had failed before.
    pub fn fail_disk(&mut self, disk: u16) -> bool {
        self.durable.damage.fail_disk(disk)
    }

    /// The slot of a place cannot be read until it is written; or only its next read fails.
    pub fn make_unreadable(&mut self, place: Place, latent: bool) {
        let Location { disk, row, .. } = self.locate(place);
        self.durable.damage.make_unreadable(disk, row, latent);
    }

    /// The slot of a place reads as something else, without an error, until it is written.
    pub fn make_lie(&mut self, place: Place) {
        let Location { disk, row, .. } = self.locate(place);
        self.durable.damage.make_lie(disk, row);
    }

    /// The next write of the slot of a place goes wrong, without an error.
    pub fn lead_astray(&mut self, place: Place, what: Astray) {
        let Location { disk, row, .. } = self.locate(place);
        self.durable.damage.lead_astray(disk, row, what);
    }

    /// A disk takes `factor_milli` thousandths of its time until an instant.
    pub fn slow_down(&mut self, disk: u16, factor_milli: u64, until: Time) {
        self.durable.damage.slow_down(disk, factor_milli, until);
    }

    /// What the parity disk of a row holds.
    pub fn parity(&self, row: u64) -> Tag {
        self.slot(self.layout().parity_disk(row), row)
    }

    /// What one disk holds on one row, data or parity.
    pub fn slot(&self, disk: u16, row: u64) -> Tag {
        self.durable.platters.tag(disk, row)
    }

    /// What `disk` should hold on `row` by what the other disks hold: the XOR of theirs.
    pub fn reconstruct(&self, disk: u16, row: u64) -> Tag {
        self.durable.platters.xor(row, |other| other == disk)
    }

    /// Whether the parity of a row fits its data.
    pub fn row_is_consistent(&self, row: u64) -> bool {
        self.durable.platters.xor(row, |_| false) == Tag(0)
    }

    /// All rows that can differ from their initial content, ascending; other rows are consistent.
    pub fn touched_rows(&self) -> impl Iterator<Item = u64> + '_ {
        self.durable.platters.touched_rows()
    }

    /// Puts a tag on a platter without time and queue, as a recovery or an injected fault does.
    pub fn write_now(&mut self, disk: u16, row: u64, tag: Tag) {
        self.put(disk, row, tag);
    }

    fn layout(&self) -> &Layout {
        self.durable.platters.layout()
    }
}

impl Spindle {
    fn start(&mut self, model: &DiskModel, slot_sectors: u32, now: Time, op: DiskOp) -> Span {
        self.in_service = Some(op);
        let direction = match op.action {
            Action::Read => Op::Read,
            Action::Write(_) => Op::Write,
        };
        let slot = u64::from(slot_sectors);
        let sectors = u32::try_from(u64::from(op.rows) * slot).expect("a sweep is shorter than 2^32 sectors");
        self.disk.service(model, now, op.row * slot, sectors, direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::disk::parameters::examples::{disk_20_tb, disk_36_gb};
    use crate::kernel::Draws;
    use crate::vocab::{TrackNo, WriteNumber};

    /// A 3390-3 on seven disks.
    const TRACKS: u64 = 50_085;

    fn rank() -> Rank {
        let extents = [PlaceExtent { first: Place(0), count: TRACKS, volume: 1 }];
        let parameters = RankParameters { data_disks: 6, slot_sectors: SLOT_SECTORS, disk: disk_36_gb() };
        Rank::new(&parameters, &extents, &Stream::new(1, "rank", "phases")).unwrap()
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
        let Location { disk, row, parity_disk } = rank.locate(place);
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
        let Location { disk, row, parity_disk } = rank.locate(Place(77));
        let (old_data, old_parity) = (rank.slot(disk, row), rank.parity(row));
        let data_done = Time::ZERO + rank.submit(Time::ZERO, op(disk, row, Action::Write(Tag(1)), 0)).unwrap();
        let _ = rank.submit(Time::ZERO, op(parity_disk, row, Action::Write(Tag(2)), 0)).unwrap();
        assert_eq!(rank.slot(disk, row), old_data, "a write in service has not reached the platter");
        let _ = rank.complete(data_done, disk);
        rank.crash(data_done);
        assert_eq!((rank.tag(Place(77)), rank.parity(row)), (Tag(1), old_parity));
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
        assert_eq!(usage[0], Usage { busy: crash - Time::ZERO, served: 0, longest_line: 1 });
        assert_eq!(usage[3], Usage { busy: end - Time::ZERO, served: 1, longest_line: 1 });
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
        assert_eq!(usage, Usage { busy: now - Time::ZERO, served: 3, longest_line: 2 });
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
        let refused = |data_disks, disk: DiskParameters, extents: &[PlaceExtent]| {
            Rank::new(&RankParameters { data_disks, slot_sectors: SLOT_SECTORS, disk }, extents, &phases)
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
        let rank = Rank::of_disks(model.clone(), 8, SLOT_SECTORS, &[], &phases).unwrap();
        assert_eq!(rank.rows() / 1_000_000, 348);
        assert_eq!(rank.tag(Place(rank.places() - 1)), Tag(0));
        assert!(rank.row_is_consistent(rank.rows() - 1));
        let fork = rank.clone();
        assert!(Arc::ptr_eq(&fork.model, &model));
    }

    #[test]
    fn one_slot_of_a_row_is_computed_and_two_are_lost() {
        let mut rank = rank();
        let Location { disk, row, .. } = rank.locate(Place(100));
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
    fn silent_damage_shows_in_the_content_alone() {
        let mut rank = rank();
        let content = rank.tag(Place(100));
        rank.make_lie(Place(100));
        assert!(![content, Tag::UNREADABLE].contains(&rank.tag(Place(100))));
        let Location { disk, row, .. } = rank.locate(Place(200));
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
