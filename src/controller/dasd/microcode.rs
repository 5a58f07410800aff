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

use std::collections::VecDeque;
use std::sync::Arc;

use super::command::{DasdCommand, DasdFact, DasdReply, Identity, Payload, RelationSummary};
use super::parameters::{CopyMode, LabelCommit, StripeLog};
use super::state::{Lock, StripeIntent};
use super::tables::{Record, Relation};
use super::{DasdController, DasdMessage, DasdOutbox, DasdTimerKind};
use crate::device::cache::SlotNo;
use crate::device::raid::{Action, DiskOp, Place};
use crate::kernel::{Span, Time};
use crate::vocab::{
    Device, HiddenId, Label, LabelTrack, RelationNumber, Status, Tag, Ticket, TrackImage, TrackNo, TrackRange,
    VolumeId, WriteNumber,
};

#[derive(Clone, Debug)]
pub struct Op {
    pub work: Work,
    /// Disk operations or children that have not ended.
    pub outstanding: u32,
}

#[derive(Clone, Debug)]
pub enum Work {
    Free,
    Read(Read),
    Write(Write),
    WriteTracks { ticket: Ticket, device: Device, first: TrackNo, images: Arc<[TrackImage]>, phase: WritePhase },
    WriteLabel { ticket: Ticket, device: Device, label: LabelTrack },
    ReadLabel { ticket: Ticket, device: Device },
    Establish(Establish),
    Withdraw(Withdraw),
    Delete { ticket: Ticket, device: Device, label: LabelTrack, unbound: bool },
    Destage(Destage),
    Background(Background),
    RowWrite(RowWrite),
}

#[derive(Clone, Debug)]
pub struct Read {
    pub ticket: Ticket,
    pub range: TrackRange,
    pub bytes: u64,
    pub images: bool,
    pub phase: ReadPhase,
    pub hit: bool,
    pub locks: Vec<(Device, TrackNo)>,
    pub first: Tag,
    pub rest: Vec<TrackImage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPhase {
    Processor,
    Locks,
    Stage,
    Channel,
}

#[derive(Clone, Debug)]
pub struct Write {
    pub ticket: Ticket,
    pub range: TrackRange,
    pub write: WriteNumber,
    pub phase: WritePhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritePhase {
    Channel,
    Processor,
    /// Tracks committed so far.
    Commit(u32),
}

/// Establish (patent step 504, MODEL 3.4.1): long busy, drain, T0, tables, commit, acknowledge.
#[derive(Clone, Debug)]
pub struct Establish {
    pub ticket: Ticket,
    pub source: Device,
    pub target: Device,
    pub identity: Identity,
    pub mode: CopyMode,
    pub number: RelationNumber,
    pub t0: Time,
    pub phase: EstablishPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstablishPhase {
    Drain,
    /// T0 is set; bitmaps are built.
    Build,
    /// The label of `before-establish` is on its way.
    LabelFirst,
    Relationship,
    /// The label of `after-establish` is on its way.
    LabelLast,
    Acknowledge,
}

/// Withdraw (patent step 508, MODEL 3.4.4): drain reads, delete the entry, blank the hidden field.
#[derive(Clone, Debug)]
pub struct Withdraw {
    pub ticket: Ticket,
    pub source: Device,
    pub target: Device,
    pub number: RelationNumber,
    pub clear_hidden: bool,
    pub phase: WithdrawPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawPhase {
    Drain,
    Work,
    Commit,
    ClearHidden { withdrawn: bool },
}

/// One row's worth of modified tracks on its way to disk: copy-on-write first where a relationship needs it.
#[derive(Clone, Debug)]
pub struct Destage {
    pub device: Device,
    pub cells: Vec<DestageCell>,
    pub phase: DestagePhase,
}

#[derive(Clone, Debug)]
pub struct DestageCell {
    pub track: TrackNo,
    pub slot: SlotNo,
    pub image: TrackImage,
    /// Newer than the T0 of this relationship, which still needs the track: copy first.
    pub copy_for: Option<RelationNumber>,
    pub newer: bool,
    pub lock: (Device, TrackNo),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestagePhase {
    ReadT0,
    WriteTarget,
    SetBits,
    WriteHome,
}

/// The background copy of one relationship, a cylinder at a time.
#[derive(Clone, Debug)]
pub struct Background {
    pub relation: RelationNumber,
    pub source: Device,
    pub target: Device,
    pub next: u32,
    pub batch: Vec<TrackNo>,
    pub locks: Vec<(Device, TrackNo)>,
    pub wanted: VecDeque<TrackNo>,
    pub started: Time,
    pub phase: BackgroundPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundPhase {
    Pick,
    Locks,
    Stage,
    Write,
    SetBits,
    Pace,
    End,
}

/// Writes some columns of one row, and its parity.
#[derive(Clone, Debug)]
pub struct RowWrite {
    pub parent: u32,
    pub row: u64,
    pub parity_disk: u16,
    pub cells: Vec<RowCell>,
    pub phase: RowPhase,
}

#[derive(Clone, Debug)]
pub struct RowCell {
    pub device: Device,
    pub track: TrackNo,
    pub disk: u16,
    pub image: TrackImage,
    pub purpose: Purpose,
}

/// Why a home is written: decides which fact observers see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Destage { newer: bool },
    CopyOnWrite,
    Background,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowPhase {
    Lock,
    Read,
    Write,
}

/// Tracks of one background batch: a cylinder.
const BACKGROUND_BATCH: u32 = crate::vocab::TRACKS_PER_CYLINDER;

impl Establish {
    fn commit(&self) -> Option<LabelCommit> {
        match self.identity {
            Identity::Copied => None,
            Identity::Withheld { commit, .. } => Some(commit),
        }
    }
}

impl DasdController {
    pub(super) fn start(&mut self, work: Work) -> u32 {
        let op = Op { work, outstanding: 0 };
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
                    self.reply(ticket, Status::Good, Payload::Label(label), out);
                    None
                }
                Work::Establish(establish) => self.proceed_establish(slot, establish, out).map(Work::Establish),
                Work::Withdraw(withdraw) => self.proceed_withdraw(slot, withdraw, out).map(Work::Withdraw),
                Work::Delete { ticket, device, label, unbound } => self
                    .proceed_delete(slot, ticket, device, label, unbound, out)
                    .map(|unbound| Work::Delete { ticket, device, label, unbound }),
                Work::Destage(destage) => self.proceed_destage(slot, destage, out).map(Work::Destage),
                Work::Background(background) => self.proceed_background(slot, background, out).map(Work::Background),
                Work::RowWrite(row) => self.proceed_row(slot, row, out).map(Work::RowWrite),
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
        if let Some(started) = self.volatile.cpu.arrive(out.now(), slot) {
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
        if let Some(service) = self.volatile.channel.submit(out.now(), bytes, slot) {
            out.complete_after(service, self.timer(DasdTimerKind::Channel, slot));
        }
    }

