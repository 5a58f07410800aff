//! What happens to tapes, drives and the library from outside, always at the boundary between two events.

use super::TapeController;
use super::command::{TapeOutbox, TapeResult, TapeTimerKind};
use super::program::trailer_bytes;
use super::state::{Active, Activity, Lane, Thread, Volatile, WriteFault};
use crate::device::drive::Direction;
use crate::kernel::Span;
use crate::vocab::{Cartridge, Drive, TrackNo};

impl TapeController {
    /// Lets a write fail: of the next record that `drive` would harden, or after so many more. A fault that is not permanent
    /// is met once. A permanent one leaves a defect on the tape: every attempt at that place fails.
    pub fn inject_write_error(&mut self, drive: Drive, permanent: bool, after: u64) {
        self.fixture_mut(drive).write_faults.push(WriteFault { after, permanent });
    }

    /// Lets reading record `index` fail: once, or each time until it is overwritten. False when nothing stands there.
    pub fn inject_read_error(&mut self, cartridge: Cartridge, index: u64, permanent: bool) -> bool {
        let medium = &mut self.durable.cartridges[usize::from(cartridge.0)];
        let exists = index < medium.len();
        if exists {
            medium.make_unreadable(index, permanent);
        }
        exists
    }

    /// Makes a tape end early, after `capacity` bytes on tape.
    pub fn inject_early_end_of_volume(&mut self, cartridge: Cartridge, capacity: u64) {
        self.durable.cartridges[usize::from(cartridge.0)].shorten(capacity);
    }

    /// The bytes of tape that what is on it, what the drive has taken for it, and the labels that close it need: an end behind
    /// them is announced in time.
    pub fn bytes_spoken_for(&self, cartridge: Cartridge) -> u64 {
        let drive = self.durable.map.drives().find(|&drive| self.cartridge_in(drive) == Some(cartridge));
        let medium = &self.durable.cartridges[usize::from(cartridge.0)];
        let taken = match drive.map(|drive| &self.unit(drive).drive) {
            Some(drive) if drive.direction() == Direction::Write => drive.accepted_offset(medium),
            _ => medium.offset(medium.len()),
        };
        taken + 2 * trailer_bytes(&self.parameters.drive)
    }

    /// Lets the next attempt to write the block of `track` fail, whichever drive makes it.
    pub fn inject_block_error(&mut self, track: TrackNo, permanent: bool) {
        self.mishaps.blocks.push((track, permanent));
    }

    /// Lets so many of the next mounts fail.
    pub fn inject_mount_failures(&mut self, count: u32) {
        self.mishaps.mounts = self.mishaps.mounts.saturating_add(count);
    }

    /// For `duration` no accessor begins an exchange.
    pub fn stop_accessors(&mut self, duration: Span, outbox: &TapeOutbox) {
        let until = outbox.now() + duration;
        self.mishaps.accessors_stopped_until = self.mishaps.accessors_stopped_until.max(until);
    }

    /// For `duration` the drive does nothing. With a cartridge in it, it is reset as by a crash, and what is asked of it
    /// waits; empty, it is given to no mount.
    pub fn drive_offline(&mut self, drive: Drive, duration: Span, outbox: &mut TapeOutbox) {
        if !self.drive_crash(drive, duration, outbox) {
            let unit = self.unit_mut(drive);
            unit.down_until = unit.down_until.max(outbox.now() + duration);
        }
        self.arm(drive, TapeTimerKind::Returned, duration, outbox);
    }

    /// Exchanges two cartridges in their cells behind the library's back. False, without effect, when one is in a drive.
    pub fn inject_cartridge_swap(&mut self, one: Cartridge, other: Cartridge) -> bool {
        let home = |cartridge| self.durable.map.home(cartridge);
        match (home(one), home(other)) {
            (Some(one), Some(other)) => self.durable.map.swap(one, other),
            _ => false,
        }
    }

    /// Takes whatever lies in the cell of `cartridge` away. False, without effect, when it is empty.
    pub fn inject_cartridge_removal(&mut self, cartridge: Cartridge) -> bool {
        self.durable.map.home(cartridge).is_some_and(|cell| self.durable.map.remove(cell).is_some())
    }

    /// Everything volatile is gone: buffers, positions, reservations, commands, and the queue for the accessors. Each
    /// cartridge is where it was; a drive needs its load time again before it can do anything.
    pub fn power_loss(&mut self, outbox: &mut TapeOutbox) {
        let now = outbox.now();
        for drive in self.durable.map.drives() {
            let head = self.unit(drive).drive.head();
            self.lose_buffer(drive, head, outbox);
            for lane in Lane::ALL {
                self.disarm(drive, lane);
            }
            self.unit_mut(drive).thread = Thread::Out;
            self.set_activity(drive, Activity::Rest, now);
        }
        let mut fresh = Volatile::new(&self.parameters);
        // What the paths and the accessors have done so far is kept for the reports.
        self.volatile.channel.clear(now);
        self.volatile.accessors.power_loss(now);
        std::mem::swap(&mut fresh.channel, &mut self.volatile.channel);
        std::mem::swap(&mut fresh.accessors, &mut self.volatile.accessors);
        self.volatile = fresh;
    }

    /// The host is gone. The running command of each drive is finished, as the channel lives on, and the buffers drain; no
    /// mark follows. What waited in the host's own queues is gone, and so are its reservations: the next mount finds the
    /// drive where it stands and clears it first (MODEL 4, notes 3 and 4).
    pub fn host_crash(&mut self, outbox: &mut TapeOutbox) {
        self.volatile.waiting.clear();
        for drive in self.durable.map.drives() {
            let unit = self.unit_mut(drive);
            unit.queue.clear();
            unit.unreported = None;
            unit.reserved = false;
            if unit.active.is_none() && unit.drive.unhardened() > 0 {
                unit.flush = true;
            }
            self.settle(drive, outbox);
        }
    }

    /// A drive is reset: buffer and position are gone, and for `outage` it does nothing. The running command is told, or else
    /// the next one. Mounts and unloads begin again. False, without effect, when no cartridge is in the drive or an
    /// accessor is at work on it.
    pub fn drive_crash(&mut self, drive: Drive, outage: Span, outbox: &mut TapeOutbox) -> bool {
        if self.durable.map.held(drive).is_none() || self.unit(drive).activity == Activity::Exchanging {
            return false;
        }
        let unit = self.unit_mut(drive);
        unit.down_until = outbox.now() + outage;
        unit.thread = Thread::Out;
        unit.idle_armed = false;
        let hardened_blocks = match unit.drive.direction() {
            Direction::Write => unit.drive.head(),
            Direction::Read => unit.drive.position(),
        };
        let lost = self.lose_buffer(drive, 0, outbox);
        self.disarm(drive, Lane::Mechanism);
        self.disarm(drive, Lane::Idle);
        self.set_activity(drive, Activity::Rest, outbox.now());
        let begins_again = matches!(self.unit(drive).active, Some(Active::Mount { .. } | Active::Unload { .. }));
        if !begins_again || lost > 0 {
            self.fail(drive, TapeResult::Reset { lost, hardened_blocks }, outbox);
        }
        self.settle(drive, outbox);
        self.serve_waiting(outbox);
        true
    }
}
