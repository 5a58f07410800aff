//! What the controller holds: what survives a crash, what NVS saves while its battery lasts, and what is lost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::command::DasdCommand;
use super::microcode::{Op, Work};
use super::parameters::DasdParameters;
use super::prefetch::Stream;
use super::space::Space;
use super::store::MetadataStore;
use super::tables::{Record, Tables};
use crate::device::cache::{Cache, CacheParameters, Nvs};
use crate::device::channel::Channel;
use crate::device::raid::Place;
use crate::kernel::{Station, Time};
use crate::vocab::{Device, LabelTrack, SLOT_BYTES, Tag, TrackNo};

/// Survives everything that is modelled, battery-backed metadata stores aside: the metadata store 124 and the label records
/// on the platters. (The platters themselves are the durable half of the rank.)
#[derive(Clone, Debug)]
pub struct Durable {
    pub store: MetadataStore,
    /// By place: a label record lies beside the content of the track that is stored there.
    pub labels: BTreeMap<Place, Arc<LabelTrack>>,
}

/// Survives a crash while the battery lasts, and is lost as a whole otherwise.
#[derive(Clone, Debug)]
pub struct BatteryBacked {
    /// Second copies of modified data, a bank in each cluster.
    pub modified: Nvs,
    /// Metadata transactions that the store has not seen yet.
    pub log: VecDeque<Logged>,
    /// Stripes whose data and parity are being written.
    pub stripes: Vec<StripeIntent>,
    /// Relationship numbers are never used twice.
    pub next_relation: u32,
    /// By target, own bits of a copy that is over. Nothing but a mutant keeps them.
    pub stale_bits: Vec<(Device, Vec<TrackNo>)>,
}

/// A metadata transaction on its way to the store.
#[derive(Clone, Debug)]
pub struct Logged {
    pub record: Record,
    /// It is in NVS. False after a loss of NVS, and for transactions that are not logged: memory alone knows it.
    pub safe: bool,
}

/// What a row of the rank will hold once its write is complete.
#[derive(Clone, Debug)]
pub struct StripeIntent {
    pub row: u64,
    pub cells: Vec<(u16, Tag)>,
    pub labels: Vec<(Place, Arc<LabelTrack>)>,
}

/// Lost in every crash of the controller; a crash of one cluster loses its part.
#[derive(Clone, Debug)]
pub struct Volatile {
    pub tables: Tables,
    pub cache: Cache,
    /// The processors of each cluster.
    pub cpus: Vec<Station<u32>>,
    pub clusters: Vec<ClusterState>,
    /// Work and commands that wait until the survivor has taken over.
    pub suspended: VecDeque<Suspended>,
    pub channel: Channel,
    pub ops: Vec<Op>,
    pub free_ops: Vec<u32>,
    /// Operations whose wait has ended within the present event.
    pub ready: VecDeque<u32>,
    pub track_locks: BTreeMap<(Device, TrackNo), Lock>,
    pub row_locks: BTreeMap<u64, Lock>,
    pub devices: Vec<DeviceState>,
    /// Writes that wait for a place in NVS.
    pub nvs_waiters: VecDeque<u32>,
    pub destages: u32,
    /// By cluster: the NVS that holds its modified data went above its high mark and is not yet below its low mark.
    pub draining: Vec<bool>,
    /// By cluster: what was modified at this instant or before is destaged at high priority.
    pub urgent: Vec<Option<Time>>,
    /// Writes without NVS that wait until their tracks are on disk.
    pub hardening: Vec<u32>,
    pub full_reported: bool,
    pub scan_armed: bool,
    /// Log records that the metadata write in progress takes along.
    pub flushing: Option<usize>,
    /// Freezes so far: each has a number.
    pub freezes: u32,
    /// Of a log-structured array.
    pub space: Space,
}

/// How a cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterState {
    Up,
    /// It crashed, and nobody serves its devices yet.
    Failing(FailoverStep),
    /// The other cluster serves its devices until the load is over.
    TakenOver,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailoverStep {
    /// The survivor notices; then it reads NVS and completes unfinished stripes.
    ReadNvs,
    TakeDevices,
}

