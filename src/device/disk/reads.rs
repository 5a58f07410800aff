//! What a read does: hits in the cache, the media, the bus, and reading ahead.

use super::buffer::Hit;
use super::bus::Transfer;
use super::clock::Instant;
use super::drive::{Disk, Reading, Written, after};
use super::model::DiskModel;
use super::specification::{CacheSpecification, Controller, ReadAhead, ReadAheadLimit, Stop, Watermark, WatermarkOf};
use crate::kernel::Span;
use crate::vocab::Op;

impl Disk {
    pub(super) fn read(&mut self, model: &DiskModel, arrival: Instant, first: u64, sectors: u64) -> Instant {
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
        model: &DiskModel,
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
        model: &DiskModel,
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
            let on_track = first - model.mechanics.geometry.track_of(first).0;
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
    fn read_to(&mut self, model: &DiskModel, first: u64, end: u64, transfer: &mut Transfer) {
        self.read_to_mark(model, first, end, 1, transfer);
    }

    /// Reads up to sector `end`; returns when `mark` sectors of the request were read.
    fn read_to_mark(&mut self, model: &DiskModel, first: u64, end: u64, mark: u64, transfer: &mut Transfer) -> Instant {
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
    pub(super) fn read_until(&mut self, model: &DiskModel, instant: Instant) {
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

    fn note_progress(&mut self, model: &DiskModel) {
        if let (Some(Reading { segment: Some(segment), next, .. }), Some(cache)) =
            (self.reading, &model.controller.cache)
        {
            self.buffer.grow(cache, segment, next);
        }
    }

    /// Takes the arm away from a read-ahead. A movement that is under way ends first.
    pub(super) fn stop(&mut self, model: &DiskModel, instant: Instant) {
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
    fn limit(&self, model: &DiskModel, cache: &CacheSpecification, segment: usize, first: u64, sectors: u64) -> u64 {
        self.limit_from(model, cache, self.buffer.segment(segment).start, first, sectors)
    }

    fn limit_from(&self, model: &DiskModel, cache: &CacheSpecification, start: u64, first: u64, sectors: u64) -> u64 {
        let geometry = &model.mechanics.geometry;
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
            ReadAhead::ToTrackEnd(limit) => by_size(limit).min(geometry.track_of(end - 1).1),
            ReadAhead::ToCylinderEnd(limit) => by_size(limit).min(geometry.cylinder_of(end - 1).1),
            ReadAhead::Tracks => {
                let (track_start, track_end) = geometry.track_of(end);
                match start < track_start && track_end < most {
                    true => geometry.track_of(track_end).1,
                    false => track_end,
                }
            }
        };
        limit.clamp(end, most)
    }
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
