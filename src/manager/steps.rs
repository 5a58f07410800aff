//! The steps of a backup: what each asks for, what its answer means, and where a failure goes.

use std::sync::Arc;

use super::catalog::{BackupPlace, EntryState, JournalEntry, JournalJob, JournalState};
use super::dump_error::Resolution;
use super::fact::{Job, Outcome};
use super::method::{self, Line, OnFailure};
use super::operator_step::{Purpose, is_manual};
use super::plan::{BackupPlan, BufferedMarks, FastReplication, JobJournal, Medium, MethodName, OnDumpFailure};
use super::retention::Progress;
use super::session::{BackupRun, SessionTag, Wait, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::{Architecture, CopyTerms, DasdCommand, HiddenRule, Identity, Payload};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::Record;
use crate::kernel::Time;
use crate::vocab::{Device, LabelTrack, Mutant, Status, StepName, TRACK_BYTES, TrackNo, TrackRange, VTOC_TRACKS};

impl Manager {
    pub(super) fn line_of(run: &BackupRun) -> Option<Line> {
        method::backup_line(&run.plan, run.line)
    }

    /// The job is over; what follows is the deletion of its target.
    fn has_ended(run: &BackupRun) -> bool {
        method::place_in(&run.plan, StepName::End).is_some_and(|end| run.line > end)
    }

    pub(super) fn begin_line(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (plan, job, copied_slowly) = (run.plan, Job::Backup(run.backup), run.copied_slowly);
        let Some(line) = Manager::line_of(run) else {
            self.drop_session(slot, out);
            return;
        };
        run.wait = Wait::Answer;
        if run.attempts == 0 {
            out.report(ManagerFact::StepStarted { job, step: line.step });
        }
        if is_manual(&plan, line.step) {
            run.wait = Wait::Operator;
            self.ask_operator(slot, job, line.step, Purpose::Step, out);
            return;
        }
        match line.step {
            // The members of a group are accepted with the first of them.
            StepName::AcceptStimulus if self.follows_in_group(slot) => {}
            StepName::UpdateInventory => self.begin_registration(slot, out),
            StepName::AcceptStimulus | StepName::QuiesceApplication | StepName::ResumeApplication | StepName::End => {
                self.backup_run(slot).wait = Wait::Record;
                self.session_after(slot, self.parameters.record_write, out);
            }
            StepName::ReadVtoc => {
                let (device, first) = (plan.source, TrackNo(1));
                let count = VTOC_TRACKS.min(plan.extents.volume() - 1);
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let (range, bytes) = (TrackRange { device, first, count }, u64::from(count) * TRACK_BYTES);
                out.send(ManagerMessage::Dasd(DasdCommand::Read { ticket, range, bytes, images: true }));
            }
            StepName::EstablishWithheld | StepName::EstablishWithVolid if self.waits_for_group(slot, out) => {}
            StepName::EstablishWithheld | StepName::EstablishWithVolid => self.send_establish(slot, out),
            StepName::VaryTargetOffline if !plan.extents.holds_label() => self.step_ended(slot, out),
            StepName::VaryTargetOffline => {
                self.vary_backup_device_offline(slot, plan.target, out);
            }
            StepName::DumpWithReintroduction | StepName::DumpTarget | StepName::DumpSource => {
                self.begin_dump(slot, out)
            }
            StepName::HardenTrailer => self.send_trailer(slot, out),
            StepName::Withdraw => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                let BackupPlan { target, drain_before_withdraw: drain, .. } = plan;
                let hidden = plan.hidden_rule();
                out.send(ManagerMessage::Dasd(DasdCommand::Withdraw { ticket, target, hidden, drain }));
            }
            // Where the label track is no part of the copy the target has been itself all the time.
            StepName::RelabelTarget if !plan.extents.holds_label() => self.step_ended(slot, out),
            StepName::RelabelTarget => {
                self.backup_run(slot).wait = Wait::Relabel;
                self.session_after(slot, self.parameters.relabel_time, out);
            }
            StepName::DeleteTarget if copied_slowly && plan.architecture == Architecture::LogStructured => {
                self.end_slow_copy(slot, out);
            }
            StepName::DeleteTarget => {
                let ticket = self.session_ticket(slot, SessionTag::Step);
                // Where the relabel is a step of its own, the target keeps the label it has until then.
                let relabelled = method::place_in(&plan, StepName::RelabelTarget).is_some();
                let blank = plan.architecture == Architecture::HomeArea || plan.hidden_rule() == HiddenRule::Clear;
                let label = (!relabelled && blank).then(|| LabelTrack::fresh(plan.target_id));
                out.send(ManagerMessage::Dasd(DasdCommand::DeleteTarget { ticket, device: plan.target, label }));
            }
            StepName::OperatorEstablish
            | StepName::OperatorDump
            | StepName::OperatorWithdraw
            | StepName::RelabelBackupImage
            | StepName::MountAndRestore
            | StepName::RelabelRestored
            | StepName::VaryRestoredOnline => unreachable!("no backup has this step"),
        }
    }

    pub(super) fn send_establish(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let plan = self.backup_run(slot).plan;
        if !plan.wants_instant_copy() {
            self.begin_slow_copy(slot, out);
            return;
        }
        let identity = match plan.method {
            _ if !plan.extents.holds_label() => Identity::Untouched,
            MethodName::SafeBackup => Identity::Withheld {
                target: plan.shown_id,
                format: plan.hidden_format,
                commit: plan.label_commit,
                cascade: plan.cascade,
            },
            MethodName::SameIdOffline => Identity::Copied,
            MethodName::DirectDump | MethodName::NoVolidManual => unreachable!("it has no such step"),
        };
        let ticket = self.session_ticket(slot, SessionTag::Step);
        let BackupPlan { source, target, mode, .. } = plan;
        let terms = CopyTerms { cow: plan.cow, fence: plan.fence_target, residency: plan.label_residency };
        let extents = Arc::new(plan.extents);
        let establish = DasdCommand::Establish { ticket, source, target, identity, mode, terms, extents };
        out.send(ManagerMessage::Dasd(establish));
    }

    pub(super) fn vary_backup_device_offline(&mut self, slot: u32, device: Device, out: &mut ManagerOutbox) {
        out.report(ManagerFact::VaryOfflineRequested { device });
        if !self.is_online(device) {
            self.step_ended(slot, out);
            return;
        }
        let run = self.backup_run(slot);
        run.wait = Wait::Vary;
        run.typed_device = Some(device);
        let delay = self.vary_time();
        self.session_after(slot, delay, out);
    }

    /// The delay of a session is over.
    pub(super) fn session_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        // A session that was dropped meanwhile leaves its timer behind.
        let Some(session) = self.volatile.sessions.get(&slot) else { return };
        match &session.work {
            Work::Restore(_) => self.restore_waited(slot, out),
            Work::Cleanup(_) => self.next_action(slot, out),
            Work::Console(_) => self.console_waited(slot, out),
            Work::Sweep(_) => unreachable!("a sweep waits for answers only"),
            Work::Order(_) => self.order_waited(slot, out),
            Work::Backup(run) => match run.wait {
                Wait::Journal => {
                    self.write_journal(slot);
                    self.leave_group(slot, out);
                    self.next_line(slot, out);
                }
                Wait::Record if run.dump.is_some() => self.dump_recorded(slot, out),
                Wait::Record => self.step_recorded(slot, out),
                Wait::Vary => {
                    let device = run.typed_device.unwrap_or(run.plan.target);
                    self.backup_run(slot).typed_device = None;
                    self.set_offline(device, out);
                    self.step_ended(slot, out);
                }
                Wait::Relabel => {
                    let (device, id) = (run.plan.target, run.plan.target_id);
                    let ticket = self.session_ticket(slot, SessionTag::Step);
                    let label = LabelTrack::fresh(id);
                    out.send(ManagerMessage::Dasd(DasdCommand::WriteLabel { ticket, device, label }));
                }
                Wait::Answer | Wait::Drain | Wait::Operator => {
                    unreachable!("a session that waits for an answer has set no timer")
                }
            },
        }
    }

    /// The record of a step that is nothing but a record is durable.
    pub(super) fn step_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot).clone();
        let line = Manager::line_of(&run).expect("a line waits for its record");
        let BackupRun { backup, plan, .. } = run;
        match line.step {
            StepName::AcceptStimulus => {
                if plan.job_journal == JobJournal::On {
                    let job = JournalJob::Backup { backup, relation: None, t0: Time::ZERO };
                    self.durable.journal.push(JournalEntry {
                        job,
                        steps_done: 1,
                        state: JournalState::Open,
                        resumed: false,
                    });
                }
                let BackupPlan { source, target, method, .. } = plan;
                let place = self.durable.stimulus_of[backup.0 as usize] as u16;
                out.report(ManagerFact::StimulusAccepted { backup, plan: place, source, target, method });
                if let Some(stimulus) = self.backup_run(slot).stimulus.take() {
                    // Where every step is typed, the first of them is the request.
                    if let Some(working) = stimulus.typing.filter(|_| method != MethodName::NoVolidManual) {
                        let (job, step) = (Job::Backup(backup), line.step);
                        out.report(ManagerFact::OperatorStep { job, step, slip: None, working });
                    }
                    self.stimulus_taken(stimulus, Status::Good, out);
                }
            }
            StepName::QuiesceApplication => return self.quiesce_marked(slot, out),
            StepName::ResumeApplication => {
                self.resume_application(backup, out);
                self.write_journal(slot);
            }
            StepName::UpdateInventory => {
                if let Some(entry) = self.durable.entry_mut(backup) {
                    entry.state = EntryState::Complete;
                    if let BackupPlace::Tape(sections) = &mut entry.place
                        && let Some(last) = sections.last_mut()
                    {
                        last.blocks = run.section.blocks(plan.tracks);
                    }
                }
                out.report(ManagerFact::InventoryUpdated { backup });
                self.expire_generations(slot, Progress::Registered, out);
                self.unload_session_tape(slot, out);
                // The inventory knows a tape of B; that B is this volume goes into the run book.
                if plan.method == MethodName::NoVolidManual {
                    self.backup_run(slot).wait = Wait::Operator;
                    self.ask_operator(slot, Job::Backup(backup), line.step, Purpose::Step, out);
                    return;
                }
                self.write_journal(slot);
            }
            StepName::End => {
                self.close_journal(Job::Backup(backup), JournalState::Closed);
                out.report(ManagerFact::StepEnded { job: Job::Backup(backup), step: line.step });
                let outcome = Outcome::Complete;
                out.report(ManagerFact::JobEnded { job: Job::Backup(backup), outcome, held: false });
                self.schedule_sweep(out);
                self.next_line(slot, out);
                return;
            }
            _ => unreachable!("only these steps are records"),
        }
        out.report(ManagerFact::StepEnded { job: Job::Backup(backup), step: line.step });
        self.next_line(slot, out);
        if line.step == StepName::AcceptStimulus {
            self.accept_followers(slot, out);
        }
    }

    /// The present step did its work: the journal says so before the next begins.
    pub(super) fn step_ended(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let line = Manager::line_of(run).expect("a line ended");
        out.report(ManagerFact::StepEnded { job: Job::Backup(run.backup), step: line.step });
        if Manager::has_ended(run) || run.plan.job_journal == JobJournal::Off {
            self.next_line(slot, out);
            return;
        }
        run.wait = Wait::Journal;
        self.session_after(slot, self.parameters.record_write, out);
    }

    pub(super) fn next_line(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.line += 1;
        run.attempts = 0;
        self.begin_line(slot, out);
    }

    pub(super) fn write_journal(&mut self, slot: u32) {
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
        if tag == SessionTag::EarlyWithdraw {
            return; // the withdraw step finds out what became of it
        }
        let Some(session) = self.volatile.sessions.get(&slot) else { return };
        let step = match &session.work {
            Work::Restore(_) => return self.restore_dasd(slot, tag, status, payload, out),
            Work::Sweep(_) => return self.sweep_dasd(slot, status, payload, out),
            Work::Cleanup(_) => return self.next_action(slot, out),
            Work::Console(_) => return self.console_dasd(slot, status, &payload, out),
            Work::Order(_) => return self.order_dasd(slot, status, &payload, out),
            Work::Backup(run) if run.dump.is_some() => return self.dump_dasd(slot, tag, status, payload, out),
            Work::Backup(run) if run.readback.is_some() => return self.readback_dasd(slot, tag, status, &payload, out),
            Work::Backup(run) => Manager::line_of(run).expect("a line asked").step,
        };
        if self.backup_run(slot).slow_copy.is_some() {
            self.slow_copy_dasd(slot, step, status, &payload, out);
            return;
        }
        match (step, status) {
            (
                StepName::EstablishWithheld | StepName::EstablishWithVolid | StepName::OperatorEstablish,
                Status::Rejected,
            ) if self.backup_run(slot).plan.fast_replication == FastReplication::Preferred => {
                self.begin_slow_copy(slot, out);
            }
            (
                StepName::EstablishWithheld | StepName::EstablishWithVolid | StepName::OperatorEstablish,
                Status::Good,
            ) => {
                let Payload::Established { number, t0 } = payload else {
                    unreachable!("an establish answers with its relationship");
                };
                let run = self.backup_run(slot);
                run.relation = Some(number);
                run.t0 = t0;
                let source = run.plan.source;
                self.forget_changes(source);
                self.member_established(slot, step, out);
                self.step_ended(slot, out);
            }
            (StepName::ReadVtoc, Status::Good) => {
                let run = self.backup_run(slot);
                let (backup, plan) = (run.backup, run.plan);
                let allocated = self.parameters.allocations.at(plan.source, out.now()).unwrap_or(plan.extents);
                self.backup_run(slot).plan = plan.of_tracks(allocated);
                self.durable.scopes.retain(|(known, _)| *known != backup);
                self.durable.scopes.push((backup, allocated));
                out.report(ManagerFact::VtocRead { backup, source: plan.source });
                self.step_ended(slot, out);
            }
            (StepName::OperatorWithdraw, Status::Good | Status::Rejected) => {
                self.typed_withdraw_ended(slot, status == Status::Rejected, out);
            }
            // The relationship of a COPY has ended by itself: no relationship is success.
            (StepName::Withdraw, Status::Rejected) => self.step_ended(slot, out),
            // So is no snapshot: a crash came behind its deletion.
            (StepName::DeleteTarget, Status::Rejected)
                if self.parameters.architecture == Architecture::LogStructured =>
            {
                self.step_ended(slot, out);
            }
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
            Work::Sweep(_) => unreachable!("a sweep asks nothing of a tape"),
            Work::Cleanup(_) => self.next_action(slot, out),
            Work::Console(_) | Work::Order(_) => unreachable!("a command uses no tape"),
            Work::Backup(run) if run.dump.is_some() => self.dump_tape(slot, tag, result, out),
            Work::Backup(run) if run.readback.is_some() => self.readback_tape(slot, tag, result, out),
            Work::Backup(_) => self.trailer_answered(slot, tag, &result, out),
        }
    }

    /// A mount whose job is over by now: the cartridge goes back.
    pub(super) fn tape_for_nobody(&mut self, result: &TapeResult, out: &mut ManagerOutbox) {
        if let TapeResult::Mounted { drive, .. } = *result {
            self.unload(drive, 0, out);
        }
    }

    pub(super) fn send_trailer(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        if run.plan.medium == Medium::Dasd {
            // The controller keeps what it acknowledged: there is nothing to harden.
            self.step_ended(slot, out);
            return;
        }
        let (_, drive) = run.tape.expect("a dump is on a tape");
        let block_count = run.section.blocks(run.plan.tracks);
        let synchronise = self.parameters.buffered_marks == BufferedMarks::Off
            && !self.parameters.lacks(Mutant::UnhardenedBlocksCounted);
        let records: [Record; 2] = [Record::Eof1 { block_count }, Record::Eof2];
        let ticket = self.tape_ticket(slot, SessionTag::Before);
        out.send(ManagerMessage::Tape(TapeCommand::Write { ticket, drive, records: records.into() }));
        let ticket = self.tape_ticket(slot, SessionTag::Before);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: false }));
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise }));
    }

    pub(super) fn trailer_answered(
        &mut self,
        slot: u32,
        tag: SessionTag,
        result: &TapeResult,
        out: &mut ManagerOutbox,
    ) {
        self.note_trailer_error(slot, result, out);
        let run = self.backup_run(slot);
        let backup = run.backup;
        // Commands behind one that failed are answered too: the last answer decides.
        if tag == SessionTag::Before {
            return;
        }
        let error = run.trailer_error.take();
        let is_ignored = self.parameters.lacks(Mutant::IgnoreTapeError);
        match (result, error) {
            (result, _) if *result == TapeResult::Done || is_ignored => {
                out.report(ManagerFact::TapeEofHardened { backup });
                self.expire_generations(slot, Progress::Written, out);
                self.step_ended(slot, out);
            }
            (_, Some((false, hardened))) => self.return_to_dump(slot, Resolution::Again { hardened }, out),
            (_, Some((true, hardened))) => self.return_to_dump(slot, Resolution::Spoiled { hardened }, out),
            // No room for the labels, or no drive: another cartridge.
            (_, None) => self.return_to_dump(slot, Resolution::Another { condemned: true }, out),
        }
    }

    pub(super) fn step_failed(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let retries = self.parameters.step_retries;
        let run = self.backup_run(slot);
        let line = Manager::line_of(run).expect("a line failed");
        // The job has ended; only the deletion that follows it did not come about.
        if Manager::has_ended(run) {
            self.drop_session(slot, out);
            return;
        }
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
        let plan = self.backup_run(slot).plan;
        match plan.on_dump_failure {
            // An application does not wait for somebody to look at a failed dump.
            _ if !plan.method.makes_copy() => self.undo(slot, out),
            OnDumpFailure::Keep => self.hold(slot, out),
            OnDumpFailure::Withdraw => self.undo(slot, out),
        }
    }
}
