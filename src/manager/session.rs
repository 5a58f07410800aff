//! Jobs in progress: one step of a method's table at a time.
//!
//! A job waits for an answer, or for a delay; then `step_ended` writes the journal and takes the next line. A failure goes
//! where the line says. What an undo has to do is a list of small actions ([`Cleanup`]), the same that a restart uses.

use std::collections::VecDeque;

use super::catalog::{CartridgeUse, EntryState, InventoryEntry, JournalEntry, JournalJob, JournalState};
use super::dump::Dump;
use super::fact::{Job, Outcome};
use super::io::Pending;
use super::method::{self, Line, OnFailure};
use super::plan::{BackupPlan, MethodName, OnDumpFailure};
use super::restore::{RestoreEntry, RestoreRun};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox, ManagerTimerKind};
use crate::controller::dasd::{DasdCommand, Identity, Payload};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::Record;
use crate::kernel::{Span, Time};
use crate::vocab::{Backup, Cartridge, Device, Drive, LabelTrack, RelationNumber, Status, StepName, Ticket};

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub work: Work,
}

#[derive(Clone, Debug)]
pub(super) enum Work {
    Backup(BackupRun),
    Restore(RestoreRun),
    Cleanup(Cleanup),
}

/// Which of a session's commands an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionTag {
    /// The one command of the present step or phase.
    Step,
    /// A read of tracks from DASD, by first track.
    TracksRead(u32),
    /// A chain of records sent to tape.
    ChainWritten,
    /// A chain of records asked from tape.
    ChainRead,
    /// Tracks sent to DASD: the first, and how many.
    TracksWritten(u32, u32),
    /// A command in front of the one that `Step` stands for.
    Before,
}

/// A backup in progress.
#[derive(Clone, Debug)]
pub(super) struct BackupRun {
    pub backup: Backup,
    pub plan: BackupPlan,
    /// The present line of the method's table.
    pub line: usize,
    pub wait: Wait,
    pub attempts: u32,
    pub relation: Option<RelationNumber>,
    pub t0: Time,
    pub dump: Option<Dump>,
    pub dump_retries: u32,
    pub tape: Option<(Cartridge, Drive)>,
    /// The error that a command of the trailer met: permanent or not, and the records that are on tape.
    pub trailer_error: Option<(bool, u64)>,
    /// The stimulus in the scenario's list; `None` for a resumed job.
    pub stimulus: Option<usize>,
}

/// What a session's delay stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The answer to a command.
    Answer,
    /// The record that belongs to the step itself.
    Record,
    /// The journal entry that says the step is done.
    Journal,
    Vary,
    Relabel,
}

