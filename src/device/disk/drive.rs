//! One drive: how long a command takes, what the cache makes of it, and what the arm goes on doing afterwards.
//!
//! Commands come one at a time; a queue at the drive ([`super::queue`]) decides which is next. Reading ahead and the
//! writing of buffered data go on between commands; both are worked out when the next command comes, up to its arrival.
//!
//! The semantics are those of DiskSim 4.0 (VALIDATION A.4 [S]). Deliberately absent: transfers of a request's sectors in
//! the order in which they pass (`immediate_buffer_read`, `immediate_buffer_write`), random variation of the speed, and
//! anything that needs two commands at the drive at once.

use super::buffer::{Buffer, Hit};
use super::bus::{Filling, Transfer};
use super::clock::Instant;
use super::mechanics::{Arm, Head, Mechanics, Stretch};
use super::model::Model;
use super::specification::{
    CacheSpecification, Controller, FastWrite, ReadAhead, ReadAheadLimit, Stop, Watermark, WatermarkOf,
};
use crate::kernel::{Span, Time};
use crate::vocab::Op;

/// The state of a drive. The tables are elsewhere, so that a fork copies a few words.
#[derive(Clone, Debug)]
pub struct Drive {
    head: Head,
    /// Angle at time zero, in ticks: drives do not turn in step.
    phase: u64,
    previous: Op,
    buffer: Buffer,
    reading: Option<Reading>,
    /// The end of the latest write, and whether the media may not have it yet.
    written: Option<Written>,
}

/// Sectors being read into a segment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The segment, unless the drive has no cache.
    segment: Option<usize>,
    /// The next sector to be read.
    next: u64,
    /// The first that is not to be read, and the first that a later command may do without.
    limit: u64,
    least: u64,
    /// What is passing, with `next` in it.
    stretch: Option<Stretch>,
}

#[derive(Clone, Copy, Debug)]
struct Written {
    end: u64,
    buffered: bool,
    /// It was the last command.
    is_latest: bool,
}

/// A command: so many sectors from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    pub op: Op,
    pub first: u64,
    pub sectors: u64,
}

impl Drive {
    /// A drive with its arm over the outermost cylinder, which stands at `phase` (ticks, less than a turn) at time zero.
    pub fn new(model: &Model, phase: u64) -> Drive {
        assert!(phase < model.mechanics.clock.turn(), "a phase is less than a turn");
        let buffer = model.controller.cache.as_ref().map_or(Buffer::default(), Buffer::new);
        Drive { head: Head::default(), phase, previous: Op::Read, buffer, reading: None, written: None }
    }

    pub fn arm(&self) -> Arm {
        self.head.arm
    }

    /// Carries out one command that arrives at `now`, when no other is at the drive: returns how long it takes, rounded
    /// down.
    pub fn service(&mut self, model: &Model, now: Time, command: Command) -> Span {
        let Command { op, first, sectors } = command;
        assert!(sectors > 0, "a command touches a sector");
        assert!(first + sectors <= model.sectors(), "a command ends on its drive");
        let clock = &model.mechanics.clock;
        let begin = clock.at(now, self.phase);
        let arrival = clock.after(begin, clock.ticks(model.controller.overheads.request.ns()));
        self.read_until(model, arrival);
        let end = match op {
            Op::Read => self.read(model, arrival, first, sectors),
            Op::Write => self.write(model, arrival, first, sectors),
        };
        self.previous = op;
        clock.span(clock.between(begin, end))
    }

    /// How long a command that arrives at `now` would wait for its first sector, overhead included, if nothing of it were
    /// in the cache.
    pub fn time_to_first_sector(&self, model: &Model, now: Time, command: Command) -> Span {
        let clock = &model.mechanics.clock;
        let begin = clock.at(now, self.phase);
        let overheads = &model.controller.overheads;
        let overhead = match command.op {
            Op::Read => overheads.read_miss[after(self.previous)],
            Op::Write => overheads.write_miss[after(self.previous)],
        };
        let mut head = self.head;
        head.free = head.free.max(clock.after(begin, clock.ticks((overheads.request + overhead).ns())));
        let stretch = model.mechanics.approach(&mut head, command.first, 1, command.op);
        clock.span(clock.between(begin, stretch.start))
    }

    /// Returns the arm to where it stands after a start (A). What was in the cache is gone; the platters go on turning in
    /// the same phase (A).
    pub fn park(&mut self, model: &Model) {
        *self = Drive::new(model, self.phase);
    }

