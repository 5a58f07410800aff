//! The microcode 130: what every operation of the controller is waiting for, and what it does next.
//!
//! An operation is a value in a table. It waits for exactly one thing at a time: a processor, the channel, a lock, its
//! disk operations or child operations, a log record, a delay, or a place in NVS. When the wait ends, `proceed` takes the
//! operation up again. No operation calls another: a finished child makes its parent ready, and ready operations run
//! one after the other before the event ends.
//!
//! Locks are per track, held on the track where T0 data is found: whoever stages, destages or copies it. An operation
//! takes several only in ascending order, and only reads and background copies wait for one; a destage takes what is
//! free and waits for none. Row locks serialise writes of one parity group; their holder waits for disks only.
use std::sync::Arc;

use super::append::Append;
use super::background::Background;
use super::before_commit::SaveT0;
use super::collect::Collection;
use super::command::{DasdCommand, DasdFact, DasdReply, Payload, RelationSummary};
use super::copy::{Establish, Withdraw};
use super::delete::Delete;
use super::destage::Destage;
use super::freeze::Freeze;
use super::parameters::{Cpu, Fence};
use super::prefetch::Prefetch;
use super::read::{Read, ReadPhase};
use super::row::RowWrite;
use super::state::Suspended;
use super::upkeep::Upkeep;
use super::write::{Write, WritePhase};
use super::{DasdController, DasdMessage, DasdOutbox, DasdTimerKind};
use crate::kernel::Span;
use crate::vocab::{Device, LabelTrack, Status, Tag, Ticket, TrackImage, TrackNo};

#[derive(Clone, Debug)]
pub struct Op {
    pub work: Work,
    /// Disk operations, children or channel transfers that have not ended.
    pub outstanding: u32,
    /// It waits for a processor or for a delay.
    pub timed: bool,
    /// The cluster whose processors and timers it uses.
    pub cluster: u8,
}

#[derive(Clone, Debug)]
pub enum Work {
    Free,
    /// Its cluster crashed; what it still waits for has not come back.
    Cut {
        parent: Option<u32>,
    },
    Read(Read),
    Write(Write),
    WriteTracks {
        ticket: Ticket,
        device: Device,
        first: TrackNo,
        images: Arc<[TrackImage]>,
        phase: WritePhase,
    },
    WriteLabel {
        ticket: Ticket,
        device: Device,
        label: LabelTrack,
    },
    ReadLabel {
        ticket: Ticket,
        device: Device,
    },
    Freeze(Freeze),
    Establish(Establish),
    Withdraw(Withdraw),
    Delete(Delete),
    Destage(Destage),
    Append(Append),
    Collection(Collection),
    Background(Background),
    SaveT0(SaveT0),
    RowWrite(RowWrite),
    Prefetch(Prefetch),
    Upkeep(Upkeep),
}

impl DasdController {
    pub(super) fn start(&mut self, work: Work) -> u32 {
        let cluster = self.cluster_of_work(&work);
        let op = Op { work, outstanding: 0, timed: false, cluster };
        match self.volatile.free_ops.pop() {
            Some(slot) => {
                self.volatile.ops[slot as usize] = op;
                slot
            }
            None => {
                self.volatile.ops.push(op);
                (self.volatile.ops.len() - 1) as u32
            }
        }
    }

    fn finish(&mut self, slot: u32) {
        self.volatile.ops[slot as usize].work = Work::Free;
        self.volatile.free_ops.push(slot);
    }