    /// Makes the operation ready after `delay`.
    pub(super) fn wait(&mut self, slot: u32, delay: Span, out: &mut DasdOutbox) {
        out.complete_after(delay, self.timer(DasdTimerKind::Delay, slot));
    }

    // ---- reads -------------------------------------------------------------------------------------------------

    fn proceed_read(&mut self, slot: u32, mut read: Read, out: &mut DasdOutbox) -> Option<Read> {
        if read.phase == ReadPhase::Processor {
            let cached = read.range.tracks().all(|track| self.disk_place(read.range.device, track).is_none());
            if cached {
                read.hit = true;
                return self.deliver(slot, read, out);
            }
            read.phase = ReadPhase::Locks;
        }
        if read.phase == ReadPhase::Locks {
            for track in read.range.tracks() {
                let key = self.lock_of(read.range.device, track);
                if !read.locks.contains(&key) {
                    if !self.lock_track(slot, key) {
                        return Some(read);
                    }
                    read.locks.push(key);
                }
            }
            let places: Vec<Place> =
                read.range.tracks().filter_map(|track| self.disk_place(read.range.device, track)).collect();
            read.phase = ReadPhase::Stage;
            if !places.is_empty() {
                self.read_places(slot, &places, out);
                return Some(read);
            }
        }
        if read.phase == ReadPhase::Stage {
            let device = read.range.device;
            for track in read.range.tracks() {
                out.report(DasdFact::StageDone { device, track });
                if !read.images && self.volatile.tables.relation_of_target(device).is_none() {
                    let image = self.logical_image(device, track);
                    self.volatile.cache.insert_clean(device, track, image);
                }
            }
            let locks = std::mem::take(&mut read.locks);
            let waiting = self.deliver(slot, read, out);
            locks.into_iter().for_each(|key| self.unlock_track(key));
            return waiting;
        }
        self.volatile.devices[read.range.device.0 as usize].reads -= 1;
        let payload = if read.images {
            Payload::Images(read.rest.into())
        } else {
            let rest = (!read.rest.is_empty()).then(|| read.rest.iter().map(|image| image.tag).collect());
            Payload::Tags { first: read.first, rest, hit: read.hit }
        };
        self.reply(read.ticket, Status::Good, payload, out);
        self.drained(read.range.device, out);
        None
    }

    /// The content is at hand: it goes up the channel.
    fn deliver(&mut self, slot: u32, mut read: Read, out: &mut DasdOutbox) -> Option<Read> {
        let device = read.range.device;
        let mut tracks = read.range.tracks();
        if !read.images {
            let first = tracks.next().expect("a read covers a track");
            read.first = self.logical_image(device, first).tag;
        }
        read.rest = tracks.map(|track| self.logical_image(device, track)).collect();
        for track in read.range.tracks() {
            if let Some(slot) = self.volatile.cache.newest(device, track) {
                self.volatile.cache.touch(slot);
            }
        }
        read.phase = ReadPhase::Channel;
        self.use_channel(slot, read.bytes, out);
        Some(read)
    }

    /// The home that must be read for a track; `None` when the content is in the cache, or there is none.
    fn disk_place(&self, device: Device, track: TrackNo) -> Option<Place> {
        let tables = &self.volatile.tables;
        if self.volatile.cache.newest(device, track).is_some() {
            return None;
        }
        match tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
            Some(relation) => match self.cached_t0(relation.number.0, relation.source, track) {
                Some(_) => None,
                None => tables.place(relation.source, track),
            },
            None => tables.place(device, track),
        }
    }

    /// Reads places from disk, one operation a disk, for an operation that then waits.
    pub(super) fn read_places(&mut self, slot: u32, places: &[Place], out: &mut DasdOutbox) {
        let mut spans: Vec<(u16, u64, u64)> = Vec::new();
        for &place in places {
            let location = self.rank.locate(place);
            match spans.iter_mut().find(|(disk, ..)| *disk == location.disk) {
                Some((_, low, high)) => {
                    *low = (*low).min(location.row);
                    *high = (*high).max(location.row);
                }
                None => spans.push((location.disk, location.row, location.row)),
            }
        }
        for (disk, low, high) in spans {
            let rows = u32::try_from(high - low + 1).expect("a request covers few rows");
            self.submit_disk(DiskOp { disk, row: low, rows, action: Action::Read, owner: slot }, out);
        }
    }

    fn submit_disk(&mut self, op: DiskOp, out: &mut DasdOutbox) {
        self.volatile.ops[op.owner as usize].outstanding += 1;
        let disk = op.disk;
        if let Some(service) = self.rank.submit(out.now(), op) {
            out.complete_after(service, self.timer(DasdTimerKind::Disk, u32::from(disk)));
        }
    }