    // ---- reads ------------------------------------------------------------------------------------------------

    fn read(&mut self, model: &Model, arrival: Instant, first: u64, sectors: u64) -> Instant {
        let (controller, clock) = (&model.controller, &model.mechanics.clock);
        let hit = self.find(controller, first, sectors);
        let overheads = &controller.overheads;
        let completion = clock.ticks(overheads.read_completion.ns());
        let mut transfer = Transfer::new(sectors, clock.ticks(controller.bus_read.ns()));
        let (hit_overhead, miss_overhead) =
            (overheads.read_hit[after(self.previous)], overheads.read_miss[after(self.previous)]);
        let start = match hit {
            Hit::Whole(segment) | Hit::Partial(segment) => {
                let begun = clock.after(arrival, clock.ticks((hit_overhead + overheads.data_preparation).ns()));
                self.buffer.touch(segment);
                let start = if self.written.is_some_and(|written| written.buffered) {
                    // Buffered data goes to the media first.
                    begun.max(self.head.free)
                } else {
                    begun
                };
                self.serve_hit(model, (arrival, miss_overhead), segment, (first, sectors), &mut transfer);
                start
            }
            Hit::None => self.serve_miss(model, (arrival, miss_overhead), (first, sectors), &mut transfer),
        };
        self.note_read();
        clock.after(transfer.end(clock, start), completion)
    }

    fn note_read(&mut self) {
        if let Some(written) = &mut self.written {
            *written = Written { buffered: false, is_latest: false, ..*written };
        }
    }

    fn find(&self, controller: &Controller, first: u64, sectors: u64) -> Hit {
        let Some(cache) = &controller.cache else { return Hit::None };
        if !cache.enabled {
            return Hit::None;
        }
        match (self.buffer.find(cache, first, sectors), &self.reading) {
            (Hit::None, Some(Reading { segment: Some(segment), next, .. })) if cache.almost_hits && *next == first => {
                Hit::Partial(*segment)
            }
            (hit, _) => hit,
        }
    }

    /// Sends what is in the segment, and reads on for what is not.
    fn serve_hit(
        &mut self,
        model: &Model,
        (arrival, miss_overhead): (Instant, Span),
        segment: usize,
        (first, sectors): (u64, u64),
        transfer: &mut Transfer,
    ) {
        let cache = model.controller.cache.as_ref().expect("a hit needs a cache");
        let clock = &model.mechanics.clock;
        let end = self.buffer.segment(segment).end;
        let limit = self.limit(model, cache, segment, first, sectors);
        let is_whole = first + sectors <= end;
        let goes_on = self.reading.is_some_and(|reading| reading.segment == Some(segment));
        if !goes_on {
            if is_whole && !(cache.read_ahead_after_hit && limit > end) {
                return;
            }
            self.stop(model, arrival);
            self.head.free = self.head.free.max(clock.after(arrival, clock.ticks(miss_overhead.ns())));
            self.reading = Some(Reading { segment: Some(segment), next: end, limit, least: 0, stretch: None });
        }
        let reading = self.reading.as_mut().expect("it goes on or has just begun");
        reading.limit = reading.limit.max(limit).max(first + sectors);
        reading.least = reading.least.max((first + sectors + cache.least_read_ahead).min(model.sectors()));
        if !is_whole {
            self.read_to(model, first, first + sectors, transfer);
        }
    }

