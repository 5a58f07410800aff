//! The DASD controller of the home-area architecture (102, patent paragraphs 18 to 25).
//!
//! It takes commands from hosts, keeps volumes on a RAID rank behind cache and NVS, and makes instant virtual copies by a
//! relationship table with copy-on-write. It knows nothing of backups, tapes or volume IDs in use: whether an ID is copied
//! or withheld is a parameter of the command.
//!
//! Deliberately absent: two clusters with failover, prefetch, persistent and incremental relationships, more than one
//! relationship per volume, partial extents.

mod background;
pub mod command;
mod copy;
mod destage;
mod freeze;
mod lock;
mod microcode;
pub mod parameters;
mod read;
mod restart;
mod row;
mod state;
pub mod tables;
mod view;
mod write;

use std::sync::Arc;

pub use command::{DasdCommand, DasdFact, DasdReply, Identity, Payload, RelationSummary};
pub use parameters::{
    CopyMode, CowTiming, DasdParameters, Fence, LabelCommit, LabelResidency, StripeLog, VolumeParameters,
};
pub use view::DurableVolumes;

use self::state::{BatteryBacked, Durable, Volatile};
use self::tables::{Record, Tables};
use crate::device::raid::{Place, PlaceExtent, Rank, RankError};
use crate::kernel::{Class, Outbox, Stream, Time};
use crate::vocab::{LabelTrack, Status};

/// What the controller sends to the hosts that see it.
#[derive(Clone, Debug, Hash)]
pub enum DasdMessage {
    Reply(DasdReply),
    /// Every command that has no answer yet will never have one.
    Down,
    Up,
}

pub type DasdOutbox = Outbox<DasdTimer, DasdMessage, DasdFact>;

/// A timer of the controller; void after a crash, which raises the generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DasdTimer {
    kind: DasdTimerKind,
    generation: u16,
    slot: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum DasdTimerKind {
    /// A processor is done with an operation.
    Processor,
    Channel,
    /// A disk is done with its operation.
    Disk,
    /// An operation's delay or log record is done.
    Delay,
    /// The metadata store has taken the log records that were waiting.
    MetadataFlush,
    /// The oldest modified track reaches its age.
    Scan,
    /// A long busy that nobody ended has lasted long enough.
    LongBusy,
    Restart,
}

#[derive(Clone, Debug)]
pub struct DasdController {
    parameters: Arc<DasdParameters>,
    /// Platters are durable; arms, lines and operations in progress are not.
    rank: Rank,
    durable: Durable,
    battery: BatteryBacked,
    volatile: Volatile,
    condition: Condition,
    generation: u16,
}

/// Whether the controller answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Up,
    /// Power is off or the processors are starting; then the steps of the restart.
    Starting(RestartStep),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestartStep {
    ReplayNvs,
    RebuildTables,
    FinishMetadata,
}

impl DasdController {
    /// A controller whose volumes lie one behind the other and bear fresh labels.
    pub fn new(parameters: Arc<DasdParameters>, phases: &Stream) -> Result<DasdController, RankError> {
        let tracks: Vec<u32> = parameters.volumes.iter().map(|volume| volume.tracks).collect();
        let mut first = 0;
        let mut extents = Vec::new();
        for (number, &count) in tracks.iter().enumerate() {
            extents.push(PlaceExtent { first: Place(first), count: u64::from(count), volume: number as u64 });
            first += u64::from(count);
        }
        let rank = Rank::new(&parameters.rank, &extents, phases)?;
        let tables = Tables::new(&tracks, rank.places());
        let home_labels = parameters.volumes.iter().map(|volume| Arc::new(LabelTrack::fresh(volume.id))).collect();
        Ok(DasdController {
            rank,
            durable: Durable { store: tables.clone(), home_labels },
            battery: BatteryBacked::new(&parameters),
            volatile: Volatile::new(&parameters, tables),
            condition: Condition::Up,
            generation: 0,
            parameters,
        })
    }

    /// False for a timer set before a crash.
    pub fn is_live(&self, timer: &DasdTimer) -> bool {
        timer.generation == self.generation
    }

    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }

    pub fn command(&mut self, command: DasdCommand, out: &mut DasdOutbox) {
        if !self.is_up() {
            self.reply(command.ticket(), Status::NotOperational, Payload::Nothing, out);
            return;
        }
        self.accept(command, out);
        self.run_ready(out);
    }

    pub fn timer_due(&mut self, timer: DasdTimer, out: &mut DasdOutbox) {
        let DasdTimer { kind, slot, .. } = timer;
        match kind {
            DasdTimerKind::Processor => {
                if let Some(next) = self.volatile.cpu.depart(out.now()) {
                    self.time_processor(next, out);
                }
                self.volatile.ready.push_back(slot);
            }
            DasdTimerKind::Channel => {
                if let Some((next, service)) = self.volatile.channel.complete(out.now()) {
                    out.complete_after(service, self.timer(DasdTimerKind::Channel, next));
                }
                self.volatile.ready.push_back(slot);
            }
            DasdTimerKind::Disk => {
                let completed = self.rank.complete(out.now(), slot as u16);
                if let Some(service) = completed.next {
                    out.complete_after(service, self.timer(DasdTimerKind::Disk, slot));
                }
                self.disk_ended(completed.op, out);
            }
            DasdTimerKind::Delay => self.volatile.ready.push_back(slot),
            DasdTimerKind::MetadataFlush => self.metadata_written(out),
            DasdTimerKind::Scan => self.scan(out),
            DasdTimerKind::LongBusy => self.long_busy_expired(slot, out),
            DasdTimerKind::Restart => self.restart(out),
        }
        self.run_ready(out);
    }

    /// Commits a metadata transaction: it is in the NVS log and in the tables now, on the metadata store later.
    fn log(&mut self, record: Record, out: &mut DasdOutbox) {
        self.volatile.tables.apply(&record);
        self.battery.log.push_back(record);
        self.flush_metadata(out);
    }

    fn flush_metadata(&mut self, out: &mut DasdOutbox) {
        if self.volatile.flushing.is_none() && !self.battery.log.is_empty() {
            self.volatile.flushing = Some(self.battery.log.len());
            out.complete_after(self.parameters.metadata_write, self.timer(DasdTimerKind::MetadataFlush, 0));
        }
    }

    fn metadata_written(&mut self, out: &mut DasdOutbox) {
        let records = self.volatile.flushing.take().expect("a metadata write was in progress");
        for record in self.battery.log.drain(..records) {
            self.durable.store.apply(&record);
        }
        self.flush_metadata(out);
    }

    fn timer(&self, kind: DasdTimerKind, slot: u32) -> DasdTimer {
        DasdTimer { kind, generation: self.generation, slot }
    }

    fn restart_after(&self, delay: crate::kernel::Span, out: &mut DasdOutbox) {
        let at: Time = out.now() + delay;
        out.timer_at(at, Class::Completion, self.timer(DasdTimerKind::Restart, 0));
    }
}
