//! The DASD controller of the home-area architecture (102, patent paragraphs 18 to 25).
//!
//! It takes commands from hosts, keeps volumes on a RAID rank behind cache and NVS, and makes instant virtual copies by a
//! relationship table with copy-on-write. It knows nothing of backups, tapes or volume IDs in use: whether an ID is copied
//! or withheld is a parameter of the command.
//!
//! It has one or two clusters: each has its processors and its half of the cache, and keeps the second copies of the other's
//! modified data in its NVS. Deliberately absent: prefetch, persistent and incremental relationships, more than one
//! relationship per volume, partial extents.

mod background;
mod before_commit;
mod clusters;
pub mod command;
mod copy;
mod cut;
mod destage;
mod faults;
mod freeze;
mod lock;
mod microcode;
pub mod parameters;
mod read;
mod restart;
mod row;
mod state;
mod store;
pub mod tables;
mod view;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use command::{DasdCommand, DasdFact, DasdReply, Identity, Payload, RelationSummary};
pub use parameters::{
    CopyMode, CopyTerms, CowTiming, Cpu, DasdParameters, Fence, HiddenRule, LabelCommit, LabelResidency,
    OpportunisticCopy, StoreKind, StripeLog, Transaction, VolumeParameters,
};
pub use view::DurableVolumes;

use self::state::{BatteryBacked, Durable, Logged, Volatile};
use self::store::MetadataStore;
use self::tables::{Record, Tables};
use crate::device::raid::{Place, PlaceExtent, Rank, RankError};
use crate::kernel::{Class, Outbox, Span, Stream, Time};
use crate::vocab::{Device, LabelTrack, Status};

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
    /// Whose generation counts: a cluster's, or [`SHARED`].
    domain: u8,
    generation: u16,
    slot: u32,
}

/// The timers of what both clusters share: channels, disks, the metadata store, restart and failover.
const SHARED: u8 = 2;
/// What no crash of the controller voids: the paths outside.
const OUTSIDE: u8 = 3;

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
    /// The next step of a failover from the cluster, or its load is over.
    Failover,
    Failback,
    /// A channel path works again.
    PathBack,
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
    /// By domain: of the clusters, the shared one, and one that never changes.
    generations: [u16; 4],
    /// When a cluster that crashed has loaded.
    failback_due: Time,
    /// Channel paths that do not work.
    paths_lost: u32,
    /// Devices whose next label write is cut behind so many bytes.
    torn: BTreeMap<Device, u8>,
    /// Which label tracks the controller copies by itself.
    opportunism: Stream,
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
    pub fn new(
        parameters: Arc<DasdParameters>,
        phases: &Stream,
        opportunism: Stream,
    ) -> Result<DasdController, RankError> {
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
            durable: Durable { store: MetadataStore::new(tables.clone()), home_labels },
            battery: BatteryBacked::new(&parameters),
            volatile: Volatile::new(&parameters, tables),
            condition: Condition::Up,
            generations: [0; 4],
            failback_due: Time::ZERO,
            paths_lost: 0,
            torn: BTreeMap::new(),
            opportunism,
            parameters,
        })
    }

    /// False for a timer set before a crash.
    pub fn is_live(&self, timer: &DasdTimer) -> bool {
        timer.generation == self.generations[usize::from(timer.domain)]
    }

    pub fn is_up(&self) -> bool {
        self.condition == Condition::Up
    }

    pub fn command(&mut self, command: DasdCommand, out: &mut DasdOutbox) {
        if !self.answers() {
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
                let cluster = usize::from(self.volatile.ops[slot as usize].cluster);
                if let Some(next) = self.volatile.cpus[cluster].depart(out.now()) {
                    self.time_processor(next, out);
                }
                self.wait_ended(slot);
            }
            DasdTimerKind::Channel => {
                if let Some((next, service)) = self.volatile.channel.complete(out.now()) {
                    out.complete_after(service, self.timer(DasdTimerKind::Channel, next));
                }
                self.child_ended(slot);
            }
            DasdTimerKind::Disk => {
                let completed = self.rank.complete(out.now(), slot as u16);
                if let Some(service) = completed.next {
                    out.complete_after(service, self.timer(DasdTimerKind::Disk, slot));
                }
                self.disk_ended(completed.op, completed.arrived, out);
            }
            DasdTimerKind::Delay => self.wait_ended(slot),
            DasdTimerKind::MetadataFlush => self.metadata_written(out),
            DasdTimerKind::Scan => self.scan(out),
            DasdTimerKind::LongBusy => self.long_busy_expired(slot, out),
            DasdTimerKind::Restart => self.restart(out),
            DasdTimerKind::Failover => self.fail_over(slot as u8, out),
            DasdTimerKind::Failback => self.fail_back(slot as u8, out),
            DasdTimerKind::PathBack => self.path_back(out),
        }
        self.run_ready(out);
    }

    fn wait_ended(&mut self, slot: u32) {
        self.volatile.ops[slot as usize].timed = false;
        self.volatile.ready.push_back(slot);
    }

    /// Commits a metadata transaction: it is in the NVS log and in the tables now, on the metadata store later. Without
    /// NVS it goes to the store itself, which its caller has waited for ([`Self::log_time`]).
    fn log(&mut self, record: Record, out: &mut DasdOutbox) {
        self.volatile.tables.apply(&record);
        let safe = self.parameters.metadata_transaction == Transaction::Logged;
        self.battery.log.push_back(Logged { record, safe });
        if safe && !self.has_nvs() {
            self.store_log(self.battery.log.len());
            self.volatile.flushing = self.volatile.flushing.map(|_| 0);
            return;
        }
        self.flush_metadata(out);
    }

    /// How long a metadata transaction takes until it counts.
    fn log_time(&self) -> Span {
        if self.has_nvs() { self.parameters.metadata_log_write } else { self.parameters.metadata_write }
    }

    fn store_log(&mut self, records: usize) {
        for logged in self.battery.log.drain(..records) {
            self.durable.store.apply(logged.record);
        }
    }

    fn flush_metadata(&mut self, out: &mut DasdOutbox) {
        if self.volatile.flushing.is_none() && !self.battery.log.is_empty() {
            self.volatile.flushing = Some(self.battery.log.len());
            out.complete_after(self.parameters.metadata_write, self.timer(DasdTimerKind::MetadataFlush, 0));
        }
    }

    fn metadata_written(&mut self, out: &mut DasdOutbox) {
        let records = self.volatile.flushing.take().expect("a metadata write was in progress");
        self.store_log(records);
        self.flush_metadata(out);
    }

    fn timer(&self, kind: DasdTimerKind, slot: u32) -> DasdTimer {
        let domain = match kind {
            DasdTimerKind::Processor | DasdTimerKind::Delay => self.volatile.ops[slot as usize].cluster,
            DasdTimerKind::PathBack => OUTSIDE,
            _ => SHARED,
        };
        DasdTimer { kind, domain, generation: self.generations[usize::from(domain)], slot }
    }

    fn restart_after(&self, delay: Span, out: &mut DasdOutbox) {
        let at: Time = out.now() + delay;
        out.timer_at(at, Class::Completion, self.timer(DasdTimerKind::Restart, 0));
    }
}