    /// Fetches the request from the media; returns when the bus transfer may begin.
    fn serve_miss(
        &mut self,
        model: &Model,
        (arrival, overhead): (Instant, Span),
        (first, sectors): (u64, u64),
        transfer: &mut Transfer,
    ) -> Instant {
        let (controller, clock) = (&model.controller, &model.mechanics.clock);
        self.stop(model, arrival);
        let after_overhead = clock.after(arrival, clock.ticks(overhead.ns()));
        self.head.free = self.head.free.max(after_overhead);
        let cache = controller.cache.as_ref();
        let segment = cache.and_then(|_| self.buffer.take_for_read(first));
        let stretch = model.mechanics.approach(&mut self.head, first, sectors, Op::Read);
        if let (Some(cache), Some(segment)) = (cache.filter(|cache| cache.free_blocks), segment) {
            let passing = model.mechanics.free_sectors(self.head.free, &stretch);
            let on_track = first - model.mechanics.layout.track_of(first).0;
            self.buffer.prepend(segment, passing.min(on_track).min(cache.segment_sectors));
        }
        let end = first + sectors;
        self.reading = Some(Reading { segment, next: first, limit: end, least: end, stretch: Some(stretch) });
        // The limit is that of the segment as the request alone would fill it.
        let limit = match (cache, segment) {
            (Some(cache), Some(_)) => self.limit_from(model, cache, first, first, sectors),
            _ => end,
        };
        let least = controller.cache.as_ref().map_or(0, |cache| cache.least_read_ahead);
        let start = if controller.never_disconnects {
            let begun = controller.overheads.data_preparation.ns();
            let start = clock.after(after_overhead, clock.ticks(begun));
            self.read_to(model, first, end, transfer);
            start
        } else {
            let mark = controller.watermark.sectors(sectors, cache);
            let full = self.read_to_mark(model, first, end, mark, transfer);
            let reselect = controller.overheads.first_reselect + controller.overheads.data_preparation;
            clock.after(full, clock.ticks(reselect.ns()))
        };
        if let Some(reading) = &mut self.reading {
            reading.limit = limit.max(end);
            reading.least = (end + least).min(model.sectors());
        }
        start
    }

    /// Reads up to sector `end`, all of which belong to the request from `first` on.
    fn read_to(&mut self, model: &Model, first: u64, end: u64, transfer: &mut Transfer) {
        self.read_to_mark(model, first, end, 1, transfer);
    }

    /// Reads up to sector `end`; returns when `mark` sectors of the request were read.
    fn read_to_mark(&mut self, model: &Model, first: u64, end: u64, mark: u64, transfer: &mut Transfer) -> Instant {
        let mechanics = &model.mechanics;
        let mut full = Instant::default();
        let mut reading = self.reading.expect("somebody reads");
        while reading.next < end {
            let stretch = match reading.stretch {
                Some(stretch) => stretch,
                None => mechanics.approach(&mut self.head, reading.next, reading.limit - reading.next, Op::Read),
            };
            let stretch_end = stretch.first + stretch.count;
            let last = stretch_end.min(end);
            let passed = |sector: u64| mechanics.passed(&stretch, sector + 1 - stretch.first);
            transfer.arrives(&mechanics.clock, reading.next - first, passed(reading.next));
            transfer.arrives(&mechanics.clock, last - 1 - first, passed(last - 1));
            if (reading.next - first..last - first).contains(&(mark - 1)) {
                full = passed(first + mark - 1);
            }
            reading.next = last;
            reading.stretch = (last < stretch_end).then_some(stretch);
            self.head.free = passed(last - 1);
        }
        self.reading = Some(reading);
        self.note_progress(model);
        full
    }

    /// Lets a read-ahead go on until `instant`.
    fn read_until(&mut self, model: &Model, instant: Instant) {
        let Some(mut reading) = self.reading else { return };
        let mechanics = &model.mechanics;
        let is_done = loop {
            if reading.next >= reading.limit {
                break true;
            }
            let stretch = match reading.stretch {
                Some(stretch) => stretch,
                None => mechanics.approach(&mut self.head, reading.next, reading.limit - reading.next, Op::Read),
            };
            let passed = mechanics.passed_by(&stretch, instant);
            reading.next = reading.next.max(stretch.first + passed);
            reading.stretch = Some(stretch);
            if passed < stretch.count {
                break false;
            }
            reading.stretch = None;
            self.head.free = mechanics.passed(&stretch, stretch.count);
        };
        self.reading = Some(reading);
        self.note_progress(model);
        if is_done {
            self.reading = None;
        }
    }

    fn note_progress(&mut self, model: &Model) {
        if let (Some(Reading { segment: Some(segment), next, .. }), Some(cache)) =
            (self.reading, &model.controller.cache)
        {
            self.buffer.grow(cache, segment, next);
        }
    }

    /// Takes the arm away from a read-ahead. A movement that is under way ends first.
    fn stop(&mut self, model: &Model, instant: Instant) {
        let Some(reading) = self.reading else { return };
        if reading.next < reading.least {
            let (next, least) = (reading.next, reading.least.min(reading.limit));
            if next < least {
                self.read_to(model, next, least, &mut Transfer::new(least - next, 0));
            }
            self.reading = None;
            return;
        }
        self.reading = None;
        let Some(stretch) = reading.stretch.filter(|_| instant > self.head.free) else { return };
        let stops = model.controller.cache.as_ref().map_or(Stop::AtOnce, |cache| cache.stops);
        self.head.free = match stops {
            Stop::AfterSector if instant > stretch.start => {
                model.mechanics.passed(&stretch, reading.next + 1 - stretch.first)
            }
            Stop::AfterSector | Stop::AtOnce => instant,
        };
    }

