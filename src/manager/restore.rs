//! The restore: tape to a volume, and the volume online again (e1 to e6 of HAZARDS 1.2, c8 and c9).
//!
//! The guard comes first: the device takes part in no relationship, and nothing else bears the ID. The device itself is
//! varied offline; another device that still bears the ID is retired (varied offline and taken off the online-at-IPL list)
//! or, if the plan says so, left alone. With `restore_label = "last"` the device has no label while tracks are written,
//! so that a crash leaves nothing that could be taken for the volume.

use std::collections::VecDeque;
use std::sync::Arc;

use super::catalog::{InventoryEntry, JournalEntry, JournalJob, JournalState};
use super::fact::{Job, Outcome};
use super::plan::{OldDevice, RestoreIfOnline, RestoreLabel, RestorePlan};
use super::session::{SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{DasdCommand, Payload};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::Record;
use crate::vocab::{Cartridge, Device, Drive, LabelTrack, Restore, Status, StepName, TrackImage, TrackNo, VolumeId};

#[derive(Clone, Debug)]
pub(super) struct RestoreRun {
    pub restore: Restore,
    pub tape: Option<(Cartridge, Drive)>,
    plan: RestorePlan,
    phase: Phase,
    entry: Option<InventoryEntry>,
    /// Devices found with the ID in their label.
    bearers: Vec<Device>,
    /// Devices to vary offline, and whether they are retired.
    offline: VecDeque<(Device, bool)>,
    /// The next track expected from tape, and what has been asked for.
    next: u32,
    asked: u32,
    reads: u32,
    writes: u32,
    /// Kept until everything else is written.
    label_track: Option<TrackImage>,
    retries: u32,
}

/// Where a restore begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RestoreEntry {
    First,
    /// After a crash, from the beginning.
    Again,
    /// After a crash behind the label, which came last: only the record of the completion is missing.
    LabelWritten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Record,
    Relations,
    /// The label of this device is read.
    Labels(u16),
    VaryOffline,
    Mount,
    TapeLabels,
    Header,
    BlankLabel,
    /// The journal notes that the device has no label any more.
    BlankNoted,
    Tracks,
    /// A tape error: what is on the way comes back first.
    Settle,
    Trailer,
    TrailerLabel,
    LabelTrack,
    Complete,
    VaryOnline,
    ReadLabel,
}

impl Manager {
    /// The instant of a `[[restore]]` has come.
    pub(super) fn restore_due(&mut self, number: usize, out: &mut ManagerOutbox) {
        self.volatile.overdue_restores.push_back(number);
        self.start_due_restores(out);
    }

    /// Starts the next restore that waits for a quiet manager: those whose instant has passed, then those without one, once
    /// every backup has been stimulated.
    pub(super) fn start_due_restores(&mut self, out: &mut ManagerOutbox) {
        if !self.is_idle() || !self.volatile.overdue_backups.is_empty() {
            return;
        }
        let due = self.volatile.overdue_restores.pop_front().or_else(|| {
            let waiting = self.durable.accepted.iter().all(|&accepted| accepted);
            waiting
                .then(|| {
                    (0..self.restores.len())
                        .find(|&number| self.restores[number].at.is_none() && !self.durable.restores_started[number])
                })
                .flatten()
        });
        if let Some(number) = due {
            self.begin_restore(Restore(number as u16), RestoreEntry::First, out);
        }
    }

    pub(super) fn begin_restore(&mut self, restore: Restore, entry: RestoreEntry, out: &mut ManagerOutbox) {
        let plan = self.restores[restore.0 as usize];
        let phase = if entry == RestoreEntry::LabelWritten { Phase::Complete } else { Phase::Record };
        let run = RestoreRun {
            restore,
            tape: None,
            plan,
            phase,
            entry: self.durable.latest(plan.volume).copied(),
            bearers: Vec::new(),
            offline: VecDeque::new(),
            next: 0,
            asked: 0,
            reads: 0,
            writes: 0,
            label_track: None,
            retries: 0,
        };
        self.durable.restores_started[restore.0 as usize] = true;
        let slot = self.add_session(Work::Restore(run));
        let job = Job::Restore(restore);
        if entry == RestoreEntry::First {
            let entry = JournalEntry { job: JournalJob::Restore { restore }, steps_done: 0, state: JournalState::Open };
            self.durable.journal.push(entry);
        }
        out.report(ManagerFact::StepStarted { job, step: StepName::MountAndRestore });
        if entry == RestoreEntry::First {
            out.report(ManagerFact::RestoreStarted { restore, volume: plan.volume, device: plan.to });
        }
        self.session_after(slot, self.parameters.record_write, out);
    }