    /// Runs every operation whose wait has ended.
    pub(super) fn run_ready(&mut self, out: &mut DasdOutbox) {
        while let Some(slot) = self.volatile.ready.pop_front() {
            let work = std::mem::replace(&mut self.volatile.ops[slot as usize].work, Work::Free);
            let waiting = match work {
                Work::Read(read) => self.proceed_read(slot, read, out).map(Work::Read),
                Work::Write(write) => self.proceed_write(slot, write, out).map(Work::Write),
                Work::WriteTracks { ticket, device, first, images, phase } => self
                    .proceed_write_tracks(slot, ticket, device, first, &images, phase, out)
                    .map(|phase| Work::WriteTracks { ticket, device, first, images, phase }),
                Work::WriteLabel { ticket, device, label } => {
                    self.commit_label(device, label, out);
                    out.report(DasdFact::LabelWritten { device });
                    self.reply(ticket, Status::Good, Payload::Nothing, out);
                    self.write_ended(device, out);
                    None
                }
                Work::ReadLabel { ticket, device } => {
                    let label = self.logical_label(device);
                    let lost = self.is_unreadable(device, TrackNo(0)) && *label == LabelTrack::BLANK;
                    let status = if lost { Status::MediaError } else { Status::Good };
                    self.reply(ticket, status, Payload::Label(label), out);
                    None
                }
                Work::Freeze(freeze) => self.proceed_freeze(slot, freeze, out).map(Work::Freeze),
                Work::Establish(establish) => self.proceed_establish(slot, establish, out).map(Work::Establish),
                Work::Withdraw(withdraw) => self.proceed_withdraw(slot, withdraw, out).map(Work::Withdraw),
                Work::Delete(delete) => self.proceed_delete(slot, delete, out).map(Work::Delete),
                Work::Append(append) => self.proceed_append(slot, append, out).map(Work::Append),
                Work::Collection(collection) => self.proceed_collection(slot, collection, out).map(Work::Collection),
                Work::Destage(destage) => self.proceed_destage(slot, destage, out).map(Work::Destage),
                Work::Background(background) => self.proceed_background(slot, background, out).map(Work::Background),
                Work::SaveT0(save) => self.proceed_save(slot, save, out).map(Work::SaveT0),
                Work::RowWrite(row) => self.proceed_row(slot, row, out).map(Work::RowWrite),
                Work::Prefetch(prefetch) => {
                    self.proceed_prefetch(prefetch, out);
                    None
                }
                Work::Upkeep(upkeep) => self.proceed_upkeep(slot, upkeep, out).map(Work::Upkeep),
                Work::Cut { parent } => self.proceed_cut(slot, parent),
                Work::Free => unreachable!("only a live operation becomes ready"),
            };
            match waiting {
                Some(work) => self.volatile.ops[slot as usize].work = work,
                None => self.finish(slot),
            }
        }
    }

    pub(super) fn reply(&mut self, ticket: Ticket, status: Status, payload: Payload, out: &mut DasdOutbox) {
        out.send(DasdMessage::Reply(DasdReply { ticket, status, payload }));
    }

    pub(super) fn use_processor(&mut self, slot: u32, out: &mut DasdOutbox) {
        if self.parameters.cpu == Cpu::Hardwired {
            self.wait(slot, self.parameters.circuit_latency, out);
            return;
        }
        let op = &mut self.volatile.ops[slot as usize];
        op.timed = true;
        let cluster = usize::from(op.cluster);
        if let Some(started) = self.volatile.cpus[cluster].arrive(out.now(), slot) {
            self.time_processor(started, out);
        }
    }

    pub(super) fn time_processor(&mut self, slot: u32, out: &mut DasdOutbox) {
        let service = match self.volatile.ops[slot as usize].work {
            Work::Read(_) | Work::ReadLabel { .. } => self.parameters.read_hit,
            _ => self.parameters.fast_write,
        };
        out.complete_after(service, self.timer(DasdTimerKind::Processor, slot));
    }

    pub(super) fn use_channel(&mut self, slot: u32, bytes: u64, out: &mut DasdOutbox) {
        self.volatile.ops[slot as usize].outstanding += 1;
        if let Some(service) = self.volatile.channel.submit(out.now(), bytes, slot) {
            out.complete_after(service, self.timer(DasdTimerKind::Channel, slot));
        }
    }

    /// Makes the operation ready after `delay`.
    pub(super) fn wait(&mut self, slot: u32, delay: Span, out: &mut DasdOutbox) {
        self.volatile.ops[slot as usize].timed = true;
        out.complete_after(delay, self.timer(DasdTimerKind::Delay, slot));
    }

    pub(super) fn query_relations(&self) -> Arc<[RelationSummary]> {
        let relations = self.volatile.tables.relations.iter();
        relations
            .map(|relation| RelationSummary {
                number: relation.number,
                source: relation.source,
                target: relation.target,
                t0: relation.t0,
            })
            .collect()
    }