    /// The first sector that a read-ahead after this request leaves out.
    fn limit(&self, model: &Model, cache: &CacheSpecification, segment: usize, first: u64, sectors: u64) -> u64 {
        self.limit_from(model, cache, self.buffer.segment(segment).start, first, sectors)
    }

    fn limit_from(&self, model: &Model, cache: &CacheSpecification, start: u64, first: u64, sectors: u64) -> u64 {
        let layout = &model.mechanics.layout;
        let end = first + sectors;
        let most = model.sectors();
        if end >= most {
            return most;
        }
        let by_size = |limit: ReadAheadLimit| match limit {
            ReadAheadLimit::Beyond(sectors) => end + sectors,
            ReadAheadLimit::SegmentWithRequest => (first + cache.segment_sectors).max(end + cache.least_read_ahead),
        };
        let limit = match cache.read_ahead {
            ReadAhead::None => end,
            ReadAhead::Sectors(limit) => by_size(limit),
            ReadAhead::ToTrackEnd(limit) => by_size(limit).min(layout.track_of(end - 1).1),
            ReadAhead::ToCylinderEnd(limit) => by_size(limit).min(layout.cylinder_of(end - 1).1),
            ReadAhead::Tracks => {
                let (track_start, track_end) = layout.track_of(end);
                match start < track_start && track_end < most {
                    true => layout.track_of(track_end).1,
                    false => track_end,
                }
            }
        };
        limit.clamp(end, most)
    }

    // ---- writes -----------------------------------------------------------------------------------------------

    fn write(&mut self, model: &Model, arrival: Instant, first: u64, sectors: u64) -> Instant {
        self.stop(model, arrival);
        let end = first + sectors;
        let finished = match model.controller.fast_write {
            FastWrite::Never => self.write_through(model, arrival, first, sectors),
            FastWrite::Streams | FastWrite::Always => self.write_behind(model, arrival, first, sectors),
        };
        let buffered = model.controller.fast_write != FastWrite::Never;
        self.written = Some(Written { end, buffered, is_latest: true });
        finished
    }

    /// The write is complete when it is on the media.
    fn write_through(&mut self, model: &Model, arrival: Instant, first: u64, sectors: u64) -> Instant {
        let (controller, clock) = (&model.controller, &model.mechanics.clock);
        let overheads = &controller.overheads;
        let later = |span: Span| clock.after(arrival, clock.ticks(span.ns()));
        if let Some(cache) = &controller.cache {
            self.buffer.write(cache, first, sectors);
        }
        let interrupts = self.written.is_some_and(|written| written.is_latest && written.end != first);
        let (start, data, reselect) = match &controller.extra_disconnect {
            Some(extra) if interrupts => {
                let away = extra.command + extra.disconnect + extra.between;
                let data = away + overheads.first_reselect + overheads.data_preparation;
                (later(extra.command + extra.seek_delta), later(data), overheads.other_reselect)
            }
            _ => {
                let overhead = overheads.write_miss[after(self.previous)];
                (later(overhead), later(overhead + overheads.data_preparation), overheads.first_reselect)
            }
        };
        let least = match controller.extra_disconnect {
            // So many sectors a drive of this kind collects before it writes (DiskSim 4.0 [S]).
            Some(_) if sectors >= 45 => 15,
            Some(_) => sectors.min(10),
            None => 1,
        };
        let filling = Filling { start: data, per_sector: clock.ticks(controller.bus_write.ns()), least };
        self.head.free = self.head.free.max(start);
        self.wait_before_write(model, first);
        let written = self.put_on_media(&model.mechanics, first, sectors, &filling);
        clock.after(written, clock.ticks((reselect + overheads.write_completion).ns()))
    }

