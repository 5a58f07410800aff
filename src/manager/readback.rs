//! Reading a backup back before it counts: the tape once more from label to trailer, each record compared with the check
//! sum of what was sent.
//!
//! It belongs to the step that registers the backup, in front of its record. It finds what the drive acknowledged and did
//! not keep, a block that cannot be read, and a label or block count that is wrong; it does not find what was wrong when it
//! was sent. A tape that fails is condemned and, while the copy still stands, the dump is made again. The price is the
//! time of a second pass.

use super::dump_error::Resolution;
use super::method;
use super::plan::{BackupPlan, Readback, SequenceCheck, WithdrawAfter};
use super::reader::{Read, Reader};
use super::session::{SessionTag, Wait};
use super::{Manager, ManagerOutbox};
use crate::controller::dasd::Payload;
use crate::controller::tape::TapeResult;
use crate::vocab::{Status, StepName};

/// Whether a backup is read back before it is registered.
pub(super) fn is_wanted(plan: &BackupPlan) -> bool {
    plan.readback == Readback::AfterDump || plan.withdraw_after == WithdrawAfter::ReadbackVerified
}

impl Manager {
    /// The backup is to be registered: at once, or after it was read back.
    pub(super) fn begin_registration(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        let (backup, wanted, verified) = (run.backup, is_wanted(&run.plan), run.verified);
        let entry = self.durable.inventory.iter().rev().find(|entry| entry.backup == backup).cloned();
        let Some(mut entry) = entry.filter(|_| wanted && !verified) else {
            self.record_registration(slot, out);
            return;
        };
        let run = self.backup_run(slot);
        // The record that notes the block count of the last cartridge is the one that follows.
        if let super::catalog::BackupPlace::Tape(sections) = &mut entry.place
            && let Some(last) = sections.last_mut()
        {
            last.blocks = run.section.blocks(run.plan.tracks);
        }
        run.readback = Some(Reader::new(&entry, SequenceCheck::Verify));
        let read = self.begin_reading(slot, out);
        self.compare(slot, read, out);
    }

    fn record_registration(&mut self, slot: u32, out: &mut ManagerOutbox) {
        self.backup_run(slot).wait = Wait::Record;
        self.session_after(slot, self.parameters.record_write, out);
    }

    pub(super) fn readback_tape(&mut self, slot: u32, tag: SessionTag, result: TapeResult, out: &mut ManagerOutbox) {
        let read = self.tape_read(slot, tag, result, out);
        self.compare(slot, read, out);
    }

    pub(super) fn readback_dasd(
        &mut self,
        slot: u32,
        tag: SessionTag,
        status: Status,
        payload: &Payload,
        out: &mut ManagerOutbox,
    ) {
        let read = match (tag, payload) {
            (SessionTag::TracksRead(first), Payload::Images(images)) if status == Status::Good => {
                self.volume_read(slot, first, images)
            }
            _ => Read::Failed { section: 0 },
        };
        self.compare(slot, read, out);
    }

    fn compare(&mut self, slot: u32, read: Read, out: &mut ManagerOutbox) {
        match read {
            Read::Pending => return,
            Read::Opened | Read::Complete => {}
            Read::Failed { section } => return self.readback_failed(slot, section, out),
            Read::Tracks(groups) => {
                let run = self.backup_run(slot);
                let differs = groups
                    .iter()
                    .any(|(first, images)| (*first..).zip(images).any(|(track, image)| !run.sums.fits(track, image)));
                if differs {
                    let section = run.readback.as_ref().map_or(0, Reader::section);
                    return self.readback_failed(slot, section, out);
                }
            }
        }
        let buffers = self.parameters.dump_buffers;
        self.read_on(slot, buffers, out);
        let run = self.backup_run(slot);
        if run.readback.as_ref().is_some_and(Reader::is_complete) {
            run.readback = None;
            run.verified = true;
            self.record_registration(slot, out);
        }
    }

    /// The backup is no good: it is made again if the copy still stands.
    fn readback_failed(&mut self, slot: u32, section: u16, out: &mut ManagerOutbox) {
        let run = self.backup_run(slot);
        run.readback = None;
        let (backup, plan, line) = (run.backup, run.plan, run.line);
        let cartridge =
            self.durable.sections_mut(backup).and_then(|sections| sections.get(usize::from(section)).copied());
        if let Some(section) = cartridge {
            self.durable.cartridges[section.cartridge.0 as usize] = super::catalog::CartridgeUse::Rejected;
        }
        self.invalidate(backup);
        self.unload_session_tape(slot, out);
        let withdrawn = method::place_in(&plan, StepName::Withdraw).is_some_and(|place| place < line);
        if withdrawn {
            self.give_up_dump(slot, out);
        } else {
            self.return_to_dump(slot, Resolution::Another { condemned: false }, out);
        }
    }
}
