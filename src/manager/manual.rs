//! A restore by hand: looking the tape up, relabelling, varying online, and finding out that something was forgotten
//! (steps b7 to b9 of `no-volid-manual`, patent paragraphs 7 to 9; MODEL 3.2).
//!
//! The tape of a `no-volid-manual` backup bears the ID of the copy, B. That it holds volume A stands in the run book alone, so
//! an operator looks it up and types the restore; what comes back is B, and a utility writes A into its label. The names that
//! embed the ID stay B: the utility changes the label record and nothing else (H26g). With `relabel = "image"` the image on the
//! tape is renamed first, and an error in that edit costs the backup (H26f).
//!
//! A restore that any operator asks for waits for his command and for his VARY ONLINE.
//!
//! An operator who forgot something believes that he is done: the job ends as complete. Somebody who wants the volume finds
//! out after a while; then the missing step is done. That a complaint is pending survives every crash: it comes from outside.
//! A volume that cannot be brought online, because another device answers to its ID, is tried [`PATIENCE`] times; then it is
//! left as it is, and whoever asks gets the other device.
//!
//! Left out: an operator who works on several restores at once, and one who finds out what is wrong with the other device.

use std::collections::VecDeque;
use std::sync::Arc;

use super::catalog::{EntryState, InventoryEntry};
use super::fact::{Job, Outcome};
use super::operator_step::{Performance, Purpose, mistyped};
use super::plan::{MethodName, Relabel, RestorePlan};
use super::refusal::Refusal;
use super::restore::{Phase, RestoreRun};
use super::session::{SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::vocab::{Backup, Device, Label, LabelTrack, Slip, StepName, TrackImage, VolumeId};

/// How often an operator turns again to a restored volume that cannot be used, since the last start of the host (A).
const PATIENCE: u32 = 10;

/// What a restore knows of its operator.
#[derive(Clone, Debug, Default)]
pub(super) struct ByHand {
    /// The tape is found in the run book only: what comes back bears another ID.
    pub looked_up: bool,
    /// Steps in front of the restore that the operator has not done yet.
    pub tasks: VecDeque<StepName>,
    /// The tape that was taken for the right one.
    pub taken: Option<Backup>,
    /// The relabel was typed while the restore still ran (H26e).
    pub early: bool,
    /// The device and the ID of the relabel in progress.
    pub typed: Option<(Device, VolumeId)>,
    pub misses_status: bool,
    /// The job is over; what was forgotten is not yet put right.
    pub ended: bool,
    /// How often somebody has found out since.
    pub complaints: u32,
}

impl Manager {
    /// The steps that an operator does before the restore itself begins; none for one that the manager does alone.
    pub(super) fn tasks_of(&self, plan: &RestorePlan) -> (bool, VecDeque<StepName>) {
        let entry = self.durable.latest(plan.volume, &plan.extents);
        let method = |entry: &InventoryEntry| self.plan_of(entry.backup).map(|plan| plan.method);
        let by_hand = |backup: &super::plan::BackupPlan| {
            backup.method == MethodName::NoVolidManual && backup.source_id == plan.volume
        };
        let looked_up = match entry {
            Some(entry) => entry.source != plan.volume,
            None => self.backups.iter().any(by_hand),
        };
        let mut tasks = VecDeque::new();
        if looked_up {
            tasks.push_back(StepName::MountAndRestore);
            tasks.extend((plan.relabel == Relabel::Image).then_some(StepName::RelabelBackupImage));
        } else if plan.by_operator && entry.and_then(method) == Some(MethodName::SameIdOffline) {
            // The copy bore the same ID: that it is offline is looked after before anything comes back.
            tasks.push_back(StepName::VaryTargetOffline);
        }
        if looked_up || plan.by_operator {
            tasks.push_back(StepName::MountAndRestore);
        }
        (looked_up, tasks)
    }

    /// Asks for the next of these steps; without one the restore begins.
    pub(super) fn next_restore_task(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        match run.by_hand.tasks.front().copied() {
            Some(step) => self.ask_restore(slot, Phase::Tasks, step, Purpose::Step, out),
            None => self.select_generation(slot, out),
        }
    }

    fn ask_restore(&mut self, slot: u32, phase: Phase, step: StepName, purpose: Purpose, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = phase;
        let job = Job::Restore(run.restore);
        self.ask_operator(slot, job, step, purpose, out);
    }

    /// The backup that the operator takes: the one that the run book names, or the one he took for it.
    pub(super) fn chosen_backup(&self, run: &RestoreRun) -> Option<InventoryEntry> {
        let taken = run.by_hand.taken;
        match taken {
            Some(backup) => self.durable.inventory.iter().find(|entry| entry.backup == backup).cloned(),
            None => self.durable.latest(run.plan.volume, &run.plan.extents).cloned(),
        }
    }

    pub(super) fn restore_performed(
        &mut self,
        slot: u32,
        step: StepName,
        performance: Performance,
        out: &mut ManagerOutbox,
    ) {
        let run = self.restore_run(slot);
        run.by_hand.misses_status = performance.misses_status;
        match run.phase {
            Phase::Tasks => self.task_performed(slot, step, performance, out),
            Phase::AwaitRelabel => self.typed_relabel(slot, performance, out),
            Phase::AwaitVary => self.typed_vary(slot, performance, out),
            Phase::Undiscovered => self.discovered(slot, out),
            _ => {}
        }
    }

    fn task_performed(&mut self, slot: u32, step: StepName, performance: Performance, out: &mut ManagerOutbox) {
        let Performance { slip, choice, .. } = performance;
        let run = self.restore_run(slot);
        run.by_hand.tasks.pop_front();
        let (plan, looking_up) = (run.plan, run.by_hand.looked_up && !run.by_hand.tasks.is_empty());
        match (step, slip) {
            (StepName::MountAndRestore, Some(Slip::WrongDevice | Slip::Argument)) if looking_up => {
                let right = self.durable.latest(plan.volume, &plan.extents).map(|entry| entry.backup);
                let complete = self.durable.inventory.iter().filter(|entry| entry.state == EntryState::Complete);
                let others: Vec<Backup> = complete.map(|entry| entry.backup).filter(|&it| Some(it) != right).collect();
                match others.len() {
                    // With one backup there is nothing to mix up but the device.
                    0 if slip == Some(Slip::WrongDevice) => {
                        let other = self.meant_or_other(slip, plan.to, &[], choice);
                        self.restore_run(slot).plan.to = other;
                    }
                    0 => {}
                    count => self.restore_run(slot).by_hand.taken = Some(others[choice as usize % count]),
                }
            }
            (StepName::MountAndRestore, Some(Slip::WrongDevice)) => {
                let other = self.meant_or_other(slip, plan.to, &[], choice);
                self.restore_run(slot).plan.to = other;
            }
            (StepName::MountAndRestore, Some(Slip::Omit)) if !looking_up => {
                self.refuse_restore(slot, Refusal::NotTyped, out);
                return;
            }
            (StepName::MountAndRestore, Some(Slip::WrongOrder)) => self.restore_run(slot).by_hand.early = true,
            (StepName::RelabelBackupImage, slip) => self.edit_image(slot, slip, out),
            _ => {}
        }
        self.next_restore_task(slot, out);
    }

    /// The image on the tape gets the ID of the volume that it holds.
    fn edit_image(&mut self, slot: u32, slip: Option<Slip>, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let volume = run.plan.volume;
        let Some(entry) = self.chosen_backup(self.seen_restore(slot)) else { return };
        let backup = entry.backup;
        match slip {
            Some(Slip::Omit) => return,
            Some(Slip::Argument | Slip::WrongDevice) => {
                // An edit of the only copy that goes wrong leaves nothing to edit.
                if let Some(entry) = self.durable.entry_mut(backup) {
                    entry.state = EntryState::Invalid;
                }
            }
            _ => self.durable.image_labels.push((backup, volume)),
        }
        out.report(ManagerFact::BackupImageRelabelled { backup });
    }

    /// Track 0 as the edited image has it.
    pub(super) fn as_edited(&self, backup: Backup, image: TrackImage) -> TrackImage {
        let edited = self.durable.image_labels.iter().rev().find(|(of, _)| *of == backup);
        let Some(&(_, volume)) = edited else { return image };
        let label = image.label.map(|track| Arc::new(renamed(&track, volume)));
        TrackImage { tag: image.tag, label }
    }

    /// The utility was started too early: it writes the label before the restore does.
    pub(super) fn relabel_early(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = Phase::EarlyRelabel;
        let (device, volume) = (run.plan.to, run.plan.volume);
        let embedded = run.entry.as_ref().map_or(volume, |entry| entry.header);
        let label = LabelTrack { label: Some(Label::new(volume)), embedded };
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
    }

    /// The restore is complete: the label is next, unless it is believed to be right.
    pub(super) fn continue_by_hand(&mut self, slot: u32, relabelled: bool, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let job = Job::Restore(run.restore);
        let image = run.plan.relabel == Relabel::Image;
        let step = if !run.by_hand.looked_up || relabelled || image || run.by_hand.early {
            StepName::VaryRestoredOnline
        } else {
            StepName::RelabelRestored
        };
        if !run.by_hand.ended {
            out.report(ManagerFact::StepStarted { job, step });
        }
        let phase = if step == StepName::RelabelRestored { Phase::AwaitRelabel } else { Phase::AwaitVary };
        self.ask_restore(slot, phase, step, Purpose::Step, out);
    }

    /// `REFORMAT device VOLID(new)`, as it was typed.
    fn typed_relabel(&mut self, slot: u32, performance: Performance, out: &mut ManagerOutbox) {
        let Performance { slip, choice, .. } = performance;
        if slip == Some(Slip::Omit) {
            self.relabel_over(slot, out);
            return;
        }
        let plan = self.restore_run(slot).plan;
        let device = self.meant_or_other(slip, plan.to, &[], choice);
        let id = if slip == Some(Slip::Argument) { mistyped(plan.volume, choice) } else { plan.volume };
        if device == plan.to && self.is_online(device) {
            self.set_offline(device, out);
        }
        let run = self.restore_run(slot);
        run.by_hand.typed = Some((device, id));
        run.phase = Phase::RelabelRead;
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
    }

    /// The utility has read the label that it is to change. With VERIFY it refuses an online volume, and one that is another
    /// than was said (S-43).
    pub(super) fn relabel_read(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (device, id) = run.by_hand.typed.expect("a relabel was typed");
        let header = run.entry.as_ref().map(|entry| entry.header);
        let (plan, misses) = (run.plan, run.by_hand.misses_status);
        let expected = !self.is_online(device) && (device == plan.to || label.id() == header);
        if plan.verify_volser && !expected {
            if misses {
                self.relabel_over(slot, out);
            } else {
                self.ask_restore(slot, Phase::AwaitRelabel, StepName::RelabelRestored, Purpose::Step, out);
            }
            return;
        }
        let run = self.restore_run(slot);
        run.phase = Phase::Relabel;
        run.label_track = Some(TrackImage { tag: crate::vocab::Tag(0), label: Some(Arc::new(renamed(label, id))) });
        self.session_after(slot, self.parameters.relabel_time, out);
    }

    pub(super) fn relabel_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = Phase::RelabelWrite;
        let (device, _) = run.by_hand.typed.expect("a relabel was typed");
        let label = *run.label_track.take().and_then(|image| image.label).expect("the new label is ready");
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
    }

    pub(super) fn relabel_written(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, to) = (run.restore, run.plan.to);
        let (device, _) = run.by_hand.typed.expect("a relabel was typed");
        out.report(ManagerFact::RestoredLabelWritten { restore, device });
        if device == to
            && let Some(entry) = self.durable.journal_mut(Job::Restore(restore))
        {
            entry.steps_done = RELABELLED;
        }
        self.relabel_over(slot, out);
    }

    /// The operator takes the label for right.
    fn relabel_over(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        if !run.by_hand.ended {
            out.report(ManagerFact::StepEnded { job: Job::Restore(run.restore), step: StepName::RelabelRestored });
        }
        self.continue_by_hand(slot, true, out);
    }

    /// `VARY device ONLINE`, as it was typed.
    fn typed_vary(&mut self, slot: u32, performance: Performance, out: &mut ManagerOutbox) {
        let Performance { slip, choice, .. } = performance;
        if slip == Some(Slip::Omit) {
            self.restored_by_hand(slot, false, out);
            return;
        }
        let to = self.restore_run(slot).plan.to;
        let device = self.meant_or_other(slip, to, &[], choice);
        if device == to {
            self.durable.online_at_ipl[usize::from(to.0)] = true;
        }
        out.report(ManagerFact::VaryOnlineRequested { device });
        let run = self.restore_run(slot);
        run.by_hand.typed = Some((device, run.plan.volume));
        run.phase = Phase::VaryOnline;
        let delay = self.vary_time();
        self.session_after(slot, delay, out);
    }

    /// The label of the device that the operator varies online was read.
    pub(super) fn varied_by_hand(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (device, to, volume) = (Manager::varied(run), run.plan.to, run.plan.volume);
        let known = self.is_online(to) || self.volatile.opens.iter().any(|&(_, waiting)| waiting == volume);
        let online = label.id().is_some_and(|id| self.set_online(device, id, out));
        let accessible = online && self.device_of(volume) == Some(to);
        if accessible && !known {
            out.report(ManagerFact::ApplicationOpened { volume, device: to });
        }
        self.restored_by_hand(slot, accessible, out);
    }

    /// Whether the device that was named may be overwritten: it bears no ID, the ID that it should bear, or one that this
    /// restore gave it (S-16).
    pub(super) fn may_overwrite(&self, slot: u32, id: Option<VolumeId>) -> bool {
        let run = self.seen_restore(slot);
        let meant = self.restores[usize::from(run.restore.0)].to;
        let expected = run.plan.verify.unwrap_or(self.parameters.devices[usize::from(meant.0)].id);
        let header = run.entry.as_ref().map(|entry| entry.header);
        let named = id.is_none_or(|id| id == expected || id == run.plan.volume);
        !run.plan.verify_volser || named || run.plan.to == meant && id == header
    }

    /// The guard refuses: the operator sees that he named another device and types again, unless he does not look.
    pub(super) fn refuse_wrong_device(&mut self, slot: u32, found: Option<VolumeId>, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        if !Manager::is_finished_by_hand(run) || run.by_hand.misses_status {
            self.refuse_restore(slot, Refusal::OtherId { found }, out);
            return;
        }
        let restore = run.restore;
        let meant = self.restores[usize::from(restore.0)].to;
        let run = self.restore_run(slot);
        run.plan.to = meant;
        run.bearers.clear();
        run.by_hand.tasks.push_back(StepName::MountAndRestore);
        self.next_restore_task(slot, out);
    }

    /// The device of the VARY ONLINE in progress.
    pub(super) fn varied(run: &RestoreRun) -> Device {
        match run.by_hand.typed {
            Some((device, _)) if run.phase == Phase::VaryOnline || run.phase == Phase::ReadLabel => device,
            _ => run.plan.to,
        }
    }

    /// The operator is done, as he thinks. A volume that cannot be opened by its ID will be asked for.
    pub(super) fn restored_by_hand(&mut self, slot: u32, accessible: bool, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let (restore, job) = (run.restore, Job::Restore(run.restore));
        if !std::mem::replace(&mut run.by_hand.ended, true) {
            let device = run.plan.to;
            self.durable.online_at_ipl[usize::from(device.0)] = true;
            out.report(ManagerFact::StepEnded { job, step: StepName::VaryRestoredOnline });
            self.close_journal(job, super::catalog::JournalState::Closed);
            out.report(ManagerFact::JobEnded { job, outcome: Outcome::Complete, held: false });
        }
        self.durable.undiscovered.retain(|known| *known != restore);
        if accessible {
            self.drop_session(slot, out);
            return;
        }
        if self.seen_restore(slot).by_hand.complaints == PATIENCE {
            out.report(ManagerFact::RestoreGivenUp { restore });
            self.drop_session(slot, out);
            return;
        }
        self.durable.undiscovered.push(restore);
        self.ask_restore(slot, Phase::Undiscovered, StepName::VaryRestoredOnline, Purpose::Discovery, out);
    }

    /// Somebody wants the volume and does not find it: what was forgotten is done now.
    fn discovered(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        run.phase = Phase::Inspect;
        run.by_hand.complaints += 1;
        let device = run.plan.to;
        let ticket = self.session_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
    }

    pub(super) fn inspected(&mut self, slot: u32, label: &LabelTrack, out: &mut ManagerOutbox) {
        let run = self.restore_run(slot);
        let right = label.id() == Some(run.plan.volume);
        let (phase, step) = if right {
            (Phase::AwaitVary, StepName::VaryRestoredOnline)
        } else {
            (Phase::AwaitRelabel, StepName::RelabelRestored)
        };
        self.ask_restore(slot, phase, step, Purpose::Step, out);
    }

    /// Complaints that were pending when the host or the controller went away are still pending.
    pub(super) fn await_discoveries(&mut self, out: &mut ManagerOutbox) {
        for restore in self.durable.undiscovered.clone() {
            let mut run = self.restore_of(restore, Phase::Undiscovered);
            run.by_hand.ended = true;
            let slot = self.add_session(Work::Restore(run));
            self.ask_restore(slot, Phase::Undiscovered, StepName::VaryRestoredOnline, Purpose::Discovery, out);
        }
    }

    /// Whether an operator brings the restored volume online.
    pub(super) fn is_finished_by_hand(run: &RestoreRun) -> bool {
        run.by_hand.looked_up || run.plan.by_operator
    }
}

/// Steps of a restore that its journal counts: complete, relabelled.
pub(super) const RELABELLED: usize = 2;

/// A label utility changes the ID and blanks the reserved area; the names that embed the ID stay (MODEL 2.1, 2.2).
pub(super) fn renamed(track: &LabelTrack, id: VolumeId) -> LabelTrack {
    let mut track = *track;
    let record = track.label.get_or_insert_with(|| Label::new(id));
    record.set_volume_id(id);
    record.clear_hidden();
    track
}