    // ---- writes ------------------------------------------------------------------------------------------------

    fn proceed_write(&mut self, slot: u32, mut write: Write, out: &mut DasdOutbox) -> Option<Write> {
        let device = write.range.device;
        let mut done = match write.phase {
            WritePhase::Channel => {
                write.phase = WritePhase::Processor;
                self.use_processor(slot, out);
                return Some(write);
            }
            WritePhase::Processor => 0,
            WritePhase::Commit(done) => done,
        };
        while done < write.range.count {
            let track = TrackNo(write.range.first.0 + done);
            let mut image = self.logical_image(device, track);
            image.tag = image.tag.after_write(write.write, done);
            if !self.commit_track(device, track, image, out) {
                write.phase = WritePhase::Commit(done);
                self.volatile.nvs_waiters.push_back(slot);
                return Some(write);
            }
            out.report(DasdFact::WriteCommitted { device, track });
            done += 1;
        }
        self.reply(write.ticket, Status::Good, Payload::Nothing, out);
        self.write_ended(device, out);
        self.destage_if_due(out);
        None
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one operation, taken apart by the dispatcher")]
    fn proceed_write_tracks(
        &mut self,
        slot: u32,
        ticket: Ticket,
        device: Device,
        first: TrackNo,
        images: &Arc<[TrackImage]>,
        phase: WritePhase,
        out: &mut DasdOutbox,
    ) -> Option<WritePhase> {
        let mut done = match phase {
            WritePhase::Channel => {
                self.use_processor(slot, out);
                return Some(WritePhase::Processor);
            }
            WritePhase::Processor => 0,
            WritePhase::Commit(done) => done,
        };
        while (done as usize) < images.len() {
            let track = TrackNo(first.0 + done);
            if !self.commit_track(device, track, images[done as usize].clone(), out) {
                self.volatile.nvs_waiters.push_back(slot);
                return Some(WritePhase::Commit(done));
            }
            out.report(DasdFact::WriteCommitted { device, track });
            if track.0 == 0 {
                out.report(DasdFact::LabelWritten { device });
            }
            done += 1;
        }
        self.reply(ticket, Status::Good, Payload::Nothing, out);
        self.write_ended(device, out);
        self.destage_if_due(out);
        None
    }

    /// Puts a new version of a track into cache and NVS. False when NVS has no room: the write waits.
    fn commit_track(&mut self, device: Device, track: TrackNo, image: TrackImage, out: &mut DasdOutbox) -> bool {
        let relation = self.volatile.tables.relation_of_source(device).filter(|relation| !relation.owns(track));
        let epoch = relation.map_or(0, |relation| relation.number.0);
        let newest = self.volatile.cache.newest(device, track);
        // The same version may be overwritten in place, unless the older content is still needed as T0 data.
        let in_place = newest.filter(|&slot| {
            let slot = self.volatile.cache.slot(slot);
            slot.nvs().is_some() && (epoch == 0 || slot.epoch == epoch)
        });
        if let Some(slot) = in_place {
            let place = self.volatile.cache.slot(slot).nvs().expect("a modified slot has its copy in NVS");
            self.battery.modified.overwrite(place, image.clone(), epoch);
            self.volatile.cache.overwrite(slot, image, epoch, place, out.now());
            return true;
        }
        if self.battery.modified.is_full() && track.0 != 0 {
            if !self.volatile.full_reported {
                self.volatile.full_reported = true;
                out.report(DasdFact::NvsFull);
            }
            self.destage_if_due(out);
            return false;
        }
        self.insert_modified(device, track, image, epoch, out.now());
        true
    }

    fn insert_modified(&mut self, device: Device, track: TrackNo, image: TrackImage, epoch: u32, now: Time) {
        let place = self.battery.modified.insert(device, track, image.clone(), epoch);
        match self.volatile.cache.newest(device, track) {
            Some(slot) if self.volatile.cache.slot(slot).nvs().is_none() => {
                self.volatile.cache.overwrite(slot, image, epoch, place, now);
            }
            _ => self.volatile.cache.insert_modified(device, track, image, epoch, place, now),
        }
    }

    /// Writes label record and embedded names; the content of track 0 stays.
    pub(super) fn commit_label(&mut self, device: Device, label: LabelTrack, out: &mut DasdOutbox) {
        let tag = self.logical_image(device, TrackNo(0)).tag;
        let image = TrackImage { tag, label: Some(Arc::new(label)) };
        let written = self.commit_track(device, TrackNo(0), image, out);
        assert!(written, "NVS keeps room for label tracks");
        self.destage_if_due(out);
    }

    fn write_ended(&mut self, device: Device, out: &mut DasdOutbox) {
        self.volatile.devices[device.0 as usize].writes -= 1;
        self.drained(device, out);
    }

    /// Wakes the establish or withdraw that waits for this device, once nothing of the kind it waits for is left.
    pub(super) fn drained(&mut self, device: Device, out: &mut DasdOutbox) {
        let state = &self.volatile.devices[device.0 as usize];
        let Some(slot) = state.drainer else { return };
        let quiet = match &self.volatile.ops[slot as usize].work {
            Work::Establish(establish) => self.is_quiet_for(establish),
            Work::Withdraw(_) => state.reads == 0,
            _ => false,
        };
        if quiet {
            self.volatile.devices[device.0 as usize].drainer = None;
            // Not within this event: answers that are on their way arrive first.
            self.wait(slot, Span::ZERO, out);
        }
    }

    fn is_quiet_for(&self, establish: &Establish) -> bool {
        self.volatile.devices[establish.source.0 as usize].writes == 0
            && self.volatile.devices[establish.target.0 as usize].destages == 0
            && self.volatile.devices[establish.target.0 as usize].writes == 0
    }

    // ---- copy services -----------------------------------------------------------------------------------------

    pub(super) fn accept_establish(
        &mut self,
        ticket: Ticket,
        source: Device,
        target: Device,
        identity: Identity,
        mode: CopyMode,
        out: &mut DasdOutbox,
    ) {
        let tables = &self.volatile.tables;
        let refused = source == target
            || tables.is_related(source)
            || tables.is_related(target)
            || tables.bindings[source.0 as usize].tracks != tables.bindings[target.0 as usize].tracks
            || self.volatile.devices[source.0 as usize].held.is_some()
            || self.volatile.devices[target.0 as usize].no_destage;
        if refused {
            self.reply(ticket, Status::Rejected, Payload::Nothing, out);
            return;
        }
        let number = RelationNumber(self.battery.next_relation);
        self.battery.next_relation += 1;
        let establish =
            Establish { ticket, source, target, identity, mode, number, t0: Time::ZERO, phase: EstablishPhase::Drain };
        let quiet = self.is_quiet_for(&establish);
        let slot = self.start(Work::Establish(establish));
        self.volatile.devices[source.0 as usize].held = Some(VecDeque::new());
        self.volatile.devices[target.0 as usize].no_destage = true;
        out.report(DasdFact::LongBusyStarted { source });
        if quiet {
            self.wait(slot, Span::ZERO, out);
        } else {
            self.volatile.devices[source.0 as usize].drainer = Some(slot);
            self.volatile.devices[target.0 as usize].drainer = Some(slot);
        }
    }

    fn proceed_establish(&mut self, slot: u32, mut establish: Establish, out: &mut DasdOutbox) -> Option<Establish> {
        let Establish { source, target, number, .. } = establish;
        let log = self.parameters.metadata_log_write;
        establish.phase = match establish.phase {
            EstablishPhase::Drain => {
                self.volatile.devices[source.0 as usize].drainer = None;
                self.volatile.devices[target.0 as usize].drainer = None;
                establish.t0 = out.now();
                out.report(DasdFact::PointInTimeSet { relation: number, source, target });
                let tracks = u64::from(self.volatile.tables.bindings[source.0 as usize].tracks);
                let work = self.parameters.establish_base + self.parameters.establish_per_track * tracks;
                self.wait(slot, work.saturating_sub(log), out);
                EstablishPhase::Build
            }
            EstablishPhase::Build if establish.commit() == Some(LabelCommit::BeforeEstablish) => {
                self.wait(slot, log, out);
                EstablishPhase::LabelFirst
            }
            EstablishPhase::Build => {
                self.wait(slot, log, out);
                EstablishPhase::Relationship
            }
            EstablishPhase::LabelFirst => {
                self.discard_versions(target);
                self.commit_conditioned_label(&establish, None, out);
                self.wait(slot, log, out);
                EstablishPhase::Relationship
            }
            EstablishPhase::Relationship => {
                self.commit_relationship(&establish, out);
                if establish.commit() == Some(LabelCommit::AfterEstablish) {
                    self.wait(slot, log, out);
                    EstablishPhase::LabelLast
                } else {
                    self.wait(slot, Span::ZERO, out);
                    EstablishPhase::Acknowledge
                }
            }
            EstablishPhase::LabelLast => {
                self.commit_conditioned_label(&establish, Some(establish.t0), out);
                self.log(Record::Own { relation: number, tracks: vec![TrackNo(0)] }, out);
                self.wait(slot, Span::ZERO, out);
                EstablishPhase::Acknowledge
            }
            EstablishPhase::Acknowledge => {
                self.acknowledge_establish(&establish, out);
                return None;
            }
        };
        Some(establish)
    }

    /// Writes the target's label: its own ID, and the source's ID hidden (406, 412).
    fn commit_conditioned_label(&mut self, establish: &Establish, t0: Option<Time>, out: &mut DasdOutbox) {
        let Identity::Withheld { target: id, format, .. } = establish.identity else {
            unreachable!("only a withheld ID is hidden");
        };
        let (source, target) = (establish.source, establish.target);
        let mut record = Label::new(id);
        let source_id = self.logical_label(source).id().unwrap_or(VolumeId::BLANK);
        let t0_seconds = t0.map_or(0, HiddenId::seconds_of);
        record.hide(HiddenId { source: source_id, target: id, t0_seconds, relation: establish.number }, format);
        let label = LabelTrack { label: Some(record), embedded: id };
        let tag = self.logical_image(source, TrackNo(0)).tag;
        self.insert_modified_label(target, TrackImage { tag, label: Some(Arc::new(label)) }, out.now());
        out.report(DasdFact::HiddenIdWritten { device: target });
        out.report(DasdFact::TargetLabelWritten { device: target });
    }

    fn insert_modified_label(&mut self, device: Device, image: TrackImage, now: Time) {
        match self.volatile.cache.newest(device, TrackNo(0)).map(|slot| (slot, self.volatile.cache.slot(slot).nvs())) {
            Some((slot, Some(place))) => {
                self.battery.modified.overwrite(place, image.clone(), 0);
                self.volatile.cache.overwrite(slot, image, 0, place, now);
            }
            _ => self.insert_modified(device, TrackNo(0), image, 0, now),
        }
    }

    /// Makes the relationship durable; with an atomic label commit the label in the same log record.
    fn commit_relationship(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, t0, .. } = *establish;
        let tracks = self.volatile.tables.bindings[source.0 as usize].tracks;
        let mut relation = Relation::new(number, source, target, t0, tracks);
        relation.background = establish.mode == CopyMode::Copy;
        let commit = establish.commit();
        relation.conditioned = commit.is_some();
        if commit != Some(LabelCommit::BeforeEstablish) {
            self.discard_versions(target);
        }
        if matches!(commit, Some(LabelCommit::Atomic | LabelCommit::BeforeEstablish)) {
            relation.set_own(TrackNo(0));
        }
        if !self.volatile.tables.is_bound(target) {
            self.log(Record::Bind { device: target }, out);
        }
        self.log(Record::Establish(relation), out);
        out.report(DasdFact::RelationshipCommitted { relation: number, source, target });
        if commit == Some(LabelCommit::Atomic) {
            self.commit_conditioned_label(establish, Some(t0), out);
        }
    }

