//! Channel programs: how records cross the channel, and when a command is complete.

use std::sync::Arc;

use super::TapeController;
use super::command::{LabelKind, ReadEnd, TapeCommand, TapeFact, TapeOutbox, TapeResult, TapeTimerKind, Target};
use super::reply;
use super::state::{Active, Activity, Lane, Link, Thread, Unit};
use crate::device::cartridge::{self as device, LABEL_BYTES, MARK_BYTES, Record};
use crate::device::drive::{Direction, DriveParameters};
use crate::kernel::Span;
use crate::vocab::{Backup, Cartridge, Drive, Tag, TrackNo};

impl TapeController {
    /// Makes `command` the running one, unless an error waits to be reported.
    pub(super) fn begin(&mut self, drive: Drive, command: TapeCommand, outbox: &mut TapeOutbox) {
        self.disarm(drive, Lane::Idle);
        let unit = self.unit_mut(drive);
        unit.idle_armed = false;
        if let Some(result) = unit.unreported.take() {
            return reply(command.ticket(), result, drive, outbox);
        }
        unit.active = Some(match command {
            TapeCommand::Write { ticket, records, .. } => {
                Active::Write { ticket, records, sent: 0, begun: false, synchronise: false }
            }
            TapeCommand::WriteMark { ticket, synchronise, .. } => {
                let records = Arc::new([Record::TapeMark]);
                Active::Write { ticket, records, sent: 0, begun: false, synchronise }
            }
            TapeCommand::Read { ticket, count, .. } => Active::Read { ticket, count, got: Vec::new(), begun: false },
            TapeCommand::Locate { ticket, to, .. } => Active::Locate { ticket, to },
            TapeCommand::Rewind { ticket, .. } => Active::Rewind { ticket },
            TapeCommand::Unload { ticket, .. } => Active::Unload { ticket: Some(ticket) },
            TapeCommand::Mount { .. } => unreachable!("a mount is given to a drive by the library"),
        });
    }

    pub(super) fn advance_write(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        if self.unit(drive).thread != Thread::Loaded {
            self.finish(drive, TapeResult::NotReady, outbox);
            return true;
        }
        if self.unit(drive).drive.direction() == Direction::Read && !self.turn_to_write(drive, outbox) {
            return false;
        }
        let (_, unit, cartridge) = self.threaded(drive);
        let Some(Active::Write { records, sent, synchronise, .. }) = &unit.active else {
            unreachable!("a write is running")
        };
        if unit.link != Link::Free {
            return false;
        }
        let Some(record) = records.get(*sent) else {
            if *synchronise && unit.drive.unhardened() > 0 {
                unit.flush = true;
                return false;
            }
            self.finish(drive, TapeResult::Done, outbox);
            return true;
        };
        if !fits(unit, cartridge, record) {
            let accepted = count(*sent);
            self.finish(drive, TapeResult::EndOfVolume { accepted }, outbox);
            return true;
        }
        if unit.drive.has_room_for(record) {
            self.ask_for_path(drive, outbox);
        }
        false
    }

    pub(super) fn advance_read(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        if self.unit(drive).thread != Thread::Loaded {
            self.finish(drive, TapeResult::NotReady, outbox);
            return true;
        }
        if self.unit(drive).drive.direction() == Direction::Write {
            if !self.drained(drive) {
                return false;
            }
            self.unit_mut(drive).drive.turn(Direction::Read);
        }
        let (_, unit, cartridge) = self.threaded(drive);
        let Some(Active::Read { count, got, .. }) = &mut unit.active else { unreachable!("a read is running") };
        if unit.link != Link::Free {
            return false;
        }
        let result = if got.last() == Some(&Record::TapeMark) {
            TapeResult::RecordsUntil { records: std::mem::take(got).into(), end: ReadEnd::TapeMark }
        } else if got.len() == *count as usize {
            TapeResult::Records(std::mem::take(got).into())
        } else if unit.drive.buffered() > 0 {
            self.ask_for_path(drive, outbox);
            return false;
        } else if let Some(failure) = unit.read_failure.take() {
            TapeResult::ReadError { permanent: failure.permanent, records: std::mem::take(got).into() }
        } else if unit.drive.head() == cartridge.len() {
            TapeResult::RecordsUntil { records: std::mem::take(got).into(), end: ReadEnd::EndOfData }
        } else {
            return false;
        };
        self.finish(drive, result, outbox);
        true
    }

