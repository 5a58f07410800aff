//! What goes wrong, and when: the fault plan of a scenario.

use crate::kernel::{Draws, Span, Time};
pub use crate::manager::plan::Program;
use crate::names;
pub use crate::vocab::Slip;
use crate::vocab::{Device, Drive, EventName, Image, StepName, TrackNo, VolumeId};

/// One `[[fault]]`, or one occurrence of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    pub fault: Fault,
    pub anchor: Anchor,
    /// Workloads ask nothing more once it has acted.
    pub silence: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Volatile state of the host image is gone; IPL after `outage`.
    HostCrash {
        image: Image,
        outage: Span,
    },
    /// Both clusters are down; IML after `outage`. NVS may be lost.
    ControllerCrash {
        nvs: NvsFate,
        outage: Span,
    },
    /// Every volatile state at the site is gone; NVS too when it lasts longer than the battery.
    PowerLoss {
        duration: Span,
    },
    /// One host write by the normal path.
    SourceUpdate {
        device: Device,
        track: UpdateTrack,
    },
    TapeWriteError {
        permanent: bool,
        block: BlockChoice,
    },
    TapeReadError {
        permanent: bool,
        block: BlockChoice,
    },
    /// One cluster is down: its cache and its work in flight are gone; the survivor takes over.
    ClusterCrash {
        cluster: u8,
        outage: Span,
    },
    /// Modified data and the tail of the metadata log in one cluster's NVS are gone.
    NvsLoss {
        cluster: u8,
    },
    /// The last transactions of the metadata store are undone.
    MetadataLoss {
        transactions: u32,
    },
    MetadataRollback {
        transactions: u32,
    },
    /// One path to the controller is gone for a while.
    PathLoss {
        duration: Span,
    },
    DiskFailure {
        disk: u16,
        rebuild: bool,
    },
    DiskReadError {
        device: Device,
        track: TrackNo,
        latent: bool,
    },
    /// Service times of a disk are multiplied by `factor_milli` thousandths.
    DiskSlow {
        disk: u16,
        factor_milli: u64,
        duration: Span,
    },
    SilentCorruption {
        device: Device,
        track: TrackNo,
        path: DataPath,
    },
    LostWrite {
        device: Device,
        track: TrackNo,
    },
    MisdirectedWrite {
        device: Device,
        track: TrackNo,
        to: TrackNo,
    },
    /// The next write of the device's label record is cut short behind so many bytes.
    TornWrite {
        device: Device,
        bytes: u8,
    },
    TapeDriveCrash {
        drive: Drive,
        outage: Span,
    },
    TapeDriveOffline {
        drive: Drive,
        duration: Span,
    },
    /// So many of the next mounts fail.
    MountFailure {
        count: u32,
    },
    NoScratch {
        duration: Span,
    },
    /// A cartridge of the latest complete backup is not what it should be when it is asked for.
    CartridgeSwap {
        section: u16,
        action: SwapAction,
    },
    AccessorStop {
        duration: Span,
    },
    /// The cartridge in use, or the next one, ends at this share of its nominal capacity.
    EarlyEndOfVolume {
        at_ppm: u32,
    },
    /// The jobs in memory are gone; the host lives.
    JobAbend,
    /// The last entries of the inventory, or its last changes, are gone.
    InventoryLoss {
        entries: u32,
        rollback: u32,
    },
    /// One host write to the target of the first backup, by the normal path.
    TargetUpdate {
        device: Device,
        track: UpdateTrack,
    },
    /// A foreign utility rewrites the label record.
    LabelRewrite {
        device: Device,
        volser: VolumeId,
        keep_reserved: bool,
    },
    VaryOnline {
        device: Device,
        image: Image,
    },
    VaryOffline {
        device: Device,
        image: Image,
    },
    /// Somebody withdraws a relationship outside the job.
    Withdraw {
        which: WithdrawChoice,
    },
    /// Somebody makes a new copy of `source` on a target that is in use.
    ReEstablish {
        source: Device,
        target: Device,
    },
    /// The stimulus of the first backup comes again.
    DuplicateStimulus {
        delay: Span,
    },
    /// From now on the controller refuses instant copies.
    InstantCopyUnavailable,
    SourceRename {
        device: Device,
        volser: VolumeId,
    },
    /// The clock of the image that the T0 of later backups is taken from is moved.
    ClockStep {
        by: Span,
        backward: bool,
    },
    /// From now on this program knows nothing of the hidden field.
    OldProgram {
        program: Program,
    },
    /// The next operator step (of that name) goes wrong.
    OperatorSlip {
        slip: Slip,
        step: Option<StepName>,
    },
    /// A foreign utility copies the label record onto another device, which keeps its own ID.
    LabelCopy {
        device: Device,
        onto: Device,
    },
}