    fn acknowledge_establish(&mut self, establish: &Establish, out: &mut DasdOutbox) {
        let Establish { source, target, number, .. } = *establish;
        out.report(DasdFact::EstablishAcknowledged { relation: number, source, target });
        self.reply(establish.ticket, Status::Good, Payload::Established { number, t0: establish.t0 }, out);
        self.volatile.devices[target.0 as usize].no_destage = false;
        self.end_long_busy(source, out);
        if establish.mode == CopyMode::Copy {
            self.start_background(number, source, target);
        }
    }

    pub(super) fn start_background(&mut self, relation: RelationNumber, source: Device, target: Device) {
        let background = Background {
            relation,
            source,
            target,
            next: 0,
            batch: Vec::new(),
            locks: Vec::new(),
            wanted: VecDeque::new(),
            started: Time::ZERO,
            phase: BackgroundPhase::Pick,
        };
        let slot = self.start(Work::Background(background));
        self.volatile.ready.push_back(slot);
    }

    fn end_long_busy(&mut self, source: Device, out: &mut DasdOutbox) {
        let held = self.volatile.devices[source.0 as usize].held.take().expect("the source was long busy");
        for command in held {
            self.accept(command, out);
        }
    }

    pub(super) fn accept_withdraw(&mut self, ticket: Ticket, target: Device, clear_hidden: bool, out: &mut DasdOutbox) {
        let Some(relation) = self.volatile.tables.relation_of_target(target) else {
            // The relationship of a COPY ends by itself; the hidden ID stays until it is asked to go.
            if clear_hidden && self.logical_label(target).label.is_some_and(|record| record.has_hidden()) {
                let (phase, number) = (WithdrawPhase::ClearHidden { withdrawn: false }, RelationNumber(0));
                let work = Withdraw { ticket, source: target, target, number, clear_hidden, phase };
                let slot = self.start(Work::Withdraw(work));
                self.wait(slot, self.parameters.metadata_log_write, out);
            } else {
                self.reply(ticket, Status::Rejected, Payload::Nothing, out);
            }
            return;
        };
        let (number, source) = (relation.number, relation.source);
        out.report(DasdFact::WithdrawRequested { relation: number, source, target });
        let phase = WithdrawPhase::Drain;
        let slot = self.start(Work::Withdraw(Withdraw { ticket, source, target, number, clear_hidden, phase }));
        if self.volatile.devices[target.0 as usize].reads == 0 {
            self.wait(slot, Span::ZERO, out);
        } else {
            self.volatile.devices[target.0 as usize].drainer = Some(slot);
        }
    }