    pub(super) fn advance_locate(&mut self, drive: Drive, to: Target, outbox: &mut TapeOutbox) -> bool {
        if !self.is_ready_to_move(drive, outbox) {
            return false;
        }
        let (_, _, cartridge) = self.threaded(drive);
        let index = match to {
            Target::Record(index) => (index <= cartridge.len()).then_some(index),
            Target::File(number) => cartridge.start_of_file(number),
            Target::EndOfData => Some(cartridge.len()),
        };
        match index {
            Some(index) => self.start_positioning(drive, index, outbox),
            None => self.finish(drive, TapeResult::NoSuchPlace, outbox),
        }
        index.is_none()
    }

    pub(super) fn advance_rewind(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        if self.is_ready_to_move(drive, outbox) {
            self.start_rewinding(drive, outbox);
        }
        false
    }

    /// Whether nothing that was acknowledged is missing on tape; else it asks the mechanism to see to it.
    pub(super) fn drained(&mut self, drive: Drive) -> bool {
        let unit = self.unit_mut(drive);
        let is_drained = unit.drive.unhardened() == 0;
        if !is_drained {
            unit.flush = true;
        }
        is_drained
    }

    /// Whether the tape may go elsewhere: it is loaded, or else is being loaded now, and everything is hardened.
    fn is_ready_to_move(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        if !self.unit(drive).is_interruptible() {
            // What is being written belongs to the buffer, which is drained first.
            let _ = self.drained(drive);
            return false;
        }
        if self.unit(drive).thread != Thread::Loaded {
            self.start_loading(drive, outbox);
            return false;
        }
        self.drained(drive)
    }

    /// Leaves reading; false while the tape runs back to where the host has read to.
    fn turn_to_write(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        let unit = self.unit_mut(drive);
        if !unit.is_interruptible() {
            return false;
        }
        let position = unit.drive.position();
        if position == unit.drive.head() && unit.activity != Activity::ReadingAhead {
            unit.read_failure = None;
            unit.drive.turn(Direction::Write);
            return true;
        }
        self.start_positioning(drive, position, outbox);
        false
    }

    fn ask_for_path(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        self.unit_mut(drive).link = Link::Waiting;
        if let Some(drive) = self.volatile.channel.arrive(outbox.now(), drive) {
            let moves = self.start_transfer(drive, outbox);
            assert!(moves, "a path is asked for when a record can cross it");
        }
    }

    /// Sends the next record of a drive that has a path; false when it has nothing to send.
    fn start_transfer(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        let overhead = self.parameters.channel.overhead;
        let unit = self.unit_mut(drive);
        let Some(bytes) = unit.movable() else {
            unit.link = Link::Free;
            return false;
        };
        unit.link = Link::Transferring;
        let transfer = unit.link_pace.take(bytes);
        let begun = match &mut unit.active {
            Some(Active::Write { begun, .. } | Active::Read { begun, .. }) => std::mem::replace(begun, true),
            _ => unreachable!("only a write or a read moves records"),
        };
        let delay = if begun { transfer } else { overhead + transfer };
        debug_assert!(delay > Span::ZERO || bytes == 0, "a record takes time to cross the channel");
        self.arm(drive, TapeTimerKind::Transferred, delay, outbox);
        true
    }

    /// One record has crossed the channel.
    pub(super) fn transferred(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        let goes_on = match &self.unit(drive).active {
            Some(Active::Write { .. }) => self.acknowledge(drive, outbox),
            Some(Active::Read { .. }) => self.hand_over(drive),
            _ => unreachable!("only a write or a read moves records"),
        };
        if !(goes_on && self.start_transfer(drive, outbox)) {
            self.release_path(drive, outbox);
        }
    }

    /// Takes the record just sent into the buffer; false when the chain pauses or ends here.
    fn acknowledge(&mut self, drive: Drive, outbox: &mut TapeOutbox) -> bool {
        let (number, unit, cartridge) = self.threaded(drive);
        let Some(Active::Write { records, sent, .. }) = &mut unit.active else { unreachable!("a write is running") };
        let record = records[*sent].clone();
        *sent += 1;
        let accepted = count(*sent);
        let parameters = unit.drive.parameters();
        let warning = parameters.early_warning(cartridge.capacity());
        let next = records.get(*sent).cloned();
        let is_data = record.is_data();
        let fact = acknowledgement(&record, drive, number);
        unit.drive.accept(record);
        let offset = unit.drive.accepted_offset(cartridge);
        let fits = next.is_none_or(|next| fits(unit, cartridge, &next));
        self.usage_mut(drive).acknowledged += 1;
        if let Some(fact) = fact {
            outbox.report(fact);
        }
        if is_data && offset > warning {
            self.finish(drive, TapeResult::EndOfVolume { accepted }, outbox);
            return false;
        }
        fits
    }

