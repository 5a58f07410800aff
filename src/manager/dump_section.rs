//! A dump over several cartridges: what a full one leads to (d5 of HAZARDS 1.1, MODEL 3.8).
//!
//! At the early warning the block in hand is finished; then a tape mark, the end-of-volume labels with the count of blocks
//! on this cartridge and two marks close it, all of them hardened. The inventory notes the closed section and the next
//! cartridge in one record, and the dump goes on there with the next section number. Closed sections are a checkpoint:
//! with `restart = "from-last-eov"` a dump that was cut goes on behind them, otherwise it begins on fresh cartridges.

use super::catalog::{BackupPlace, CartridgeUse, Catalog, EntryState, InventoryEntry, Section};
use super::dump::DumpPhase;
use super::dump_error::Resolution;
use super::plan::DumpRestart;
use super::retention::Progress;
use super::session::{SessionTag, Wait};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::controller::tape::{TapeCommand, TapeResult};
use crate::device::cartridge::{Record, TapeVolser};
use crate::kernel::{Span, mix};
use crate::vocab::{Backup, Mutant, TrackImage};

/// Records in front of the first track of a dump: three labels, a tape mark, the header.
pub(super) const FIRST_TRACK_RECORD: u64 = 5;

/// The section that a dump is writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenSection {
    /// From 0.
    pub number: u16,
    /// The first track on this cartridge.
    pub first: u32,
    /// Blocks on the cartridge in front.
    pub blocks_before: u32,
}

impl OpenSection {
    /// Records in front of this cartridge's first track. Only the first cartridge has the volume header.
    pub fn lead(self) -> u64 {
        FIRST_TRACK_RECORD - u64::from(self.number > 0)
    }

    /// Blocks on this cartridge when it holds all tracks in front of `next`.
    pub fn blocks(self, next: u32) -> u32 {
        next - self.first + u32::from(self.number == 0)
    }

    fn after(self, next: u32) -> OpenSection {
        OpenSection { number: self.number + 1, first: next, blocks_before: self.blocks(next) }
    }
}

/// A check sum of each track that was sent to tape, for a comparison when the tape is read back.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckSums {
    /// By track; zero when it was sent by a job in another life of the host.
    sums: Vec<u64>,
}

impl CheckSums {
    pub fn note(&mut self, track: u32, image: &TrackImage) {
        let place = track as usize;
        if self.sums.len() <= place {
            self.sums.resize(place + 1, 0);
        }
        self.sums[place] = sum(image);
    }

    pub fn fits(&self, track: u32, image: &TrackImage) -> bool {
        self.sums.get(track as usize).is_none_or(|&noted| noted == 0 || noted == sum(image))
    }
}

fn sum(image: &TrackImage) -> u64 {
    let label = image.label.as_ref().map_or(0, |label| {
        let id = label.id().map_or(0, |id| id.bytes().iter().fold(1, |sum, &byte| sum << 8 | u64::from(byte)));
        mix(id, label.embedded.bytes().iter().fold(1, |sum, &byte| sum << 8 | u64::from(byte)))
    });
    mix(image.tag.0, label) | 1
}

impl Catalog {
    pub(super) fn sections_mut(&mut self, backup: Backup) -> Option<&mut Vec<Section>> {
        match &mut self.entry_mut(backup)?.place {
            BackupPlace::Tape(sections) => Some(sections),
            BackupPlace::Dasd(_) => None,
        }
    }

    /// The closed sections of an unfinished dump.
    pub(super) fn closed_sections(&self, backup: Backup) -> &[Section] {
        let unfinished =
            |entry: &&super::catalog::InventoryEntry| entry.backup == backup && entry.state == EntryState::InProgress;
        let sections = self.inventory.iter().rev().find(unfinished).map_or(&[][..], |entry| entry.sections());
        let closed = sections.iter().position(|section| section.blocks == 0).unwrap_or(sections.len());
        &sections[..closed]
    }
}