    fn proceed_withdraw(&mut self, slot: u32, mut withdraw: Withdraw, out: &mut DasdOutbox) -> Option<Withdraw> {
        let Withdraw { source, target, number, .. } = withdraw;
        let log = self.parameters.metadata_log_write;
        withdraw.phase = match withdraw.phase {
            WithdrawPhase::Drain => {
                self.wait(slot, self.parameters.withdraw_time, out);
                WithdrawPhase::Work
            }
            WithdrawPhase::Work => {
                self.wait(slot, log, out);
                WithdrawPhase::Commit
            }
            WithdrawPhase::Commit => {
                self.end_relationship(number, source, target, out);
                out.report(DasdFact::RelationshipWithdrawn { relation: number, source, target });
                if !withdraw.clear_hidden {
                    self.reply(withdraw.ticket, Status::Good, Payload::Nothing, out);
                    return None;
                }
                self.wait(slot, log, out);
                WithdrawPhase::ClearHidden { withdrawn: true }
            }
            WithdrawPhase::ClearHidden { withdrawn } => {
                let mut label = *self.logical_label(target);
                if let Some(record) = label.label.as_mut() {
                    record.clear_hidden();
                }
                self.commit_label(target, label, out);
                out.report(DasdFact::HiddenIdCleared { device: target });
                let status = if withdrawn { Status::Good } else { Status::Rejected };
                self.reply(withdraw.ticket, status, Payload::Nothing, out);
                return None;
            }
        };
        Some(withdraw)
    }

    /// Deletes the entry. A label track that was still shared then holds T0 in the target's home (MODEL 3.4.4).
    fn end_relationship(&mut self, number: RelationNumber, source: Device, target: Device, out: &mut DasdOutbox) {
        let relation = self.volatile.tables.relation(number);
        let label_shared = relation.is_some_and(|relation| !relation.owns(TrackNo(0)));
        let label_track = label_shared.then(|| self.logical_image(target, TrackNo(0)));
        self.log(Record::End { relation: number }, out);
        if let Some(image) = label_track {
            let written = self.commit_track(target, TrackNo(0), image, out);
            assert!(written, "NVS keeps room for label tracks");
        }
        self.forget_older_versions(source);
    }

    fn proceed_delete(
        &mut self,
        slot: u32,
        ticket: Ticket,
        device: Device,
        label: LabelTrack,
        unbound: bool,
        out: &mut DasdOutbox,
    ) -> Option<bool> {
        if !unbound {
            self.log(Record::Unbind { device }, out);
            self.discard_data_versions(device);
            self.wait(slot, self.parameters.metadata_log_write, out);
            return Some(true);
        }
        self.commit_label(device, label, out);
        out.report(DasdFact::TargetDeleted { device });
        self.reply(ticket, Status::Good, Payload::Nothing, out);
        None
    }

