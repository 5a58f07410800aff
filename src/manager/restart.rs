//! Restart: the IPL, and the manager's own recovery (f4 to f8 of HAZARDS 1.2, MODEL 3.1).
//!
//! After a crash of the host: the outage, the load, then the labels of all devices genned online, one after the other in
//! address order. Duplicates are resolved by policy; then the devices come online together and applications are served.
//! Recovery follows, and also after a loss of the controller alone: the journal is read, the controller is asked which
//! relationships stand, labels are read, and each open job is resumed at the first step that is not hardened, or undone.
//! What belongs to no job is swept. Each of these is a step with an event of its own. An image without the storage manager
//! has nothing to recover: it is up when its devices are online.

use std::collections::VecDeque;
use std::sync::Arc;

use super::catalog::{EntryState, JournalEntry, JournalJob, JournalState};
use super::cleanup::{Action, Cleanup, undo_actions};
use super::fact::{Job, Outcome};
use super::io::Pending;
use super::method;
use super::plan::{BackupPlan, DumpRestart, DuplicatePolicy, MethodName, OrphanSweep};
use super::session::Work;
use super::{Condition, Manager, ManagerFact, ManagerMessage, ManagerOutbox, ManagerTimerKind};
use crate::controller::dasd::{CopyMode, DasdCommand, HiddenRule, Payload, RelationSummary};
use crate::kernel::{Span, Time};
use crate::vocab::{
    Backup, Device, HiddenContext, HiddenId, HiddenState, LabelTrack, Mutant, RelationNumber, StepName, VolumeId,
};

#[derive(Clone, Debug)]
pub(super) struct Restart {
    step: Step,
    /// What the NIP reads before anything is online; `None` where there is no label or the device is left offline.
    found: Vec<Option<VolumeId>>,
    relations: Vec<RelationSummary>,
    labels: Vec<Arc<LabelTrack>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Outage,
    Load,
    /// The controller is down: nothing can be read. The load is done, or only the recovery is left.
    AwaitController {
        ipl: bool,
    },
    /// The NIP reads the label of the n-th device in address order.
    ReadLabels(usize),
    Prompt {
        number: u64,
        first: Device,
        second: Device,
    },
    Journal,
    Relations,
    /// The label of this device is read for the recovery.
    Labels(u16),
    /// Clean-ups and resumed jobs are started; recovery ends when the clean-ups are done.
    Act,
}

impl Restart {
    pub fn after_crash() -> Restart {
        Restart { step: Step::Outage, found: Vec::new(), relations: Vec::new(), labels: Vec::new() }
    }

    pub fn after_controller_loss() -> Restart {
        Restart { step: Step::AwaitController { ipl: false }, ..Restart::after_crash() }
    }

    /// Whether the image takes requests.
    pub fn ipl_is_done(&self) -> bool {
        matches!(
            self.step,
            Step::AwaitController { ipl: false } | Step::Journal | Step::Relations | Step::Labels(_) | Step::Act
        )
    }
}

impl Manager {
    pub(super) fn restart_after(&self, delay: Span, out: &mut ManagerOutbox) {
        out.complete_after(delay, self.timer(ManagerTimerKind::Restart, 0));
    }

    fn restart(&mut self) -> &mut Restart {
        match &mut self.volatile.condition {
            Condition::Restarting(restart) => restart,
            Condition::Up => unreachable!("the image is restarting"),
        }
    }

    pub(super) fn restart_waited(&mut self, out: &mut ManagerOutbox) {
        match self.restart().step {
            Step::Outage => {
                out.report(ManagerFact::IplStarted);
                self.restart().step = Step::Load;
                let delay = self.ipl_time();
                self.restart_after(delay, out);
            }
            Step::Load => {
                self.restart().step = Step::AwaitController { ipl: true };
                if self.volatile.dasd_up {
                    self.restart_with_controller(out);
                }
            }
            Step::Journal => {
                self.restart().step = Step::Relations;
                let ticket = self.ticket(Pending::Restart);
                out.send(ManagerMessage::Dasd(DasdCommand::QueryRelations { ticket }));
            }
            // A record was read, but the controller went away again meanwhile.
            _ => {}
        }
    }

