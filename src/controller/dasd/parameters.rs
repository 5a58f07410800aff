//! The parameters of a DASD controller, and the switches that change what its microcode does.

use std::sync::Arc;

use super::directory::Stored;
use crate::device::cache::CachePolicy;
use crate::device::channel::ChannelParameters;
use crate::device::disk::DiskModel;
use crate::device::raid::RankParameters;
use crate::kernel::Span;
use crate::names;
use crate::vocab::{Device, DeviceNumber, Mutant, TRACK_BYTES, VolumeId};

/// A controller with its disks. Sizes are bytes, rates bytes per second, shares parts per million.
#[derive(Clone, Debug)]
pub struct DasdParameters {
    pub architecture: Architecture,
    /// Without effect in the home-area architecture.
    pub lsa: LsaParameters,
    pub rank: RankParameters,
    /// The tables of its disks, where somebody who makes many runs has built them: they never change and are shared.
    pub disks: Option<Arc<DiskModel>>,
    pub channel: ChannelParameters,
    /// One or two processor complexes.
    pub clusters: u8,
    /// Requests that the processors of one cluster work on at a time.
    pub processors: u32,
    pub cpu: Cpu,
    /// What a logic circuit takes in place of `read_hit` and `fast_write`.
    pub circuit_latency: Span,
    /// Controller part of a read hit, and of a write that is acknowledged from cache and NVS.
    pub read_hit: Span,
    pub fast_write: Span,
    pub cache: u64,
    pub cache_policy: CachePolicy,
    /// Of a segmented cache: the share of its slots that may be protected.
    pub cache_protected_ppm: u32,
    /// Tracks fetched ahead of a sequential reader; none when zero.
    pub prefetch_tracks: u32,
    /// Of one cluster.
    pub nvs: u64,
    /// Destage starts above `nvs_high` and stops below `nvs_low`.
    pub nvs_high_ppm: u32,
    pub nvs_low_ppm: u32,
    /// Modified data older than this is destaged in any case.
    pub destage_age: Span,
    /// How long modified data survives a power loss.
    pub nvs_battery: Span,
    pub stripe_log: StripeLog,
    /// Bytes per second at which a spare is filled.
    pub rebuild_rate: u64,
    /// How long a scrub of all rows takes; never when zero.
    pub scrub_every: Span,
    pub metadata_store: StoreKind,
    pub metadata_transaction: Transaction,
    /// One metadata transaction: its record in NVS, and its later arrival on the metadata store 124.
    pub metadata_log_write: Span,
    pub metadata_write: Span,
    pub establish_base: Span,
    pub establish_per_track: Span,
    pub withdraw_time: Span,
    /// A freeze that nobody thaws ends after this.
    pub long_busy_timeout: Span,
    pub background_rate: u64,
    pub opportunistic_copy: OpportunisticCopy,
    /// From power on, or a crash, to ready.
    pub iml_time: Span,
    /// From the crash of a cluster until the other one serves its devices.
    pub failover_time: Span,
    pub volumes: Vec<VolumeParameters>,
    /// The protection that is left out.
    pub mutant: Option<Mutant>,
}

impl DasdParameters {
    pub fn lacks(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The cluster that a device belongs to. A logical subsystem (LSS) is the 256 addresses with one upper byte (G); even
    /// ones belong to cluster 0, odd ones to cluster 1 (A, after the ESS, where clusters share the subsystems that way).
    pub fn home_cluster(&self, device: Device) -> u8 {
        let subsystem = self.volumes[device.0 as usize].device.0 >> 8;
        (subsystem % u16::from(self.clusters)) as u8
    }

    /// What of a volume is on disk at the start: in the home-area architecture always everything.
    pub fn stored_at_first(&self, volume: &VolumeParameters) -> Stored {
        let empty = volume.empty && self.architecture == Architecture::LogStructured;
        Stored { tracks: volume.tracks, empty }
    }

    /// Places of a segment, and how many segments a log-structured array has.
    pub fn segments(&self) -> (u64, u64) {
        let data_disks = u64::from(self.rank.data_disks);
        (self.lsa.segment_rows * data_disks, self.lsa.segments(data_disks))
    }
}

/// One logical volume, with the label it bears at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeParameters {
    pub id: VolumeId,
    pub device: DeviceNumber,
    pub tracks: u32,
    /// A log-structured array stores nothing of it at first but its label.
    pub empty: bool,
}

names! {
    /// How tracks of volumes lead to places on disk (patent paragraphs 22 and 25).
    pub enum Architecture {
        /// Every volume has places of its own; an instant copy is an entry in the relationship table.
        HomeArea = "home-area",
        /// Volumes may be bound to the same places; an instant copy is a copy of the bindings.
        LogStructured = "log-structured",
    }
}

names! {
    /// Which segment free-space collection empties next.
    pub enum Collector {
        /// The one with the most free places.
        Greedy = "greedy",
        /// The one with the most free places, weighed with how long it has been left alone.
        CostBenefit = "cost-benefit",
    }
}

