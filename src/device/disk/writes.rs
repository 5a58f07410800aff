//! What a write does: through to the media, or into the buffer with the media behind.

use super::bus::Filling;
use super::clock::{Clock, Instant};
use super::drive::{Disk, Written, after};
use super::mechanics::Mechanics;
use super::model::DiskModel;
use super::specification::FastWrite;
use crate::kernel::Span;
use crate::vocab::Op;

impl Disk {
    pub(super) fn write(&mut self, model: &DiskModel, arrival: Instant, first: u64, sectors: u64) -> Instant {
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
    fn write_through(&mut self, model: &DiskModel, arrival: Instant, first: u64, sectors: u64) -> Instant {
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
    fn write_behind(&mut self, model: &DiskModel, arrival: Instant, first: u64, sectors: u64) -> Instant {
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
        let mut buffered = clock.after_many(data, sectors, per_sector);
        if sectors > room {
            // What does not fit waits until as much has been written.
            let written = self.put_on_media(&model.mechanics, first, sectors - room, &filling);
            buffered = buffered.max(clock.after_many(written, room.min(sectors - room), per_sector));
            let rest = Filling { start: buffered, per_sector: 0, least: 1 };
            self.put_on_media(&model.mechanics, first + sectors - room, room, &rest);
        } else {
            self.put_on_media(&model.mechanics, first, sectors, &filling);
        }
        clock.after(buffered, clock.ticks(overheads.write_completion.ns()))
    }

    /// A movement that would be shorter than the least is put off by the difference.
    fn wait_before_write(&mut self, model: &DiskModel, first: u64) {
        let least = model.mechanics.clock.ticks(model.controller.least_write_positioning.ns());
        if least > 0 {
            let place = model.mechanics.geometry.locate(first);
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
                let turns = late(stop).div_ceil(u128::from(clock.turn()));
                stretch.start = Clock::after_turns(stretch.start, turns as u64);
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
fn first_late(from: u64, count: u64, late: impl Fn(u64) -> u128) -> Option<u64> {
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
