//! A tape drive: load, locate, stream, stop and start, rewind, unload.
//!
//! The tape is a serpentine: wrap 0 runs away from the load point, wrap 1 back, and so on (source S-57). A place on tape is
//! counted in bytes after compression from the load point along the wraps; from it follow wrap and longitudinal position,
//! and from the longitudinal position the times of a locate and a rewind.
//!
//! Between host and tape stands a buffer of whole blocks, held after compression. Writing, a block is *acknowledged* when
//! it is in the buffer and *hardened* when it is on tape. When the tape has caught up with the host it stops, runs back and waits for the buffer to fill: one *backhitch*, the whole cycle being known as stop-start
//! (MODEL 3.8). Reading is the mirror image: the drive reads ahead until the buffer is full, stops, and goes on when the
//! buffer is empty.
//!
//! A drive with several speeds matches the host first. It looks at its buffer with every block: three quarters in its
//! disfavour (empty while writing, full while reading) and getting worse, and the tape runs one step slower; three
//! quarters in its favour and getting better, and it runs one step faster. A step costs nothing (assumptions: makers do not publish their rule). It stops only where
//! the slowest speed is too fast. Data that end are written at full speed.
//!
//! Left out: calibration of new media, and the time to change the wrap (it is inside the locate overhead).

use std::collections::VecDeque;
use std::sync::Arc;

use super::cartridge::{Cartridge, Record};
use crate::kernel::{Span, Time};

/// A drive of the 3590 class and its medium. Lengths are millimetres, rates bytes per second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveParameters {
    /// Rate on the tape, before compression.
    pub native_rate: u64,
    /// Bytes of a cartridge, before compression.
    pub capacity: u64,
    /// Host bytes per byte on tape, in thousandths: 3.0 is 3000.
    pub compression_milli: u64,
    /// Passes of the serpentine over the tape.
    pub wraps: u32,
    pub length_mm: u64,
    /// Millimetres per second while searching or rewinding.
    pub search_speed_mm: u64,
    pub locate_overhead: Span,
    /// From the insertion of a cartridge to ready at the load point.
    pub load: Span,
    pub unload: Span,
    /// Bytes of the drive buffer, which holds compressed blocks.
    pub buffer: u64,
    /// Time lost by one stop, reversal and start.
    pub backhitch: Span,
    /// Speeds of the tape while it streams, from the slowest to the native one in equal steps.
    pub speed_steps: u32,
    /// The slowest of them, in thousandths of the native rate.
    pub slowest_milli: u64,
    /// Share of the capacity kept for trailer labels, in thousandths; the early warning stands in front of it.
    pub reserve_milli: u64,
}

/// Where the head stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 0; odd wraps run back to the load point.
    pub wrap: u32,
    /// Distance from the load point along the tape.
    pub longitudinal_mm: u64,
}

impl DriveParameters {
    /// The whole bytes that `host_bytes` take on tape and in the buffer.
    pub fn tape_bytes(&self, host_bytes: u64) -> u64 {
        (host_bytes * 1_000).div_ceil(self.compression_milli)
    }

    /// Where tape byte `offset` lies. The end of an even number of full wraps is the load point again.
    pub fn place(&self, offset: u64) -> Place {
        let along_all = u128::from(offset) * u128::from(self.wraps);
        let capacity = u128::from(self.capacity);
        let wrap = (along_all / capacity) as u32;
        let along = (along_all % capacity * u128::from(self.length_mm) / capacity) as u64;
        Place { wrap, longitudinal_mm: if wrap.is_multiple_of(2) { along } else { self.length_mm - along } }
    }

    /// Time to find tape byte `to` from tape byte `from`.
    pub fn locate(&self, from: u64, to: u64) -> Span {
        let [from, to] = [from, to].map(|offset| self.place(offset).longitudinal_mm);
        self.locate_overhead + self.travel(from.abs_diff(to))
    }

    /// Time to rewind from tape byte `from`: it depends on the place, not on the bytes written.
    pub fn rewind(&self, from: u64) -> Span {
        self.travel(self.place(from).longitudinal_mm)
    }

