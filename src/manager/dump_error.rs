//! A dump that meets an error on tape: first everything on the way comes back, then it goes on or starts again.

use super::catalog::{CartridgeUse, EntryState};
use super::dump::{Dump, DumpPhase, FIRST_TRACK_RECORD};
use super::fact::Job;
use super::session::SessionTag;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::tape::{TapeCommand, Target};
use crate::vocab::StepName;

impl Manager {
    pub(super) fn start_settling(&mut self, slot: u32, permanent: bool, hardened: u64, out: &mut ManagerOutbox) {
        self.dump(slot).phase = DumpPhase::Settle { permanent, hardened };
        self.settle(slot, out);
    }

    /// Goes on once nothing is on its way any more.
    pub(super) fn settle(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let dump = self.dump(slot);
        let DumpPhase::Settle { permanent, hardened } = dump.phase else {
            unreachable!("only a dump that met an error settles");
        };
        if dump.reads > 0 || dump.chains > 0 {
            return;
        }
        dump.buffers.clear();
        let mounted = self.backup_run(slot).tape.is_some();
        if permanent || !mounted {
            self.dump_failed(slot, mounted, out);
            return;
        }
        let run = self.backup_run(slot);
        if run.dump_retries >= run.plan.dump_retries {
            self.give_up_dump(slot, out);
            return;
        }
        run.dump_retries += 1;
        let last = FIRST_TRACK_RECORD + u64::from(run.plan.tracks);
        let (_, drive) = run.tape.expect("an error was on a mounted tape");
        let dump = run.dump.as_mut().expect("the session dumps");
        let command;
        let ticket;
        // Marks and trailer labels behind the last track are written anew with it.
        let good = hardened.min(last);
        if let Some(track) = good.checked_sub(FIRST_TRACK_RECORD) {
            dump.phase = DumpPhase::Reposition { track: track as u32 };
            ticket = self.tape_ticket(slot, SessionTag::Step);
            command = TapeCommand::Locate { ticket, drive, to: Target::Record(good) };
        } else {
            dump.next_read = 0;
            dump.written = 0;
            dump.phase = DumpPhase::Rewind;
            ticket = self.tape_ticket(slot, SessionTag::Step);
            command = TapeCommand::Rewind { ticket, drive };
        }
        out.send(ManagerMessage::Tape(command));
    }

    /// An error showed only when the trailer was to be hardened: blocks that the drive had acknowledged are not on tape.
    pub(super) fn return_to_dump(&mut self, slot: u32, permanent: bool, hardened: u64, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.line = super::method::dump_line(&run.plan);
        let (job, dump_step) = (Job::Backup(run.backup), Manager::line_of(run).expect("every method dumps").step);
        out.report(ManagerFact::StepEnded { job, step: StepName::HardenTrailer });
        out.report(ManagerFact::StepStarted { job, step: dump_step });
        let (cartridge, _) = run.tape.expect("the trailer goes onto a mounted tape");
        let header = run.identity.map_or(run.plan.source_id, |identity| identity.header);
        run.dump = Some(Dump::new(DumpPhase::Settle { permanent, hardened }, header, cartridge));
        self.settle(slot, out);
    }

    /// The cartridge is not used again, and what it holds is no backup.
    pub(super) fn condemn_cartridge(&mut self, slot: u32) {
        let run = self.backup_run(slot);
        let backup = run.backup;
        if let Some((cartridge, _)) = run.tape {
            self.durable.cartridges[cartridge.0 as usize] = CartridgeUse::Rejected;
        }
        if let Some(entry) = self.durable.entry_mut(backup) {
            entry.state = EntryState::Invalid;
        }
    }

    /// Another attempt from the beginning, on another cartridge, as often as the plan allows.
    pub(super) fn dump_failed(&mut self, slot: u32, condemned: bool, out: &mut ManagerOutbox) {
        if condemned {
            self.condemn_cartridge(slot);
        }
        self.unload_session_tape(slot, out);
        let run = self.backup_run(slot);
        run.dump = None;
        if run.dump_retries >= run.plan.dump_retries {
            self.give_up_dump(slot, out);
            return;
        }
        run.dump_retries += 1;
        self.begin_dump(slot, out);
    }
}