    /// The write is complete when it is in the buffer; the media follow.
    fn write_behind(&mut self, model: &Model, arrival: Instant, first: u64, sectors: u64) -> Instant {
        let (controller, clock) = (&model.controller, &model.mechanics.clock);
        let overheads = &controller.overheads;
        let per_sector = clock.ticks(controller.bus_write.ns());
        let begin = clock.after(arrival, clock.ticks(overheads.write_hit[after(self.previous)].ns()));
        let preparation = clock.ticks(overheads.data_preparation.ns());
        let is_busy = self.written.is_some_and(|it| it.buffered) && self.head.free > arrival;
        let appends = is_busy && controller.combines_writes && self.written.is_some_and(|it| it.end == first);
        let data = if is_busy && !appends {
            // The buffer is written out first; then the drive calls the host again.
            let called = clock.ticks(overheads.first_reselect.ns());
            let flushed = clock.after(self.head.free, called);
            clock.after(if self.head.free > begin { flushed } else { begin }, preparation)
        } else {
            clock.after(begin, preparation)
        };
        if let Some(cache) = &controller.cache {
            match appends {
                true => self.buffer.append(cache, first + sectors),
                false => self.buffer.write(cache, first, sectors),
            }
        }
        if !appends {
            self.head.free = self.head.free.max(begin);
            self.wait_before_write(model, first);
        }
        let filling = Filling { start: data, per_sector, least: 1 };
        let room = controller.cache.as_ref().map_or(sectors, |cache| cache.segment_sectors);
        let mut buffered = clock.after(data, sectors * per_sector);
        if sectors > room {
            // What does not fit waits until as much has been written.
            let written = self.put_on_media(&model.mechanics, first, sectors - room, &filling);
            buffered = buffered.max(clock.after(written, room.min(sectors - room) * per_sector));
            let rest = Filling { start: buffered, per_sector: 0, least: 1 };
            self.put_on_media(&model.mechanics, first + sectors - room, room, &rest);
        } else {
            self.put_on_media(&model.mechanics, first, sectors, &filling);
        }
        clock.after(buffered, clock.ticks(overheads.write_completion.ns()))
    }

    /// A movement that would be shorter than the least is put off by the difference.
    fn wait_before_write(&mut self, model: &Model, first: u64) {
        let least = model.mechanics.clock.ticks(model.controller.least_write_positioning.ns());
        if least > 0 {
            let place = model.mechanics.layout.locate(first);
            let movement = model.mechanics.positioning(self.head.arm, place, Op::Write);
            self.head.free = model.mechanics.clock.after(self.head.free, least.saturating_sub(movement));
        }
    }

    /// Writes from the buffer while it fills; returns when the last sector is on the media. A sector that is not in the
    /// buffer when its place passes costs a turn.
    fn put_on_media(&mut self, mechanics: &Mechanics, first: u64, sectors: u64, filling: &Filling) -> Instant {
        let clock = &mechanics.clock;
        let mut next = 0;
        while next < sectors {
            let mut stretch = mechanics.approach(&mut self.head, first + next, sectors - next, Op::Write);
            let mut done = 0;
            while done < stretch.count {
                let late =
                    |index: u64| clock.between(mechanics.passed(&stretch, index), filling.ready(clock, next + index));
                let Some(stop) = first_late(done, stretch.count, late) else { break };
                let turns = late(stop).div_ceil(clock.turn());
                stretch.start = clock.after(stretch.start, turns * clock.turn());
                done = stop;
            }
            self.head.free = mechanics.passed(&stretch, stretch.count);
            next += stretch.count;
        }
        self.head.free
    }
}

/// The first of the sectors `from..count` that is late.
///
/// Media and bus both run evenly, so once a sector is in time those after it are, or from some one on all are late.
fn first_late(from: u64, count: u64, late: impl Fn(u64) -> u64) -> Option<u64> {
    if late(from) > 0 {
        return Some(from);
    }
    if late(count - 1) == 0 {
        return None;
    }
    let (mut in_time, mut is_late) = (from, count - 1);
    while in_time + 1 < is_late {
        let middle = in_time.midpoint(is_late);
        if late(middle) > 0 { is_late = middle } else { in_time = middle }
    }
    Some(is_late)
}

impl Watermark {
    fn sectors(self, sectors: u64, cache: Option<&CacheSpecification>) -> u64 {
        let size = cache.map_or(sectors, |cache| cache.segment_sectors);
        let mark = match self.of {
            WatermarkOf::Request => sectors.min(size) * self.ppm / 1_000_000,
            WatermarkOf::Segment => (size * self.ppm).div_ceil(1_000_000),
        };
        mark.clamp(1, sectors)
    }
}

/// Place of an operation in a pair of overheads.
fn after(previous: Op) -> usize {
    match previous {
        Op::Read => 0,
        Op::Write => 1,
    }
}
