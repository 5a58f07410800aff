//! The data side of a restore: what is read goes to the device, the label track last.

use std::sync::Arc;

use super::identity;
use super::plan::RestoreLabel;
use super::reader::Read;
use super::restore::Phase;
use super::session::SessionTag;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::controller::tape::TapeResult;
use crate::vocab::{LabelTrack, Status, TrackImage, TrackNo};

impl Manager {
    pub(super) fn restore_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let read = self.tape_read(slot, tag, result, out);
        self.restore_read(slot, read, out);
    }

    pub(super) fn restore_read(&mut self, slot: u32, read: Read, out: &mut ManagerOutbox) {
        match read {
            Read::Pending => {}
            Read::Opened => self.backup_opened(slot, out),
            Read::Tracks(groups) => {
                for (first, images) in groups {
                    self.take_images(slot, first, images, out);
                    if !self.volatile.sessions.contains_key(&slot) {
                        return;
                    }
                }
                self.restore_on(slot, out);
            }
            Read::Complete => self.restore_on(slot, out),
            Read::Failed { .. } => self.fail_restore(slot, out),
        }
    }

    /// The backup is the right one: the device may lose what it holds.
    fn backup_opened(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let plan = self.restore_run(slot).plan;
        if plan.restore_label == RestoreLabel::Last && plan.extents.holds_label() {
            self.restore_run(slot).phase = Phase::BlankLabel;
            let ticket = self.session_ticket(slot, SessionTag::Step);
            let label = LabelTrack::BLANK;
            out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device: plan.to, label }));
        } else {
            self.restore_run(slot).phase = Phase::Tracks;
            self.restore_on(slot, out);
        }
    }

    /// Keeps a few chains on the way, and no more tracks than buffers; when all is read and written, the label follows.
    pub(super) fn restore_on(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let buffers = self.parameters.dump_buffers;
        let run = self.restore_run(slot);
        if run.phase != Phase::Tracks {
            return;
        }
        let writes = run.writes;
        self.read_on(slot, buffers.saturating_sub(writes), out);
        let run = self.restore_run(slot);
        if writes == 0 && run.reader.as_ref().is_some_and(super::reader::Reader::is_complete) {
            self.write_label_track(slot, out);
        }
    }

    /// Tracks go to the device; track 0 waits for the end when the label comes last.
    fn take_images(&mut self, slot: u32, first: u32, mut images: Vec<TrackImage>, out: &mut ManagerOutbox) {
        let participation = self.durable.participation;
        let backup = self.restore_run(slot).entry.as_ref().expect("a restore has its backup").backup;
        let made_by = self.plan_of(backup);
        if first == 0
            && let (Some(image), Some(made_by)) = (images.first_mut(), made_by)
        {
            let Some(restored) = identity::restored(&made_by, participation, image) else {
                self.fail_restore(slot, out);
                return;
            };
            *image = self.as_edited(backup, restored);
        }
        let run = self.restore_run(slot);
        let plan = run.plan;
        let mut images: Vec<(TrackNo, TrackImage)> = (first..).map(TrackNo).zip(images).collect();
        images.retain(|(track, _)| plan.extents.contains(*track));
        if plan.restore_label == RestoreLabel::Last && images.first().is_some_and(|(track, _)| track.0 == 0) {
            run.label_track = Some(images.remove(0).1);
        }
        for part in images.chunk_by(|(one, _), (next, _)| one.0 + 1 == next.0) {
            let (first, count) = (part[0].0, part.len() as u32);
            let images: Arc<[TrackImage]> = part.iter().map(|(_, image)| image.clone()).collect();
            self.restore_run(slot).writes += 1;
            let ticket = self.session_ticket(slot, SessionTag::TracksWritten(first.0, count));
            out.send(ManagerMessage::Dasd(DasdCommand::WriteTracks { ticket, device: plan.to, first, images }));
        }
    }

    pub(super) fn tracks_written(
        &mut self,
        slot: u32,
        first: u32,
        count: u32,
        status: Status,
        out: &mut ManagerOutbox,
    ) {
        let run = self.restore_run(slot);
        let (restore, device, phase) = (run.restore, run.plan.to, run.phase);
        run.writes -= 1;
        if status != Status::Good {
            self.fail_restore(slot, out);
            return;
        }
        for track in first..first + count {
            out.report(ManagerFact::RestoreTrackWritten { restore, device, track: TrackNo(track) });
        }
        if first == 0 {
            out.report(ManagerFact::RestoreLabelWritten { restore, device });
        }
        if phase == Phase::LabelTrack {
            self.complete_restore(slot, out);
        } else {
            self.restore_on(slot, out);
        }
    }

    fn write_label_track(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let Some(image) = run.label_track.take() else {
            self.complete_restore(slot, out);
            return;
        };
        run.phase = Phase::LabelTrack;
        run.writes += 1;
        let device = run.plan.to;
        let images: Arc<[TrackImage]> = Arc::new([image]);
        let ticket = self.session_ticket(slot, SessionTag::TracksWritten(0, 1));
        out.send(ManagerMessage::Dasd(DasdCommand::WriteTracks { ticket, device, first: TrackNo(0), images }));
    }

    fn complete_restore(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.restore_run(slot).phase = Phase::Complete;
        self.session_after(slot, self.parameters.record_write, out);
    }
}
