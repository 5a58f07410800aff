//! Writes: into cache and NVS, then acknowledged; the versions that they leave.

use std::sync::Arc;

use super::command::{DasdFact, Payload};
use super::tables::Record;
use super::{DasdController, DasdOutbox};
use crate::kernel::Time;
use crate::vocab::{Device, LabelTrack, Status, Tag, Ticket, TrackImage, TrackNo, TrackRange, WriteNumber};

#[derive(Clone, Debug)]
pub struct Write {
    pub ticket: Ticket,
    pub range: TrackRange,
    pub bytes: u64,
    pub write: WriteNumber,
    pub phase: WritePhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritePhase {
    Channel,
    Processor,
    /// Tracks committed so far.
    Commit(u32),
    /// As many, and the array had no space for the next.
    AwaitSpace(u32),
    /// There is no NVS: the tracks must be on disk before the answer.
    Harden,
}

/// What became of a new version of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Insertion {
    Done,
    /// NVS has no room: the write waits.
    AwaitsNvs,
    /// The array has no place: the write waits.
    AwaitsSpace,
}

impl DasdController {
    pub(super) fn proceed_write(&mut self, slot: u32, mut write: Write, out: &mut DasdOutbox) -> Option<Write> {
        let device = write.range.device;
        let mut done = match write.phase {
            WritePhase::Channel => {
                write.phase = WritePhase::Processor;
                self.use_processor(slot, out);
                return Some(write);
            }
            WritePhase::Processor if self.refuses_writes(out) => {
                self.reply(write.ticket, Status::Rejected, Payload::Nothing, out);
                self.write_ended(device, out);
                return None;
            }
            WritePhase::Processor => 0,
            WritePhase::Commit(done) | WritePhase::AwaitSpace(done) => done,
            WritePhase::Harden => write.range.count,
        };
        while done < write.range.count {
            let track = TrackNo(write.range.first.0 + done);
            if self.save_first(slot, device, track) {
                write.phase = WritePhase::Commit(done);
                return Some(write);
            }
            let mut image = self.logical_image(device, track);
            if image.tag == Tag::UNREADABLE {
                // A part of a track is written into the rest of it, which nobody can read.
                self.reply(write.ticket, Status::MediaError, Payload::Nothing, out);
                self.write_ended(device, out);
                return None;
            }
            image.tag = image.tag.after_write(write.write, done);
            let inserted = self.commit_track(device, track, image, out);
            if inserted != Insertion::Done {
                write.phase = self.await_room(slot, inserted, write.phase, done);
                return Some(write);
            }
            out.report(DasdFact::WriteCommitted { device, track });
            self.clear_on_write(device, out);
            done += 1;
        }
        if self.must_harden(slot, write.range, out) {
            write.phase = WritePhase::Harden;
            return Some(write);
        }
        self.reply(write.ticket, Status::Good, Payload::Nothing, out);
        self.write_ended(device, out);
        self.destage_if_due(out);
        None
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation, taken apart by the dispatcher")]
    pub(super) fn proceed_write_tracks(
        &mut self,
        slot: u32,
        ticket: Ticket,
        device: Device,
        first: TrackNo,
        images: &Arc<[TrackImage]>,
        phase: WritePhase,
        out: &mut DasdOutbox,
    ) -> Option<WritePhase> {
        let mut done = match phase {
            WritePhase::Channel => {
                self.use_processor(slot, out);
                return Some(WritePhase::Processor);
            }
            WritePhase::Processor if self.refuses_writes(out) => {
                self.reply(ticket, Status::Rejected, Payload::Nothing, out);
                self.write_ended(device, out);
                return None;
            }
            WritePhase::Processor => 0,
            WritePhase::Commit(done) | WritePhase::AwaitSpace(done) => done,
            WritePhase::Harden => images.len() as u32,
        };
        while (done as usize) < images.len() {
            let track = TrackNo(first.0 + done);
            let inserted = self.commit_track(device, track, images[done as usize].clone(), out);
            if inserted != Insertion::Done {
                return Some(self.await_room(slot, inserted, phase, done));
            }
            out.report(DasdFact::WriteCommitted { device, track });
            if track.0 == 0 {
                out.report(DasdFact::LabelWritten { device });
            }
            done += 1;
        }
        let range = TrackRange { device, first, count: images.len() as u32 };
        if self.must_harden(slot, range, out) {
            return Some(WritePhase::Harden);
        }
        self.reply(ticket, Status::Good, Payload::Nothing, out);
        self.write_ended(device, out);
        self.destage_if_due(out);
        None
    }

    /// The phase of a write that waits behind `done` tracks; one that waits for space is counted once.
    fn await_room(&mut self, slot: u32, inserted: Insertion, before: WritePhase, done: u32) -> WritePhase {
        self.volatile.nvs_waiters.push_back(slot);
        let counted = matches!(before, WritePhase::AwaitSpace(_));
        if inserted == Insertion::AwaitsSpace && !counted {
            self.volatile.space.account.writes_waited += 1;
        }
        if counted || inserted == Insertion::AwaitsSpace {
            WritePhase::AwaitSpace(done)
        } else {
            WritePhase::Commit(done)
        }
    }

    /// Puts a new version of a track into cache and NVS, if there is room for it.
    pub(super) fn commit_track(
        &mut self,
        device: Device,
        track: TrackNo,
        image: TrackImage,
        out: &mut DasdOutbox,
    ) -> Insertion {
        let relation = self.volatile.tables.relation_of_source(device).filter(|relation| !relation.owns(track));
        let epoch = relation.map_or(0, |relation| relation.number.0);
        let newest = self.volatile.cache.newest(device, track);
        // The same version may be overwritten in place, unless the older content is still needed as T0 data.
        let in_place = newest.filter(|&slot| {
            let slot = self.volatile.cache.slot(slot);
            slot.nvs().is_some() && (epoch == 0 || slot.epoch == epoch)
        });
        if let Some(slot) = in_place {
            let place = self.volatile.cache.slot(slot).nvs().expect("a modified slot has its copy in NVS");
            self.battery.modified.overwrite(place, image.clone(), epoch);
            self.volatile.cache.overwrite(slot, image, epoch, place, out.now());
            return Insertion::Done;
        }
        if track.0 != 0 && self.must_wait_for_space(out) {
            return Insertion::AwaitsSpace;
        }
        if self.battery.modified.is_full(self.nvs_bank(device, track)) && track.0 != 0 {
            if !self.volatile.full_reported {
                self.volatile.full_reported = true;
                out.report(DasdFact::NvsFull);
            }
            self.destage_if_due(out);
            return Insertion::AwaitsNvs;
        }
        self.insert_modified(device, track, image, epoch, out.now());
        Insertion::Done
    }

    pub(super) fn insert_modified(&mut self, device: Device, track: TrackNo, image: TrackImage, epoch: u32, now: Time) {
        let bank = self.nvs_bank(device, track);
        let place = self.battery.modified.insert(bank, device, track, image.clone(), epoch);
        match self.volatile.cache.newest(device, track) {
            Some(slot) if self.volatile.cache.slot(slot).nvs().is_none() => {
                self.volatile.cache.overwrite(slot, image, epoch, place, now);
            }
            _ => self.volatile.cache.insert_modified(device, track, image, epoch, place, now),
        }
    }

    /// The first host write behind a withdraw that left the hidden ID blanks it, where the withdraw said so.
    fn clear_on_write(&mut self, device: Device, out: &mut DasdOutbox) {
        if !self.volatile.tables.clear_on_write.contains(&device) {
            return;
        }
        self.log(Record::ClearOnWrite { device, wanted: false }, out);
        let mut label = *self.logical_label(device);
        if let Some(record) = label.label.as_mut().filter(|record| record.has_hidden()) {
            record.clear_hidden();
            self.commit_label(device, label, out);
            out.report(DasdFact::HiddenIdCleared { device });
        }
    }

    /// Writes label record and embedded names; the content of track 0 stays.
    pub(super) fn commit_label(&mut self, device: Device, label: LabelTrack, out: &mut DasdOutbox) {
        let tag = self.logical_image(device, TrackNo(0)).tag;
        let label = self.torn_label(device, label);
        let image = TrackImage { tag, label: Some(Arc::new(label)) };
        let written = self.commit_track(device, TrackNo(0), image, out);
        assert_eq!(written, Insertion::Done, "NVS keeps room for label tracks");
        self.destage_if_due(out);
    }

    pub(super) fn write_ended(&mut self, device: Device, out: &mut DasdOutbox) {
        self.volatile.devices[device.0 as usize].writes -= 1;
        self.drained(device, out);
    }
}