names! {
    /// What becomes of host writes when the array is full (MODEL 3.6; what products do is not known).
    pub enum Exhaustion {
        Block = "block",
        Reject = "reject",
    }
}

names! {
    /// When the space of a deleted volume is free again (S-37).
    pub enum ReleaseSpace {
        Automatic = "automatic",
        OnCommand = "on-command",
    }
}

/// What only a log-structured array has (MODEL 3.6 and 5.2).
#[derive(Clone, Debug)]
pub struct LsaParameters {
    /// Rows of a segment: tracks that each data disk takes of it.
    pub segment_rows: u64,
    /// Host bytes of a track per byte on disk, in thousandths.
    pub compression_milli: u64,
    /// Tracks that make 100 % net capacity load.
    pub capacity: u64,
    pub ncl_high_ppm: u64,
    pub ncl_full_ppm: u64,
    /// Bytes on disk that collection moves a second, below and above `ncl_high_ppm`.
    pub collector_rate: u64,
    pub collector_rate_high: u64,
    pub collector: Collector,
    pub exhaustion: Exhaustion,
    pub release_space: ReleaseSpace,
}

impl LsaParameters {
    /// Bytes of a stored track.
    pub fn stored_track(&self) -> u64 {
        TRACK_BYTES * 1_000 / self.compression_milli
    }

    /// Segments that hold the capacity, and those in reserve: a row's worth for every segment, so that collection finds
    /// a segment worth its while even when the array is full and what is free lies scattered, and three for segments
    /// that are being filled (A).
    pub fn segments(&self, data_disks: u64) -> u64 {
        let full = self.capacity.div_ceil(self.segment_rows * data_disks);
        full + full.div_ceil(self.segment_rows) + 3
    }
}

names! {
    /// Where an unfinished stripe is remembered (MODEL 3.7).
    pub enum StripeLog {
        Nvs = "nvs",
        None = "none",
    }
}

names! {
    /// Whether the controller copies by itself what nobody writes (MODEL 3.4.3).
    pub enum CopyMode {
        NoCopy = "nocopy",
        Copy = "copy",
    }
}

names! {
    /// In which order relationship and target label become durable (MODEL 3.4.1).
    pub enum LabelCommit {
        Atomic = "atomic",
        BeforeEstablish = "before-establish",
        AfterEstablish = "after-establish",
    }
}

names! {
    /// Where the label of a conditioned target lives (MODEL 1.5, question 3).
    pub enum LabelResidency {
        /// Written as a target write: track 0 leaves the relationship.
        Resident = "resident",
        /// Put over track 0 on reads; the target's home of track 0 stays as it was.
        Overlay = "overlay",
    }
}

names! {
    /// What a conditioned target refuses while its copy stands (MODEL 1.5, question 9).
    pub enum Fence {
        ReadOnly = "read-only",
        Reserved = "reserved",
        None = "none",
    }
}

names! {
    /// Whether the controller copies a shared label track by itself, although nobody asked for it (MODEL 3.4.2; source
    /// S-3). The copy lies in the target's home and shows when the relationship ends.
    pub enum OpportunisticCopy {
        /// It always has when it matters.
        Adversarial = "adversarial",
        Never = "never",
        /// For half of the copies, drawn by the number of the relationship.
        Seeded = "seeded",
    }
}

names! {
    /// What becomes of a copy whose source hides an ID itself (MODEL 1.5, question 14).
    pub enum Cascade {
        Refuse = "refuse",
        HideCurrent = "hide-current",
        PropagateHidden = "propagate-hidden",
    }
}

/// What becomes of the hidden ID when a copy is withdrawn (MODEL 1.5, question 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HiddenRule {
    Clear,
    Keep,
    /// The first host write to the device blanks it.
    ClearOnWrite,
}

/// How a copy is kept, beside its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CopyTerms {
    pub cow: CowTiming,
    pub fence: Fence,
    pub residency: LabelResidency,
}

names! {
    /// When the T0 content of a track is saved before the source overwrites it (MODEL 1.5, question 1).
    pub enum CowTiming {
        OnDestage = "on-destage",
        BeforeCommit = "before-commit",
    }
}

names! {
    /// What carries out the commands (patent paragraphs 19, 29 and 33).
    pub enum Cpu {
        /// A processor with a program: commands queue for it and take their path length.
        Microcode = "microcode",
        /// A logic circuit: a fixed latency, and no waiting line in front of it.
        Hardwired = "hardwired",
    }
}

names! {
    /// What the metadata store 124 is (patent paragraph 20).
    pub enum StoreKind {
        Disk = "disk",
        /// Lost with the battery.
        RamBattery = "ram-battery",
        Optical = "optical",
        Tape = "tape",
    }
}

names! {
    /// Whether a metadata transaction is in NVS before it counts (MODEL 3.5).
    pub enum Transaction {
        Logged = "logged",
        /// It counts at once and is durable when the store has it.
        Unlogged = "unlogged",
    }
}
