//! One drive: how long a command takes, what the cache makes of it, and what the arm goes on doing afterwards.
//!
//! Commands come one at a time; a queue at the drive ([`super::queue`]) decides which is next. Reading ahead and the
//! writing of buffered data go on between commands; both are worked out when the next command comes, up to its arrival.
//!
//! The semantics are those of DiskSim 4.0 (VALIDATION A.4 [S]). Deliberately absent: transfers of a request's sectors in
//! the order in which they pass (`immediate_buffer_read`, `immediate_buffer_write`), random variation of the speed, and
//! anything that needs two commands at the drive at once.

use super::buffer::Buffer;
use super::clock::Instant;
use super::mechanics::{Arm, Head, Stretch};
use super::model::DiskModel;
use super::specification::FastWrite;
use crate::kernel::{Span, Time};
use crate::vocab::Op;

/// The state of a drive. The tables are elsewhere, so that a fork copies a few words.
#[derive(Clone, Debug)]
pub struct Disk {
    pub(super) head: Head,
    /// Angle at time zero, in ticks: drives do not turn in step.
    phase: u64,
    pub(super) previous: Op,
    pub(super) buffer: Buffer,
    pub(super) reading: Option<Reading>,
    /// The end of the latest write, and whether the media may not have it yet.
    pub(super) written: Option<Written>,
}

/// Sectors being read into a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The segment, unless the drive has no cache.
    pub(super) segment: Option<usize>,
    /// The next sector to be read.
    pub(super) next: u64,
    /// The first that is not to be read, and the first that a later command may do without.
    pub(super) limit: u64,
    pub(super) least: u64,
    /// What is passing, with `next` in it.
    pub(super) stretch: Option<Stretch>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) end: u64,
    pub(super) buffered: bool,
    /// It was the last command.
    pub(super) is_latest: bool,
}

impl Disk {
    /// A drive with its arm over the outermost cylinder, which stands at `phase` (ticks, less than a turn) at time zero.
    pub fn new(model: &DiskModel, phase: u64) -> Disk {
        assert!(phase < model.mechanics.clock.turn(), "a phase is less than a turn");
        let buffer = model.controller.cache.as_ref().map_or(Buffer::default(), Buffer::new);
        Disk { head: Head::default(), phase, previous: Op::Read, buffer, reading: None, written: None }
    }

    pub fn arm(&self) -> Arm {
        self.head.arm
    }

    /// Carries out one command on `sectors` sectors from `first` on that arrives at `now`, when no other is at the disk:
    /// returns how long it takes.
    pub fn service(&mut self, model: &DiskModel, now: Time, first: u64, sectors: u32, op: Op) -> Span {
        let sectors = u64::from(sectors);
        assert!(sectors > 0, "an operation touches a sector");
        assert!(first + sectors <= model.sectors(), "an operation ends on its disk");
        let clock = &model.mechanics.clock;
        let begin = clock.at(now, self.phase);
        let arrival = clock.after(begin, clock.ticks(model.controller.overheads.request.ns()));
        self.read_until(model, arrival);
        let end = match op {
            Op::Read => self.read(model, arrival, first, sectors),
            Op::Write => self.write(model, arrival, first, sectors),
        };
        self.previous = op;
        if model.controller.cache.is_none() && model.controller.fast_write == FastWrite::Never {
            // With the command everything has ended; a fraction of a nanosecond is not carried over.
            (self.reading, self.head.free) = (None, Instant::default());
        }
        // Rounded down, once: an operation that continues another at once then still meets its first sector.
        clock.span(clock.between(begin, end))
    }

    /// How long a command that arrives at `now` would wait for its first sector, overhead included, if nothing of it were
    /// in the cache.
    pub fn time_to_first_sector(&self, model: &DiskModel, now: Time, first: u64, op: Op) -> Span {
        let clock = &model.mechanics.clock;
        let begin = clock.at(now, self.phase);
        let overheads = &model.controller.overheads;
        let overhead = match op {
            Op::Read => overheads.read_miss[after(self.previous)],
            Op::Write => overheads.write_miss[after(self.previous)],
        };
        let mut head = self.head;
        head.free = head.free.max(clock.after(begin, clock.ticks((overheads.request + overhead).ns())));
        let stretch = model.mechanics.approach(&mut head, first, 1, op);
        clock.span(clock.between(begin, stretch.start))
    }