    /// Bytes per second on the tape at speed `step`, the slowest being 0.
    pub fn rate(&self, step: u32) -> u64 {
        assert!(step < self.speed_steps, "a drive runs at one of its speeds");
        let slowest = u128::from(self.native_rate) * u128::from(self.slowest_milli.min(1_000)) / 1_000;
        let steps = u128::from(self.speed_steps - 1).max(1);
        // A drive of one speed runs at the native rate.
        let above = if self.speed_steps == 1 { steps } else { u128::from(step) };
        let rate = slowest + (u128::from(self.native_rate) - slowest) * above / steps;
        u64::try_from(rate).expect("no speed is above the native one").max(1)
    }

    /// Tape bytes of data after which a cartridge of `capacity` tape bytes reports its end.
    pub fn early_warning(&self, capacity: u64) -> u64 {
        let reserve = u128::from(capacity) * u128::from(self.reserve_milli) / 1_000;
        capacity - u64::try_from(reserve).expect("the reserve is a part of the capacity")
    }

    fn travel(&self, mm: u64) -> Span {
        Span::of_transfer(mm, self.search_speed_mm)
    }
}

/// Turns bytes into time at one rate; the fraction of a nanosecond is carried over to the next piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    bytes_per_second: u64,
    /// In units of 1 ns / `bytes_per_second`.
    carry: u64,
}

impl Pace {
    pub fn new(bytes_per_second: u64) -> Pace {
        assert!(bytes_per_second > 0, "a transfer needs a rate above zero");
        Pace { bytes_per_second, carry: 0 }
    }

    pub fn take(&mut self, bytes: u64) -> Span {
        let work = u128::from(bytes) * 1_000_000_000 + u128::from(self.carry);
        let rate = u128::from(self.bytes_per_second);
        self.carry = (work % rate) as u64;
        Span::from_ns(u64::try_from(work / rate).expect("a transfer ends within 584 years"))
    }
}

/// What the buffer is used for. An empty write buffer commits the drive to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The buffer holds blocks that are acknowledged and not hardened.
    Write,
    /// The buffer holds blocks that were read ahead.
    Read,
}

/// Whether more is to come behind the blocks in a write buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    GoesOn,
    /// The buffer is drained whatever the host does.
    Ends,
}

#[derive(Clone, Debug)]
struct Buffered {
    record: Record,
    tape_bytes: u64,
}

/// Head, buffer and pace of a drive with a cartridge in it. All of it is volatile.
#[derive(Clone, Debug)]
pub struct Drive {
    parameters: Arc<DriveParameters>,
    pace: Pace,
    /// The present speed.
    step: u32,
    /// Bytes of the buffer in the drive's disfavour when it last looked.
    against: u64,
    direction: Direction,
    /// Index of the record under the head.
    head: u64,
    buffer: VecDeque<Buffered>,
    buffered_bytes: u64,
}

impl Drive {
    /// A drive at the load point.
    pub fn new(parameters: Arc<DriveParameters>) -> Drive {
        let longest = super::cartridge::BLOCK_LIMIT + super::cartridge::PREFIX_BYTES;
        assert!(parameters.buffer >= longest, "a drive buffer holds at least one block");
        let step = parameters.speed_steps - 1;
        let pace = Pace::new(parameters.rate(step));
        let (direction, buffer) = (Direction::Write, VecDeque::new());
        Drive { parameters, pace, step, against: 0, direction, head: 0, buffer, buffered_bytes: 0 }
    }

    pub fn parameters(&self) -> &DriveParameters {
        &self.parameters
    }

    pub fn direction(&self) -> Direction {
        self.direction
    }

    pub fn head(&self) -> u64 {
        self.head
    }

    /// The record that the host would read or write next.
    pub fn position(&self) -> u64 {
        match self.direction {
            Direction::Write => self.head + self.buffer.len() as u64,
            Direction::Read => self.head - self.buffer.len() as u64,
        }
    }

    /// Blocks in the buffer that are acknowledged and not on tape.
    pub fn unhardened(&self) -> u64 {
        match self.direction {
            Direction::Write => self.buffer.len() as u64,
            Direction::Read => 0,
        }
    }

