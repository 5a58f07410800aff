//! What the checks may see of the system: one read-only window, and the few nouns that pass through it.
//!
//! *Logical* is what a host would get now: cache, NVS, relationship and bindings resolved. *Durable* is what a host would
//! get after a power loss at this very boundary and a perfect recovery: platters, NVS log and modified data in NVS, the
//! metadata store, tapes, host disks; whatever a component keeps in its `Volatile` is not there. Both must answer at any
//! boundary, also while a controller or a host is down; the logical view of a controller that is down is the durable one.
//!
//! Methods marked *hot* may be asked after any event, the others after rare ones (a crash, a job's end, the end of the
//! run). A view never changes between two boundaries.

use std::sync::Arc;

use crate::kernel::Time;
use crate::manager::Job;
use crate::vocab::{Backup, Cartridge, Device, Drive, Image, LabelTrack, RelationNumber, Tag, TrackNo, VolumeId};

pub trait View {
    /// Hot.
    fn now(&self) -> Time;

    /// How many host images there are; they are numbered from 0.
    fn images(&self) -> u8;

    /// The ID in the image's control block of the device, if it has the device online. Asked for every device after
    /// each event that may have changed an identity, as are the next four.
    fn online(&self, image: Image, device: Device) -> Option<VolumeId>;

    /// Whether the next IPL of the image brings the device online.
    fn genned(&self, image: Image, device: Device) -> bool;

    /// Whether an IPL could read the device's label: it has a path. A controller that is down will be back and counts.
    fn reachable(&self, device: Device) -> bool;

    fn logical_label(&self, device: Device) -> Arc<LabelTrack>;

    fn durable_label(&self, device: Device) -> Arc<LabelTrack>;

    /// Asked for tracks with overlapping writes: at T0, and when one of them is acknowledged.
    fn logical_tag(&self, device: Device, track: TrackNo) -> Tag;

    /// All tracks at once: what can be prepared for a whole sweep is prepared by the call.
    fn logical_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_;

    fn durable_tags(&self, device: Device) -> impl Fn(TrackNo) -> Tag + '_;

    /// What the device's own home of the track holds, modified data of that device in NVS included, no relationship
    /// resolved. Asked once per copy-on-write, and for every own track after a crash.
    fn home_tag(&self, device: Device, track: TrackNo) -> Tag;

    /// The relationships that stand in durable state. Asked once per copy-on-write.
    fn relations(&self) -> Vec<Relation>;

    /// Whether the durable entry of a standing relationship says that the target has the track by itself.
    fn own(&self, relation: RelationNumber, track: TrackNo) -> bool;

    /// Durable bindings of all controllers laid end to end, and their free places.
    fn places(&self) -> Places;

    /// The durable directory of a log-structured array; `None` without one.
    fn directory(&self) -> Option<Bindings>;

    /// One place of it, for the few that an event touched.
    fn place(&self, place: u64) -> Option<PlaceUse>;

    /// The place that a track is bound to. Asked for each track that found a new place.
    fn bound_place(&self, device: Device, track: TrackNo) -> Option<u64>;

    /// The places of a segment.
    fn segment(&self, segment: u32) -> std::ops::Range<u64>;

    /// Every job that the manager has in memory or that its durable journal names as open or held.
    fn jobs(&self) -> Vec<JobState>;

    /// The durable inventory.
    fn inventory(&self) -> Vec<InventoryEntry>;

    /// What is hardened on a cartridge, in the order in which a reader meets it.
    fn tape_records(&self, cartridge: Cartridge) -> Vec<TapeRecord>;

    /// Devices fenced against host writes.
    fn fences(&self) -> Vec<Device>;

    /// Drives that are reserved for a job.
    fn tape_allocations(&self) -> Vec<TapeAllocation>;

    /// Host requests without an answer.
    fn outstanding(&self) -> Outstanding;

    /// Nothing is pending: no further event will come by itself.
    fn is_quiet(&self) -> bool;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relation {
    pub number: RelationNumber,
    pub source: Device,
    pub target: Device,
    pub t0: Time,
    /// The source's ID was withheld and hidden.
    pub conditioned: bool,
}

/// `count` places from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceRange {
    pub first: u64,
    pub count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    pub total: u64,
    pub bound: Vec<(Device, PlaceRange)>,
    pub free: Vec<PlaceRange>,
}

/// What a place counts, and what is there to be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlaceUse {
    /// By the track number table.
    pub count: u32,
    /// By the functional track tables.
    pub bound: u32,
    /// By snapshots between their two transactions: counted already, bound in a moment.
    pub promised: u32,
}

/// A whole directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    pub places: Vec<PlaceUse>,
    /// How many places it says have a binding.
    pub live: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobState {
    pub job: Job,
    /// It will go on by itself.
    pub live: bool,
    /// It ended, and keeps what it left until somebody releases it.
    pub held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    InProgress,
    Complete,
    Partial,
    Invalid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryEntry {
    pub backup: Backup,
    /// The ID under which a restore finds it.
    pub source_id: VolumeId,
    pub t0: Time,
    pub state: EntryState,
    /// In the order of their sections.
    pub cartridges: Vec<Cartridge>,
    /// The volume that it lies on, if it is not on tape.
    pub device: Option<Device>,
    /// One of its cartridges went back to scratch.
    pub scratched: bool,
}

/// A record of a cartridge, as far as a check looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapeRecord {
    /// The volume header of a dump.
    Header { backup: Backup, volume: VolumeId },
    /// A track; track 0 comes with its label.
    Track { backup: Backup, track: TrackNo, tag: Tag, label: Option<Arc<LabelTrack>> },
    /// The first trailer label of a section that is continued on another cartridge.
    EndOfVolume,
    /// The first trailer label of the last section.
    EndOfFile,
    /// Any other label or mark.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeAllocation {
    pub drive: Drive,
    pub job: Job,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outstanding {
    pub count: u64,
    /// When the oldest of them was issued: the instant that `ReadDone` will name for it, or an earlier one.
    pub oldest: Option<Time>,
}
