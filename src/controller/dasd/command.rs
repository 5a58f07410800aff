//! What the DASD controller can be asked, what it answers, and what it lets observers know.

use std::sync::Arc;

use super::parameters::{Cascade, CopyMode, CopyTerms, HiddenRule, LabelCommit};
use crate::kernel::Time;
use crate::vocab::{
    Device, EventName, Extents, HiddenFormat, LabelTrack, Op, RelationNumber, Status, Tag, Ticket, TrackImage, TrackNo,
    TrackRange, VolumeId, WriteNumber,
};

/// What becomes of the source's volume ID when a virtual copy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The target is identical, ID included (prior art 1, patent paragraph 5).
    Copied,
    /// The target keeps the ID `target`, and nothing on it tells the source's (prior art 2, patent paragraph 7).
    Kept { target: VolumeId, commit: LabelCommit },
    /// The label track is no part of the copy: the target's label stays as it is.
    Untouched,
    /// The source is a copy that hides an ID: the target gets that ID, as the volume had that the copy was made of (S-2).
    /// Refused when nothing valid is hidden.
    Recovered { format: HiddenFormat },
    /// The target keeps the ID `target`; the source's ID is hidden in its label (406, 412).
    Withheld { target: VolumeId, format: HiddenFormat, commit: LabelCommit, cascade: Cascade },
}

#[derive(Clone, Debug, Hash)]
pub enum DasdCommand {
    /// A read; the images come back when `images` is asked for, else the tags alone.
    Read {
        ticket: Ticket,
        range: TrackRange,
        bytes: u64,
        images: bool,
    },
    /// A host write into part of each track of the range.
    Write {
        ticket: Ticket,
        range: TrackRange,
        bytes: u64,
        write: WriteNumber,
    },
    /// Whole tracks, as a restore writes them.
    WriteTracks {
        ticket: Ticket,
        device: Device,
        first: TrackNo,
        images: Arc<[TrackImage]>,
    },
    /// The label record and the embedded names alone, as a utility writes them; the track keeps its content.
    WriteLabel {
        ticket: Ticket,
        device: Device,
        label: LabelTrack,
    },
    ReadLabel {
        ticket: Ticket,
        device: Device,
    },
    /// Holds new writes to all sources until the thaw; answered when those accepted before have ended.
    Freeze {
        ticket: Ticket,
        sources: Arc<[Device]>,
    },
    Thaw {
        ticket: Ticket,
        sources: Arc<[Device]>,
    },
    Establish {
        ticket: Ticket,
        source: Device,
        target: Device,
        identity: Identity,
        mode: CopyMode,
        terms: CopyTerms,
        /// The tracks that the copy is about.
        extents: Arc<Extents>,
    },
    Withdraw {
        ticket: Ticket,
        target: Device,
        hidden: HiddenRule,
        /// Reads of the target end first; else they see its home (H33).
        drain: bool,
    },
    /// Removes the target's bindings; the device stays, with `label` and nothing else (patent paragraph 38). Without a
    /// label it keeps the one it has.
    DeleteTarget {
        ticket: Ticket,
        device: Device,
        label: Option<LabelTrack>,
    },
    /// Gives back the space of a volume that was deleted where space is released on command.
    ReleaseSpace {
        ticket: Ticket,
        device: Device,
    },
    QueryRelations {
        ticket: Ticket,
    },
}

#[derive(Clone, Debug, Hash)]
pub struct DasdReply {
    pub ticket: Ticket,
    pub status: Status,
    pub payload: Payload,
}

#[derive(Clone, Debug, Hash)]
pub enum Payload {
    Nothing,
    /// One tag a track; `hit` when no disk was needed.
    Tags {
        first: Tag,
        rest: Option<Arc<[Tag]>>,
        hit: bool,
    },
    Images(Arc<[TrackImage]>),
    Label(Arc<LabelTrack>),
    Established {
        number: RelationNumber,
        t0: Time,
    },
    Relations(Arc<[RelationSummary]>),
    /// Why the command was rejected.
    Rejected(Rejection),
}

/// Why a command of the copy services contradicts the state of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// The source hides no ID that could be given back.
    NothingHidden,
    /// The controller makes no copies at present.
    CopiesUnavailable,
    /// Source and target are one device.
    SameDevice,
    /// A snapshot is of whole volumes.
    PartOfVolume,
    /// The source hides an ID, and the copy is not to take it along.
    SourceHidesId,
    SourceInCopy,
    TargetInCopy,
    SizesDiffer,
    /// Another copy with one of the two is just being made.
    CopyBeingMade,
    /// No copy has the device as its target.
    NoCopy,
    /// A log-structured array ends a copy by the deletion of its target.
    EndsByDeletion,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RelationSummary {
    pub number: RelationNumber,
    pub source: Device,
    pub target: Device,
    pub t0: Time,
}