    /// Records in the buffer, of either direction.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Changes the direction at an empty buffer, where it costs nothing.
    pub fn turn(&mut self, direction: Direction) {
        assert!(self.buffer.is_empty(), "the buffer is drained or dropped before the drive turns");
        self.direction = direction;
    }

    /// Puts the head on record `index` and forgets what was read ahead; returns the blocks that were never hardened.
    pub fn reposition(&mut self, index: u64) -> u64 {
        let lost = self.unhardened();
        self.buffer.clear();
        self.buffered_bytes = 0;
        self.direction = Direction::Write;
        self.head = index;
        lost
    }

    pub fn has_room_for(&self, record: &Record) -> bool {
        self.buffered_bytes + self.parameters.tape_bytes(record.bytes()) <= self.parameters.buffer
    }

    /// Tape byte at which the next accepted record will end up.
    pub fn accepted_offset(&self, cartridge: &Cartridge) -> u64 {
        cartridge.offset(self.head) + self.buffered_bytes
    }

    /// Takes a record from the host: it is acknowledged.
    pub fn accept(&mut self, record: Record) {
        assert!(self.direction == Direction::Write, "a reading drive accepts nothing");
        assert!(self.has_room_for(&record), "the host waits for room");
        self.push(record);
    }

    /// The block that will be hardened next and its tape bytes.
    pub fn front(&self) -> Option<(&Record, u64)> {
        self.buffer.front().map(|buffered| (&buffered.record, buffered.tape_bytes))
    }

    /// Time to write the block at the front of the buffer, the tape being up to speed.
    pub fn time_to_harden(&mut self, supply: Supply) -> Span {
        assert!(self.direction == Direction::Write, "a reading drive hardens nothing");
        match supply {
            Supply::GoesOn => self.match_speed(self.parameters.buffer - self.buffered_bytes),
            Supply::Ends => self.run_at(self.parameters.speed_steps - 1),
        }
        let tape_bytes = self.buffer.front().expect("a block waits to be hardened").tape_bytes;
        self.pace.take(tape_bytes)
    }

    /// Puts the block at the front of the buffer on tape.
    pub fn harden(&mut self, cartridge: &mut Cartridge) -> Record {
        assert!(self.direction == Direction::Write, "a reading drive hardens nothing");
        let (record, tape_bytes) = self.pop().expect("a block waits to be hardened");
        cartridge.write(self.head, record.clone(), tape_bytes);
        self.head += 1;
        record
    }

    /// Whether there is a record under the head and room for it.
    pub fn can_read_ahead(&self, cartridge: &Cartridge) -> bool {
        cartridge.record(self.head).is_some_and(|record| self.has_room_for(record))
    }

    /// Time to read the record under the head, the tape being up to speed.
    pub fn time_to_read(&mut self, cartridge: &Cartridge) -> Span {
        self.match_speed(self.buffered_bytes);
        let record = cartridge.record(self.head).expect("only recorded tape is read");
        self.pace.take(self.parameters.tape_bytes(record.bytes()))
    }

    /// Puts the record under the head into the buffer.
    pub fn read_ahead(&mut self, record: Record) {
        assert!(self.direction == Direction::Read, "a writing drive reads nothing ahead");
        self.push(record);
        self.head += 1;
    }

    /// Hands the host the record at the front of the buffer.
    pub fn deliver(&mut self) -> Record {
        assert!(self.direction == Direction::Read, "acknowledged blocks are not taken back");
        self.pop().expect("a record was read ahead").0
    }

    /// The tape comes to rest; it will start again at the speed it had.
    pub fn stop(&mut self) {
        self.against = 0;
    }

    /// Runs one step slower or faster, as the buffer tells: so many bytes of it are in the drive's disfavour.
    fn match_speed(&mut self, against: u64) {
        let quarters = u128::from(against) * 4 / u128::from(self.parameters.buffer);
        let before = std::mem::replace(&mut self.against, against);
        match quarters {
            0 if against < before => self.run_at((self.step + 1).min(self.parameters.speed_steps - 1)),
            3.. if against > before => self.run_at(self.step.saturating_sub(1)),
            _ => {}
        }
    }