    /// The controller answers (again).
    pub(super) fn restart_with_controller(&mut self, out: &mut ManagerOutbox) {
        let leftovers = self.volatile.has_leftovers();
        let Condition::Restarting(restart) = &mut self.volatile.condition else { return };
        match restart.step {
            Step::AwaitController { ipl: true } => {
                restart.found.clear();
                restart.step = Step::ReadLabels(0);
                self.read_ipl_label(out);
            }
            Step::AwaitController { ipl: false } if leftovers => {}
            Step::AwaitController { ipl: false } => self.read_journal(out),
            _ => {}
        }
    }

    /// The controller went away in the middle: what is being read is read again when it is back.
    pub(super) fn restart_without_controller(&mut self) {
        let Condition::Restarting(restart) = &mut self.volatile.condition else { return };
        restart.step = match restart.step {
            Step::Outage | Step::Load => return,
            Step::AwaitController { ipl } => Step::AwaitController { ipl },
            Step::ReadLabels(_) | Step::Prompt { .. } => Step::AwaitController { ipl: true },
            Step::Journal | Step::Relations | Step::Labels(_) | Step::Act => Step::AwaitController { ipl: false },
        };
    }

    /// Devices in address order.
    fn address_order(&self) -> Vec<Device> {
        let mut devices: Vec<Device> = (0..self.parameters.devices.len() as u16).map(Device).collect();
        devices.sort_by_key(|device| self.parameters.devices[device.0 as usize].device);
        devices
    }

    fn read_ipl_label(&mut self, out: &mut ManagerOutbox) {
        let order = self.address_order();
        let Step::ReadLabels(mut number) = self.restart().step else { unreachable!("labels are read") };
        let all = self.parameters.lacks(Mutant::IplOnlineFlagIgnored);
        while number < order.len() && !all && !self.durable.online_at_ipl[order[number].0 as usize] {
            number += 1;
        }
        self.restart().step = Step::ReadLabels(number);
        match order.get(number) {
            Some(&device) => {
                let ticket = self.ticket(Pending::Restart);
                out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
            }
            None => self.resolve_duplicates(out),
        }
    }

    pub(super) fn restart_dasd(&mut self, payload: Payload, out: &mut ManagerOutbox) {
        match (self.restart().step, payload) {
            (Step::ReadLabels(number), Payload::Label(label)) => {
                let device = self.address_order()[number];
                out.report(ManagerFact::LabelRead { device });
                let devices = self.parameters.devices.len();
                let restart = self.restart();
                restart.found.resize(devices, None);
                restart.found[device.0 as usize] = label.id();
                restart.step = Step::ReadLabels(number + 1);
                self.read_ipl_label(out);
            }
            (Step::Relations, Payload::Relations(relations)) => {
                let restart = self.restart();
                restart.relations = relations.to_vec();
                restart.labels.clear();
                self.read_recovery_label(0, out);
            }
            (Step::Labels(number), Payload::Label(label)) => {
                self.restart().labels.push(label);
                self.read_recovery_label(number + 1, out);
            }
            // The controller refused because it went away: its message follows.
            _ => {}
        }
    }

    /// Looks for the first two devices with one ID; when there are none left, everything comes online.
    fn resolve_duplicates(&mut self, out: &mut ManagerOutbox) {
        let order = self.address_order();
        let devices = self.parameters.devices.len();
        self.restart().found.resize(devices, None);
        let found = self.restart().found.clone();
        let id = |device: Device| found[device.0 as usize];
        let pairs = order
            .iter()
            .enumerate()
            .flat_map(|(place, &first)| order[place + 1..].iter().map(move |&second| (first, second)));
        let duplicate = pairs.into_iter().find(|&(first, second)| id(first).is_some() && id(first) == id(second));
        let Some((first, second)) = duplicate else {
            self.bring_online(out);
            return;
        };
        let leave = |manager: &mut Manager, device: Device| manager.restart().found[device.0 as usize] = None;
        match self.parameters.duplicate_volser_policy {
            DuplicatePolicy::AdmitBoth => {
                self.bring_online(out);
                return;
            }
            DuplicatePolicy::LowestAddressWins => leave(self, second),
            DuplicatePolicy::HighestAddressWins => leave(self, first),
            DuplicatePolicy::BothOffline => {
                leave(self, first);
                leave(self, second);
            }
            DuplicatePolicy::AskOperator => {
                let number = self.prompts;
                self.prompts += 1;
                self.restart().step = Step::Prompt { number, first, second };
                out.report(ManagerFact::DuplicatePrompt { first, second });
                out.send(ManagerMessage::Prompt { number, first, second });
                return;
            }
        }
        self.resolve_duplicates(out);
    }