/// What observers may learn from the DASD controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DasdFact {
    /// The command of a host write reached the controller and was not held.
    WriteAccepted {
        device: Device,
        track: TrackNo,
    },
    /// A write is in cache and NVS; `op` tells data from label writes. Durable.
    WriteCommitted {
        device: Device,
        track: TrackNo,
    },
    LongBusyStarted {
        source: Device,
    },
    /// T0: the source is busy and every accepted write has been acknowledged.
    PointInTimeSet {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    RelationshipCommitted {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    HiddenIdWritten {
        device: Device,
    },
    TargetLabelWritten {
        device: Device,
    },
    EstablishAcknowledged {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    CowCopyStarted {
        device: Device,
        track: TrackNo,
    },
    CowCopyHardened {
        device: Device,
        track: TrackNo,
    },
    /// The relationship's `own` bit of the track is durable.
    CowBitSet {
        device: Device,
        track: TrackNo,
    },
    /// A source home was overwritten; `newer` than the T0 of the relationship that stands.
    SourceHomeWritten {
        device: Device,
        track: TrackNo,
        newer: bool,
    },
    /// A write to the target itself gave it a track of its own: the entry of table 126 is gone.
    TargetEntryCleared {
        device: Device,
        track: TrackNo,
    },
    BackgroundTrackHardened {
        device: Device,
        track: TrackNo,
    },
    BackgroundCopyComplete {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    StageDone {
        device: Device,
        track: TrackNo,
    },
    DestageStarted {
        device: Device,
        track: TrackNo,
    },
    DestageDone {
        device: Device,
        track: TrackNo,
    },
    NvsHigh,
    NvsFull,
    /// A cluster crashed; so many tracks of its devices were modified.
    ClusterFailed {
        cluster: u8,
        modified: u32,
    },
    /// The other cluster serves its devices.
    FailoverDone {
        cluster: u8,
    },
    /// It serves them itself again.
    FailbackDone {
        cluster: u8,
    },
    StripeDataWritten {
        row: u64,
    },
    StripeParityWritten {
        row: u64,
    },
    /// A label record changed on the device, by whatever means. Durable.
    LabelWritten {
        device: Device,
    },
    WithdrawRequested {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    RelationshipWithdrawn {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    HiddenIdCleared {
        device: Device,
    },
    /// The data tracks of a target lie nowhere any more; its label is next. Durable.
    TargetUnbound {
        device: Device,
    },
    TargetDeleted {
        device: Device,
    },
    DiskFailed {
        disk: u16,
    },
    /// A spare took the place of a failed disk; later it holds all rows.
    RebuildStarted {
        disk: u16,
    },
    RebuildDone {
        disk: u16,
    },
    /// A scrub has looked at all rows.
    ScrubPassDone,
    /// A scrub found a slot that the rest of its row tells better, and writes it.
    SlotRepaired {
        disk: u16,
        row: u64,
    },
    /// Nobody can say any more what the slot held.
    SlotLost {
        disk: u16,
        row: u64,
    },
    /// Data and checks of a row do not fit.
    ScrubMismatch {
        row: u64,
    },
    /// No path to the controller works, or one does again.
    PathsGone,
    PathsBack,
    /// The counts of all places that the source of a snapshot is bound to are raised. Durable.
    SnapshotCountsRaised {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    /// The target's pointers are those of the source. Durable.
    SnapshotPointersWritten {
        relation: RelationNumber,
        source: Device,
        target: Device,
    },
    /// A modified track is bound to the place that it was appended to. Durable.
    TrackRedirected {
        device: Device,
        track: TrackNo,
    },
    /// The last binding of a place is gone. Durable.
    PlaceFreed {
        place: u64,
    },
    /// Every live track of a segment lies elsewhere. Durable.
    SegmentCollected {
        segment: u32,
    },
    /// The net capacity load reached its high mark.
    Ncl75,
    /// A host write finds the array full.
    Ncl100,
    NvsReplayed,
    TablesRebuilt,
    MetadataFinished,
    /// The controller answers no more, or again.
    Down,
    Up,
}

impl DasdFact {
    pub fn name(self) -> Option<EventName> {
        Some(match self {
            DasdFact::WriteAccepted { .. } => EventName::SourceWriteAccepted,
            DasdFact::LongBusyStarted { .. } => EventName::SourceLongBusyStarted,
            DasdFact::PointInTimeSet { .. } => EventName::PointInTimeSet,
            DasdFact::RelationshipCommitted { .. } => EventName::RelationshipCommitted,
            DasdFact::HiddenIdWritten { .. } => EventName::HiddenIdWritten,
            DasdFact::TargetLabelWritten { .. } => EventName::TargetLabelWritten,
            DasdFact::EstablishAcknowledged { .. } => EventName::EstablishAcknowledged,
            DasdFact::CowCopyStarted { .. } => EventName::CowCopyStarted,
            DasdFact::CowCopyHardened { .. } => EventName::CowCopyHardened,
            DasdFact::CowBitSet { .. } => EventName::CowBitSet,
            DasdFact::SourceHomeWritten { .. } => EventName::SourceHomeWritten,
            DasdFact::TargetEntryCleared { .. } => EventName::TargetEntryCleared,
            DasdFact::BackgroundTrackHardened { .. } => EventName::BackgroundTrackHardened,
            DasdFact::BackgroundCopyComplete { .. } => EventName::BackgroundCopyComplete,
            DasdFact::StageDone { .. } => EventName::StageDone,
            DasdFact::DestageStarted { .. } => EventName::DestageStarted,
            DasdFact::DestageDone { .. } => EventName::DestageDone,
            DasdFact::NvsHigh => EventName::NvsHigh,
            DasdFact::NvsFull => EventName::NvsFull,
            DasdFact::ClusterFailed { .. } => EventName::ClusterFailed,
            DasdFact::FailoverDone { .. } => EventName::FailoverDone,
            DasdFact::FailbackDone { .. } => EventName::FailbackDone,
            DasdFact::StripeDataWritten { .. } => EventName::StripeDataWritten,
            DasdFact::StripeParityWritten { .. } => EventName::StripeParityWritten,
            DasdFact::LabelWritten { .. } => EventName::LabelWritten,
            DasdFact::WithdrawRequested { .. } => EventName::WithdrawRequested,
            DasdFact::RelationshipWithdrawn { .. } => EventName::RelationshipWithdrawn,
            DasdFact::HiddenIdCleared { .. } => EventName::HiddenIdCleared,
            DasdFact::TargetDeleted { .. } => EventName::TargetDeleted,
            DasdFact::DiskFailed { .. } => EventName::DiskFailed,
            DasdFact::RebuildStarted { .. } => EventName::RebuildStarted,
            DasdFact::RebuildDone { .. } => EventName::RebuildDone,
            DasdFact::ScrubPassDone => EventName::ScrubPassDone,
            DasdFact::SlotRepaired { .. } => EventName::SlotRepaired,
            DasdFact::SlotLost { .. } => EventName::SlotLost,
            DasdFact::ScrubMismatch { .. } => EventName::ScrubMismatch,
            DasdFact::SnapshotCountsRaised { .. } => EventName::SnapshotCountsRaised,
            DasdFact::SnapshotPointersWritten { .. } => EventName::SnapshotPointersWritten,
            DasdFact::PlaceFreed { .. } => EventName::PlaceFreed,
            DasdFact::SegmentCollected { .. } => EventName::SegmentCollected,
            DasdFact::Ncl75 => EventName::Ncl75,
            DasdFact::Ncl100 => EventName::Ncl100,
            DasdFact::NvsReplayed => EventName::NvsReplayed,
            DasdFact::TablesRebuilt => EventName::TablesRebuilt,
            DasdFact::MetadataFinished => EventName::MetadataFinished,
            DasdFact::WriteCommitted { .. }
            | DasdFact::TrackRedirected { .. }
            | DasdFact::TargetUnbound { .. }
            | DasdFact::PathsGone
            | DasdFact::PathsBack
            | DasdFact::Down
            | DasdFact::Up => return None,
        })
    }

    /// The device and the track it speaks of, where there are such.
    pub fn place(self) -> (Option<Device>, Option<TrackNo>) {
        match self {
            DasdFact::WriteAccepted { device, track }
            | DasdFact::WriteCommitted { device, track }
            | DasdFact::CowCopyStarted { device, track }
            | DasdFact::CowCopyHardened { device, track }
            | DasdFact::CowBitSet { device, track }
            | DasdFact::SourceHomeWritten { device, track, .. }
            | DasdFact::TargetEntryCleared { device, track }
            | DasdFact::BackgroundTrackHardened { device, track }
            | DasdFact::StageDone { device, track }
            | DasdFact::TrackRedirected { device, track }
            | DasdFact::DestageStarted { device, track }
            | DasdFact::DestageDone { device, track } => (Some(device), Some(track)),
            DasdFact::HiddenIdWritten { device }
            | DasdFact::TargetLabelWritten { device }
            | DasdFact::LabelWritten { device }
            | DasdFact::HiddenIdCleared { device }
            | DasdFact::TargetUnbound { device }
            | DasdFact::TargetDeleted { device } => (Some(device), None),
            DasdFact::LongBusyStarted { source }
            | DasdFact::PointInTimeSet { source, .. }
            | DasdFact::RelationshipCommitted { source, .. }
            | DasdFact::EstablishAcknowledged { source, .. }
            | DasdFact::BackgroundCopyComplete { source, .. }
            | DasdFact::WithdrawRequested { source, .. }
            | DasdFact::SnapshotCountsRaised { source, .. }
            | DasdFact::SnapshotPointersWritten { source, .. }
            | DasdFact::RelationshipWithdrawn { source, .. } => (Some(source), None),
            DasdFact::PlaceFreed { .. }
            | DasdFact::SegmentCollected { .. }
            | DasdFact::Ncl75
            | DasdFact::Ncl100
            | DasdFact::NvsHigh
            | DasdFact::NvsFull
            | DasdFact::ClusterFailed { .. }
            | DasdFact::FailoverDone { .. }
            | DasdFact::FailbackDone { .. }
            | DasdFact::DiskFailed { .. }
            | DasdFact::RebuildStarted { .. }
            | DasdFact::RebuildDone { .. }
            | DasdFact::ScrubPassDone
            | DasdFact::SlotRepaired { .. }
            | DasdFact::SlotLost { .. }
            | DasdFact::ScrubMismatch { .. }
            | DasdFact::PathsGone
            | DasdFact::PathsBack
            | DasdFact::StripeDataWritten { .. }
            | DasdFact::StripeParityWritten { .. }
            | DasdFact::NvsReplayed
            | DasdFact::TablesRebuilt
            | DasdFact::MetadataFinished
            | DasdFact::Down
            | DasdFact::Up => (None, None),
        }
    }

    /// Whether a logical or durable label may have changed.
    pub fn touches_identity(self) -> bool {
        matches!(
            self,
            DasdFact::RelationshipCommitted { .. }
                | DasdFact::HiddenIdWritten { .. }
                | DasdFact::TargetLabelWritten { .. }
                | DasdFact::LabelWritten { .. }
                | DasdFact::BackgroundCopyComplete { .. }
                | DasdFact::RelationshipWithdrawn { .. }
                | DasdFact::HiddenIdCleared { .. }
                | DasdFact::TargetDeleted { .. }
                | DasdFact::CowBitSet { track: TrackNo(0), .. }
                | DasdFact::SourceHomeWritten { track: TrackNo(0), .. }
                | DasdFact::TargetEntryCleared { track: TrackNo(0), .. }
                | DasdFact::TablesRebuilt
                | DasdFact::ClusterFailed { .. }
                | DasdFact::PathsGone
                | DasdFact::PathsBack
                | DasdFact::Down
                | DasdFact::Up
        )
    }
}

impl DasdCommand {
    pub fn ticket(&self) -> Ticket {
        match *self {
            DasdCommand::Read { ticket, .. }
            | DasdCommand::Write { ticket, .. }
            | DasdCommand::WriteTracks { ticket, .. }
            | DasdCommand::WriteLabel { ticket, .. }
            | DasdCommand::ReadLabel { ticket, .. }
            | DasdCommand::Freeze { ticket, .. }
            | DasdCommand::Thaw { ticket, .. }
            | DasdCommand::Establish { ticket, .. }
            | DasdCommand::Withdraw { ticket, .. }
            | DasdCommand::DeleteTarget { ticket, .. }
            | DasdCommand::ReleaseSpace { ticket, .. }
            | DasdCommand::QueryRelations { ticket } => ticket,
        }
    }

    /// Whether it reads or writes tracks for a host.
    pub fn op(&self) -> Option<Op> {
        match self {
            DasdCommand::Read { .. } => Some(Op::Read),
            DasdCommand::Write { .. } | DasdCommand::WriteTracks { .. } => Some(Op::Write),
            _ => None,
        }
    }
}
