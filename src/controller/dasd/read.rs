//! Reads: from cache, or staged from disk under the lock of each track.

use super::command::{DasdFact, Payload};
use super::{DasdController, DasdOutbox, DasdTimerKind};
use crate::device::raid::{Action, DiskOp, Place};
use crate::vocab::{Device, Status, Tag, Ticket, TrackImage, TrackNo, TrackRange};

#[derive(Clone, Debug)]
pub struct Read {
    pub ticket: Ticket,
    pub range: TrackRange,
    pub bytes: u64,
    pub images: bool,
    pub phase: ReadPhase,
    pub hit: bool,
    pub locks: Vec<(Device, TrackNo)>,
    /// The lock that it waits for. By the time it is granted the track may have moved under another.
    pub awaited: Option<(Device, TrackNo)>,
    pub first: Tag,
    pub rest: Vec<TrackImage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPhase {
    Processor,
    Locks,
    Stage,
    Channel,
}

impl DasdController {
    pub(super) fn proceed_read(&mut self, slot: u32, mut read: Read, out: &mut DasdOutbox) -> Option<Read> {
        if read.phase == ReadPhase::Processor {
            let cached = read.range.tracks().all(|track| self.disk_place(read.range.device, track).is_none());
            if cached {
                read.hit = true;
                return self.deliver(slot, read, out);
            }
            read.phase = ReadPhase::Locks;
        }
        if read.phase == ReadPhase::Locks {
            read.locks.extend(read.awaited.take());
            for track in read.range.tracks() {
                let key = self.lock_of(read.range.device, track);
                if !read.locks.contains(&key) {
                    if !self.lock_track(slot, key) {
                        read.awaited = Some(key);
                        return Some(read);
                    }
                    read.locks.push(key);
                }
            }
            let places: Vec<Place> =
                read.range.tracks().filter_map(|track| self.disk_place(read.range.device, track)).collect();
            read.phase = ReadPhase::Stage;
            if !places.is_empty() {
                self.read_places(slot, &places, out);
                return Some(read);
            }
        }
        if read.phase == ReadPhase::Stage {
            let device = read.range.device;
            for track in read.range.tracks() {
                out.report(DasdFact::StageDone { device, track });
                if !read.images
                    && !self.is_unreadable(device, track)
                    && self.volatile.tables.relation_of_target(device).is_none()
                {
                    let image = self.logical_image(device, track);
                    self.volatile.cache.insert_clean(device, track, image);
                }
            }
            let locks = std::mem::take(&mut read.locks);
            let waiting = self.deliver(slot, read, out);
            locks.into_iter().for_each(|key| self.unlock_track(key));
            self.arm_scan(out);
            return waiting;
        }
        self.volatile.devices[read.range.device.0 as usize].reads -= 1;
        if read.first == Tag::UNREADABLE || read.rest.iter().any(|image| image.tag == Tag::UNREADABLE) {
            self.reply(read.ticket, Status::MediaError, Payload::Nothing, out);
            self.drained(read.range.device, out);
            return None;
        }
        if !read.images {
            self.follow_stream(read.range, out);
        }
        let payload = if read.images {
            Payload::Images(read.rest.into())
        } else {
            let rest = (!read.rest.is_empty()).then(|| read.rest.iter().map(|image| image.tag).collect());
            Payload::Tags { first: read.first, rest, hit: read.hit }
        };
        self.reply(read.ticket, Status::Good, payload, out);
        self.drained(read.range.device, out);
        None
    }

    /// The content is at hand: it goes up the channel.
    pub(super) fn deliver(&mut self, slot: u32, mut read: Read, out: &mut DasdOutbox) -> Option<Read> {
        let device = read.range.device;
        let mut tracks = read.range.tracks();
        if !read.images {
            let first = tracks.next().expect("a read covers a track");
            read.first = self.logical_image(device, first).tag;
        }
        read.rest = tracks.map(|track| self.logical_image(device, track)).collect();
        for track in read.range.tracks() {
            if let Some(slot) = self.volatile.cache.newest(device, track) {
                self.volatile.cache.touch(slot);
            }
        }
        read.phase = ReadPhase::Channel;
        self.use_channel(slot, read.bytes, out);
        Some(read)
    }

    /// The home that must be read for a track; `None` when the content is in the cache, or there is none.
    pub(super) fn disk_place(&self, device: Device, track: TrackNo) -> Option<Place> {
        let tables = &self.volatile.tables;
        if self.volatile.cache.newest(device, track).is_some() {
            return None;
        }
        match tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
            Some(relation) => match self.cached_t0(relation.number.0, relation.source, track) {
                Some(_) => None,
                None => tables.place(relation.source, track),
            },
            None => tables.place(device, track),
        }
    }

    /// Reads places from disk for an operation that then waits: one sweep for each run of rows on a disk. A run may pass
    /// over one row that holds parity.
    pub(super) fn read_places(&mut self, slot: u32, places: &[Place], out: &mut DasdOutbox) {
        let damaged = self.rank.is_damaged();
        let find = |&place: &Place| if damaged { self.rank.locate(place) } else { self.rank.nearest(place) };
        let mut rows: Vec<(u16, u64)> = places.iter().map(find).map(|at| (at.disk, at.row)).collect();
        if damaged {
            rows = self.rows_around_damage(&rows);
        }
        rows.sort_unstable();
        let mut sweep = 0;
        for end in 1..=rows.len() {
            let (disk, row) = rows[end - 1];
            if rows.get(end).is_some_and(|&(other, next)| other == disk && next - row <= 2) {
                continue;
            }
            let first = rows[sweep].1;
            let count = u32::try_from(row - first + 1).expect("a run is no longer than its request");
            self.submit_disk(DiskOp { disk, row: first, rows: count, action: Action::Read, owner: slot }, out);
            sweep = end;
        }
    }

    /// What cannot be read is computed from the other disks of its row: they are read instead.
    fn rows_around_damage(&mut self, rows: &[(u16, u64)]) -> Vec<(u16, u64)> {
        let mut around = Vec::new();
        for &(disk, row) in rows {
            around.extend(self.rank.slots_to_read(disk, row).into_iter().map(|disk| (disk, row)));
        }
        around.sort_unstable();
        around.dedup();
        // Nothing is left of the row: the answer needs a disk all the same.
        if around.is_empty() { rows.to_vec() } else { around }
    }

    pub(super) fn submit_disk(&mut self, op: DiskOp, out: &mut DasdOutbox) {
        self.volatile.ops[op.owner as usize].outstanding += 1;
        let disk = op.disk;
        if let Some(service) = self.rank.submit(out.now(), op) {
            out.complete_after(service, self.timer(DasdTimerKind::Disk, u32::from(disk)));
        }
    }
}
