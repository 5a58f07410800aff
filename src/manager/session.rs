//! Jobs in progress: one step of a method's table at a time.
//!
//! A job waits for an answer, or for a delay; then `step_ended` writes the journal and takes the next line. A failure goes
//! where the line says. What an undo has to do is a list of small actions ([`Cleanup`]), the same that a restart uses.

use super::catalog::{CartridgeUse, InventoryEntry};
use super::cleanup::Cleanup;
use super::console::ConsoleRun;
use super::dump::Dump;
use super::dump_section::{CheckSums, OpenSection};
use super::fact::Job;
use super::identity::DumpIdentity;
use super::io::Pending;
use super::order::{Giver, OrderRun};
use super::plan::BackupPlan;
use super::reader::Reader;
use super::restore::RestoreRun;
use super::slow_copy::SlowCopy;
use super::stimulus::Stimulus;
use super::sweep::Sweep;
use super::{Manager, ManagerMessage, ManagerOutbox, ManagerTimerKind};
use crate::controller::tape::TapeCommand;
use crate::kernel::{Span, Time};
use crate::vocab::{Backup, Cartridge, Device, Drive, RelationNumber, Ticket};

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub work: Work,
}

#[derive(Clone, Debug)]
pub(super) enum Work {
    Backup(BackupRun),
    Restore(RestoreRun),
    Cleanup(Cleanup),
    Console(ConsoleRun),
    Sweep(Sweep),
    Order(OrderRun),
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
    /// The withdraw of a job that does not wait for its reads.
    EarlyWithdraw,
    /// A command for the reader of a backup that is no chain of data.
    Reading,
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
    /// Under which ID the dump goes to tape, once the label has been read.
    pub identity: Option<DumpIdentity>,
    /// The copy that is made track by track, and whether the copy was made that way.
    pub slow_copy: Option<SlowCopy>,
    pub copied_slowly: bool,
    pub dump: Option<Dump>,
    pub dump_retries: u32,
    pub tape: Option<(Cartridge, Drive)>,
    /// The withdraw was asked for when the last track was (`drain_before_withdraw = false`).
    pub withdrawn_early: bool,
    /// The part of the dump that goes onto the present cartridge.
    pub section: OpenSection,
    pub sums: CheckSums,
    /// The backup is being read back; it was read back and is good.
    pub readback: Option<Reader>,
    pub verified: bool,
    /// The error that a command of the trailer met: permanent or not, and the records that are on tape.
    pub trailer_error: Option<(bool, u64)>,
    /// The stimulus while it is not in the journal.
    pub stimulus: Option<Stimulus>,
    /// The consistency group that its copy is made with.
    pub group: Option<u32>,
    /// The device that an operator dumps, where it is another than the target.
    pub dump_device: Option<Device>,
    /// The device of an operator's command that is being carried out.
    pub typed_device: Option<Device>,
    /// The operator does not look at what his command answers.
    pub misses_status: bool,
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
    /// The end of the writes that are under way.
    Drain,
    /// What an operator does.
    Operator,
}

impl BackupRun {
    pub(super) fn new(backup: Backup, plan: BackupPlan, stimulus: Option<Stimulus>) -> BackupRun {
        BackupRun {
            backup,
            plan,
            line: 0,
            wait: Wait::Answer,
            attempts: 0,
            relation: None,
            t0: Time::ZERO,
            identity: None,
            slow_copy: None,
            copied_slowly: false,
            dump: None,
            dump_retries: 0,
            tape: None,
            withdrawn_early: false,
            section: OpenSection::default(),
            sums: CheckSums::default(),
            readback: None,
            verified: false,
            trailer_error: None,
            stimulus,
            group: None,
            dump_device: None,
            typed_device: None,
            misses_status: false,
        }
    }