names! {
    /// The kinds of [`Fault`], as a scenario names them.
    pub enum FaultKind {
        HostCrash = "host-crash",
        ControllerCrash = "controller-crash",
        PowerLoss = "power-loss",
        SourceUpdate = "source-update",
        TapeWriteError = "tape-write-error",
        TapeReadError = "tape-read-error",
        ClusterCrash = "cluster-crash",
        NvsLoss = "nvs-loss",
        MetadataLoss = "metadata-loss",
        MetadataRollback = "metadata-rollback",
        PathLoss = "path-loss",
        DiskFailure = "disk-failure",
        DiskReadError = "disk-read-error",
        DiskSlow = "disk-slow",
        SilentCorruption = "silent-corruption",
        LostWrite = "lost-write",
        MisdirectedWrite = "misdirected-write",
        TornWrite = "torn-write",
        TapeDriveCrash = "tape-drive-crash",
        TapeDriveOffline = "tape-drive-offline",
        MountFailure = "mount-failure",
        NoScratch = "no-scratch",
        CartridgeSwap = "cartridge-swap",
        AccessorStop = "accessor-stop",
        EarlyEndOfVolume = "early-end-of-volume",
        JobAbend = "job-abend",
        InventoryLoss = "inventory-loss",
        TargetUpdate = "target-update",
        LabelRewrite = "label-rewrite",
        LabelCopy = "label-copy",
        VaryOnline = "vary-online",
        VaryOffline = "vary-offline",
        Withdraw = "withdraw",
        ReEstablish = "re-establish",
        DuplicateStimulus = "duplicate-stimulus",
        InstantCopyUnavailable = "instant-copy-unavailable",
        SourceRename = "source-rename",
        ClockStep = "clock-step",
        OldProgram = "old-program",
        OperatorSlip = "operator-slip",
    }
}

names! {
    pub enum DataPath {
        Read = "read",
        Write = "write",
    }
}

names! {
    pub enum SwapAction {
        Missing = "missing",
        Duplicate = "duplicate",
        Reorder = "reorder",
        Wrong = "wrong",
    }
}

names! {
    pub enum WithdrawChoice {
        Right = "right",
        Wrong = "wrong",
    }
}

names! {
    pub enum NvsFate {
        Kept = "kept",
        Lost = "lost",
    }
}

/// Which track an injected update hits; relative choices look at the dump in progress at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateTrack {
    /// Track 0: its content tag, never the label record.
    Label,
    JustDumped,
    AboutToBeDumped,
    /// The track after the one about to be dumped.
    Next,
    Last,
    Number(TrackNo),
}

/// Which data block of the dump in progress, or of the tape being read, is hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockChoice {
    First,
    Middle,
    Last,
    Number(u32),
    /// The next block that is written or read.
    Next,
}

/// Where in a run a fault acts: always at a boundary between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Before the first event at or after this instant.
    At(Time),
    /// After this many events.
    Boundary(u64),
    /// At the boundary that follows (or precedes) the kernel event that reports the `nth` occurrence.
    Around { side: Side, occurrence: Occurrence, nth: u64, delay: Span },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    Before,
    After,
}

/// What an anchor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    Event {
        name: EventName,
        device: Option<Device>,
        track: Option<TrackNo>,
    },
    /// A step of a job: `before` means before its first event, `after` after its last.
    Step(StepName),
}

/// Random faults: one clock each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRate {
    pub fault: Fault,
    pub gap: Gap,
    pub clock: ClockName,
}

/// The time between two faults of one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    Exponential {
        mean: Span,
    },
    /// With a shape below one faults come in heaps, with one above they come as things wear out. The shape is in thousandths.
    Weibull {
        scale: Span,
        shape_milli: u64,
    },
}

impl Gap {
    pub fn draw(self, draws: &mut Draws) -> Span {
        match self {
            Gap::Exponential { mean } => draws.exponential(mean),
            Gap::Weibull { scale, shape_milli } => draws.weibull(scale, shape_milli as f64 / 1_000.0),
        }
    }

    /// Of a Weibull with scale s and shape k it is s times gamma(1 + 1/k).
    pub fn mean(self) -> Span {
        match self {
            Gap::Exponential { mean } => mean,
            Gap::Weibull { scale, shape_milli } => {
                let mean = scale.ns() as f64 * libm::tgamma(1.0 + 1_000.0 / shape_milli as f64);
                // Beyond the end of the clock it never comes.
                Span::from_ns(if mean < u64::MAX as f64 { mean as u64 } else { u64::MAX })
            }
        }
    }
}

/// Which stream a clock draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockName {
    /// A line of `[rates]`, by its place.
    Table(u16),
    /// A `[[fault]]` with a rate, by its place among those of its kind.
    Entry(u16),
}

impl FaultRate {
    /// The name of its stream: other clocks do not move it.
    pub fn stream(&self) -> String {
        match self.clock {
            ClockName::Table(number) => format!("{} {number}", self.fault.kind()),
            ClockName::Entry(number) => format!("entry {} {number}", self.fault.kind()),
        }
    }
}

