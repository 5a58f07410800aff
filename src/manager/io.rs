//! The path of an application's request: CPU 116, then the device whose UCB bears the ID, and back.

use super::session::SessionTag;
use super::stimulus::Stimulus;
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox, ManagerTimerKind, Volatile};
use crate::controller::dasd::{DasdCommand, Payload};
use crate::kernel::Time;
use crate::vocab::{
    Device, Drive, HostReply, HostRequest, Op, Status, Tag, Ticket, TrackNo, TrackRange, VolumeId, WriteNumber,
};

/// A place in the table of unanswered commands. The place and its generation are the ticket.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub generation: u32,
    pub pending: Pending,
}

/// Who waits for the answer to a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    Free,
    Transfer(Transfer),
    Session {
        session: u32,
        tag: SessionTag,
    },
    /// As `Session`, for a command to tape: it is answered even when the DASD controller is gone.
    SessionTape {
        session: u32,
        tag: SessionTag,
    },
    /// A command to tape whose session was abandoned.
    Abandoned,
    /// A command to DASD of a job that ended abnormally: the recovery waits for it.
    Leftover,
    Restart,
    /// The freeze or the thaw of a consistency group.
    Group(u32),
    /// A request for a backup at the CPU.
    Request(Stimulus),
    /// A cartridge on its way out, which nobody waits for.
    Unload {
        drive: Drive,
        tries: u8,
    },
}

/// An application's request on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    ticket: Ticket,
    volume: VolumeId,
    /// Known once the CPU has looked the ID up.
    pub(super) device: Option<Device>,
    op: Op,
    first: TrackNo,
    count: u32,
    bytes: u32,
    write: WriteNumber,
    issued: Time,
}

impl Transfer {
    /// A device has it, and it changes the volume.
    pub fn is_write_under_way_to(&self, volume: VolumeId) -> bool {
        self.op == Op::Write && self.volume == volume && self.device.is_some()
    }
}

impl Manager {
    pub(super) fn open(&mut self, ticket: Ticket, volume: VolumeId, out: &mut ManagerOutbox) {
        self.volatile.opens.push((ticket, volume));
        if self.is_up() {
            self.serve_opens(out);
        }
    }

    pub(super) fn transfer(&mut self, request: HostRequest, out: &mut ManagerOutbox) {
        let HostRequest::Transfer { ticket, volume, op, first, count, bytes, write } = request else {
            unreachable!("only a transfer is one");
        };
        let issued = out.now();
        let transfer = Transfer { ticket, volume, device: None, op, first, count, bytes, write, issued };
        if !self.is_up() {
            self.refuse(transfer, out);
            return;
        }
        let slot = self.volatile.expect(Pending::Transfer(transfer)).number;
        if let Some(started) = self.volatile.cpu.arrive(out.now(), slot) {
            out.complete_after(self.parameters.io_time, self.timer(ManagerTimerKind::Cpu, started));
        }
    }

    /// Somebody's request for a backup comes in by the host interface; a host that is down takes none.
    pub(super) fn hear_request(&mut self, stimulus: Stimulus, out: &mut ManagerOutbox) {
        if !self.is_up() {
            self.answer(stimulus, Status::NotOperational, out);
            return;
        }
        let slot = self.volatile.expect(Pending::Request(stimulus)).number;
        if let Some(started) = self.volatile.cpu.arrive(out.now(), slot) {
            out.complete_after(self.parameters.io_time, self.timer(ManagerTimerKind::Cpu, started));
        }
    }

    /// The CPU is done with a request.
    pub(super) fn processed(&mut self, slot: u32, out: &mut ManagerOutbox) {
        if let Pending::Request(stimulus) = self.volatile.pending[slot as usize].pending {
            self.volatile.release(slot);
            self.requested(stimulus, out);
        } else {
            self.send_transfer(slot, out);
        }
    }

    /// The CPU has built the request: it goes to the device that bears the ID now.
    pub(super) fn send_transfer(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let Pending::Transfer(mut transfer) = self.volatile.pending[slot as usize].pending else {
            unreachable!("the CPU works on transfers");
        };
        if transfer.op == Op::Write && self.holds_writes(transfer.volume) {
            self.volatile.held.push(slot);
            return;
        }
        let device = self.device_of(transfer.volume).filter(|_| self.volatile.dasd_up);
        let Some(device) = device else {
            self.volatile.release(slot);
            self.refuse(transfer, out);
            return;
        };
        transfer.device = Some(device);
        let place = &mut self.volatile.pending[slot as usize];
        place.pending = Pending::Transfer(transfer);
        let ticket = Ticket { port: u16::from(self.image.0), number: slot, generation: place.generation };
        let Transfer { op, first, count, bytes, write, volume, .. } = transfer;
        let range = TrackRange { device, first, count };
        let bytes = u64::from(bytes);
        let command = match op {
            Op::Read => DasdCommand::Read { ticket, range, bytes, images: false },
            Op::Write => {
                out.report(ManagerFact::WriteIssued { device, first, count, write, volume });
                DasdCommand::Write { ticket, range, bytes, write }
            }
        };
        out.send(ManagerMessage::Dasd(command));
    }

