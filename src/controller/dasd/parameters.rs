//! The parameters of a DASD controller, and the switches that change what its microcode does.

use crate::device::channel::ChannelParameters;
use crate::device::raid::RankParameters;
use crate::kernel::Span;
use crate::names;
use crate::vocab::{DeviceNumber, VolumeId};

/// A home-area controller with its disks. Sizes are bytes, rates bytes per second, shares parts per million.
#[derive(Clone, Debug)]
pub struct DasdParameters {
    pub rank: RankParameters,
    pub channel: ChannelParameters,
    /// Requests its processors work on at a time: clusters times processors per cluster.
    pub processors: u32,
    /// Controller part of a read hit, and of a write that is acknowledged from cache and NVS.
    pub read_hit: Span,
    pub fast_write: Span,
    pub cache: u64,
    /// Of all clusters together.
    pub nvs: u64,
    /// Destage starts above `nvs_high` and stops below `nvs_low`.
    pub nvs_high_ppm: u32,
    pub nvs_low_ppm: u32,
    /// Modified data older than this is destaged in any case.
    pub destage_age: Span,
    /// How long modified data survives a power loss.
    pub nvs_battery: Span,
    pub stripe_log: StripeLog,
    /// One metadata transaction: its record in NVS, and its later arrival on the metadata store 124.
    pub metadata_log_write: Span,
    pub metadata_write: Span,
    pub establish_base: Span,
    pub establish_per_track: Span,
    pub withdraw_time: Span,
    /// A freeze that nobody thaws ends after this.
    pub long_busy_timeout: Span,
    pub background_rate: u64,
    /// From power on, or a crash, to ready.
    pub iml_time: Span,
    pub volumes: Vec<VolumeParameters>,
}

/// One logical volume, with the label it bears at the start of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeParameters {
    pub id: VolumeId,
    pub device: DeviceNumber,
    pub tracks: u32,
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
    /// When the T0 content of a track is saved before the source overwrites it (MODEL 1.5, question 1).
    pub enum CowTiming {
        OnDestage = "on-destage",
        BeforeCommit = "before-commit",
    }
}
