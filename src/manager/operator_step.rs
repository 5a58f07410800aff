//! Steps that a person does: what the manager's console waits for, and what an operator may do instead of it.
//!
//! The procedure knows which step is due; the person (in the layer above) takes time and may slip. What comes back is a
//! [`Performance`]: right, or one of the slips of HAZARDS 7. Here is what each step means, done right or wrong: a parameter
//! that was forgotten, another device than was meant, a step that was left out.
//!
//! A command that is being typed is lost with the host or the controller. After the restart the procedure asks for the same
//! step again: what is on paper, the run book, tells the operator how far he was, as the journal tells the manager.

use std::sync::Arc;

use super::catalog::RunBookNote;
use super::fact::Job;
use super::plan::{BackupPlan, MethodName};
use super::session::{SessionTag, Wait, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{Architecture, CopyTerms, DasdCommand, HiddenRule, Identity, LabelCommit};
use crate::kernel::Span;
use crate::vocab::{Device, Slip, StepName, VolumeId};

/// A step that waits for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    pub purpose: Purpose,
    /// The session that waits.
    pub session: u32,
    pub job: Job,
    pub step: StepName,
    /// How often this step of this job was asked for before: another attempt is another draw.
    pub attempt: u32,
}

/// Why an operator is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    Step,
    /// Somebody finds out that a restored volume cannot be used.
    Discovery,
}

/// What an operator did about a [`Task`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Performance {
    /// Reading, deciding, typing, verifying.
    pub time: Span,
    pub slip: Option<Slip>,
    /// Decides which wrong device, which wrong character.
    pub choice: u32,
    /// A message that says that the command failed is not noticed.
    pub misses_status: bool,
}

/// The steps of a backup that an operator does.
pub(super) fn is_manual(plan: &BackupPlan, step: StepName) -> bool {
    match step {
        StepName::OperatorEstablish | StepName::OperatorDump | StepName::OperatorWithdraw => true,
        StepName::VaryTargetOffline => plan.method == MethodName::SameIdOffline && !plan.auto_vary,
        _ => false,
    }
}

impl Manager {
    /// Waits for the operator to do `step`.
    pub(super) fn ask_operator(
        &mut self,
        slot: u32,
        job: Job,
        step: StepName,
        purpose: Purpose,
        out: &mut ManagerOutbox,
    ) {
        let attempt = self.tasks.iter().filter(|known| **known == (job, step)).count() as u32;
        self.tasks.push((job, step));
        out.send(ManagerMessage::Task(Task { session: slot, job, step, purpose, attempt }));
    }

    /// The operator has done something about a step. A session that is over by now hears nothing of it.
    pub fn performed(&mut self, task: Task, performance: Performance, out: &mut ManagerOutbox) {
        let Some(session) = self.volatile.sessions.get(&task.session) else { return };
        let is_note = task.step == StepName::UpdateInventory;
        if !is_note && task.purpose == Purpose::Step {
            let Performance { time: working, slip, .. } = performance;
            out.report(ManagerFact::OperatorStep { job: task.job, step: task.step, slip, working });
        }
        match &session.work {
            Work::Backup(run) if run.wait != Wait::Operator => {} // resumed meanwhile
            Work::Backup(_) if is_note => self.note_run_book(task.session, performance, out),
            Work::Backup(_) => self.backup_performed(task.session, task.step, performance, out),
            Work::Restore(_) => self.restore_performed(task.session, task.step, performance, out),
            Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => {}
        }
    }