    pub(super) fn transfer_ended(
        &mut self,
        transfer: Transfer,
        status: Status,
        payload: &Payload,
        out: &mut ManagerOutbox,
    ) {
        let Transfer { ticket, volume, device, op, first, count, bytes, write, issued } = transfer;
        let device = device.expect("a command went to a device");
        let mut hit = false;
        match (op, status, payload) {
            (Op::Write, Status::Good, _) => {
                let target = self.is_job_target(device);
                out.report(ManagerFact::WriteAcknowledged { device, first, count, write, volume, target });
                self.note_change(device, first, count, bytes, out);
            }
            (Op::Write, ..) => {
                out.report(ManagerFact::WriteFailed { device, first, count, write, volume, status });
            }
            (Op::Read, Status::Good, Payload::Tags { first: tag, rest, hit: served }) => {
                hit = *served;
                let mut report = |track: TrackNo, tag: Tag| {
                    out.report(ManagerFact::ReadDone { device, track, tag, issued, volume });
                };
                report(first, *tag);
                for (place, &tag) in rest.iter().flat_map(|rest| rest.iter()).enumerate() {
                    report(TrackNo(first.0 + 1 + place as u32), tag);
                }
            }
            (Op::Read, ..) => out.report(ManagerFact::ReadFailed { device, first, op, status }),
        }
        self.answer_application(ticket, volume, status, hit, out);
        if op == Op::Write {
            self.writes_may_be_drained(volume, out);
        }
    }

    /// The application hears of the end of its request; an error closes its volume.
    fn answer_application(
        &mut self,
        ticket: Ticket,
        volume: VolumeId,
        status: Status,
        hit: bool,
        out: &mut ManagerOutbox,
    ) {
        if status == Status::NotOperational {
            self.deallocate(ticket.port, volume);
        }
        out.send(ManagerMessage::Host(HostReply { ticket, status, hit }));
        if !self.volatile.releases.is_empty() {
            self.released(out);
        }
    }

    /// Applications' requests without an answer, and when the oldest of them was issued.
    pub fn transfers(&self) -> (u64, Option<Time>) {
        let issued = self.volatile.pending.iter().filter_map(|place| match place.pending {
            Pending::Transfer(transfer) => Some(transfer.issued),
            _ => None,
        });
        issued.fold((0, None), |(count, oldest), issued| {
            (count + 1, Some(oldest.map_or(issued, |old: Time| old.min(issued))))
        })
    }

    fn refuse(&mut self, transfer: Transfer, out: &mut ManagerOutbox) {
        self.answer_application(transfer.ticket, transfer.volume, Status::NotOperational, false, out);
    }

    /// The controller is gone: requests that it had, or that were about to go there, end in error.
    pub(super) fn end_outstanding_transfers(&mut self, out: &mut ManagerOutbox) {
        for slot in 0..self.volatile.pending.len() as u32 {
            let Pending::Transfer(transfer) = self.volatile.pending[slot as usize].pending else { continue };
            // Those still at the CPU are refused when it is done with them.
            if transfer.device.is_some() {
                self.volatile.release(slot);
                self.transfer_ended(transfer, Status::NotOperational, &Payload::Nothing, out);
            }
        }
    }

    /// A ticket for a command whose answer `pending` waits for.
    pub(super) fn ticket(&mut self, pending: Pending) -> Ticket {
        Ticket { port: u16::from(self.image.0), ..self.volatile.expect(pending) }
    }

    /// Who waited for the answer; `Free` when nobody does any more.
    pub(super) fn take_pending(&mut self, ticket: Ticket) -> Pending {
        match self.volatile.pending.get(ticket.number as usize) {
            Some(place) if place.generation == ticket.generation => {
                let pending = place.pending;
                self.volatile.release(ticket.number);
                pending
            }
            _ => Pending::Free,
        }
    }
}

impl Volatile {
    fn expect(&mut self, pending: Pending) -> Ticket {
        self.outstanding += 1;
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.pending.push(Place { generation: 0, pending: Pending::Free });
                (self.pending.len() - 1) as u32
            }
        };
        let place = &mut self.pending[number as usize];
        place.pending = pending;
        Ticket { port: 0, number, generation: place.generation }
    }

    pub(super) fn release(&mut self, number: u32) {
        let place = &mut self.pending[number as usize];
        if matches!(place.pending, Pending::Free) {
            return;
        }
        place.generation += 1;
        place.pending = Pending::Free;
        self.free.push(number);
        self.outstanding -= 1;
    }

    /// After a crash every place is free, and answers to the dead image's commands find another generation.
    pub(super) fn inherit_generations(&mut self, places: Vec<Place>) {
        self.pending = places
            .into_iter()
            .map(|place| Place { generation: place.generation + 1, pending: Pending::Free })
            .collect();
        self.free = (0..self.pending.len() as u32).rev().collect();
    }

    /// Forgets the commands of all sessions. Those to tape will still be answered.
    pub(super) fn forget_sessions(&mut self) {
        for number in 0..self.pending.len() as u32 {
            match self.pending[number as usize].pending {
                Pending::Session { .. } | Pending::Restart | Pending::Group(_) => self.release(number),
                Pending::Leftover => {}
                Pending::SessionTape { .. } => self.pending[number as usize].pending = Pending::Abandoned,
                Pending::Free
                | Pending::Transfer(_)
                | Pending::Request(_)
                | Pending::Abandoned
                | Pending::Unload { .. } => {}
            }
        }
    }
}