    fn run_at(&mut self, step: u32) {
        if step != self.step {
            self.step = step;
            self.pace = Pace::new(self.parameters.rate(step));
        }
    }

    fn push(&mut self, record: Record) {
        let tape_bytes = self.parameters.tape_bytes(record.bytes());
        self.buffered_bytes += tape_bytes;
        self.buffer.push_back(Buffered { record, tape_bytes });
    }

    fn pop(&mut self) -> Option<(Record, u64)> {
        let Buffered { record, tape_bytes } = self.buffer.pop_front()?;
        self.buffered_bytes -= tape_bytes;
        Some((record, tape_bytes))
    }
}

/// What a drive is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DriveState {
    /// No cartridge in it, or one that waits for the accessor.
    Empty,
    Loading,
    /// At rest with a cartridge.
    Idle,
    /// Writing or reading at speed.
    Streaming,
    /// Locating, rewinding, in a backhitch or retrying by itself.
    Positioning,
    Unloading,
}

impl DriveState {
    pub const ALL: [DriveState; 6] = [
        DriveState::Empty,
        DriveState::Loading,
        DriveState::Idle,
        DriveState::Streaming,
        DriveState::Positioning,
        DriveState::Unloading,
    ];
}

/// What a drive has done so far, for reports. It survives every fault: observers keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveUsage {
    spent: [Span; DriveState::ALL.len()],
    state: DriveState,
    since: Time,
    /// Backhitches that a slow host caused.
    pub stops: u64,
    /// Records (blocks, labels and marks) taken into the buffer, put on tape, and dropped between the two.
    pub acknowledged: u64,
    pub hardened: u64,
    pub lost: u64,
    /// Records handed to the host.
    pub delivered: u64,
}

impl Default for DriveUsage {
    fn default() -> Self {
        DriveUsage {
            spent: [Span::ZERO; DriveState::ALL.len()],
            state: DriveState::Empty,
            since: Time::ZERO,
            stops: 0,
            acknowledged: 0,
            hardened: 0,
            lost: 0,
            delivered: 0,
        }
    }
}

impl DriveUsage {
    pub fn enter(&mut self, state: DriveState, now: Time) {
        self.spent[self.state as usize] += now - self.since;
        self.state = state;
        self.since = now;
    }

    pub fn state(&self) -> DriveState {
        self.state
    }