/// Small actions that put right what a job left behind.
#[derive(Clone, Debug)]
pub(super) struct Cleanup {
    pub actions: VecDeque<Action>,
    /// A recovery waits for this.
    pub recovery: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    /// The half-written tape goes back to scratch and out of the drive.
    Scratch {
        backup: Backup,
    },
    Withdraw {
        target: Device,
    },
    WriteLabel {
        device: Device,
        label: LabelTrack,
    },
    /// The step that takes an establish back is the same whether a job succeeds or is undone.
    BeginWithdraw {
        job: Job,
    },
    EndWithdraw {
        job: Job,
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

impl BackupRun {
    fn new(backup: Backup, plan: BackupPlan, stimulus: Option<usize>) -> BackupRun {
        BackupRun {
            backup,
            plan,
            line: 0,
            wait: Wait::Answer,
            attempts: 0,
            relation: None,
            t0: Time::ZERO,
            dump: None,
            dump_retries: 0,
            tape: None,
            trailer_error: None,
            stimulus,
        }
    }
}

impl Session {
    pub fn dump_position(&self) -> Option<(Backup, u32)> {
        match &self.work {
            Work::Backup(run) => run.dump.as_ref().map(|dump| (run.backup, dump.next_read)),
            _ => None,
        }
    }

    pub fn tape_in_use(&self) -> Option<(Cartridge, Drive)> {
        match &self.work {
            Work::Backup(run) => run.tape,
            Work::Restore(run) => run.tape,
            Work::Cleanup(_) => None,
        }
    }

    pub fn job(&self) -> Option<Job> {
        match &self.work {
            Work::Backup(run) => Some(Job::Backup(run.backup)),
            Work::Restore(run) => Some(Job::Restore(run.restore)),
            Work::Cleanup(_) => None,
        }
    }

    pub fn holds_up_recovery(&self) -> bool {
        matches!(&self.work, Work::Cleanup(cleanup) if cleanup.recovery)
    }
}

impl Manager {
    /// The instant of a `[[backup]]` has come.
    pub(super) fn stimulate(&mut self, number: usize, out: &mut ManagerOutbox) {
        if !matches!(self.volatile.condition, super::Condition::Up) {
            self.volatile.overdue_backups.push_back(number);
            return;
        }
        let plan = self.backups[number];
        let busy = self.volatile.sessions.values().any(|session| match &session.work {
            Work::Backup(run) => run.plan.source == plan.source,
            _ => false,
        });
        if busy {
            self.durable.accepted[number] = true;
            out.report(ManagerFact::StimulusRejected { source: plan.source });
            self.start_due_restores(out);
            return;
        }
        let backup = Backup(self.durable.backups);
        self.durable.backups += 1;
        self.durable.stimulus_of.push(number);
        let slot = self.add_session(Work::Backup(BackupRun::new(backup, plan, Some(number))));
        self.begin_line(slot, out);
    }

    /// Sessions are numbered over the whole run: what comes late for one that is over finds nobody.
    pub(super) fn add_session(&mut self, work: Work) -> u32 {
        let number = self.sessions_begun;
        self.sessions_begun += 1;
        self.volatile.sessions.insert(number, Session { work });
        number
    }

    /// Whether the device is the target of a running backup.
    pub(super) fn is_job_target(&self, device: Device) -> bool {
        self.volatile.sessions.values().any(|session| match &session.work {
            Work::Backup(run) => run.plan.target == device,
            _ => false,
        })
    }

    pub(super) fn backup_run(&mut self, slot: u32) -> &mut BackupRun {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Backup(run)) => run,
            _ => unreachable!("the session is a backup"),
        }
    }

    pub(super) fn session_ticket(&mut self, slot: u32, tag: SessionTag) -> Ticket {
        self.ticket(Pending::Session { session: slot, tag })
    }

    /// As [`Self::session_ticket`], for a command to tape.
    pub(super) fn tape_ticket(&mut self, slot: u32, tag: SessionTag) -> Ticket {
        self.ticket(Pending::SessionTape { session: slot, tag })
    }

    pub(super) fn session_after(&mut self, slot: u32, delay: Span, out: &mut ManagerOutbox) {
        out.complete_after(delay, self.timer(ManagerTimerKind::Session, slot));
    }

    // ---- the steps of a backup -------------------------------------------------------------------------------------

    pub(super) fn line_of(run: &BackupRun) -> Option<Line> {
        method::backup_line(run.plan.method, run.plan.delete_target, run.line)
    }