    /// What an operator who knows of the open jobs would keep: the device that is no job's target.
    pub fn original_of(&self, first: Device, second: Device) -> Device {
        let is_target = |device: Device| {
            self.open_backups().any(|(backup, ..)| self.plan_of(backup).is_some_and(|plan| plan.target == device))
        };
        if is_target(first) && !is_target(second) { second } else { first }
    }

    pub(super) fn restart_answered(&mut self, answered: u64, keep: Device, out: &mut ManagerOutbox) {
        // An answer that comes after the image or the controller went away again answers nothing.
        let Condition::Restarting(Restart { step: Step::Prompt { number, first, second }, .. }) =
            self.volatile.condition
        else {
            return;
        };
        if number != answered {
            return;
        }
        out.report(ManagerFact::PromptAnswered { keep });
        let other = if keep == first { second } else { first };
        self.restart().found[other.0 as usize] = None;
        self.resolve_duplicates(out);
    }

    fn bring_online(&mut self, out: &mut ManagerOutbox) {
        let found = std::mem::take(&mut self.restart().found);
        for (ucb, id) in self.volatile.ucbs.iter_mut().zip(found) {
            ucb.online = id;
        }
        out.report(ManagerFact::IplDone);
        out.send(ManagerMessage::HostUp);
        self.serve_opens(out);
        if self.has_jobs() {
            self.read_journal(out);
        } else {
            self.volatile.condition = Condition::Up;
        }
    }

    // ---- recovery --------------------------------------------------------------------------------------------------

    fn read_journal(&mut self, out: &mut ManagerOutbox) {
        self.restart().step = Step::Journal;
        self.restart_after(self.parameters.record_write, out);
    }