impl Fault {
    pub fn kind(self) -> FaultKind {
        match self {
            Fault::HostCrash { .. } => FaultKind::HostCrash,
            Fault::ControllerCrash { .. } => FaultKind::ControllerCrash,
            Fault::PowerLoss { .. } => FaultKind::PowerLoss,
            Fault::SourceUpdate { .. } => FaultKind::SourceUpdate,
            Fault::TapeWriteError { .. } => FaultKind::TapeWriteError,
            Fault::TapeReadError { .. } => FaultKind::TapeReadError,
            Fault::ClusterCrash { .. } => FaultKind::ClusterCrash,
            Fault::NvsLoss { .. } => FaultKind::NvsLoss,
            Fault::MetadataLoss { .. } => FaultKind::MetadataLoss,
            Fault::MetadataRollback { .. } => FaultKind::MetadataRollback,
            Fault::PathLoss { .. } => FaultKind::PathLoss,
            Fault::DiskFailure { .. } => FaultKind::DiskFailure,
            Fault::DiskReadError { .. } => FaultKind::DiskReadError,
            Fault::DiskSlow { .. } => FaultKind::DiskSlow,
            Fault::SilentCorruption { .. } => FaultKind::SilentCorruption,
            Fault::LostWrite { .. } => FaultKind::LostWrite,
            Fault::MisdirectedWrite { .. } => FaultKind::MisdirectedWrite,
            Fault::TornWrite { .. } => FaultKind::TornWrite,
            Fault::TapeDriveCrash { .. } => FaultKind::TapeDriveCrash,
            Fault::TapeDriveOffline { .. } => FaultKind::TapeDriveOffline,
            Fault::MountFailure { .. } => FaultKind::MountFailure,
            Fault::NoScratch { .. } => FaultKind::NoScratch,
            Fault::CartridgeSwap { .. } => FaultKind::CartridgeSwap,
            Fault::AccessorStop { .. } => FaultKind::AccessorStop,
            Fault::EarlyEndOfVolume { .. } => FaultKind::EarlyEndOfVolume,
            Fault::JobAbend => FaultKind::JobAbend,
            Fault::InventoryLoss { .. } => FaultKind::InventoryLoss,
            Fault::TargetUpdate { .. } => FaultKind::TargetUpdate,
            Fault::LabelRewrite { .. } => FaultKind::LabelRewrite,
            Fault::LabelCopy { .. } => FaultKind::LabelCopy,
            Fault::VaryOnline { .. } => FaultKind::VaryOnline,
            Fault::VaryOffline { .. } => FaultKind::VaryOffline,
            Fault::Withdraw { .. } => FaultKind::Withdraw,
            Fault::ReEstablish { .. } => FaultKind::ReEstablish,
            Fault::DuplicateStimulus { .. } => FaultKind::DuplicateStimulus,
            Fault::InstantCopyUnavailable => FaultKind::InstantCopyUnavailable,
            Fault::SourceRename { .. } => FaultKind::SourceRename,
            Fault::ClockStep { .. } => FaultKind::ClockStep,
            Fault::OldProgram { .. } => FaultKind::OldProgram,
            Fault::OperatorSlip { .. } => FaultKind::OperatorSlip,
        }
    }

    /// The same with another outage or duration; nothing for a fault that has none.
    pub fn lasting(self, length: Span) -> Option<Fault> {
        let mut fault = self;
        match &mut fault {
            Fault::HostCrash { outage: span, .. }
            | Fault::ControllerCrash { outage: span, .. }
            | Fault::ClusterCrash { outage: span, .. }
            | Fault::TapeDriveCrash { outage: span, .. }
            | Fault::PowerLoss { duration: span }
            | Fault::PathLoss { duration: span }
            | Fault::DiskSlow { duration: span, .. }
            | Fault::TapeDriveOffline { duration: span, .. }
            | Fault::NoScratch { duration: span }
            | Fault::AccessorStop { duration: span } => *span = length,
            _ => return None,
        }
        Some(fault)
    }

    /// False for what happens to another host image alone.
    pub fn reaches(self, image: Image) -> bool {
        match self {
            Fault::HostCrash { image: struck, .. }
            | Fault::VaryOnline { image: struck, .. }
            | Fault::VaryOffline { image: struck, .. } => struck == image,
            _ => true,
        }
    }

    /// Whether it takes volatile state with it: durable state is looked at right behind it.
    pub fn is_crash(self) -> bool {
        matches!(
            self,
            Fault::HostCrash { .. }
                | Fault::ControllerCrash { .. }
                | Fault::PowerLoss { .. }
                | Fault::ClusterCrash { .. }
                | Fault::NvsLoss { .. }
                | Fault::MetadataLoss { .. }
                | Fault::MetadataRollback { .. }
                | Fault::JobAbend
        )
    }
}
