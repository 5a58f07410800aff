//! What the storage manager is to do and how: backups, restores, and the parameters of its host.

use crate::controller::dasd::{CopyMode, LabelCommit};
use crate::device::cartridge::TapeVolser;
use crate::kernel::{Span, Time};
use crate::names;
use crate::vocab::{Device, DeviceNumber, HiddenFormat, VolumeId};

/// The host that runs the storage manager.
#[derive(Clone, Debug)]
pub struct HostParameters {
    /// CPU time of one I/O: path length over instruction rate.
    pub io_time: Span,
    /// Initial program load, lognormal.
    pub ipl_median: Span,
    /// Standard deviation of its logarithm, in thousandths.
    pub ipl_sigma_milli: u32,
    /// VARY ONLINE and VARY OFFLINE, uniform.
    pub vary_shortest: Span,
    pub vary_longest: Span,
    /// One durable change of journal, inventory or catalog on a host disk.
    pub record_write: Span,
    /// Changing the label of an offline volume by a utility.
    pub relabel_time: Span,
    pub duplicate_volser_policy: DuplicatePolicy,
    /// A relationship, hidden ID or tape without a live job is an orphan after this.
    pub orphan_grace: Span,
    /// How often a failed step is tried again.
    pub step_retries: u32,
    /// Tracks of one read of a dump, and how many such buffers it has.
    pub dump_read_tracks: u32,
    pub dump_buffers: u32,
    pub devices: Vec<DeviceConfiguration>,
    /// What the stickers of the cartridges say.
    pub cartridges: Vec<TapeVolser>,
}

/// How the I/O configuration of the host describes a device.
#[derive(Clone, Copy, Debug)]
pub struct DeviceConfiguration {
    pub device: DeviceNumber,
    /// The ID the volume bears at the start, and whether the host has it online then.
    pub id: VolumeId,
    pub online: bool,
    pub online_at_ipl: bool,
    pub tracks: u32,
}

names! {
    /// Who stays online when an IPL finds two devices with one ID (MODEL 3.1).
    pub enum DuplicatePolicy {
        AskOperator = "ask-operator",
        LowestAddressWins = "lowest-address-wins",
        HighestAddressWins = "highest-address-wins",
        BothOffline = "both-offline",
        AdmitBoth = "admit-both",
    }
}

names! {
    /// A way of making a backup: a table of steps.
    pub enum MethodName {
        SafeBackup = "safe-backup",
        SameIdOffline = "same-id-offline",
    }
}

names! {
    /// What happens to the virtual copy when its dump fails for good.
    pub enum OnDumpFailure {
        Keep = "keep",
        Withdraw = "withdraw",
    }
}

names! {
    /// When the target's bindings are deleted after a home-area backup.
    pub enum DeleteTarget {
        Manual = "manual",
        AfterBackup = "after-backup",
    }
}

names! {
    /// Order of label and data in a restore.
    pub enum RestoreLabel {
        Last = "last",
        First = "first",
    }
}

names! {
    /// What a restore does when the ID it brings back is online.
    pub enum RestoreIfOnline {
        Refuse = "refuse",
        Force = "force",
    }
}

names! {
    /// What becomes of the device that bore the ID when the volume is restored onto another.
    pub enum OldDevice {
        Retire = "retire",
        Keep = "keep",
    }
}

/// One `[[backup]]`.
#[derive(Clone, Copy, Debug)]
pub struct BackupPlan {
    pub at: Time,
    pub method: MethodName,
    pub source: Device,
    pub source_id: VolumeId,
    pub target: Device,
    /// The ID that the target device bears by itself: B.
    pub target_id: VolumeId,
    /// Tracks of source and target.
    pub tracks: u32,
    pub mode: CopyMode,
    pub label_commit: LabelCommit,
    pub hidden_format: HiddenFormat,
    pub on_dump_failure: OnDumpFailure,
    pub dump_retries: u32,
    pub delete_target: DeleteTarget,
}

/// One `[[restore]]`.
#[derive(Clone, Copy, Debug)]
pub struct RestorePlan {
    /// Without an instant it starts when every job has ended and recovery is done.
    pub at: Option<Time>,
    pub volume: VolumeId,
    pub to: Device,
    pub restore_label: RestoreLabel,
    pub restore_if_online: RestoreIfOnline,
    pub old_device: OldDevice,
}