    // ---- background copy ---------------------------------------------------------------------------------------

    fn proceed_background(&mut self, slot: u32, mut copy: Background, out: &mut DasdOutbox) -> Option<Background> {
        loop {
            let Some(relation) = self.volatile.tables.relation(copy.relation) else {
                copy.locks.drain(..).for_each(|key| self.unlock_track(key));
                return None;
            };
            match copy.phase {
                BackgroundPhase::Pick => {
                    let tracks = relation.tracks();
                    copy.wanted.clear();
                    while copy.next < tracks && copy.wanted.len() < BACKGROUND_BATCH as usize {
                        if !relation.owns(TrackNo(copy.next)) {
                            copy.wanted.push_back(TrackNo(copy.next));
                        }
                        copy.next += 1;
                    }
                    copy.started = out.now();
                    if copy.wanted.is_empty() {
                        copy.phase = BackgroundPhase::End;
                        self.wait(slot, self.parameters.metadata_log_write, out);
                        return Some(copy);
                    }
                    copy.phase = BackgroundPhase::Locks;
                }
                BackgroundPhase::Locks => {
                    while let Some(&track) = copy.wanted.front() {
                        let key = (copy.source, track);
                        if !self.lock_track(slot, key) {
                            return Some(copy);
                        }
                        copy.locks.push(key);
                        copy.wanted.pop_front();
                    }
                    copy.phase = BackgroundPhase::Stage;
                    // A host write may have come first: only what is still shared is copied.
                    // What the target itself was given becomes its own by destage.
                    let shared = copy.locks.iter().map(|&(_, track)| track).filter(|&track| {
                        !self.owns(&copy, track) && self.volatile.cache.newest(copy.target, track).is_none()
                    });
                    copy.batch = shared.collect();
                    let missing = copy
                        .batch
                        .iter()
                        .filter(|&&track| self.cached_t0(copy.relation.0, copy.source, track).is_none());
                    let tables = &self.volatile.tables;
                    let places: Vec<Place> = missing.filter_map(|&track| tables.place(copy.source, track)).collect();
                    if !places.is_empty() {
                        self.read_places(slot, &places, out);
                        return Some(copy);
                    }
                }
                BackgroundPhase::Stage => {
                    copy.phase = BackgroundPhase::Write;
                    let cells = copy.batch.iter().map(|&track| {
                        let image = self.t0_image(copy.relation.0, copy.source, track);
                        (copy.target, track, image, Purpose::Background)
                    });
                    let cells: Vec<_> = cells.collect();
                    if self.write_homes(slot, cells) {
                        return Some(copy);
                    }
                }
                BackgroundPhase::Write => {
                    copy.phase = BackgroundPhase::SetBits;
                    self.wait(slot, self.parameters.metadata_log_write, out);
                    return Some(copy);
                }
                BackgroundPhase::SetBits => {
                    let tracks = copy.batch.clone();
                    self.log(Record::Own { relation: copy.relation, tracks }, out);
                    copy.locks.drain(..).for_each(|key| self.unlock_track(key));
                    let bytes = copy.batch.len() as u64 * crate::vocab::TRACK_BYTES;
                    let due = copy.started + Span::of_transfer(bytes, self.parameters.background_rate);
                    copy.phase = BackgroundPhase::Pace;
                    self.wait(slot, due.saturating_since(out.now()), out);
                    return Some(copy);
                }
                BackgroundPhase::Pace => copy.phase = BackgroundPhase::Pick,
                BackgroundPhase::End => {
                    let Background { relation: number, source, target, .. } = copy;
                    self.log(Record::End { relation: number }, out);
                    self.forget_older_versions(source);
                    out.report(DasdFact::BackgroundCopyComplete { relation: number, source, target });
                    return None;
                }
            }
        }
    }

    fn owns(&self, copy: &Background, track: TrackNo) -> bool {
        self.volatile.tables.relation(copy.relation).is_none_or(|relation| relation.owns(track))
    }

    // ---- destage -----------------------------------------------------------------------------------------------

    fn proceed_destage(&mut self, slot: u32, mut destage: Destage, out: &mut DasdOutbox) -> Option<Destage> {
        let device = destage.device;
        loop {
            match destage.phase {
                DestagePhase::ReadT0 => {
                    destage.phase = DestagePhase::WriteTarget;
                    let copies = self.cells_to_copy(&destage);
                    if let Some((target, _)) = copies {
                        let cells: Vec<_> = destage
                            .cells
                            .iter()
                            .filter_map(|cell| cell.copy_for.map(|number| (cell.track, number)))
                            .map(|(track, number)| {
                                (target, track, self.t0_image(number.0, device, track), Purpose::CopyOnWrite)
                            })
                            .collect();
                        if self.write_homes(slot, cells) {
                            return Some(destage);
                        }
                    }
                }
                DestagePhase::WriteTarget => {
                    destage.phase = DestagePhase::SetBits;
                    if self.cells_to_copy(&destage).is_some() {
                        self.wait(slot, self.parameters.metadata_log_write, out);
                        return Some(destage);
                    }
                }
                DestagePhase::SetBits => {
                    destage.phase = DestagePhase::WriteHome;
                    if let Some((_, relation)) = self.cells_to_copy(&destage) {
                        let copied = destage.cells.iter().filter(|cell| cell.copy_for.is_some());
                        let tracks: Vec<TrackNo> = copied.map(|cell| cell.track).collect();
                        for &track in &tracks {
                            out.report(DasdFact::CowBitSet { device, track });
                        }
                        self.log(Record::Own { relation, tracks }, out);
                    }
                    let cells = destage
                        .cells
                        .iter()
                        .map(|cell| (device, cell.track, cell.image.clone(), Purpose::Destage { newer: cell.newer }))
                        .collect();
                    if self.write_homes(slot, cells) {
                        return Some(destage);
                    }
                }
                DestagePhase::WriteHome => {
                    self.end_destage(destage, out);
                    return None;
                }
            }
        }
    }