    pub(super) fn begin_line(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (plan, job) = (run.plan, Job::Backup(run.backup));
        let Some(line) = Manager::line_of(run) else {
            self.drop_session(slot, out);
            return;
        };
        run.wait = Wait::Answer;
        if run.attempts == 0 {
            out.report(ManagerFact::StepStarted { job, step: line.step });
        }
        match line.step {
            StepName::AcceptStimulus | StepName::UpdateInventory | StepName::End => {
                self.backup_run(slot).wait = Wait::Record;
                self.session_after(slot, self.parameters.record_write, out);
            }
            StepName::EstablishWithheld | StepName::EstablishWithVolid => {
                let identity = match plan.method {
                    MethodName::SafeBackup => Identity::Withheld {
                        target: plan.target_id,
                        format: plan.hidden_format,
                        commit: plan.label_commit,
                    },
                    MethodName::SameIdOffline => Identity::Copied,
                };
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let BackupPlan { source, target, mode, .. } = plan;
                out.send(ManagerMessage::Dasd(DasdCommand::Establish { ticket, source, target, identity, mode }));
            }
            StepName::VaryTargetOffline => {
                out.report(ManagerFact::VaryOfflineRequested { device: plan.target });
                if self.is_online(plan.target) {
                    self.backup_run(slot).wait = Wait::Vary;
                    let delay = self.vary_time();
                    self.session_after(slot, delay, out);
                } else {
                    self.step_ended(slot, out);
                }
            }
            StepName::DumpWithReintroduction | StepName::DumpTarget => self.begin_dump(slot, out),
            StepName::HardenTrailer => self.send_trailer(slot, out),
            StepName::Withdraw => {
                let clear_hidden = plan.method == MethodName::SafeBackup;
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let target = plan.target;
                out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, clear_hidden }));
            }
            StepName::RelabelTarget => {
                self.backup_run(slot).wait = Wait::Relabel;
                self.session_after(slot, self.parameters.relabel_time, out);
            }
            StepName::DeleteTarget => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let label = LabelTrack::fresh(plan.target_id);
                out.send(ManagerMessage::Dasd(DasdCommand::DeleteTarget { ticket, device: plan.target, label }));
            }
            StepName::CommitRelationship | StepName::MountAndRestore | StepName::VaryRestoredOnline => {
                unreachable!("no backup has this step")
            }
        }
    }

    /// The delay of a session is over.
    pub(super) fn session_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        // A session that was dropped meanwhile leaves its timer behind.
        let Some(session) = self.volatile.sessions.get(&slot) else { return };
        match &session.work {
            Work::Restore(_) => self.restore_waited(slot, out),
            Work::Cleanup(_) => self.next_action(slot, out),
            Work::Backup(run) => match run.wait {
                Wait::Journal => {
                    self.write_journal(slot);
                    self.next_line(slot, out);
                }
                Wait::Record if run.dump.is_some() => self.dump_recorded(slot, out),
                Wait::Record => self.step_recorded(slot, out),
                Wait::Vary => {
                    let device = run.plan.target;
                    self.set_offline(device, out);
                    self.step_ended(slot, out);
                }
                Wait::Relabel => {
                    let (device, id) = (run.plan.target, run.plan.target_id);
                    let ticket = self.session_ticket(slot, SessionTag::Step);
                    let label = LabelTrack::fresh(id);
                    out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
                }
                Wait::Answer => unreachable!("a session that waits for an answer has set no timer"),
            },
        }
    }

    /// The record of a step that is nothing but a record is durable.
    fn step_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot).clone();
        let line = Manager::line_of(&run).expect("a line waits for its record");
        let BackupRun { backup, plan, .. } = run;
        match line.step {
            StepName::AcceptStimulus => {
                if let Some(number) = run.stimulus {
                    self.durable.accepted[number] = true;
                }
                let job = JournalJob::Backup { backup, relation: None, t0: Time::ZERO };
                self.durable.journal.push(JournalEntry { job, steps_done: 1, state: JournalState::Open });
                let BackupPlan { source, target, method, .. } = plan;
                out.report(ManagerFact::StimulusAccepted { backup, source, target, method });
            }
            StepName::UpdateInventory => {
                if let Some(entry) = self.durable.entry_mut(backup) {
                    entry.state = EntryState::Complete;
                }
                self.write_journal(slot);
                out.report(ManagerFact::InventoryUpdated { backup });
                self.unload_session_tape(slot, out);
            }
            StepName::End => {
                self.close_journal(Job::Backup(backup), JournalState::Closed);
                out.report(ManagerFact::StepEnded { job: Job::Backup(backup), step: line.step });
                let outcome = Outcome::Complete;
                out.report(ManagerFact::JobEnded { job: Job::Backup(backup), outcome, held: false });
                self.next_line(slot, out);
                return;
            }
            _ => unreachable!("only these steps are records"),
        }
        out.report(ManagerFact::StepEnded { job: Job::Backup(backup), step: line.step });
        self.next_line(slot, out);
    }

    /// The present step did its work: the journal says so before the next begins.
    pub(super) fn step_ended(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let line = Manager::line_of(run).expect("a line ended");
        out.report(ManagerFact::StepEnded { job: Job::Backup(run.backup), step: line.step });
        if line.step == StepName::DeleteTarget {
            self.next_line(slot, out);
            return;
        }
        run.wait = Wait::Journal;
        self.session_after(slot, self.parameters.record_write, out);
    }

    fn next_line(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.line += 1;
        run.attempts = 0;
        self.begin_line(slot, out);
    }

    fn write_journal(&mut self, slot: u32) {
        let run = self.backup_run(slot);
        let (backup, done, relation, t0) = (run.backup, run.line + 1, run.relation, run.t0);
        if let Some(entry) = self.durable.journal_mut(Job::Backup(backup)) {
            entry.job = JournalJob::Backup { backup, relation, t0 };
            entry.steps_done = done;
        }
    }

    pub(super) fn close_journal(&mut self, job: Job, state: JournalState) {
        if let Some(entry) = self.durable.journal_mut(job) {
            entry.state = state;
        }
    }

    /// An answer of the DASD controller to a session.
    pub(super) fn session_dasd(
        &mut self,
        session: u32,
        tag: SessionTag,
        status: Status,
        payload: Payload,
        out: &mut ManagerOutbox,
    ) {
        let slot = session;
        let Some(session) = self.volatile.sessions.get(&slot) else { return };
        let step = match &session.work {
            Work::Restore(_) => return self.restore_dasd(slot, tag, status, payload, out),
            Work::Cleanup(_) => return self.next_action(slot, out),
            Work::Backup(run) if run.dump.is_some() => return self.dump_dasd(slot, tag, status, payload, out),
            Work::Backup(run) => Manager::line_of(run).expect("a line asked").step,
        };
        match (step, status) {
            (StepName::EstablishWithheld | StepName::EstablishWithVolid, Status::Good) => {
                let Payload::Established { number, t0 } = payload else {
                    unreachable!("an establish answers with its relationship");
                };
                let run = self.backup_run(slot);
                run.relation = Some(number);
                run.t0 = t0;
                self.step_ended(slot, out);
            }
            // The relationship of a COPY has ended by itself: no relationship is success.
            (StepName::Withdraw, Status::Rejected) => self.step_ended(slot, out),
            (_, Status::Good) => self.step_ended(slot, out),
            _ => self.step_failed(slot, out),
        }
    }

    /// An answer of the tape controller to a session.
    pub(super) fn session_tape(&mut self, session: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let slot = session;
        let Some(session) = self.volatile.sessions.get(&slot) else {
            self.tape_for_nobody(&result, out);
            return;
        };
        match &session.work {
            Work::Restore(_) => self.restore_tape(slot, tag, result, out),
            Work::Cleanup(_) => self.next_action(slot, out),
            Work::Backup(run) if run.dump.is_some() => self.dump_tape(slot, tag, result, out),
            Work::Backup(_) => self.trailer_answered(slot, tag, &result, out),
        }
    }

    /// A mount whose job is over by now: the cartridge goes back.
    pub(super) fn tape_for_nobody(&mut self, result: &TapeResult, out: &mut ManagerOutbox) {
        if let TapeResult::Mounted { drive, .. } = *result {
            self.unload(drive, 0, out);
        }
    }

    fn send_trailer(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (_, drive) = run.tape.expect("a dump is on a tape");
        let tracks = run.plan.tracks;
        let block_count = tracks + 1;
        let records: [Record; 2] = [Record::Eof1 { block_count }, Record::Eof2];
        let ticket = self.tape_ticket(slot, SessionTag::Before);
        out.send(ManagerMessage::Tape(TapeCommand::Write { ticket, drive, records: records.into() }));
        let ticket = self.tape_ticket(slot, SessionTag::Before);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: false }));
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: true }));
    }

    fn trailer_answered(&mut self, slot: u32, tag: SessionTag, result: &TapeResult, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let backup = run.backup;
        if let TapeResult::WriteError { permanent, hardened_blocks, .. } = *result {
            run.trailer_error = Some((permanent, hardened_blocks));
            out.report(ManagerFact::TapeErrorSeen { backup, permanent });
        }
        // Commands behind one that failed are answered too: the last answer decides.
        if tag == SessionTag::Before {
            return;
        }
        match (result, run.trailer_error.take()) {
            (TapeResult::Done, _) => {
                out.report(ManagerFact::TapeEofHardened { backup });
                self.step_ended(slot, out);
            }
            (_, Some((permanent, hardened))) => self.return_to_dump(slot, permanent, hardened, out),
            // A drive that was reset, or a full tape: another cartridge.
            (_, None) => self.return_to_dump(slot, true, 0, out),
        }
    }

    // ---- ends and failures -----------------------------------------------------------------------------------------

    pub(super) fn step_failed(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let retries = self.parameters.step_retries;
        let run = self.backup_run(slot);
        let line = Manager::line_of(run).expect("a line failed");
        match line.on_failure {
            OnFailure::Retry if run.attempts < retries => {
                run.attempts += 1;
                self.begin_line(slot, out);
            }
            OnFailure::Undo => self.undo(slot, out),
            OnFailure::Retry | OnFailure::Stop | OnFailure::DumpRule => self.hold(slot, out),
        }
    }

    /// The dump will not be tried again.
    pub(super) fn give_up_dump(&mut self, slot: u32, out: &mut ManagerOutbox) {
        match self.backup_run(slot).plan.on_dump_failure {
            OnDumpFailure::Keep => self.hold(slot, out),
            OnDumpFailure::Withdraw => self.undo(slot, out),
        }
    }

    /// The job ends; relationship and hidden ID stay until somebody releases them.
    fn hold(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let job = Job::Backup(self.backup_run(slot).backup);
        let close = Action::Close { job, outcome: Outcome::FailedClean, held: true, undone: false };
        self.replace_by_cleanup(slot, VecDeque::from([close]), out);
    }

    /// Walks the table upward: the relationship goes, the target gets its own label back, the job ends.
    fn undo(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (job, plan, established) = (Job::Backup(run.backup), run.plan, run.relation.is_some());
        let actions = undo_actions(job, &plan, established);
        self.replace_by_cleanup(slot, actions, out);
    }

    /// The clean-up is a session of its own: answers that are still on their way to the job find nobody.
    fn replace_by_cleanup(&mut self, slot: u32, mut actions: VecDeque<Action>, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, job) = (run.backup, Job::Backup(run.backup));
        if let Some(line) = Manager::line_of(run) {
            out.report(ManagerFact::StepEnded { job, step: line.step });
        }
        self.unload_session_tape(slot, out);
        self.volatile.sessions.remove(&slot);
        actions.push_front(Action::Scratch { backup });
        let cleanup = self.add_session(Work::Cleanup(Cleanup { actions, recovery: false }));
        self.session_after(cleanup, self.parameters.record_write, out);
    }

    pub(super) fn drop_session(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.volatile.sessions.remove(&slot);
        self.recovery_may_be_done(out);
        self.start_due_restores(out);
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
            Action::Scratch { backup } => {
                self.scratch_tape_of(backup, out);
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Withdraw { target } => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, clear_hidden: false }));
            }
            Action::WriteLabel { device, label } => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
            }
            Action::BeginWithdraw { job } => {
                out.report(ManagerFact::StepStarted { job, step: StepName::Withdraw });
                self.next_action(slot, out);
            }
            Action::EndWithdraw { job } => {
                out.report(ManagerFact::StepEnded { job, step: StepName::Withdraw });
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
                self.session_after(slot, self.parameters.record_write, out);
            }
            Action::Resume { job, line, relation, t0 } => {
                self.resume(job, line, relation, t0, out);
                self.next_action(slot, out);
            }
        }
    }

    /// Starts a job again at a line of its table.
    fn resume(&mut self, job: Job, line: usize, relation: Option<RelationNumber>, t0: Time, out: &mut ManagerOutbox) {
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
                let entry = if line == 0 { RestoreEntry::Again } else { RestoreEntry::LabelWritten };
                self.begin_restore(restore, entry, out);
            }
        }
    }

    /// The scenario's `[[backup]]` that a job came from.
    pub(super) fn plan_of(&self, backup: Backup) -> Option<BackupPlan> {
        let place = self.durable.stimulus_of.get(backup.0 as usize)?;
        Some(self.backups[*place])
    }

    /// The inventory entry of an unfinished dump becomes invalid and its cartridge scratch.
    fn scratch_tape_of(&mut self, backup: Backup, out: &mut ManagerOutbox) {
        let unfinished = self.durable.inventory.iter_mut().filter(|entry| entry.backup == backup);
        for entry in unfinished.filter(|entry| entry.state == EntryState::InProgress) {
            entry.state = EntryState::Invalid;
            let cartridge: Cartridge = entry.cartridge;
            let used = &mut self.durable.cartridges[cartridge.0 as usize];
            if *used == CartridgeUse::Allocated(backup) {
                *used = CartridgeUse::Scratch;
                out.report(ManagerFact::TapeScratched { cartridge });
            }
        }
    }

    pub(super) fn add_inventory(&mut self, entry: InventoryEntry) {
        self.durable.cartridges[entry.cartridge.0 as usize] = CartridgeUse::Allocated(entry.backup);
        // Another attempt takes the place of the one that failed.
        self.durable.inventory.retain(|known| known.backup != entry.backup);
        self.durable.inventory.push(entry);
    }

    /// Sends the session's cartridge back to its cell; nobody waits for it.
    pub(super) fn unload_session_tape(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let tape = match &mut self.volatile.sessions.get_mut(&slot).expect("a session holds a tape").work {
            Work::Backup(run) => run.tape.take(),
            Work::Restore(run) => run.tape.take(),
            Work::Cleanup(_) => None,
        };
        if let Some((_, drive)) = tape {
            self.unload(drive, 0, out);
        }
    }

    /// An unload behind a command that fails is not executed: it is asked for again a few times.
    pub(super) fn unload(&mut self, drive: Drive, tries: u8, out: &mut ManagerOutbox) {
        let ticket = self.ticket(Pending::Unload { drive, tries });
        out.send(ManagerMessage::Tape(TapeCommand::Unload { ticket, drive }));
    }

    /// The controller went away: what jobs were doing is lost, their tapes go back. The journal knows how far they were.
    pub(super) fn abandon_sessions(&mut self, out: &mut ManagerOutbox) {
        let slots: Vec<u32> = self.volatile.sessions.keys().copied().collect();
        for slot in slots {
            self.unload_session_tape(slot, out);
        }
        self.volatile.sessions.clear();
        self.volatile.forget_sessions();
    }
}

/// What takes back an establish: first the relationship, then the identity it left on the target.
pub(super) fn undo_actions(job: Job, plan: &BackupPlan, established: bool) -> VecDeque<Action> {
    let mut actions = VecDeque::new();
    if established {
        actions.push_back(Action::BeginWithdraw { job });
        actions.push_back(Action::Withdraw { target: plan.target });
        let label = LabelTrack::fresh(plan.target_id);
        actions.push_back(Action::WriteLabel { device: plan.target, label });
        actions.push_back(Action::EndWithdraw { job });
    }
    actions.push_back(Action::Close { job, outcome: Outcome::FailedClean, held: false, undone: true });
    actions
}