    fn restore_run(&mut self, slot: u32) -> &mut RestoreRun {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Restore(run)) => run,
            _ => unreachable!("the session is a restore"),
        }
    }

    pub(super) fn restore_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        match run.phase {
            Phase::Record => {
                let Some(entry) = self.durable.latest(plan.volume).copied() else {
                    self.refuse_restore(slot, out);
                    return;
                };
                let backup = entry.backup;
                let run = self.restore_run(slot);
                run.entry = Some(entry);
                run.phase = Phase::Relations;
                out.report(ManagerFact::GenerationSelected { restore, backup });
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::QueryRelations { ticket }));
            }
            Phase::BlankNoted => {
                if let Some(entry) = self.durable.journal_mut(Job::Restore(restore)) {
                    entry.steps_done = 1;
                }
                self.restore_run(slot).phase = Phase::Tracks;
                self.ask_for_tracks(slot, out);
            }
            Phase::VaryOffline => {
                let (device, retire) = self.restore_run(slot).offline.pop_front().expect("a device is varied");
                if self.is_online(device) {
                    self.set_offline(device, out);
                }
                if retire {
                    self.durable.online_at_ipl[device.0 as usize] = false;
                    out.report(ManagerFact::DeviceRetired { device });
                }
                self.vary_next_offline(slot, out);
            }
            Phase::Complete => {
                let backup = self.restore_run(slot).entry.expect("a restore has its backup").backup;
                self.unload_session_tape(slot, out);
                let job = Job::Restore(restore);
                out.report(ManagerFact::RestoreComplete { restore, backup, device: plan.to });
                out.report(ManagerFact::StepEnded { job, step: StepName::MountAndRestore });
                out.report(ManagerFact::StepStarted { job, step: StepName::VaryRestoredOnline });
                out.report(ManagerFact::VaryOnlineRequested { device: plan.to });
                self.durable.online_at_ipl[plan.to.0 as usize] = true;
                self.restore_run(slot).phase = Phase::VaryOnline;
                let delay = self.vary_time();
                self.session_after(slot, delay, out);
            }
            Phase::VaryOnline => {
                self.restore_run(slot).phase = Phase::ReadLabel;
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device: plan.to }));
            }
            _ => unreachable!("no other phase of a restore waits for time"),
        }
    }

    pub(super) fn restore_dasd(
        &mut self,
        slot: u32,
        tag: SessionTag,
        status: Status,
        payload: Payload,
        out: &mut ManagerOutbox,
    ) {
        if let SessionTag::TracksWritten(first, count) = tag {
            self.tracks_written(slot, first, count, status, out);
            return;
        }
        let run = self.restore_run(slot);
        let plan = run.plan;
        if status != Status::Good {
            self.fail_restore(slot, out);
            return;
        }
        match (run.phase, payload) {
            (Phase::Relations, Payload::Relations(relations)) => {
                let related = relations.iter().any(|relation| relation.source == plan.to || relation.target == plan.to);
                if related {
                    self.refuse_restore(slot, out);
                } else {
                    self.read_next_label(slot, 0, out);
                }
            }
            (Phase::Labels(number), Payload::Label(label)) => {
                if label.id() == Some(plan.volume) {
                    run.bearers.push(Device(number));
                }
                self.read_next_label(slot, number + 1, out);
            }
            (Phase::BlankLabel, _) => {
                run.phase = Phase::BlankNoted;
                self.session_after(slot, self.parameters.record_write, out);
            }
            (Phase::ReadLabel, Payload::Label(label)) => self.restored_label_read(slot, &label, out),
            _ => unreachable!("each phase knows its answer"),
        }
    }

    fn read_next_label(&mut self, slot: u32, number: u16, out: &mut ManagerOutbox) {
        if usize::from(number) < self.parameters.devices.len() {
            self.restore_run(slot).phase = Phase::Labels(number);
            let ticket = self.session_ticket(slot, SessionTag::Step);
            out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device: Device(number) }));
            return;
        }
        let run = self.restore_run(slot);
        let (plan, bearers) = (run.plan, run.bearers.clone());
        let others = bearers.iter().copied().filter(|&device| device != plan.to);
        let mut offline = VecDeque::new();
        for device in others {
            match (plan.old_device, plan.restore_if_online) {
                (OldDevice::Retire, _) => offline.push_back((device, true)),
                (OldDevice::Keep, RestoreIfOnline::Force) => {}
                (OldDevice::Keep, RestoreIfOnline::Refuse) => {
                    if self.is_online(device) {
                        self.refuse_restore(slot, out);
                        return;
                    }
                }
            }
        }
        if self.is_online(plan.to) {
            offline.push_back((plan.to, false));
        }
        self.restore_run(slot).offline = offline;
        self.restore_run(slot).phase = Phase::VaryOffline;
        self.vary_next_offline(slot, out);
    }

    fn vary_next_offline(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        if let Some(&(device, _)) = run.offline.front() {
            out.report(ManagerFact::VaryOfflineRequested { device });
            let delay = self.vary_time();
            self.session_after(slot, delay, out);
            return;
        }
        let (restore, cartridge) = (run.restore, run.entry.expect("a restore has its backup").cartridge);
        run.phase = Phase::Mount;
        out.report(ManagerFact::RestoreGuardPassed { restore });
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Mount { ticket, drive: None, cartridge }));
    }

    pub(super) fn restore_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        let entry = run.entry.expect("a restore has its backup");
        if tag == SessionTag::ChainRead {
            self.chain_read(slot, result, out);
            return;
        }
        match (run.phase, result) {
            (Phase::Mount, TapeResult::Mounted { drive, volser }) => {
                run.tape = Some((entry.cartridge, drive));
                let sticker = self.parameters.cartridges[entry.cartridge.0 as usize];
                if volser != Some(sticker) {
                    self.fail_restore(slot, out);
                    return;
                }
                out.report(ManagerFact::TapeMounted { job: Job::Restore(restore), cartridge: entry.cartridge });
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

    fn read_tape(&mut self, slot: u32, phase: Phase, count: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = phase;
        let (_, drive) = run.tape.expect("a mounted tape is read");
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::Read { ticket, drive, count }));
    }

    /// Keeps a few chains on the way from tape, and no more tracks than buffers.
    fn ask_for_tracks(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let (buffers, cylinder) = (self.parameters.dump_buffers, self.parameters.dump_read_tracks);
        loop {
            let run = self.restore_run(slot);
            let tracks = run.entry.expect("a restore has its backup").tracks;
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
        let tracks = run.entry.expect("a restore has its backup").tracks;
        if run.next == tracks && run.writes == 0 && run.reads == 0 && run.phase == Phase::Tracks {
            self.read_tape(slot, Phase::Trailer, 1, out);
        }
    }

    fn chain_read(&mut self, slot: u32, result: TapeResult, out: &mut ManagerOutbox) {
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
    fn take_records(&mut self, slot: u32, records: &[Record], out: &mut ManagerOutbox) {
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
        run.next += images.len() as u32;
        let mut first = expected;
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

    fn tracks_written(&mut self, slot: u32, first: u32, count: u32, status: Status, out: &mut ManagerOutbox) {
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

    fn restored_label_read(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        let waiting = self.volatile.opens.iter().any(|&(_, volume)| volume == plan.volume);
        let online = label.id().is_some_and(|id: VolumeId| self.set_online(plan.to, id, out));
        // Without an application that waits for the volume somebody opens it once: a restore nobody can open is none.
        if online && !waiting && self.device_of(plan.volume) == Some(plan.to) {
            out.report(ManagerFact::ApplicationOpened { volume: plan.volume, device: plan.to });
        }
        let job = Job::Restore(restore);
        out.report(ManagerFact::StepEnded { job, step: StepName::VaryRestoredOnline });
        self.end_restore(slot, if online { Outcome::Complete } else { Outcome::FailedClean }, out);
    }

    /// Whether a read error is tried again; otherwise the restore has failed.
    fn may_retry(&mut self, slot: u32, permanent: bool, out: &mut ManagerOutbox) -> bool {
        let retries = self.parameters.step_retries;
        let run = self.restore_run(slot);
        if permanent || run.retries >= retries {
            self.fail_restore(slot, out);
            return false;
        }
        run.retries += 1;
        true
    }

    fn refuse_restore(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let restore = self.restore_run(slot).restore;
        out.report(ManagerFact::RestoreRefused { restore });
        self.fail_restore(slot, out);
    }

    fn fail_restore(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let job = Job::Restore(run.restore);
        let step = match run.phase {
            Phase::VaryOnline | Phase::ReadLabel => StepName::VaryRestoredOnline,
            _ => StepName::MountAndRestore,
        };
        out.report(ManagerFact::StepEnded { job, step });
        self.end_restore(slot, Outcome::FailedClean, out);
    }

    fn end_restore(&mut self, slot: u32, outcome: Outcome, out: &mut ManagerOutbox) {
        let job = Job::Restore(self.restore_run(slot).restore);
        self.unload_session_tape(slot, out);
        self.close_journal(job, JournalState::Closed);
        out.report(ManagerFact::JobEnded { job, outcome, held: false });
        self.drop_session(slot, out);
    }
}
