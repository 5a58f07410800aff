//! The moving tape: when it starts, what each block does, when it stops.

use super::TapeController;
use super::command::{TapeFact, TapeOutbox, TapeResult, TapeTimerKind};
use super::program::{block, label};
use super::state::{Active, Activity, Failure, Thread};
use crate::device::drive::{Direction, Supply};
use crate::kernel::Span;
use crate::vocab::Drive;

/// What the mechanism does after a block.
enum Next {
    Stream,
    /// Nothing more to do.
    Halt,
    /// The host is too slow.
    StopStart,
}

impl TapeController {
    /// Starts a tape at rest when there is a reason to.
    pub(super) fn start_motion(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let unit = self.unit(drive);
        if unit.activity != Activity::Rest || unit.thread != Thread::Loaded {
            return;
        }
        match unit.drive.direction() {
            Direction::Write => {
                let host_waits = match &unit.active {
                    Some(Active::Write { records, sent, .. }) => {
                        records.get(*sent).is_some_and(|next| !unit.drive.has_room_for(next))
                    }
                    _ => false,
                };
                if unit.drive.unhardened() > 0 && (unit.flush || host_waits) {
                    self.start_hardening(drive, outbox);
                }
            }
            Direction::Read => {
                let host_waits = matches!(unit.active, Some(Active::Read { .. })) && unit.drive.buffered() == 0;
                if host_waits && unit.read_failure.is_none() {
                    let (_, unit, cartridge) = self.threaded(drive);
                    if unit.drive.can_read_ahead(cartridge) {
                        self.start_reading(drive, outbox);
                    }
                }
            }
        }
    }

    /// Sets a timer that makes the drive write what it has if the host stays quiet.
    pub(super) fn watch_for_quiet(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let unit = self.unit_mut(drive);
        let is_at_rest = matches!(unit.activity, Activity::Rest | Activity::Stopping);
        if unit.active.is_none() && unit.drive.unhardened() > 0 && is_at_rest && !unit.flush && !unit.idle_armed {
            unit.idle_armed = true;
            let delay = unit.drive.parameters().backhitch;
            self.arm(drive, TapeTimerKind::Idled, delay, outbox);
        }
    }

    /// A block has passed the write head.
    pub(super) fn hardened(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        if let Some(permanent) = self.meets_write_error(drive) {
            return self.start_retrying(drive, Failure::Write { permanent }, outbox);
        }
        let (number, unit, cartridge) = self.threaded(drive);
        let index = unit.drive.head();
        let record = unit.drive.harden(cartridge);
        let fact = if let Some((backup, track, tag)) = block(&record) {
            TapeFact::BlockHardened { drive, cartridge: number, backup, track, tag, index }
        } else if let Some(label) = label(&record) {
            TapeFact::LabelHardened { drive, cartridge: number, label, index }
        } else {
            TapeFact::MarkHardened { drive, cartridge: number, place: cartridge.place_of_mark(index), index }
        };
        let next = match (unit.drive.unhardened(), unit.flush) {
            (0, true) => Next::Halt,
            (0, false) => Next::StopStart,
            _ => Next::Stream,
        };
        if unit.drive.unhardened() == 0 {
            unit.flush = false;
        }
        outbox.report(fact);
        self.usage_mut(drive).hardened += 1;
        match next {
            Next::Stream => self.start_hardening(drive, outbox),
            Next::Halt | Next::StopStart => self.stop(drive, next, outbox),
        }
    }

    /// A record has passed the read head.
    pub(super) fn read_ahead(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (_, unit, cartridge) = self.threaded(drive);
        let record = match cartridge.try_read(unit.drive.head()) {
            Ok(record) => record.clone(),
            Err(failure) => return self.start_retrying(drive, Failure::Read(failure), outbox),
        };
        unit.drive.read_ahead(record);
        if unit.drive.can_read_ahead(cartridge) {
            return self.start_reading(drive, outbox);
        }
        let next = if unit.drive.head() < cartridge.len() { Next::StopStart } else { Next::Halt };
        self.stop(drive, next, outbox);
    }

    /// The drive gives up its own retries: the program is told.
    pub(super) fn retried(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let Activity::Retrying(failure) = self.unit(drive).activity else { unreachable!("the drive was retrying") };
        self.set_activity(drive, Activity::Rest, outbox.now());
        match failure {
            Failure::Read(failure) => self.unit_mut(drive).read_failure = Some(failure),
            Failure::Write { permanent } => {
                let hardened_blocks = self.unit(drive).drive.head();
                let lost = self.lose_buffer(drive, hardened_blocks, outbox);
                self.fail(drive, TapeResult::WriteError { permanent, lost, hardened_blocks }, outbox);
            }
        }
    }

    /// Puts the head on record `index` and drops the buffer; returns how many acknowledged records are lost by that.
    pub(super) fn lose_buffer(&mut self, drive: Drive, index: u64, outbox: &mut TapeOutbox) -> u64 {
        let unit = self.unit_mut(drive);
        unit.flush = false;
        unit.read_failure = None;
        let lost = unit.drive.reposition(index);
        self.usage_mut(drive).lost += lost;
        if lost > 0 {
            outbox.report(TapeFact::BlocksLost { drive, count: lost });
        }
        lost
    }

