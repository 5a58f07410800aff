//! The restore: tape to a volume, and the volume online again (e1 to e6 of HAZARDS 1.2, c8 and c9).
//!
//! The guard comes first: the device takes part in no relationship, and nothing else bears the ID. The device itself is
//! varied offline; another device that still bears the ID is retired (varied offline and taken off the online-at-IPL list)
//! or, if the plan says so, left alone. With `restore_label = "last"` the device has no label while tracks are written,
//! so that a crash leaves nothing that could be taken for the volume.

use std::collections::VecDeque;

use super::catalog::{InventoryEntry, JournalEntry, JournalJob, JournalState};
use super::fact::{Job, Outcome};
use super::manual::ByHand;
use super::plan::{BackupPlan, ClearHidden, OldDevice, RestoreIfOnline, RestoreLabel, RestorePlan, SequenceCheck};
use super::reader::Reader;
use super::refusal::Refusal;
use super::session::{SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{DasdCommand, Payload};
use crate::vocab::{Cartridge, Device, Drive, LabelTrack, Mutant, Restore, Status, StepName, TrackImage, VolumeId};

#[derive(Clone, Debug)]
pub(super) struct RestoreRun {
    pub(super) restore: Restore,
    pub(super) tape: Option<(Cartridge, Drive)>,
    pub(super) plan: RestorePlan,
    pub(super) phase: Phase,
    pub(super) entry: Option<InventoryEntry>,
    /// Devices found with the ID in their label.
    pub(super) bearers: Vec<Device>,
    /// Devices to vary offline, and whether they are retired.
    pub(super) offline: VecDeque<(Device, bool)>,
    pub(super) reader: Option<Reader>,
    pub(super) writes: u32,
    /// Kept until everything else is written.
    pub(super) label_track: Option<TrackImage>,
    pub(super) by_hand: ByHand,
}

/// Where a restore begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RestoreEntry {
    First,
    /// After a crash, from the beginning.
    Again,
    /// After a crash behind the record of the completion: only the VARY ONLINE is missing.
    Completed,
    /// As `Completed`, with the label of an operator on it.
    Relabelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Record,
    Relations,
    /// The label of this device is read.
    Labels(u16),
    VaryOffline,
    /// Mounted, and compared with what the inventory says.
    Open,
    BlankLabel,
    Tracks,
    LabelTrack,
    Complete,
    VaryOnline,
    ReadLabel,
    /// The copy behind the backup may still hide the ID: its label is read, and blanked (`clear_hidden_on = "restore"`).
    ReadCopy,
    ClearCopy,
    /// An operator does what comes before the restore.
    Tasks,
    /// A relabel that was typed too early.
    EarlyRelabel,
    /// An operator relabels the restored volume: waited for, the label is read, the utility works, the label is written.
    AwaitRelabel,
    RelabelRead,
    Relabel,
    RelabelWrite,
    /// An operator varies the restored volume online.
    AwaitVary,
    /// Nobody knows yet that the volume cannot be used; then somebody looks.
    Undiscovered,
    Inspect,
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
            self.all_are_stimulated(out.now())
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
        let (looked_up, tasks) = self.tasks_of(&plan);
        let by_hand = looked_up || plan.by_operator;
        let phase = match entry {
            RestoreEntry::First | RestoreEntry::Again => Phase::Record,
            RestoreEntry::Completed if looked_up => Phase::AwaitRelabel,
            RestoreEntry::Completed | RestoreEntry::Relabelled if by_hand => Phase::AwaitVary,
            RestoreEntry::Completed | RestoreEntry::Relabelled => Phase::VaryOnline,
        };
        let run =
            RestoreRun { by_hand: ByHand { looked_up, tasks, ..ByHand::default() }, ..self.restore_of(restore, phase) };
        self.durable.restores_started[restore.0 as usize] = true;
        let slot = self.add_session(Work::Restore(run));
        let job = Job::Restore(restore);
        if entry == RestoreEntry::First {
            let entry = JournalEntry {
                job: JournalJob::Restore { restore },
                steps_done: 0,
                state: JournalState::Open,
                resumed: false,
            };
            self.durable.journal.push(entry);
        }
        // An operator's steps begin when he is asked for them.
        match phase {
            Phase::Record => out.report(ManagerFact::StepStarted { job, step: StepName::MountAndRestore }),
            Phase::VaryOnline => out.report(ManagerFact::StepStarted { job, step: StepName::VaryRestoredOnline }),
            _ => {}
        }
        if entry == RestoreEntry::First {
            out.report(ManagerFact::RestoreStarted { restore, volume: plan.volume, device: plan.to });
        }
        self.session_after(slot, self.parameters.record_write, out);
    }

    /// A restore that has done nothing yet.
    pub(super) fn restore_of(&self, restore: Restore, phase: Phase) -> RestoreRun {
        let plan = self.restores[restore.0 as usize];
        RestoreRun {
            restore,
            tape: None,
            plan,
            phase,
            entry: self.durable.latest(plan.volume, &plan.extents).cloned(),
            bearers: Vec::new(),
            offline: VecDeque::new(),
            reader: None,
            writes: 0,
            label_track: None,
            by_hand: ByHand::default(),
        }
    }

    /// The tape that the restore is from: what the inventory says, or what the operator believes.
    pub(super) fn select_generation(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let restore = self.restore_run(slot).restore;
        let Some(entry) = self.chosen_backup(self.seen_restore(slot)) else {
            self.refuse_restore(slot, Refusal::NoBackup, out);
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

    pub(super) fn seen_restore(&self, slot: u32) -> &RestoreRun {
        match self.volatile.sessions.get(&slot).map(|session| &session.work) {
            Some(Work::Restore(run)) => run,
            _ => unreachable!("the session is a restore"),
        }
    }

    pub(super) fn restore_run(&mut self, slot: u32) -> &mut RestoreRun {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Restore(run)) => run,
            _ => unreachable!("the session is a restore"),
        }
    }

    pub(super) fn restore_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        match run.phase {
            Phase::Record => self.next_restore_task(slot, out),
            Phase::AwaitRelabel => self.continue_by_hand(slot, false, out),
            Phase::AwaitVary => self.continue_by_hand(slot, true, out),
            Phase::Relabel => self.relabel_waited(slot, out),
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
                let backup = self.restore_run(slot).entry.as_ref().expect("a restore has its backup").backup;
                self.unload_session_tape(slot, out);
                let job = Job::Restore(restore);
                if let Some(entry) = self.durable.journal_mut(job) {
                    entry.steps_done = 1;
                }
                out.report(ManagerFact::RestoreComplete { restore, backup, device: plan.to });
                out.report(ManagerFact::StepEnded { job, step: StepName::MountAndRestore });
                if Manager::is_finished_by_hand(self.restore_run(slot)) {
                    self.continue_by_hand(slot, false, out);
                    return;
                }
                out.report(ManagerFact::StepStarted { job, step: StepName::VaryRestoredOnline });
                out.report(ManagerFact::VaryOnlineRequested { device: plan.to });
                self.durable.online_at_ipl[plan.to.0 as usize] = true;
                self.restore_run(slot).phase = Phase::VaryOnline;
                let delay = self.vary_time();
                self.session_after(slot, delay, out);
            }
            Phase::VaryOnline => {
                let device = Manager::varied(self.restore_run(slot));
                self.restore_run(slot).phase = Phase::ReadLabel;
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
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
        if matches!(run.phase, Phase::ReadCopy | Phase::ClearCopy) {
            self.clear_copy(slot, status, &payload, out);
            return;
        }
        if status != Status::Good {
            self.fail_restore(slot, out);
            return;
        }
        if let (SessionTag::TracksRead(first), Payload::Images(images)) = (tag, &payload) {
            let read = self.volume_read(slot, first, images);
            self.restore_read(slot, read, out);
            return;
        }
        match (run.phase, payload) {
            (Phase::Relations, Payload::Relations(relations)) => {
                let related = relations.iter().any(|relation| relation.source == plan.to || relation.target == plan.to);
                if related {
                    self.refuse_restore(slot, Refusal::DeviceInCopy, out);
                } else {
                    self.read_next_label(slot, 0, out);
                }
            }
            (Phase::Labels(number), Payload::Label(label)) => {
                let device = Device(number);
                if device == plan.to && !self.may_overwrite(slot, label.id()) {
                    self.refuse_wrong_device(slot, label.id(), out);
                    return;
                }
                let run = self.restore_run(slot);
                // Tracks without a label bring back no ID: who bears it is not concerned.
                if plan.extents.holds_label() && label.id() == Some(plan.volume) {
                    run.bearers.push(device);
                }
                self.read_next_label(slot, number + 1, out);
            }
            (Phase::BlankLabel, _) if run.by_hand.early => self.relabel_early(slot, out),
            (Phase::BlankLabel, _) => {
                run.phase = Phase::Tracks;
                self.restore_on(slot, out);
            }
            (Phase::ReadLabel, Payload::Label(label)) => self.restored_label_read(slot, &label, out),
            (Phase::EarlyRelabel, _) => {
                run.phase = Phase::Tracks;
                self.restore_on(slot, out);
            }
            (Phase::RelabelRead, Payload::Label(label)) => self.relabel_read(slot, &label, out),
            (Phase::RelabelWrite, _) => self.relabel_written(slot, out),
            (Phase::Inspect, Payload::Label(label)) => self.inspected(slot, &label, out),
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
        // The volume that the backup lies on bears the ID, and that is no device that lost it.
        let backup_volume = run.entry.as_ref().and_then(InventoryEntry::device);
        if backup_volume == Some(plan.to) {
            self.refuse_restore(slot, Refusal::HoldsBackup, out);
            return;
        }
        let online_backup = backup_volume.filter(|&device| self.is_online(device));
        let others = bearers
            .iter()
            .copied()
            .filter(|&device| device != plan.to && (Some(device) != backup_volume || Some(device) == online_backup));
        let mut offline = VecDeque::new();
        for device in others {
            match (plan.old_device, plan.restore_if_online) {
                _ if self.parameters.lacks(Mutant::RestoreBesideOnlineSource) => {}
                (OldDevice::Retire, _) => offline.push_back((device, true)),
                (OldDevice::Keep, RestoreIfOnline::Force) => {}
                (OldDevice::Keep, RestoreIfOnline::Refuse) => {
                    if self.is_online(device) {
                        let refusal = Refusal::OnlineElsewhere { volume: plan.volume, device };
                        self.refuse_restore(slot, refusal, out);
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
        let sequence_check = match self.parameters.lacks(Mutant::AcceptOutOfOrderSections) {
            true => SequenceCheck::Trust,
            false => self.parameters.sequence_check,
        };
        let run = self.restore_run(slot);
        if let Some(&(device, _)) = run.offline.front() {
            out.report(ManagerFact::VaryOfflineRequested { device });
            let delay = self.vary_time();
            self.session_after(slot, delay, out);
            return;
        }
        let entry = run.entry.as_ref().expect("a restore has its backup");
        let restore = run.restore;
        run.reader = Some(Reader::new(entry, sequence_check));
        run.phase = Phase::Open;
        let (device, order) = (run.plan.to, run.plan.restore_label);
        // A label that comes last is believed only when the restore is complete: until then no start of the host brings
        // the device online. A label that comes first is believed at once (H67).
        if order == RestoreLabel::Last {
            self.durable.online_at_ipl[device.0 as usize] = false;
        }
        out.report(ManagerFact::RestoreGuardPassed { restore });
        let read = self.begin_reading(slot, out);
        self.restore_read(slot, read, out);
    }

    fn restored_label_read(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, plan) = (run.restore, run.plan);
        if Manager::is_finished_by_hand(run) {
            self.varied_by_hand(slot, label, out);
            return;
        }
        // A start of the host may have brought it online already, and applications with it.
        let volume = if plan.extents.holds_label() { plan.volume } else { label.id().unwrap_or(plan.volume) };
        let known = self.is_online(plan.to) || self.volatile.opens.iter().any(|&(_, waiting)| waiting == volume);
        let online = label.id().is_some_and(|id: VolumeId| self.set_online(plan.to, id, out));
        // Without an application that waits for the volume somebody opens it once: a restore nobody can open is none.
        if online && !known && self.device_of(volume) == Some(plan.to) {
            out.report(ManagerFact::ApplicationOpened { volume, device: plan.to });
        }
        let job = Job::Restore(restore);
        out.report(ManagerFact::StepEnded { job, step: StepName::VaryRestoredOnline });
        if !online {
            self.end_restore(slot, Outcome::FailedClean, out);
            return;
        }
        let backup = self.restore_run(slot).entry.as_ref().map(|entry| entry.backup);
        let made_by = backup.and_then(|backup| self.plan_of(backup));
        let copy =
            made_by.filter(|made_by| made_by.clear_hidden_on == ClearHidden::Restore && made_by.target != plan.to);
        let Some(BackupPlan { target: device, .. }) = copy else {
            self.end_restore(slot, Outcome::Complete, out);
            return;
        };
        self.restore_run(slot).phase = Phase::ReadCopy;
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
    }

    /// The volume is back: the copy that it was made from need not hide the ID any longer.
    fn clear_copy(&mut self, slot: u32, status: Status, payload: &Payload, out: &mut ManagerOutbox) {
        let backup = self.restore_run(slot).entry.as_ref().map(|entry| entry.backup);
        let made_by = backup.and_then(|backup| self.plan_of(backup));
        if let (Payload::Label(label), Status::Good, Some(made_by)) = (payload, status, made_by)
            && let Some(record) = label.label.filter(|record| record.has_hidden())
        {
            let mut label = **label;
            let mut record = record;
            record.clear_hidden();
            label.label = Some(record);
            self.restore_run(slot).phase = Phase::ClearCopy;
            let ticket = self.session_ticket(slot, SessionTag::Step);
            out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device: made_by.target, label }));
            return;
        }
        self.end_restore(slot, Outcome::Complete, out);
    }

    pub(super) fn refuse_restore(&mut self, slot: u32, refusal: Refusal, out: &mut ManagerOutbox) {
        let restore = self.restore_run(slot).restore;
        out.report(ManagerFact::RestoreRefused { restore, refusal });
        self.fail_restore(slot, out);
    }

    pub(super) fn fail_restore(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let job = Job::Restore(run.restore);
        let step = match run.phase {
            Phase::VaryOnline | Phase::ReadLabel | Phase::AwaitVary => StepName::VaryRestoredOnline,
            Phase::AwaitRelabel | Phase::RelabelRead | Phase::Relabel | Phase::RelabelWrite => {
                StepName::RelabelRestored
            }
            _ => StepName::MountAndRestore,
        };
        out.report(ManagerFact::StepEnded { job, step });
        self.end_restore(slot, Outcome::FailedClean, out);
    }

    pub(super) fn end_restore(&mut self, slot: u32, outcome: Outcome, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (job, device) = (Job::Restore(run.restore), run.plan.to);
        if run.by_hand.ended {
            self.drop_session(slot, out);
            return;
        }
        self.durable.online_at_ipl[device.0 as usize] = true;
        self.unload_session_tape(slot, out);
        self.close_journal(job, JournalState::Closed);
        out.report(ManagerFact::JobEnded { job, outcome, held: false });
        self.drop_session(slot, out);
    }
}