    /// Hands the host the record just sent; false when the chain ends here.
    fn hand_over(&mut self, drive: Drive) -> bool {
        let unit = self.unit_mut(drive);
        let record = unit.drive.deliver();
        let Some(Active::Read { count, got, .. }) = &mut unit.active else { unreachable!("a read is running") };
        let goes_on = record != Record::TapeMark && got.len() + 1 < *count as usize;
        got.push(record);
        self.usage_mut(drive).delivered += 1;
        goes_on
    }

    /// Gives the path to the next drive that can use it.
    pub(super) fn release_path(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        self.unit_mut(drive).link = Link::Free;
        let mut idle = Vec::new();
        while let Some(next) = self.volatile.channel.depart(outbox.now()) {
            if self.start_transfer(next, outbox) {
                break;
            }
            idle.push(next);
        }
        // A drive that let its turn pass may have a command that only learns now that it holds no place in line.
        for drive in idle {
            self.settle(drive, outbox);
        }
    }

    /// Cuts a transfer short.
    pub(super) fn abort_transfer(&mut self, drive: Drive, outbox: &mut TapeOutbox) {
        if self.unit(drive).link == Link::Transferring {
            self.disarm(drive, Lane::Channel);
            self.release_path(drive, outbox);
        }
    }
}

/// Whether a record finds room on the tape. Behind a block of data there is room for what closes the cartridge, whatever the
/// reserve is: a program that stops at the end of the volume can always write its trailer.
fn fits(unit: &Unit, cartridge: &device::Cartridge, record: &Record) -> bool {
    let parameters = unit.drive.parameters();
    let behind = if record.is_data() { trailer_bytes(parameters) } else { 0 };
    unit.drive.accepted_offset(cartridge) + parameters.tape_bytes(record.bytes()) + behind <= cartridge.capacity()
}

/// What three marks and two labels take on tape.
pub(super) fn trailer_bytes(parameters: &DriveParameters) -> u64 {
    3 * parameters.tape_bytes(MARK_BYTES) + 2 * parameters.tape_bytes(LABEL_BYTES)
}

fn count(records: usize) -> u32 {
    u32::try_from(records).expect("a chain has fewer than 2^32 records")
}

/// Backup, track and tag of a block of a dump. The header has no track; its tag holds the six bytes of its ID.
pub(super) fn block(record: &Record) -> Option<(Backup, Option<TrackNo>, Tag)> {
    match record {
        Record::Header { volume, backup } => {
            let mut bytes = [0; 8];
            bytes[2..].copy_from_slice(&volume.bytes());
            Some((*backup, None, Tag(u64::from_be_bytes(bytes))))
        }
        Record::Track { backup, track, image } => Some((*backup, Some(*track), image.tag)),
        _ => None,
    }
}

pub(super) fn label(record: &Record) -> Option<LabelKind> {
    match record {
        Record::Vol1 { .. } => Some(LabelKind::Vol1),
        Record::Hdr1 { .. } => Some(LabelKind::Hdr1),
        Record::Hdr2 => Some(LabelKind::Hdr2),
        Record::Eov1 { .. } => Some(LabelKind::Eov1),
        Record::Eov2 => Some(LabelKind::Eov2),
        Record::Eof1 { .. } => Some(LabelKind::Eof1),
        Record::Eof2 => Some(LabelKind::Eof2),
        Record::TapeMark | Record::Header { .. } | Record::Track { .. } => None,
    }
}

/// Labels are acknowledged without a fact: only their hardening is a place where something can go wrong.
fn acknowledgement(record: &Record, drive: Drive, cartridge: Cartridge) -> Option<TapeFact> {
    if *record == Record::TapeMark {
        return Some(TapeFact::MarkWritten { drive, cartridge });
    }
    let (backup, track, tag) = block(record)?;
    Some(TapeFact::BlockAcknowledged { drive, cartridge, backup, track, tag })
}
