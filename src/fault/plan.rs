//! What goes wrong, and when: the fault plan of a scenario.

use crate::kernel::{Span, Time};
use crate::names;
use crate::vocab::{Device, EventName, StepName, TrackNo};

/// One `[[fault]]`, or one occurrence of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    pub fault: Fault,
    pub anchor: Anchor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Volatile state of the host is gone; IPL after `outage`.
    HostCrash {
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

/// Random faults: one exponential clock each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRate {
    pub fault: Fault,
    pub mean_between: Span,
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
        }
    }
}