impl Manager {
    /// The identity is known: the first cartridge, or the one behind those that a dump that was cut has filled.
    pub(super) fn begin_sections(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, restart) = (run.backup, run.plan.restart);
        let closed = self.durable.closed_sections(backup);
        let section = match (restart, closed.last()) {
            (DumpRestart::FromLastEov, Some(last)) => OpenSection {
                number: u16::try_from(closed.len()).expect("cartridges are numbered in two bytes"),
                // The volume header is one of the blocks.
                first: closed.iter().map(|section| section.blocks).sum::<u32>() - 1,
                blocks_before: last.blocks,
            },
            _ => OpenSection::default(),
        };
        if section.number == 0 {
            self.scratch_tape_of(backup, out);
        } else {
            self.scratch_open_sections(backup, out);
        }
        self.backup_run(slot).section = section;
        self.expire_generations(slot, Progress::Begun, out);
        self.reserve_cartridge(slot, out);
    }

    /// Takes the next scratch cartridge for the section that begins.
    pub(super) fn reserve_cartridge(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let wait = self.no_scratch_until.saturating_since(out.now());
        if wait > Span::ZERO {
            let run = self.backup_run(slot);
            run.wait = Wait::Record;
            run.dump.as_mut().expect("the session dumps").phase = DumpPhase::AwaitScratch;
            self.session_after(slot, wait, out);
            return;
        }
        let Some(cartridge) = self.durable.scratch() else {
            self.give_up_dump(slot, out);
            return;
        };
        let backup = self.backup_run(slot).backup;
        // Taken at once: another dump may look for a cartridge before the record is durable.
        self.durable.cartridges[cartridge.0 as usize] = CartridgeUse::Allocated(backup);
        let run = self.backup_run(slot);
        run.wait = Wait::Record;
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Reserve;
        dump.cartridge = cartridge;
        dump.failed_mounts = 0;
        dump.forced = false;
        self.session_after(slot, self.parameters.record_write, out);
    }

    /// The inventory knows of the unfinished dump and its next cartridge, which may be written now.
    pub(super) fn cartridge_recorded(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let t0 = self.backup_run(slot).t0;
        let t0 = self.image_time(t0);
        let run = self.backup_run(slot);
        let (backup, number, blocks) = (run.backup, run.section.number, run.section.blocks_before);
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::Mount;
        let section = Section { cartridge: dump.cartridge, blocks: 0 };
        let entry = InventoryEntry {
            backup,
            source: if super::method::is_listed_by_label(run.plan.method) { dump.id } else { run.plan.source_id },
            header: dump.id,
            t0,
            place: BackupPlace::Tape(vec![section]),
            extents: run.plan.extents,
            tracks: run.plan.tracks,
            state: match self.parameters.lacks(Mutant::TapeCompleteAtOpen) {
                true => EntryState::Complete,
                false => EntryState::InProgress,
            },
        };
        match self.durable.sections_mut(backup) {
            Some(sections) if number > 0 => {
                sections.truncate(usize::from(number));
                sections.last_mut().expect("a section is in front").blocks = blocks;
                sections.push(section);
            }
            _ => self.add_inventory(entry),
        }
        self.mount_for_dump(slot, out);
    }

    /// The sticker of the cartridge on which a backup begins: the name of its set.
    pub(super) fn first_volser(&self, backup: Backup) -> Option<TapeVolser> {
        let entry = self.durable.inventory.iter().rev().find(|entry| entry.backup == backup)?;
        Some(self.parameters.cartridges[entry.sections().first()?.cartridge.0 as usize])
    }

    /// Nothing is on the way: the labels that close the cartridge.
    pub(super) fn close_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let section = run.section;
        let dump = run.dump.as_mut().expect("the session dumps");
        dump.phase = DumpPhase::VolumeEnd;
        let block_count = section.blocks(dump.written);
        let (_, drive) = run.tape.expect("a full cartridge is mounted");
        let records = [Record::TapeMark, Record::Eov1 { block_count }, Record::Eov2, Record::TapeMark];
        let ticket = self.tape_ticket(slot, SessionTag::Before);
        out.send(ManagerMessage::Tape(TapeCommand::Write { ticket, drive, records: records.into() }));
        let ticket = self.tape_ticket(slot, SessionTag::Step);
        out.send(ManagerMessage::Tape(TapeCommand::WriteMark { ticket, drive, synchronise: true }));
    }

    /// Commands behind one that failed are answered too: the last answer decides.
    pub(super) fn volume_end_answered(
        &mut self,
        slot: u32,
        tag: SessionTag,
        result: &TapeResult,
        out: &mut ManagerOutbox,
    ) {
        self.note_trailer_error(slot, result, out);
        if tag == SessionTag::Before {
            return;
        }
        let run = self.backup_run(slot);
        let error = run.trailer_error.take();
        let section = run.section;
        let written = run.dump.as_ref().expect("the session dumps").written;
        // What stands behind the last block is written anew with it.
        let last = section.lead() + u64::from(written - section.first);
        match (result, error) {
            (TapeResult::Done, _) => self.change_volume(slot, out),
            (_, Some((false, hardened))) => {
                self.start_settling(slot, Resolution::Again { hardened: hardened.min(last) }, out);
            }
            (_, Some((true, hardened))) => {
                self.start_settling(slot, Resolution::Spoiled { hardened: hardened.min(last) }, out);
            }
            (_, None) => self.start_settling(slot, Resolution::Another { condemned: true }, out),
        }
    }

    /// The section is closed on tape: its cartridge goes back, the next one is taken.
    fn change_volume(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.unload_session_tape(slot, out);
        let run = self.backup_run(slot);
        let written = run.dump.as_ref().expect("the session dumps").written;
        run.section = run.section.after(written);
        self.reserve_cartridge(slot, out);
    }

    /// The error of a command that closes a cartridge or a file, until the last answer comes.
    pub(super) fn note_trailer_error(&mut self, slot: u32, result: &TapeResult, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let backup = run.backup;
        match *result {
            TapeResult::WriteError { permanent, hardened_blocks, .. } => {
                run.trailer_error = Some((permanent, hardened_blocks));
                out.report(ManagerFact::TapeErrorSeen { backup, permanent });
            }
            TapeResult::Reset { hardened_blocks, .. } => {
                run.trailer_error = Some((false, hardened_blocks));
                out.report(ManagerFact::TapeErrorSeen { backup, permanent: false });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Tag;

    #[test]
    fn only_the_first_cartridge_has_the_volume_header() {
        let first = OpenSection::default();
        assert_eq!((first.lead(), first.blocks(17)), (5, 18));
        let second = first.after(17);
        assert_eq!(second, OpenSection { number: 1, first: 17, blocks_before: 18 });
        assert_eq!((second.lead(), second.blocks(30)), (4, 13));
    }

    #[test]
    fn a_check_sum_tells_another_content_and_knows_nothing_of_what_was_not_sent() {
        let mut sums = CheckSums::default();
        sums.note(2, &TrackImage::data(Tag(7)));
        assert!(sums.fits(2, &TrackImage::data(Tag(7))) && !sums.fits(2, &TrackImage::data(Tag(8))));
        assert!(sums.fits(1, &TrackImage::data(Tag(9))) && sums.fits(3, &TrackImage::data(Tag(9))));
    }
}