    /// Tells the running command of an error, or else the next one. A mount, or a drive without a job, has nobody to tell:
    /// the records belonged to a job that is gone.
    pub(super) fn fail(&mut self, drive: Drive, result: TapeResult, outbox: &mut TapeOutbox) {
        self.abort_transfer(drive, outbox);
        let unit = self.unit_mut(drive);
        match &unit.active {
            Some(Active::Mount { .. } | Active::Unload { ticket: None }) => {}
            Some(_) => self.finish(drive, result, outbox),
            None if unit.reserved => unit.unreported = Some(result),
            None => {}
        }
    }

    /// Sends the tape to record `index`.
    pub(super) fn start_positioning(&mut self, drive: Drive, index: u64, outbox: &mut TapeOutbox) {
        let (_, unit, cartridge) = self.threaded(drive);
        let [from, to] = [unit.drive.head(), index].map(|index| cartridge.offset(index));
        let delay = unit.drive.parameters().locate(from, to);
        self.occupy(drive, Activity::Positioning { to: index }, TapeTimerKind::Located, delay, outbox);
    }

    pub(super) fn located(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let Activity::Positioning { to } = self.unit(drive).activity else { unreachable!("the drive was positioning") };
        self.arrive_at(drive, to, outbox);
        if matches!(self.unit(drive).active, Some(Active::Locate { .. })) {
            self.finish(drive, TapeResult::Done, outbox);
        }
    }

    pub(super) fn start_rewinding(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (_, unit, cartridge) = self.threaded(drive);
        let delay = unit.drive.parameters().rewind(cartridge.offset(unit.drive.head()));
        self.occupy(drive, Activity::Rewinding, TapeTimerKind::Rewound, delay, outbox);
    }

    pub(super) fn rewound(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        self.arrive_at(drive, 0, outbox);
        if matches!(self.unit(drive).active, Some(Active::Rewind { .. })) {
            self.finish(drive, TapeResult::Done, outbox);
        }
    }

    /// Gives the mechanism something to do for a while; whatever it did before is given up.
    pub(super) fn occupy(
        &mut self,
        drive: Drive,
        activity: Activity,
        kind: TapeTimerKind,
        delay: Span,
        outbox: &mut TapeOutbox,
    ) {
        self.set_activity(drive, activity, outbox.now());
        self.arm(drive, kind, delay, outbox);
    }

    fn arrive_at(&mut self, drive: Drive, index: u64, outbox: &mut TapeOutbox) {
        let lost = self.lose_buffer(drive, index, outbox);
        assert!(lost == 0, "the buffer is drained before the tape goes elsewhere");
        self.set_activity(drive, Activity::Rest, outbox.now());
    }

    fn start_hardening(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let unit = self.unit_mut(drive);
        let delay = unit.drive.time_to_harden(if unit.flush { Supply::Ends } else { Supply::GoesOn });
        self.occupy(drive, Activity::Hardening, TapeTimerKind::Hardened, delay, outbox);
    }

    fn start_reading(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let (_, unit, cartridge) = self.threaded(drive);
        let delay = unit.drive.time_to_read(cartridge);
        self.occupy(drive, Activity::ReadingAhead, TapeTimerKind::ReadAhead, delay, outbox);
    }

    fn stop(&mut self, drive: Drive, next: Next, outbox: &mut TapeOutbox) {
        if matches!(next, Next::StopStart) {
            self.usage_mut(drive).stops += 1;
            outbox.report(TapeFact::StopStart { drive });
        }
        let mechanism = &mut self.unit_mut(drive).drive;
        mechanism.stop();
        let delay = mechanism.parameters().backhitch;
        self.occupy(drive, Activity::Stopping, TapeTimerKind::Repositioned, delay, outbox);
    }

    fn start_retrying(&mut self, drive: Drive, failure: Failure, outbox: &mut TapeOutbox) {
        let (_, unit, cartridge) = self.threaded(drive);
        let again = match failure {
            Failure::Write { .. } => unit.drive.time_to_harden(Supply::GoesOn),
            Failure::Read(_) => unit.drive.time_to_read(cartridge),
        };
        let delay = unit.drive.parameters().backhitch + again;
        self.occupy(drive, Activity::Retrying(failure), TapeTimerKind::Retried, delay, outbox);
    }

    /// A fault that waits for the track whose block is at the write head.
    fn block_fault(&mut self, drive: Drive) -> Option<bool> {
        if self.mishaps.blocks.is_empty() {
            return None;
        }
        let (record, _) = self.unit(drive).drive.front().expect("a block is at the write head");
        let (_, due, _) = block(record)?;
        let place = self.mishaps.blocks.iter().position(|(track, _)| Some(*track) == due)?;
        Some(self.mishaps.blocks.remove(place).1)
    }

    /// Whether the block now at the write head cannot be written; `Some(true)` when that will stay so.
    fn meets_write_error(&mut self, drive: Drive) -> Option<bool> {
        let faults = &mut self.fixture_mut(drive).write_faults;
        let due = faults.iter().position(|fault| fault.after == 0);
        let due = match due {
            Some(due) => Some(faults.remove(due).permanent),
            None => {
                faults.iter_mut().for_each(|fault| fault.after -= 1);
                None
            }
        };
        let due = due.or_else(|| self.block_fault(drive));
        let (_, unit, cartridge) = self.threaded(drive);
        let (record, tape_bytes) = unit.drive.front().expect("a block is at the write head");
        let index = unit.drive.head();
        if cartridge.refuses(index, record, tape_bytes) {
            return Some(true);
        }
        if due == Some(true) {
            let record = record.clone();
            cartridge.add_defect(index, &record);
        }
        due
    }
}