/// What waits for the end of a failover.
#[derive(Clone, Debug)]
pub enum Suspended {
    Command(DasdCommand),
    /// Cut in the crash; it is begun again, or goes on behind its last transaction.
    Work(Work),
}

/// A lock: its holder, and who waits in order of arrival.
#[derive(Clone, Debug)]
pub struct Lock {
    pub holder: u32,
    pub waiters: VecDeque<u32>,
}

#[derive(Clone, Debug, Default)]
pub struct DeviceState {
    /// Extended long busy: new writes wait here until it ends.
    pub held: Option<VecDeque<DasdCommand>>,
    /// The freeze that keeps it busy.
    pub frozen: Option<u32>,
    /// An establish keeps it busy.
    pub establishing: bool,
    /// What hosts read of it last.
    pub stream: Stream,
    /// Writes accepted and not yet answered.
    pub writes: u32,
    /// Reads in progress.
    pub reads: u32,
    pub destages: u32,
    /// The device is about to become a target: its modified data will be discarded and is no longer destaged.
    pub no_destage: bool,
    /// The establish or withdraw that waits until reads, writes and destages have drained.
    pub drainer: Option<u32>,
}

impl BatteryBacked {
    pub fn new(parameters: &DasdParameters) -> BatteryBacked {
        BatteryBacked {
            modified: Nvs::new(slots(parameters.nvs), parameters.clusters),
            log: VecDeque::new(),
            stripes: Vec::new(),
            next_relation: 1,
            stale_bits: Vec::new(),
        }
    }

    /// What an empty battery leaves.
    pub fn lose(&mut self) {
        self.modified.clear();
        self.log.clear();
        self.stripes.clear();
    }

    /// Both clusters are gone: what had no copy in NVS is lost.
    pub fn keep_copies(&mut self) {
        self.modified.keep_copies();
        self.log.retain(|logged| logged.safe);
    }
}

impl Volatile {
    pub fn new(parameters: &DasdParameters, tables: Tables) -> Volatile {
        let tracks: Vec<u32> = parameters.volumes.iter().map(|volume| volume.tracks).collect();
        let homes = (0..tracks.len() as u16).map(|device| parameters.home_cluster(Device(device))).collect();
        let clusters = usize::from(parameters.clusters);
        let cache = CacheParameters {
            capacity: slots(parameters.cache / u64::from(parameters.clusters)),
            halves: parameters.clusters,
            policy: parameters.cache_policy,
            protected_ppm: parameters.cache_protected_ppm,
        };
        Volatile {
            tables,
            cache: Cache::new(cache, &tracks, homes),
            cpus: (0..clusters).map(|_| Station::new(parameters.processors)).collect(),
            clusters: vec![ClusterState::Up; clusters],
            suspended: VecDeque::new(),
            channel: Channel::new(&parameters.channel).expect("the scenario check refuses an impossible channel"),
            ops: Vec::new(),
            free_ops: Vec::new(),
            ready: VecDeque::new(),
            track_locks: BTreeMap::new(),
            row_locks: BTreeMap::new(),
            devices: vec![DeviceState::default(); tracks.len()],
            nvs_waiters: VecDeque::new(),
            destages: 0,
            draining: vec![false; clusters],
            urgent: vec![None; clusters],
            hardening: Vec::new(),
            full_reported: false,
            scan_armed: false,
            flushing: None,
            freezes: 0,
            space: Space::default(),
        }
    }

    /// Forgets everything but what stations and space have been used for; `tables` are what durable state says.
    pub fn crash(&mut self, parameters: &DasdParameters, tables: Tables, now: Time) {
        let fresh = Volatile::new(parameters, tables);
        let mut cpus = std::mem::take(&mut self.cpus);
        let mut channel = self.channel.clone();
        cpus.iter_mut().for_each(|cpu| cpu.clear(now));
        channel.crash(now);
        let space = self.space.after_crash();
        *self = Volatile { cpus, channel, space, ..fresh };
    }
}

fn slots(bytes: u64) -> u32 {
    u32::try_from(bytes / SLOT_BYTES).unwrap_or(u32::MAX)
}
