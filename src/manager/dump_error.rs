//! A dump that meets an error on tape: first everything on the way comes back, then it goes on or starts again.
//!
//! A temporary error, and a drive that was reset, are retried from the first block that is not on tape. A place that can
//! never be written is the business of `on_write_error`: the cartridge is closed in front of it and the dump goes on on the
//! next one (`new-volume`), the same place is tried again (`retry-same`), or the dump is given up (`abort`). Where nothing
//! good can be closed, the cartridge is condemned and another takes its place.

use super::catalog::{BackupPlace, CartridgeUse, EntryState, InventoryEntry};
use super::dump::{Dump, DumpPhase};
use super::fact::Job;
use super::plan::{DumpRestart, OnWriteError};
use super::session::SessionTag;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::tape::{TapeCommand, TapeResult, Target};
use crate::vocab::{Backup, Cartridge, Mutant};

/// What a dump does once nothing is on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    /// Goes on behind the records that are on tape.
    Again { hardened: u64 },
    /// Nothing can be written behind these records.
    Spoiled { hardened: u64 },
    /// Another cartridge in place of this one, which is not used again when it is condemned.
    Another { condemned: bool },
    /// The cartridge is full.
    Full,
}

impl Manager {
    pub(super) fn dump_error(&mut self, slot: u32, phase: DumpPhase, result: &TapeResult, out: &mut ManagerOutbox) {
        let backup = self.backup_run(slot).backup;
        let resolution = match *result {
            TapeResult::WriteError { .. } if self.parameters.lacks(Mutant::IgnoreTapeError) => {
                self.tape_done(slot, phase, out);
                return;
            }
            TapeResult::WriteError { permanent, hardened_blocks: hardened, .. } => {
                out.report(ManagerFact::TapeErrorSeen { backup, permanent });
                if permanent { Resolution::Spoiled { hardened } } else { Resolution::Again { hardened } }
            }
            TapeResult::Reset { hardened_blocks: hardened, .. } => {
                out.report(ManagerFact::TapeErrorSeen { backup, permanent: false });
                Resolution::Again { hardened }
            }
            TapeResult::EndOfVolume { accepted } if phase == DumpPhase::Tracks => {
                let tracks = self.backup_run(slot).plan.tracks;
                let dump = self.dump(slot);
                let first = dump.buffers.front().expect("a chain came from a buffer").first;
                dump.written = first + accepted;
                if first == 0 && accepted > 0 {
                    out.report(ManagerFact::DumpTrack0Sent { backup });
                }
                if dump.written == tracks {
                    // The last block fitted; so do the labels behind it.
                    dump.buffers.clear();
                    self.write_mark(slot, out);
                    return;
                }
                Resolution::Full
            }
            TapeResult::MountFailed => {
                let retries = self.parameters.step_retries;
                let dump = self.dump(slot);
                dump.failed_mounts += 1;
                if dump.failed_mounts <= retries {
                    self.mount_for_dump(slot, out);
                    return;
                }
                Resolution::Another { condemned: false }
            }
            // No such cartridge, a drive that is not ready: another attempt, another cartridge.
            _ => Resolution::Another { condemned: true },
        };
        self.start_settling(slot, resolution, out);
    }

    pub(super) fn start_settling(&mut self, slot: u32, resolution: Resolution, out: &mut ManagerOutbox) {
        self.dump(slot).phase = DumpPhase::Settle(resolution);
        self.settle(slot, out);
    }

    /// Goes on once nothing is on its way any more.
    pub(super) fn settle(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let dump = self.dump(slot);
        let DumpPhase::Settle(resolution) = dump.phase else {
            unreachable!("only a dump that met an error settles");
        };
        if dump.reads > 0 || dump.chains > 0 {
            return;
        }
        dump.buffers.clear();
        let forced = dump.forced;
        let run = self.backup_run(slot);
        let (plan, section) = (run.plan, run.section);
        let exhausted = run.dump_retries >= plan.dump_retries;
        // Marks and trailer labels behind the last track are written anew with it.
        let good = |hardened: u64| hardened.min(section.lead() + u64::from(plan.tracks - section.first));
        match resolution {
            Resolution::Full => self.close_volume(slot, out),
            Resolution::Another { condemned } => self.dump_failed(slot, condemned, out),
            Resolution::Again { .. } | Resolution::Spoiled { .. } if exhausted => self.give_up_dump(slot, out),
            Resolution::Again { hardened } => self.reposition(slot, good(hardened), out),
            Resolution::Spoiled { hardened } => {
                let tracks_on_tape = good(hardened).saturating_sub(section.lead());
                let all_on_tape = tracks_on_tape == u64::from(plan.tracks - section.first);
                match plan.on_write_error {
                    OnWriteError::Abort => {
                        self.condemn_cartridge(slot);
                        self.give_up_dump(slot, out);
                    }
                    OnWriteError::RetrySame => self.reposition(slot, good(hardened), out),
                    OnWriteError::NewVolume if forced || all_on_tape || tracks_on_tape == 0 => {
                        self.dump_failed(slot, true, out);
                    }
                    OnWriteError::NewVolume => {
                        self.dump(slot).forced = true;
                        self.reposition(slot, good(hardened), out);
                    }
                }
            }
        }
    }