    /// The target and relationship for which cells are copied first, while it stands.
    fn cells_to_copy(&self, destage: &Destage) -> Option<(Device, RelationNumber)> {
        let number = destage.cells.iter().find_map(|cell| cell.copy_for)?;
        self.volatile.tables.relation(number).map(|relation| (relation.target, number))
    }

    /// Writes tracks to their homes, grouped by row. False when no track has a home.
    fn write_homes(&mut self, parent: u32, tracks: Vec<(Device, TrackNo, TrackImage, Purpose)>) -> bool {
        let mut rows: Vec<RowWrite> = Vec::new();
        for (device, track, image, purpose) in tracks {
            let Some(place) = self.volatile.tables.place(device, track) else { continue };
            let location = self.rank.locate(place);
            let cell = RowCell { device, track, disk: location.disk, image, purpose };
            match rows.iter_mut().find(|row| row.row == location.row) {
                Some(row) => row.cells.push(cell),
                None => rows.push(RowWrite {
                    parent,
                    row: location.row,
                    parity_disk: location.parity_disk,
                    cells: vec![cell],
                    phase: RowPhase::Lock,
                }),
            }
        }
        self.volatile.ops[parent as usize].outstanding += rows.len() as u32;
        let any = !rows.is_empty();
        for row in rows {
            let child = self.start(Work::RowWrite(row));
            self.volatile.ready.push_back(child);
        }
        any
    }

    fn proceed_row(&mut self, slot: u32, mut row: RowWrite, out: &mut DasdOutbox) -> Option<RowWrite> {
        if row.phase == RowPhase::Lock {
            if !self.lock_row(slot, row.row) {
                return Some(row);
            }
            row.phase = RowPhase::Read;
            for disk in self.disks_to_read(&row) {
                self.submit_disk(DiskOp { disk, row: row.row, rows: 1, action: Action::Read, owner: slot }, out);
            }
            if self.volatile.ops[slot as usize].outstanding > 0 {
                return Some(row);
            }
        }
        if row.phase == RowPhase::Read {
            row.phase = RowPhase::Write;
            self.write_row(slot, &row, out);
            return Some(row);
        }
        self.battery.stripes.retain(|intent| intent.row != row.row);
        self.unlock_row(row.row);
        self.child_ended(row.parent);
        None
    }

    /// What the new parity is computed from: the old content of the columns and the old parity, or the other columns,
    /// whichever is fewer. A full row needs nothing.
    fn disks_to_read(&self, row: &RowWrite) -> Vec<u16> {
        let disks = self.rank.disks();
        let written = |disk: u16| row.cells.iter().any(|cell| cell.disk == disk);
        let others: Vec<u16> = (0..disks).filter(|&disk| disk != row.parity_disk && !written(disk)).collect();
        if others.len() <= row.cells.len() {
            return others;
        }
        let mut old: Vec<u16> = row.cells.iter().map(|cell| cell.disk).collect();
        old.push(row.parity_disk);
        old
    }

    fn write_row(&mut self, slot: u32, row: &RowWrite, out: &mut DasdOutbox) {
        let disks = self.rank.disks();
        let new_tag = |disk: u16| row.cells.iter().find(|cell| cell.disk == disk).map(|cell| cell.image.tag);
        let parity = if self.disks_to_read(row).contains(&row.parity_disk) {
            row.cells.iter().fold(self.rank.slot(row.parity_disk, row.row), |parity, cell| {
                Tag(parity.0 ^ self.rank.slot(cell.disk, row.row).0 ^ cell.image.tag.0)
            })
        } else {
            (0..disks).filter(|&disk| disk != row.parity_disk).fold(Tag(0), |parity, disk| {
                Tag(parity.0 ^ new_tag(disk).unwrap_or_else(|| self.rank.slot(disk, row.row)).0)
            })
        };
        if self.parameters.stripe_log == StripeLog::Nvs {
            let mut cells: Vec<(u16, Tag)> = row.cells.iter().map(|cell| (cell.disk, cell.image.tag)).collect();
            cells.push((row.parity_disk, parity));
            let labels = row.cells.iter().filter_map(|cell| Some((cell.device, cell.image.label.clone()?))).collect();
            self.battery.stripes.push(StripeIntent { row: row.row, cells, labels });
        }
        for cell in &row.cells {
            let action = Action::Write(cell.image.tag);
            self.submit_disk(DiskOp { disk: cell.disk, row: row.row, rows: 1, action, owner: slot }, out);
        }
        let action = Action::Write(parity);
        self.submit_disk(DiskOp { disk: row.parity_disk, row: row.row, rows: 1, action, owner: slot }, out);
    }

    /// A disk operation ended: what it wrote is on the platter now.
    pub(super) fn disk_ended(&mut self, op: DiskOp, out: &mut DasdOutbox) {
        if let (Action::Write(_), Work::RowWrite(row)) = (&op.action, &self.volatile.ops[op.owner as usize].work) {
            match row.cells.iter().find(|cell| cell.disk == op.disk) {
                Some(cell) => {
                    let RowCell { device, track, ref image, purpose, .. } = *cell;
                    if let Some(label) = &image.label {
                        self.durable.home_labels[device.0 as usize] = Arc::clone(label);
                    }
                    out.report(DasdFact::StripeDataWritten { row: op.row });
                    match purpose {
                        Purpose::Destage { newer } if self.volatile.tables.relation_of_source(device).is_some() => {
                            out.report(DasdFact::SourceHomeWritten { device, track, newer });
                        }
                        Purpose::Destage { .. } => {}
                        Purpose::CopyOnWrite => out.report(DasdFact::CowCopyHardened { device, track }),
                        Purpose::Background => out.report(DasdFact::BackgroundTrackHardened { device, track }),
                    }
                }
                None => out.report(DasdFact::StripeParityWritten { row: op.row }),
            }
        }
        self.child_ended(op.owner);
    }