    /// The device that is read onto tape.
    pub(super) fn dumped(&self) -> Device {
        self.dump_device.unwrap_or(self.plan.target)
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
            Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => None,
        }
    }

    pub fn job(&self) -> Option<Job> {
        match &self.work {
            Work::Backup(run) => Some(Job::Backup(run.backup)),
            Work::Restore(run) => (!run.by_hand.ended).then_some(Job::Restore(run.restore)),
            Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => None,
        }
    }

    /// Who gave the command that it carries out.
    pub fn giver(&self) -> Option<Giver> {
        match &self.work {
            Work::Console(run) => Some(run.giver()),
            Work::Order(run) => Some(run.giver()),
            Work::Backup(_) | Work::Restore(_) | Work::Cleanup(_) | Work::Sweep(_) => None,
        }
    }

    /// Nobody waits for it.
    pub fn only_awaits_release(&self) -> bool {
        matches!(&self.work, Work::Console(run) if run.awaits_release())
    }

    pub fn holds_up_recovery(&self) -> bool {
        matches!(&self.work, Work::Cleanup(cleanup) if cleanup.recovery)
    }
}

impl Manager {
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
            Work::Backup(run) => run.plan.method.makes_copy() && run.plan.target == device,
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

    pub(super) fn drop_session(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.leave_group(slot, out);
        self.volatile.sessions.remove(&slot);
        if !self.volatile.releases.is_empty() {
            self.released(out);
        }
        self.recovery_may_be_done(out);
        self.take_overdue(out);
        self.look_at_conditions(out);
        self.start_due_restores(out);
    }

    /// The scenario's `[[backup]]` that a job came from.
    pub(super) fn plan_of(&self, backup: Backup) -> Option<BackupPlan> {
        let place = self.durable.stimulus_of.get(backup.0 as usize)?;
        let plan = self.backups[*place];
        let scope = self.durable.scopes.iter().find(|(known, _)| *known == backup);
        Some(scope.map_or(plan, |(_, extents)| plan.of_tracks(*extents)))
    }

    pub(super) fn add_inventory(&mut self, entry: InventoryEntry) {
        for section in entry.sections() {
            self.durable.cartridges[section.cartridge.0 as usize] = CartridgeUse::Allocated(entry.backup);
        }
        self.durable.note_inventory_change(entry.backup);
        // Another attempt takes the place of the one that failed.
        self.durable.inventory.retain(|known| known.backup != entry.backup);
        self.durable.inventory.push(entry);
    }

    /// Sends the session's cartridge back to its cell; nobody waits for it.
    pub(super) fn unload_session_tape(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let tape = match &mut self.volatile.sessions.get_mut(&slot).expect("a session holds a tape").work {
            Work::Backup(run) => run.tape.take(),
            Work::Restore(run) => run.tape.take(),
            Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => None,
        };
        if let Some((_, drive)) = tape {
            self.unload(drive, 0, out);
        }
    }

    pub(super) fn tape_of(&self, slot: u32) -> Option<(Cartridge, Drive)> {
        self.volatile.sessions.get(&slot).and_then(Session::tape_in_use)
    }

    /// The job reads this cartridge now.
    pub(super) fn set_session_tape(&mut self, slot: u32, tape: (Cartridge, Drive)) {
        match self.volatile.sessions.get_mut(&slot).map(|session| &mut session.work) {
            Some(Work::Backup(run)) => run.tape = Some(tape),
            Some(Work::Restore(run)) => run.tape = Some(tape),
            _ => unreachable!("a job mounts cartridges"),
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
            self.abandon_session(slot, out);
        }
        self.abandon_console(out);
        self.volatile.groups.clear();
        self.volatile.forget_sessions();
    }

    /// The session's tape goes back, and a stimulus that no journal knows of is taken again.
    pub(super) fn abandon_session(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.unload_session_tape(slot, out);
        if let Some(Session { work: Work::Backup(run) }) = self.volatile.sessions.get(&slot)
            && let Some(stimulus) = run.stimulus
        {
            self.volatile.overdue_backups.push_back(stimulus);
        }
    }
}