    /// Time spent in `state` until `now`.
    pub fn spent(&self, state: DriveState, now: Time) -> Span {
        let current = if state == self.state { now - self.since } else { Span::ZERO };
        self.spent[state as usize] + current
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    /// The 3590 of MODEL 5.1 without compression.
    pub fn drive_3590() -> DriveParameters {
        DriveParameters {
            native_rate: 14_000_000,
            capacity: 20_000_000_000,
            compression_milli: 1_000,
            wraps: 16,
            length_mm: 320_000,
            search_speed_mm: 5_000,
            locate_overhead: Span::from_ms(5_670),
            load: Span::from_secs(15),
            unload: Span::from_secs(8),
            buffer: 16_000_000,
            backhitch: Span::from_ms(1_500),
            speed_steps: 1,
            slowest_milli: 1_000,
            reserve_milli: 5,
        }
    }

    /// The LTO-9 drive of MODEL 5.1 without compression.
    pub fn drive_lto9() -> DriveParameters {
        DriveParameters {
            native_rate: 300_000_000,
            capacity: 18_000_000_000_000,
            compression_milli: 1_000,
            wraps: 280,
            length_mm: 1_035_000,
            search_speed_mm: 8_350,
            locate_overhead: Span::from_secs(3),
            load: Span::from_secs(16),
            unload: Span::from_secs(56),
            buffer: 1_024_000_000,
            backhitch: Span::from_secs(3),
            speed_steps: 14,
            slowest_milli: 333,
            reserve_milli: 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{drive_3590, drive_lto9};
    use super::*;
    use crate::kernel::Stream;
    use crate::vocab::{Backup, Tag, TrackImage, TrackNo};

    fn seconds(span: Span) -> f64 {
        span.ns() as f64 / 1e9
    }

    fn check(measured: f64, expected: f64, tolerance: f64, what: &str) {
        assert!((measured / expected - 1.0).abs() <= tolerance, "{what}: {measured} instead of {expected}");
    }

    fn track(number: u32) -> Record {
        Record::Track { backup: Backup(0), track: TrackNo(number), image: TrackImage::data(Tag(number.into())) }
    }

    #[test]
    fn the_tape_is_a_serpentine() {
        let drive = drive_3590();
        let wrap = drive.capacity / 16;
        let place = |offset| (drive.place(offset).wrap, drive.place(offset).longitudinal_mm);
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(wrap / 4), (0, 80_000));
        assert_eq!(place(wrap), (1, 320_000));
        assert_eq!(place(wrap + wrap / 4), (1, 240_000));
        assert_eq!(place(2 * wrap), (2, 0));
        assert_eq!(place(16 * wrap), (16, 0));
    }

    /// D17 and D21: a mean over random places, and the mean from the load point.
    #[test]
    fn mean_locate_times() {
        let mean = |parameters: &DriveParameters, from_load_point: bool| {
            let draws = 100_000;
            let mut chance = Stream::new(1, "drive", "locate").draws(0);
            let total: f64 = (0..draws)
                .map(|_| {
                    let [from, to] = [(); 2].map(|()| chance.below(parameters.capacity));
                    seconds(parameters.locate(if from_load_point { 0 } else { from }, to))
                })
                .sum();
            total / f64::from(draws)
        };
        check(mean(&drive_3590(), false), 27.0, 0.02, "D17 between random places");
        check(mean(&drive_3590(), true), 37.7, 0.02, "D17 from the load point");
        check(mean(&drive_lto9(), true), 65.0, 0.01, "D21 from the load point");
    }

    /// D18 and D21.
    #[test]
    fn rewind_depends_on_the_place() {
        let drive = drive_3590();
        let wrap = drive.capacity / 16;
        for pass in (0..16).step_by(2) {
            assert_eq!(drive.rewind(pass * wrap), Span::ZERO, "D18 after {pass} full passes");
            assert_eq!(drive.rewind((pass + 1) * wrap), Span::from_secs(64), "D18 after {} full passes", pass + 1);
        }
        let lto = drive_lto9();
        check(seconds(lto.rewind(lto.capacity / 280)), 124.0, 0.01, "D21 maximum");
        check(seconds(lto.rewind(lto.capacity / 560)), 62.0, 0.01, "D21 from the middle");
    }

    /// D19 and D20: the time a drive needs to fill what it can fill, block by block.
    #[test]
    fn full_cartridges_take_capacity_over_rate() {
        let fill = |mut parameters: DriveParameters, share: u64| {
            parameters.buffer = 1_000_000;
            let mut drive = Drive::new(Arc::new(parameters.clone()));
            let mut cartridge = Cartridge::blank(parameters.capacity / share);
            let mut time = Span::ZERO;
            loop {
                drive.accept(track(0));
                let (record, bytes) = drive.front().expect("a block was accepted");
                if cartridge.refuses(drive.head(), record, bytes) {
                    return (seconds(time) * share as f64, cartridge.len());
                }
                time += drive.time_to_harden(Supply::Ends);
                drive.harden(&mut cartridge);
            }
        };
        let (time, blocks) = fill(drive_3590(), 1);
        check(time, 1_428.6, 0.005, "D19 full cartridge");
        assert_eq!(blocks, 20_000_000_000 / 56_680);
        check(fill(drive_3590(), 16).0 / 16.0, 89.3, 0.005, "D19 one pass");
        check(fill(drive_lto9(), 1_000).0, 16.67 * 3_600.0, 0.005, "D20, a thousandth of it");
    }

    #[test]
    fn no_nanosecond_is_lost_by_streaming() {
        let mut pace = Pace::new(14_000_000);
        let total: Span = (0..14_000).map(|_| pace.take(56_680)).sum();
        assert_eq!(total, Span::from_ns(56_680 * 1_000_000));
    }

    #[test]
    fn compression_multiplies_rate_buffer_and_capacity() {
        let mut parameters = drive_3590();
        parameters.compression_milli = 3_000;
        assert_eq!(parameters.tape_bytes(3), 1);
        assert_eq!(parameters.tape_bytes(56_680), 18_894);
        let mut drive = Drive::new(Arc::new(parameters));
        let blocks = (0..).take_while(|&number| {
            drive.has_room_for(&track(0)) && {
                drive.accept(track(number));
                true
            }
        });
        assert_eq!(blocks.count(), 16_000_000 / 18_894);
        assert_eq!(drive.time_to_harden(Supply::GoesOn), Span::from_ns(18_894 * 1_000 / 14));
    }

    #[test]
    fn the_early_warning_keeps_a_reserve() {
        assert_eq!(drive_3590().early_warning(20_000_000_000), 19_900_000_000);
        assert_eq!(drive_3590().early_warning(0), 0);
    }

    #[test]
    fn the_host_sees_its_own_position_whatever_the_head_does() {
        let mut cartridge = Cartridge::blank(1 << 40);
        let mut drive = Drive::new(Arc::new(drive_3590()));
        (0..3).for_each(|number| drive.accept(track(number)));
        let _ = drive.harden(&mut cartridge);
        assert_eq!((drive.head(), drive.position(), drive.unhardened()), (1, 3, 2));
        let _ = (drive.harden(&mut cartridge), drive.harden(&mut cartridge));
        assert_eq!(drive.reposition(0), 0);
        drive.turn(Direction::Read);
        for index in 0..2 {
            let record = cartridge.try_read(index).expect("the block is sound").clone();
            drive.read_ahead(record);
        }
        assert_eq!(drive.deliver(), track(0));
        assert_eq!((drive.head(), drive.position(), drive.unhardened()), (2, 1, 0));
    }

    #[test]
    fn usage_adds_up_to_the_time_that_passed() {
        let at = |s| Time::ZERO + Span::from_secs(s);
        let mut usage = DriveUsage::default();
        usage.enter(DriveState::Loading, at(3));
        usage.enter(DriveState::Streaming, at(5));
        let spent = DriveState::ALL.map(|state| usage.spent(state, at(11)));
        assert_eq!(spent, [3, 2, 0, 6, 0, 0].map(Span::from_secs));
    }

    #[test]
    fn speeds_lie_in_equal_steps_between_the_slowest_and_the_native_one() {
        let one = drive_3590();
        assert_eq!(one.rate(0), 14_000_000);
        let many = drive_lto9();
        assert_eq!([0, 13].map(|step| many.rate(step)), [99_900_000, 300_000_000]);
        let steps: Vec<u64> = (1..14).map(|step| many.rate(step) - many.rate(step - 1)).collect();
        assert!(steps.iter().all(|step| step.abs_diff(200_100_000 / 13) <= 1), "{steps:?}");
    }

    #[test]
    fn the_tape_runs_slower_while_its_buffer_empties_and_at_full_speed_when_the_data_end() {
        // Five speeds from 3.5 to 14 MB/s, and a buffer of 40 blocks.
        let bytes = track(0).bytes();
        let parameters = DriveParameters { speed_steps: 5, slowest_milli: 250, buffer: 40 * bytes, ..drive_3590() };
        let mut drive = Drive::new(Arc::new(parameters.clone()));
        let mut cartridge = Cartridge::blank(1 << 40);
        (0..40).for_each(|number| drive.accept(track(number)));
        let mut rates = Vec::new();
        let mut harden = |supply| {
            let time = drive.time_to_harden(supply);
            let _ = drive.harden(&mut cartridge);
            // In thousandths of the native rate.
            (bytes as f64 * 1e12 / time.ns() as f64 / 14e6 + 0.1) as u64
        };
        (0..34).for_each(|_| rates.push(harden(Supply::GoesOn)));
        // The last quarter begins at the 31st block: one step slower with each.
        assert_eq!(rates[..30], [1_000; 30]);
        assert_eq!(rates[30..], [812, 625, 437, 250]);
        assert_eq!([Supply::GoesOn, Supply::Ends].map(&mut harden), [250, 1_000]);
    }
}
