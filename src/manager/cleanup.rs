//! Small actions that put right what a job left behind: for an undo, for a job that gives up, and for a recovery.

use std::collections::VecDeque;

use super::catalog::{EntryState, JournalState};
use super::fact::{Job, Outcome};
use super::manual::RELABELLED;
use super::method;
use super::plan::BackupPlan;
use super::restore::RestoreEntry;
use super::session::{BackupRun, Session, SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{Architecture, DasdCommand, HiddenRule};
use crate::kernel::Time;
use crate::vocab::{Backup, Device, LabelTrack, Mutant, RelationNumber, StepName, VolumeId};

/// Small actions that put right what a job left behind.
#[derive(Clone, Debug)]
pub(super) struct Cleanup {
    pub actions: VecDeque<Action>,
    /// A recovery waits for this.
    pub recovery: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// The journal says that the job is being undone: a crash does not resume it any more.
    Undoing {
        job: Job,
    },
    /// The half-written tape goes back to scratch and out of the drive.
    Scratch {
        backup: Backup,
    },
    /// The volume of a dump that was given up bears its own ID again: the next IPL may bring it online.
    GiveVolumeBack {
        device: Device,
    },
    /// As `Scratch`, for a dump that goes on behind its closed cartridges.
    ScratchOpen {
        backup: Backup,
    },
    Withdraw {
        target: Device,
    },
    /// Ends a snapshot; the device then bears `label`.
    Delete {
        device: Device,
        label: LabelTrack,
    },
    WriteLabel {
        device: Device,
        label: LabelTrack,
    },
    /// The application of a dump that will not be finished writes again.
    ResumeApplication {
        backup: Backup,
    },
    /// The step that takes an establish back is the same whether a job succeeds or is undone.
    BeginStep {
        job: Job,
        step: StepName,
    },
    EndStep {
        job: Job,
        step: StepName,
    },
    /// Says that something without a job was removed.
    Orphan {
        device: Device,
    },
    Close {
        job: Job,
        outcome: Outcome,
        held: bool,
        undone: bool,
    },
    Resume {
        job: Job,
        line: usize,
        relation: Option<RelationNumber>,
        t0: Time,
    },
}

impl Action {
    /// Ends the copy on `device`, whose own ID is `id`.
    pub fn end_of_copy(architecture: Architecture, device: Device, id: VolumeId) -> Action {
        match architecture {
            Architecture::HomeArea => Action::Withdraw { target: device },
            Architecture::LogStructured => Action::Delete { device, label: LabelTrack::fresh(id) },
        }
    }
}

impl Manager {
    /// The job ends; relationship and hidden ID stay until somebody releases them.
    pub(super) fn hold(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let job = Job::Backup(self.backup_run(slot).backup);
        let close = Action::Close { job, outcome: Outcome::FailedClean, held: true, undone: false };
        self.replace_by_cleanup(slot, VecDeque::from([close]), out);
    }

    /// Walks the table upward: the relationship goes, the target gets its own label back, the job ends.
    pub(super) fn undo(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (job, plan, established) = (Job::Backup(run.backup), run.plan, run.relation.is_some() || run.copied_slowly);
        let actions = undo_actions(job, &plan, established);
        self.replace_by_cleanup(slot, actions, out);
    }

    /// The clean-up is a session of its own: answers that are still on their way to the job find nobody.
    pub(super) fn replace_by_cleanup(&mut self, slot: u32, mut actions: VecDeque<Action>, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, job) = (run.backup, Job::Backup(run.backup));
        if let Some(line) = Manager::line_of(run) {
            out.report(ManagerFact::StepEnded { job, step: line.step });
        }
        self.leave_group(slot, out);
        self.unload_session_tape(slot, out);
        self.volatile.sessions.remove(&slot);
        actions.push_front(Action::Scratch { backup });
        if let Some((device, label)) = self.abandoned_volume(backup) {
            actions.push_front(Action::GiveVolumeBack { device });
            actions.push_front(Action::WriteLabel { device, label });
        }
        let cleanup = self.add_session(Work::Cleanup(Cleanup { actions, recovery: false }));
        self.session_after(cleanup, self.parameters.record_write, out);
    }

    /// Takes the next small action; after the last one the session is over.
    pub(super) fn next_action(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let Some(Session { work: Work::Cleanup(cleanup) }) = self.volatile.sessions.get_mut(&slot) else {
            unreachable!("the session is a clean-up");
        };
        let Some(action) = cleanup.actions.pop_front() else {
            self.drop_session(slot, out);
            return;
        };
        match action {
            Action::Undoing { job } => {
                self.close_journal(job, JournalState::Undoing);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Scratch { backup } => {
                self.scratch_tape_of(backup, out);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::GiveVolumeBack { device } => {
                self.give_volume_back(device);
                self.next_action(slot, out);
            }
            Action::ScratchOpen { backup } => {
                self.scratch_open_sections(backup, out);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Withdraw { .. } if self.parameters.lacks(Mutant::RecoverySkipsWithdraw) => {
                self.next_action(slot, out);
            }
            Action::Withdraw { target } => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let (hidden, drain) = (HiddenRule::Keep, true);
                out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, hidden, drain }));
            }
            Action::WriteLabel { device, label } => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
            }
            Action::ResumeApplication { backup } => {
                self.resume_application(backup, out);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Delete { device, label } => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let label = Some(label);
                out.send(ManagerMessage::Dasd(DasdCommand::DeleteTarget { ticket, device, label }));
            }
            Action::BeginStep { job, step } => {
                out.report(ManagerFact::StepStarted { job, step });
                self.next_action(slot, out);
            }
            Action::EndStep { job, step } => {
                out.report(ManagerFact::StepEnded { job, step });
                self.next_action(slot, out);
            }
            Action::Orphan { device } => {
                out.report(ManagerFact::OrphanRemoved { device });
                self.next_action(slot, out);
            }
            Action::Close { job, outcome, held, undone } => {
                self.close_journal(job, if held { JournalState::Held } else { JournalState::Closed });
                if undone {
                    out.report(ManagerFact::JobUndone { job });
                }
                out.report(ManagerFact::JobEnded { job, outcome, held });
                self.schedule_sweep(out);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Resume { job, line, relation, t0 } => {
                self.resume(job, line, relation, t0, out);
                self.next_action(slot, out);
            }
        }
    }

    /// Starts a job again at a line of its table.
    pub(super) fn resume(
        &mut self,
        job: Job,
        line: usize,
        relation: Option<RelationNumber>,
        t0: Time,
        out: &mut ManagerOutbox,
    ) {
        match job {
            Job::Backup(backup) => {
                let plan = self.plan_of(backup).expect("a job that is resumed has its plan");
                let mut run = BackupRun::new(backup, plan, None);
                run.line = line;
                run.relation = relation;
                run.t0 = t0;
                if let Some(line) = Manager::line_of(&run) {
                    out.report(ManagerFact::JobResumed { job, step: line.step });
                }
                let slot = self.add_session(Work::Backup(run));
                self.begin_line(slot, out);
            }
            Job::Restore(restore) => {
                out.report(ManagerFact::JobResumed { job, step: StepName::MountAndRestore });
                let entry = match line {
                    0 => RestoreEntry::Again,
                    RELABELLED => RestoreEntry::Relabelled,
                    _ => RestoreEntry::Completed,
                };
                self.begin_restore(restore, entry, out);
            }
        }
    }

    /// The inventory entry of an unfinished dump becomes invalid and its cartridges scratch.
    pub(super) fn scratch_tape_of(&mut self, backup: Backup, out: &mut ManagerOutbox) {
        let mut complete = false;
        if self.durable.entry(backup).is_some_and(|entry| entry.state == EntryState::InProgress) {
            self.durable.note_inventory_change(backup);
        }
        for entry in self.durable.inventory.iter_mut().filter(|entry| entry.backup == backup) {
            match entry.state {
                EntryState::Complete => complete = true,
                EntryState::InProgress if self.parameters.lacks(Mutant::RecoveryCompletesPartialTape) => {
                    entry.state = EntryState::Complete;
                    complete = true;
                }
                EntryState::InProgress => entry.state = EntryState::Invalid,
                EntryState::Invalid | EntryState::Expired => {}
            }
        }
        if complete {
            return;
        }
        self.scratch_all_but(backup, &[], out);
    }
}

/// What takes back an establish: first the relationship, then the identity it left on the target.
pub(super) fn undo_actions(job: Job, plan: &BackupPlan, established: bool) -> VecDeque<Action> {
    let mut actions = VecDeque::from([Action::Undoing { job }]);
    if let Job::Backup(backup) = job
        && !plan.method.makes_copy()
    {
        actions.push_back(Action::ResumeApplication { backup });
    }
    if established {
        let step = method::end_of_copy(plan);
        actions.push_back(Action::BeginStep { job, step });
        actions.push_back(Action::end_of_copy(plan.architecture, plan.target, plan.target_id));
        if plan.extents.holds_label() {
            let label = LabelTrack::fresh(plan.target_id);
            actions.push_back(Action::WriteLabel { device: plan.target, label });
        }
        actions.push_back(Action::EndStep { job, step });
    }
    actions.push_back(Action::Close { job, outcome: Outcome::FailedClean, held: false, undone: true });
    actions
}