    fn read_recovery_label(&mut self, number: u16, out: &mut ManagerOutbox) {
        if usize::from(number) < self.parameters.devices.len() {
            self.restart().step = Step::Labels(number);
            let ticket = self.ticket(Pending::Restart);
            out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device: Device(number) }));
            return;
        }
        self.restart().step = Step::Act;
        let mut actions = VecDeque::new();
        let open: Vec<JournalEntry> = self.durable.journal.iter().filter(|entry| entry.is_open()).copied().collect();
        for entry in &open {
            let recovery = self.recovery_of(entry);
            if recovery.iter().any(|action| matches!(action, Action::Resume { .. }))
                && let Some(entry) = self.durable.journal_mut(entry.job())
            {
                entry.resumed = true;
            }
            actions.extend(recovery);
        }
        if self.parameters.orphan_sweep != OrphanSweep::Off {
            let (relations, labels) = (self.restart().relations.clone(), self.restart().labels.clone());
            actions.extend(self.orphans(&relations, &labels));
        }
        let slot = self.add_session(Work::Cleanup(Cleanup { actions, recovery: true }));
        self.next_action(slot, out);
    }

    /// Backups that the journal knows as open, with what it knows of their relationship.
    fn open_backups(&self) -> impl Iterator<Item = (Backup, Option<RelationNumber>)> + '_ {
        self.durable.journal.iter().filter_map(|entry| match entry.job {
            JournalJob::Backup { backup, relation, .. } if entry.is_open() => Some((backup, relation)),
            _ => None,
        })
    }

    /// What becomes of one open job (MODEL 1.5, question 12).
    fn recovery_of(&mut self, entry: &JournalEntry) -> Vec<Action> {
        let (backup, journal_relation, journal_t0) = match entry.job {
            JournalJob::Restore { restore } => {
                let (job, line) = (Job::Restore(restore), entry.steps_done);
                return vec![Action::Resume { job, line, relation: None, t0: Time::ZERO }];
            }
            JournalJob::Backup { backup, relation, t0 } => (backup, relation, t0),
        };
        let job = Job::Backup(backup);
        let Some(plan) = self.plan_of(backup) else {
            return vec![Action::Close { job, outcome: Outcome::FailedClean, held: false, undone: true }];
        };
        let mut actions = vec![];
        let registered =
            self.durable.inventory.iter().any(|known| known.backup == backup && known.state == EntryState::Complete);
        // Where the copy goes before the inventory is updated, a hardened trailer is all that can be asked for.
        let withdraw = method::place_in(&plan, StepName::Withdraw);
        let early = withdraw.is_some() && withdraw < method::place_in(&plan, StepName::UpdateInventory);
        let hardened = method::place_in(&plan, StepName::HardenTrailer).is_some_and(|line| entry.steps_done > line);
        let complete = registered || early && hardened;
        if !complete {
            actions.push(Action::Scratch { backup });
        }
        if !plan.method.makes_copy() {
            match self.resumption_of_quiesced(entry, &plan, backup, complete) {
                Some(line) => actions.push(Action::Resume { job, line, relation: None, t0: journal_t0 }),
                None => actions.extend(undo_actions(job, &plan, false)),
            }
            return actions;
        }
        // What another job's journal names is not this one's.
        let claimed: Vec<RelationNumber> = self
            .durable
            .journal
            .iter()
            .filter(|other| other.job() != job)
            .filter_map(|other| match other.job {
                JournalJob::Backup { relation, .. } => relation,
                JournalJob::Restore { .. } => None,
            })
            .collect();
        // The target is kept by another job: this one never had it, and leaves it alone.
        let kept = self.durable.journal.iter().any(|other| match other.job {
            JournalJob::Backup { backup: other_backup, .. } => {
                other_backup != backup
                    && other.state != JournalState::Closed
                    && self.plan_of(other_backup).is_some_and(|other| other.target == plan.target)
            }
            JournalJob::Restore { .. } => false,
        });
        if kept && journal_relation.is_none() {
            actions.push(Action::Close { job, outcome: Outcome::FailedClean, held: false, undone: true });
            return actions;
        }
        let standing = self.restart().relations.iter().copied().find(|relation| {
            relation.source == plan.source
                && relation.target == plan.target
                && journal_relation.map_or(!claimed.contains(&relation.number), |number| number == relation.number)
        });
        let relation = standing.map(|relation| relation.number).or(journal_relation);
        let t0 = standing.map_or(journal_t0, |relation| relation.t0);
        // A volume that is in use under the source's ID is nobody's copy any more: hands off.
        if matches!(plan.method, MethodName::SameIdOffline | MethodName::NoVolidManual)
            && self.volatile.ucbs[plan.target.0 as usize].online == Some(plan.source_id)
        {
            actions.push(Action::Close { job, outcome: Outcome::FailedClean, held: true, undone: false });
            return actions;
        }
        match self.resumption(entry, &plan, relation, t0, standing.is_some(), complete) {
            Some(line) => {
                if plan.restart == DumpRestart::FromLastEov && !complete {
                    actions.retain(|action| !matches!(action, Action::Scratch { .. }));
                    actions.push(Action::ScratchOpen { backup });
                }
                if entry.resumed && standing.is_some() && self.parameters.lacks(Mutant::RecoveryNotIdempotent) {
                    actions.push(Action::Withdraw { target: plan.target });
                }
                actions.push(Action::Resume { job, line, relation, t0 });
            }
            None => {
                let mut undo: Vec<Action> = undo_actions(job, &plan, true).into();
                if standing.is_none() {
                    undo.retain(|action| !matches!(action, Action::Withdraw { .. } | Action::Delete { .. }));
                }
                if self.bears_own_id(&plan) {
                    undo.retain(|action| !matches!(action, Action::WriteLabel { .. }));
                }
                if let Some((device, label)) = self.abandoned_volume(backup) {
                    actions.insert(0, Action::GiveVolumeBack { device });
                    actions.insert(0, Action::WriteLabel { device, label });
                }
                actions.extend(undo);
            }
        }
        actions
    }

    /// The line at which the job goes on; `None` when it must be undone.
    fn resumption(
        &mut self,
        entry: &JournalEntry,
        plan: &BackupPlan,
        relation: Option<RelationNumber>,
        t0: Time,
        standing: bool,
        complete: bool,
    ) -> Option<usize> {
        if entry.state == JournalState::Undoing {
            return None;
        }
        let dump_line = method::dump_line(plan);
        if complete {
            // The tape is good; what is left does not need the copy.
            let after_trailer = method::place_in(plan, StepName::HardenTrailer)? + 1;
            // A snapshot that ends behind the end of the job is there until then.
            let end_of_copy = method::withdraw_line(plan).unwrap_or(usize::MAX);
            let inventory = method::place_in(plan, StepName::UpdateInventory)?;
            let registered =
                self.durable.entry(entry.backup()?).is_some_and(|known| known.state == EntryState::Complete);
            // What the run book does not say yet is written down now.
            let registered = registered && (plan.method != MethodName::NoVolidManual || entry.steps_done > inventory);
            let least = if registered && inventory < end_of_copy { inventory + 1 } else { after_trailer };
            let line = entry.steps_done.max(least);
            // A relationship or a hidden ID that is there (again, if NVS was lost) is withdrawn (again).
            let label = &self.restart().labels[plan.target.0 as usize];
            let hides =
                plan.hidden_rule() == HiddenRule::Clear && label.label.is_some_and(|record| record.has_hidden());
            return Some(if standing || hides { line.min(end_of_copy) } else { line });
        }
        let copy_is_whole = standing || plan.mode == CopyMode::Copy;
        let label = Arc::clone(&self.restart().labels[plan.target.0 as usize]);
        let identity_is_sound = match plan.method {
            _ if !plan.extents.holds_label() => true,
            MethodName::SameIdOffline | MethodName::DirectDump => label.id() == Some(plan.source_id),
            MethodName::NoVolidManual => label.id() == Some(plan.target_id),
            MethodName::SafeBackup => relation.is_some_and(|relation| {
                let context = HiddenContext { t0_seconds: HiddenId::seconds_of(t0), relation };
                let record = label.label.as_ref();
                let state = record.map(|record| record.hidden(plan.hidden_format, Some(context)));
                state == Some(HiddenState::Valid { source: plan.source_id })
            }),
        };
        let established = relation.is_some() && copy_is_whole && identity_is_sound;
        // Everything before the dump is done when the copy stands; a dump that was cut is made again.
        let behind_establish = method::line_after_establish(plan).unwrap_or(dump_line);
        established.then(|| entry.steps_done.max(behind_establish).min(dump_line))
    }

    /// As [`Self::resumption`], for a dump of the source itself: T0 stands as long as its writes are held.
    fn resumption_of_quiesced(
        &self,
        entry: &JournalEntry,
        plan: &BackupPlan,
        backup: Backup,
        complete: bool,
    ) -> Option<usize> {
        let place = |step| method::place_in(plan, step).expect("a step of the method");
        let held = self.durable.quiesced.iter().any(|mark| mark.backup == backup);
        match entry.state {
            JournalState::Undoing => None,
            _ if complete && held => Some(place(StepName::ResumeApplication)),
            _ if complete => Some(entry.steps_done.max(place(StepName::End))),
            _ if held && entry.steps_done > place(StepName::QuiesceApplication) => Some(place(StepName::DumpSource)),
            _ => None,
        }
    }

    fn bears_own_id(&mut self, plan: &BackupPlan) -> bool {
        let label = *self.restart().labels[plan.target.0 as usize];
        label == LabelTrack::fresh(plan.target_id)
    }

    /// Recovery is over when no clean-up of its own is left; resumed jobs go on by themselves.
    pub(super) fn recovery_may_be_done(&mut self, out: &mut ManagerOutbox) {
        let Condition::Restarting(restart) = &self.volatile.condition else { return };
        if restart.step != Step::Act || self.volatile.sessions.values().any(|session| session.holds_up_recovery()) {
            return;
        }
        self.volatile.condition = Condition::Up;
        out.report(ManagerFact::RecoveryDone);
        self.await_discoveries(out);
        self.open_all_awaited(out);
        self.take_waiting_orders(out);
        self.take_overdue(out);
        self.look_at_conditions(out);
    }

    /// Stimuli that came when they could not be taken, each once: some may have to wait again.
    pub(super) fn take_overdue(&mut self, out: &mut ManagerOutbox) {
        if matches!(self.volatile.condition, Condition::Up) {
            for stimulus in std::mem::take(&mut self.volatile.overdue_backups) {
                self.stimulate(stimulus, out);
            }
        }
    }
}