    /// Sends the tape in front of record `good`; in front of the first track it is labelled anew.
    fn reposition(&mut self, slot: u32, good: u64, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.dump_retries += 1;
        if self.parameters.lacks(Mutant::RetryAppends) {
            let written = self.dump(slot).written;
            self.repositioned(slot, written, out);
            return;
        }
        let run = self.backup_run(slot);
        let section = run.section;
        let (_, drive) = run.tape.expect("an error was on a mounted tape");
        let dump = run.dump.as_mut().expect("the session dumps");
        let track = good.checked_sub(section.lead()).map(|behind| section.first + behind as u32);
        dump.phase = track.map_or(DumpPhase::Rewind, |track| DumpPhase::Reposition { track });
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(match track {
            Some(_) => TapeCommand::Locate { ticket, drive, to: Target::Record(good) },
            None => TapeCommand::Rewind { ticket, drive },
        }));
    }

    /// The tape stands behind the last good record.
    pub(super) fn repositioned(&mut self, slot: u32, track: u32, out: &mut ManagerOutbox) {
        let tracks = self.backup_run(slot).plan.tracks;
        let dump = self.dump(slot);
        dump.next_read = track;
        dump.written = track;
        if dump.forced {
            self.close_volume(slot, out);
        } else if track == tracks {
            self.write_mark(slot, out);
        } else {
            dump.phase = DumpPhase::Tracks;
            self.pump(slot, out);
        }
    }

    /// An error showed only when the trailer was to be hardened: blocks that the drive had acknowledged are not on tape.
    pub(super) fn return_to_dump(&mut self, slot: u32, resolution: Resolution, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let line = Manager::line_of(run).expect("a line failed");
        run.line = super::method::dump_line(&run.plan);
        let (job, dump_step) = (Job::Backup(run.backup), Manager::line_of(run).expect("every method dumps").step);
        out.report(ManagerFact::StepEnded { job, step: line.step });
        out.report(ManagerFact::StepStarted { job, step: dump_step });
        let cartridge = run.tape.map_or(Cartridge(0), |(cartridge, _)| cartridge);
        let header = run.identity.map_or(run.plan.source_id, |identity| identity.header);
        let mut dump = Dump::new(DumpPhase::Settle(resolution), header, cartridge);
        dump.written = run.plan.tracks;
        run.dump = Some(dump);
        self.settle(slot, out);
    }

    /// The cartridge is not used again, and what it holds is no part of a backup.
    pub(super) fn condemn_cartridge(&mut self, slot: u32) {
        let cartridge = self.dump(slot).cartridge;
        self.durable.cartridges[cartridge.0 as usize] = CartridgeUse::Rejected;
    }

    /// Another attempt, from the beginning or from the last closed cartridge, as often as the plan allows.
    pub(super) fn dump_failed(&mut self, slot: u32, condemned: bool, out: &mut ManagerOutbox) {
        if condemned {
            self.condemn_cartridge(slot);
        }
        self.unload_session_tape(slot, out);
        let run = self.backup_run(slot);
        let (backup, restart) = (run.backup, run.plan.restart);
        run.dump = None;
        let exhausted = run.dump_retries >= run.plan.dump_retries;
        run.dump_retries += 1;
        if restart == DumpRestart::FromBeginning || exhausted {
            self.invalidate(backup);
        }
        if exhausted {
            self.give_up_dump(slot, out);
        } else {
            self.begin_dump(slot, out);
        }
    }

    /// What the entry of an unfinished dump names is no backup and will not become one.
    pub(super) fn invalidate(&mut self, backup: Backup) {
        if let Some(entry) = self.durable.entry_mut(backup).filter(|entry| entry.state == EntryState::InProgress) {
            entry.state = EntryState::Invalid;
        }
    }

    /// The cartridge of a dump that will go on behind its closed sections goes back to scratch.
    pub(super) fn scratch_open_sections(&mut self, backup: Backup, out: &mut ManagerOutbox) {
        let unfinished = |entry: &InventoryEntry| entry.backup == backup && entry.state == EntryState::InProgress;
        if !self.durable.inventory.iter().any(unfinished) {
            return;
        }
        let closed: Vec<Cartridge> =
            self.durable.closed_sections(backup).iter().map(|section| section.cartridge).collect();
        if let Some(BackupPlace::Tape(sections)) = self.durable.entry_mut(backup).map(|entry| &mut entry.place) {
            sections.truncate(closed.len());
        }
        self.scratch_all_but(backup, &closed, out);
    }

    /// All cartridges that the backup has taken, but for these, are scratch again.
    pub(super) fn scratch_all_but(&mut self, backup: Backup, kept: &[Cartridge], out: &mut ManagerOutbox) {
        for (place, used) in self.durable.cartridges.iter_mut().enumerate() {
            let cartridge = Cartridge(place as u16);
            if *used == CartridgeUse::Allocated(backup) && !kept.contains(&cartridge) {
                *used = CartridgeUse::Scratch;
                out.report(ManagerFact::TapeScratched { cartridge });
            }
        }
    }
}