    fn backup_performed(&mut self, slot: u32, step: StepName, performance: Performance, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.wait = Wait::Answer;
        run.misses_status = performance.misses_status;
        let plan = run.plan;
        match (step, performance.slip) {
            (StepName::OperatorEstablish, slip) => self.typed_establish(slot, slip, performance.choice, out),
            // Believed to be done: there is no tape, and the run book says nothing of it.
            (StepName::OperatorDump, Some(Slip::Omit)) => {
                let run = self.backup_run(slot);
                let (job, withdraw) = (Job::Backup(run.backup), super::method::withdraw_line(&plan));
                out.report(ManagerFact::StepEnded { job, step });
                let run = self.backup_run(slot);
                run.line = withdraw.expect("the copy is withdrawn by hand") - 1;
                self.next_line(slot, out);
            }
            (StepName::OperatorDump, slip) => {
                let device = self.meant_or_other(slip, plan.target, &[], performance.choice);
                self.backup_run(slot).dump_device = Some(device);
                self.begin_dump(slot, out);
            }
            (StepName::OperatorWithdraw | StepName::VaryTargetOffline, Some(Slip::Omit)) => self.step_ended(slot, out),
            (StepName::OperatorWithdraw, slip) => {
                let target = self.meant_or_other(slip, plan.target, &[plan.source], performance.choice);
                self.backup_run(slot).typed_device = Some(target);
                let drain = plan.drain_before_withdraw;
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(match plan.architecture {
                    Architecture::HomeArea => DasdCommand::Withdraw { ticket, target, hidden: HiddenRule::Keep, drain },
                    // What ends a snapshot is the deletion of its target, which keeps its label.
                    Architecture::LogStructured => DasdCommand::DeleteTarget { ticket, device: target, label: None },
                }));
            }
            (StepName::VaryTargetOffline, slip) => {
                let device = self.meant_or_other(slip, plan.target, &[], performance.choice);
                self.vary_backup_device_offline(slot, device, out);
            }
            _ => unreachable!("no operator does this step of a backup"),
        }
    }

    /// `FLASHCOPY source target NOCOPYVOLID`, as it was typed.
    fn typed_establish(&mut self, slot: u32, slip: Option<Slip>, choice: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, plan) = (run.backup, run.plan);
        let (mut source, mut target) = (plan.source, plan.target);
        // Either of the two can be the wrong one.
        if choice.is_multiple_of(2) {
            target = self.meant_or_other(slip, target, &[source], choice / 2);
        } else {
            source = self.meant_or_other(slip, source, &[target], choice / 2);
        }
        if (source, target) != (plan.source, plan.target) {
            out.report(ManagerFact::CopyMistyped { backup, source, target });
        }
        let own = self.parameters.devices[usize::from(target.0)].id;
        let identity = match slip {
            // The parameter was forgotten: the copy takes the ID along (H23).
            Some(Slip::Omit | Slip::Argument) => Identity::Copied,
            _ => Identity::Kept { target: own, commit: plan.label_commit },
        };
        let ticket = self.session_ticket(slot, SessionTag::Step);
        let terms = CopyTerms { cow: plan.cow, fence: plan.fence_target, residency: plan.label_residency };
        let mode = plan.mode;
        let extents = Arc::new(plan.extents);
        let establish = DasdCommand::Establish { ticket, source, target, identity, mode, terms, extents };
        out.send(ManagerMessage::Dasd(establish));
    }

    /// The device that was meant; with a slip another one of the same size, chosen by `choice`, if there is one.
    pub(super) fn meant_or_other(&self, slip: Option<Slip>, meant: Device, but: &[Device], choice: u32) -> Device {
        if slip != Some(Slip::WrongDevice) {
            return meant;
        }
        let devices = &self.parameters.devices;
        let tracks = devices[usize::from(meant.0)].tracks;
        let others: Vec<Device> = (0..devices.len() as u16)
            .map(Device)
            .filter(|device| *device != meant && !but.contains(device))
            .filter(|device| devices[usize::from(device.0)].tracks == tracks)
            .collect();
        if others.is_empty() { meant } else { others[choice as usize % others.len()] }
    }

    /// The operator writes down which volume the tape holds, or forgets to, or writes down another.
    fn note_run_book(&mut self, slot: u32, performance: Performance, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.wait = Wait::Answer;
        let (backup, plan) = (run.backup, run.plan);
        let volume = match performance.slip {
            Some(Slip::Omit) => None,
            Some(Slip::WrongDevice | Slip::Argument) => {
                let others: Vec<VolumeId> =
                    self.backups.iter().map(|other| other.source_id).filter(|id| *id != plan.source_id).collect();
                Some(*others.get(performance.choice as usize % others.len().max(1)).unwrap_or(&plan.source_id))
            }
            _ => Some(plan.source_id),
        };
        if let Some(volume) = volume {
            self.durable.run_book.push(RunBookNote { volume, backup });
            out.report(ManagerFact::RunBookNoted { backup });
        }
        self.write_journal(slot);
        out.report(ManagerFact::StepEnded { job: Job::Backup(backup), step: StepName::UpdateInventory });
        self.next_line(slot, out);
    }

    /// A withdraw by hand came back. One that found no relationship on another device than was meant is typed again, if the
    /// message is noticed; without a slip it says that a COPY has ended by itself.
    pub(super) fn typed_withdraw_ended(&mut self, slot: u32, rejected: bool, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let wrong = run.typed_device.take().is_some_and(|device| device != run.plan.target);
        if wrong && rejected && !run.misses_status {
            run.wait = Wait::Operator;
            let job = Job::Backup(run.backup);
            self.ask_operator(slot, job, StepName::OperatorWithdraw, Purpose::Step, out);
            return;
        }
        self.step_ended(slot, out);
    }
}

/// The volume ID with one character typed wrong: the neighbour of the right one.
pub(super) fn mistyped(id: VolumeId, choice: u32) -> VolumeId {
    let mut bytes = id.bytes();
    let length = bytes.iter().take_while(|byte| **byte != b' ').count().max(1);
    let byte = &mut bytes[choice as usize % length];
    *byte = match *byte {
        b'0'..=b'8' | b'A'..=b'Y' => *byte + 1,
        b'9' => b'8',
        _ => b'X',
    };
    VolumeId::from_bytes(bytes)
}

/// When the label of a target is written that keeps its ID, if the plan does not say so (MODEL 1.5, question 2: A).
pub const MANUAL_LABEL_COMMIT: LabelCommit = LabelCommit::AfterEstablish;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_one_character_and_never_none() {
        let id = VolumeId::parse("PROD09").expect("an ID");
        for choice in 0..12 {
            let wrong = mistyped(id, choice);
            let differing = id.bytes().iter().zip(wrong.bytes()).filter(|(right, typed)| **right != *typed).count();
            assert_eq!(differing, 1, "{wrong}");
            assert!(VolumeId::parse(&wrong.to_string()).is_ok(), "{wrong} could be an ID");
        }
    }
}
