//! What observers may learn of the whole system during one event.

use crate::controller::dasd::DasdFact;
use crate::controller::tape::{LabelKind, TapeFact};
use crate::fault::plan::Fault;
use crate::host::WorkloadFact;
use crate::manager::ManagerFact;
use crate::vocab::{Device, EventName, Image, TrackNo, Workload};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    Dasd(DasdFact),
    Tape(TapeFact),
    /// Of this host image, and of the storage manager when it is the first.
    Manager(Image, ManagerFact),
    Workload(Workload, WorkloadFact),
    /// A fault acted: its place in the scenario's list, or behind it for one drawn from a rate.
    Fault {
        index: usize,
        fault: Fault,
    },
}

impl Fact {
    /// The name by which faults and reports know it.
    pub fn name(self) -> Option<EventName> {
        match self {
            Fact::Dasd(fact) => fact.name(),
            Fact::Manager(_, fact) => fact.name(),
            Fact::Tape(fact) => tape_name(fact),
            Fact::Workload(..) | Fact::Fault { .. } => None,
        }
    }

    /// The device and the track it speaks of, where there are such.
    pub fn place(self) -> (Option<Device>, Option<TrackNo>) {
        match self {
            Fact::Dasd(fact) => fact.place(),
            Fact::Manager(_, fact) => fact.place(),
            Fact::Tape(TapeFact::BlockAcknowledged { track, .. } | TapeFact::BlockHardened { track, .. }) => {
                (None, track)
            }
            Fact::Tape(_) | Fact::Workload(..) | Fact::Fault { .. } => (None, None),
        }
    }

    /// Whether the work of a run may be over with it.
    pub fn ends_work(self) -> bool {
        matches!(
            self,
            Fact::Manager(_, ManagerFact::JobEnded { .. } | ManagerFact::IplDone | ManagerFact::RecoveryDone)
        )
    }

    /// Whether a label, an online state or a cached ID may have changed.
    pub fn touches_identity(self) -> bool {
        match self {
            Fact::Dasd(fact) => fact.touches_identity(),
            Fact::Manager(_, fact) => fact.touches_identity(),
            Fact::Fault { .. } => true,
            Fact::Tape(_) | Fact::Workload(..) => false,
        }
    }
}

/// Blocks are those of tracks: the header has events of its own.
fn tape_name(fact: TapeFact) -> Option<EventName> {
    match fact {
        TapeFact::Loaded { .. } => Some(EventName::TapeLoaded),
        TapeFact::Unloaded { .. } => Some(EventName::TapeUnloaded),
        TapeFact::BlockAcknowledged { track: Some(_), .. } => Some(EventName::TapeBlockAcknowledged),
        TapeFact::BlockHardened { track: Some(_), .. } => Some(EventName::TapeBlockHardened),
        TapeFact::ErrorReported { .. } => Some(EventName::TapeErrorReported),
        TapeFact::BlocksLost { .. } => Some(EventName::BlocksLost),
        TapeFact::LabelHardened { label: LabelKind::Eov2, .. } => Some(EventName::TapeEovHardened),
        TapeFact::Mounted { .. }
        | TapeFact::Stored { .. }
        | TapeFact::BlockAcknowledged { .. }
        | TapeFact::BlockHardened { .. }
        | TapeFact::LabelHardened { .. }
        | TapeFact::MarkWritten { .. }
        | TapeFact::MarkHardened { .. }
        | TapeFact::StopStart { .. } => None,
    }
}
