//! The DASD controller (102, patent paragraphs 18 to 25), of either architecture.
//!
//! It takes commands from hosts, keeps volumes on a RAID rank behind cache and NVS, and makes instant virtual copies. It
//! knows nothing of backups, tapes or volume IDs in use: whether an ID is copied or withheld is a parameter of the command.
//!
//! Commands, channel, processors, cache, NVS, locks, rows of the rank, the metadata log and the restart are common to both
//! architectures. What differs is how tracks lead to places, and what follows from it:
//!
//! | | home area | log-structured |
//! |---|---|---|
//! | map | [`homes`] | [`directory`] |
//! | destage | `destage`: copy on write, then in place | `append`: to new places, then the bindings |
//! | instant copy | `copy`: entry in the relationship table | `snapshot`: counts, then pointers |
//! | its end | `copy`: withdraw | `delete`: the target's bindings go |
//! | by itself | `background`: copy of what nobody writes | `collect`: free-space collection; `space`: load |
//!
//! It has one or two clusters: each has its processors and its half of the cache, and keeps the second copies of the other's
//! modified data in its NVS. Deliberately absent: incremental relationships, more than one relationship per volume.

mod append;
mod background;
mod before_commit;
mod clusters;
mod collect;
pub mod command;
mod copy;
mod cut;
mod delete;
mod destage;
pub mod directory;
mod faults;
mod freeze;
pub mod homes;
mod lock;
mod microcode;
pub mod parameters;
mod prefetch;
mod read;
mod restart;
mod row;
mod snapshot;
mod space;
mod state;
mod store;
pub mod tables;
mod upkeep;
mod view;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use command::{DasdCommand, DasdFact, DasdReply, Identity, Payload, Rejection, RelationSummary};
pub use parameters::{
    Architecture, Cascade, Collector, CopyMode, CopyTerms, CowTiming, Cpu, DasdParameters, Exhaustion, Fence,
    HiddenRule, LabelCommit, LabelResidency, LsaParameters, OpportunisticCopy, ReleaseSpace, StoreKind, StripeLog,
    Transaction, VolumeParameters,
};
pub use space::SpaceAccount;
pub use view::DurableVolumes;

use self::directory::{Directory, Stored};
use self::homes::Homes;
use self::state::{BatteryBacked, Durable, Logged, Volatile};
use self::store::MetadataStore;
use self::tables::{Map, Record, Tables};
use crate::device::raid::{Place, PlaceExtent, Rank, RankError};
use crate::kernel::{Class, Outbox, Span, Stream, Time};
use crate::vocab::{Device, LabelTrack, Mutant, Status, TrackNo};

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
    /// Instant copies are refused (`instant-copy-unavailable`); it survives every crash.
    copies_refused: bool,
    /// No spare is filled any more, and nothing scrubbed: the run ends.
    upkeep_stopped: bool,
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
        let stored = parameters.volumes.iter().map(|volume| parameters.stored_at_first(volume).places());
        let mut first = 0;
        let mut extents = Vec::new();
        for (count, volume) in stored.zip(0..) {
            extents.push(PlaceExtent { first: Place(first), count, volume });
            first += count;
        }
        if parameters.architecture == Architecture::LogStructured {
            let (segment, segments) = parameters.segments();
            // What free places hold is left from earlier use.
            let count = segment * segments - first;
            extents.push(PlaceExtent { first: Place(first), count, volume: u64::MAX });
        }
        let rank = match &parameters.disks {
            Some(disks) => Rank::of_disks(Arc::clone(disks), &parameters.rank, &extents, phases)?,
            None => Rank::new(&parameters.rank, &extents, phases)?,
        };
        let tables = first_tables(&parameters, rank.places());
        let labelled = parameters.volumes.iter().zip(0..).filter_map(|(volume, number)| {
            let place = tables.place(Device(number), TrackNo(0))?;
            Some((place, Arc::new(LabelTrack::fresh(volume.id))))
        });
        let labels = labelled.collect();
        Ok(DasdController {
            rank,
            durable: Durable { store: MetadataStore::new(tables.clone()), labels },
            battery: BatteryBacked::new(&parameters),
            volatile: Volatile::new(&parameters, tables),
            condition: Condition::Up,
            generations: [0; 4],
            failback_due: Time::ZERO,
            paths_lost: 0,
            torn: BTreeMap::new(),
            opportunism,
            copies_refused: false,
            upkeep_stopped: false,
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

    /// From now on there are no instant copies. False when there were none before.
    pub fn refuse_copies(&mut self) -> bool {
        !std::mem::replace(&mut self.copies_refused, true)
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
        if let Record::End { relation } = record
            && self.parameters.lacks(Mutant::StaleBitmapGeneration)
        {
            let ended = self.volatile.tables.relation(relation);
            self.battery.stale_bits.extend(ended.map(|relation| (relation.target, relation.owned())));
        }
        for Place(place) in self.volatile.tables.apply(&record) {
            out.report(DasdFact::PlaceFreed { place });
        }
        let is_kept = match record {
            Record::Establish(_) | Record::Own { .. } => !self.parameters.lacks(Mutant::VolatileRelationship),
            _ => true,
        };
        let safe = self.parameters.metadata_transaction == Transaction::Logged;
        if !is_kept {
            return;
        }
        self.battery.log.push_back(Logged { record, safe });
        self.note_load(out);
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

/// The tables at the start of a run.
fn first_tables(parameters: &DasdParameters, places: u64) -> Tables {
    let tracks: Vec<u32> = parameters.volumes.iter().map(|volume| volume.tracks).collect();
    let map = match parameters.architecture {
        Architecture::HomeArea => Map::HomeArea(Homes::new(&tracks, places)),
        Architecture::LogStructured => {
            let stored: Vec<Stored> =
                parameters.volumes.iter().map(|volume| parameters.stored_at_first(volume)).collect();
            let (segment, segments) = parameters.segments();
            Map::LogStructured(Directory::new(&stored, segment, segments))
        }
    };
    Tables::new(&tracks, map)
}
