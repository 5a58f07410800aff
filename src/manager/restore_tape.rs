//! The tape side of a restore: labels checked, tracks in order, trailer checked, the label track last.

use std::sync::Arc;

use super::fact::Job;
use super::identity;
use super::plan::RestoreLabel;
use super::restore::Phase;
use super::session::SessionTag;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::Record;
use crate::vocab::{LabelTrack, Status, TrackImage, TrackNo};

impl Manager {
    pub(super) fn restore_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        let entry = run.entry.clone().expect("a restore has its backup");
        let first = entry.sections()[0].cartridge;
        if tag == SessionTag::ChainRead {
            self.chain_read(slot, result, out);
            return;
        }
        match (run.phase, result) {
            (Phase::Mount, TapeResult::Mounted { drive, volser }) => {
                run.tape = Some((first, drive));
                let sticker = self.parameters.cartridges[first.0 as usize];
                if volser != Some(sticker) {
                    self.fail_restore(slot, out);
                    return;
                }
                out.report(ManagerFact::TapeMounted { job: Job::Restore(restore), cartridge: first });
                self.read_tape(slot, Phase::TapeLabels, 4, out);
            }
            (Phase::TapeLabels, TapeResult::RecordsUntil { records, .. }) => {
                let labels_fit =
                    matches!(&records[..], [Record::Vol1 { .. }, Record::Hdr1 { .. }, Record::Hdr2, Record::TapeMark]);
                if labels_fit {
                    self.read_tape(slot, Phase::Header, 1, out);
                } else {
                    self.fail_restore(slot, out);
                }
            }
            (Phase::Header, TapeResult::Records(records)) => {
                let fits = matches!(records[0], Record::Header { backup, .. } if backup == entry.backup);
                if !fits {
                    self.fail_restore(slot, out);
                } else if plan.restore_label == RestoreLabel::Last {
                    self.restore_run(slot).phase = Phase::BlankLabel;
                    let ticket = self.session_ticket(slot, SessionTag::Step);
                    let label = LabelTrack::BLANK;
                    out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device: plan.to, label }));
                } else {
                    self.restore_run(slot).phase = Phase::Tracks;
                    self.ask_for_tracks(slot, out);
                }
            }
            (Phase::Trailer, TapeResult::RecordsUntil { .. }) => self.read_tape(slot, Phase::TrailerLabel, 1, out),
            (Phase::TrailerLabel, TapeResult::Records(records)) => {
                let expected = entry.tracks + 1;
                if matches!(records[0], Record::Eof1 { block_count } if block_count == expected) {
                    self.write_label_track(slot, out);
                } else {
                    self.fail_restore(slot, out);
                }
            }
            (phase, TapeResult::ReadError { permanent, .. }) => {
                if self.may_retry(slot, permanent, out) {
                    let count = if phase == Phase::TapeLabels { 4 } else { 1 };
                    self.read_tape(slot, phase, count, out);
                }
            }
            _ => self.fail_restore(slot, out),
        }
    }

    pub(super) fn read_tape(&mut self, slot: u32, phase: Phase, count: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = phase;
        let (_, drive) = run.tape.expect("a mounted tape is read");
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Read { ticket, drive, count }));
    }

    /// Keeps a few chains on the way from tape, and no more tracks than buffers.
    pub(super) fn ask_for_tracks(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let (buffers, cylinder) = (self.parameters.dump_buffers, self.parameters.dump_read_tracks);
        loop {
            let run = self.restore_run(slot);
            let tracks = run.entry.as_ref().expect("a restore has its backup").tracks;
            if run.reads + run.writes >= buffers || run.asked >= tracks {
                break;
            }
            let count = cylinder.min(tracks - run.asked);
            run.asked += count;
            run.reads += 1;
            let (_, drive) = run.tape.expect("a mounted tape is read");
            let ticket = self.tape_ticket(slot, SessionTag::ChainRead);
            out.send(ManagerMessage::Tape(TapeCommand::Read { ticket, drive, count }));
        }
        let run = self.restore_run(slot);
        let tracks = run.entry.as_ref().expect("a restore has its backup").tracks;
        if run.next == tracks && run.writes == 0 && run.reads == 0 && run.phase == Phase::Tracks {
            self.read_tape(slot, Phase::Trailer, 1, out);
        }
    }

    pub(super) fn chain_read(&mut self, slot: u32, result: TapeResult, out: &mut ManagerOutbox) {
        self.restore_run(slot).reads -= 1;
        match result {
            TapeResult::Records(records) => {
                self.take_records(slot, &records, out);
            }
            TapeResult::ReadError { permanent, records } => {
                self.take_records(slot, &records, out);
                if self.volatile.sessions.contains_key(&slot) && self.may_retry(slot, permanent, out) {
                    self.restore_run(slot).phase = Phase::Settle;
                }
            }
            TapeResult::NotExecuted => self.restore_run(slot).phase = Phase::Settle,
            _ => {
                self.fail_restore(slot, out);
                return;
            }
        }
        if !self.volatile.sessions.contains_key(&slot) {
            return;
        }
        let run = self.restore_run(slot);
        if run.phase == Phase::Settle {
            if run.reads > 0 {
                return;
            }
            // The tape stands in front of the record that could not be read.
            run.phase = Phase::Tracks;
            run.asked = run.next;
        }
        self.ask_for_tracks(slot, out);
    }

    /// Tracks in order go to the device; track 0 waits for the end when the label comes last.
    pub(super) fn take_records(&mut self, slot: u32, records: &[Record], out: &mut ManagerOutbox) {
        let participation = self.durable.participation;
        let backup = self.restore_run(slot).entry.as_ref().map(|entry| entry.backup);
        let made_by = backup.and_then(|backup| self.plan_of(backup));
        let run = self.restore_run(slot);
        let (plan, expected) = (run.plan, run.next);
        let mut images: Vec<TrackImage> = Vec::new();
        for (place, record) in records.iter().enumerate() {
            match record {
                Record::Track { track, image, .. } if track.0 == expected + place as u32 => images.push(image.clone()),
                _ => {
                    self.fail_restore(slot, out);
                    return;
                }
            }
        }
        let run = self.restore_run(slot);
        run.next += images.len() as u32;
        let backup = run.entry.as_ref().expect("a restore has its backup").backup;
        let mut first = expected;
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
        if first == 0 && plan.restore_label == RestoreLabel::Last && !images.is_empty() {
            run.label_track = Some(images.remove(0));
            first = 1;
        }
        if images.is_empty() {
            return;
        }
        run.writes += 1;
        let count = images.len() as u32;
        let ticket = self.session_ticket(slot, SessionTag::TracksWritten(first, count));
        let command =
            DasdCommand::WriteTracks { ticket, device: plan.to, first: TrackNo(first), images: images.into() };
        out.send(ManagerMessage::Dasd(command));
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
            self.ask_for_tracks(slot, out);
        }
    }

    pub(super) fn write_label_track(&mut self, slot: u32, out: &mut ManagerOutbox) {
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

    pub(super) fn complete_restore(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.restore_run(slot).phase = Phase::Complete;
        self.session_after(slot, self.parameters.record_write, out);
    }

    /// Whether a read error is tried again; otherwise the restore has failed.
    pub(super) fn may_retry(&mut self, slot: u32, permanent: bool, out: &mut ManagerOutbox) -> bool {
        let retries = self.parameters.step_retries;
        let run = self.restore_run(slot);
        if permanent || run.retries >= retries {
            self.fail_restore(slot, out);
            return false;
        }
        run.retries += 1;
        true
    }
}