    /// Returns the arm to where it stands after a start (A). What was in the cache is gone; the platters go on turning in
    /// the same phase (A).
    pub fn park(&mut self, model: &DiskModel) {
        *self = Disk::new(model, self.phase);
    }
}

/// Place of an operation in a pair of overheads.
pub(super) fn after(previous: Op) -> usize {
    match previous {
        Op::Read => 0,
        Op::Write => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::specification::examples::small;
    use super::super::specification::{
        CacheSpecification, ExtraDisconnect, Overheads, ReadAhead, ReadAheadLimit, SeekForm, Specification, Stop,
        Watermark, WatermarkOf,
    };
    use super::*;

    const MS: Span = Span::from_ms(1);

    /// The small disk, on which a turn takes 100 ms and a sector of the first zone 10 ms, with a cache of 2 segments.
    fn cached() -> Specification {
        let mut disk = small();
        disk.controller.cache = Some(CacheSpecification {
            segments: 2,
            segment_sectors: 20,
            separate_write_segment: false,
            hits_on_written: true,
            enabled: true,
            read_ahead: ReadAhead::None,
            least_read_ahead: 0,
            read_ahead_after_hit: false,
            free_blocks: false,
            almost_hits: false,
            stops: Stop::AtOnce,
        });
        disk
    }

    fn cache(disk: &mut Specification) -> &mut CacheSpecification {
        disk.controller.cache.as_mut().expect("it has one")
    }

    /// Service times in microseconds of commands, each issued at its time in milliseconds.
    fn times(disk: &Specification, commands: &[(u64, Op, u64, u32)]) -> Vec<u64> {
        let model = DiskModel::of(disk).expect("it is possible");
        let mut drive = Disk::new(&model, 0);
        let serve = |&(at, op, first, sectors): &(u64, Op, u64, u32)| {
            drive.service(&model, Time::from_ns(at * 1_000_000), first, sectors, op).ns() / 1_000
        };
        commands.iter().map(serve).collect()
    }

    use Op::{Read as R, Write as W};

    #[test]
    fn what_was_read_is_a_hit_until_it_is_replaced_or_overwritten() {
        let disk = cached();
        let read = |at, first| (at, R, first, 2);
        // Sectors 0 and 1 pass from 0 to 20 ms.
        assert_eq!(times(&disk, &[read(0, 0), read(500, 0), read(550, 0)]), [20_000, 0, 0]);
        // Three ranges in two segments: the one used least recently goes.
        let found = times(&disk, &[read(0, 0), read(100, 4), read(200, 0), read(300, 6), read(400, 0), read(410, 4)]);
        assert_eq!(found, [20_000, 60_000, 0, 80_000, 0, 50_000]);
        // A write empties what it overlaps, and what it wrote can be read.
        let found = times(&disk, &[read(0, 0), (100, W, 1, 2), read(200, 0), read(300, 1)]);
        assert_eq!(found, [20_000, 30_000, 20_000, 0]);
        let mut deaf = disk.clone();
        cache(&mut deaf).hits_on_written = false;
        assert_eq!(times(&deaf, &[(0, W, 1, 2), read(200, 1)]), [30_000, 30_000]);
        cache(&mut deaf).enabled = false;
        assert_eq!(times(&deaf, &[read(0, 0), read(500, 0)]), [20_000, 20_000]);
    }

    #[test]
    fn reading_ahead_goes_on_until_its_limit_or_until_the_arm_is_needed() {
        let mut disk = cached();
        cache(&mut disk).read_ahead = ReadAhead::Sectors(ReadAheadLimit::Beyond(4));
        let first = (0, R, 0, 2);
        // Sectors 2 to 5 have been read at 60 ms.
        assert_eq!(times(&disk, &[first, (60, R, 2, 4)]), [20_000, 0]);
        // At 45 ms sectors 2 and 3 are in: the other two come at 50 and 60 ms.
        assert_eq!(times(&disk, &[first, (45, R, 2, 4)]), [20_000, 15_000]);
        // Sector 6 is beyond the limit, and the arm stands: it passes again at 160 ms.
        assert_eq!(times(&disk, &[first, (75, R, 4, 3)]), [20_000, 95_000]);
        // A miss takes the arm at once, or at the end of the sector that is passing; 31 lies on another cylinder.
        let away = |at| [first, (at, R, 9, 1), (200, R, 2, 2)];
        assert_eq!(times(&disk, &away(35)), [20_000, 65_000, 40_000], "two sectors were not enough");
        assert_eq!(times(&disk, &away(41)), [20_000, 59_000, 0], "sectors 2 and 3 were in");
        cache(&mut disk).stops = Stop::AfterSector;
        assert_eq!(times(&disk, &[first, (31, R, 4, 1)]), [20_000, 19_000], "sector 3 passes until 40 ms");
        // To the end of the track, and of the next one when the segment began before it.
        cache(&mut disk).read_ahead = ReadAhead::Tracks;
        assert_eq!(times(&disk, &[first, (500, R, 2, 8), (510, R, 10, 1)])[1], 0);
        assert!(times(&disk, &[first, (500, R, 2, 8), (510, R, 10, 1)])[2] > 0);
        let over_the_edge = times(&disk, &[(0, R, 8, 2), (500, R, 10, 10)]);
        assert_eq!(over_the_edge[1], 0);
    }

    #[test]
    fn sectors_that_pass_before_the_request_are_taken_along() {
        let mut disk = cached();
        let commands = [(15, R, 6, 1), (500, R, 2, 4), (600, R, 1, 1)];
        assert_eq!(times(&disk, &commands), [55_000, 60_000, 20_000]);
        cache(&mut disk).free_blocks = true;
        // From 15 to 60 ms four whole sectors pass: 2 to 5, of which the first is cut.
        assert_eq!(times(&disk, &commands), [55_000, 0, 20_000]);
    }

    #[test]
    fn the_bus_is_never_ahead_of_the_media() {
        let mut disk = cached();
        disk.controller.bus_read = Span::from_ms(4);
        // The last sector comes at 50 ms.
        assert_eq!(times(&disk, &[(0, R, 0, 5), (500, R, 0, 5)]), [54_000, 20_000]);
        disk.controller.bus_read = Span::from_ms(10);
        disk.controller.watermark = Watermark { ppm: 1_000_000, of: WatermarkOf::Request };
        assert_eq!(times(&disk, &[(0, R, 0, 5)]), [100_000], "with all of it read the bus begins");
        disk.controller.watermark.ppm = 500_000;
        assert_eq!(times(&disk, &[(0, R, 0, 5)]), [70_000]);
    }

    #[test]
    fn a_sector_that_is_not_in_the_buffer_in_time_costs_a_turn() {
        let mut disk = small();
        disk.controller.bus_write = Span::from_ms(5);
        // The first sector is in the buffer at 5 ms and passes at 0 and at 100.
        assert_eq!(times(&disk, &[(0, W, 0, 3)]), [130_000]);
        assert_eq!(times(&disk, &[(95, W, 0, 3)]), [35_000]);
        // At 10 ms a sector and 10 ms late the bus falls no further behind.
        disk.controller.bus_write = Span::from_ms(10);
        assert_eq!(times(&disk, &[(80, W, 0, 3)]), [50_000]);
    }

    #[test]
    fn a_fast_write_is_complete_in_the_buffer_and_the_media_follow() {
        let mut disk = cached();
        disk.controller.bus_write = MS;
        disk.controller.overheads.write_hit = [Span::from_ms(2); 2];
        assert_eq!(times(&disk, &[(0, W, 5, 2)])[0], 120_000 - 50_000, "slow: at 70 ms it is on the media");
        disk.controller.fast_write = FastWrite::Always;
        assert_eq!(times(&disk, &[(0, W, 5, 2), (200, R, 5, 2)]), [4_000, 0]);
        // The buffer is being written until 70 ms; another write waits, one that continues it does not.
        assert_eq!(times(&disk, &[(0, W, 5, 2), (10, W, 0, 1)]), [4_000, 61_000]);
        assert_eq!(times(&disk, &[(0, W, 5, 2), (10, W, 7, 1)]), [4_000, 61_000]);
        disk.controller.combines_writes = true;
        assert_eq!(times(&disk, &[(0, W, 5, 2), (10, W, 7, 1)]), [4_000, 3_000]);
        // A read that misses waits for the arm: the media have it at 70 ms.
        assert_eq!(times(&disk, &[(0, W, 5, 2), (10, R, 8, 1)]), [4_000, 80_000]);
    }

    #[test]
    fn overheads_depend_on_the_command_before() {
        let mut disk = cached();
        disk.controller.overheads = Overheads {
            read_hit: [Span::from_ms(1), Span::from_ms(2)],
            write_hit: [Span::from_ms(3), Span::from_ms(4)],
            read_completion: Span::from_us(100),
            write_completion: Span::from_us(200),
            data_preparation: Span::from_us(30),
            ..Overheads::default()
        };
        disk.controller.fast_write = FastWrite::Always;
        let found = times(&disk, &[(0, R, 0, 1), (500, R, 0, 1), (900, W, 3, 1), (1_400, W, 5, 1), (1_900, R, 3, 1)]);
        assert_eq!(found[1..], [1_130, 3_230, 4_230, 2_130]);
    }

    #[test]
    fn positioning_is_the_longer_of_seek_and_head_switch_and_a_write_settles() {
        let mut disk = small();
        disk.seek_read = SeekForm::Constant(30_000_000);
        disk.head_switch = Span::from_ms(20);
        disk.write_settle = 5_000_000;
        // Sector 10 lies on the next head, two sectors on: after 20 ms it is just there. Sector 30 is on the next cylinder.
        assert_eq!(times(&disk, &[(0, R, 0, 1), (100, R, 10, 1)]), [10_000, 30_000]);
        assert_eq!(times(&disk, &[(0, R, 0, 1), (100, W, 10, 1)]), [10_000, 130_000], "25 ms are too late");
        assert_eq!(times(&disk, &[(0, R, 0, 1), (100, W, 0, 1)]), [10_000, 10_000], "no movement, nothing to settle");
        assert_eq!(times(&disk, &[(0, R, 0, 1), (100, R, 30, 1)]), [10_000, 80_000]);
        disk.controller.least_write_positioning = Span::from_ms(1);
        assert_eq!(times(&disk, &[(0, R, 0, 1), (100, W, 0, 1)]), [10_000, 110_000], "put off by a millisecond");
    }

    #[test]
    fn a_write_that_does_not_continue_the_last_one_disconnects_once_more() {
        let mut disk = cached();
        disk.controller.overheads.write_miss = [Span::from_ms(1); 2];
        disk.controller.extra_disconnect = Some(ExtraDisconnect {
            command: Span::from_ms(2),
            disconnect: Span::from_ms(3),
            between: Span::from_ms(4),
            seek_delta: Span::from_ms(5),
        });
        // Data comes after 9 ms: sector 1 passes too early at 10, no: at 10 it is in time, and at 5 it is not.
        assert_eq!(times(&disk, &[(0, W, 5, 1), (100, W, 1, 1)])[1], 20_000);
        assert_eq!(times(&disk, &[(0, W, 5, 1), (102, W, 1, 1)])[1], 118_000);
        assert_eq!(times(&disk, &[(0, W, 0, 1), (202, W, 1, 1)])[1], 18_000, "it continues the last one");
        assert_eq!(times(&disk, &[(0, R, 5, 1), (102, W, 1, 1)])[1], 18_000, "no write came before it");
    }
}