    fn child_ended(&mut self, parent: u32) {
        let op = &mut self.volatile.ops[parent as usize];
        op.outstanding -= 1;
        if op.outstanding == 0 {
            self.volatile.ready.push_back(parent);
        }
    }

    // ---- locks -------------------------------------------------------------------------------------------------

    /// The track whose lock covers a track of a device: T0 data is locked where it is found.
    pub(super) fn lock_of(&self, device: Device, track: TrackNo) -> (Device, TrackNo) {
        match self.volatile.tables.relation_of_target(device).filter(|relation| !relation.owns(track)) {
            Some(relation) => (relation.source, track),
            None => (device, track),
        }
    }

    /// True when the operation holds the lock now; otherwise it is made ready when it does.
    fn lock_track(&mut self, slot: u32, key: (Device, TrackNo)) -> bool {
        match self.volatile.track_locks.get_mut(&key) {
            None => {
                self.volatile.track_locks.insert(key, Lock { holder: slot, waiters: VecDeque::new() });
                true
            }
            Some(lock) if lock.holder == slot => true,
            Some(lock) => {
                lock.waiters.push_back(slot);
                false
            }
        }
    }

    /// Takes a lock that nobody holds.
    pub(super) fn take_free_lock(&mut self, slot: u32, key: (Device, TrackNo)) {
        let taken = self.lock_track(slot, key);
        assert!(taken, "the lock was seen to be free");
    }

    pub(super) fn unlock_track(&mut self, key: (Device, TrackNo)) {
        let lock = self.volatile.track_locks.get_mut(&key).expect("a held lock exists");
        match lock.waiters.pop_front() {
            Some(next) => {
                lock.holder = next;
                self.volatile.ready.push_back(next);
            }
            None => {
                self.volatile.track_locks.remove(&key);
            }
        }
    }

    fn lock_row(&mut self, slot: u32, row: u64) -> bool {
        match self.volatile.row_locks.get_mut(&row) {
            None => {
                self.volatile.row_locks.insert(row, Lock { holder: slot, waiters: VecDeque::new() });
                true
            }
            Some(lock) if lock.holder == slot => true,
            Some(lock) => {
                lock.waiters.push_back(slot);
                false
            }
        }
    }

    fn unlock_row(&mut self, row: u64) {
        let lock = self.volatile.row_locks.get_mut(&row).expect("a held lock exists");
        match lock.waiters.pop_front() {
            Some(next) => {
                lock.holder = next;
                self.volatile.ready.push_back(next);
            }
            None => {
                self.volatile.row_locks.remove(&row);
            }
        }
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
        if let Some(device) = written_device(&command)
            && let Some(held) = &mut self.volatile.devices[device.0 as usize].held
        {
            held.push_back(command);
            return;
        }
        match command {
            DasdCommand::Read { ticket, range, bytes, images } => {
                self.volatile.devices[range.device.0 as usize].reads += 1;
                let slot = self.start(Work::Read(Read {
                    ticket,
                    range,
                    bytes,
                    images,
                    phase: ReadPhase::Processor,
                    hit: false,
                    locks: Vec::new(),
                    first: Tag(0),
                    rest: Vec::new(),
                }));
                self.use_processor(slot, out);
            }
            DasdCommand::Write { ticket, range, bytes, write } => {
                if self.is_fenced(range.device) {
                    self.reply(ticket, Status::WriteInhibited, Payload::Nothing, out);
                    return;
                }
                self.volatile.devices[range.device.0 as usize].writes += 1;
                out.report(DasdFact::WriteAccepted { device: range.device, track: range.first });
                let slot = self.start(Work::Write(Write { ticket, range, write, phase: WritePhase::Channel }));
                self.use_channel(slot, bytes, out);
            }
            DasdCommand::WriteTracks { ticket, device, first, images } => {
                if self.is_fenced(device) || !self.volatile.tables.is_bound(device) {
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
                self.volatile.devices[device.0 as usize].writes += 1;
                let slot = self.start(Work::WriteLabel { ticket, device, label });
                self.use_processor(slot, out);
            }
            DasdCommand::ReadLabel { ticket, device } => {
                let slot = self.start(Work::ReadLabel { ticket, device });
                self.use_processor(slot, out);
            }
            DasdCommand::Establish { ticket, source, target, identity, mode } => {
                self.accept_establish(ticket, source, target, identity, mode, out);
            }
            DasdCommand::Withdraw { ticket, target, clear_hidden } => {
                self.accept_withdraw(ticket, target, clear_hidden, out);
            }
            DasdCommand::DeleteTarget { ticket, device, label } => {
                if self.volatile.tables.is_related(device) {
                    self.reply(ticket, Status::Rejected, Payload::Nothing, out);
                    return;
                }
                let slot = self.start(Work::Delete { ticket, device, label, unbound: false });
                self.wait(slot, self.parameters.metadata_log_write, out);
            }
            DasdCommand::QueryRelations { ticket } => {
                let relations = self.query_relations();
                self.reply(ticket, Status::Good, Payload::Relations(relations), out);
            }
        }
    }

    /// A conditioned target refuses host writes while its relationship stands (MODEL 1.5, question 9).
    fn is_fenced(&self, device: Device) -> bool {
        self.volatile.tables.relation_of_target(device).is_some_and(|relation| relation.conditioned)
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