    /// Dispatches a command that nothing holds back.
    pub(super) fn accept(&mut self, command: DasdCommand, out: &mut DasdOutbox) {
        if self.is_held_by_failover(&command) {
            self.volatile.suspended.push_back(Suspended::Command(command));
            return;
        }
        if let Some(device) = written_device(&command)
            && let Some(held) = &mut self.volatile.devices[device.0 as usize].held
        {
            held.push_back(command);
            return;
        }
        match command {
            DasdCommand::Read { ticket, range, bytes, images } => {
                if !images && self.fence_of(range.device, range.first, range.count) == Fence::Reserved {
                    self.reply(ticket, Status::Rejected, Payload::Nothing, out);
                    return;
                }
                self.volatile.devices[range.device.0 as usize].reads += 1;
                let slot = self.start(Work::Read(Read {
                    ticket,
                    range,
                    bytes,
                    images,
                    phase: ReadPhase::Processor,
                    hit: false,
                    locks: Vec::new(),
                    awaited: None,
                    first: Tag(0),
                    rest: Vec::new(),
                }));
                self.use_processor(slot, out);
            }
            DasdCommand::Write { ticket, range, bytes, write } => {
                if self.is_fenced(range.device, range.first, range.count) {
                    self.reply(ticket, Status::WriteInhibited, Payload::Nothing, out);
                    return;
                }
                self.volatile.devices[range.device.0 as usize].writes += 1;
                out.report(DasdFact::WriteAccepted { device: range.device, track: range.first });
                let slot = self.start(Work::Write(Write { ticket, range, bytes, write, phase: WritePhase::Channel }));
                self.use_channel(slot, bytes, out);
            }
            DasdCommand::WriteTracks { ticket, device, first, images } => {
                if self.is_fenced(device, first, images.len() as u32) || !self.volatile.tables.is_bound(device) {
                    self.reply(ticket, Status::WriteInhibited, Payload::Nothing, out);
                    return;
                }
                self.volatile.devices[device.0 as usize].writes += 1;
                let bytes = images.len() as u64 * crate::vocab::TRACK_BYTES;
                let phase = WritePhase::Channel;
                let slot = self.start(Work::WriteTracks { ticket, device, first, images, phase });
                self.use_channel(slot, bytes, out);
            }
            DasdCommand::WriteLabel { ticket, device, label } => {
                if self.is_fenced(device, TrackNo(0), 1) {
                    self.reply(ticket, Status::WriteInhibited, Payload::Nothing, out);
                    return;
                }
                self.volatile.devices[device.0 as usize].writes += 1;
                let slot = self.start(Work::WriteLabel { ticket, device, label });
                self.use_processor(slot, out);
            }
            DasdCommand::ReadLabel { ticket, device } => {
                let slot = self.start(Work::ReadLabel { ticket, device });
                self.use_processor(slot, out);
            }
            DasdCommand::Freeze { ticket, sources } => self.accept_freeze(ticket, sources, out),
            DasdCommand::Thaw { ticket, sources } => self.thaw(ticket, &sources, out),
            DasdCommand::Establish { ticket, source, target, identity, mode, terms, extents } => {
                self.accept_establish(ticket, source, target, identity, (mode, terms), extents, out);
            }
            DasdCommand::Withdraw { ticket, target, hidden, drain } => {
                self.accept_withdraw(ticket, target, hidden, drain, out);
            }
            DasdCommand::DeleteTarget { ticket, device, label } => self.accept_delete(ticket, device, label, out),
            DasdCommand::ReleaseSpace { ticket, device } => self.release_space(ticket, device, out),
            DasdCommand::QueryRelations { ticket } => {
                let relations = self.query_relations();
                self.reply(ticket, Status::Good, Payload::Relations(relations), out);
            }
        }
    }

    /// A conditioned target refuses host writes to what was copied while its relationship stands (MODEL 1.5, question 9).
    pub fn is_fenced(&self, device: Device, first: TrackNo, count: u32) -> bool {
        self.fence_of(device, first, count) != Fence::None
    }

    fn fence_of(&self, device: Device, first: TrackNo, count: u32) -> Fence {
        let relation = self.volatile.tables.relation_of_target(device);
        let relation = relation.filter(|relation| relation.concerns(first, count));
        relation.map_or(Fence::None, |relation| relation.terms.fence)
    }
}

/// The device whose long busy holds the command back.
fn written_device(command: &DasdCommand) -> Option<Device> {
    match command {
        DasdCommand::Write { range, .. } => Some(range.device),
        DasdCommand::WriteTracks { device, .. } | DasdCommand::WriteLabel { device, .. } => Some(*device),
        _ => None,
    }
}
